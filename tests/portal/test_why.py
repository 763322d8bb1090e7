"""R18b: the page answers for anybody, and says what to do."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client as Browser
from django.urls import reverse

from apps.accounts.rights import Role
from apps.candidates.models import IndexKey, Tombstone
from apps.candidates.rules import Key
from apps.core import clock
from apps.ledger.models import Event
from apps.mappings.models import Project
from apps.sync.models import Stream
from tests.portal.factories import World, make_event, make_user, make_world
from tests.portal.test_pages import text_of

pytestmark = pytest.mark.django_db

WHY = "/candidates/why/"


@pytest.fixture
def admin(client: Browser) -> Browser:
    client.force_login(make_user(Role.ADMIN))
    return client


@pytest.fixture
def birch() -> World:
    """Somebody who is wanted in a job and is not there yet."""
    world = make_world("Birch")
    world.candidacy.application_id = ""
    world.candidacy.save()
    return world


def received(world: World, **values: Any) -> Event:
    """A row of somebody whom LinkedIn showed and who became no candidate."""
    payload = {
        "id": "urn:li:profile:9",
        "first_name": "Zoe",
        "last_name": "Quill",
        "url": "https://www.linkedin.com/in/zoe-quill",
        "project": world.mapping.project.remote_id,
        "stage": "Contacted",
    }
    defaults = {"kind": "row.profile", "state": "skipped", "reason": "not_live", "detail": "The mapping is a draft."}
    return make_event([world.client], connection=world.linkedin, payload=payload, **(defaults | values))


@pytest.mark.parametrize(
    ("event", "said"),
    [
        ({"state": "held", "reason": "duplicate", "detail": "Two people fit."}, "Held duplicate Two people fit."),
        ({"state": "dead", "cause": "source_required", "detail": "Refused."}, "Dead source required Refused."),
        ({"state": "queued", "detail": ""}, "Queued It is next in its line"),
        ({"state": "retrying", "detail": "The ATS answered 503."}, "Retrying"),
    ],
)
def test_someone_known_who_is_missing_is_told_what_stopped_them(
    admin: Browser, birch: World, event: dict[str, str], said: str
) -> None:
    make_event([birch.client], person=birch.person, settled_at=None, **event)

    shown = text_of(admin, f"{WHY}?q=birch")

    assert "Not everywhere they are wanted" in shown
    assert said in shown
    assert "Sync this person now" in shown


def test_someone_for_whom_nothing_is_on_its_way_can_be_planned_afresh(admin: Browser, birch: World) -> None:
    assert "Nothing is on its way for them." in text_of(admin, f"{WHY}?q=birch")


def test_someone_who_is_there_is_said_to_be_there(admin: Browser) -> None:
    make_world("Birch")

    assert "They are in the ATS" in text_of(admin, f"{WHY}?q=birch")


def test_a_candidacy_that_ended_says_why_and_what_starts_it_again(admin: Browser, birch: World) -> None:
    birch.candidacy.state, birch.candidacy.ended_because = "ended", "left"
    birch.candidacy.save()

    assert "They were taken out of the Project. Add them again" in text_of(admin, f"{WHY}?q=birch")


@pytest.mark.parametrize("sought", ["zoe quill", "https://linkedin.com/in/Zoe-Quill/", "urn:li:profile:9"])
def test_someone_received_and_not_planned_is_found_by_name_address_and_id(
    admin: Browser, birch: World, sought: str
) -> None:
    received(birch)

    shown = text_of(admin, f"{WHY}?q={sought}")

    assert "Zoe Quill" in shown and "Project Birch" in shown
    assert "The mapping is a draft." in shown


def test_someone_never_received_hears_of_the_next_reading_and_each_possible_cause(admin: Browser, birch: World) -> None:
    now = clock.now()
    Stream.objects.create(
        connection=birch.linkedin, name="profiles", read_at=now - timedelta(minutes=4), next_at=now + timedelta(hours=2)
    )
    Stream.objects.create(connection=birch.ats, name="people")
    Project.objects.create(connection=birch.linkedin, remote_id="2", name="Unmapped", seen_at=now)
    birch.mapping.state = "paused"
    birch.mapping.save()

    shown = text_of(admin, f"{WHY}?q=xanthippe")

    assert "Never received from LinkedIn" in shown
    assert "Last read 4 min ago" in shown and "Read LinkedIn now" in shown
    assert "1 active Project feeds no job" in shown
    assert "Project Birch (paused)" in shown
    assert "No mapping is live" in shown
    assert "greenhouse Birch’s people are still being read" in shown


@pytest.mark.parametrize(
    ("sought", "said"),
    [
        ("https://lnkd.in/abc", "That is a short link."),
        ("https://www.linkedin.com/company/contoso", "not a person"),
    ],
)
def test_an_address_that_is_no_persons_is_said_to_be_none(admin: Browser, sought: str, said: str) -> None:
    assert said in text_of(admin, f"{WHY}?q={sought}")


def test_someone_in_the_ats_alone_and_someone_kept_out_are_told_apart(admin: Browser, birch: World) -> None:
    IndexKey.objects.create(connection=birch.ats, kind="linkedin", value="slug:only-there", remote_person_id="4711")
    key = Key("linkedin", "slug:gone")
    Tombstone.objects.create(connection=birch.ats, key=key.lease, why="erased", at=clock.now())

    assert "Candidate greenhouse Birch: 4711" in text_of(admin, f"{WHY}?q=linkedin.com/in/only-there")
    assert "Kept out for good" in text_of(admin, f"{WHY}?q=linkedin.com/in/gone")


def test_another_clients_people_are_never_received_for_all_that_is_told(client: Browser, birch: World) -> None:
    """Rule 30: not in the rows, not in the index, not in the tombstones."""
    received(birch)
    IndexKey.objects.create(connection=birch.ats, kind="linkedin", value="slug:only-there", remote_person_id="4711")
    client.force_login(make_user(Role.OPS, make_world("Cedar").client))

    for sought in ("ada birch", "zoe quill", "linkedin.com/in/only-there"):
        shown = text_of(client, f"{WHY}?q={sought}")
        assert "Never received from LinkedIn" in shown
        assert "Birch" not in shown.replace("“ada birch”", "") and "4711" not in shown


def test_a_viewer_reads_the_answer_and_cannot_sync(client: Browser, birch: World) -> None:
    client.force_login(make_user(Role.VIEWER, birch.client))

    shown = text_of(client, f"{WHY}?q=birch")

    assert "Nothing is on its way" in shown and "Sync this person now" not in shown
    assert client.post(reverse("portal:sync_person", args=[birch.person.pk])).status_code == 403


def test_a_recruiter_syncs_one_person_and_comes_back(client: Browser, birch: World) -> None:
    client.force_login(make_user(Role.RECRUITER, birch.client))
    held = make_event([birch.client], person=birch.person, state="held", reason="person", settled_at=None)

    answer = client.post(reverse("portal:sync_person", args=[birch.person.pk]), {"next": f"{WHY}?q=birch"}, follow=True)

    held.refresh_from_db()
    assert held.state == "queued"
    assert Event.objects.filter(kind="look.profile", payload__id="p", priority=0).count() == 1
    assert Event.objects.filter(kind="hook.refresh", payload__person_id="7").count() == 1
    assert "On its way: 3 steps" in answer.content.decode()


def test_another_clients_held_event_of_the_same_person_stays_held(client: Browser, birch: World) -> None:
    """Rule 30."""
    cedar = make_world("Cedar")
    held = make_event([cedar.client], person=birch.person, state="held", reason="person", settled_at=None)
    client.force_login(make_user(Role.RECRUITER, birch.client))

    client.post(reverse("portal:sync_person", args=[birch.person.pk]))

    held.refresh_from_db()
    assert held.state == "held"


def test_linkedin_is_read_now_but_not_twice_within_a_minute(client: Browser, birch: World) -> None:
    client.force_login(make_user(Role.RECRUITER, birch.client))
    now = clock.now()
    stream = Stream.objects.create(connection=birch.linkedin, name="profiles", next_at=now + timedelta(minutes=5))
    address = reverse("portal:read_now", args=[birch.linkedin.pk])

    first = client.post(address, {"next": WHY}, follow=True).content.decode()
    Stream.objects.filter(pk=stream.pk).update(read_at=clock.now(), next_at=now + timedelta(minutes=5))
    second = client.post(address, {"next": WHY}, follow=True).content.decode()

    assert "LinkedIn is read now." in first
    assert "It was read within the last minute." in second
