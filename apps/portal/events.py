"""Sync log and one event of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpResponse

from apps.accounts.access import PortalRequest, requires
from apps.accounts.rights import Right
from apps.core import clock
from apps.ledger.selectors import COUNTED_TO, Wanted, count_states, event_is_visible
from apps.ledger.states import State
from apps.portal import rows, shell, words
from apps.portal.words import Badge
from apps.reports import sync_log
from apps.reports.sync_log import LogDetail

KIND_CHOICES: Mapping[str, str] = {
    "row.": "LinkedIn profiles",
    "hook.": "ATS changes",
    "write.arrive": "Into the ATS",
    "write.fill": "Empty fields in the ATS",
    "write.move": "Stage moves in the ATS",
    "write.stage": "Stage moves in LinkedIn",
    "notify.": "Messages",
}

PLAN_WORDS: Mapping[str, str] = {"value": "Target stage"}
"""Names in a plan that say too little outside the code."""

MASKED_PARTS = ("email", "phone", "token", "secret", "password", "authorization", "signature", "attachment")
"""Parts of payload names whose values are masked: the log is for what happened, not for addresses."""

MASKED_NAMES = frozenset(
    {"first_name", "last_name", "name", "url", "public_url", "headline", "company", "photo", "body"}
)
"""Whole payload names whose values say who it is; the page names the person where its reader may know."""

MASKED = "masked"


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


@requires(Right.VIEW, visible=event_is_visible)
def event_detail(request: PortalRequest, event_id: int) -> HttpResponse:
    """Show one event: why it was decided, each try, what it caused."""
    found = sync_log.get_log_event(scope=request.scope, event_id=event_id)
    if found is None:
        raise Http404
    return shell.page(request, "portal/event.html", _event_context(found))


def mask(value: Any, name: str = "") -> Any:
    """Hide what names or opens a person: values whose key says so, at any depth."""
    named = name.lower()
    if value not in (None, "", [], {}) and (named in MASKED_NAMES or any(part in named for part in MASKED_PARTS)):
        return MASKED
    if isinstance(value, Mapping):
        return {key: mask(inner, str(key)) for key, inner in value.items()}
    if isinstance(value, list):
        return [mask(inner) for inner in value]
    return value


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


def _event_context(found: LogDetail) -> dict[str, Any]:
    now, detail = clock.now(), found.event
    event = detail.row
    line = rows.line_of(found.row, now=now)
    return {
        "line": line,
        "lead": event.detail or "Nothing was decided about it yet.",
        "steps": _steps(found, line),
        "reason": words.reason_words(event.reason) if event.reason else "",
        "cause_word": words.phrase(event.cause),
        "kind_key": event.kind,
        "plan": [
            (PLAN_WORDS.get(name) or words.phrase(str(name)).capitalize(), _flat(value))
            for name, value in mask(detail.plan).items()
            if value != event.detail
        ],
        "payload": json.dumps(mask(detail.payload), indent=2, ensure_ascii=False),
        "attempts": [
            {
                "number": len(detail.attempts) - place,
                "operation": words.phrase(one.operation).capitalize(),
                "badge": words.outcome_badge(one.outcome),
                "detail": one.detail,
                "at": words.log_time(one.at, now=now),
                "milliseconds": round(one.seconds * 1000),
            }
            for place, one in enumerate(detail.attempts)
        ],
        "effects": [
            {"key": one.key, "kind": words.phrase(one.kind).capitalize(), "badge": words.effect_badge(one.state)}
            for one in detail.effects
        ],
        "cause": rows.line_of(found.cause, now=now) if found.cause else None,
        "followed": [rows.line_of(one, now=now) for one in found.followed],
    }


def _steps(found: LogDetail, line: rows.EventLine) -> Sequence[dict[str, str]]:
    """Received, tried, settled: what has been is ok, what is not yet is quiet."""
    event, tried = found.event.row, found.event.attempts
    steps = [{"tone": "ok", "icon": "receive", "word": "Received", "said": line.at.text}]
    if tried:
        first = words.outcome_badge(tried[0].outcome)
        said = f"{words.plural(len(tried), 'try', 'tries')}, the last: {first.word.lower()}"
        steps.append({"tone": first.tone, "icon": "send", "word": "Performed", "said": said})
    said = line.state.small.capitalize()
    if event.settled_at is not None:
        said = f"{words.log_time(event.settled_at, now=clock.now()).text}, {line.lag} after arrival"
    steps.append({"tone": line.state.tone, "icon": line.state.icon, "word": line.state.word, "said": said})
    return steps


def _flat(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
