"""Reads about durable work, for pages: each takes the scope of its reader (rule 30)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Max, Q, QuerySet

from apps.accounts.scope import Scope
from apps.core.sql import group_some
from apps.ledger import gates
from apps.ledger.models import Attempt, ClosedGate, Event, Fault
from apps.ledger.states import OPEN, State

COUNTED_TO = 10_000
"""Counting further would make a page slower with every event that was ever stored."""

WAITING = (*OPEN, State.LEASED, State.HELD)


@dataclass(frozen=True, slots=True)
class EventRow:
    """One event as it shows: behind a closed gate, work that is due counts as held for the gate's reason."""

    id: int
    kind: str
    state: str
    reason: str
    detail: str
    cause: str
    subject: str
    connection: UUID | None
    clients: tuple[UUID, ...]
    attempts: int
    due_at: datetime
    arrived_at: datetime
    settled_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a reader of the log asks for. Empty means no restriction; `subjects` None means anybody, and
    `also` names events that are wanted beside those of the subjects. `planned` is what a plan has to hold."""

    states: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    subjects: tuple[str, ...] | None = None
    also: tuple[int, ...] = ()
    event_id: int | None = None
    connection: UUID | None = None
    planned: tuple[tuple[str, int], ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    oldest_first: bool = False
    before: int | None = None
    after: int | None = None


@dataclass(frozen=True, slots=True)
class EventPage:
    """Rows, newest first, and the ids to go on from in both directions."""

    rows: tuple[EventRow, ...]
    older: int | None
    newer: int | None


@dataclass(frozen=True, slots=True)
class AttemptRow:
    at: datetime
    operation: str
    outcome: str
    detail: str
    seconds: float
    exchanges: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class EffectRow:
    key: str
    kind: str
    state: str
    intended_at: datetime
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class EventDetail:
    """Everything kept about one event."""

    row: EventRow
    payload: Mapping[str, Any]
    plan: Mapping[str, Any]
    attempts: tuple[AttemptRow, ...]
    effects: tuple[EffectRow, ...]
    cause: EventRow | None
    followed: tuple[EventRow, ...]


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many events wait, and since when the oldest does."""

    count: int = 0
    oldest: datetime | None = None


@dataclass(frozen=True, slots=True)
class DeadCause:
    cause: str
    count: int
    oldest: datetime


@dataclass(frozen=True, slots=True)
class GateRow:
    gate: str
    reason: str
    since: datetime
    until: datetime | None
    detail: str


@dataclass(frozen=True, slots=True)
class FaultRow:
    """How often something happened that should not, and when last."""

    count: int
    last_at: datetime


@dataclass(frozen=True, slots=True)
class _Closed:
    reasons: Mapping[str, str] = field(default_factory=dict)

    def shown(self) -> Q:
        return Q(state__in=OPEN, mailbox__gate__in=list(self.reasons))


def list_events(*, scope: Scope, wanted: Wanted, limit: int = 50) -> EventPage:
    """One page of the log, by cursor: its cost does not grow with the table."""
    closed = _closed()
    found = _filtered(_visible(scope), wanted, closed)
    if wanted.after is not None:
        newer_first = list(found.filter(id__gt=wanted.after).order_by("id")[: limit + 1])
        events, more_newer, more_older = newer_first[:limit][::-1], len(newer_first) > limit, True
    elif wanted.oldest_first:
        events, more_newer, more_older = list(found.order_by("id")[:limit]), False, False
    else:
        older = found if wanted.before is None else found.filter(id__lt=wanted.before)
        newest_first = list(older.order_by("-id")[: limit + 1])
        events, more_newer, more_older = newest_first[:limit], wanted.before is not None, len(newest_first) > limit
    return EventPage(
        rows=tuple(_row(event, closed) for event in events),
        older=events[-1].pk if events and more_older else None,
        newer=events[0].pk if events and more_newer else None,
    )


def get_event(*, scope: Scope, event_id: int) -> EventDetail | None:
    """One event with its attempts, effects, cause and consequences; None outside the scope."""
    closed = _closed()
    event = _visible(scope).filter(pk=event_id).first()
    if event is None:
        return None
    cause = _visible(scope).filter(pk=event.caused_by_id).first() if event.caused_by_id else None
    return EventDetail(
        row=_row(event, closed),
        payload=event.payload,
        plan=event.plan,
        attempts=tuple(
            AttemptRow(one.at, one.operation, one.outcome, one.detail, one.seconds, tuple(one.exchanges))
            for one in event.tries.order_by("-id")[:50]
        ),
        effects=tuple(
            EffectRow(one.key, one.kind, one.state, one.intended_at, one.closed_at)
            for one in event.effects.order_by("id")[:50]
        ),
        cause=_row(cause, closed) if cause else None,
        followed=tuple(_row(one, closed) for one in _visible(scope).filter(caused_by=event_id).order_by("id")[:50]),
    )


def event_is_visible(*, scope: Scope, event_id: int) -> bool:
    """Tell whether an event lies within a scope."""
    return _visible(scope).filter(pk=event_id).exists()


def events_within(scope: Scope) -> QuerySet[Event]:
    """The events that a reader may see, for the rooms above that know what a payload means."""
    return _visible(scope)


def attempts_within(scope: Scope) -> QuerySet[Attempt]:
    """The attempts of events that a reader may see, with their events."""
    tries = Attempt.objects.select_related("event").defer("exchanges", "event__payload", "event__plan")
    return tries if scope.unrestricted else tries.filter(_of_clients(scope, "event__"))


def in_states(events: QuerySet[Event], states: Sequence[str]) -> QuerySet[Event]:
    """Those that show as one of the states: behind a closed gate, what is due shows as held."""
    return events.filter(_in_states(states, _closed()))


def list_open(*, scope: Scope, subject: str, limit: int = 20) -> tuple[EventRow, ...]:
    """What is still to happen about one subject, oldest first; behind a closed gate it shows as held."""
    closed = _closed()
    waiting = _visible(scope).filter(subject=subject, state__in=[*OPEN, State.LEASED]).order_by("id")[:limit]
    return tuple(_row(event, closed) for event in waiting)


def show_rows(events: Iterable[Event]) -> tuple[EventRow, ...]:
    """Events that `events_within` gave, as they show."""
    closed = _closed()
    return tuple(_row(event, closed) for event in events)


def list_subject_events(*, scope: Scope, subject: str, limit: int = 100) -> tuple[EventRow, ...]:
    """What happened about one subject, newest first."""
    closed = _closed()
    return tuple(_row(event, closed) for event in _visible(scope).filter(subject=subject).order_by("-id")[:limit])


def list_stops(*, scope: Scope, subjects: Iterable[str]) -> Mapping[str, EventRow]:
    """What stopped for each subject: the newest event that is held or dead; none for those that go on."""
    closed = _closed()
    stopped = _visible(scope).filter(subject__in=list(subjects), state__in=[State.HELD, State.DEAD])
    return {event.subject: _row(event, closed) for event in stopped.order_by("id")}


def count_states(*, scope: Scope) -> Mapping[str, int]:
    """Events by shown state, without the settled ones that nobody has to look at; each up to COUNTED_TO."""
    closed = _closed()
    return {
        state: _filtered(_visible(scope), Wanted(states=(state,)), closed).values("pk")[:COUNTED_TO].count()
        for state in (State.QUEUED, State.LEASED, State.RETRYING, State.HELD, State.DEAD)
    }


def count_dead(*, scope: Scope) -> int:
    """Dead letters, up to COUNTED_TO."""
    return _visible(scope).filter(state=State.DEAD).order_by().values("pk")[:COUNTED_TO].count()


def count_held_by_reason(*, scope: Scope) -> Mapping[str, int]:
    """Held events by reason, gates included; up to COUNTED_TO."""
    closed = _closed()
    counts: dict[str, int] = {}
    for reason, count in _some(_visible(scope).filter(state=State.HELD), "reason", "count(*)"):
        counts[reason] = counts.get(reason, 0) + count
    waiting = _visible(scope).filter(closed.shown()).annotate(gate=F("mailbox__gate"))
    for gate, count in _some(waiting, "gate", "count(*)") if closed.reasons else ():
        counts[closed.reasons[gate]] = counts.get(closed.reasons[gate], 0) + count
    return counts


def waiting_by_connection(*, scope: Scope, connections: Iterable[UUID]) -> Mapping[UUID, Waiting]:
    """Events that wait, by the connection they belong to; up to COUNTED_TO in all."""
    waiting = _visible(scope).filter(connection__in=list(connections), state__in=WAITING)
    rows = _some(waiting, "connection", "count(*)", "min(arrived_at)")
    return {connection: Waiting(count, oldest) for connection, count, oldest in rows}


OF_ITSELF = ("poll.", "check.")
"""What the engine asks of itself: nobody's change waits in it."""


def count_arrived(*, connection: UUID, up_to: int | None = None) -> tuple[int, int, int]:
    """Of what arrived for a connection, up to an event: how many wait, how many are dead, and the newest id."""
    found = Event.objects.filter(connection=connection)
    if up_to is not None:
        found = found.filter(pk__lte=up_to)
    for prefix in OF_ITSELF:
        found = found.exclude(kind__startswith=prefix)
    waiting = Count("pk", filter=Q(state__in=WAITING))
    dead = Count("pk", filter=Q(state=State.DEAD))
    told = found.filter(state__in=(*WAITING, State.DEAD)).aggregate(waiting=waiting, dead=dead, newest=Max("pk"))
    return told["waiting"], told["dead"], told["newest"] or 0


def oldest_waiting(*, scope: Scope) -> datetime | None:
    """When the oldest event that waits arrived: the first of each state, which its index gives at once."""
    firsts = [
        _visible(scope).filter(state=state).order_by("id").values_list("arrived_at", flat=True).first()
        for state in WAITING
    ]
    return min((first for first in firsts if first is not None), default=None)


def list_dead_causes(*, scope: Scope) -> tuple[DeadCause, ...]:
    """Dead letters grouped by cause, the largest group first; up to COUNTED_TO of them."""
    causes = _some(_visible(scope).filter(state=State.DEAD), "cause", "count(*)", "min(arrived_at)")
    return tuple(DeadCause(*cause) for cause in sorted(causes, key=lambda cause: -cause[1]))


def list_closed_gates() -> tuple[GateRow, ...]:
    """Every closed gate with its reason, oldest first."""
    rows = ClosedGate.objects.order_by("since")
    return tuple(GateRow(one.gate, one.reason, one.since, one.until, one.detail) for one in rows)


def find_faults(names: Iterable[str]) -> Mapping[str, FaultRow]:
    """The counts of these faults; one that never happened is left out."""
    rows = Fault.objects.filter(name__in=list(names)).values_list("name", "count", "last_at")
    return {name: FaultRow(count, last_at) for name, count, last_at in rows}


def _visible(scope: Scope) -> QuerySet[Event]:
    """An event is for users of all clients it touches; one that touches none yet, for the unrestricted."""
    events = Event.objects.select_related("mailbox")
    return events if scope.unrestricted else events.filter(_of_clients(scope))


def _of_clients(scope: Scope, path: str = "") -> Q:
    own = list(scope.client_ids or ())
    return Q(**{f"{path}clients__contained_by": own}) & ~Q(**{f"{path}clients": []})


def _some(events: QuerySet[Event], by: str, *figures: str) -> list[tuple[Any, ...]]:
    return group_some(events.order_by().values(by, "arrived_at")[:COUNTED_TO], by, *figures)


def _filtered(events: QuerySet[Event], wanted: Wanted, closed: _Closed) -> QuerySet[Event]:
    if wanted.states:
        events = events.filter(_in_states(wanted.states, closed))
    if wanted.kinds:
        kinds = Q()
        for kind in wanted.kinds:
            kinds |= Q(kind__startswith=kind) if kind.endswith(".") else Q(kind=kind)
        events = events.filter(kinds)
    if wanted.event_id is not None:
        return events.filter(pk=wanted.event_id)
    if wanted.subjects is not None:
        events = events.filter(Q(subject__in=wanted.subjects) | Q(pk__in=wanted.also))
    if wanted.connection is not None:
        events = events.filter(connection=wanted.connection)
    if wanted.planned:
        events = events.filter(plan__contains=dict(wanted.planned))
    if wanted.since is not None:
        events = events.filter(arrived_at__gte=wanted.since)
    if wanted.until is not None:
        events = events.filter(arrived_at__lt=wanted.until)
    return events


def _in_states(states: Sequence[str], closed: _Closed) -> Q:
    plain = Q(state__in=states)
    if not closed.reasons:
        return plain
    behind = closed.shown()
    return plain | behind if State.HELD in states else plain & ~behind


def _closed() -> _Closed:
    return _Closed({gate: row.reason for gate, row in gates.closed_gates().items()})


def _row(event: Event, closed: _Closed) -> EventRow:
    row = EventRow(
        id=event.pk,
        kind=event.kind,
        state=event.state,
        reason=event.reason,
        detail=event.detail,
        cause=event.cause,
        subject=event.subject,
        connection=event.connection,
        clients=tuple(event.clients),
        attempts=event.attempts,
        due_at=event.due_at,
        arrived_at=event.arrived_at,
        settled_at=event.settled_at,
    )
    if event.state in OPEN and closed.reasons and (reason := closed.reasons.get(event.mailbox.gate)):
        return replace(row, state=State.HELD.value, reason=reason)
    return row
