"""A recruiter leaves: one step hands over all that names them, and is taken back (R6, RULES 30, 31)."""

from __future__ import annotations

import pytest

from apps.accounts.rights import Role
from apps.accounts.scope import EVERYONE, of_clients
from apps.candidates.models import Candidacy
from apps.core import clock
from apps.mappings import handover
from apps.mappings.models import HandOver, Mapping, MappingState, Project, Seat, SeatUser
from apps.notifications import recipients
from tests.portal.factories import World, make_user, make_world
from tests.portal.test_pages import text_of

pytestmark = pytest.mark.django_db


class Desk:
    """Grace, who leaves, and Alan: both in the world's contract, each a user of its ATS."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.grace = self._seat("g", "Grace", user="u1")
        self.alan = self._seat("a", "Alan", user="u2")
        Project.objects.filter(pk=world.mapping.project_id).update(owner_seat="g")
        own(world, "u1")

    def _seat(self, key: str, name: str, user: str) -> Seat:
        kept = {"name": name, "email": f"{name.lower()}@people.example"}
        seat = Seat.objects.create(connection=self.world.linkedin, remote_id=key, **kept)
        SeatUser.objects.create(seat=seat, connection=self.world.ats, remote_id=user)
        return seat

    def hand_over(self, scope: object = EVERYONE) -> HandOver:
        return handover.hand_over(scope=scope, seat_id=self.grace.pk, to_id=self.alan.pk, by=None, now=clock.now())


def own(world: World, user: str) -> None:
    Mapping.objects.of_everyone().filter(pk=world.mapping.pk).update(default_owner=user)


def owner_of(world: World) -> str:
    return Mapping.objects.of_everyone().get(pk=world.mapping.pk).default_owner


@pytest.fixture
def desk() -> Desk:
    return Desk(make_world("Birch"))


def told(world: World) -> str:
    found = recipients.recruiter_of(Candidacy.objects.of_everyone().get(pk=world.candidacy.pk))
    return found.target if found else ""


def test_what_is_handed_over_is_counted_before_anything_changes(desk: Desk) -> None:
    Candidacy.objects.of_everyone().update(owner="u1")

    seen = handover.preview(scope=EVERYONE, seat_id=desk.grace.pk, to_id=desk.alan.pk)

    assert ([one.project for one in seen.mappings], seen.projects, seen.applications) == (["Project Birch"], 1, 1)
    assert owner_of(desk.world) == "u1" and not HandOver.objects.exists()


def test_mappings_and_messages_go_to_the_other_one_and_come_back(desk: Desk) -> None:
    assert told(desk.world) == "grace@people.example"

    made = desk.hand_over()
    assert (owner_of(desk.world), told(desk.world)) == ("u2", "alan@people.example")

    assert handover.undo(scope=EVERYONE, hand_over_id=made.pk, now=clock.now()) == 1
    assert (owner_of(desk.world), told(desk.world)) == ("u1", "grace@people.example")
    assert handover.undo(scope=EVERYONE, hand_over_id=made.pk, now=clock.now()) == 0


def test_an_owner_that_somebody_changed_since_is_not_taken_back(desk: Desk) -> None:
    made = desk.hand_over()
    own(desk.world, "u9")

    assert handover.undo(scope=EVERYONE, hand_over_id=made.pk, now=clock.now()) == 0
    assert owner_of(desk.world) == "u9"


def test_a_mapping_of_an_ats_where_the_other_one_is_nobody_stays_and_says_so(desk: Desk) -> None:
    SeatUser.objects.filter(seat=desk.alan).delete()

    (line,) = handover.preview(scope=EVERYONE, seat_id=desk.grace.pk, to_id=desk.alan.pk).mappings
    desk.hand_over()

    assert "They are nobody in greenhouse Birch" in line.why_not
    assert owner_of(desk.world) == "u1"


def test_whoever_stood_in_for_others_hands_those_over_too(desk: Desk) -> None:
    ada = Seat.objects.create(connection=desk.world.linkedin, remote_id="x", name="Ada", handed_to=desk.grace)

    made = desk.hand_over()
    assert Seat.objects.get(pk=ada.pk).handed_to == desk.alan

    handover.undo(scope=EVERYONE, hand_over_id=made.pk, now=clock.now())
    assert Seat.objects.get(pk=ada.pk).handed_to == desk.grace
    assert Seat.objects.get(pk=desk.grace.pk).handed_to is None


def test_who_works_for_one_client_hands_over_its_mappings_alone_rule_30(desk: Desk) -> None:
    cedar = make_world("Cedar")
    Mapping.objects.of_everyone().filter(pk=cedar.mapping.pk).update(job=desk.world.mapping.job, default_owner="u1")

    made = desk.hand_over(of_clients(desk.world.client.pk))

    assert (owner_of(desk.world), owner_of(cedar)) == ("u2", "u1")
    assert Seat.objects.get(pk=desk.grace.pk).handed_to is None, "messages of other clients are not theirs to give"
    assert handover.hand_over_is_visible(scope=of_clients(desk.world.client.pk), hand_over_id=made.pk)
    assert not handover.hand_over_is_visible(scope=of_clients(cedar.client.pk), hand_over_id=made.pk)


def test_nobody_hands_over_to_somebody_who_left(desk: Desk) -> None:
    Seat.objects.filter(pk=desk.alan.pk).update(active=False)

    with pytest.raises(handover.NotPossible):
        desk.hand_over()


def test_a_seat_that_is_gone_and_still_owns_something_is_named(desk: Desk) -> None:
    assert handover.list_leavers(scope=EVERYONE) == ()
    Seat.objects.filter(pk=desk.grace.pk).update(active=False)

    assert [one.name for one in handover.list_leavers(scope=EVERYONE)] == ["Grace"]
    Mapping.objects.of_everyone().update(state=MappingState.ENDED)
    assert handover.list_leavers(scope=EVERYONE) == ()


def test_the_page_previews_hands_over_and_takes_back(client: object, desk: Desk) -> None:
    client.force_login(make_user(Role.OPS, all_clients=True))
    both = {"from": desk.grace.pk, "to": desk.alan.pk}

    shown = text_of(client, f"/mappings/hand-over/?from={desk.grace.pk}&to={desk.alan.pk}")
    assert "From Grace to Alan" in shown and "1 mapping: new applications are Alan’s" in shown

    page = client.post("/mappings/hand-over/", both, follow=True).content.decode()
    made = HandOver.objects.get()
    assert "1 mapping handed over to Alan." in page and f"/mappings/hand-over/{made.pk}/undo/" in page
    assert "Taken back: 1 mapping." in client.post(f"/mappings/hand-over/{made.pk}/undo/", follow=True).content.decode()


@pytest.mark.parametrize("odd", ["?from=x&to=y", "?from=1&to=1", "?from=999999&to=9"])
def test_an_odd_hand_over_is_no_error(client: object, desk: Desk, odd: str) -> None:
    client.force_login(make_user(Role.OPS, all_clients=True))

    assert client.get(f"/mappings/hand-over/{odd}").status_code == 200
    assert client.post("/mappings/hand-over/", {"from": "1", "to": "1"}).status_code == 302
