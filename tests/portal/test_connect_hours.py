"""Office hours and time zone of a client, on their page."""

from __future__ import annotations

from datetime import time

import pytest
from django.test import Client as Browser

from apps.accounts import services
from apps.accounts.models import Client
from apps.accounts.rights import Role
from tests.portal.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def northwind(client: Browser) -> Client:
    client.force_login(make_user(Role.ADMIN))
    return services.create_client(name="Northwind")


def test_an_admin_changes_a_clients_hours(client: Browser, northwind: Client) -> None:
    said = {"client": str(northwind.pk), "zone": "Europe/Berlin", "start": "08:30", "end": "17:00"}

    client.post("/connections/hours/", said)

    northwind.refresh_from_db()
    assert (northwind.time_zone, northwind.office_start, northwind.office_end) == (
        "Europe/Berlin",
        time(8, 30),
        time(17),
    )


@pytest.mark.parametrize(
    ("wrong", "what"),
    [
        ({"zone": "Berlin"}, "Enter a time zone by its name"),
        ({"zone": "../etc/passwd"}, "Enter a time zone by its name"),
        ({"start": "late"}, "Enter the time as hours and minutes"),
        ({"end": "07:00"}, "closes before it opens"),
    ],
    ids=["no zone", "a path", "no time", "backward"],
)
def test_what_is_wrong_is_said_and_nothing_is_stored(
    client: Browser, northwind: Client, wrong: dict[str, str], what: str
) -> None:
    said = {"client": str(northwind.pk), "zone": "Europe/Berlin", "start": "08:30", "end": "17:00"}

    page = client.post("/connections/hours/", said | wrong)

    assert what in page.content.decode()
    northwind.refresh_from_db()
    assert northwind.time_zone == "UTC"
