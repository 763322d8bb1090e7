"""Stage maps: the list, and the editor with its warnings and what a change means for today's people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse

from apps.accounts.access import PortalRequest, requires
from apps.accounts.rights import Right
from apps.core import clock
from apps.mappings import cautions, map_services, services, stage_maps
from apps.mappings.rules import MapRow, diff_rows
from apps.mappings.stage_maps import Copied, MapOpened, VersionRow
from apps.portal import map_form, shell, words
from apps.portal.map_states import caution_of
from apps.sync import remapped
from apps.sync.reapply import Fate
from apps.sync.remapped import Foretold

SHOWN = 8
"""Of those who would move, before somebody asks for all."""

LINKEDIN_BATCH = 100


@requires(Right.VIEW)
def map_list(request: PortalRequest) -> HttpResponse:
    """Show the stage maps of one's clients."""
    now = clock.now()
    found = stage_maps.list_stage_maps(scope=request.scope)
    lines = [
        {
            "href": reverse("portal:stage_map", args=[one.id]),
            "name": one.name,
            "ats": one.ats,
            "default": one.default,
            "number": one.number,
            "saved": words.moment(one.saved_at, now=now),
            "mappings": words.number(one.mappings),
            "people": words.number(one.people),
        }
        for one in found
    ]
    return shell.page(request, "portal/stage_maps.html", {"lines": lines})


@requires(Right.VIEW, visible=stage_maps.map_is_visible)
def stage_map(request: PortalRequest, map_id: int) -> HttpResponse:
    """Show one stage map: as a form to who may change it, with another map's or version's rows where asked."""
    opened = stage_maps.open_map(scope=request.scope, map_id=map_id)
    begins = _beginning(request, opened)
    return _page(request, opened, begins.rows, begins=begins, why=_why(request))


@requires(Right.OPERATE, methods=("POST",), visible=stage_maps.map_is_editable)
def draft(request: PortalRequest, map_id: int) -> HttpResponse:
    """Show the posted rows as they would be, changed by the button that was pressed; nothing is saved."""
    opened = stage_maps.open_map(scope=request.scope, map_id=map_id)
    do = request.POST.get("do", "")
    rows, at = map_form.changed(map_form.read_rows(request.POST), do, opened)
    part = "" if not request.htmx else "effect" if not do or do in ("preview", "all") else "work"
    return _page(request, opened, rows, at=at, why=_posted_why(request), every=do == "all", part=part)


@requires(Right.OPERATE, methods=("POST",), visible=stage_maps.map_is_editable)
def save(request: PortalRequest, map_id: int) -> HttpResponse:
    """Save the posted rows as the next version, or show what keeps them from it."""
    opened = stage_maps.open_map(scope=request.scope, map_id=map_id)
    rows, why = map_form.read_rows(request.POST), _posted_why(request)
    problems = map_form.problems_of(rows, opened, why=why)
    if problems:
        return _page(request, opened, rows, why=why, problems=problems)
    after = request.POST.get("after", "")
    try:
        made = map_services.save_rows(
            map_id=map_id,
            rows=rows,
            author=request.user,
            reason=why,
            after=int(after) if after.isdecimal() and len(after) < 9 else -1,
            now=clock.now(),
        )
    except services.ChangedMeanwhile as problem:
        problems = {"rows": f"{problem} Your rows are below; look at its changes, then save again."}
        return _page(request, opened, rows, why=why, problems=problems)
    shell.toast(request, f"Saved as version {made.number}. It holds for every move from now on.")
    return HttpResponseRedirect(reverse("portal:stage_map", args=[map_id]))


@requires(Right.OPERATE, methods=("POST",), visible=stage_maps.map_is_editable)
def make_default(request: PortalRequest, map_id: int) -> HttpResponse:
    """Let new mappings of the connection begin with this map."""
    try:
        map_services.make_default(map_id=map_id, now=clock.now())
    except map_services.NotForTheAccount:
        messages.warning(request, "Its stages are those of one job. Another job’s map can begin with a copy of it.")
    else:
        shell.toast(request, "New mappings of this system begin with this map.")
    return HttpResponseRedirect(reverse("portal:stage_map", args=[map_id]))


def _posted_why(request: PortalRequest) -> str:
    return request.POST.get("why", "").replace("\0", "").strip()[:500]


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 9 else 0


def _beginning(request: PortalRequest, opened: MapOpened) -> Copied:
    """The rows that the editor opens with: its own, an older version's, or another map's."""
    restored, copied = (_number(request.GET.get(name, "")) for name in ("restore", "copy"))
    if restored and stage_maps.version_is_visible(scope=request.reach, map_id=opened.id, number=restored):
        return Copied(stage_maps.get_version(scope=request.reach, map_id=opened.id, number=restored).rows)
    if copied and stage_maps.map_is_visible(scope=request.reach, map_id=copied):
        return stage_maps.copied_rows(scope=request.reach, source_id=copied, target=opened)
    return Copied(opened.rows)


def _why(request: PortalRequest) -> str:
    restored = _number(request.GET.get("restore", ""))
    return f"Version {restored} again" if restored else ""


def _page(
    request: PortalRequest,
    opened: MapOpened,
    rows: Sequence[MapRow],
    *,
    begins: Copied | None = None,
    at: int = 0,
    why: str = "",
    problems: Mapping[str, str] | None = None,
    every: bool = False,
    part: str = "",
) -> HttpResponse:
    now = clock.now()
    foretold = () if opened.shared else remapped.foretell(map_id=opened.id, rows=rows)
    versions = stage_maps.list_versions(scope=request.reach, map_id=opened.id)
    may = request.user.may(Right.OPERATE) and not opened.shared
    gone, new = diff_rows(opened.rows, rows)
    here = Counter((one.linkedin, one.ats) for one in foretold)
    context = {
        "id": opened.id,
        "name": opened.name,
        "ats": opened.ats,
        "default": opened.default,
        "shared": opened.shared,
        "number": opened.number,
        "next": opened.number + 1,
        "uses": [_use(one) for one in opened.uses],
        "may_edit": may,
        "rows": map_form.shown_rows(rows, opened, here, at),
        "lines": [_line(one, opened, here) for one in rows],
        "why": why,
        "problems": problems or {},
        "lost": words.listed(list(begins.lost)) if begins else "",
        "by_name": words.listed(list(begins.by_name)) if begins else "",
        "copyable": stage_maps.list_copyable(scope=request.reach, map_id=opened.id, connection_id=opened.connection_id),
        "missing_ats": [
            (stage, name) for stage, name in opened.ats_stages.items() if all(row.ats != stage for row in rows)
        ],
        "missing_linkedin": [stage for stage in opened.linkedin_stages if all(row.linkedin != stage for row in rows)],
        "versions": [] if opened.shared else [version_shown(one, opened, now) for one in versions],
        **_effect(opened, rows, foretold, every=every, differs=bool(gone or new or tuple(rows) != opened.rows)),
    }
    return shell.page(request, f"portal/stage_map.html#{part}" if part else "portal/stage_map.html", context)


def _use(one: Any) -> dict[str, str]:
    return {
        "href": reverse("portal:mapping", args=[one.mapping_id]),
        "project": one.project,
        "job": one.job,
        "client": one.client,
    }


def _line(row: MapRow, opened: MapOpened, here: Mapping[tuple[str, str], int]) -> dict[str, Any]:
    _, icon, direction = map_form.DIRECTIONS[row.direction.value]
    return {
        "linkedin": row.linkedin,
        "icon": icon,
        "direction": direction,
        "ats": opened.name_of(row.ats),
        "meaning": map_form.meaning_words(row),
        "here": here.get((row.linkedin, row.ats), 0),
    }


def _effect(
    opened: MapOpened, rows: Sequence[MapRow], foretold: Sequence[Foretold], *, every: bool, differs: bool
) -> dict[str, Any]:
    """What to know, and what becomes of today's people."""
    known = cautions.cautions(rows, linkedin=opened.linkedin_stages, ats=opened.ats_stages)
    gone, new = diff_rows(opened.rows, rows)
    movers = [one for one in foretold if one.fate in (Fate.LINKEDIN, Fate.ATS)]
    shown = movers if every else movers[:SHOWN]
    return {
        "differs": differs,
        "changes": max(len(gone), len(new)) or int(differs),
        "gone": [map_form.said_row(row, opened) for row in gone],
        "new": [map_form.said_row(row, opened) for row in new],
        "cautions": [caution_of(one) for one in known],
        "grave": sum(one.grave for one in known),
        "people": len(foretold),
        "facts": facts_of(foretold, opened),
        "cost": _cost(movers, opened),
        "movers": [mover_shown(one, opened) for one in shown],
        "moving": len(movers),
        "more": len(movers) > len(shown),
    }


def facts_of(foretold: Sequence[Foretold], opened: MapOpened) -> list[tuple[str, str]]:
    """How many people share each fate, in words; the quiet majority first."""
    counted: Counter[tuple[str, str, bool]] = Counter((one.fate, one.value, one.freed) for one in foretold)
    order = list(Fate)
    return [
        (words.number(count), _fate_words(fate, value, freed, count, opened))
        for (fate, value, freed), count in sorted(
            counted.items(), key=lambda one: (one[0][2], order.index(Fate(one[0][0])))
        )
    ]


def _fate_words(fate: str, value: str, freed: bool, count: int, opened: MapOpened) -> str:
    goes = "goes" if count == 1 else "go"
    said = {
        Fate.STAYS: "stays where they are" if count == 1 else "stay where they are",
        Fate.LINKEDIN: f"{goes} to {value} in LinkedIn",
        Fate.ATS: f"{goes} to {opened.name_of(value)} in {opened.ats}",
        Fate.NO_ROW: "would stand at a stage without a row: left alone",
        Fate.REFUSED: "may not be moved by these rows: left alone",
        Fate.ASKS: "would ask a person",
        Fate.MOVING: "on the way, or waiting for a decision: not touched",
    }[Fate(fate)]
    return f"held now; as soon as this is saved: {said}" if freed else said


def _cost(movers: Sequence[Foretold], opened: MapOpened) -> str:
    linkedin = sum(one.fate == Fate.LINKEDIN for one in movers)
    ats = len(movers) - linkedin
    parts = []
    if linkedin:
        batches = -(-linkedin // LINKEDIN_BATCH)
        parts.append(f"{words.plural(2 * batches, 'LinkedIn request')} (moves travel up to a hundred together)")
    if ats:
        parts.append(f"{words.plural(ats, 'write')} to {opened.ats}, with a reading before each batch")
    return f"About {words.listed(parts)}." if parts else ""


def mover_shown(one: Foretold, opened: MapOpened) -> dict[str, str]:
    """One person who would move, from where to where."""
    in_linkedin = one.fate == Fate.LINKEDIN
    return {
        "person": one.person,
        "href": reverse("portal:candidate", args=[one.person_id]),
        "before": one.linkedin if in_linkedin else opened.name_of(one.ats),
        "after": one.value if in_linkedin else opened.name_of(one.value),
        "system": "LinkedIn" if in_linkedin else opened.ats,
    }


def version_shown(one: VersionRow, opened: MapOpened, now: datetime) -> dict[str, Any]:
    """A version with what it changed."""
    return {
        "id": one.id,
        "number": one.number,
        "href": reverse("portal:map_version", args=[opened.id, one.number]),
        "author": one.author,
        "reason": one.reason,
        "saved": words.moment(one.saved_at, now=now),
        "gone": [map_form.said_row(row, opened) for row in one.gone],
        "new": [map_form.said_row(row, opened) for row in one.new],
        "restore": f"{reverse('portal:stage_map', args=[opened.id])}?restore={one.number}",
        "current": one.number == opened.number,
    }
