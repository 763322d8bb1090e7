"""Who in a new LinkedIn contract is whom of the old one. Pure.

Ids and member URNs differ by contract; a person's public address does not (RULES.md 28). Projects and seats have
their names only, and a name counts where it is the only one of its kind on both sides.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

K = TypeVar("K")


@dataclass(frozen=True, slots=True)
class Old:
    """A profile of the old contract: our own row, its Project's row, and every key of its person."""

    row: int
    project: int
    keys: frozenset[str]
    removed: bool = False


@dataclass(frozen=True, slots=True)
class New:
    """A profile of the new contract; `key` is empty where it has no public address."""

    id: str
    project: str
    key: str


def pair_by_name(old: Mapping[int, str], new: Mapping[str, str]) -> dict[str, int]:
    """New ids and the old rows that bear the same name, where either side has that name once."""
    ours = _only_once({row: _plain(name) for row, name in old.items()})
    theirs = _only_once({key: _plain(name) for key, name in new.items()})
    return {theirs[name]: ours[name] for name in theirs.keys() & ours.keys() if name}


def pair_people(old: Iterable[Old], new: Iterable[New], *, projects: Mapping[str, int]) -> dict[str, int]:
    """New profile ids and the old rows of the same person in the same Project; one that is in it comes before one
    that was taken out."""
    by_place: dict[tuple[int, str], int] = {}
    for one in sorted(old, key=lambda each: (each.removed, each.row)):
        for key in one.keys:
            by_place.setdefault((one.project, key), one.row)
    found: dict[str, int] = {}
    taken: set[int] = set()
    for each in new:
        row = by_place.get((projects.get(each.project, 0), each.key)) if each.key else None
        if row is not None and row not in taken:
            found[each.id] = row
            taken.add(row)
    return found


def _only_once(names: Mapping[K, str]) -> dict[str, K]:
    count = Counter(names.values())
    return {name: key for key, name in names.items() if count[name] == 1}


def _plain(name: str) -> str:
    return " ".join(name.split()).casefold()
