"""Mappings: which Project feeds which job, and one of them with its stage map and its people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import Http404, HttpResponse
from django.urls import reverse

from apps.accounts import selectors as accounts
from apps.accounts.access import PortalRequest, requires
from apps.accounts.rights import Right
from apps.accounts.scope import Scope
from apps.candidates import selectors as candidates
from apps.core import clock
from apps.mappings import bulk, choosing, handover, lifecycle, map_compare, readiness, rules, selectors, stage_maps
from apps.mappings.choosing import JobOfProject
from apps.mappings.map_compare import Compared
from apps.mappings.selectors import MappingRow, MapRowShown, MapShown
from apps.portal import map_form, mapping_bulk, mapping_filters, mapping_state, shell, suggestions, words
from apps.portal.map_states import STATES, caution_of, job_of
from apps.portal.words import Badge
from apps.reports import pilots

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
    may_operate = request.user.may(Right.OPERATE)
    owners = bulk.list_owners(scope=request.scope) if may_operate else ()
    clients = accounts.list_clients(scope=request.scope)
    systems = selectors.list_systems(scope=request.scope)
    filters = mapping_filters.read(request.GET, clients=clients, systems=systems)
    asked = request.GET.get("after", "")
    after = int(asked) if asked.isdecimal() and len(asked) < 6 else 0
    found = selectors.list_mappings(scope=request.scope, **filters.wanted, limit=PAGE, after=after)
    fitting = selectors.count_mappings(scope=request.scope, **filters.wanted)
    context = {
        "lines": [line_of(one) for one in found],
        "fitting": fitting,
        "every": filters.address(),
        "together": min(fitting, mapping_bulk.MOST),
        "following": filters.address(after=after + PAGE) if fitting > after + PAGE else "",
        "first": filters.address() if after else "",
        "owners": [(f"owner:{one.connection_id}:{one.remote_id}", one.name) for one in owners],
        "may_operate": may_operate,
        **mapping_filters.context(filters, clients=clients, systems=systems),
    }
    if not request.htmx:
        context |= _around(request)
    template = "portal/mappings.html#mapped" if request.htmx else "portal/mappings.html"
    return shell.page(request, template, context)


def _around(request: PortalRequest) -> dict[str, Any]:
    """What stands above the list, whatever it is narrowed to."""
    leavers = handover.list_leavers(scope=request.scope)
    return {
        "lead": _lead(selectors.count_by_state(scope=request.scope)),
        "unmapped": selectors.count_unmapped(scope=request.scope),
        "closed": selectors.count_shut(scope=request.scope),
        "leavers": [(one.name, f"{reverse('portal:hand_over')}?{urlencode({'from': one.id})}") for one in leavers[:3]],
        "tabs": suggestions.tabs("mappings"),
    }


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
    jobs = choosing.list_jobs_of(scope=request.scope, project_id=found.project_id)
    known = readiness.list_cautions(scope=request.scope, ids=[mapping_id]).get(mapping_id, ())
    context = {
        "line": line_of(found),
        "why_shut": found.why_shut,
        "cannot": found.cannot,
        "project_active": found.project_active,
        "halted": words.moment(found.halted_at, now=now),
        "id": mapping_id,
        "policies": [(key, word, key == found.policy) for key, word in POLICIES.items()],
        "policy": POLICIES.get(found.policy, found.policy),
        "jobs": [job_of(one) for one in jobs],
        "proposals": _proposals(found, jobs, sum(pairs.values())),
        "add_job": reverse("portal:choose_job", args=[found.project_id]),
        "steps": mapping_state.choices_of(found.state, mapping_id),
        "may_operate": request.user.may(Right.OPERATE),
        "map_href": reverse("portal:stage_map", args=[found.stage_map_id]),
        "compared": _compared(map_compare.compare(scope=request.scope, mapping_id=mapping_id), found, request.scope),
        "begins": words.moment(found.begins_at, now=now),
        "map": shown,
        "saved": words.moment(shown.created_at, now=now) if shown else None,
        "rows": [_row(one, pairs) for one in shown.rows] if shown else [],
        "cautions": [caution_of(one) for one in known],
        "grave": sum(one.grave for one in known),
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
        "pilot": pilots.find_newest(scope=request.scope, mapping_id=mapping_id),
        "everybody": f"{reverse('portal:candidates')}?{urlencode({'mapping': mapping_id})}",
    }
    return shell.page(request, "portal/mapping.html", context)


def _compared(one: Compared, found: MappingRow, scope: Scope) -> dict[str, Any]:
    """How the map stands to what its system's mappings begin with."""
    opened = stage_maps.open_map(scope=scope, map_id=found.stage_map_id)
    return {
        "kind": one.kind,
        "differs": one.differs,
        "count": max(len(one.gone), len(one.new)),
        "name": one.name,
        "gone": [map_form.said_row(row, opened) for row in one.gone],
        "new": [map_form.said_row(row, opened) for row in one.new],
        "lost": words.listed(list(one.lost)),
        "copy": f"{reverse('portal:stage_map', args=[found.stage_map_id])}?copy={one.map_id}",
    }


def _proposals(found: MappingRow, jobs: Sequence[JobOfProject], people: int) -> list[dict[str, Any]]:
    """What to do now that the job is not open, the likeliest first; nothing is done before somebody presses it."""
    other = next((one for one in jobs if one.mapping_id != found.id and one.open), None)
    ways = lifecycle.proposals(
        found.state, shut=bool(found.why_shut), vanished=found.vanished, people=people, other=bool(other)
    )
    said = {
        "lead": ("lead", f"Let {other.job} lead" if other else "", other.mapping_id if other else None),
        "another": ("link", "Choose another job", None),
        "paused": ("state", "Pause", None),
        "ended": ("state", "End", None),
    }
    return [
        {"way": one, "kind": said[one][0], "word": said[one][1], "mapping": said[one][2], "first": at == 0}
        for at, one in enumerate(ways)
    ]


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
        "of_all": one.map_default,
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


def _rows_of(shown: MapShown | None) -> tuple[MapRowShown, ...]:
    return shown.rows if shown else ()


def _row(one: MapRowShown, pairs: Mapping[tuple[str, str], int]) -> dict[str, Any]:
    """A row; an end that LinkedIn may not make is only shown there, whatever direction is written (rule 11)."""
    shows_only = one.ats in rules.TERMINAL and not one.terminal
    icon, said = DIRECTIONS["to_linkedin" if shows_only else one.direction]
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
