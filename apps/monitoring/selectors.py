"""Alarms as people read them, within their clients."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import QuerySet

from apps.accounts.scope import Scope
from apps.monitoring.models import Alert
from apps.monitoring.rules import KINDS, AlertState, Kind

SHOWN_FOR = timedelta(days=30)
SHOWN = 50


@dataclass(frozen=True, slots=True)
class AlertRow:
    """One alarm with what its kind asks for."""

    id: UUID
    kind: Kind
    detail: str
    state: str
    connection_id: UUID | None
    first_seen: datetime
    last_seen: datetime
    snoozed_until: datetime | None
    by: str
    decided_at: datetime | None
    resolved_at: datetime | None


def alerts_within(scope: Scope) -> QuerySet[Alert]:
    """What touches the scope's clients and no others; what touches none is for those who see all."""
    alerts = Alert.objects.all()
    if scope.unrestricted:
        return alerts
    return alerts.filter(clients__contained_by=list(scope.client_ids or ())).exclude(clients=[])


def list_open(*, scope: Scope) -> tuple[AlertRow, ...]:
    """Those that fire first, then by urgency and age."""
    found = alerts_within(scope).exclude(state=AlertState.RESOLVED).select_related("by")
    order = list(KINDS)
    rows = sorted(found, key=lambda one: (one.state != AlertState.FIRING, order.index(one.kind), one.first_seen))
    return tuple(_row(one) for one in rows)


def list_over(*, scope: Scope, now: datetime) -> tuple[AlertRow, ...]:
    """Those of the last weeks that are over, newest first."""
    over = alerts_within(scope).filter(state=AlertState.RESOLVED, resolved_at__gt=now - SHOWN_FOR)
    return tuple(_row(one) for one in over.select_related("by").order_by("-resolved_at")[:SHOWN])


def count_firing(*, scope: Scope) -> int:
    return alerts_within(scope).filter(state=AlertState.FIRING).count()


def alert_is_visible(*, scope: Scope, alert_id: UUID) -> bool:
    return alerts_within(scope).filter(pk=alert_id).exists()


def _row(one: Alert) -> AlertRow:
    return AlertRow(
        id=one.pk,
        kind=KINDS[one.kind],
        detail=one.detail,
        state=one.state,
        connection_id=one.connection_id,
        first_seen=one.first_seen,
        last_seen=one.last_seen,
        snoozed_until=one.snoozed_until,
        by=str(one.by) if one.by is not None else "",
        decided_at=one.decided_at,
        resolved_at=one.resolved_at,
    )
