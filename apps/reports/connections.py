"""Connections as people see them: health in words, the budget, what waits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q, QuerySet

from apps.accounts.scope import Scope
from apps.connections import selectors as connections
from apps.connections.gate import gate_of
from apps.connections.health import Health, health_of
from apps.connections.models import Connection
from apps.connections.selectors import WindowFigures
from apps.ledger import selectors as ledger
from apps.ledger.selectors import WAITING, FaultRow, GateRow, Waiting, Wanted
from apps.mappings.models import Mapping
from apps.providers.contract import Capabilities
from apps.reports import sync_log
from apps.reports.sync_log import LogRow
from apps.sync import selectors as sync
from apps.sync.reconnecting import Landing, last_landing
from apps.sync.selectors import StreamRow

REFUSED_SINCE = timedelta(days=7)
"""A sender with a wrong secret tries again within hours; what stopped a week ago was put right."""

SHOWN_WAITING = 8


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
    oldest: datetime | None
    last_success_at: datetime | None
    last_error: str
    windows: tuple[WindowFigures, ...]
    refused: FaultRow | None = None
    shadow_at: datetime | None = None
    mode: str = ""


@dataclass(frozen=True, slots=True)
class ChapterRow:
    """One entry of a connection's history."""

    word: str
    at: datetime
    detail: str
    by: str


@dataclass(frozen=True, slots=True)
class ConnectionDetail:
    """One connection with its listings, its newest waiting events, and what its system can do."""

    row: ConnectionRow
    streams: tuple[StreamRow, ...]
    waiting: tuple[LogRow, ...]
    capabilities: Capabilities
    remote_name: str
    credential: str
    credential_expires_at: datetime | None
    credential_changed_at: datetime | None
    gates: tuple[GateRow, ...]
    mappings: int
    history: tuple[ChapterRow, ...] = ()
    landing: Landing | None = None
    received_at: datetime | None = None
    read_at: datetime | None = None
    written_at: datetime | None = None
    errors_in_a_row: int = 0


def list_connections(*, scope: Scope, now: datetime, reach: Scope | None = None) -> tuple[ConnectionRow, ...]:
    """The connections that serve the scope's clients; `reach` is what the reader may see in all, where it is more."""
    return _rows(connections_within(scope=scope), scope, reach or scope, now)


def list_names(*, scope: Scope) -> tuple[tuple[UUID, str], ...]:
    """The connections that serve the scope's clients, by id and name."""
    return tuple(connections_within(scope=scope).values_list("pk", "name"))


def connection_is_visible(*, scope: Scope, connection_id: UUID) -> bool:
    """Tell whether a connection serves one of the scope's clients."""
    return connections_within(scope=scope).filter(pk=connection_id).exists()


def get_connection(*, scope: Scope, connection_id: UUID, now: datetime) -> ConnectionDetail | None:
    """One connection as its page shows it; None where it serves none of the scope's clients."""
    one = connections_within(scope=scope).filter(pk=connection_id).first()
    if one is None:
        return None
    (row,) = _rows(connections_within(scope=scope).filter(pk=connection_id), scope, scope, now)
    credential = getattr(one, "credential", None)
    wanted = Wanted(states=tuple(WAITING), connection=connection_id, oldest_first=True)
    waiting = ledger.list_events(scope=scope, wanted=wanted, limit=SHOWN_WAITING)
    gate = gate_of(connection_id)
    mapped = Mapping.objects.within(scope).filter(Q(project__connection=one) | Q(job__connection=one))
    return ConnectionDetail(
        row=row,
        streams=sync.list_streams([connection_id]),
        waiting=sync_log.name_rows(scope=scope, events=waiting.rows),
        capabilities=connections.capabilities_of(one),
        remote_name=one.remote_name,
        credential=credential.state if credential else "",
        credential_expires_at=credential.expires_at if credential else None,
        credential_changed_at=credential.changed_at if credential else None,
        gates=tuple(found for found in ledger.list_closed_gates() if found.gate == gate),
        mappings=mapped.count(),
        history=tuple(
            ChapterRow(each.word, each.at, each.detail, str(each.by or ""))
            for each in connections.history_of(connection_id)
        ),
        landing=last_landing(connection_id) if scope.unrestricted else None,
        received_at=_received_at(scope, connection_id),
        read_at=one.last_read_at,
        written_at=one.last_write_at,
        errors_in_a_row=one.consecutive_errors,
    )


def _received_at(scope: Scope, connection_id: UUID) -> datetime | None:
    """When the system last told of something by itself."""
    wanted = Wanted(connection=connection_id, kinds=("hook.",))
    newest = ledger.list_events(scope=scope, wanted=wanted, limit=1).rows
    return newest[0].arrived_at if newest else None


def connection_rows(found: Sequence[Connection], *, scope: Scope, now: datetime) -> tuple[ConnectionRow, ...]:
    """Put words to connections that `connections_within` gave."""
    return _rows(found, scope, scope, now)


def _rows(visible: Iterable[Connection], scope: Scope, reach: Scope, now: datetime) -> tuple[ConnectionRow, ...]:
    """Rows in a fixed number of queries, however many connections there are."""
    found = list(visible)
    ids = [one.pk for one in found]
    waiting = ledger.waiting_by_connection(scope=scope, connections=ids)
    refused = connections.list_refusals(ids)
    closed = connections.closed_gates_of(ids)
    windows = connections.windows_of(found, now=now) if reach.unrestricted else {}
    return tuple(
        _row(
            one,
            waiting.get(one.pk, Waiting()),
            tuple(closed.get(one.pk, ())),
            windows.get(one.pk, ()),
            _lately(refused.get(one.pk), now),
            reach,
            now,
        )
        for one in found
    )


def _lately(refused: FaultRow | None, now: datetime) -> FaultRow | None:
    return refused if refused is not None and now - refused.last_at < REFUSED_SINCE else None


def connections_within(*, scope: Scope) -> QuerySet[Connection]:
    """The connections that serve a scope's clients."""
    if scope.client_ids is None:
        return connections.list_connections()
    mappings = Mapping.objects.within(scope)
    serving = (
        Q(client__in=scope.client_ids)
        | Q(pk__in=mappings.values("project__connection"))
        | Q(pk__in=mappings.values("job__connection"))
    )
    return connections.list_connections().filter(serving)


def _row(
    one: Connection,
    waiting: Waiting,
    closed_for: tuple[str, ...],
    windows: tuple[WindowFigures, ...],
    refused: FaultRow | None,
    scope: Scope,
    now: datetime,
) -> ConnectionRow:
    return ConnectionRow(
        id=one.pk,
        name=one.name,
        provider=one.provider,
        client=one.client.name if one.client and scope.covers([one.client.pk]) else "",
        health=health_of(one, now=now, outage="outage" in closed_for),
        closed_for=closed_for,
        waiting=waiting.count,
        oldest=waiting.oldest,
        last_success_at=one.last_success_at,
        last_error=one.last_error if scope.unrestricted else "",
        windows=windows,
        refused=refused,
        shadow_at=one.shadow_at,
        mode=one.access_mode,
    )
