"""The report of who is in an ATS twice. What people said are two is not in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from apps.accounts.scope import Scope
from apps.candidates import identities
from apps.candidates.models import IndexedPerson, Sweep
from apps.candidates.sweep import CAP, Pair, Swept, by_kind, sweep

KEPT = 500
"""Pairs that the page has; the command prints all of them."""


@dataclass(frozen=True, slots=True)
class PairRow:
    """Two of an ATS's people who are one, or may be; `signs` is what they have in common."""

    certain: bool
    score: float
    signs: tuple[str, ...]
    ids: tuple[str, str]
    names: tuple[str, str]


@dataclass(frozen=True, slots=True)
class SweepRow:
    connection_id: UUID
    system: str
    made_at: datetime
    people: int
    compared: int
    found: int
    skipped: Mapping[str, tuple[int, int]]
    pairs: tuple[PairRow, ...]


def sweep_ats(*, connection_id: UUID, cap: int = CAP) -> Swept:
    """Look through the whole index of an ATS."""
    swept = sweep(identities.everybody(connection_id=connection_id), cap=cap, weights=identities.weights())
    apart = identities.apart_in(connection_id=connection_id)
    return replace(swept, pairs=tuple(pair for pair in swept.pairs if not _is_apart(pair, apart)))


def keep(swept: Swept, *, connection_id: UUID, now: datetime) -> None:
    """Keep a report for the page, instead of the one before."""
    kept = {
        "made_at": now,
        "people": swept.people,
        "compared": swept.compared,
        "found": len(swept.pairs),
        "skipped": dict(by_kind(swept.skipped)),
        "pairs": [
            {
                "certain": pair.certain,
                "score": round(pair.judged.score, 2),
                "signs": _signs(pair),
                "ids": [pair.one.id, pair.judged.held.id],
            }
            for pair in swept.pairs[:KEPT]
        ],
    }
    Sweep.objects.update_or_create(connection_id=connection_id, defaults=kept)


def list_sweeps(*, scope: Scope) -> tuple[SweepRow, ...]:
    """The newest report of each ATS, with those of its pairs who are still there. The index names no client, so it is
    for the unrestricted alone (rule 30)."""
    if not scope.unrestricted:
        return ()
    return tuple(_shown(one) for one in Sweep.objects.select_related("connection").order_by("connection__name"))


def row(pair: Pair) -> list[str]:
    """A pair as the report has it: the surest come first."""
    one, judged = pair.one, pair.judged
    said = "yes" if pair.certain else "no"
    return [said, f"{judged.score:.2f}", one.id, one.name, judged.held.id, judged.held.name, ", ".join(_signs(pair))]


def _signs(pair: Pair) -> list[str]:
    return [part.sign.value for part in pair.judged.components if part.weight > 0]


def _shown(one: Sweep) -> SweepRow:
    ids = {remote_id for pair in one.pairs for remote_id in pair["ids"]}
    indexed = IndexedPerson.objects.filter(connection=one.connection_id, remote_id__in=ids)
    names = {person.remote_id: str(person) for person in indexed}
    return SweepRow(
        connection_id=one.connection_id,
        system=one.connection.name,
        made_at=one.made_at,
        people=one.people,
        compared=one.compared,
        found=one.found,
        skipped={kind: (count, largest) for kind, (count, largest) in one.skipped.items()},
        pairs=tuple(
            PairRow(
                certain=pair["certain"],
                score=pair["score"],
                signs=tuple(pair["signs"]),
                ids=(pair["ids"][0], pair["ids"][1]),
                names=(names[pair["ids"][0]], names[pair["ids"][1]]),
            )
            for pair in one.pairs
            if names.keys() >= set(pair["ids"])
        ),
    )


def _is_apart(pair: Pair, apart: set[tuple[str, str]]) -> bool:
    one, other = pair.one, pair.judged.held
    return any(
        (key, theirs.id) in apart
        for mine, theirs in ((one, other), (other, one))
        for key in identities.apart_keys(mine)
    )
