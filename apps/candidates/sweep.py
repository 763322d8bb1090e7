"""Duplicates that are in the ATS already: looked for by blocks, and judged pair by pair. Pure.

Whoever shares a block is compared, once; a block that is larger than the cap says nothing (a company's name, a
switchboard) and is skipped and told. Many strict blocks find more than few loose ones (facts: duplicates, C.2).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from apps.candidates import matching, names
from apps.candidates.matching import Facts, Judgement, Verdict, Weights

CAP = 200
"""A block of 200 is 19,900 pairs; one of 2,000 would be two million."""

DEFAULT = Weights()


@dataclass(frozen=True, slots=True)
class Pair:
    """Two of the ATS's people who are one, or may be."""

    one: Facts
    judged: Judgement

    @property
    def certain(self) -> bool:
        return self.judged.verdict == Verdict.LINK


@dataclass(frozen=True, slots=True)
class Skipped:
    """A block that was too large: by what it was made, and how many it held."""

    kind: str
    size: int


@dataclass(frozen=True, slots=True)
class Swept:
    people: int
    compared: int
    pairs: tuple[Pair, ...]
    skipped: tuple[Skipped, ...]


def sweep(people: Sequence[Facts], *, cap: int = CAP, weights: Weights = DEFAULT) -> Swept:
    """Find who may be twice in there. Nothing is joined: a pair says nothing of a third."""
    bearing = Counter(names.name_key(one.first_name, one.last_name) for one in people)
    blocks, skipped = _blocks(people, cap=cap)
    compared, found = 0, []
    for first, second in _pairs(blocks):
        compared += 1
        one, other = people[first], people[second]
        namesakes = bearing[names.name_key(one.first_name, one.last_name)] - 1
        judged = matching.judge(one, other, namesakes=max(namesakes, 1), weights=weights)
        if judged.verdict != Verdict.NEW:
            found.append(Pair(one, judged))
    found.sort(key=lambda pair: (not pair.certain, not pair.judged.by_identifier, -pair.judged.score, pair.one.id))
    return Swept(len(people), compared, tuple(found), tuple(skipped))


def _blocks(people: Sequence[Facts], *, cap: int) -> tuple[list[list[int]], list[Skipped]]:
    made: dict[tuple[str, str], list[int]] = defaultdict(list)
    for place, one in enumerate(people):
        for block in dict.fromkeys(_blocks_of(one)):
            made[block].append(place)
    skipped = [Skipped(kind, len(held)) for (kind, _), held in made.items() if len(held) > cap]
    return [held for held in made.values() if 1 < len(held) <= cap], sorted(skipped, key=lambda one: -one.size)


def _pairs(blocks: Iterable[Sequence[int]]) -> Iterator[tuple[int, int]]:
    """Each pair of a block once, whatever the number of blocks that it shares."""
    seen: set[tuple[int, int]] = set()
    for held in blocks:
        for pair in combinations(held, 2):
            if pair not in seen:
                seen.add(pair)
                yield pair


def _blocks_of(one: Facts) -> Iterator[tuple[str, str]]:
    """The blocks somebody is in: identifiers whole, loosened ones with a name, and the name with the work."""
    name = names.read_name(one.first_name, one.last_name)
    families = sorted({min(token, key=len) for token in name.family})
    initial = min(name.given[0], key=len)[:1] if name.given else name.initial
    for key in one.keys:
        yield key.kind, key.value
        if key.kind == matching.EMAIL:
            user = key.value.partition("@")[0].partition("+")[0].replace(".", "")
            yield from (("mail user and family name", f"{user} {family}") for family in families)
    for phone in one.phones:
        yield "phone", phone
        yield "end of the phone and initial", f"{phone[-9:]} {initial}"
    if whole := names.name_key(one.first_name, one.last_name):
        yield "name", whole
    company = matching.plain_company(one.company)
    if company:
        yield from (("family name, initial and company", f"{family} {initial} {company}") for family in families)


def by_kind(skipped: Iterable[Skipped]) -> Mapping[str, tuple[int, int]]:
    """The skipped blocks of each kind: how many, and the largest."""
    found: dict[str, tuple[int, int]] = {}
    for one in skipped:
        count, largest = found.get(one.kind, (0, 0))
        found[one.kind] = (count + 1, max(largest, one.size))
    return found
