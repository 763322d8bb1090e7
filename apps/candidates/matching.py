"""Who is who: what speaks for and against two records being one person, and what follows of it. Pure.

Only an identifier that both bear, with names that agree, links by itself; what contradicts itself and several who fit
go to a person; a name alone only suggests (facts: duplicates, C.4).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from math import log2

from apps.candidates import names
from apps.candidates.names import Likeness
from apps.candidates.rules import Key

LINKEDIN, MEMBER, EMAIL = "linkedin", "member", "email"


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one record. `id` is the ATS's, empty for somebody seen in LinkedIn."""

    first_name: str = ""
    last_name: str = ""
    company: str = ""
    title: str = ""
    keys: frozenset[Key] = frozenset()
    phones: frozenset[str] = frozenset()
    id: str = ""

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

    def values(self, kind: str) -> frozenset[str]:
        return frozenset(key.value for key in self.keys if key.kind == kind)


class Sign(StrEnum):
    """One thing that speaks for or against."""

    MEMBER = "member"
    ADDRESS = "address"
    EMAIL = "email"
    PHONE = "phone"
    NAME = "name"
    COMPANY = "company"
    TITLE = "title"
    MEMBERS_DIFFER = "members_differ"
    ADDRESSES_DIFFER = "addresses_differ"


@dataclass(frozen=True, slots=True)
class Component:
    """A sign with its weight in bits, and what was compared."""

    sign: Sign
    weight: float
    seen: str = ""
    held: str = ""
    likeness: str = ""


class Verdict(StrEnum):
    LINK = "link"
    REVIEW = "review"
    NEW = "new"


@dataclass(frozen=True, slots=True)
class Weights:
    """Where the score begins and what each thing adds, in bits; guesses until people's verdicts say better."""

    prior: float = -1.0
    company: float = 4.0
    company_differs: float = -1.0
    title: float = 2.0
    title_differs: float = -0.5
    phone: float = 6.0
    close_name: float = -2.0
    review_from: float = 0.80


@dataclass(frozen=True, slots=True)
class Judgement:
    """What became of one pair, and why. `score` is the probability that names and work alone give."""

    held: Facts
    verdict: Verdict
    score: float
    components: tuple[Component, ...]

    @property
    def by_identifier(self) -> bool:
        return any(one.sign in (Sign.MEMBER, Sign.ADDRESS, Sign.EMAIL) for one in self.components)

    @property
    def is_bare_twin(self) -> bool:
        """A record without any identifier whose name is the same and whose work, as far as both tell it, too."""
        work = [one.weight > 0 for one in self.components if one.sign in (Sign.COMPANY, Sign.TITLE)]
        named = any(one.likeness == Likeness.SAME for one in self.components if one.sign == Sign.NAME)
        return named and not self.held.keys and bool(work) and all(work)


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do with somebody: link to `target`, ask about `judged`, or make a new person."""

    verdict: Verdict
    target: str = ""
    judged: tuple[Judgement, ...] = field(default=())


def judge(seen: Facts, held: Facts, *, namesakes: int = 1, weights: Weights = Weights()) -> Judgement:
    """Compare two records. `namesakes`: how many in the ATS bear this name; a rare one says more."""
    likeness = names.compare(_name(seen), _name(held))
    components = [*_identifiers(seen, held), *_circumstances(seen, held, likeness, namesakes, weights)]
    signs = {one.sign for one in components if one.weight > 0 or one.sign in CONFLICTS}
    score = _probability(weights.prior + sum(one.weight for one in components if one.sign in WEIGHED))
    verdict = _verdict(signs, likeness, score, weights)
    return Judgement(held, verdict, score, tuple(components))


def decide(
    seen: Facts,
    candidates: Iterable[Facts],
    *,
    apart: Collection[str] = (),
    namesakes: int = 1,
    weights: Weights = Weights(),
) -> Decision:
    """What to do with somebody, given all in the ATS who may be they. `apart`: who a person said they are not."""
    judged = [
        judge(seen, one, namesakes=namesakes, weights=weights)
        for one in sorted(candidates, key=lambda one: one.id)
        if one.id not in apart
    ]
    known = [one for one in judged if any(part.sign == Sign.MEMBER for part in one.components)]
    fitting = known or [one for one in judged if one.verdict != Verdict.NEW]
    linked = [one for one in fitting if one.verdict == Verdict.LINK]
    doubted = [one for one in fitting if one.verdict == Verdict.REVIEW and one.by_identifier]
    if len(linked) == 1 and not doubted:
        return Decision(Verdict.LINK, linked[0].held.id, tuple(linked))
    if fitting:
        return Decision(Verdict.REVIEW, "", tuple(sorted(fitting, key=_nearest)))
    return Decision(Verdict.NEW, "", tuple(judged))


def bare_twin(decision: Decision) -> str:
    """The id of the only one whom a question is about, where LinkedIn's own connector may have written that record: it
    writes neither address nor e-mail. By itself no reason to link (ADR 6)."""
    alone = len(decision.judged) == 1 and decision.judged[0].is_bare_twin
    return decision.judged[0].held.id if decision.verdict == Verdict.REVIEW and alone else ""


CONFLICTS = frozenset({Sign.MEMBERS_DIFFER, Sign.ADDRESSES_DIFFER})
WEIGHED = frozenset({Sign.NAME, Sign.COMPANY, Sign.TITLE, Sign.PHONE})
NAMED_ALIKE = frozenset({Likeness.SAME, Likeness.INITIAL, Likeness.CLOSE})


def _nearest(one: Judgement) -> tuple[bool, float, str]:
    return (not one.by_identifier, -one.score, one.held.id)


def _verdict(signs: Collection[Sign], likeness: Likeness, score: float, weights: Weights) -> Verdict:
    if Sign.MEMBER in signs:
        return Verdict.LINK
    shared = [sign for sign in (Sign.ADDRESS, Sign.EMAIL) if sign in signs]
    if shared and not CONFLICTS & set(signs):
        return Verdict.LINK if _agrees(shared, likeness) else Verdict.REVIEW
    if shared or (Sign.PHONE in signs and likeness in NAMED_ALIKE):
        return Verdict.REVIEW
    if Sign.MEMBERS_DIFFER in signs or Sign.ADDRESSES_DIFFER in signs:
        return Verdict.NEW
    return Verdict.REVIEW if score >= weights.review_from else Verdict.NEW


def _agrees(shared: Sequence[Sign], likeness: Likeness) -> bool:
    """An address alone may be another's by now, an e-mail address a family's: names must agree. Both together outweigh
    a new family name."""
    if likeness == Likeness.SAME:
        return True
    if Sign.ADDRESS in shared:
        return likeness in names.COMPATIBLE or (likeness == Likeness.RENAMED and Sign.EMAIL in shared)
    return False


def _identifiers(seen: Facts, held: Facts) -> Iterable[Component]:
    members = (seen.values(MEMBER), held.values(MEMBER))
    if all(members):
        same = members[0] & members[1]
        yield Component(Sign.MEMBER if same else Sign.MEMBERS_DIFFER, 20.0 if same else -10.0)
    addresses = (seen.values(LINKEDIN), held.values(LINKEDIN))
    if shared := addresses[0] & addresses[1]:
        yield Component(Sign.ADDRESS, 12.0, _shown(seen, shared), _shown(held, shared))
    elif differing := _one_product(*addresses):
        yield Component(Sign.ADDRESSES_DIFFER, -10.0, _shown(seen, differing[0]), _shown(held, differing[1]))
    if emails := seen.values(EMAIL) & held.values(EMAIL):
        yield Component(Sign.EMAIL, 10.0, min(emails), min(emails))


def _one_product(mine: Iterable[str], theirs: Iterable[str]) -> tuple[set[str], set[str]] | None:
    """Public addresses of both, where both have one; tokens of one product say nothing about another's."""
    slugs = [{value for value in side if value.startswith("slug:")} for side in (mine, theirs)]
    return (slugs[0], slugs[1]) if all(slugs) else None


def _circumstances(
    seen: Facts, held: Facts, likeness: Likeness, namesakes: int, weights: Weights
) -> Iterable[Component]:
    yield Component(
        Sign.NAME, _name_weight(likeness, namesakes, weights), seen.name, held.name, likeness=likeness.value
    )
    if seen.company and held.company:
        same = plain_company(seen.company) == plain_company(held.company)
        weight = weights.company if same else weights.company_differs
        yield Component(Sign.COMPANY, weight, seen.company, held.company)
    if seen.title and held.title:
        same = names.name_key(seen.title, "") == names.name_key(held.title, "")
        yield Component(Sign.TITLE, weights.title if same else weights.title_differs, seen.title, held.title)
    if shared := seen.phones & held.phones:
        yield Component(Sign.PHONE, weights.phone, min(shared), min(shared))


def _name_weight(likeness: Likeness, namesakes: int, weights: Weights) -> float:
    """Bits: with four of one name in the ATS, each is one chance in four."""
    if likeness == Likeness.SAME:
        return 0.0 - log2(max(namesakes, 1))
    if likeness in (Likeness.CLOSE, Likeness.INITIAL):
        return weights.close_name - log2(max(namesakes, 1))
    return -20.0


def _shown(facts: Facts, values: Collection[str]) -> str:
    return min((key.seen_as or key.value for key in facts.keys if key.value in values), default="")


def _probability(bits: float) -> float:
    return float(2.0**bits / (1 + 2.0**bits))


@lru_cache(maxsize=65_536)
def _read(first_name: str, last_name: str) -> names.Name:
    return names.read_name(first_name, last_name)


def _name(facts: Facts) -> names.Name:
    return _read(facts.first_name, facts.last_name)


_LEGAL = re.compile(r"\b(gmbh|ltd|limited|inc|llc|ag|sa|plc|corp|co|kg|bv|oy|ab|srl|spa)\b")


@lru_cache(maxsize=65_536)
def plain_company(text: str) -> str:
    """A company's name without its legal form, dots and case."""
    plain = re.sub(r"[^\w ]", "", text.casefold())
    return " ".join(_LEGAL.sub(" ", plain).split())
