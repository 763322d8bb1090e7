"""Alarms, purely: which there are, what each asks of people, and what a look makes of one that is open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Step(StrEnum):
    """What a look does with one alarm."""

    NOTHING = "nothing"
    SEEN = "seen"
    FIRE_AGAIN = "fire_again"
    RESOLVE = "resolve"


class AlertState(StrEnum):
    FIRING = "firing"
    ACKNOWLEDGED = "acknowledged"
    SNOOZED = "snoozed"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Kind:
    """One alarm: its title, what to do, and where. `over_after`: so long without a sign until it is over.
    `told`: whether it is told when it fires; where it is not, something else tells the same people."""

    title: str
    todo: str
    page: str
    over_after: timedelta = timedelta(0)
    told: bool = True
    grave: bool = False


SETTLES = timedelta(minutes=2)
"""A figure that stands at its limit goes to and fro: it is over when it stayed below it for so long."""

KINDS: Mapping[str, Kind] = {
    "worker": Kind(
        "No worker makes progress",
        "Look at the worker's process and its log, and start it again. What came meanwhile waits in order",
        "dashboard",
        grave=True,
    ),
    "waiting": Kind(
        "Many candidates wait",
        "Open the overview: a closed gate, a spent budget or a slow system is named there",
        "dashboard",
        over_after=SETTLES,
    ),
    "promise": Kind(
        "The 15-minute promise is broken",
        "Open Candidates: each one's page says what it waits for",
        "candidates",
        over_after=SETTLES,
        grave=True,
    ),
    "duplicate": Kind(
        "A possible duplicate waits for a decision",
        "Open Duplicates and decide: until then they are not brought into the ATS",
        "duplicates",
    ),
    "failing": Kind(
        "A connection keeps failing",
        "Open the connection: its last error is there, and how often it came. Pause it while its system is down",
        "connections",
        grave=True,
    ),
    "expiring": Kind(
        "A connection has to be reconnected soon",
        "An admin opens the connection and presses Reconnect; nothing waits while it is done in time",
        "connections",
        told=False,
    ),
    "expired": Kind(
        "A connection has to be reconnected",
        "An admin opens the connection and presses Reconnect; what waits then lands in order",
        "connections",
        told=False,
        grave=True,
    ),
    "silent": Kind(
        "A connection has gone silent",
        "Check that it is switched on, and that its webhook's address and secret are right in the other system",
        "connections",
    ),
    "budget": Kind(
        "Requests run out before the day ends",
        "Open the connection's budget: it says what spends them, and when moves would be late",
        "connections",
        over_after=SETTLES,
    ),
    "elsewhere": Kind(
        "Somebody else spends this account's requests",
        "Find the other tool that uses the same key, or ask LinkedIn for a higher limit and enter it here",
        "connections",
    ),
}
"""By urgency (MISSION.md, R17)."""

MANY_WAIT = 30
"""More candidates than this, waiting for longer than WAIT_TIME, are an alarm (R17)."""

WAIT_TIME = timedelta(minutes=2)
PROMISE = timedelta(minutes=15)
ANSWER_TIME = timedelta(minutes=10)
"""A possible duplicate that waits longer for a person is an alarm: it has five minutes left."""

MISSED_BEATS = 6
"""An idle drain beats every so many seconds (SYNCPORTAL_BEAT_SECONDS), and a busy one with every batch."""

LOST_WEBHOOKS = 3
"""So many changes that no webhook told of, since the last that came: they come no more."""

SNOOZES: Mapping[str, timedelta] = {
    "1h": timedelta(hours=1),
    "4h": timedelta(hours=4),
    "1d": timedelta(days=1),
}


def step(
    *, state: str, is_signalled: bool, last_seen: datetime, snoozed_until: datetime | None, kind: Kind, now: datetime
) -> Step:
    """What becomes of an alert that is open, at one look. An acknowledged one stays quiet until it is over; a
    snoozed one fires again after its time, if it is still so."""
    if not is_signalled:
        return Step.RESOLVE if now - last_seen >= kind.over_after else Step.NOTHING
    if state == AlertState.SNOOZED and snoozed_until is not None and snoozed_until <= now:
        return Step.FIRE_AGAIN
    return Step.SEEN
