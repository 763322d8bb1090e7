"""Which of a person's applications a profile shows: pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from apps.mappings.rules import TERMINAL


@dataclass(frozen=True, slots=True)
class Standing:
    """One of a person's applications for the jobs of a Project. `progress`: how much of its job's pipeline lies
    behind it, from 0 to 1; `job_open`: the job takes people, and the person has an application there."""

    key: str
    leading: bool
    job_open: bool
    value: str
    progress: float
    since: datetime


def shown_application(standings: Sequence[Standing]) -> str:
    """Which of them a profile shows: the leading job's while that is open, then the furthest open one, of equal
    ones the oldest; the leading one again where none is open (rule 15). Empty where there is none to choose."""
    first = next((one for one in standings if one.leading), None)
    if first is not None and first.job_open:
        return first.key
    open_ones = [one for one in standings if one.job_open and one.value and one.value not in TERMINAL]
    if open_ones:
        return min(open_ones, key=lambda one: (-one.progress, one.since, one.key)).key
    return first.key if first is not None else ""
