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

ALONE = 2
"""What a stage write costs that goes at once: the read of its profile, and the write."""

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
    writing: float = 0.0,
) -> timedelta:
    """How long to wait before the next poll: the usual pace, stretched so that the day's rest suffices.

    The slow pace until the reset is set aside first, at what a poll has cost so far with the writes that
    travel with it (`writing` calls a poll); office hours are as much quicker as the rest allows. With
    nothing left for polls, it is after the reset and its edge.
    """
    left = allowance(limit=limit, share=1 - kept_back) - spent
    if left <= 0:
        return reset_at + RESET_EDGE - now
    need = _need(now, reset_at, offices, writing)
    if left <= need.slow or not is_office_time(now, offices):
        return OTHER_POLL * max(1.0, (reset_at - now) / OTHER_POLL / left)
    quickness = min(1.0, (left - need.slow) / need.quick) if need.quick else 1.0
    return OTHER_POLL / (1 + quickness * (OTHER_POLL / OFFICE_POLL - 1))


def writes_now(
    *,
    now: datetime,
    spent: int,
    limit: int,
    starts_at: datetime,
    reset_at: datetime,
    offices: Sequence[Office] = (),
    kept_back: float = KEPT_BACK,
    writing: float = 0.0,
) -> bool:
    """True while a write of its own is within what the plan allows by the end of this hour, office hours
    first, and leaves the polls of the day's rest their usual pace.

    What is kept back is for the writes that travel with polls, so nothing is sent early from it.
    """
    after = spent + ALONE
    usable = allowance(limit=limit, share=1 - kept_back)
    soon = min(now + timedelta(hours=1), reset_at)
    by_then = _weight(starts_at, soon, offices) / _weight(starts_at, reset_at, offices)
    need = _need(now, reset_at, offices, writing)
    return after <= usable * by_then and after + need.slow + need.quick <= usable


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


@dataclass(frozen=True, slots=True)
class _Need:
    """Calls until the reset: of polls at the slow pace, and of those that make office hours quicker."""

    slow: float
    quick: float


def _need(now: datetime, reset_at: datetime, offices: Sequence[Office], writing: float) -> _Need:
    """In office hours twice `writing` is expected, as the night's polls carry none, and at most ALONE a poll."""
    cost = 1 + min(2 * writing, ALONE)
    slow = (reset_at - now) / OTHER_POLL
    quick = _weight(now, reset_at, offices) - slow
    office = quick / (OTHER_POLL / OFFICE_POLL - 1)
    return _Need(slow=slow - office + office * cost, quick=quick * cost)


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
