"""Rows for tests of pages: a client with one of everything that a page may show."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from apps.accounts import keys
from apps.accounts import services as accounts
from apps.accounts.models import ApiKey, Client, User
from apps.accounts.rights import Role
from apps.accounts.scope import EVERYONE
from apps.candidates.models import (
    Candidacy,
    Duplicate,
    Identity,
    IndexedPerson,
    IndexKey,
    Person,
    Profile,
    Transition,
)
from apps.connections.models import Connection, QuotaAccount
from apps.core import clock
from apps.ledger.letters import Letters
from apps.ledger.models import Attempt, Event, Mailbox
from apps.mappings.models import (
    ClientFolder,
    Dismissal,
    HandOver,
    Job,
    Mapping,
    MappingState,
    Pilot,
    Project,
    Seat,
    StageMap,
    StageMapVersion,
)
from apps.monitoring.models import Alert
from apps.notifications.models import Contact, Message, Rule
from apps.sync import letters
from apps.sync.models import Difference, Discard, MapItem, MapRun, Reconciliation, ReplayItem, ReplayRun


@dataclass(frozen=True)
class World:
    """One client's work; `word` stands in every name of it."""

    word: str
    client: Client
    linkedin: Connection
    ats: Connection
    mapping: Mapping
    person: Person
    candidacy: Candidacy
    event: Event


def make_user(role: Role = Role.VIEWER, *clients: Client, **values: Any) -> User:
    return accounts.create_user(
        email=f"{uuid.uuid4().hex[:12]}@people.example", password=None, role=role, clients=clients, **values
    )


def make_connection(provider: str, word: str, now: datetime) -> Connection:
    quota = QuotaAccount.objects.create(provider=provider, key=f"{provider} of {word}")
    return Connection.objects.create(provider=provider, name=f"{provider} {word}", quota=quota, created_at=now)


def make_world(word: str, **event: Any) -> World:
    """Make a client, both connections, a mapping, a person in it, and an event about them."""
    now = clock.now()
    client = accounts.create_client(name=f"Client {word}")
    linkedin, ats = make_connection("linkedin", word, now), make_connection("greenhouse", word, now)
    project = Project.objects.create(connection=linkedin, remote_id="1", name=f"Project {word}", seen_at=now)
    job = Job.objects.create(connection=ats, remote_id="1", name=f"Job {word}", status="open", seen_at=now)
    stage_map = StageMap.objects.create(connection=linkedin, name=f"Map {word}")
    mapping = Mapping.objects.create(
        client=client, project=project, job=job, stage_map=stage_map, state=MappingState.LIVE
    )
    person = Person.objects.create(connection=ats, remote_id="7", first_name="Ada", last_name=word, first_seen_at=now)
    Identity.objects.create(
        connection=ats,
        person=person,
        kind="linkedin",
        value=f"slug:{word.lower()}",
        seen_as=f"linkedin.com/in/{word}",
        source="linkedin",
        seen_at=now,
    )
    candidacy = Candidacy.objects.create(
        client=client, person=person, job=job, mapping=mapping, application_id="70", added_at=now
    )
    Profile.objects.create(
        connection=linkedin, remote_id="p", project=project, candidacy=candidacy, observed=f"Stage {word}"
    )
    made = make_event([client], person=person, connection=ats, **{"detail": f"Detail {word}", **event})
    Transition.objects.create(
        candidacy=candidacy, side="linkedin", to_value=f"Moved {word}", changed_at=now, event_id=made.pk
    )
    Contact.objects.create(client=client, address=f"{word.lower()}@people.example")
    return World(word, client, linkedin, ats, mapping, person, candidacy, made)


def make_event(
    clients: list[Client], *, person: Person | None = None, connection: Connection | None = None, **values: Any
) -> Event:
    now = clock.now()
    gate = values.pop("gate", "connection:test")
    mailbox = Mailbox.objects.create(key=uuid.uuid4().hex, handler="write", gate=gate, turn=gate)
    defaults = {"kind": "write.move", "state": "done", "due_at": now, "arrived_at": now, "settled_at": now}
    event = Event.objects.create(
        mailbox=mailbox,
        clients=[client.pk for client in clients],
        subject=f"person:{person.pk}" if person else "",
        connection=connection.pk if connection else None,
        **(defaults | values),
    )
    Attempt.objects.create(event=event, at=now, operation="move", outcome="done", detail=event.detail)
    return event


def make_replay(world: World, **values: Any) -> ReplayRun:
    """A replay that was previewed: one letter that writes something, one that does not."""
    kept = {"title": f"Replay {world.word}", "state": "ready", "reads": {str(world.ats.pk): 2}, **values}
    run = ReplayRun.objects.create(clients=[world.client.pk], made_at=clock.now(), **kept)
    act = {"on": "write.move", "do": "move", "target": "70", "values": {"value": "s1"}, "system": str(world.ats.pk)}
    for acts, ends in (([act], "done"), ([], "skipped")):
        letter = make_event([world.client], person=world.person, state="dead", cause="rejected", connection=world.ats)
        ReplayItem.objects.create(run=run, event=letter, state="planned", acts=acts, ends=ends, why=f"So {world.word}")
    return run


def make_alert(world: World, **values: Any) -> Alert:
    """An alarm about the world's client that fires."""
    now = clock.now()
    kept = {"kind": "promise", "subject": uuid.uuid4().hex, "first_seen": now, "last_seen": now, **values}
    return Alert.objects.create(detail=f"Client {world.word}: 1 person", clients=[world.client.pk], **kept)


def make_pilot(world: World, **values: Any) -> Pilot:
    """A pilot of the world's mapping that runs since yesterday."""
    now = clock.now()
    kept = {"starts_at": now - timedelta(days=1), "ends_at": now + timedelta(days=13), **values}
    return Pilot.objects.create(mapping=world.mapping, **kept)


def make_version(world: World) -> StageMapVersion:
    """The newest version of the world's stage map; its first one where it has none."""
    versions = world.mapping.stage_map.versions
    rows = [{"linkedin": f"Stage {world.word}", "ats": "!hired"}]
    return versions.order_by("-number").first() or versions.create(
        number=1, rows=rows, reason=f"First of {world.word}", created_at=clock.now()
    )


def make_map_run(world: World, **values: Any) -> MapRun:
    """A version that is to be applied to the world's one person."""
    kept = {"version": make_version(world), "clients": [world.client.pk], "made_at": clock.now(), **values}
    run = MapRun.objects.create(stage_map=world.mapping.stage_map, **kept)
    profile = world.candidacy.profiles.get()
    MapItem.objects.create(run=run, profile=profile, candidacy=world.candidacy, fate="linkedin", value="Replied")
    return run


def make_discard(world: World) -> Discard:
    """A letter that somebody discarded."""
    letter = make_event([world.client], person=world.person, state="dead", cause="rejected", connection=world.ats)
    return letters.discard(
        letters=Letters(ids=(letter.pk,)), why=f"Not {world.word}", scope=EVERYONE, by=None, now=clock.now()
    )


def make_dismissal(world: World) -> Dismissal:
    """A job of the client's own folder that somebody does not want for the world's Project."""
    kept = {"name": f"Other job {world.word}", "folder": world.word, "status": "open", "seen_at": clock.now()}
    job, _ = Job.objects.get_or_create(connection=world.ats, remote_id="dismissed", defaults=kept)
    ClientFolder.objects.of_everyone().get_or_create(connection=world.ats, folder=world.word, client=world.client)
    return Dismissal.objects.get_or_create(project=world.mapping.project, job=job, defaults={"at": clock.now()})[0]


def make_hand_over(world: World) -> HandOver:
    """The world's mapping, handed from one recruiter to another."""
    seats = [
        Seat.objects.get_or_create(connection=world.linkedin, remote_id=key, defaults={"name": f"{key} {world.word}"})[
            0
        ]
        for key in ("leaver", "taker")
    ]
    kept = {"clients": [str(world.client.pk)], "before": {str(world.mapping.pk): ["", "u"]}, "at": clock.now()}
    return HandOver.objects.create(seat=seats[0], to=seats[1], **kept)


def make_rule(world: World) -> Rule:
    values = {"name": f"Rule {world.word}", "stages": [f"Stage {world.word}"], "changed_at": clock.now()}
    return Rule.objects.create(client=world.client, **values)


def make_message(world: World) -> Message:
    values = {
        "about": f"Rule {world.word}",
        "cause": uuid.uuid4().hex,
        "lane": "lane:mail:x",
        "created_at": clock.now(),
    }
    place = {"target": "x@people.example", "label": f"Label {world.word}"}
    return Message.objects.create(
        client=world.client, candidacy=world.candidacy, event_id=world.event.pk, **place, **values
    )


def make_key(world: World) -> ApiKey:
    key, _ = keys.make_key(
        maker=make_user(Role.ADMIN),
        name=f"Report {world.word}",
        role=Role.VIEWER,
        client_id=world.client.pk,
        now=clock.now(),
        lasts=timedelta(days=30),
    )
    return key


def make_run(world: World, **values: Any) -> Reconciliation:
    defaults = {"side": "ats", "state": "done", "looked_at": 3, "changing": 1, "started_at": clock.now()}
    run = Reconciliation.objects.create(mapping=world.mapping, **(defaults | values))
    Difference.objects.create(run=run, candidacy=world.candidacy, kind="lost", before=f"Was {world.word}", now="s1")
    return run


def make_question(world: World, *found: dict[str, Any], person: Person | None = None) -> Duplicate:
    """Ask whether the world's person is one of these; somebody with the same e-mail address, unless told otherwise."""
    same = {"sign": "email", "weight": 10.0, "seen": "a@mail.example", "held": "a@mail.example", "likeness": ""}
    other = {"sign": "name", "weight": -20.0, "seen": str(world.person), "held": "Ann Other", "likeness": "other"}
    one = {
        "id": "4711",
        "first_name": "Ann",
        "last_name": "Other",
        "company": "Fabrikam",
        "title": "Nurse",
        "emails": ["a@mail.example"],
        "addresses": [],
        "phones": ["+4930123456"],
        "score": 0.1,
        "components": [same, other],
    }
    asked = person or world.person
    kept = {"found": list(found) or [one], "records": RECORDS, "records_asked_at": clock.now(), "asked_at": clock.now()}
    question, _ = Duplicate.objects.get_or_create(person=asked, state="open", defaults=kept)
    for key, name in (("4711", "Ann"), ("7", "Ada")):
        IndexedPerson.objects.get_or_create(
            connection=world.ats, remote_id=key, defaults={"first_name": name, "phones": ["+4930123456"]}
        )
        IndexKey.objects.get_or_create(
            connection=world.ats,
            kind="email",
            value="a@mail.example",
            remote_person_id=key,
            defaults={"seen_as": "A@Mail.example"},
        )
    return question


RECORDS = {
    "7": {
        "applications": [
            {"job_id": "1", "job": "Nurse", "stage": "Phone Screen", "made_at": "2026-11-03T09:00:00+00:00"}
        ],
        "notes": [],
        "more_notes": 0,
    },
    "4711": {
        "applications": [{"job_id": "1", "job": "Nurse", "stage": "rejected", "made_at": "2026-10-12T09:00:00+00:00"}],
        "notes": [
            {
                "text": f"Call number {number} at the clinic; prefers nights.",
                "at": f"2026-10-{20 - number}T09:00:00+00:00",
            }
            for number in range(4)
        ],
        "more_notes": 3,
    },
}
"""What the ATS has of both whom a question is about."""
