"""What became of settled work in figures: how long writes took, and what each day brought."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection as database
from django.db.models.functions import Coalesce

from apps.accounts.scope import Scope
from apps.ledger import selectors
from apps.ledger.states import State

LAG_SAMPLE = 1_000
"""The newest settled writes: enough for a 95th percentile, the same cost at any table size."""

LAG_TIME = timedelta(days=30)
"""Older writes say nothing about now; they may be deleted by age, and no figure changes by that."""


@dataclass(frozen=True, slots=True)
class Lag:
    """One settled write: from the arrival of what caused it to its end."""

    settled_at: datetime
    seconds: float


def list_lags(*, scope: Scope, now: datetime) -> tuple[Lag, ...]:
    """The newest settled writes of the last weeks, oldest first."""
    done = selectors.events_within(scope).filter(state=State.DONE, kind__startswith="write.")
    recent = done.filter(settled_at__gt=now - LAG_TIME)
    rows = recent.annotate(began=Coalesce("caused_by__arrived_at", "arrived_at")).order_by("-id")
    values = rows.values_list("settled_at", "began")[:LAG_SAMPLE]
    ended = [(settled, began) for settled, began in values if settled is not None]
    return tuple(Lag(settled, max(0.0, (settled - began).total_seconds())) for settled, began in reversed(ended))


@dataclass(frozen=True, slots=True)
class DayTotal:
    """Events of one kind and state that arrived on one UTC day, those included that were deleted by age."""

    day: date
    kind: str
    state: str
    count: int
    attempts: int
    within_5: int
    within_15: int
    lag_ms: int
    longest_ms: int


def list_days(*, scope: Scope, first: date, last: date) -> tuple[DayTotal, ...]:
    """How many events arrived each day and how they ended: the same before and after they are deleted."""
    own = list(scope.client_ids or ())
    values: dict[str, Any] = {"first": first, "last": last, "all": scope.unrestricted, "own": own}
    with database.cursor() as cursor:
        cursor.execute(DAYS, values)
        return tuple(DayTotal(*row) for row in cursor.fetchall())


DAYS = """
SELECT day, kind, state, sum(count)::bigint, sum(attempts)::bigint, sum(within_5)::bigint, sum(within_15)::bigint,
    sum(lag_ms)::bigint, max(longest_ms)::bigint
FROM (
    SELECT day, kind, state, clients, count, attempts, within_5, within_15, lag_ms, longest_ms
    FROM ledger_dailytotal WHERE day BETWEEN %(first)s AND %(last)s
    UNION ALL
    SELECT (arrived_at AT TIME ZONE 'UTC')::date, kind, state, clients, 1, attempts,
        (coalesce(settled_at - arrived_at <= interval '5 minutes', false))::int,
        (coalesce(settled_at - arrived_at <= interval '15 minutes', false))::int,
        coalesce(floor(extract(epoch FROM settled_at - arrived_at) * 1000), 0),
        coalesce(floor(extract(epoch FROM settled_at - arrived_at) * 1000), 0)
    FROM ledger_event
    WHERE arrived_at >= %(first)s::date::timestamp AT TIME ZONE 'UTC'
        AND arrived_at < (%(last)s::date + 1)::timestamp AT TIME ZONE 'UTC'
) AS every
WHERE %(all)s OR (clients <@ %(own)s::uuid[] AND clients <> '{}')
GROUP BY day, kind, state ORDER BY day, kind, state
"""
