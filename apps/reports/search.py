"""Search across everything that a reader may see: people, events by number, Projects, jobs, LinkedIn addresses."""

from __future__ import annotations

from dataclasses import dataclass

from apps.accounts.scope import Scope
from apps.candidates import linkedin_urls
from apps.candidates import selectors as candidates
from apps.candidates.selectors import CandidateRow
from apps.ledger import selectors as ledger
from apps.ledger.selectors import Wanted
from apps.mappings import selectors as mappings
from apps.mappings.selectors import NamedThing
from apps.reports import sync_log
from apps.reports.sync_log import LogRow

SHOWN = 8
"""Of each kind; the lists themselves show the rest."""

SHORTEST = 2
"""A single letter names nobody."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a text names. `address` is the LinkedIn address that was read in it, if any."""

    people: tuple[CandidateRow, ...] = ()
    more_people: bool = False
    event: LogRow | None = None
    things: tuple[NamedThing, ...] = ()
    address: str = ""

    @property
    def anything(self) -> bool:
        return bool(self.people or self.event or self.things)


def search(*, scope: Scope, text: str) -> Found:
    """What the reader may see of what a text names; nothing of a text too short to name anything."""
    if len(text) < SHORTEST and not text.isdecimal():
        return Found()
    people = candidates.list_candidates(scope=scope, text=text, limit=SHOWN)
    key = linkedin_urls.canonicalise(text)
    is_address = isinstance(key, linkedin_urls.LinkedInKey)
    return Found(
        people=people.rows,
        more_people=bool(people.older),
        event=_event(scope, text),
        things=() if is_address else mappings.find_projects_and_jobs(scope=scope, text=text, limit=SHOWN),
        address=text if is_address else "",
    )


def _event(scope: Scope, text: str) -> LogRow | None:
    number = text.removeprefix("#")
    if not (number.isascii() and number.isdecimal() and len(number) < 19):
        return None
    page = ledger.list_events(scope=scope, wanted=Wanted(event_id=int(number)), limit=1)
    return next(iter(sync_log.name_rows(scope=scope, events=page.rows)), None)
