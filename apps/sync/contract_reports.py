"""What the page of a move shows: where it stands, and who is matched, new or missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from apps.sync.models import OPEN_MOVES, ContractMove, MovePart, PartFate, PartKind

SHOWN = 50
"""Names of one list on the page; the figures count all of them."""


@dataclass(frozen=True, slots=True)
class Named:
    name: str
    place: str


@dataclass(frozen=True, slots=True)
class MoveReport:
    """One move. `figures` count by kind and fate; `lists` name those that are not matched."""

    id: UUID
    state: str
    before: str
    account_name: str
    detail: str
    calls: int
    read: int
    by: str
    made_at: datetime
    ended_at: datetime | None
    figures: Mapping[str, Mapping[str, int]]
    lists: Mapping[str, tuple[Named, ...]]

    @property
    def open(self) -> bool:
        return self.state in OPEN_MOVES

    def count(self, kind: str, fate: str) -> int:
        return self.figures.get(kind, {}).get(fate, 0)


def newest_move(connection_id: UUID) -> MoveReport | None:
    """The move that is under way, else the last one; for admins of every client, since it names everybody's people."""
    move = ContractMove.objects.filter(connection=connection_id).select_related("by").order_by("-made_at").first()
    if move is None:
        return None
    return MoveReport(
        id=move.pk,
        state=move.state,
        before=move.before,
        account_name=move.account_name,
        detail=move.detail,
        calls=move.calls,
        read=move.parts.filter(kind=PartKind.PERSON).exclude(fate=PartFate.MISSING).count(),
        by=str(move.by or ""),
        made_at=move.made_at,
        ended_at=move.ended_at,
        figures=move.figures,
        lists={f"{kind}_{fate}": _named(move, kind, fate) for kind, fate in UNMATCHED},
    )


UNMATCHED = (
    (PartKind.PROJECT, PartFate.MISSING),
    (PartKind.PERSON, PartFate.MISSING),
    (PartKind.SEAT, PartFate.MISSING),
    (PartKind.PERSON, PartFate.FRESH),
    (PartKind.PROJECT, PartFate.FRESH),
)


def _named(move: ContractMove, kind: PartKind, fate: PartFate) -> tuple[Named, ...]:
    parts = MovePart.objects.filter(move=move, kind=kind, fate=fate).order_by("place", "name", "pk")[:SHOWN]
    return tuple(Named(part.name, part.place) for part in parts)
