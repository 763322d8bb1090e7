"""Attempts of events, for reporting tools: what was called, how it ended, how long it took."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from django.db.models import QuerySet

from apps.accounts.scope import Scope
from apps.ledger import selectors as ledger
from apps.ledger.models import Attempt


@dataclass(frozen=True, slots=True)
class Row:
    id: int
    event_id: Annotated[int, "The event that was tried."]
    kind: Annotated[str, "The event's kind."]
    connection_id: Annotated[UUID | None, "The event's connection."]
    at: datetime
    operation: Annotated[str, "What was tried."]
    outcome: Annotated[str, "How it ended."]
    detail: Annotated[str, "What was answered, in words."]
    seconds: Annotated[float, "How long it took."]


def query(*, scope: Scope) -> QuerySet[Attempt]:
    """The attempts of events that a reader may see."""
    return ledger.attempts_within(scope)


def describe(*, scope: Scope, found: Sequence[Attempt], now: datetime) -> tuple[Row, ...]:
    """Put words to one page of attempts."""
    return tuple(
        Row(
            id=one.pk,
            event_id=one.event_id,
            kind=one.event.kind,
            connection_id=one.event.connection,
            at=one.at,
            operation=one.operation,
            outcome=one.outcome,
            detail=one.detail,
            seconds=one.seconds,
        )
        for one in found
    )
