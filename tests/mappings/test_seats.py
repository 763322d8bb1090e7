"""LinkedIn seats paired with ATS users by name (rule 31)."""

from __future__ import annotations

import pytest

from apps.core import clock
from apps.mappings import services
from apps.mappings.models import Seat
from apps.providers.contract import User
from tests.portal.factories import make_connection

pytestmark = pytest.mark.django_db

NOW_HERE = User(id="u-2", name="Chloe Martin", email="chloe@northwind.test", active=True)
FORMERLY = User(id="u-1", name="chloe martin", email="chloe@old.test", active=False)
NAMESAKE = User(id="u-3", name="Chloe Martin", email="other@northwind.test", active=True)


@pytest.mark.parametrize(
    ("users", "paired"),
    [([NOW_HERE], "u-2"), ([FORMERLY], ""), ([FORMERLY, NOW_HERE], "u-2"), ([NOW_HERE, NAMESAKE], ""), ([], "")],
    ids=["the one", "deactivated: Lever's trap 12", "was here before", "two of one name", "nobody"],
)
def test_a_seat_is_paired_with_the_one_active_user_of_its_name(users: list[User], paired: str) -> None:
    """Lever takes a deactivated user for whoever acts or owns, without a word; so none is proposed."""
    linkedin = make_connection("linkedin", "Birch", clock.now())
    seat = Seat.objects.create(connection=linkedin, remote_id="urn:li:seat:51", name="Chloe Martin")

    services.propose_seats(linkedin_id=linkedin.pk, users=users)

    seat.refresh_from_db()
    assert seat.ats_user_id == paired
