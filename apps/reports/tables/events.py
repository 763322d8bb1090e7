"""Events of the sync log, for reporting tools."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from django.db.models import QuerySet

from apps.accounts.scope import Scope
from apps.candidates import selectors as candidates
from apps.ledger import selectors as ledger
from apps.ledger.models import Event
from apps.ledger.selectors import EventRow
from apps.ledger.states import State


@dataclass(frozen=True, slots=True)
class Row:
    id: Annotated[int, "Number in the sync log."]
    kind: Annotated[str, "What arrived or was to be done: `hook.`, `poll.`, `row.`, `write.` or `notify.` and more."]
    state: Annotated[str, "Behind a closed gate, work that is due counts as `held`.", State.values]
    reason: Annotated[str, "Why it is held or was skipped; empty otherwise. docs/reasons.md explains each."]
    cause: Annotated[str, "Why it is dead; empty otherwise."]
    detail: Annotated[str, "What was decided, in words."]
    person_id: Annotated[UUID | None, "The candidate it is about, where it is known and the key may see them."]
    person: Annotated[str, "Their name."]
    connection_id: Annotated[UUID | None, "The connection it came by or goes to."]
    client_ids: Annotated[tuple[UUID, ...], "The clients it touches."]
    attempts: Annotated[int, "Tries whose end was transient or unknown."]
    due_at: Annotated[datetime, "When it was or is due."]
    arrived_at: datetime
    settled_at: Annotated[datetime | None, "When it was done, skipped, superseded or dead."]
    caused_by: Annotated[int | None, "The event that it follows."]


def query(*, scope: Scope) -> QuerySet[Event]:
    """The events that a reader may see."""
    return ledger.events_within(scope)


def in_states(found: QuerySet[Event], states: Sequence[str]) -> QuerySet[Event]:
    """Those that show as one of the states."""
    return ledger.in_states(found, states)


def describe(*, scope: Scope, found: Sequence[Event], now: datetime) -> tuple[Row, ...]:
    """Put words to one page of events."""
    shown = ledger.show_rows(found)
    names = candidates.names_of_subjects(scope=scope, subjects={event.subject for event in shown})
    return tuple(_row(event, shape, names.get(event.subject)) for event, shape in zip(found, shown, strict=True))


def _row(event: Event, shown: EventRow, name: str | None) -> Row:
    return Row(
        id=event.pk,
        kind=event.kind,
        state=shown.state,
        reason=shown.reason,
        cause=event.cause,
        detail=event.detail,
        person_id=candidates.person_of(event.subject) if name is not None else None,
        person=name or "",
        connection_id=event.connection,
        client_ids=tuple(event.clients),
        attempts=event.attempts,
        due_at=event.due_at,
        arrived_at=event.arrived_at,
        settled_at=event.settled_at,
        caused_by=event.caused_by_id,
    )
