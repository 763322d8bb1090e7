"""Mappings: which Project feeds which job, and one of them with its stage map and its people."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import Http404, HttpResponse
from django.urls import reverse

from apps.accounts.access import PortalRequest, requires
from apps.accounts.rights import Right
from apps.candidates import selectors as candidates
from apps.candidates.selectors import CandidateRow
from apps.core import clock
from apps.mappings import bulk, selectors
from apps.mappings.selectors import MappingRow, MapRowShown, MapShown
from apps.portal import mapping_state, shell, suggestions, words
from apps.portal.words import Badge, Moment

STATES: Mapping[str, Badge] = {
    "draft": Badge("mute", "note", "Draft"),
    "shadow": Badge("info", "search", "Shadow", "planned, not written"),
    "pilot": Badge("info", "pilot", "Pilot"),
    "live": Badge("ok", "check-circle", "Live"),
    "paused": Badge("mute", "pause", "Paused"),
    "ended": Badge("mute", "dash", "Ended"),
}

POLICIES: Mapping[str, str] = {
    "newest": "The newest wins",
    "ats": "The ATS wins",
    "linkedin": "LinkedIn wins",
    "ask": "Ask a person",
}

DIRECTIONS: Mapping[str, tuple[str, str]] = {
    "both": ("both", "Both ways"),
    "to_ats": ("right", "To the ATS"),
    "to_linkedin": ("left", "To LinkedIn"),
}


PAGE = 200
"""Mappings on one page."""


@requires(Right.VIEW)
def mapping_list(request: PortalRequest) -> HttpResponse:
    """Show mappings by client and Project, filtered by the address; HTMX asks for the rows alone."""
    text = shell.search_text(request)
    may_operate = request.user.may(Right.OPERATE)
    owners = bulk.list_owners(scope=request.scope) if may_operate else ()
    states = tuple(one for one in request.GET.getlist("state") if one in STATES)
    asked = request.GET.get("after", "")
    after = int(asked) if asked.isdecimal() and len(asked) < 6 else 0
    found = selectors.list_mappings(scope=request.scope, text=text, states=states, limit=PAGE + 1, after=after)
    shown = found[:PAGE]
    query = {"q": text, "state": states}
    kept = {name: value for name, value in query.items() if value}
    context = {
        "lines": [line_of(one) for one in shown],
        "lead": _lead(selectors.count_by_state(scope=request.scope)),
        "unmapped": selectors.count_unmapped(scope=request.scope),
        "following": "?" + urlencode({**kept, "after": after + PAGE}, doseq=True) if len(found) > PAGE else "",
        "first": "?" + urlencode(kept, doseq=True) if after else "",
        "owners": [(f"owner:{one.connection_id}:{one.remote_id}", one.name) for one in owners],
        "may_operate": may_operate,
        "tabs": suggestions.tabs("mappings"),
        "text": text,
        "filtered": bool(text or states),
        "states": [(key, badge, key in states) for key, badge in STATES.items()],
        "chips": _chips(text, states),
    }
    template = "portal/mappings.html#mapped" if request.htmx else "portal/mappings.html"
    return shell.page(request, template, context)


@requires(Right.VIEW, visible=selectors.mapping_is_visible)
def mapping_detail(request: PortalRequest, mapping_id: UUID) -> HttpResponse:
    """Show one mapping: its two sides, the stage map in force, who is in it."""
    now = clock.now()
    found = selectors.get_mapping(scope=request.scope, mapping_id=mapping_id)
    if found is None:
        raise Http404
    shown = selectors.get_map_of(scope=request.scope, mapping_id=mapping_id)
    pairs = candidates.count_pairs(scope=request.scope, mapping_id=mapping_id)
    people = candidates.list_candidates(scope=request.scope, mapping_id=mapping_id, limit=8)
    context = {
        "line": line_of(found),
        "why_shut": found.why_shut,
        "project_active": found.project_active,
        "halted": words.moment(found.halted_at, now=now),
        "id": mapping_id,
        "policies": [(key, word, key == found.policy) for key, word in POLICIES.items()],
        "policy": POLICIES.get(found.policy, found.policy),
        "leading": found.leading,
        "steps": mapping_state.choices_of(found.state, mapping_id),
        "may_operate": request.user.may(Right.OPERATE),
        "map_href": reverse("portal:stage_map", args=[found.stage_map_id]),
        "begins": words.moment(found.begins_at, now=now),
        "map": shown,
        "saved": words.moment(shown.created_at, now=now) if shown else None,
        "rows": [_row(one, pairs) for one in shown.rows] if shown else [],
        "notes": _notes(shown, found.ats) if shown else [],
        "elsewhere": sum(pairs.values()) - sum(pairs.get((one.linkedin, one.ats), 0) for one in _rows_of(shown)),
        "people": [
            (
                one.name,
                reverse("portal:candidate", args=[one.id]),
                one.headline,
                words.moment(one.first_seen_at, now=now),
            )
            for one in people.rows
        ],
        "log": f"{reverse('portal:events')}?{urlencode({'mapping': mapping_id})}",
        "everybody": f"{reverse('portal:candidates')}?{urlencode({'mapping': mapping_id})}",
    }
    return shell.page(request, "portal/mapping.html", context)


def _person(one: CandidateRow, now: datetime) -> tuple[str, str, str, Moment | None]:
    href = reverse("portal:candidate", args=[one.id])
    return one.name, href, one.headline, words.moment(one.first_seen_at, now=now)


def line_of(one: MappingRow) -> dict[str, Any]:
    """Say one mapping."""
    return {
        "id": one.id,
        "href": reverse("portal:mapping", args=[one.id]),
        "map_href": reverse("portal:stage_map", args=[one.stage_map_id]),
        "project": one.project,
        "job": one.job,
        "requisition": one.requisition,
        "folder": one.folder,
        "client": one.client,
        "sourcing": one.sourcing,
        "ats": one.ats,
        "mark": words.mark_of(one.ats_provider),
        "policy": POLICIES.get(one.policy, one.policy),
        "people": words.number(one.people),
        "version": one.map_version,
        "badge": _badge(one),
    }


def _badge(one: MappingRow) -> Badge:
    """The mapping's state, or what stops it although it is live."""
    if one.halted_at is not None:
        return Badge("warn", "pause", "Halted", "many moves to an end")
    if one.state in ("live", "pilot") and one.why_shut:
        return Badge("warn", "warn", "Job not open", one.job_status)
    return STATES.get(one.state, Badge("mute", "info", one.state))


def _lead(counts: Mapping[str, int]) -> str:
    said = "Which LinkedIn Project feeds which job."
    if not counts:
        return said
    live = counts.get("live", 0) + counts.get("pilot", 0)
    return f"{said} {words.plural(live, 'is live', 'are live')} of {sum(counts.values())}."


def _chips(text: str, states: tuple[str, ...]) -> list[dict[str, str]]:
    chips = []
    if states:
        said = ", ".join(STATES[one].word for one in states)
        chips.append({"name": "State", "value": said, "without": "?" + urlencode({"q": text} if text else {})})
    if text:
        without = urlencode({"state": states}, doseq=True) if states else ""
        chips.append({"name": "Name", "value": text, "without": f"?{without}"})
    return chips


def _rows_of(shown: MapShown | None) -> tuple[MapRowShown, ...]:
    return shown.rows if shown else ()


def _row(one: MapRowShown, pairs: Mapping[tuple[str, str], int]) -> dict[str, Any]:
    icon, said = DIRECTIONS[one.direction]
    notes = []
    if one.backward:
        notes.append("LinkedIn may move back")
    if one.terminal:
        notes.append("LinkedIn may reject or hire")
    return {
        "linkedin": one.linkedin,
        "icon": icon,
        "direction": said,
        "ats": one.ats_name,
        "known": one.known,
        "note": ", ".join(notes),
        "people": pairs.get((one.linkedin, one.ats), 0),
    }


def _notes(shown: MapShown, ats: str) -> list[tuple[Badge, str]]:
    """What is worth knowing about the map before somebody wonders why nothing moved."""
    notes = []
    if shown.unmapped_linkedin:
        said = f"{words.listed(list(shown.unmapped_linkedin))}: whoever is moved there is held until the map has a row."
        notes.append((Badge("warn", "warn", "LinkedIn stages without a row"), said))
    gone = [one.ats_name for one in shown.rows if not one.known]
    if gone:
        said = f"{ats} no longer lists {words.listed(gone)}. Nothing can be moved there."
        notes.append((Badge("bad", "warn", "Stages that are gone"), said))
    if shown.unmapped_ats:
        said = f"{words.listed(list(shown.unmapped_ats))}: LinkedIn does not show a move there."
        notes.append((Badge("mute", "info", f"{ats} stages without a row"), said))
    if shown.coarse:
        said = (
            f"{words.listed(list(shown.coarse))} shows several stages of {ats}: a move among those moves nobody in "
            f"LinkedIn, and a move in LinkedIn goes to the first of them."
        )
        notes.append((Badge("mute", "info", "Coarse"), said))
    return notes
