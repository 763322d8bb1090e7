"""The report of who is in an ATS twice. What people said are two is not in it."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from apps.candidates import identities
from apps.candidates.sweep import CAP, Pair, Swept, sweep


def sweep_ats(*, connection_id: UUID, cap: int = CAP) -> Swept:
    """Look through the whole index of an ATS."""
    swept = sweep(identities.everybody(connection_id=connection_id), cap=cap, weights=identities.weights())
    apart = identities.apart_in(connection_id=connection_id)
    return replace(swept, pairs=tuple(pair for pair in swept.pairs if not _is_apart(pair, apart)))


def row(pair: Pair) -> list[str]:
    """A pair as the report has it: the surest come first."""
    one, judged = pair.one, pair.judged
    signs = ", ".join(part.sign.value for part in judged.components if part.weight > 0)
    said = "yes" if pair.certain else "no"
    return [said, f"{judged.score:.2f}", one.id, one.name, judged.held.id, judged.held.name, signs]


def _is_apart(pair: Pair, apart: set[tuple[str, str]]) -> bool:
    one, other = pair.one, pair.judged.held
    return any(
        (key, theirs.id) in apart
        for mine, theirs in ((one, other), (other, one))
        for key in identities.apart_keys(mine)
    )
