"""The verdict on a pilot, purely: who came late and why, which changes did, and whether that is what was agreed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum


class Cause(StrEnum):
    """Why something was late. UNKNOWN: nothing that is kept explains it."""

    BUDGET = "budget"
    OUTAGE = "outage"
    TOKEN = "token"
    MAPPING = "mapping"
    PERSON = "person"
    PAUSED = "paused"
    SYSTEM = "system"
    UNKNOWN = "unknown"


CAUSES = {
    "budget": Cause.BUDGET,
    "outage": Cause.OUTAGE,
    "token": Cause.TOKEN,
    "mapping": Cause.MAPPING,
    "drift": Cause.MAPPING,
    "duplicate": Cause.PERSON,
    "conflict": Cause.PERSON,
    "person": Cause.PERSON,
    "halt": Cause.PERSON,
    "paused": Cause.PAUSED,
    "index": Cause.SYSTEM,
    "uncertain": Cause.SYSTEM,
}
"""What a reason to wait means to who reads the report."""


@dataclass(frozen=True, slots=True)
class Wait:
    """A stretch of time in which something stood still for a reason."""

    reason: str
    since: datetime
    until: datetime | None


def cause_of(waits: Iterable[Wait], *, since: datetime, until: datetime) -> Cause:
    """What kept something up longest between two moments."""
    took: Counter[Cause] = Counter()
    for wait in waits:
        overlap = min(wait.until or until, until) - max(wait.since, since)
        if overlap > timedelta(0) and wait.reason in CAUSES:
            took[CAUSES[wait.reason]] += round(overlap.total_seconds() * 1000)
    return max(took, key=lambda cause: took[cause]) if took else Cause.UNKNOWN


class Fate(StrEnum):
    """What became of a candidate or a change. NOTHING: there was nothing to write on the other side."""

    SHOWN = "shown"
    WAITING = "waiting"
    LATE = "late"
    MISSING = "missing"
    GONE = "gone"
    NOTHING = "nothing"
    OVERTAKEN = "overtaken"


COUNTED = (Fate.SHOWN, Fate.LATE, Fate.MISSING)
BREACHES = (Fate.LATE, Fate.MISSING)


def fate_of(*, began: datetime, shown: datetime | None, limit: timedelta, now: datetime) -> Fate:
    """Of what is to show on the other side within a limit."""
    if shown is not None:
        return Fate.LATE if shown - began > limit else Fate.SHOWN
    return Fate.MISSING if now - began > limit else Fate.WAITING


@dataclass(frozen=True, slots=True)
class Case:
    """A candidate's arrival, or one stage change: what is asked of the pilot, once. `side` is where a change was
    made, empty for an arrival; `cause` says why it is a breach, where it is one."""

    began: datetime
    shown: datetime | None
    fate: Fate
    side: str = ""
    cause: Cause | None = None

    @property
    def lag(self) -> timedelta | None:
        return self.shown - self.began if self.shown is not None else None

    @property
    def is_breach(self) -> bool:
        return self.fate in BREACHES


class Outcome(StrEnum):
    RUNNING = "running"
    FAILING = "failing"
    PASSED = "passed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a pilot stands, by each of its three criteria."""

    outcome: Outcome
    arrivals_hold: bool
    changes_hold: bool
    duplicates_hold: bool


def judge(
    arrivals: Sequence[Case], changes: Sequence[Case], *, duplicates: int, late_allowed: int, over: bool
) -> Verdict:
    """Whether everybody came in time, stages went both ways in time, and nobody was made twice. While it runs, only
    what can no longer be made good fails it."""
    late = sum(one.is_breach for one in arrivals)
    late_changes = sum(one.is_breach for one in changes)
    both_ways = {one.side for one in changes if one.fate in COUNTED} >= {"linkedin", "ats"}
    someone = any(one.fate in COUNTED for one in arrivals)
    arrivals_hold = late <= late_allowed and (someone or not over)
    changes_hold = late_changes <= late_allowed and (both_ways or not over)
    holds = arrivals_hold and changes_hold and not duplicates
    if over:
        outcome = Outcome.PASSED if holds else Outcome.FAILED
    else:
        outcome = Outcome.RUNNING if holds else Outcome.FAILING
    return Verdict(outcome, arrivals_hold, changes_hold, not duplicates)


@dataclass(frozen=True, slots=True)
class Day:
    """One day's evidence."""

    day: date
    arrived: int
    arrived_late: int
    changes: int
    changes_late: int


def days_of(
    arrivals: Sequence[Case], changes: Sequence[Case], *, first: date, last: date, day_of: Callable[[datetime], date]
) -> tuple[Day, ...]:
    """By the day on which each began, days without anything included."""
    came, late = Counter[date](), Counter[date]()
    changed, changed_late = Counter[date](), Counter[date]()
    for one in arrivals:
        came[day_of(one.began)] += one.fate in COUNTED
        late[day_of(one.began)] += one.is_breach
    for one in changes:
        changed[day_of(one.began)] += one.fate in COUNTED
        changed_late[day_of(one.began)] += one.is_breach
    span = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    return tuple(Day(day, came[day], late[day], changed[day], changed_late[day]) for day in span)
