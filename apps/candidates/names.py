"""Names as people write them: one human's name in two systems, in whatever order, script or form. Pure.

Titles, degrees, middle initials and what stands in brackets say nothing. Accents, umlauts written out and other
scripts are compared by their Latin letters; a name token is never cut to make it fit.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from anyascii import anyascii
from nicknames import NickNamer
from rapidfuzz.distance import JaroWinkler


class Likeness(StrEnum):
    """How two full names stand to each other, nearest first."""

    SAME = "same"
    INITIAL = "initial"  # one side has the first letter of the given name alone
    UNSAID = "unsaid"  # one side has no name, or a letter alone
    RENAMED = "renamed"  # the given name is the same, the family name is another
    CLOSE = "close"  # every part nearly the same: a slip of the pen, or a relative
    RELATIVE = "relative"  # the family name alone
    OTHER = "other"


COMPATIBLE = frozenset({Likeness.SAME, Likeness.INITIAL, Likeness.UNSAID})

CLOSE_FROM = 0.92
"""Jaro-Winkler; below it Jan and Jon are two names (facts: duplicates, C.2)."""

TITLES = frozenset({"dr", "prof", "professor", "mr", "mrs", "ms", "miss", "dipl", "ing", "herr", "frau", "sir"})
DEGREES = frozenset({"phd", "mba", "msc", "bsc", "md", "cpa", "pmp", "llm", "esq", "cfa", "rn"})
GENERATIONS = {"jr": "2", "junior": "2", "ii": "2", "sr": "1", "senior": "1", "iii": "3", "iv": "4"}
UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa"})

_WRITTEN_OUT = re.compile("([aou])e")
_ASIDE = re.compile(r"\(.*?\)|\[.*?\]|\".*?\"|“.*?”|„.*?“|«.*?»")


@dataclass(frozen=True, slots=True)
class Name:
    """A name's parts, plain; each token with every way to spell it."""

    given: tuple[frozenset[str], ...]
    family: tuple[frozenset[str], ...]
    generation: str = ""
    initial: str = ""

    @property
    def tokens(self) -> tuple[frozenset[str], ...]:
        return self.given + self.family


def read_name(first: str, last: str) -> Name:
    """Take a name apart; a name in one field is taken as given names and one family name."""
    if not last.strip():
        first, _, last = first.strip().rpartition(" ")
    given, family = _tokens(first), _tokens(last)
    generation = next((GENERATIONS[one] for one in family + given if one in GENERATIONS), "")
    initial = given[0] if given and all(len(one) == 1 for one in given) else ""
    return Name(_spelled(given), _spelled(family), generation, initial)


def compare(one: Name, other: Name) -> Likeness:
    """How two names stand to each other."""
    if not one.tokens or not other.tokens:
        return Likeness.UNSAID
    if one.generation and other.generation and one.generation != other.generation:
        return Likeness.RELATIVE
    if one.initial or other.initial:
        return _by_initial(one, other)
    short, long = sorted((one.tokens, other.tokens), key=len)
    if len(short) > 1 and _covers(long, short):
        return Likeness.SAME
    if len(short) == 1 and len(long) == 1 and _covers(long, short):
        return Likeness.SAME
    if _share(one.given, other.given):
        return Likeness.CLOSE if _close(one.family, other.family) else Likeness.RENAMED
    if _share(one.family, other.family):
        return Likeness.CLOSE if _close(one.given, other.given) else Likeness.RELATIVE
    return Likeness.OTHER


def name_key(first: str, last: str) -> str:
    """A name's letters in no order: what two spellings of it have in common, for finding it again."""
    name = read_name(first, last)
    return " ".join(sorted(_WRITTEN_OUT.sub(r"\1", min(token, key=len)) for token in name.tokens))


def _tokens(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKC", _ASIDE.sub(" ", text)).casefold().replace("’", "").replace("'", "")
    kept = "".join(char if char.isalpha() or unicodedata.combining(char) else " " for char in plain.replace(".", ""))
    return [one for one in kept.split() if one not in TITLES and one not in DEGREES]


def _spelled(tokens: list[str]) -> tuple[frozenset[str], ...]:
    return tuple(spellings(one) for one in tokens if len(one) > 1 and one not in GENERATIONS)


@lru_cache(maxsize=65_536)
def spellings(token: str) -> frozenset[str]:
    """A token in Latin letters: accents dropped, and umlauts written out."""
    composed = unicodedata.normalize("NFC", token)
    forms = {anyascii(composed), anyascii(composed.translate(UMLAUTS))}
    return frozenset("".join(filter(str.isalpha, form)).casefold() for form in forms) or frozenset({token})


def _covers(long: tuple[frozenset[str], ...], short: tuple[frozenset[str], ...]) -> bool:
    """Whether each token of the short name has one of its own in the long one."""
    left = list(long)
    for token in short:
        fits = [one for one in left if one & token] or [one for one in left if _short_for(one, token)]
        if not fits:
            return False
        left.remove(fits[0])
    return True


def _share(one: tuple[frozenset[str], ...], other: tuple[frozenset[str], ...]) -> bool:
    return any(mine & theirs or _short_for(mine, theirs) for mine in one for theirs in other)


def _close(one: tuple[frozenset[str], ...], other: tuple[frozenset[str], ...]) -> bool:
    return any(
        JaroWinkler.similarity(mine, theirs) >= CLOSE_FROM for a in one for b in other for mine in a for theirs in b
    )


def _by_initial(one: Name, other: Name) -> Likeness:
    mine = one.initial or min(one.given[0])[:1] if one.initial or one.given else ""
    theirs = other.initial or min(other.given[0])[:1] if other.initial or other.given else ""
    if not _share(one.family, other.family):
        return Likeness.OTHER
    return Likeness.INITIAL if anyascii(mine)[:1] == anyascii(theirs)[:1] else Likeness.RELATIVE


def _short_for(one: frozenset[str], other: frozenset[str]) -> bool:
    return any(_is_nickname(mine, theirs) or _is_nickname(theirs, mine) for mine in one for theirs in other)


@lru_cache(maxsize=1)
def _namer() -> NickNamer:
    return NickNamer()


@lru_cache(maxsize=65_536)
def _is_nickname(short: str, formal: str) -> bool:
    return short in _nicknames(formal)


@lru_cache(maxsize=8_192)
def _nicknames(formal: str) -> frozenset[str]:
    return frozenset(_namer().nicknames_of(formal))
