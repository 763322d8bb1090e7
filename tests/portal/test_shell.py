"""What surrounds every screen: whose work is shown, search, toasts."""

from __future__ import annotations

import pytest
from django.test import Client as Browser
from django.urls import reverse

from apps.accounts.rights import Role
from tests.portal.factories import make_event, make_user, make_world
from tests.portal.test_pages import text_of

pytestmark = pytest.mark.django_db

LISTS = ("/", "/events/", "/candidates/", "/connections/", "/search/?q=ada")


def choose(browser: Browser, client: object) -> int:
    return browser.post("/client/", {"client": getattr(client, "pk", ""), "next": "/events/"}).status_code


@pytest.mark.parametrize("address", LISTS)
def test_every_list_honours_the_chosen_client(client: Browser, address: str) -> None:
    birch, cedar = make_world("Birch"), make_world("Cedar")
    client.force_login(make_user(Role.OPS, birch.client, cedar.client))
    assert "Cedar" in text_of(client, address)

    assert choose(client, birch.client) == 302

    assert "Birch" in text_of(client, address)
    assert "Cedar" not in text_of(client, address)
    choose(client, None)
    assert "Cedar" in text_of(client, address)


def test_a_page_about_one_object_opens_whatever_client_is_chosen(client: Browser) -> None:
    birch, cedar = make_world("Birch"), make_world("Cedar")
    client.force_login(make_user(Role.OPS, birch.client, cedar.client))

    choose(client, birch.client)

    assert "Detail Cedar" in text_of(client, reverse("portal:event", args=[cedar.event.pk]))


def test_somebody_elses_client_cannot_be_chosen(client: Browser) -> None:
    """Rule 30."""
    own, other = make_world("Birch"), make_world("Cedar")
    user = make_user(Role.OPS, own.client)
    client.force_login(user)

    assert choose(client, other.client) == 404
    assert client.post("/client/", {"client": "nonsense"}).status_code == 404


def test_a_client_that_was_taken_from_someone_is_no_longer_chosen(client: Browser) -> None:
    birch, cedar = make_world("Birch"), make_world("Cedar")
    user = make_user(Role.OPS, birch.client, cedar.client)
    client.force_login(user)
    choose(client, birch.client)

    user.clients.remove(birch.client)

    assert "Birch" not in text_of(client, "/events/")
    assert "Cedar" in text_of(client, "/events/")


def test_who_has_one_client_has_nothing_to_switch(client: Browser) -> None:
    own = make_world("Birch")
    make_world("Cedar")
    client.force_login(make_user(Role.OPS, own.client))

    page = client.get("/").content.decode()

    assert "Client Birch" in page and "Show work for" not in page and "Cedar" not in page


@pytest.mark.parametrize(
    ("sought", "found"),
    [
        ("ada birch", "Ada Birch"),
        ("in/Birch", "Ada Birch"),
        ("https://www.linkedin.com/in/birch/", "Ada Birch"),
        ("7", "Ada Birch"),
        ("Project Birch", "feeds Job Birch"),
    ],
)
def test_search_finds_people_addresses_and_projects(client: Browser, sought: str, found: str) -> None:
    client.force_login(make_user(Role.ADMIN))
    make_world("Birch")

    assert found in text_of(client, f"/search/?q={sought}")


def test_search_finds_an_event_by_its_number_and_says_when_nothing_fits(client: Browser) -> None:
    client.force_login(make_user(Role.ADMIN))
    event = make_event([make_world("Birch").client], detail="The one.")

    assert "The one." in text_of(client, f"/search/?q=%23{event.pk}")
    assert "Nothing here is called “Xanthippe”" in text_of(client, "/search/?q=Xanthippe")


def test_htmx_gets_the_results_alone(client: Browser) -> None:
    client.force_login(make_user(Role.ADMIN))

    part = client.get("/search/?q=ada", headers={"HX-Request": "true"}).content.decode()

    assert 'id="found"' in part and "<html" not in part
