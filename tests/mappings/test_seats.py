"""LinkedIn seats paired with ATS users: proposed by e-mail address, then by name; paired by a person (rule 31)."""

from __future__ import annotations

from uuid import UUID

import pytest

from apps.core import clock
from apps.mappings import pairing, seats
from apps.mappings.models import AtsUser, Seat, SeatUser
from apps.mappings.pairing import Candidate, Holder, Proposal, Sign
from apps.mappings.seats import Saved, Standing, Wanted
from apps.providers.contract import User
from tests.portal.factories import make_connection

CHLOE = Candidate("u-2", "Chloe Martin", "chloe@northwind.test")
NAMESAKE = Candidate("u-3", "Chloe  Martin", "other@northwind.test")
ZOE = Candidate("u-4", "Zoë Käsbohrer", "zoe@northwind.test")


@pytest.mark.parametrize(
    ("holders", "candidates", "taken", "proposed"),
    [
        ([Holder(1, "Chloe Martin", "")], [CHLOE, ZOE], (), {1: Proposal("u-2", Sign.NAME)}),
        ([Holder(1, "zoe  KASBOHRER", "")], [CHLOE, ZOE], (), {1: Proposal("u-4", Sign.NAME)}),
        ([Holder(1, "C. Married", "Chloe@Northwind.test")], [CHLOE], (), {1: Proposal("u-2", Sign.EMAIL)}),
        ([Holder(1, "Chloe Martin", "other@northwind.test")], [CHLOE, NAMESAKE], (), {1: Proposal("u-3", Sign.EMAIL)}),
        ([Holder(1, "Chloe Martin", "")], [CHLOE, NAMESAKE], (), {}),
        ([Holder(1, "Chloe Martin", ""), Holder(2, "Chloe Martin", "")], [CHLOE], (), {}),
        ([Holder(1, "Chloe Martin", ""), Holder(2, "X", "chloe@northwind.test")], [CHLOE], (), {}),
        ([Holder(1, "Chloe Martin", "")], [CHLOE], ("u-2",), {}),
        ([Holder(1, "Chloe Martin", "")], [], (), {}),
    ],
    ids=[
        "by name",
        "without accents and case",
        "by address, whatever the name",
        "the address tells two of one name apart",
        "two users of one name",
        "two seats of one name",
        "wanted by two seats",
        "somebody's already",
        "nobody",
    ],
)
def test_a_seat_is_proposed_the_one_user_who_fits(
    holders: list[Holder], candidates: list[Candidate], taken: tuple[str, ...], proposed: dict[int, Proposal]
) -> None:
    assert pairing.propose(holders, candidates, taken=frozenset(taken)) == proposed


class Desk:
    """One contract and one ATS, with seats and users."""

    def __init__(self, *names: str, users: tuple[User, ...] = ()) -> None:
        now = clock.now()
        self.linkedin, self.ats = make_connection("linkedin", "Birch", now), make_connection("lever", "Birch", now)
        self.seats = [
            Seat.objects.create(connection=self.linkedin, remote_id=f"urn:{name}", name=name) for name in names
        ]
        seats.store_users(connection_id=self.ats.pk, users=users)

    @property
    def sides(self) -> dict[str, UUID]:
        return {"linkedin_id": self.linkedin.pk, "ats_id": self.ats.pk}

    def save(self, named: str, *, seen: str = "", seat: int = 0) -> Saved:
        return seats.save_pairs(**self.sides, wanted=[Wanted(self.seats[seat].pk, named, seen)])

    def standings(self) -> list[tuple[str, str, str]]:
        shown = seats.seat_map(**self.sides).seats
        return [(one.name, one.standing.value, one.user.id if one.user else "") for one in shown]

    def address(self, seat: int = 0) -> str:
        self.seats[seat].refresh_from_db()
        return self.seats[seat].email


def user(key: str, name: str, *, active: bool = True) -> User:
    return User(id=key, name=name, email=f"{key}@northwind.test", active=active)


pytestmark = pytest.mark.django_db


def test_what_waits_for_a_person_comes_first_and_nothing_is_paired_by_itself() -> None:
    desk = Desk("Ada Byron", "Bo Lind", "Cy Lee", users=(user("a", "Ada Byron"), user("c", "Cy Lee")))
    desk.save("Cy Lee", seat=2)

    assert desk.standings() == [("Ada Byron", "proposed", "a"), ("Bo Lind", "open", ""), ("Cy Lee", "paired", "c")]
    assert SeatUser.objects.count() == 1


def test_nobody_deactivated_is_proposed_and_who_left_is_shown_first() -> None:
    """Lever takes a deactivated user for whoever acts or owns, without a word (facts, trap 12)."""
    desk = Desk("Ada Byron", "Bo Lind", users=(user("a", "Ada Byron", active=False), user("b", "Bo Lind")))
    desk.save("Bo Lind", seat=1)
    assert desk.standings() == [("Ada Byron", "open", ""), ("Bo Lind", "paired", "b")]

    seats.store_users(connection_id=desk.ats.pk, users=[user("a", "Ada Byron", active=False)])

    assert desk.standings() == [("Bo Lind", Standing.LOST.value, "b"), ("Ada Byron", "open", "")]
    assert AtsUser.objects.filter(active=True).count() == 0


def test_every_proposal_is_accepted_at_once() -> None:
    desk = Desk("Ada Byron", "Bo Lind", "Cy Lee", users=(user("a", "Ada Byron"), user("c", "Cy Lee")))

    assert seats.accept_proposals(**desk.sides) == 2
    assert seats.accept_proposals(**desk.sides) == 0
    assert set(SeatUser.objects.values_list("seat__name", "remote_id")) == {("Ada Byron", "a"), ("Cy Lee", "c")}
    assert desk.address() == "a@northwind.test"


@pytest.mark.parametrize("named", ["Ada Byron, a@northwind.test", "A@northwind.test", "a", "ada  byron"])
def test_somebody_is_named_by_label_address_id_or_name(named: str) -> None:
    desk = Desk("Somebody Else", users=(user("a", "Ada Byron"), user("b", "Bo Lind")))

    assert desk.save(named) == Saved(1, ())
    assert desk.standings() == [("Somebody Else", "paired", "a")]


def test_a_pair_is_changed_and_taken_back_with_its_address() -> None:
    desk = Desk("Ada Byron", users=(user("a", "Ada Byron"), user("b", "Bo Lind")))
    desk.save("a")

    assert desk.save("Bo Lind", seen="a") == Saved(1, ()) and desk.address() == "b@northwind.test"
    assert desk.save("Bo Lind, b@northwind.test", seen="b") == Saved(0, ())
    assert desk.save("", seen="b") == Saved(1, ()) and desk.address() == ""
    assert desk.standings() == [("Ada Byron", "proposed", "a")]


@pytest.mark.parametrize(
    ("named", "why"),
    [("Nobody", "Nobody is “Nobody” there."), ("Ada Byron", "2 users are called"), ("gone", "Nobody is “gone” there.")],
    ids=["unknown", "two of that name", "deactivated"],
)
def test_whom_the_words_do_not_name_changes_nothing(named: str, why: str) -> None:
    users = (user("a", "Ada Byron"), user("b", "Ada Byron"), user("gone", "Gone Now", active=False))
    desk = Desk("Cy Lee", users=users)

    saved = desk.save(named)

    assert saved.changed == 0 and why in saved.refused[0]
    assert not SeatUser.objects.exists()


def test_what_somebody_else_changed_meanwhile_stays() -> None:
    desk = Desk("Ada Byron", users=(user("a", "Ada Byron"), user("b", "Bo Lind")))
    desk.save("a")

    saved = desk.save("Bo Lind", seen="")

    assert saved.changed == 0 and "Somebody else changed who Ada Byron is" in saved.refused[0]
    assert desk.standings() == [("Ada Byron", "paired", "a")]


def test_a_seat_is_somebody_else_in_each_ats_and_is_written_to_where_it_was() -> None:
    """A user of one system is nobody in another: Lever refuses a create that names one (unknown_reference)."""
    desk = Desk("Ada Byron", users=(user("a", "Ada Byron"),))
    desk.save("a")
    other = make_connection("greenhouse", "Birch", clock.now())
    seats.store_users(connection_id=other.pk, users=[User("7051", "A. Byron", "a@northwind.test", active=True)])

    (proposed,) = seats.seat_map(linkedin_id=desk.linkedin.pk, ats_id=other.pk).seats
    assert (proposed.standing, proposed.sign) == (Standing.PROPOSED, "email")
    seats.accept_proposals(linkedin_id=desk.linkedin.pk, ats_id=other.pk)

    users = dict(SeatUser.objects.values_list("connection__provider", "remote_id"))
    assert users == {"lever": "a", "greenhouse": "7051"}
    assert desk.address() == "a@northwind.test"
