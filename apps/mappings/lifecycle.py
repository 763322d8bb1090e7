"""The states of a mapping and the ways between them (R18, rule 29). Pure."""

from __future__ import annotations

from collections.abc import Mapping

DRAFT, SHADOW, PILOT, LIVE, PAUSED, ENDED = "draft", "shadow", "pilot", "live", "paused", "ended"

WRITES = frozenset({PILOT, LIVE})

NEXT: Mapping[str, tuple[str, ...]] = {
    DRAFT: (SHADOW, PILOT, LIVE, ENDED),
    SHADOW: (PILOT, LIVE, DRAFT, ENDED),
    PILOT: (LIVE, PAUSED, ENDED),
    LIVE: (PAUSED, ENDED),
    PAUSED: (LIVE, PILOT, ENDED),
    ENDED: (DRAFT,),
}
"""From each state, where a person may take a mapping."""


def may_become(state: str, wanted: str) -> bool:
    """Tell whether a mapping may be taken from one state to another."""
    return wanted in NEXT.get(state, ())


def asks_about_earlier(state: str, wanted: str) -> bool:
    """Tell whether somebody has to say what becomes of those who are in the Project already: they were noted and
    left out so far. What came while a mapping was paused waits, and goes on by itself."""
    return wanted in WRITES and state in (DRAFT, SHADOW)


def proposals(state: str, *, shut: bool, vanished: bool, people: int, other: bool) -> tuple[str, ...]:
    """What to propose where a mapping's job is not open, the likeliest first: another job of the Project leads, a new
    one is chosen, the mapping pauses until the job opens again, or it ends. Nothing is done by itself: arrivals wait,
    and the furthest open application is followed (rule 15)."""
    if not shut or state == ENDED:
        return ()
    pause = ("paused",) if may_become(state, PAUSED) and not vanished else ()
    lead = ("lead",) if other else ()
    if vanished:
        return (*lead, "another", "ended")
    return (*lead, *pause, "another", "ended") if people else (*lead, "ended", *pause, "another")
