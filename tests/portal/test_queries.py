"""A page's queries do not grow with its rows."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts.rights import Role
from apps.candidates.models import Candidacy, Identity, Person, Profile, Transition
from apps.core import clock
from apps.mappings.models import ClientFolder, Dismissal, HandOver, Job, Mapping, Project, Seat, SeatUser
from apps.sync.models import Difference, Discard, MapRun, Reconciliation, ReplayRun
from tests.portal.factories import (
    World,
    make_alert,
    make_discard,
    make_dismissal,
    make_event,
    make_hand_over,
    make_key,
    make_map_run,
    make_message,
    make_pilot,
    make_replay,
    make_rule,
    make_run,
    make_user,
    make_version,
    make_world,
)

pytestmark = pytest.mark.django_db


def queries_of(browser: Browser, address: str) -> int:
    browser.get(address)  # what is read once a process is read
    with CaptureQueriesContext(connection) as made:
        assert browser.get(address).status_code == 200
    return len(made)


def grow(world: World, count: int) -> None:
    """More people of the same mapping, each with an event, and more who may sign in."""
    now = clock.now()
    for number in range(count):
        person = Person.objects.create(
            connection=world.ats, first_name="Ada", last_name=f"No {number}", first_seen_at=now
        )
        Identity.objects.create(
            connection=world.ats, person=person, kind="member", value=f"m{number}", source="linkedin", seen_at=now
        )
        candidacy = Candidacy.objects.create(
            client=world.client,
            person=person,
            job=world.mapping.job,
            mapping=world.mapping,
            added_at=now,
            conflict="ask",
        )
        Profile.objects.create(
            connection=world.linkedin,
            remote_id=f"p{number}",
            project=world.mapping.project,
            candidacy=candidacy,
            observed="Contacted",
        )
        make_event([world.client], person=person, connection=world.ats)
        make_event([world.client], person=world.person, connection=world.ats, state="held", reason="conflict")
        make_user(Role.VIEWER, world.client)
        make_rule(world)
        make_message(world)
        make_key(world)
        make_run(world)
        Transition.objects.create(
            candidacy=candidacy, side="ats", from_value="a", to_value="b", changed_at=now, event_id=world.event.pk
        )


NOTIFICATIONS = ["/notifications/", "/notifications/rules/", "/notifications/deliveries/", "/notifications/contacts/"]
LISTS = ["/", "/connections/", "/events/", "/events/?q=ada", "/candidates/", "/mappings/", "/people/", "/search/?q=ada"]
API = [
    f"/api/v1/{name}/?page_size=100"
    for name in ("connections", "mappings", "candidates", "candidacies", "events", "attempts", "transitions")
]
REPORTS = [f"/api/v1/reports/{name}/" for name in ("lag", "volume", "days", "funnel", "errors", "budget")]
OTHERS = ["/alerts/", "/pilots/", "/conflicts/", "/compatibility/", "/people/keys/", "/reconciliation/"]
SEATS = ["/connections/seats/"]
MAPPINGS = ["/mappings/?shut=1", "/mappings/names/", "/mappings/folders/", "/stage-maps/"]
SUGGESTED = ["/mappings/suggestions/", "/mappings/suggestions/dismissed/"]
LETTERS = ["/dead-letters/", "/dead-letters/replays/", "/dead-letters/discarded/"]


@pytest.mark.parametrize(
    "page",
    [
        *LISTS,
        *OTHERS,
        *SEATS,
        *MAPPINGS,
        *SUGGESTED,
        *LETTERS,
        *NOTIFICATIONS,
        *API,
        *REPORTS,
        "mapping",
        "candidate",
        "connection",
        "event",
        "reconciliation_run",
        "replay",
        "pilot",
        "discard",
        "stage_map",
        "map_version",
        "map_run",
        "choose_job",
        "activate_mapping",
        "hand_over",
    ],
)
def test_queries_do_not_grow_with_rows(client: Browser, page: str) -> None:
    world = make_world("Birch")
    grow(world, 3)
    client.force_login(make_user(Role.ADMIN))
    ids = {
        "mapping": world.mapping.pk,
        "candidate": world.person.pk,
        "connection": world.ats.pk,
        "event": world.event.pk,
        "reconciliation_run": make_run(world).pk,
        "replay": make_replay(world).pk,
        "pilot": make_pilot(world).pk,
        "discard": make_discard(world).pk,
    }
    own = {name: reverse(f"portal:{name}", args=[pk]) for name, pk in ids.items()} | of_mappings(world)
    address = own.get(page, page)

    few = queries_of(client, address)
    grow_more(world)

    assert queries_of(client, address) == few


def of_mappings(world: World) -> dict[str, str]:
    """The pages about one mapping, its map and its Project, and the hand-over of what two recruiters own."""
    version, run, hand_over = make_version(world), make_map_run(world), make_hand_over(world)
    Mapping.objects.of_everyone().filter(pk=world.mapping.pk).update(default_owner="u")
    for seat in (hand_over.seat, hand_over.to):
        SeatUser.objects.create(seat=seat, connection=world.ats, remote_id="u")
    make_dismissal(world)
    return {
        "stage_map": reverse("portal:stage_map", args=[run.stage_map_id]),
        "map_version": reverse("portal:map_version", args=[run.stage_map_id, version.number]),
        "map_run": reverse("portal:map_run", args=[run.pk]),
        "choose_job": reverse("portal:choose_job", args=[world.mapping.project_id]),
        "activate_mapping": reverse("portal:activate_mapping", args=[world.mapping.pk]),
        "hand_over": f"{reverse('portal:hand_over')}?from={hand_over.seat_id}&to={hand_over.to_id}",
    }


def grow_mappings(world: World) -> None:
    """More of all that the pages of mappings list: Projects, jobs, folders, seats, dismissals, versions, items."""
    now, run = clock.now(), MapRun.objects.get()
    for number in range(8):
        kept = {"name": f"REQ-{number} Glass Blower", "seen_at": now}
        project = Project.objects.create(connection=world.linkedin, remote_id=f"q{number}", **kept)
        kept |= {"requisition": f"REQ-{number}", "status": "open", "folder": f"f{number}"}
        job = Job.objects.create(connection=world.ats, remote_id=f"q{number}", **kept)
        ClientFolder.objects.create(connection=world.ats, folder=f"f{number}", client=world.client)
        other = Project.objects.create(
            connection=world.linkedin, remote_id=f"r{number}", name=f"Other {number}", seen_at=now
        )
        Dismissal.objects.create(project=other, job=job, at=now)
        Seat.objects.create(connection=world.linkedin, remote_id=f"q{number}", name=f"Seat {number}", active=False)
        mapped = Mapping.objects.create(
            client=world.client,
            project=other,
            job=job,
            stage_map=world.mapping.stage_map,
            default_owner="u",
            leading=True,
        )
        world.mapping.stage_map.versions.create(number=10 + number, rows=[], created_at=now)
        candidacy = Candidacy.objects.create(
            client=world.client, person=world.person, job=job, mapping=mapped, added_at=now
        )
        profile = Profile.objects.create(
            connection=world.linkedin, remote_id=f"q{number}", project=project, candidacy=candidacy, observed="x"
        )
        run.items.create(profile=profile, candidacy=candidacy, fate="linkedin", value="Replied")
        HandOver.objects.create(seat=Seat.objects.first(), to=Seat.objects.last(), at=now)


def grow_more(world: World) -> None:
    grow_mappings(world)
    for letter in ("A", "B", "C"):
        other = make_world(f"More{letter}")
        other.mapping.client = world.client
        other.mapping.save()
    now = clock.now()
    replay, discard = ReplayRun.objects.get(), Discard.objects.get()
    for number in range(20):
        person = Person.objects.create(
            connection=world.ats, first_name="Ada", last_name=f"M {number}", first_seen_at=now
        )
        Candidacy.objects.create(
            client=world.client, person=person, job=world.mapping.job, mapping=world.mapping, added_at=now
        )
        make_event([world.client], person=person, connection=world.ats, caused_by=world.event)
        (act,) = replay.items.exclude(acts=[]).order_by("pk")[0].acts
        letter = make_event([world.client], person=person, connection=world.ats, state="dead", cause=f"no {number}")
        replay.items.create(event=letter, state="planned", acts=[act], ends="done")
        kept = {"state": "skipped", "reason": "discarded", "hold_key": discard.key}
        make_event([world.client], person=person, connection=world.ats, **kept)
        make_replay(world)
        make_alert(world)
        make_alert(world, state="resolved", resolved_at=now)
        make_discard(world)
        run = make_run(world)
        Difference.objects.create(run=run, candidacy=Candidacy.objects.of_everyone().get(person=person), kind="lost")
        Difference.objects.create(
            run=Reconciliation.objects.of_everyone().order_by("started_at").first(),
            candidacy=Candidacy.objects.of_everyone().get(person=person),
            kind="taken_off",
        )
        make_user(Role.VIEWER, world.client)
