"""What is worth knowing about a stage map before it is saved. Pure: rows and both sides' stages in, sentences out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from apps.mappings.rules import HIRED, REJECTED, TERMINAL, Direction, MapRow

EVERYTHING = 3
"""A map that shows so many ATS stages, and all of them as one LinkedIn stage, tells a recruiter nothing."""


@dataclass(frozen=True, slots=True)
class Caution:
    """One thing to know: `kind` is coarse, unmapped, ambiguous, one_way, terminal or gone; `grave` asks for a look
    before saving. `rows` are the places of the rows it is about, from 1."""

    kind: str
    said: str
    grave: bool = False
    rows: tuple[int, ...] = ()


def cautions(rows: Sequence[MapRow], *, linkedin: Sequence[str], ats: Mapping[str, str]) -> tuple[Caution, ...]:
    """Everything to know about these rows, the grave first; `ats` names the stages that the ATS lists, in order."""
    names = {**ats, REJECTED: "Rejected", HIRED: "Hired"}
    found = [
        *_gone(rows, names),
        *_ambiguous(rows, names),
        *_unmapped(rows, linkedin, ats),
        *_coarse(rows, names),
        *_terminal(rows, names),
        *_one_way(rows, names),
    ]
    return tuple(sorted(found, key=lambda one: not one.grave))


def _gone(rows: Sequence[MapRow], names: Mapping[str, str]) -> Iterator[Caution]:
    for place, row in enumerate(rows, 1):
        if row.ats not in names:
            said = f"The ATS lists no stage {row.ats} any more. Nothing can be moved there."
            yield Caution("gone", said, grave=True, rows=(place,))


def _ambiguous(rows: Sequence[MapRow], names: Mapping[str, str]) -> Iterator[Caution]:
    """An ATS stage that two LinkedIn stages show: the first row counts, the others never travel to LinkedIn."""
    shown: dict[str, list[tuple[int, MapRow]]] = {}
    for place, row in enumerate(rows, 1):
        if row.direction != Direction.TO_ATS:
            shown.setdefault(row.ats, []).append((place, row))
    for ats, several in shown.items():
        if len(several) > 1:
            first, *others = [row.linkedin for _, row in several]
            name = names.get(ats, ats)
            said = f"{name} shows as {first}, by the first row; {_listed(others)} never shows it."
            yield Caution("ambiguous", said, grave=True, rows=tuple(place for place, _ in several))


def _unmapped(rows: Sequence[MapRow], linkedin: Sequence[str], ats: Mapping[str, str]) -> Iterator[Caution]:
    left = [stage for stage in linkedin if all(row.linkedin != stage for row in rows)]
    if left:
        said = f"No row names LinkedIn’s {_listed(left)}. Moves there are held until one does, not guessed."
        yield Caution("unmapped", said, grave=True)
    missing = [name for stage, name in ats.items() if all(row.ats != stage for row in rows)]
    if missing:
        said = f"No row names {_listed(missing)} of the ATS. Moves there are held until one does, not guessed."
        yield Caution("unmapped", said, grave=True)


def _coarse(rows: Sequence[MapRow], names: Mapping[str, str]) -> Iterator[Caution]:
    acting: dict[str, list[tuple[int, str]]] = {}
    for place, row in enumerate(rows, 1):
        if row.ats not in TERMINAL:
            acting.setdefault(row.linkedin, []).append((place, row.ats))
    stages = {ats for several in acting.values() for _, ats in several}
    for stage, several in acting.items():
        if len({ats for _, ats in several}) < 2:
            continue
        everything = len(acting) == 1 and len(stages) >= EVERYTHING
        shown = "Every stage" if everything else _listed([names.get(ats, ats) for _, ats in several])
        verb = "shows" if everything else "show"
        said = f"{shown} {verb} as {stage}: moves among them show nothing in LinkedIn, and {stage} moves nobody back."
        yield Caution("coarse", said, grave=everything, rows=tuple(place for place, _ in several))


def _terminal(rows: Sequence[MapRow], names: Mapping[str, str]) -> Iterator[Caution]:
    does = {REJECTED: "rejects", HIRED: "hires"}
    for place, row in enumerate(rows, 1):
        if row.direction == Direction.TO_LINKEDIN or not row.terminal:
            continue
        if row.ats in does:
            said = f"A recruiter who moves somebody to {row.linkedin} {does[row.ats]} them in the ATS."
        else:
            said = f"A recruiter who moves somebody back to {row.linkedin} reopens their application."
        yield Caution("terminal", said, grave=True, rows=(place,))


def _one_way(rows: Sequence[MapRow], names: Mapping[str, str]) -> Iterator[Caution]:
    for place, row in enumerate(rows, 1):
        name = names.get(row.ats, row.ats)
        if row.direction == Direction.TO_ATS:
            said = f"{row.linkedin} moves the ATS to {name}; {name} is never shown as {row.linkedin}."
        elif row.direction == Direction.TO_LINKEDIN or (row.ats in TERMINAL and not row.terminal):
            said = f"{name} shows as {row.linkedin}; {row.linkedin} in LinkedIn does nothing in the ATS."
        else:
            continue
        yield Caution("one_way", said, rows=(place,))


def _listed(words: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))
