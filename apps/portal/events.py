"""Sync log: every event, filtered by the address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse

from apps.accounts.access import PortalRequest, requires
from apps.accounts.rights import Right
from apps.core import clock
from apps.ledger.selectors import COUNTED_TO, Wanted, count_states
from apps.ledger.states import State
from apps.portal import rows, shell, words
from apps.portal.words import Badge
from apps.reports import sync_log

KIND_CHOICES: Mapping[str, str] = {
    "row.": "LinkedIn profiles",
    "hook.": "ATS changes",
    "write.arrive": "Into the ATS",
    "write.fill": "Empty fields in the ATS",
    "write.move": "Stage moves in the ATS",
    "write.stage": "Stage moves in LinkedIn",
    "notify.": "Messages",
}


@dataclass(frozen=True, slots=True)
class Choice:
    value: str
    label: str
    chosen: bool
    badge: Badge | None = None
    count: str = ""


@dataclass(frozen=True, slots=True)
class Chip:
    name: str
    value: str
    without: str


@dataclass(frozen=True, slots=True)
class Filters:
    """What the address asks for."""

    states: tuple[str, ...]
    kinds: tuple[str, ...]
    person: str
    before: int | None
    after: int | None

    @property
    def any(self) -> bool:
        return bool(self.states or self.kinds or self.person)

    def query(self, **changes: Any) -> str:
        """Give the address of these filters with changes; cursors are left behind."""
        values = {"state": self.states, "kind": self.kinds, "q": self.person, **changes}
        return "?" + urlencode({name: value for name, value in values.items() if value}, doseq=True)


@requires(Right.VIEW)
def event_list(request: PortalRequest) -> HttpResponse:
    """Show the log, filtered by the address; HTMX asks for its rows alone."""
    now, filters = clock.now(), _read(request)
    wanted = Wanted(states=filters.states, kinds=filters.kinds, before=filters.before, after=filters.after)
    found = sync_log.list_log(scope=request.scope, wanted=wanted, person=filters.person)
    context = {
        "lines": [rows.line_of(row, now=now) for row in found.rows],
        "filtered": filters.any,
        "live": filters.before is None and filters.after is None,
        "here": filters.query(),
        "older": filters.query(before=found.older) if found.older else "",
        "newer": filters.query(after=found.newer) if found.newer else "",
    }
    if request.htmx:
        return shell.page(request, "portal/events.html#log", context)
    return shell.page(request, "portal/events.html", context | _controls(request, filters))


def _read(request: PortalRequest) -> Filters:
    query = request.GET
    return Filters(
        states=tuple(one for one in query.getlist("state") if one in State.values),
        kinds=tuple(one for one in query.getlist("kind") if one in KIND_CHOICES),
        person=shell.search_text(request),
        before=_number(query.get("before", "")),
        after=_number(query.get("after", "")),
    )


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None


def _controls(request: PortalRequest, filters: Filters) -> dict[str, Any]:
    counts = count_states(scope=request.scope)
    states = [
        Choice(
            value,
            badge.word,
            value in filters.states,
            badge,
            words.number(counts[value], capped_at=COUNTED_TO) if value in counts else "",
        )
        for value, badge in words.STATES.items()
    ]
    kinds = [Choice(value, label, value in filters.kinds) for value, label in KIND_CHOICES.items()]
    return {"states": states, "kinds": kinds, "person": filters.person, "chips": _chips(filters)}


def _chips(filters: Filters) -> list[Chip]:
    chips = []
    if filters.states:
        said = ", ".join(words.STATES[one].word for one in filters.states)
        chips.append(Chip("State", said, filters.query(state=())))
    if filters.kinds:
        said = ", ".join(KIND_CHOICES[one] for one in filters.kinds)
        chips.append(Chip("Kind", said, filters.query(kind=())))
    if filters.person:
        chips.append(Chip("Person", filters.person, filters.query(q="")))
    return chips
