"""Clients are added, named and given their office hours on one page."""

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
    said = {"client": str(northwind.pk), "name": "Northwind", "zone": "Europe/Berlin", "start": "08:30", "end": "17:00"}

    client.post("/clients/", said)

    northwind.refresh_from_db()
    assert (northwind.time_zone, northwind.office_start, northwind.office_end) == (
        "Europe/Berlin",
        time(8, 30),
        time(17),
    )


@pytest.mark.parametrize(
    ("wrong", "what"),
    [
        ({"name": " "}, "Enter the client&#x27;s name."),
        ({"name": "contoso"}, "There is a client of this name already."),
        ({"zone": "Berlin"}, "Enter a time zone by its name"),
        ({"zone": "../etc/passwd"}, "Enter a time zone by its name"),
        ({"start": "late"}, "Enter the time as hours and minutes"),
        ({"end": "07:00"}, "closes before it opens"),
    ],
    ids=["no name", "another's name", "no zone", "a path", "no time", "backward"],
)
def test_what_is_wrong_is_said_and_nothing_is_stored(
    client: Browser, northwind: Client, wrong: dict[str, str], what: str
) -> None:
    services.create_client(name="Contoso")
    said = {"client": str(northwind.pk), "name": "Northwind", "zone": "Europe/Berlin", "start": "08:30", "end": "17:00"}

    page = client.post("/clients/", said | wrong)

    assert what in page.content.decode()
    northwind.refresh_from_db()
    assert (northwind.name, northwind.time_zone) == ("Northwind", "UTC")


def test_the_first_client_is_added_where_there_is_none_and_taken_for_every_job(client: Browser) -> None:
    client.force_login(make_user(Role.ADMIN))
    assert "Nothing can be mapped without one." in client.get("/clients/").content.decode()

    client.post("/clients/", {"name": "Northwind", "zone": "Europe/Berlin", "start": "09:00", "end": "17:30"})

    made = Client.objects.get()
    assert (made.name, made.time_zone, made.office_end) == ("Northwind", "Europe/Berlin", time(17, 30))


def test_a_new_client_of_a_name_that_is_taken_is_told_in_its_own_form(client: Browser, northwind: Client) -> None:
    page = client.post("/clients/", {"name": "NORTHWIND", "zone": "UTC", "start": "09:00", "end": "17:30"})

    assert "There is a client of this name already." in page.content.decode()
    assert Client.objects.count() == 1
