"""How a day's requests are spread, purely: polls, immediate writes, and what is kept back (RULES 7, 23, 26)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

OFFICE_POLL = timedelta(minutes=5)
OTHER_POLL = timedelta(minutes=15)
RESET_EDGE = timedelta(seconds=60)
"""Our clock and theirs may differ by this much: calls this near a reset count on both sides of it."""

KEPT_BACK = 0.2
"""The share of a day that only writes, and the reads and tokens they need, may use."""

BACKGROUND = frozenset({"poll", "catalogue", "index"})

_STEP = timedelta(minutes=15)
_SATURDAY = 5

FIRST_PAUSE = 2
LONGEST_PAUSE = 300
"""Seconds. A pause doubles from the first to the longest while a system keeps refusing."""

ERRORS_BEFORE_PAUSE = 5


@dataclass(frozen=True, slots=True)
class Office:
    """When a client's people work: weekdays, in their own time zone."""

    time_zone: str
    start: time
    end: time


def is_office_time(now: datetime, offices: Sequence[Office]) -> bool:
    """True while any office is open; without an office, all time counts as office time."""
    return not offices or any(_is_open(office, now) for office in offices)


def next_poll_after(
    *,
    now: datetime,
    spent: int,
    limit: int,
    reset_at: datetime,
    offices: Sequence[Office] = (),
    kept_back: float = KEPT_BACK,
) -> timedelta:
    """How long to wait before the next poll: the usual pace, stretched so that the day's rest suffices.

    With nothing left for polls, it is after the reset and its edge.
    """
    left = allowance(limit=limit, share=1 - kept_back) - spent
    if left <= 0:
        return reset_at + RESET_EDGE - now
    usual = OFFICE_POLL if is_office_time(now, offices) else OTHER_POLL
    wanted = _weight(now, reset_at, offices)
    return usual * max(1.0, wanted / left)


def writes_now(
    *, now: datetime, spent: int, limit: int, starts_at: datetime, reset_at: datetime, offices: Sequence[Office] = ()
) -> bool:
    """True while spending is within what the plan allows by the end of this hour, office hours first."""
    if spent >= limit:
        return False
    soon = min(now + timedelta(hours=1), reset_at)
    day = _weight(starts_at, reset_at, offices)
    return spent + 1 <= limit * _weight(starts_at, soon, offices) / day


def ceiling_for(*, purpose: str, limit: int, kept_back: float, reserve_for: Mapping[str, float]) -> int:
    """How far `purpose` may spend a window; `reserve_for` keeps other shares from named purposes."""
    default = kept_back if purpose in BACKGROUND else 0.0
    return allowance(limit=limit, share=1 - reserve_for.get(purpose, default))


def allowance(*, limit: int, share: float) -> int:
    return max(0, min(limit, math.floor(limit * share + 1e-9)))


def day_of(now: datetime) -> tuple[datetime, datetime]:
    """The UTC day that `now` is in."""
    start = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return start, start + timedelta(days=1)


def days_counted(now: datetime) -> tuple[datetime, ...]:
    """Starts of the days that a call at `now` counts in: both, near a reset."""
    here, after = day_of(now)
    days = [here]
    if now - here < RESET_EDGE:
        days.insert(0, here - timedelta(days=1))
    if after - now <= RESET_EDGE:
        days.append(after)
    return tuple(days)


def next_pause(last: int) -> int:
    return min(LONGEST_PAUSE, max(FIRST_PAUSE, last * 2))


def _weight(start: datetime, end: datetime, offices: Sequence[Office]) -> float:
    """Polls that the usual pace makes between two times."""
    total, at = 0.0, start
    while at < end:
        step = min(_STEP, end - at)
        total += step / (OFFICE_POLL if is_office_time(at, offices) else OTHER_POLL)
        at += step
    return total


def _is_open(office: Office, now: datetime) -> bool:
    local = now.astimezone(ZoneInfo(office.time_zone))
    if office.start <= office.end:
        return local.weekday() < _SATURDAY and office.start <= local.time() < office.end
    return local.weekday() < _SATURDAY and (local.time() >= office.start or local.time() < office.end)
