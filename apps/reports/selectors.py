"""The figures behind the dashboard."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from apps.accounts.scope import Scope
from apps.ledger import figures as settled
from apps.ledger import health
from apps.ledger import selectors as ledger
from apps.ledger.selectors import DeadCause
from apps.ledger.states import State
from apps.reports import connections, rules, sync_log
from apps.reports.connections import ConnectionRow
from apps.reports.rules import Bucket
from apps.reports.sync_log import LogRow

PROMISE = 300.0
"""Seconds: p95 in office hours (MISSION.md, R10)."""

LIMIT = 900.0
"""Seconds: everybody, at any hour (MISSION.md, R10)."""

PROMISE_TIME, LIMIT_TIME = timedelta(seconds=PROMISE), timedelta(seconds=LIMIT)

BUCKETS = 24
RECENT = 8

TELLING = ("row.", "write.", "notify.")
"""Kinds that tell of somebody; readings and hints come all day and tell of nobody."""


@dataclass(frozen=True, slots=True)
class LagFigures:
    """The lag of the newest settled writes, in seconds."""

    count: int
    median: float | None
    p95: float | None
    largest: float | None
    buckets: tuple[Bucket, ...]


@dataclass(frozen=True, slots=True)
class Dashboard:
    counts: Mapping[str, int]
    held: Mapping[str, int]
    oldest_waiting: datetime | None
    dead: tuple[DeadCause, ...]
    lag: LagFigures
    connections: tuple[ConnectionRow, ...]
    recent: tuple[LogRow, ...]

    @property
    def waiting(self) -> int:
        return sum(count for state, count in self.counts.items() if state != State.DEAD)


def get_dashboard(*, scope: Scope, now: datetime, reach: Scope | None = None) -> Dashboard:
    """Everything that the overview shows, of the scope's clients only."""
    recent = ledger.list_events(scope=scope, wanted=ledger.Wanted(states=(State.DONE,), kinds=TELLING), limit=RECENT)
    return Dashboard(
        counts=ledger.count_states(scope=scope),
        held=ledger.count_held_by_reason(scope=scope),
        oldest_waiting=ledger.oldest_waiting(scope=scope),
        dead=ledger.list_dead_causes(scope=scope),
        lag=lag_of_writes(scope=scope, now=now),
        connections=connections.list_connections(scope=scope, now=now, reach=reach),
        recent=sync_log.name_rows(scope=scope, events=recent.rows),
    )


def last_progress() -> datetime | None:
    """When a worker last made a round, in real time."""
    return health.last_progress()


def lag_of_writes(*, scope: Scope, now: datetime) -> LagFigures:
    """The lag of the newest settled writes of the last weeks."""
    samples = [rules.Sample(one.settled_at, one.seconds) for one in settled.list_lags(scope=scope, now=now)]
    values = [one.seconds for one in samples]
    return LagFigures(
        count=len(values),
        median=rules.percentile(values, 0.5),
        p95=rules.percentile(values, 0.95),
        largest=max(values, default=None),
        buckets=rules.buckets_of(samples, count=BUCKETS, late_after=PROMISE),
    )
