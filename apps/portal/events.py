"""Sync log: every event, filtered by the address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpResponse
from django.utils import timezone

from apps.accounts.access import PortalRequest, requires
from apps.accounts.rights import Right
from apps.core import clock
from apps.ledger.selectors import COUNTED_TO, Wanted, count_states
from apps.ledger.states import State
from apps.mappings.selectors import number_of_version
from apps.portal import rows, shell, words
from apps.portal.words import Badge
from apps.reports import sync_log
from apps.reports.choices import Choices, list_choices

KIND_CHOICES: Mapping[str, str] = {
    "row.": "LinkedIn profiles",
    "poll.": "Readings of listings",
    "look.": "Readings of one person",
    "hook.": "ATS changes",
    "write.arrive": "Into the ATS",
    "write.fill": "Empty fields in the ATS",
    "write.move": "Stage moves in the ATS",
    "write.stage": "Stage moves in LinkedIn",
    "write.note": "Notes in the ATS",
    "write.merge": "Merges in the ATS",
    "write.share": "Told to LinkedIn by export mode",
    "message.": "InMails",
    "notify.": "Messages",
}


TIMES: Mapping[str, tuple[str, timedelta]] = {
    "hour": ("Within the hour", timedelta(hours=1)),
    "today": ("Today", timedelta(days=1)),
    "week": ("Within 7 days", timedelta(days=7)),
}
"""Stretches of time by the word that the address uses."""


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
    """What the address asks for. `since` and `until` are as written there: a word of TIMES, or a date. A version of
    a stage map is looked for within one mapping."""

    states: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    system: UUID | None = None
    mapping: UUID | None = None
    version: int | None = None
    since: str = ""
    until: str = ""
    person: str = ""
    live: bool = True
    before: int | None = None
    after: int | None = None

    @property
    def any(self) -> bool:
        return bool(self.states or self.kinds or self.person or self.system or self.mapping or self.since or self.until)

    def query(self, **changes: Any) -> str:
        """Give the address of these filters with changes; cursors are left behind."""
        values = {
            "state": self.states,
            "kind": self.kinds,
            "system": self.system,
            "mapping": self.mapping,
            "version": self.version,
            "since": self.since,
            "until": self.until,
            "q": self.person,
            "live": "" if self.live else "off",
            **changes,
        }
        return "?" + urlencode({name: value for name, value in values.items() if value}, doseq=True)


@requires(Right.VIEW)
def event_list(request: PortalRequest) -> HttpResponse:
    """Show the log, filtered by the address; HTMX asks for its rows alone."""
    now, filters = clock.now(), _read(request)
    found = sync_log.list_log(
        scope=request.scope, wanted=_wanted(filters, now), person=filters.person, mapping_id=filters.mapping
    )
    newest = filters.before is None and filters.after is None
    context = {
        "lines": [rows.line_of(row, now=now) for row in found.rows],
        "filtered": filters.any,
        "newest": newest,
        "live": newest and filters.live,
        "here": filters.query(),
        "pause": filters.query(live="off"),
        "go_on": filters.query(live=""),
        "older": filters.query(before=found.older) if found.older else "",
        "newer": filters.query(after=found.newer) if found.newer else "",
    }
    if request.htmx:
        return shell.page(request, "portal/events.html#log", context)
    return shell.page(request, "portal/events.html", context | _controls(request, filters))


def _wanted(filters: Filters, now: datetime) -> Wanted:
    return Wanted(
        states=filters.states,
        kinds=filters.kinds,
        connection=filters.system,
        planned=(("map_version", filters.version),) if filters.version else (),
        since=_since(filters.since, now),
        until=_day(filters.until, timedelta(days=1)),
        before=filters.before,
        after=filters.after,
    )


def _since(text: str, now: datetime) -> datetime | None:
    if text == "today":
        return timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    return now - TIMES[text][1] if text in TIMES else _day(text)


def _day(text: str, later: timedelta = timedelta(0)) -> datetime | None:
    """The start of a date in the reader's zone, or the start of the one after it."""
    try:
        found = datetime.strptime(text, "%Y-%m-%d")
    except ValueError:
        return None
    return timezone.make_aware(found) + later


def _read(request: PortalRequest) -> Filters:
    query = request.GET
    mapping = _uuid(query.get("mapping", ""))
    return Filters(
        states=tuple(one for one in query.getlist("state") if one in State.values),
        kinds=tuple(one for one in query.getlist("kind") if one in KIND_CHOICES),
        system=_uuid(query.get("system", "")),
        mapping=mapping,
        version=_number(query.get("version", "")) if mapping else None,
        since=_time(query.get("from", "") or query.get("since", "")),
        until=_time(query.get("until", "")),
        person=shell.search_text(request),
        live=query.get("live", "") != "off",
        before=_number(query.get("before", "")),
        after=_number(query.get("after", "")),
    )


def _time(text: str) -> str:
    return text if text in TIMES or _day(text) else ""


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None


def _controls(request: PortalRequest, filters: Filters) -> dict[str, Any]:
    counts = count_states(scope=request.scope)
    choices = list_choices(scope=request.scope)
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
    return {
        "states": states,
        "kinds": [Choice(value, label, value in filters.kinds) for value, label in KIND_CHOICES.items()],
        "systems": [Choice(str(pk), name, pk == filters.system) for pk, name in choices.systems],
        "mappings": [Choice(str(pk), name, pk == filters.mapping) for pk, name in choices.mappings],
        "times": [Choice(value, label, value == filters.since) for value, (label, _) in TIMES.items()],
        "since": "" if filters.since in TIMES else filters.since,
        "until": filters.until,
        "person": filters.person,
        "paused": not filters.live,
        "chips": _chips(filters, choices),
    }


def _chips(filters: Filters, choices: Choices) -> list[Chip]:
    chips = []
    if filters.states:
        said = ", ".join(words.STATES[one].word for one in filters.states)
        chips.append(Chip("State", said, filters.query(state=())))
    if filters.kinds:
        said = ", ".join(KIND_CHOICES[one] for one in filters.kinds)
        chips.append(Chip("Kind", said, filters.query(kind=())))
    if filters.system:
        chips.append(Chip("System", dict(choices.systems).get(filters.system, "unknown"), filters.query(system="")))
    if filters.mapping:
        said = dict(choices.mappings).get(filters.mapping, "unknown")
        chips.append(Chip("Mapping", said, filters.query(mapping="", version="")))
    if filters.version:
        number = number_of_version(filters.version)
        chips.append(Chip("Stage map", f"version {number or 'unknown'}", filters.query(version="")))
    if filters.since or filters.until:
        chips.append(Chip("Received", _stretch(filters), filters.query(since="", until="")))
    if filters.person:
        chips.append(Chip("Person", filters.person, filters.query(q="")))
    return chips


def _stretch(filters: Filters) -> str:
    if filters.since in TIMES:
        return TIMES[filters.since][0].lower()
    parts = [f"from {filters.since}" if filters.since else "", f"to {filters.until}" if filters.until else ""]
    return " ".join(part for part in parts if part)
