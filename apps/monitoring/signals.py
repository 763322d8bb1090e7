"""What is so at this moment, judged from rows alone: each alarm's signs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection as database
from django.db.models import Count, Exists, Max, Min, OuterRef, QuerySet, TextField, Value
from django.db.models.functions import Cast, Concat

from apps.candidates.models import Candidacy, CandidacyState, Duplicate, DuplicateState
from apps.connections import health
from apps.connections import selectors as connections
from apps.connections.models import Connection, CredentialState
from apps.core import clock
from apps.ledger import health as progress
from apps.ledger.models import Event
from apps.ledger.states import OPEN, Priority, Reason, State
from apps.mappings.models import MappingState
from apps.monitoring.rules import ANSWER_TIME, LOST_WEBHOOKS, MANY_WAIT, MISSED_BEATS, PROMISE, WAIT_TIME
from apps.sync.models import Difference


@dataclass(frozen=True, slots=True)
class Signal:
    """That an alarm's condition holds for a subject. `clients`: all whose work it touches."""

    kind: str
    subject: str
    detail: str
    connection: UUID | None = None
    clients: tuple[UUID, ...] = ()


def list_signals(now: datetime) -> list[Signal]:
    """Everything that an alarm is for, but the worker's progress: whoever asks here is a worker."""
    return [signal for judge in JUDGES for signal in judge(now)]


def frozen_after() -> timedelta:
    """Without progress for so long, a worker stands."""
    return MISSED_BEATS * timedelta(seconds=settings.SYNCPORTAL_BEAT_SECONDS)


def worker_stands() -> Signal | None:
    """Whether the drain makes no progress; in a deployment that never had a worker it makes none, too."""
    last = progress.last_progress()
    if last is None:
        return Signal("worker", "", "No worker has started yet.")
    if clock.real_now() - last <= frozen_after():
        return None
    return Signal("worker", "", f"The last progress was at {last:%H:%M:%S} UTC.")


FOR_PEOPLE = (Reason.DUPLICATE, Reason.CONFLICT, Reason.PERSON, Reason.MAPPING, Reason.HALT)
"""What waits for one of these waits for a person."""

WORK = "(e.kind LIKE 'row.%%' OR e.kind LIKE 'hook.%%' OR e.kind LIKE 'write.%%' OR e.kind LIKE 'message.%%')"

WAITING = f"""
SELECT count(DISTINCT who) FILTER (WHERE waits_for = 'system'), count(DISTINCT who) FILTER (WHERE waits_for = 'person'),
    count(DISTINCT who) FILTER (WHERE waits_for = 'flush'), count(DISTINCT who) FILTER (WHERE waits_for = 'bulk')
FROM (
    SELECT coalesce(nullif(e.subject, ''), e.mailbox_id::text) AS who,
        CASE WHEN e.reason = ANY(%(for_people)s) OR e.reason = 'paused' THEN 'person'
            WHEN e.priority >= %(bulk)s THEN 'bulk'
            WHEN e.kind = 'write.stage' AND e.due_at > %(now)s AND e.state = 'queued' THEN 'flush'
            ELSE 'system' END AS waits_for
    FROM ledger_event e
    WHERE e.state IN ('queued', 'retrying', 'held') AND e.arrived_at < %(since)s AND {WORK}
    LIMIT %(most)s
) AS waits
"""

MOST = 10_000
"""Rows that a look reads: with so many waiting it is an alarm whatever else there is."""


def many_waiting(now: datetime) -> Iterator[Signal]:
    """Candidates whose work stands for longer than two minutes; those who wait for a person, for the next planned
    write to LinkedIn or as bulk work are told apart (R17)."""
    wanted: dict[str, Any] = {
        "now": now,
        "since": now - WAIT_TIME,
        "bulk": Priority.BACKFILL,
        "for_people": list(FOR_PEOPLE),
        "most": MOST,
    }
    with database.cursor() as cursor:
        cursor.execute(WAITING, wanted)
        waiting, for_people, for_flush, bulk = cursor.fetchone()
    if waiting > MANY_WAIT:
        apart = [f"{for_people} for a person", f"{for_flush} for the next write to LinkedIn", f"{bulk} as bulk work"]
        detail = f"{waiting} candidates have waited for more than two minutes. Besides: {', '.join(apart)}."
        yield Signal("waiting", "", detail)


def promise_broken(now: datetime) -> Iterator[Signal]:
    """By client: who joined a Project over 15 minutes ago and is not in the ATS. Who came with an import is no part
    of the promise."""
    mine = Event.objects.filter(
        kind="write.arrive", subject=Concat(Value("person:"), Cast(OuterRef("person"), TextField()))
    )
    waits = mine.filter(priority__lt=Priority.BACKFILL, state__in=[*OPEN, State.HELD])
    missing = Candidacy.objects.of_everyone().filter(
        Exists(waits),
        state=CandidacyState.OPEN,
        in_ats_at__isnull=True,
        added_at__lt=now - PROMISE,
        mapping__state__in=[MappingState.LIVE, MappingState.PILOT],
    )
    for_people = Exists(waits.filter(state=State.HELD, reason__in=FOR_PEOPLE))
    found = missing.values("client", "client__name").annotate(
        count=Count("pk"), longest=Min("added_at"), asked=Count("pk", filter=for_people)
    )
    for row in found.order_by("client"):
        minutes = int((now - row["longest"]) / timedelta(minutes=1))
        people = "1 person" if row["count"] == 1 else f"{row['count']} people"
        waiting = f"; {row['asked']} of them for a person's decision" if row["asked"] else ""
        detail = (
            f"{row['client__name']}: {people} not in the ATS after 15 minutes, the longest after {minutes}{waiting}."
        )
        yield Signal("promise", str(row["client"]), detail, clients=(row["client"],))


def duplicates_waiting(now: datetime) -> Iterator[Signal]:
    """Questions that nobody answered for ten minutes and that keep somebody out of the ATS, by whom they touch."""
    waiting = Duplicate.objects.filter(
        state=DuplicateState.OPEN,
        deciding_at=None,
        unsure_at=None,
        asked_at__lt=now - ANSWER_TIME,
        person__remote_id="",
    )
    by_clients: dict[tuple[UUID, ...], int] = {}
    for one in waiting.prefetch_related("person__candidacies"):
        clients = tuple(sorted({candidacy.client_id for candidacy in one.person.candidacies.all()}))
        by_clients[clients] = by_clients.get(clients, 0) + 1
    for clients, count in by_clients.items():
        said = "1 question waits" if count == 1 else f"{count} questions wait"
        subject = ",".join(str(client) for client in clients)
        yield Signal("duplicate", subject, f"{said} for more than ten minutes.", clients=clients)


def connections_ailing(now: datetime) -> Iterator[Signal]:
    """Errors in a row, credentials that end or have ended, and silence."""
    for one in _at_work():
        credential = getattr(one, "credential", None)
        if one.consecutive_errors > health.FAILING_FROM:
            yield _of(one, "failing", f"{one.consecutive_errors} errors in a row. The last: {one.last_error}")
        if credential is not None and credential.state == CredentialState.EXPIRED:
            yield _of(one, "expired", "Its work waits in order, and nothing is lost.")
        elif credential is not None and credential.expires_at and credential.expires_at - now < health.EXPIRES_SOON:
            yield _of(one, "expiring", f"It ends on {credential.expires_at:%d %b %Y, %H:%M} UTC.")
        if connections.role_of(one) != "messaging" and health.health_of(one, now=now, outage=False).word == "silent":
            yield _of(one, "silent", f"The last answer came on {one.last_success_at:%d %b %Y, %H:%M} UTC.")


def webhooks_silent(now: datetime) -> Iterator[Signal]:
    """Changes that only a comparison found since the last webhook came: the receiver cannot know of what never
    came to it."""
    lost = Difference.objects.filter(kind="lost", run__side="ats", run__started_at__gt=now - timedelta(days=2))
    for one in _at_work():
        mine = lost.filter(run__mapping__job__connection=one)
        if mine.count() < LOST_WEBHOOKS:
            continue
        last = Event.objects.filter(connection=one.pk, kind__startswith="hook.").aggregate(at=Max("arrived_at"))["at"]
        count = mine.filter(run__started_at__gt=last).count() if last is not None else 0
        if count >= LOST_WEBHOOKS:
            yield _of(one, "silent", f"{count} changes were told by no webhook since {last:%d %b %Y, %H:%M} UTC.")


def budgets_ending(now: datetime) -> Iterator[Signal]:
    """A day whose requests do not last, and one that somebody else spends (rules 23, 24)."""
    for one in _at_work():
        day, outlook = connections.daily(one.pk, now=now), connections.outlook(one.pk, now=now)
        if day is None or outlook is None:
            continue
        if day.full or not outlook.promise_holds:
            left = f"{day.left} of {day.limit} are left until {day.ends_at:%H:%M} UTC"
            yield _of(one, "budget", f"{left}; reading changes alone needs {outlook.needed_slow}.")
        if day.elsewhere:
            yield _of(one, "elsewhere", f"{day.elsewhere} requests of this day were none of ours.")


def _at_work() -> QuerySet[Connection]:
    return connections.list_connections().filter(paused_at=None, stopped_at=None)


def _of(one: Connection, kind: str, detail: str) -> Signal:
    """A connection of all clients is for those who see all of them."""
    clients = (one.client_id,) if one.client_id is not None else ()
    return Signal(kind, str(one.pk), f"{one.name}: {detail}", connection=one.pk, clients=clients)


JUDGES: tuple[Callable[[datetime], Iterator[Signal]], ...] = (
    many_waiting,
    promise_broken,
    duplicates_waiting,
    connections_ailing,
    webhooks_silent,
    budgets_ending,
)
