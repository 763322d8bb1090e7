"""The planner for stages: pure. What was seen on one side, against what was agreed, desired and sent.

Tests cite RULES.md by number: echo (8), agreement (9), coarse maps (10), terminal moves (11),
newest (13).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from apps.mappings.rules import TERMINAL, StageTable

TOO_CLOSE = timedelta(minutes=2)
"""Two changes nearer than this (plus the systems' resolution) have no reliable order (rule 13)."""


class Verdict(StrEnum):
    ECHO = "echo"
    ALREADY_TRUE = "already_true"
    AGREED = "agreed"
    WRITE = "write"
    CONFLICT = "conflict"
    UNMAPPED = "unmapped"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a pair: what was observed, what we want there, what we sent since the agreement."""

    observed: str = ""
    changed_at: datetime | None = None
    desired: str = ""
    sent: tuple[str, ...] = ()

    @property
    def wants(self) -> bool:
        return bool(self.desired) and self.desired != self.observed

    @property
    def wants_unsent(self) -> bool:
        return self.wants and self.desired not in self.sent

    @property
    def wants_sent(self) -> bool:
        """A write was tried and is not known to have been made."""
        return self.is_under_way and self.desired != self.observed

    @property
    def is_under_way(self) -> bool:
        """A write was tried, and neither side is agreed on what it came to, though it may show already."""
        return self.desired in self.sent

    @property
    def ends(self) -> bool:
        """A rejection or hire is to be written: what comes later comes after it, not instead (rule 12)."""
        return self.desired in TERMINAL and self.desired != self.observed


@dataclass(frozen=True, slots=True)
class Pair:
    """A profile and its application. Agreed values are empty until the two first met. `asked`: what a person is
    asked about them and has not answered, and under which map version."""

    linkedin: Side
    ats: Side
    agreed_linkedin: str = ""
    agreed_ats: str = ""
    asked: str = ""
    asked_map: int = 0

    @property
    def met(self) -> bool:
        return bool(self.agreed_ats)

    @property
    def is_decided(self) -> bool:
        """What the two sides show was answered: a write waits for one of them."""
        return self.linkedin.wants or self.ats.wants


@dataclass(frozen=True, slots=True)
class Policy:
    """What decides when both sides changed: newest, ats, linkedin or ask; the ATS's time resolution, and how far
    the systems' clocks are ahead of ours (rule 13)."""

    name: str = "ask"
    resolution: timedelta | None = timedelta(0)
    linkedin_ahead: timedelta = timedelta(0)
    ats_ahead: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Decided:
    """A verdict on one pair. `transition`: a person moved someone. `agreed`: the pair is settled as
    (linkedin, ats). `write_linkedin` / `write_ats`: the value to bring there. `drop_*`: pending
    writes that the news made pointless."""

    verdict: Verdict
    why: str
    transition: bool = False
    agreed: tuple[str, str] | None = None
    write_linkedin: str = ""
    write_ats: str = ""
    drop_linkedin: bool = False
    drop_ats: bool = False


def see_linkedin(pair: Pair, value: str, changed_at: datetime | None, table: StageTable, policy: Policy) -> Decided:
    """A profile shows `value`."""
    decided = _still_asked(pair, pair.linkedin, value, table, _see_linkedin(pair, value, changed_at, table, policy))
    if decided.verdict in NOWHERE and value != pair.linkedin.observed and not pair.ats.ends:
        decided = replace(decided, drop_ats=decided.drop_ats or pair.ats.wants_unsent)
    if pair.met and pair.ats.wants_sent and decided.agreed and decided.agreed[1] == pair.ats.observed:
        return replace(decided, verdict=Verdict.WRITE, why=MOVED_BACK, agreed=None, write_ats=pair.ats.observed)
    return decided


ON_ITS_WAY = "This is where they were seen, and what it asks for is on its way."
"""A reading that tells nothing new neither drops nor repeats what was decided."""

NOWHERE = (Verdict.UNMAPPED, Verdict.REFUSED)
"""Where they are now has nothing to show on the other side, so nor has what waits of where they were before."""

MOVED_BACK = "They were moved on before the write that a move before had asked for was known to be made."
"""Why a side is written as it stood last: an agreement would forget a write of ours that may still show (rule 8)."""


def _see_linkedin(pair: Pair, value: str, changed_at: datetime | None, table: StageTable, policy: Policy) -> Decided:
    if not pair.met:
        return meet(
            replace(pair, linkedin=replace(pair.linkedin, observed=value, changed_at=changed_at)), table, ours=False
        )
    if value == pair.linkedin.observed and pair.is_decided:
        return Decided(Verdict.ECHO, ON_ITS_WAY)
    if value == pair.agreed_linkedin and pair.linkedin.observed != value and pair.ats.is_under_way:
        why = "They were moved back in LinkedIn before the move that followed them was known to be made."
        return Decided(Verdict.WRITE, why, transition=True, write_ats=pair.agreed_ats)
    if pair.ats.ends and value not in pair.linkedin.sent:
        if table.shown_as(pair.ats.desired) == value:
            return Decided(Verdict.ECHO, f"What {value} means for the ATS waits to be written.")
        if value != pair.linkedin.observed:
            return _after_the_end(pair, value, table)
    if value in pair.linkedin.sent or _is_agreed(value, pair.linkedin, pair.agreed_linkedin, pair.ats, pair.agreed_ats):
        unsent = pair.ats.wants_unsent and not pair.ats.ends
        return Decided(Verdict.ECHO, "This is the stage both sides agreed on.", drop_ats=unsent)
    if value == pair.linkedin.desired:
        return Decided(
            Verdict.ALREADY_TRUE,
            "Someone in LinkedIn had made the move that was about to be written.",
            transition=True,
            agreed=(value, pair.ats.observed),
            drop_linkedin=True,
        )
    if table.shown_as(pair.ats.observed) == value:
        return Decided(
            Verdict.AGREED,
            f"The ATS stage already shows as {value}.",
            transition=True,
            agreed=(value, pair.ats.observed),
        )
    if pair.ats.observed != pair.agreed_ats or pair.linkedin.wants_unsent:
        return _conflict(pair, value, changed_at, "linkedin", table, policy)
    return _to_ats(pair, value, table)


def _still_asked(pair: Pair, side: Side, value: str, table: StageTable, decided: Decided) -> Decided:
    """A question about the two sides, asked under this map, is answered by nobody who reads once more what the side
    showed then."""
    answers = bool(decided.write_linkedin or decided.write_ats)
    if not (answers and pair.asked and pair.asked_map == table.version and value == side.observed):
        return decided
    return Decided(Verdict.CONFLICT, pair.asked)


def _is_agreed(value: str, side: Side, agreed: str, other: Side, other_agreed: str) -> bool:
    """Whether `value` tells nothing new: what was agreed, unless somebody brought them back to it here while they
    stand elsewhere on the other side, of which the agreement says nothing."""
    return value == agreed and (side.observed == value or other.observed == other_agreed)


def _after_the_end(pair: Pair, value: str, table: StageTable) -> Decided:
    """They were moved on in LinkedIn while a rejection or hire waited: it is made, and this is a reopening."""
    decided = _to_ats(replace(pair, ats=replace(pair.ats, observed=pair.ats.desired)), value, table)
    if decided.agreed is not None:
        return Decided(Verdict.ECHO, f"What waits to be written is what {value} means, too.", transition=True)
    back = value == pair.agreed_linkedin and bool(decided.write_ats)
    return replace(decided, write_ats=pair.agreed_ats) if back else decided


def ask_before_ending(decided: Decided, *, profiles: int) -> Decided:
    """A reject or hire from one of several Projects speaks for all of them, so a person is asked (rule 15)."""
    if profiles < 2 or decided.write_ats not in TERMINAL:
        return decided
    why = f"One of {profiles} Projects would make them {decided.write_ats[1:]} in the ATS; decide there."
    return replace(decided, verdict=Verdict.CONFLICT, why=why, write_ats="")


def see_ats(pair: Pair, value: str, changed_at: datetime | None, table: StageTable, policy: Policy) -> Decided:
    """The application shows `value` (a stage id, REJECTED or HIRED)."""
    decided = _still_asked(pair, pair.ats, value, table, _see_ats(pair, value, changed_at, table, policy))
    if decided.verdict in NOWHERE and value != pair.ats.observed:
        decided = replace(decided, drop_linkedin=decided.drop_linkedin or pair.linkedin.wants_unsent)
    if pair.met and pair.linkedin.wants_sent and decided.agreed and decided.agreed[0] == pair.linkedin.observed:
        here = pair.linkedin.observed
        return replace(decided, verdict=Verdict.WRITE, why=MOVED_BACK, agreed=None, write_linkedin=here)
    return decided


def _see_ats(pair: Pair, value: str, changed_at: datetime | None, table: StageTable, policy: Policy) -> Decided:
    if not pair.met:
        return meet(replace(pair, ats=replace(pair.ats, observed=value, changed_at=changed_at)), table, ours=False)
    if value == pair.ats.observed and pair.is_decided:
        return Decided(Verdict.ECHO, ON_ITS_WAY)
    if value == pair.agreed_ats and pair.ats.observed != value and pair.linkedin.is_under_way:
        why = "They were moved back in the ATS before the move that followed them was known to be made."
        return Decided(Verdict.WRITE, why, transition=True, write_linkedin=pair.agreed_linkedin)
    if value in pair.ats.sent or _is_agreed(value, pair.ats, pair.agreed_ats, pair.linkedin, pair.agreed_linkedin):
        return Decided(
            Verdict.ECHO, "This is the stage both sides agreed on.", drop_linkedin=pair.linkedin.wants_unsent
        )
    if value == pair.ats.desired:
        return Decided(
            Verdict.ALREADY_TRUE,
            "Someone in the ATS had made the move that was about to be written.",
            transition=True,
            agreed=(pair.linkedin.observed, value),
            drop_ats=True,
        )
    if table.shown_as(value) == pair.linkedin.observed:
        return Decided(
            Verdict.AGREED,
            f"LinkedIn already shows {pair.linkedin.observed}.",
            transition=True,
            agreed=(pair.linkedin.observed, value),
            drop_linkedin=True,
            drop_ats=pair.ats.wants_unsent,
        )
    if pair.linkedin.observed != pair.agreed_linkedin or pair.ats.wants_unsent:
        return _conflict(pair, value, changed_at, "ats", table, policy)
    return _to_linkedin(value, table)


def meet(pair: Pair, table: StageTable, *, ours: bool) -> Decided:
    """The first time that an application stands beside a profile. `ours`: SyncPortal made the
    application, so it goes to the stage that the profile maps to, unless somebody moved it on since it
    was made; else the application's stage is shown (rule 15)."""
    moved_on = bool(pair.ats.sent) and pair.ats.observed not in pair.ats.sent
    if ours and pair.ats.observed not in TERMINAL and not moved_on:
        return _meet_ours(pair, table)
    if table.allows(pair.linkedin.observed, pair.ats.observed):
        return Decided(Verdict.AGREED, "The two stages fit.", agreed=(pair.linkedin.observed, pair.ats.observed))
    return replace(_to_linkedin(pair.ats.observed, table), transition=ours and moved_on)


def _meet_ours(pair: Pair, table: StageTable) -> Decided:
    row = table.target_of(pair.linkedin.observed)
    fits = Decided(Verdict.AGREED, "The two stages fit.", agreed=(pair.linkedin.observed, pair.ats.observed))
    if row is None:
        known = table.knows_linkedin(pair.linkedin.observed)
        return fits if known else Decided(Verdict.UNMAPPED, _unmapped("LinkedIn", pair.linkedin.observed))
    if row.ats == pair.ats.observed or table.shown_as(pair.ats.observed) == pair.linkedin.observed:
        return fits
    if row.ats in TERMINAL and not row.terminal:
        return Decided(Verdict.REFUSED, _terminal_is_off(pair.linkedin.observed))
    return Decided(Verdict.WRITE, f"{pair.linkedin.observed} maps to this ATS stage.", write_ats=row.ats)


def _to_ats(pair: Pair, value: str, table: StageTable) -> Decided:
    row = table.target_of(value)
    if row is None:
        if table.knows_linkedin(value):
            why = f"{value} is a one-way row: LinkedIn does not move the ATS by it."
            return Decided(Verdict.REFUSED, why, transition=True)
        return Decided(Verdict.UNMAPPED, _unmapped("LinkedIn", value))
    if row.ats == pair.ats.observed:
        why = "The ATS is there already."
        return Decided(Verdict.AGREED, why, transition=True, agreed=(value, row.ats), drop_ats=True)
    if (row.ats in TERMINAL or pair.ats.observed in TERMINAL) and not row.terminal:
        return Decided(Verdict.REFUSED, _terminal_is_off(value), transition=True)
    if table.is_backward(from_ats=pair.ats.observed, to_ats=row.ats) and not row.backward:
        why = f"{value} would move the ATS back, which this row does not allow."
        return Decided(Verdict.REFUSED, why, transition=True)
    return Decided(Verdict.WRITE, f"{value} maps to this ATS stage.", transition=True, write_ats=row.ats)


def _to_linkedin(value: str, table: StageTable) -> Decided:
    shown = table.shown_as(value)
    if shown is not None:
        return Decided(Verdict.WRITE, f"The ATS stage shows as {shown}.", transition=True, write_linkedin=shown)
    if table.knows_ats(value):
        why = "A one-way row: this ATS stage does not show in LinkedIn."
        return Decided(Verdict.REFUSED, why, transition=True)
    return Decided(Verdict.UNMAPPED, _unmapped("ATS", table.name_of(value)))


def _conflict(
    pair: Pair, value: str, changed_at: datetime | None, side: str, table: StageTable, policy: Policy
) -> Decided:
    """What the policy says; a write that waits for the side just moved was planned before that move, so
    it goes: it would undo what a person did there. A side that stands where the map has no row is no side
    to choose."""
    linkedin, ats = (value, pair.ats.observed) if side == "linkedin" else (pair.linkedin.observed, value)
    if not table.knows_linkedin(linkedin):
        decided = Decided(Verdict.UNMAPPED, _unmapped("LinkedIn", linkedin), transition=True)
    elif not table.knows_ats(ats):
        decided = Decided(Verdict.UNMAPPED, _unmapped("ATS", table.name_of(ats)), transition=True)
    else:
        decided = _by_policy(pair, value, changed_at, side, table, policy)
    if side == "linkedin":
        return replace(decided, drop_linkedin=bool(pair.linkedin.desired))
    return replace(decided, drop_ats=bool(pair.ats.desired))


def _by_policy(
    pair: Pair, value: str, changed_at: datetime | None, side: str, table: StageTable, policy: Policy
) -> Decided:
    winner = policy.name
    if winner == "newest":
        other = pair.ats.changed_at if side == "linkedin" else pair.linkedin.changed_at
        winner = _newest(_ours(changed_at, side, policy), _ours(other, _other(side), policy), side, policy.resolution)
    if winner == "ask":
        return Decided(Verdict.CONFLICT, "Both sides changed; choose which one counts.", transition=True)
    if winner == side:
        return _to_linkedin(value, table) if side == "ats" else _to_ats(pair, value, table)
    if side == "ats":
        return _to_ats(replace(pair, ats=replace(pair.ats, observed=value)), pair.linkedin.observed, table)
    return _to_linkedin(pair.ats.observed, table)


def _other(side: str) -> str:
    return "ats" if side == "linkedin" else "linkedin"


def _ours(changed_at: datetime | None, side: str, policy: Policy) -> datetime | None:
    """A system's time by our clock."""
    ahead = policy.linkedin_ahead if side == "linkedin" else policy.ats_ahead
    return changed_at - ahead if changed_at is not None else None


def choose(pair: Pair, side: str, table: StageTable) -> Decided:
    """A person says whose stage counts. Their word is enough to reject or hire, and to go back (rule 11)."""
    if side == "ats":
        return _to_linkedin(pair.ats.observed, table)
    row = table.target_of(pair.linkedin.observed)
    if row is None:
        return Decided(Verdict.UNMAPPED, _unmapped("LinkedIn", pair.linkedin.observed))
    if row.ats == pair.ats.observed:
        return Decided(Verdict.AGREED, "The ATS is there already.", agreed=(pair.linkedin.observed, row.ats))
    return Decided(Verdict.WRITE, f"{pair.linkedin.observed} maps to this ATS stage.", write_ats=row.ats)


FLIPS = 2
FLIP_TIME = timedelta(minutes=10)
"""One value written to one side more often than this in this time is no recruiter who thinks again, but a
system that moves people back: a person is asked."""


def calm(decided: Decided, *, written: int) -> Decided:
    """Hold a write that was made `written` times already within FLIP_TIME."""
    if not (decided.write_ats or decided.write_linkedin) or written <= FLIPS:
        return decided
    why = (
        f"The same move was made {written} times within {FLIP_TIME // timedelta(minutes=1)} minutes and undone each "
        "time. Something in one of the systems moves them back; choose which side counts once it is found."
    )
    return replace(decided, verdict=Verdict.CONFLICT, why=why, write_ats="", write_linkedin="")


def _newest(mine: datetime | None, other: datetime | None, side: str, resolution: timedelta | None) -> str:
    if mine is None or other is None or resolution is None or abs(mine - other) <= TOO_CLOSE + resolution:
        return "ask"
    newer_is_mine = mine > other
    if side == "ats":
        return "ats" if newer_is_mine else "linkedin"
    return "linkedin" if newer_is_mine else "ats"


def _unmapped(system: str, stage: str) -> str:
    return f"No row of the stage map names the {system} stage {stage!r}. Add one, then this goes on."


def _terminal_is_off(value: str) -> str:
    return f"{value} in LinkedIn does not reject, hire or reopen in the ATS: that is off for this mapping."
