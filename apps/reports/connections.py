"""Connections as people see them: health in words, the budget, what waits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q, QuerySet

from apps.accounts.scope import Scope
from apps.connections import selectors as connections
from apps.connections.models import Connection, CredentialState
from apps.connections.selectors import WindowFigures
from apps.ledger import selectors as ledger
from apps.ledger.selectors import FaultRow
from apps.mappings.models import Mapping

EXPIRES_SOON = timedelta(days=7)
"""A week leaves an admin time to reconnect before anything waits."""

FAILING_FROM = 10
"""More errors in a row than this is an alert (MISSION.md, R17)."""

REFUSED_SINCE = timedelta(days=7)
"""A sender with a wrong secret tries again within hours; what stopped a week ago was put right."""

SILENT_AFTER = timedelta(hours=24)
"""The catalogue alone is read more often than this, so silence means that nothing runs."""


@dataclass(frozen=True, slots=True)
class Health:
    """A word of `healthy expiring expired failing paused silent`, and since or until when."""

    word: str
    at: datetime | None = None
    count: int = 0


@dataclass(frozen=True, slots=True)
class ConnectionRow:
    """`windows` and `last_error` are for the unrestricted: they tell of every client's work.

    `refused` counts deliveries that nobody's secret had signed, where there were some lately.
    """

    id: UUID
    name: str
    provider: str
    client: str
    health: Health
    closed_for: tuple[str, ...]
    waiting: int
    last_success_at: datetime | None
    last_error: str
    windows: tuple[WindowFigures, ...]
    refused: FaultRow | None = None


def list_connections(*, scope: Scope, now: datetime) -> tuple[ConnectionRow, ...]:
    """The connections that serve the scope's clients."""
    found = list(_visible(scope))
    waiting = ledger.count_waiting_by_connection(scope=scope, connections=[one.pk for one in found])
    refused = connections.list_refusals([one.pk for one in found])
    lately = {pk: row for pk, row in refused.items() if now - row.last_at < REFUSED_SINCE}
    return tuple(_row(one, waiting.get(one.pk, 0), lately.get(one.pk), scope, now) for one in found)


def _visible(scope: Scope) -> QuerySet[Connection]:
    if scope.client_ids is None:
        return connections.list_connections()
    mappings = Mapping.objects.within(scope)
    serving = (
        Q(client__in=scope.client_ids)
        | Q(pk__in=mappings.values("project__connection"))
        | Q(pk__in=mappings.values("job__connection"))
    )
    return connections.list_connections().filter(serving)


def _row(one: Connection, waiting: int, refused: FaultRow | None, scope: Scope, now: datetime) -> ConnectionRow:
    closed_for = tuple(connections.closed_for(one.pk))
    return ConnectionRow(
        id=one.pk,
        name=one.name,
        provider=one.provider,
        client=one.client.name if one.client and scope.covers([one.client.pk]) else "",
        health=_health(one, now, outage="outage" in closed_for),
        closed_for=closed_for,
        waiting=waiting,
        last_success_at=one.last_success_at,
        last_error=one.last_error if scope.unrestricted else "",
        windows=connections.budget_figures(one.pk, now=now).windows if scope.unrestricted else (),
        refused=refused,
    )


def _health(one: Connection, now: datetime, *, outage: bool) -> Health:
    stopped = one.stopped_at or one.paused_at
    if stopped is not None:
        return Health("paused", stopped)
    credential = getattr(one, "credential", None)
    if credential is not None and credential.state == CredentialState.EXPIRED:
        return Health("expired", credential.changed_at)
    if outage or one.consecutive_errors > FAILING_FROM:
        return Health("failing", one.last_error_at, one.consecutive_errors)
    if credential is not None and credential.expires_at is not None and credential.expires_at - now < EXPIRES_SOON:
        return Health("expiring", credential.expires_at)
    if one.last_success_at is not None and now - one.last_success_at > SILENT_AFTER:
        return Health("silent", one.last_success_at)
    return Health("healthy")
