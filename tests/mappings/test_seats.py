"""LinkedIn seats paired with ATS users by name (rule 31)."""

from __future__ import annotations

import pytest

from apps.core import clock
from apps.mappings import services
from apps.mappings.models import Seat, SeatUser
from apps.providers.contract import User
from tests.portal.factories import make_connection

pytestmark = pytest.mark.django_db

NOW_HERE = User(id="u-2", name="Chloe Martin", email="chloe@northwind.test", active=True)
FORMERLY = User(id="u-1", name="chloe martin", email="chloe@old.test", active=False)
NAMESAKE = User(id="u-3", name="Chloe Martin", email="other@northwind.test", active=True)


def make_seat() -> Seat:
    linkedin = make_connection("linkedin", "Birch", clock.now())
    return Seat.objects.create(connection=linkedin, remote_id="urn:li:seat:51", name="Chloe Martin")


@pytest.mark.parametrize(
    ("users", "paired"),
    [([NOW_HERE], ["u-2"]), ([FORMERLY], []), ([FORMERLY, NOW_HERE], ["u-2"]), ([NOW_HERE, NAMESAKE], []), ([], [])],
    ids=["the one", "deactivated: Lever's trap 12", "was here before", "two of one name", "nobody"],
)
def test_a_seat_is_paired_with_the_one_active_user_of_its_name(users: list[User], paired: list[str]) -> None:
    """Lever takes a deactivated user for whoever acts or owns, without a word; so none is proposed."""
    seat, ats = make_seat(), make_connection("lever", "Birch", clock.now())

    count = services.propose_seats(linkedin_id=seat.connection_id, ats_id=ats.pk, users=users)

    assert list(seat.users.values_list("remote_id", flat=True)) == paired
    assert count == len(paired)


def test_a_seat_is_somebody_else_in_each_ats_and_what_is_paired_stays() -> None:
    """A user of one system is nobody in another: Lever refuses a create that names one (unknown_reference)."""
    seat, now = make_seat(), clock.now()
    lever, greenhouse = make_connection("lever", "Birch", now), make_connection("greenhouse", "Birch", now)
    there = User(id="7051", name="Chloe Martin", email="chloe@elsewhere.test", active=True)

    for ats, user in ((lever, NOW_HERE), (greenhouse, there), (lever, NAMESAKE)):
        services.propose_seats(linkedin_id=seat.connection_id, ats_id=ats.pk, users=[user])

    users = dict(SeatUser.objects.values_list("connection__provider", "remote_id"))
    seat.refresh_from_db()
    assert users == {"lever": "u-2", "greenhouse": "7051"}
    assert seat.email == "chloe@northwind.test"
