"""The pages of pilots: start one, read it, export it, take it live (R18)."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest
from django.test import Client as Browser
from django.urls import reverse

from apps.accounts.rights import Role
from apps.candidates.models import Candidacy
from apps.core import clock
from apps.mappings.models import Mapping, MappingState, Pilot
from tests.portal.factories import World, make_pilot, make_user, make_version, make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(client: Browser) -> World:
    world = make_world("Birch")
    make_version(world)
    Mapping.objects.of_everyone().filter(pk=world.mapping.pk).update(state=MappingState.SHADOW)
    client.force_login(make_user(Role.OPS, world.client))
    return world


def start(client: Browser, world: World, **values: object) -> str:
    wish = {"mapping": str(world.mapping.pk), "days": "14", "minutes": "15", "late": "0", **values}
    return client.post("/pilots/start/", wish, follow=True).content.decode()


def test_a_pilot_is_started_read_and_taken_live_with_another(client: Browser, world: World) -> None:
    other = make_world("Cedar")
    make_version(other)
    Mapping.objects.of_everyone().filter(pk=other.mapping.pk).update(state=MappingState.DRAFT, client=world.client)

    shown = start(client, world, days="7", minutes="10", late="1")

    assert "The pilot runs." in shown and "Every candidate is in the ATS within 10 minutes" in shown
    pilot = Pilot.objects.of_everyone().get()
    assert (pilot.ends_at - pilot.starts_at, pilot.minutes, pilot.late_allowed) == (timedelta(days=7), 10, 1)
    assert state_of(world) == "pilot"
    page = reverse("portal:pilot_live", args=[pilot.pk])
    answer = client.post(page, {"mapping": str(other.mapping.pk)}, follow=True).content.decode()
    assert "2 mappings are live." in answer and "Went live" in answer
    assert (state_of(world), state_of(other)) == ("live", "live")


def state_of(world: World) -> str:
    return str(Mapping.objects.of_everyone().get(pk=world.mapping.pk).state)


@pytest.mark.parametrize(
    "field, value, said",
    [
        ("days", "0", "between 1 and 90 days"),
        ("days", "91", "between 1 and 90 days"),
        ("days", "a week", "as whole numbers"),
        ("minutes", "0", "between 1 and 1440 minutes"),
        ("late", "-1", "as whole numbers"),
        ("mapping", "nobody", "Choose a mapping"),
    ],
)
def test_what_cannot_be_asked_of_a_pilot_is_said_and_nothing_is_stored(
    client: Browser, world: World, field: str, value: str, said: str
) -> None:
    assert said in start(client, world, **{field: value})
    assert not Pilot.objects.of_everyone().exists()
    assert state_of(world) == "shadow"


def test_a_map_without_rows_cannot_be_tried(client: Browser) -> None:
    world = make_world("Cedar")
    Mapping.objects.of_everyone().filter(pk=world.mapping.pk).update(state=MappingState.DRAFT)
    client.force_login(make_user(Role.OPS, world.client))

    assert "Its stage map has no row" in start(client, world)
    assert not Pilot.objects.of_everyone().exists()


def test_a_stopped_pilot_pauses_its_mapping_and_may_be_started_again(client: Browser, world: World) -> None:
    start(client, world)
    pilot = Pilot.objects.of_everyone().get()

    shown = client.post(reverse("portal:stop_pilot", args=[pilot.pk]), follow=True).content.decode()
    assert "The pilot has ended and its mapping is paused" in shown
    assert state_of(world) == "paused"
    assert (
        "This pilot had ended already"
        in client.post(reverse("portal:stop_pilot", args=[pilot.pk]), follow=True).content.decode()
    )
    assert "The pilot runs." in start(client, world)
    assert Pilot.objects.of_everyone().count() == 2


def test_one_mapping_has_one_open_pilot(client: Browser, world: World) -> None:
    start(client, world)

    assert "Choose a mapping" in start(client, world), "it is not offered again"
    assert Pilot.objects.of_everyone().count() == 1


def test_a_pilot_that_was_started_from_the_mapping_keeps_its_evidence_too(client: Browser, world: World) -> None:
    client.post(reverse("portal:take_mapping", args=[world.mapping.pk]), {"to": "pilot", "who": "new"})

    pilot = Pilot.objects.of_everyone().get()
    shown = client.get(reverse("portal:mapping", args=[world.mapping.pk])).content.decode()
    assert reverse("portal:pilot", args=[pilot.pk]) in shown


@pytest.mark.parametrize("to, kept", [("live", "live_at"), ("ended", "stopped_at")])
def test_a_pilot_whose_mapping_leaves_it_by_its_own_page_is_closed(
    client: Browser, world: World, to: str, kept: str
) -> None:
    start(client, world)
    page = reverse("portal:take_mapping", args=[world.mapping.pk])

    client.post(page, {"to": "paused"})
    assert Pilot.objects.of_everyone().get(stopped_at=None, live_at=None), "it goes on once the mapping does"
    client.post(page, {"to": "pilot", "who": "new"})
    client.post(page, {"to": to, "who": "new"})

    pilot = Pilot.objects.of_everyone().get()
    assert state_of(world) == to
    assert getattr(pilot, kept) is not None


def test_the_csv_has_each_candidate_and_defuses_formulas(client: Browser, world: World) -> None:
    now = clock.now()
    pilot = make_pilot(world)
    world.person.first_name = "=HYPERLINK(1)"
    world.person.save()
    Candidacy.objects.of_everyone().filter(pk=world.candidacy.pk).update(
        added_at=now - timedelta(hours=2), in_ats_at=now - timedelta(hours=1)
    )

    answer = client.get(reverse("portal:pilot_evidence", args=[pilot.pk]))

    (row,) = csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode()))  # type: ignore[attr-defined]
    assert row["person"] == "'=HYPERLINK(1) Birch"
    assert (row["seconds"], row["outcome"], row["cause"]) == ("3600.0", "late", "unknown")
    changes = client.get(reverse("portal:pilot_evidence", args=[pilot.pk]), {"of": "changes"})
    (change,) = csv.DictReader(io.StringIO(b"".join(changes.streaming_content).decode()))  # type: ignore[attr-defined]
    assert (change["side"], change["to"]) == ("linkedin", "Moved Birch")


def test_another_clients_pilot_is_not_there(client: Browser, world: World) -> None:
    other = make_pilot(make_world("Cedar"))

    for name in ("pilot", "pilot_evidence"):
        assert client.get(reverse(f"portal:{name}", args=[other.pk])).status_code == 404
    assert client.post(reverse("portal:pilot_live", args=[other.pk])).status_code == 404
    assert "Cedar" not in client.get("/pilots/").content.decode()
