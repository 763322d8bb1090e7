"""Stage maps as values: which LinkedIn stage shows which ATS stage, and which moves are allowed.

ATS values are stage ids of the job, or REJECTED / HIRED.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any

REJECTED = "!rejected"
HIRED = "!hired"
TERMINAL = frozenset({REJECTED, HIRED})


class Direction(StrEnum):
    BOTH = "both"
    TO_ATS = "to_ats"
    TO_LINKEDIN = "to_linkedin"


@dataclass(frozen=True, slots=True)
class MapRow:
    """One row: a LinkedIn stage and an ATS value, with what may travel.

    `backward` lets LinkedIn move someone earlier in the pipeline; `terminal` lets LinkedIn reject,
    hire or reopen (off by default, rule 11). `reason` is the ATS's reason for a rejection, by its id.
    """

    linkedin: str
    ats: str
    direction: Direction = Direction.BOTH
    backward: bool = False
    terminal: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class StageTable:
    """The rows of one map version, with the ATS stages' order and names in the job."""

    version: int
    rows: tuple[MapRow, ...]
    order: Mapping[str, int]
    names: Mapping[str, str] = field(default_factory=dict)

    def naming(self, ats: str, name: str) -> StageTable:
        """The same table, with the name under which the ATS just showed a stage."""
        return replace(self, names={**self.names, ats: name}) if name else self

    def name_of(self, ats: str) -> str:
        """An ATS value as people call it; its id where nobody knows a name."""
        return {REJECTED: "Rejected", HIRED: "Hired"}.get(ats) or self.names.get(ats) or ats

    def shown_as(self, ats: str) -> str | None:
        """The LinkedIn stage that shows an ATS value; None where no row brings it to LinkedIn."""
        return next((row.linkedin for row in self.rows if row.ats == ats and row.direction != Direction.TO_ATS), None)

    def target_of(self, linkedin: str) -> MapRow | None:
        """The row by which a LinkedIn stage acts on the ATS: the first one, where a map is coarse."""
        rows = (row for row in self.rows if row.linkedin == linkedin and row.direction != Direction.TO_LINKEDIN)
        return next(rows, None)

    def knows_linkedin(self, linkedin: str) -> bool:
        return any(row.linkedin == linkedin for row in self.rows)

    def knows_ats(self, ats: str) -> bool:
        return any(row.ats == ats for row in self.rows)

    def allows(self, linkedin: str, ats: str) -> bool:
        """Whether the two may stand beside each other."""
        if self.shown_as(ats) == linkedin:
            return True
        row = self.target_of(linkedin)
        return row is not None and row.ats == ats

    def is_backward(self, *, from_ats: str, to_ats: str) -> bool:
        """Earlier in the pipeline; terminal values have no place in the order."""
        here, there = self.order.get(from_ats), self.order.get(to_ats)
        return here is not None and there is not None and there < here


def rows_from_json(rows: Sequence[Mapping[str, Any]]) -> tuple[MapRow, ...]:
    return tuple(
        MapRow(
            linkedin=row["linkedin"],
            ats=row["ats"],
            direction=Direction(row.get("direction", "both")),
            backward=bool(row.get("backward", False)),
            terminal=bool(row.get("terminal", False)),
            reason=str(row.get("reason", "")),
        )
        for row in rows
    )


def rows_to_json(rows: Sequence[MapRow]) -> list[dict[str, Any]]:
    return [asdict(row) for row in rows]


def diff_rows(before: Sequence[MapRow], after: Sequence[MapRow]) -> tuple[tuple[MapRow, ...], tuple[MapRow, ...]]:
    """The rows that went and the rows that came; a row that changed is in both."""
    return tuple(row for row in before if row not in after), tuple(row for row in after if row not in before)
