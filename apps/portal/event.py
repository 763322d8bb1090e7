"""One event: what came, what was decided and why, each try with what was said, and what followed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from apps.accounts.access import PortalRequest, requires
from apps.accounts.rights import Right
from apps.core import clock
from apps.ledger.selectors import AttemptRow, event_is_visible
from apps.ledger.states import State
from apps.portal import rows, shell, words
from apps.reports import sync_log
from apps.reports.sync_log import LogDetail
from apps.sync import asking

PLAN_WORDS: Mapping[str, str] = {"value": "Target stage"}
"""Names in a plan that say too little outside the code."""

MASKED_PARTS = ("email", "phone", "token", "secret", "password", "authorization", "signature", "attachment")
"""Parts of payload names whose values are masked: the log is for what happened, not for addresses."""

MASKED_NAMES = frozenset(
    {"first_name", "last_name", "name", "url", "public_url", "headline", "company", "photo", "body"}
)
"""Whole payload names whose values say who it is; the page names the person where its reader may know."""

MASKED = "masked"


@requires(Right.VIEW, visible=event_is_visible)
def event_detail(request: PortalRequest, event_id: int) -> HttpResponse:
    """Show one event: why it was decided, each try, what it caused."""
    found = sync_log.get_log_event(scope=request.scope, event_id=event_id)
    if found is None:
        raise Http404
    editable = found.event.row.state == State.DEAD and request.user.may(Right.OPERATE)
    edit = reverse("portal:edit_letter", args=[event_id]) if editable else ""
    row = found.event.row
    waits = row.state == "held" and row.reason in asking.PERSONS_TO_SETTLE
    again = reverse("portal:plan_again", args=[event_id]) if waits and request.user.may(Right.DECIDE) else ""
    return shell.page(request, "portal/event.html", {**_event_context(found), "edit": edit, "again": again})


@requires(Right.DECIDE, methods=("POST",), visible=event_is_visible)
def plan_again(request: PortalRequest, event_id: int) -> HttpResponse:
    """Let a held event go on, once a person has settled what it waited for."""
    if asking.plan_again(event_id=event_id, scope=request.scope, asked_by=request.user, now=clock.now()):
        shell.toast(request, "Planned again in a moment. What is not settled yet is held again, and says why.")
    else:
        messages.warning(request, "This event does not wait for a person any more.")
    return HttpResponseRedirect(reverse("portal:event", args=[event_id]))


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
        "plan": _plan(found),
        "version": found.map_version,
        "version_href": reverse("portal:map_version", args=[found.map_id, found.map_version]) if found.map_id else "",
        "mapping": found.candidacy,
        "mapping_href": reverse("portal:mapping", args=[found.candidacy.mapping_id]) if found.candidacy else "",
        "payload": json.dumps(mask(detail.payload), indent=2, ensure_ascii=False),
        "attempts": [_attempt(one, len(detail.attempts) - place, now=now) for place, one in enumerate(detail.attempts)],
        "effects": [
            {"key": one.key, "kind": words.phrase(one.kind).capitalize(), "badge": words.effect_badge(one.state)}
            for one in detail.effects
        ],
        "cause": rows.line_of(found.cause, now=now) if found.cause else None,
        "followed": [rows.line_of(one, now=now) for one in found.followed],
    }


def _attempt(one: AttemptRow, number: int, *, now: datetime) -> dict[str, Any]:
    statuses = [str(said["status"] or words.phrase(said["outcome"])) for said in one.exchanges]
    return {
        "number": number,
        "operation": words.phrase(one.operation).capitalize(),
        "badge": words.outcome_badge(one.outcome),
        "detail": one.detail,
        "at": words.log_time(one.at, now=now),
        "milliseconds": f"{round(one.seconds * 1000):,}",
        "statuses": ", ".join(statuses[-3:]),
        "exchanges": [{"asked": _asked(said), "answered": _answered(said)} for said in one.exchanges],
    }


def _asked(said: Mapping[str, Any]) -> str:
    address = f"{said['path']}?{said['query']}" if said["query"] else said["path"]
    return _message(f"{said['method']} {address}", said["asked"], said["request"])


def _answered(said: Mapping[str, Any]) -> str:
    if said["status"] is None:
        return f"No answer: {words.phrase(said['outcome'])}, after {said['ms']:,} ms"
    phrase = next((one.phrase for one in HTTPStatus if one == said["status"]), "")
    return _message(f"{said['status']} {phrase}".strip(), said["answered"], said["response"])


def _message(first: str, headers: Mapping[str, str], body: str) -> str:
    """A request or an answer as it looks on the wire."""
    lines = [first, *(f"{name}: {value}" for name, value in sorted(headers.items()))]
    return "\n".join([*lines, "", body] if body else lines)


def _plan(found: LogDetail) -> list[tuple[str, str]]:
    """What was planned, in words; an ATS stage by its name where the reader may know the job."""
    stages = found.candidacy.stages if found.candidacy else {}
    planned = mask(found.event.plan)
    if found.map_version:
        planned |= {"map_version": str(found.map_version)}
    return [
        (PLAN_WORDS.get(name) or words.phrase(str(name)).capitalize(), stages.get(_flat(value)) or _flat(value))
        for name, value in planned.items()
        if value != found.event.row.detail
    ]


def _steps(found: LogDetail, line: rows.EventLine) -> Sequence[dict[str, str]]:
    """Received, planned, performed, settled: what has been is ok, what is not yet is quiet."""
    event, tried = found.event.row, found.event.attempts
    by = (
        f", by {found.cause.connection or 'SyncPortal'}" if found.cause else f", from {line.connection or 'SyncPortal'}"
    )
    steps = [{"tone": "ok", "icon": "receive", "word": "Received", "said": f"{line.at.text}{by}"}]
    if found.map_version:
        said = f"by map version {found.map_version}"
        steps.append({"tone": "ok", "icon": "stages", "word": "Planned", "said": said})
    if tried:
        first = words.outcome_badge(tried[0].outcome)
        said = f"{words.plural(len(tried), 'try', 'tries')}, the last: {first.word.lower()}"
        steps.append({"tone": first.tone, "icon": "send", "word": "Performed", "said": said})
    said = line.state.small.capitalize()
    if event.settled_at is not None:
        said = f"{words.log_time(event.settled_at, now=clock.now()).text}, {line.lag or '0:00'} after arrival"
    steps.append({"tone": line.state.tone, "icon": line.state.icon, "word": line.state.word, "said": said})
    return steps


def _flat(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
