"""Connections, for reporting tools: accounts at systems and how they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from django.db.models import QuerySet

from apps.accounts.scope import Scope
from apps.connections.models import Connection
from apps.reports import connections as reports
from apps.reports.connections import ConnectionRow

HEALTH = ("healthy", "expiring", "expired", "failing", "paused", "silent")


@dataclass(frozen=True, slots=True)
class Row:
    id: UUID
    provider: Annotated[str, "The system's key, such as `linkedin` or `greenhouse`."]
    name: str
    client_id: Annotated[UUID | None, "Where it serves one client alone."]
    client: str
    health: Annotated[str, "", HEALTH]
    health_at: Annotated[datetime | None, "Since when, or, while it is expiring, until when."]
    closed_for: Annotated[tuple[str, ...], "Why nothing passes now: `token`, `budget`, `outage`, `paused`."]
    waiting: Annotated[int, "Events that wait for it, counted up to 10,000."]
    last_success_at: datetime | None
    last_error: Annotated[str, "For keys of all clients only."]
    created_at: datetime


def query(*, scope: Scope) -> QuerySet[Connection]:
    """The connections that serve the scope's clients."""
    return reports.connections_within(scope=scope)


def describe(*, scope: Scope, found: Sequence[Connection], now: datetime) -> tuple[Row, ...]:
    """Put words to one page of connections."""
    rows = reports.connection_rows(found, scope=scope, now=now)
    return tuple(_row(one, shown) for one, shown in zip(found, rows, strict=True))


def _row(one: Connection, shown: ConnectionRow) -> Row:
    return Row(
        id=one.pk,
        provider=one.provider,
        name=one.name,
        client_id=one.client_id if shown.client else None,
        client=shown.client,
        health=shown.health.word,
        health_at=shown.health.at,
        closed_for=shown.closed_for,
        waiting=shown.waiting,
        last_success_at=one.last_success_at,
        last_error=shown.last_error,
        created_at=one.created_at,
    )
