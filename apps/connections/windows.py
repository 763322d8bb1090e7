"""Request windows, purely: what a call at a moment counts in, and whether one more fits (RULES 23).

Four kinds. A calendar day or month in the system's time zone. A window that the system restarts and
tells in its headers. A window that slides: nobody says when it starts, so that any stretch of its
length is kept within the limit. A token bucket.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from apps.providers.contract import RateWindow

RESET_EDGE = timedelta(seconds=60)
"""Our clock and theirs may differ by this much: calls this near a calendar's reset count on both sides of it."""

SHORTEST_WAIT = timedelta(seconds=1)
"""Resets come as whole seconds; a call refused comes back no sooner."""

PARTS = 10
"""A sliding window is counted in tenths, and the last eleven of them are kept within the limit: whatever
the moment at which the system begins to count, no stretch of the window's length holds more."""

NEVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Stretch:
    """One run of a window: the calendar's date as `slot`, and from when to when."""

    slot: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Window:
    """What was spent in one run. Of a bucket `ends_at` is the moment at which it is full again."""

    limit: int
    spent: int
    starts_at: datetime
    ends_at: datetime
    by_purpose: Mapping[str, int] = field(default_factory=dict)
    recent: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Share:
    """How much of a window a purpose may use: up to `total` of it with what others spent. With `least` that
    is spread over the window in PACES, and so much of it is this purpose's whatever others spend."""

    total: float = 1.0
    least: float | None = None

    @property
    def at_once(self) -> float:
        """Where nobody says when a window starts nothing can be spread over it."""
        return self.total if self.least is None else (self.total + self.least) / 2


PACES = 5
"""Steps in which a window is given to what is spread over it: enough at once for a look and a few writes."""


@dataclass(frozen=True, slots=True)
class Full:
    """One more does not fit before `until`; `for_all` says that it fits for no purpose."""

    until: datetime
    for_all: bool


def stretches(rate: RateWindow, now: datetime) -> tuple[Stretch, ...]:
    """The runs that a call at `now` counts in: near a calendar's reset those on both sides of it."""
    if rate.burst:
        return (Stretch("", now - timedelta(seconds=rate.seconds), now),)
    if not rate.by_calendar:
        return (Stretch("", now, now + timedelta(seconds=rate.seconds)),)
    here = run_at(rate, now)
    runs = [here]
    if now - here.starts_at < RESET_EDGE:
        runs.insert(0, run_at(rate, here.starts_at - timedelta(seconds=1)))
    if here.ends_at - now <= RESET_EDGE:
        runs.append(run_at(rate, here.ends_at))
    return tuple(runs)


def run_at(rate: RateWindow, now: datetime) -> Stretch:
    """The calendar day or month of the system that `now` is in; a day of 23 or 25 hours is one day."""
    zone = ZoneInfo(rate.time_zone)
    first = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    if rate.resets_monthly:
        first = first.replace(day=1)
        after = (first + timedelta(days=32)).replace(day=1)
    else:
        after = first + timedelta(days=1)
    return Stretch(first.date().isoformat(), first.astimezone(UTC), after.astimezone(UTC))


def take(window: Window, rate: RateWindow, *, purpose: str, share: Share, now: datetime) -> Window | Full:
    """The window with one more call in it, or when one will fit."""
    if rate.by_calendar:
        return _take_fixed(window, purpose, share, now, after=window.ends_at + RESET_EDGE)
    if rate.burst:
        return _take_from_bucket(window, rate, purpose, share, now)
    if rate.from_headers:
        return _take_fixed(_restarted(window, rate, now), purpose, share, now, after=None)
    return _take_sliding(window, rate, purpose, share, now)


def give_back(window: Window, rate: RateWindow, *, purpose: str, at: datetime) -> Window:
    """The window without a call that was taken at `at` and never left."""
    left = {**window.by_purpose, purpose: max(0, window.by_purpose.get(purpose, 0) - 1)}
    returned = replace(window, spent=max(0, window.spent - 1), by_purpose=left)
    if rate.burst:
        return replace(returned, ends_at=max(window.starts_at + timedelta(microseconds=1), window.ends_at - _gap(rate)))
    part = str(_part(rate, at))
    if part in window.recent:
        return replace(returned, recent={**window.recent, part: max(0, window.recent[part] - 1)})
    return returned


def spent_now(window: Window, rate: RateWindow, now: datetime) -> int:
    """How many calls of the window count at this moment."""
    if rate.burst:
        return math.ceil(max(timedelta(0), window.ends_at - now) / _gap(rate))
    if rate.by_calendar or rate.from_headers:
        return window.spent if window.ends_at > now else 0
    return sum(_counted(window, rate, now).values())


def room_for(limit: int, share: float) -> int:
    return max(0, min(limit, math.floor(limit * share + 1e-9)))


def _restarted(window: Window, rate: RateWindow, now: datetime) -> Window:
    if window.ends_at > now:
        return window
    return Window(window.limit, 0, now, now + timedelta(seconds=rate.seconds))


def _take_fixed(window: Window, purpose: str, share: Share, now: datetime, *, after: datetime | None) -> Window | Full:
    reset = after or max(window.ends_at, now + SHORTEST_WAIT)
    if window.spent >= window.limit:
        return Full(reset, for_all=True)
    if share.least is None:
        fits = window.spent + 1 <= room_for(window.limit, share.total)
        return _with_one(window, purpose) if fits else Full(reset, for_all=False)
    pace = (window.ends_at - window.starts_at) / PACES
    step = min(PACES, max(1, (now - window.starts_at) // pace + 1))  # their clock may be ahead of ours
    mine = window.by_purpose.get(purpose, 0) + 1
    given = window.limit * step / PACES
    if window.spent + 1 <= share.total * given or mine <= max(1.0, share.least * given):
        return _with_one(window, purpose)
    return Full(max(window.starts_at + pace * step, now + SHORTEST_WAIT) if step < PACES else reset, for_all=False)


def room(window: Window, rate: RateWindow, *, purpose: str, share: Share, now: datetime, most: int) -> int:
    """How many calls fit at this moment, of `most`."""
    for count in range(most):
        after = take(window, rate, purpose=purpose, share=share, now=now)
        if isinstance(after, Full):
            return count
        window = after
    return most


CHANGES_AT_ONCE, CHANGES = 0.1, 0.75
"""Shares of a window that the reading of changes has at its start, and by its end. One read takes fifty
changes, so that waiting for the pace costs a second, and a window spent at its start costs all the rest of it."""


def changes_fit_at(window: Window, rate: RateWindow, *, calls: int, patient: str, now: datetime) -> datetime:
    """When `calls` that read changes are within their pace, counted without what the `patient` purpose spent."""
    if not rate.from_headers or window.ends_at <= now:
        return now
    used = window.spent - window.by_purpose.get(patient, 0) + calls
    part = (used / window.limit - CHANGES_AT_ONCE) / (CHANGES - CHANGES_AT_ONCE) if window.limit else 1.0
    return max(now, window.starts_at + (window.ends_at - window.starts_at) * min(1.0, max(0.0, part)))


def _take_from_bucket(window: Window, rate: RateWindow, purpose: str, share: Share, now: datetime) -> Window | Full:
    most = max(1, room_for(rate.burst, share.at_once))
    full_again = max(window.ends_at, now) + _gap(rate)
    if full_again - now > most * _gap(rate):
        return Full(full_again - most * _gap(rate), for_all=most == rate.burst)
    kept = window if window.ends_at > now else replace(window, by_purpose={}, starts_at=now)
    out = math.ceil((full_again - now) / _gap(rate))
    return replace(_with_one(kept, purpose), spent=out, starts_at=min(now, kept.starts_at), ends_at=full_again)


def _take_sliding(window: Window, rate: RateWindow, purpose: str, share: Share, now: datetime) -> Window | Full:
    counted = _counted(window, rate, now)
    most = room_for(window.limit, share.at_once)
    if sum(counted.values()) + 1 > most:
        return Full(_frees_at(counted, rate, most, now), for_all=sum(counted.values()) >= window.limit)
    part = str(_part(rate, now))
    fresh = {**counted, part: counted.get(part, 0) + 1}
    kept = window if window.ends_at > now else replace(window, by_purpose={}, spent=0, starts_at=now)
    ends_at = now + timedelta(seconds=rate.seconds)
    return replace(_with_one(kept, purpose), spent=sum(fresh.values()), recent=fresh, ends_at=ends_at)


def _with_one(window: Window, purpose: str) -> Window:
    by_purpose = {**window.by_purpose, purpose: window.by_purpose.get(purpose, 0) + 1}
    return replace(window, spent=window.spent + 1, by_purpose=by_purpose)


def _counted(window: Window, rate: RateWindow, now: datetime) -> dict[str, int]:
    oldest = _part(rate, now) - PARTS
    return {part: calls for part, calls in window.recent.items() if int(part) >= oldest}


def _frees_at(counted: Mapping[str, int], rate: RateWindow, most: int, now: datetime) -> datetime:
    """When so many of the oldest parts have gone that one more fits."""
    left = sum(counted.values())
    length = timedelta(seconds=rate.seconds) / PARTS
    for part in sorted(counted, key=int):
        left -= counted[part]
        if left + 1 <= most:
            return max(NEVER + length * (int(part) + PARTS + 1), now + SHORTEST_WAIT)
    return now + timedelta(seconds=rate.seconds)


def _part(rate: RateWindow, now: datetime) -> int:
    return (now - NEVER) // (timedelta(seconds=rate.seconds) / PARTS)


def _gap(rate: RateWindow) -> timedelta:
    """The time in which a bucket gains one call."""
    return timedelta(seconds=rate.seconds) / rate.calls
