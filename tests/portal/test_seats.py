"""The page that pairs LinkedIn seats with ATS users, and the step of connecting that leads there."""

from __future__ import annotations

import pytest
from django.test import Client as Browser
from django.urls import reverse

from apps.accounts.rights import Role
from apps.mappings import seats
from apps.mappings.models import Seat, SeatUser
from apps.providers.contract import User
from apps.sync.models import Stream
from tests.portal.factories import World, make_user, make_world
from tests.portal.test_pages import text_of

pytestmark = pytest.mark.django_db

PAGE = "/connections/seats/"


@pytest.fixture
def world() -> World:
    """Three recruiters, two of whom are users of the ATS by name."""
    world = make_world("Birch")
    for name in ("Ada Byron", "Bo Lind", "Cy Lee"):
        Seat.objects.create(connection=world.linkedin, remote_id=f"urn:{name}", name=name)
    listed = [
        User(name[0], name, f"{name[0]}@birch.example", active=True) for name in ("Ada Byron", "Cy Lee", "Di Ono")
    ]
    seats.store_users(connection_id=world.ats.pk, users=listed)
    return world


@pytest.fixture
def ops(client: Browser) -> Browser:
    client.force_login(make_user(Role.OPS, all_clients=True))
    return client


def save(browser: Browser, world: World, **named: str) -> str:
    posted = {"sides": f"{world.linkedin.pk}:{world.ats.pk}", "do": "save"}
    for place, (first, user) in enumerate(named.items()):
        seat = Seat.objects.get(name__startswith=first)
        paired = seat.users.first()
        posted |= {f"seat-{place}": seat.pk, f"user-{place}": user, f"seen-{place}": paired.remote_id if paired else ""}
    return browser.post(f"{PAGE}save/", posted, follow=True).content.decode()


def paired() -> dict[str, str]:
    return dict(SeatUser.objects.values_list("seat__name", "remote_id"))


def test_seats_are_shown_with_who_is_proposed_and_why(ops: Browser, world: World) -> None:
    page = text_of(ops, PAGE)

    assert "0 of 3 seats paired, 2 proposals to look at." in page
    assert "Ada Byron Proposed same name" in page and "Bo Lind Nobody yet" in page
    assert not paired()


def test_a_proposal_is_accepted_changed_and_cleared(ops: Browser, world: World) -> None:
    assert "2 seats changed" in save(ops, world, Ada="Ada Byron, A@birch.example", Bo="di ono")
    assert paired() == {"Ada Byron": "A", "Bo Lind": "D"}

    assert "1 seat changed" in save(ops, world, Ada="Ada Byron, A@birch.example", Bo="")
    assert paired() == {"Ada Byron": "A"}

    assert "Nobody is “nobody at all” there." in save(ops, world, Ada="nobody at all")
    assert paired() == {"Ada Byron": "A"}


def test_every_proposal_is_accepted_by_one_button(ops: Browser, world: World) -> None:
    posted = {"sides": f"{world.linkedin.pk}:{world.ats.pk}", "do": "all"}

    assert "2 proposals accepted" in ops.post(f"{PAGE}save/", posted, follow=True).content.decode()
    assert paired() == {"Ada Byron": "A", "Cy Lee": "C"}


def test_search_state_and_page_are_in_the_address(ops: Browser, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "Cy Lee" in text_of(ops, f"{PAGE}?q=cy") and "Bo Lind" not in text_of(ops, f"{PAGE}?q=cy")
    assert "Bo Lind" in text_of(ops, f"{PAGE}?state=open") and "Cy Lee" not in text_of(ops, f"{PAGE}?state=open")
    assert "No seat fits" in text_of(ops, f"{PAGE}?q=nobody")

    monkeypatch.setattr("apps.portal.seats.PAGE", 2)
    first, rest = ops.get(PAGE), text_of(ops, f"{PAGE}?after=2")

    assert "after=2" in first.content.decode()
    assert "3 to 3 of 3" in rest and "Bo Lind" in rest and "Ada Byron Proposed" not in rest


def test_without_both_systems_the_page_says_what_to_do(ops: Browser) -> None:
    assert "Connect LinkedIn Recruiter and an ATS first." in text_of(ops, PAGE)


def test_who_works_for_some_clients_sees_and_does_not_change(client: Browser, world: World) -> None:
    make_world("Cedar")
    client.force_login(make_user(Role.OPS, world.client))

    page = text_of(client, PAGE)
    assert "Ada Byron" in page and "Cedar" not in page and "Save these" not in page
    assert "who works for all of them pairs seats" in save(client, world, Ada="Ada Byron")
    assert not paired()


def test_the_users_are_read_again_when_somebody_is_new(ops: Browser, world: World) -> None:
    Stream.objects.create(connection=world.ats, name="jobs", cursor={"choices": "2026-01-01T00:00:00+00:00"})

    said = ops.post(f"{PAGE}users/", {"sides": f"{world.linkedin.pk}:{world.ats.pk}"}, follow=True)

    assert "is read now" in said.content.decode()
    assert Stream.objects.get().cursor == {} and Stream.objects.get().next_at is not None


def test_the_set_up_of_a_system_shows_office_hours_and_leads_to_the_seat_map(client: Browser, world: World) -> None:
    client.force_login(make_user(Role.ADMIN))

    page = text_of(client, reverse("portal:connect_setup", args=[world.ats.pk]))

    assert "Client Birch 08:00 to 18:00, UTC" in page
    assert "Who is who" in page and "0 of 3 seats paired, 2 proposals to look at." in page
