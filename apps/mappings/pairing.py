"""Who in an ATS is the holder of a LinkedIn seat, purely: by e-mail address, then by name (RULES.md 31)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from anyascii import anyascii


class Sign(StrEnum):
    """What a proposal goes by."""

    EMAIL = "email"
    NAME = "name"


@dataclass(frozen=True, slots=True)
class Holder:
    """Whoever holds a seat. LinkedIn tells no address: it is known from a user that they were paired with."""

    seat: int
    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A user of the ATS whom a seat's holder may be."""

    user: str
    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Proposal:
    user: str
    sign: Sign


def propose(
    holders: Sequence[Holder], candidates: Sequence[Candidate], *, taken: frozenset[str]
) -> Mapping[int, Proposal]:
    """By seat, the one user of its holder's address; else the one of their name, if only one seat has that name.

    `taken` are users who are somebody's already. Two that fit are none: a person decides between them.
    """
    by_email = _users_by((one.email.casefold(), one.user) for one in candidates if one.email)
    by_name = _users_by((plain(one.name), one.user) for one in candidates)
    seats = Counter(plain(one.name) for one in holders)
    found: dict[int, Proposal] = {}
    for one in holders:
        addressed = by_email.get(one.email.casefold(), ())
        named = by_name.get(plain(one.name), ()) if seats[plain(one.name)] == 1 else ()
        if len(addressed) == 1:
            found[one.seat] = Proposal(addressed[0], Sign.EMAIL)
        elif len(named) == 1:
            found[one.seat] = Proposal(named[0], Sign.NAME)
    wanted = Counter(proposal.user for proposal in found.values())
    return {seat: one for seat, one in found.items() if one.user not in taken and wanted[one.user] == 1}


def plain(name: str) -> str:
    """A name without case, accents and doubled spaces."""
    return " ".join(anyascii(name).casefold().split())


def _users_by(pairs: Iterable[tuple[str, str]]) -> Mapping[str, Sequence[str]]:
    found: dict[str, list[str]] = {}
    for key, user in pairs:
        found.setdefault(key, []).append(user)
    return found
