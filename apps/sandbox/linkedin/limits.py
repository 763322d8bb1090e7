"""Counting calls: per application and UTC day, and records per minute.

Documented: counters reset at 00:00 UTC, no Retry-After. INVENTED: 500 a day, and which calls count
beside the data calls. Every call counts, 4xx and refused ones too.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass
class Counters:
    """The calls of every application, by day, and how many came over the limit."""

    days: dict[tuple[str, str], int] = field(default_factory=dict)
    refused: dict[tuple[str, str], int] = field(default_factory=dict)
    _minutes: dict[tuple[str, int], int] = field(default_factory=dict)

    def count(self, application: str, now: datetime, calls: int = 1) -> int:
        """Add calls and return the day's sum."""
        key = (application, f"{now:%Y-%m-%d}")
        self.days[key] = self.days.get(key, 0) + calls
        return self.days[key]

    def refuse(self, application: str, now: datetime) -> None:
        key = (application, f"{now:%Y-%m-%d}")
        self.refused[key] = self.refused.get(key, 0) + 1

    def today(self, application: str, now: datetime) -> int:
        return self.days.get((application, f"{now:%Y-%m-%d}"), 0)

    def take_records(self, application: str, now: datetime, records: int, limit: int) -> bool:
        """Whether so many more records fit in this minute; they are counted if they do."""
        key = (application, int(now.timestamp() // 60))
        spent = self._minutes.get(key, 0) + records
        if limit and spent > limit:
            return False
        self._minutes = {key: spent}
        return True

    def by_day(self, application: str) -> dict[str, int]:
        return {day: count for (owner, day), count in self.days.items() if owner == application}

    def refused_by_day(self, application: str) -> dict[str, int]:
        return {day: count for (owner, day), count in self.refused.items() if owner == application}
