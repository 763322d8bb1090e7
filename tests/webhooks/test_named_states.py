"""What cannot go on by itself ends in a named state with a sentence that a person can act on.

Both systems deliver for real; the engine works when a test says so.
"""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from django.test import Client as Http

from apps.accounts.models import User
from apps.candidates.models import Transition
from apps.connections import services as connections
from apps.core import clock
from apps.demo import scenario
from apps.ledger.models import Event
from apps.ledger.states import Reason, State
from apps.mappings import services as mappings
from apps.mappings.models import Job, MappingState
from apps.mappings.rules import rows_from_json
from tests.webhooks.conftest import ADDED_BY, Office, work
from tests.webhooks.pages import event_page

OPS = "ops@northwind.test"


@pytest.fixture
def ops(client: Http, office: Office) -> Http:
    """The ops lead of the company's client, signed in."""
    client.force_login(User.objects.get(email=OPS))
    return client


def move(office: Office, application: dict[str, Any], stage: str) -> None:
    office.sandbox.act("greenhouse", "move", application_id=application["id"], stage=stage)


def map_stage(office: Office, *, linkedin: str, ats: str) -> None:
    """Add a row to the first mapping's stage map, as the browser will."""
    mapping = office.company.mappings[0]
    rows = rows_from_json(mapping.stage_map.versions.order_by("-number").values_list("rows", flat=True)[0])
    job = Job.objects.get(pk=mapping.job_id)
    added = mappings.resolve_row(job, linkedin=linkedin, ats=ats)
    mappings.save_stage_map(
        stage_map=mapping.stage_map,
        rows=[*rows, added],
        author=User.objects.get(email=OPS),
        reason="The job got a stage",
        now=clock.now(),
    )


def test_an_unknown_ats_stage_is_held_names_itself_and_goes_on_once_it_is_mapped(office: Office, ops: Http) -> None:
    [profile] = office.add(1)
    office.settle()
    [application] = office.applications()
    office.sandbox.act("greenhouse", "add_stage", job_id=application["job_id"], name="Panel")

    move(office, application, "Panel")
    office.settle()

    event = Event.objects.get(state=State.HELD)
    assert (event.kind, event.reason) == ("hook.application", Reason.MAPPING)
    assert event.detail == "No row of the stage map names the ATS stage 'Panel'. Add one, then this goes on."
    shown = event_page(ops, event)
    assert "Held not in the stage map" in shown
    assert "ATS stage &#x27;Panel&#x27;" in shown
    assert office.linkedin_stage(profile) == "Contacted"

    map_stage(office, linkedin="In Progress", ats="Panel")
    office.settle()

    event.refresh_from_db()
    assert event.state == State.DONE
    assert office.linkedin_stage(profile) == "In Progress"
    assert Transition.objects.filter(side="ats").count() == 1
    assert "Done" in event_page(ops, event)


@pytest.mark.parametrize("onwards", ["Offer", "Application Review"])
def test_a_move_on_from_an_unknown_stage_lets_the_held_one_go(office: Office, onwards: str) -> None:
    office.add(1)
    office.settle()
    [application] = office.applications()
    office.sandbox.act("greenhouse", "add_stage", job_id=application["job_id"], name="Panel")
    move(office, application, "Panel")
    office.settle()
    event = Event.objects.get(state=State.HELD)

    move(office, application, onwards)
    office.settle()

    event.refresh_from_db()
    assert (event.state, event.reason) == (State.SKIPPED, Reason.ECHO)
    assert not Event.objects.filter(state=State.HELD).exists()


def test_an_unknown_linkedin_stage_is_held_and_goes_on_once_it_is_mapped(office: Office, ops: Http) -> None:
    [profile] = office.add(1)
    office.settle()
    project = office.company.mappings[0].project.remote_id
    office.sandbox.act("linkedin", "add_stage", project=project, stage="Shortlist")

    office.sandbox.act("linkedin", "move", profile=profile, stage="Shortlist")
    office.settle()

    event = Event.objects.get(state=State.HELD)
    assert (event.kind, event.reason) == ("row.profile", Reason.MAPPING)
    assert event.detail == "No row of the stage map names the LinkedIn stage 'Shortlist'. Add one, then this goes on."
    assert "LinkedIn stage &#x27;Shortlist&#x27;" in event_page(ops, event)

    map_stage(office, linkedin="Shortlist", ats="Phone Screen")
    office.settle()

    event.refresh_from_db()
    assert event.state == State.DONE
    assert [row["stage_name"] for row in office.applications()] == ["Phone Screen"]


def test_someone_added_at_an_unknown_stage_is_in_the_ats_and_their_stage_waits_for_its_row(office: Office) -> None:
    project = office.company.mappings[0].project.remote_id
    office.sandbox.act("linkedin", "add_stage", project=project, stage="Shortlist")
    person = scenario.person(1) | {"stage": "Shortlist"}

    office.sandbox.act("linkedin", "add_to_project", project=project, people=[person], by=ADDED_BY)
    office.settle()

    held = list(Event.objects.filter(state=State.HELD))
    assert {event.reason for event in held} == {Reason.MAPPING}
    assert {"LinkedIn stage 'Shortlist'" in event.detail for event in held} == {True}
    assert [row["stage_name"] for row in office.applications()] == ["Application Review"]

    map_stage(office, linkedin="Shortlist", ats="Phone Screen")
    office.settle()

    assert [row["stage_name"] for row in office.applications()] == ["Phone Screen"]
    assert not Event.objects.filter(state=State.HELD).exists()


def test_a_job_that_vanished_stops_its_mapping_and_says_what_to_do(office: Office, ops: Http) -> None:
    mapping = office.company.mappings[0]
    office.sandbox.act("greenhouse", "delete_job", job_id=int(mapping.job.remote_id))
    office.settle()

    office.add(1)
    office.settle()

    mapping.refresh_from_db()
    assert mapping.state == MappingState.PAUSED
    event = Event.objects.get(state=State.HELD)
    assert (event.kind, event.reason) == ("row.profile", Reason.PAUSED)
    assert event.detail == "The job Data Engineer is no longer in Greenhouse. Map the Project to another job."
    assert event.detail in event_page(ops, event)
    assert office.applications() == []


def test_a_closed_job_keeps_people_waiting_until_it_is_open_again(office: Office, ops: Http) -> None:
    job = int(office.company.mappings[0].job.remote_id)
    office.sandbox.act("greenhouse", "close_job", job_id=job)
    office.settle()

    office.add(1)
    office.settle()

    event = Event.objects.get(state=State.HELD)
    assert (event.kind, event.reason) == ("write.arrive", Reason.PERSON)
    assert event.detail == (
        "The job Data Engineer is closed in Greenhouse. Open it there and this goes on, "
        "or map the Project to another job."
    )
    assert event.detail in event_page(ops, event)
    assert office.applications() == []

    office.sandbox.act("greenhouse", "reopen_job", job_id=job)
    office.settle()

    event.refresh_from_db()
    assert event.state == State.DONE
    assert [row["job_id"] for row in office.applications()] == [job]


def test_a_job_closed_behind_our_back_ends_in_a_dead_letter_that_names_it(office: Office, ops: Http) -> None:
    office.sandbox.act("greenhouse", "disable_webhook")
    office.sandbox.act("greenhouse", "close_job", job_id=int(office.company.mappings[0].job.remote_id))

    office.add(1)
    office.settle()

    event = Event.objects.get(state=State.DEAD)
    assert (event.kind, event.cause) == ("write.arrive", "invalid")
    assert "Greenhouse refused this" in event.detail
    assert "must be an open job" in event.detail
    assert "then replay this" in event.detail
    assert "Greenhouse refused this" in event_page(ops, event)


def test_an_application_of_another_job_is_skipped_and_says_so(office: Office) -> None:
    added = office.sandbox.act("greenhouse", "add_job", name="Not mapped")
    office.sandbox.act("greenhouse", "apply", first_name="Mara", last_name="Novak", job_id=added["job"]["id"])

    office.settle()

    event = Event.objects.get(kind="hook.application")
    assert (event.state, event.reason) == (State.SKIPPED, Reason.IRRELEVANT)
    assert "mapped Project" in event.detail


def test_what_a_paused_connection_received_waits_and_goes_on_in_order(office: Office) -> None:
    [profile] = office.add(1)
    office.settle()
    [application] = office.applications()
    connections.pause(connection_id=office.company.greenhouse.pk, actor_id=None, now=clock.now())

    move(office, application, "Phone Screen")
    move(office, application, "Offer")
    office.received()
    work()

    waiting = Event.objects.filter(kind="hook.application", state=State.QUEUED)
    assert waiting.count() == 2
    assert office.linkedin_stage(profile) == "Contacted"

    connections.resume(connection_id=office.company.greenhouse.pk, now=clock.now())
    office.settle()

    assert not waiting.exists()
    assert office.linkedin_stage(profile) == "In Progress"


def test_what_arrives_while_the_worker_is_dead_is_done_when_it_lives_again(office: Office) -> None:
    [profile] = office.add(1)
    office.settle()
    [application] = office.applications()

    move(office, application, "Phone Screen")
    office.received()

    assert httpx.get(f"{office.web}/readyz").status_code == 200
    assert Event.objects.get(kind="hook.application", state=State.QUEUED).attempts == 0
    assert office.linkedin_stage(profile) == "Contacted"

    office.settle()

    assert office.linkedin_stage(profile) == "In Progress"
