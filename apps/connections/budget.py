"""Reservations: committed before the call, from every window of the account or from none (RULES 23, 24).

A reservation is spending. Only its maker gives it back, and only if no byte left this machine.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection as database
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Greatest

from apps.connections import rules, windows
from apps.connections.models import QuotaAccount, QuotaWindow
from apps.connections.windows import Full, Stretch, Window
from apps.providers.contract import RateWindow

HEADER_EDGE = timedelta(seconds=1)
"""Resets come as whole seconds; a call this close to one is left to the next window."""

_OPEN = """
INSERT INTO connections_quotawindow AS w
    (account_id, name, slot, "limit", spent, by_purpose, recent, starts_at, ends_at)
VALUES (%(account)s, %(name)s, %(slot)s, %(limit)s, 0, '{}', '{}', %(starts)s, %(ends)s)
ON CONFLICT (account_id, name, slot) DO UPDATE SET
    "limit" = CASE WHEN %(told)s THEN w."limit" ELSE EXCLUDED."limit" END
RETURNING id
"""
"""Makes the row or locks it, so that what is read next is the last that anybody committed."""

_NOTE = """
INSERT INTO connections_spending AS s (account_id, hour, purpose, calls)
VALUES (%(account)s, date_trunc('hour', %(at)s::timestamptz, 'UTC'), %(purpose)s, GREATEST(%(calls)s, 0))
ON CONFLICT (account_id, hour, purpose) DO UPDATE SET calls = GREATEST(s.calls + %(calls)s, 0)
"""


@dataclass(frozen=True, slots=True)
class Reserved:
    """One unit of one window, and which run of that window it was taken from."""

    window: int
    account: int
    at: datetime
    starts_at: datetime
    ends_at: datetime
    rate: RateWindow

    @property
    def daily(self) -> bool:
        return self.rate.resets_daily


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


class _NoRoom(Exception):
    """Undoes what the same call took from other windows."""

    def __init__(self, full: Full) -> None:
        super().__init__()
        self.full = full


def reserve(
    *, account_id: int, rates: Sequence[RateWindow], purpose: str, plan: Plan, now: datetime
) -> tuple[Reserved, ...] | Refused:
    """Take one unit from every window that a call at `now` counts in, or none at all."""
    try:
        with transaction.atomic():
            taken = tuple(
                _take(account_id, rate, stretch, purpose, plan, now) for rate, stretch in _in_order(rates, now)
            )
            _note(account_id, purpose, 1, now)
    except _NoRoom as refusal:
        return Refused(until=refusal.full.until, full=refusal.full.for_all)
    return taken


def refund(reserved: Sequence[Reserved], *, purpose: str) -> None:
    """Give back what its maker took and did not use; a run that is over keeps it."""
    with transaction.atomic():
        for unit in reserved:
            row = QuotaWindow.objects.select_for_update().filter(pk=unit.window).first()
            if row is not None and (row.starts_at == unit.starts_at or not _starts_over(unit.rate)):
                _store(row, windows.give_back(window_of(row), unit.rate, purpose=purpose, at=unit.at))
        for unit in reserved[:1]:
            _note(unit.account, purpose, -1, unit.at)


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
        changes |= _told_run(unit, datetime.fromtimestamp(reset, UTC), limit - (remaining or 0))
    QuotaWindow.objects.filter(pk=unit.window, starts_at=unit.starts_at).update(**changes)


def _told_run(unit: Reserved, reset: datetime, spent: int) -> dict[str, Any]:
    """The run that a reset belongs to. One that began there after ours did is the next: it starts with what
    the system says is spent, else a busy account would carry its count from run to run."""
    ends_at, began = reset + HEADER_EDGE, reset - timedelta(seconds=unit.rate.seconds)
    if began > unit.starts_at + HEADER_EDGE:
        return {"starts_at": began, "ends_at": ends_at, "spent": spent, "by_purpose": {}}
    return {"ends_at": ends_at} if ends_at > unit.starts_at else {}


def _in_order(rates: Sequence[RateWindow], now: datetime) -> Iterator[tuple[RateWindow, Stretch]]:
    """Always in one order, so that two calls never wait for each other's windows."""
    for rate in sorted(rates, key=lambda rate: rate.name):
        for stretch in windows.stretches(rate, now):
            yield rate, stretch


def _take(account_id: int, rate: RateWindow, stretch: Stretch, purpose: str, plan: Plan, now: datetime) -> Reserved:
    limit = plan.daily_limit if rate.resets_daily and plan.daily_limit is not None else rate.calls
    values: dict[str, Any] = {
        "account": account_id,
        "name": rate.name,
        "slot": stretch.slot,
        "limit": limit,
        "told": rate.from_headers,
        "starts": stretch.starts_at,
        "ends": stretch.ends_at,
    }
    with database.cursor() as cursor:
        cursor.execute(_OPEN, values)
        (pk,) = cursor.fetchone()
    row = QuotaWindow.objects.get(pk=pk)
    share = rules.share_of(rate=rate, purpose=purpose, kept_back=plan.kept_back, reserve_for=plan.reserve_for or {})
    after = windows.take(window_of(row), rate, purpose=purpose, share=share, now=now)
    if isinstance(after, Full):
        raise _NoRoom(after)
    _store(row, after)
    return Reserved(pk, account_id, now, after.starts_at, after.ends_at, rate)


def _starts_over(rate: RateWindow) -> bool:
    return rate.by_calendar or rate.from_headers


def window_of(row: QuotaWindow) -> Window:
    """A stored window as a value."""
    return Window(row.limit, row.spent, row.starts_at, row.ends_at, row.by_purpose, row.recent)


def _store(row: QuotaWindow, window: Window) -> None:
    QuotaWindow.objects.filter(pk=row.pk).update(
        spent=window.spent,
        starts_at=window.starts_at,
        ends_at=window.ends_at,
        by_purpose=dict(window.by_purpose),
        recent=dict(window.recent),
    )


def _note(account_id: int, purpose: str, calls: int, at: datetime) -> None:
    with database.cursor() as cursor:
        cursor.execute(_NOTE, {"account": account_id, "at": at, "purpose": purpose, "calls": calls})


def _whole(headers: Mapping[str, str], name: str) -> int | None:
    for key, value in headers.items():
        if key.lower() == name and value.strip().isdigit():
            return int(value)
    return None
