"""The life of alarms: looked at by the workers' sweep, the worker's own by the web process, decided by people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F

from apps.accounts.scope import Scope
from apps.core import clock
from apps.ledger import drain, health
from apps.monitoring import selectors, signals, telling
from apps.monitoring.models import Alert
from apps.monitoring.rules import KINDS, SNOOZES, AlertState, Step, step
from apps.monitoring.signals import Signal

EVERY = timedelta(seconds=10)
"""Between two looks, however many workers sweep."""

DELIVERS_FOR = timedelta(seconds=20)


class UnknownSnooze(ValueError):
    """The page offers no such time."""


def look_in_turn(now: datetime) -> None:
    """Called with each sweep of each worker; one of them looks."""
    if health.take_turn("alarms", after=EVERY):
        look(now)


def look(now: datetime) -> None:
    """Fire what became so, and resolve what is over."""
    _compare(signals.list_signals(now), [kind for kind in KINDS if kind != "worker"], now=now)


def watch_workers(now: datetime) -> None:
    """Called by the web process: a worker that stands cannot tell of it. What is to be said of it is delivered here,
    by the lanes' own leases, so that a worker which comes back says it no second time."""
    signal = signals.worker_stands()
    lanes = _compare([signal] if signal is not None else [], ["worker"], now=now)
    if lanes:
        drain.drain_turns(lanes, until=clock.real_now() + DELIVERS_FOR)


def _compare(found: Sequence[Signal], kinds: Sequence[str], *, now: datetime) -> list[str]:
    """Take each alert a step on; returns the lanes of what was told. Two that look at once tell once: a row changes
    from what was read, or by nobody."""
    signalled = {(one.kind, one.subject): one for one in reversed(found)}
    lanes: list[str] = []
    for alert in Alert.objects.filter(kind__in=kinds).exclude(state=AlertState.RESOLVED):
        lanes += _go_on(alert, signalled.pop((alert.kind, alert.subject), None), now=now)
    for signal in signalled.values():
        lanes += _fire(signal, now=now)
    return lanes


def _fire(signal: Signal, *, now: datetime) -> list[str]:
    try:
        with transaction.atomic():
            alert = Alert.objects.create(
                kind=signal.kind,
                subject=signal.subject,
                connection_id=signal.connection,
                clients=list(signal.clients),
                detail=signal.detail,
                first_seen=now,
                last_seen=now,
            )
            return telling.tell_fired(alert, now=now) if KINDS[alert.kind].told else []
    except IntegrityError:
        return []


def _go_on(alert: Alert, signal: Signal | None, *, now: datetime) -> list[str]:
    kind, rows = KINDS[alert.kind], Alert.objects.filter(pk=alert.pk, state=alert.state, fired=alert.fired)
    chosen = step(
        state=alert.state,
        is_signalled=signal is not None,
        last_seen=alert.last_seen,
        snoozed_until=alert.snoozed_until,
        kind=kind,
        now=now,
    )
    if chosen == Step.RESOLVE:
        with transaction.atomic():
            changed = rows.update(state=AlertState.RESOLVED, resolved_at=now)
            return telling.tell_over(alert, now=now) if changed and _was_told(alert) else []
    if signal is None:
        return []
    alert.detail = signal.detail
    if chosen == Step.FIRE_AGAIN:
        with transaction.atomic():
            again = {"state": AlertState.FIRING, "fired": F("fired") + 1, "snoozed_until": None}
            changed = rows.update(detail=signal.detail, last_seen=now, **again)
            alert.fired += 1
            return telling.tell_fired(alert, now=now) if changed and kind.told else []
    rows.update(detail=signal.detail, last_seen=now)
    return []


def _was_told(alert: Alert) -> bool:
    """That a credential no longer ends soon is no news to who renewed it; that a connection works again is."""
    return KINDS[alert.kind].told or KINDS[alert.kind].grave


def acknowledge(*, alert_id: UUID, scope: Scope, actor: int, now: datetime) -> bool:
    """Somebody sees to it: it stays quiet until it is over. False where it is over, or was acknowledged before."""
    return _decide(alert_id, scope, AlertState.ACKNOWLEDGED, actor=actor, until=None, now=now)


def snooze(*, alert_id: UUID, scope: Scope, actor: int, how_long: str, now: datetime) -> bool:
    """Quiet for a while; then it fires again, if it is still so. Raises UnknownSnooze."""
    if how_long not in SNOOZES:
        raise UnknownSnooze(how_long)
    return _decide(alert_id, scope, AlertState.SNOOZED, actor=actor, until=now + SNOOZES[how_long], now=now)


def take_back(*, alert_id: UUID, scope: Scope, actor: int, now: datetime) -> bool:
    """Neither acknowledged nor snoozed any more: it shows as firing, and is not told again."""
    return _decide(alert_id, scope, AlertState.FIRING, actor=actor, until=None, now=now)


def _decide(
    alert_id: UUID, scope: Scope, state: AlertState, *, actor: int, until: datetime | None, now: datetime
) -> bool:
    rows = selectors.alerts_within(scope).filter(pk=alert_id).exclude(state=AlertState.RESOLVED)
    if state != AlertState.SNOOZED:
        rows = rows.exclude(state=state)
    return bool(rows.update(state=state, snoozed_until=until, by_id=actor, decided_at=now))
