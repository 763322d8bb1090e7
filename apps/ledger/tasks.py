"""The wake-up and the sweep: entry points that read the clock and make one call."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection as database

from apps.core import clock, jobs, sql
from apps.ledger import drain as loop
from apps.ledger import gates, health, leases, retention, services

DRAIN_BUDGET = timedelta(seconds=50)
"""Under the cluster's 120 s time-out with room for the last batch."""

Sweeper = Callable[[datetime], None]


def drain(**_later: object) -> None:
    """Work off what is due until nothing is or the budget of this wake-up is used."""
    loop.drain(until=clock.real_now() + DRAIN_BUDGET, between=sweep_if_late)


SWEEP_IS_LATE = timedelta(seconds=1.5)
"""Half a second more than the broker takes. It sweeps only while it waits: with every worker busy and the bells
in its queue unanswered it stands still, for as long as a drain may last."""


def sweep_if_late() -> None:
    """Between two batches, where nobody has swept of late."""
    if health.take_turn("sweep", after=SWEEP_IS_LATE):
        sweep()


STRANDED_EVERY = timedelta(seconds=10)
"""It reads every open event; and nothing should ever be found (rule 3)."""


LOCK_WAIT = 0.5
"""Seconds. A process that was frozen within a transaction keeps its rows until its session is ended: what it has is
passed by until then, and everything else goes on."""


def sweep() -> None:
    """Each second, from the broker's own wait: heal first, then what is due by time, then ring (rule 3)."""
    now = clock.now()
    health.beat("sweep")
    with sql.waits_at_most(LOCK_WAIT):
        for step in (*HEALING, *_sweepers, retention.step):
            loop.by_itself(step, now=now)
    if _anything_due() or _beat_is_due():
        jobs.ring()


def _heal_expired(now: datetime) -> None:
    leases.heal_expired(now=now)


def _wake_waiters(now: datetime) -> None:
    leases.wake_waiters(now=now)


def _open_gates(now: datetime) -> None:
    gates.open_due_gates(now=now)


def _release_timed(now: datetime) -> None:
    services.release_timed(now=now)


def _revive_stranded(now: datetime) -> None:
    if health.take_turn("stranded", after=STRANDED_EVERY) and (stranded := leases.revive_stranded(now=now)):
        services.count_fault("stranded", now=now, by=stranded)


HEALING: tuple[Sweeper, ...] = (_heal_expired, _wake_waiters, _open_gates, _release_timed, _revive_stranded)

_sweepers: list[Sweeper] = []


def register_sweeper(sweeper: Sweeper) -> None:
    """Called by apps above the ledger that have time-driven work to append (polls)."""
    _sweepers.append(sweeper)


def _anything_due() -> bool:
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT 1 FROM ledger_mailbox m WHERE m.due_at <= %s AND m.lease_token IS NULL "
            "AND NOT EXISTS (SELECT 1 FROM ledger_closedgate g WHERE g.gate = m.gate))",
            [clock.now()],
        )
        return bool(cursor.fetchone()[0])


def _beat_is_due() -> bool:
    """An idle worker still proves, every few seconds, that a wake-up reaches the drain."""
    last = health.last_progress()
    return last is None or clock.real_now() - last > timedelta(seconds=settings.SYNCPORTAL_BEAT_SECONDS)
