"""What a person may ask for from a page: sync this person, read LinkedIn now (R18b)."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from apps.accounts.models import User
from apps.accounts.scope import Scope
from apps.candidates.models import Candidacy, Person, Profile
from apps.core import jobs
from apps.ledger import services as ledger
from apps.ledger.models import Event
from apps.ledger.selectors import events_within
from apps.ledger.states import Reason, State
from apps.sync import lanes, looks, replays
from apps.sync.models import Stream, StreamName

ONCE_IN = timedelta(seconds=60)
"""Asking again within a minute would spend a request to learn what was just read."""


@transaction.atomic
def sync_person(*, person_id: UUID, scope: Scope, asked_by: User, now: datetime) -> int:
    """Read the person again in both systems, and try again what stopped. Returns how many steps were set going.

    Costs one LinkedIn request for each profile within the asker's clients, and a read of the ATS. What is
    true already is not done twice.
    """
    person = Person.objects.get(pk=person_id)
    subject = lanes.subject(person_id)
    own = Candidacy.objects.within(scope).filter(person=person)
    shown = Profile.objects.filter(candidacy__in=own).exclude(observed="")  # an export shows nowhere
    made = [
        looks.look_event(
            profile.connection_id,
            profile.remote_id,
            asked_by=asked_by.pk,
            clients=(profile.candidacy.client_id,) if profile.candidacy else (),
            subject=subject,
        )
        for profile in shown.select_related("candidacy").order_by("pk")
    ]
    if person.remote_id:
        made.append(lanes.refresh_person(person.connection_id, person.remote_id))
    stopped = _stopped(subject, own)
    ledger.release_held(ids=stopped[State.HELD], now=now, by=str(asked_by))
    dead = replays.replay(ids=stopped[State.DEAD], now=now) if stopped[State.DEAD] else 0
    return len(ledger.append_many(made, now=now)) + len(stopped[State.HELD]) + dead


def _stopped(subject: str, own: QuerySet[Candidacy]) -> dict[State, list[int]]:
    """What is held or dead about the person, of the asker's own candidacies."""
    clients = set(own.values_list("client", flat=True))
    found: dict[State, list[int]] = {State.HELD: [], State.DEAD: []}
    for event in Event.objects.filter(subject=subject, state__in=list(found)).order_by("pk"):
        if set(event.clients) <= clients and event.kind.startswith(replays.REPLAYED):
            found[State(event.state)].append(event.pk)
    return found


@transaction.atomic
def sync_received(*, event_id: int, asked_by: int | None, now: datetime) -> bool:
    """Read somebody again whom LinkedIn showed and who became no candidate. One request; False of any other event."""
    event = Event.objects.filter(pk=event_id, kind="row.profile").first()
    if event is None or event.connection is None or "id" not in event.payload:
        return False
    connection_id, profile_id = lanes.connection_of(event), str(event.payload["id"])
    look = looks.look_event(
        connection_id, profile_id, asked_by=asked_by, clients=tuple(event.clients), caused_by=event.pk
    )
    ledger.append(look, now=now)
    return True


PERSONS_TO_SETTLE = (Reason.DUPLICATE, Reason.PERSON)
"""What is held for a person, who has settled it in one of the systems by then."""


def plan_again(*, event_id: int, scope: Scope, asked_by: User, now: datetime) -> bool:
    """Plan a held event again, as who looked at it settled what it waited for. Everything is read afresh: what
    is not settled is held again. False where it does not wait for that."""
    held = events_within(scope).filter(pk=event_id, state=State.HELD, reason__in=PERSONS_TO_SETTLE)
    return bool(held.exists() and ledger.release_held(ids=[event_id], now=now, by=str(asked_by)))


@transaction.atomic
def read_now(*, connection_id: UUID, now: datetime) -> datetime | None:
    """Bring the reading of people in Projects forward to now; gives the next one where it was read just now.

    A person asks seldom, so unlike a push hint this is not held back to keep to the day's plan; the
    budget itself stands.
    """
    stream = Stream.objects.select_for_update().filter(connection_id=connection_id, name=StreamName.PROFILES).first()
    if stream is None or stream.next_at is None:
        return None
    if stream.read_at is not None and now - stream.read_at < ONCE_IN:
        return stream.next_at
    Stream.objects.filter(pk=stream.pk, next_at__gt=now).update(next_at=now)
    transaction.on_commit(jobs.ring)
    return now
