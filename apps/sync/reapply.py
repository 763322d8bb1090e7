"""What a version of a stage map means for those who are there already: pure (rule 14).

The ATS's stage is shown in LinkedIn, as for an application that was found there (rule 15); LinkedIn's stage leads
where the mapping's policy says that LinkedIn wins, within what its rows allow (rules 10, 11).
"""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum

from apps.mappings.rules import StageTable
from apps.sync import plan
from apps.sync.plan import Decided, Pair, Verdict


class Fate(StrEnum):
    """What becomes of one pair: it stays, is written on one side, has no row, may not travel, or is under way."""

    STAYS = "stays"
    LINKEDIN = "linkedin"
    ATS = "ats"
    NO_ROW = "no_row"
    REFUSED = "refused"
    ASKS = "asks"
    MOVING = "moving"


def stands_still(pair: Pair) -> bool:
    """Whether both sides are where they were agreed to be, with nothing on its way."""
    linkedin, ats = pair.linkedin, pair.ats
    settled = (linkedin.observed, ats.observed) == (pair.agreed_linkedin, pair.agreed_ats)
    return pair.met and settled and not (linkedin.wants_unsent or linkedin.wants_sent or ats.wants_unsent or ats.ends)


def reapply(pair: Pair, table: StageTable, *, linkedin_leads: bool) -> Decided:
    """The decision about a pair that stands still, once `table` is to hold for it. Nobody moved, so it is no
    transition."""
    if table.allows(pair.linkedin.observed, pair.ats.observed):
        agreed = (pair.linkedin.observed, pair.ats.observed)
        return Decided(Verdict.AGREED, "The two stages fit.", agreed=agreed)
    if linkedin_leads:
        decided = plan.see_linkedin(_unsettled(pair), pair.linkedin.observed, None, table, plan.Policy("linkedin"))
    else:
        decided = plan.meet(pair, table, ours=False)
    return replace(decided, transition=False)


def _unsettled(pair: Pair) -> Pair:
    """The pair as if LinkedIn's stage had just come: what was agreed before says nothing under another map."""
    return replace(pair, agreed_linkedin="\0", linkedin=replace(pair.linkedin, sent=()))


def fate_of(decided: Decided) -> tuple[Fate, str]:
    """A decision as people are told of it, with the value that it brings there."""
    if decided.write_ats:
        return Fate.ATS, decided.write_ats
    if decided.write_linkedin:
        return Fate.LINKEDIN, decided.write_linkedin
    match decided.verdict:
        case Verdict.UNMAPPED:
            return Fate.NO_ROW, ""
        case Verdict.REFUSED:
            return Fate.REFUSED, ""
        case Verdict.CONFLICT:
            return Fate.ASKS, ""
    return Fate.STAYS, ""
