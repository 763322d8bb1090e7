"""Reservations: one statement each, committed before the call, never over a window's limit (RULES 23, 24).

A reservation is spending. Only its maker gives it back, and only if no byte left this machine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection as database
from django.db.models import F
from django.db.models.functions import Greatest

from apps.connections import rules
from apps.connections.models import QuotaAccount, QuotaWindow
from apps.providers.contract import RateWindow

HEADER_EDGE = timedelta(seconds=1)
"""Resets come as whole seconds; a call this close to one is left to the next window."""

_RESERVE_DAY = """
INSERT INTO connections_quotawindow AS w
    (account_id, name, slot, "limit", spent, by_purpose, starts_at, ends_at)
VALUES (%(account)s, %(name)s, %(slot)s, %(limit)s, 1, jsonb_build_object(%(purpose)s::text, 1), %(starts)s, %(ends)s)
ON CONFLICT (account_id, name, slot) DO UPDATE SET
    "limit" = EXCLUDED."limit",
    spent = w.spent + 1,
    by_purpose = jsonb_set(w.by_purpose, ARRAY[%(purpose)s::text],
        to_jsonb(COALESCE((w.by_purpose ->> %(purpose)s::text)::int, 0) + 1))
WHERE w.spent + 1 <= %(ceiling)s
RETURNING id, starts_at, ends_at
"""

_RESERVE_ROLLING = """
INSERT INTO connections_quotawindow AS w
    (account_id, name, slot, "limit", spent, by_purpose, starts_at, ends_at)
VALUES (%(account)s, %(name)s, '', %(limit)s, 1, jsonb_build_object(%(purpose)s::text, 1), %(starts)s, %(ends)s)
ON CONFLICT (account_id, name, slot) DO UPDATE SET
    spent = CASE WHEN w.ends_at <= %(starts)s THEN 1 ELSE w.spent + 1 END,
    by_purpose = CASE WHEN w.ends_at <= %(starts)s THEN EXCLUDED.by_purpose
        ELSE jsonb_set(w.by_purpose, ARRAY[%(purpose)s::text],
            to_jsonb(COALESCE((w.by_purpose ->> %(purpose)s::text)::int, 0) + 1)) END,
    starts_at = CASE WHEN w.ends_at <= %(starts)s THEN EXCLUDED.starts_at ELSE w.starts_at END,
    ends_at = CASE WHEN w.ends_at <= %(starts)s THEN EXCLUDED.ends_at ELSE w.ends_at END
WHERE w.ends_at <= %(starts)s OR w.spent + 1 <= w."limit"
RETURNING id, starts_at, ends_at
"""

_REFUND = """
UPDATE connections_quotawindow SET spent = spent - 1,
    by_purpose = jsonb_set(by_purpose, ARRAY[%(purpose)s::text],
        to_jsonb(GREATEST(COALESCE((by_purpose ->> %(purpose)s::text)::int, 0) - 1, 0)))
WHERE id = %(id)s AND starts_at = %(starts)s AND spent > 0
"""


@dataclass(frozen=True, slots=True)
class Reserved:
    """One unit of one window, and which run of that window it was taken from."""

    window: int
    starts_at: datetime
    ends_at: datetime
    daily: bool
    rate: RateWindow


@dataclass(frozen=True, slots=True)
class Refused:
    """No unit was left. `full` says that not even the purposes with precedence have one."""

    until: datetime
    full: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """What one connection says about its windows: the day's limit, and what is kept from whom."""

    daily_limit: int | None = None
    kept_back: float = rules.KEPT_BACK
    reserve_for: Mapping[str, float] | None = None


def reserve(
    *, account_id: int, rates: Sequence[RateWindow], purpose: str, plan: Plan, now: datetime
) -> tuple[Reserved, ...] | Refused:
    """Take one unit from every window that a call at `now` counts in, or none at all."""
    taken: list[Reserved] = []
    for rate in rates:
        got = (
            _reserve_days(account_id, rate, purpose, plan, now)
            if rate.resets_daily
            else _reserve_rolling(account_id, rate, purpose, now)
        )
        if isinstance(got, Refused):
            refund(taken, purpose=purpose)
            return got
        taken += got
    return tuple(taken)


def refund(reserved: Sequence[Reserved], *, purpose: str) -> None:
    """Give back what its maker took and did not use."""
    with database.cursor() as cursor:
        for unit in reserved:
            cursor.execute(_REFUND, {"id": unit.window, "purpose": purpose, "starts": unit.starts_at})


def mark_full(unit: Reserved, *, now: datetime) -> bool:
    """The system says that the window is full; True if our count said otherwise, so somebody else spends."""
    elsewhere = False
    window = QuotaWindow.objects.filter(pk=unit.window, starts_at=unit.starts_at).first()
    while window is not None and window.spent < window.limit:
        missing = window.limit - window.spent
        by_purpose = window.by_purpose | {"elsewhere": window.by_purpose.get("elsewhere", 0) + missing}
        elsewhere = True
        if QuotaWindow.objects.filter(pk=window.pk, spent=window.spent).update(
            spent=window.limit, by_purpose=by_purpose
        ):
            QuotaAccount.objects.filter(pk=window.account_id).update(elsewhere_at=now)
            break
        window.refresh_from_db()
    return elsewhere


def learn(unit: Reserved, headers: Mapping[str, str]) -> None:
    """Take the real ceiling, what is left of it and its reset from an answer's headers."""
    limit = _whole(headers, "x-ratelimit-limit")
    if limit is None:
        return
    changes: dict[str, Any] = {"limit": limit}
    remaining, reset = _whole(headers, "x-ratelimit-remaining"), _whole(headers, "x-ratelimit-reset")
    if remaining is not None:
        changes["spent"] = Greatest(F("spent"), max(0, limit - remaining))
    if reset is not None:
        ends_at = datetime.fromtimestamp(reset, UTC) + HEADER_EDGE
        if ends_at > unit.starts_at and ends_at - unit.starts_at <= timedelta(seconds=2 * unit.rate.seconds):
            changes["ends_at"] = ends_at
    QuotaWindow.objects.filter(pk=unit.window, starts_at=unit.starts_at).update(**changes)


def _reserve_days(
    account_id: int, rate: RateWindow, purpose: str, plan: Plan, now: datetime
) -> list[Reserved] | Refused:
    limit = plan.daily_limit if plan.daily_limit is not None else rate.calls
    ceiling = rules.ceiling_for(
        purpose=purpose, limit=limit, kept_back=plan.kept_back, reserve_for=plan.reserve_for or {}
    )
    taken: list[Reserved] = []
    for starts in rules.days_counted(now):
        ends = starts + timedelta(days=1)
        values = {
            "account": account_id,
            "name": rate.name,
            "slot": starts.date().isoformat(),
            "limit": limit,
            "ceiling": ceiling,
            "purpose": purpose,
            "starts": starts,
            "ends": ends,
        }
        row = _take(_RESERVE_DAY, values) if ceiling > 0 else None
        if row is None:
            refund(taken, purpose=purpose)
            return Refused(until=ends + rules.RESET_EDGE, full=ceiling >= limit)
        taken.append(Reserved(*row, daily=True, rate=rate))
    return taken


def _reserve_rolling(account_id: int, rate: RateWindow, purpose: str, now: datetime) -> list[Reserved] | Refused:
    values = {
        "account": account_id,
        "name": rate.name,
        "limit": rate.calls,
        "purpose": purpose,
        "starts": now,
        "ends": now + timedelta(seconds=rate.seconds),
    }
    row = _take(_RESERVE_ROLLING, values)
    if row is None:
        ends = QuotaWindow.objects.values_list("ends_at", flat=True).get(account_id=account_id, name=rate.name, slot="")
        return Refused(until=max(ends, now + HEADER_EDGE), full=True)
    return [Reserved(*row, daily=False, rate=rate)]


def _take(statement: str, values: Mapping[str, Any]) -> tuple[int, datetime, datetime] | None:
    with database.cursor() as cursor:
        cursor.execute(statement, values)
        row = cursor.fetchone()
    return None if row is None else (int(row[0]), row[1], row[2])


def _whole(headers: Mapping[str, str], name: str) -> int | None:
    for key, value in headers.items():
        if key.lower() == name and value.strip().isdigit():
            return int(value)
    return None
