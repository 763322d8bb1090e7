"""What a reconciliation finds, purely: what is known of somebody, against what a system shows of them now.

Nothing here changes anybody. Each difference becomes an ordinary event, which is read and planned again
under the person's lease; one that is not clear is shown to a person and becomes none.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Kind(StrEnum):
    LOST = "lost"  # it changed there, and no webhook and no reading told
    MERGED = "merged"  # two people became one there
    TAKEN_OFF = "taken_off"  # the application was deleted, the person was not
    DELETED = "deleted"  # the person was deleted
    LEFT = "left"  # LinkedIn shows the profile no more
    UNSURE = "unsure"  # gone, and somebody else there may be them


@dataclass(frozen=True, slots=True)
class Found:
    """One difference: `now` is what is shown (a stage, or who they are now; empty where nothing is)."""

    kind: Kind
    now: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """A side as last observed: whose it is (in the ATS), its stage, and what was sent there since the agreement."""

    value: str
    person: str = ""
    sent: Collection[str] = ()
    seen_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """The same side as the system shows it now. `at`: its time of change, where that decides which is newer."""

    value: str
    person: str = ""
    removed: bool = False
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Alike:
    """Who else in the ATS bears somebody's identifiers: one who is surely them, or several who may be."""

    surely: str = ""
    perhaps: str = ""


NOBODY = Alike()


def in_ats(known: Known, shown: Shown | None, *, person_is_there: bool, alike: Alike = NOBODY) -> Found | None:
    """Compare an application. `person_is_there` matters where it is gone or somebody else's."""
    if shown is None:
        return Found(Kind.TAKEN_OFF) if person_is_there else _where_they_went(alike)
    if shown.person != known.person and not person_is_there:
        return Found(Kind.MERGED, shown.person)
    return _stage(known, shown)


def _where_they_went(alike: Alike) -> Found:
    """A merge that ends one of two applications leaves neither it nor its person: the survivor bears their address."""
    if alike.surely:
        return Found(Kind.MERGED, alike.surely)
    return Found(Kind.UNSURE, alike.perhaps) if alike.perhaps else Found(Kind.DELETED)


def in_linkedin(known: Known, shown: Shown | None) -> Found | None:
    """Compare a profile that was in its Project."""
    if shown is None:
        return Found(Kind.LEFT)
    if known.seen_at is not None and shown.at is not None and shown.at < known.seen_at:
        return None
    return Found(Kind.LEFT) if shown.removed else _stage(known, shown)


def _stage(known: Known, shown: Shown) -> Found | None:
    """What is as observed, or as we sent it, is no news (rule 8)."""
    same = shown.value == known.value or shown.value in known.sent
    return None if same else Found(Kind.LOST, shown.value)


FEW = 5
"""Fewer differences than this halt nothing, whatever the share: a day's work in a small Project."""


def halts(*, changing: int, looked_at: int, share: float) -> bool:
    """Whether so many would change at once that a person looks first: somebody may have emptied the job by
    mistake, or our key may not see it any more."""
    return changing >= FEW and changing > share * looked_at
