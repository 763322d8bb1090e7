"""One version of a stage map, and its application to those who are there already."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse

from apps.accounts.access import PortalRequest, requires
from apps.accounts.rights import Right
from apps.core import clock
from apps.mappings import stage_maps
from apps.mappings.stage_maps import MapOpened
from apps.portal import map_form, shell, words
from apps.portal.stage_maps import version_shown
from apps.portal.words import Badge
from apps.sync import map_reports, map_runs
from apps.sync.map_reports import ItemShown, RunShown

RUN_BADGES: Mapping[str, Badge] = {
    "ready": Badge("info", "clock", "Ready to start"),
    "running": Badge("info", "running", "Running"),
    "cancelled": Badge("warn", "pause", "Stopped"),
    "finished": Badge("ok", "check-circle", "Finished"),
}

ITEM_BADGES: Mapping[str, Badge] = {
    "planned": Badge("mute", "clock", "Waits"),
    "released": Badge("info", "running", "On its way"),
    "done": Badge("ok", "check-circle", "Moved"),
    "nothing": Badge("mute", "skip", "Not moved"),
    "held": Badge("warn", "pause", "Held"),
    "failed": Badge("bad", "dead-x", "Failed"),
    "stopped": Badge("warn", "warn", "Stopped: it changed"),
}

FATES: Mapping[str, str] = {
    "stays": "stay where they are",
    "linkedin": "go to {value} in LinkedIn",
    "ats": "go to {value} in {ats}",
    "no_row": "stand at a stage without a row: left alone",
    "refused": "may not be moved by these rows: left alone",
    "asks": "would ask a person: left alone",
    "moving": "on the way, or waiting for a decision: not touched",
}

ITEM_FATES: Mapping[str, str] = {
    **FATES,
    "stays": "stays where they are",
    "linkedin": "goes to {value} in LinkedIn",
    "ats": "goes to {value} in {ats}",
    "no_row": "would stand at a stage without a row: left alone",
}

SHOWS: Mapping[str, str] = {"": "All", "moves": "Moved", "stays": "Left where they are"}


@requires(Right.VIEW, visible=stage_maps.version_is_visible)
def version(request: PortalRequest, map_id: int, number: int) -> HttpResponse:
    """Show one version: its rows, what it changed, the way to the events that it governed."""
    opened = stage_maps.open_map(scope=request.scope, map_id=map_id)
    found = stage_maps.get_version(scope=request.scope, map_id=map_id, number=number)
    shown = version_shown(found, opened, clock.now())
    context = {
        "map": opened.name,
        "map_href": reverse("portal:stage_map", args=[map_id]),
        "ats": opened.ats,
        "version": shown | ({"author": "", "reason": ""} if opened.shared else {}),
        "rows": [_row(one, opened) for one in found.rows],
        "logs": [
            (one.project, f"{reverse('portal:events')}?{urlencode({'mapping': one.mapping_id, 'version': found.id})}")
            for one in opened.uses[:20]
        ],
        "may_edit": request.user.may(Right.OPERATE) and not opened.shared,
    }
    return shell.page(request, "portal/map_version.html", context)


@requires(Right.OPERATE, methods=("POST",), visible=stage_maps.map_is_editable)
def open_run(request: PortalRequest, map_id: int) -> HttpResponse:
    """Preview the newest version on everybody who is there; nothing moves before it is started."""
    try:
        run = map_runs.open_run(map_id=map_id, by=request.user, now=clock.now())
    except map_runs.NothingToApply:
        messages.warning(request, "Nobody is in a live mapping of this map, so there is nobody to apply it to.")
        return HttpResponseRedirect(reverse("portal:stage_map", args=[map_id]))
    return _to(run.pk)


@requires(Right.VIEW, visible=map_reports.run_is_visible)
def map_run(request: PortalRequest, map_run_id: int) -> HttpResponse:
    """Show one run: what becomes of each person, then how far it is; HTMX asks for that alone."""
    run = map_reports.get_run(scope=request.scope, map_run_id=map_run_id)
    opened = stage_maps.open_map(scope=request.scope, map_id=run.map_id)
    show = request.GET.get("show", "") if request.GET.get("show", "") in SHOWS else ""
    after = request.GET.get("after", "")
    items, following = map_reports.list_items(
        scope=request.scope,
        map_run_id=map_run_id,
        show=show,
        after=int(after) if after.isdecimal() and len(after) < 19 else 0,
    )
    context = {
        **_progress(run, opened),
        "here": request.get_full_path(),
        "items": [_item(one, opened) for one in items],
        "next": "?" + urlencode({"show": show, "after": following}) if following else "",
        "shows": [
            {"word": word, "href": f"?show={key}" if key else "?", "current": key == show}
            for key, word in SHOWS.items()
        ],
        "may_operate": request.user.may(Right.OPERATE),
    }
    return shell.page(request, "portal/map_run.html#run" if request.htmx else "portal/map_run.html", context)


@requires(Right.OPERATE, methods=("POST",), visible=map_reports.run_is_visible)
def start_run(request: PortalRequest, map_run_id: int) -> HttpResponse:
    """Start a run, or go on with one that was stopped."""
    if not map_runs.start(run_id=map_run_id, now=clock.now()):
        messages.warning(request, "This run cannot be started now: it runs already, or has ended.")
    return _to(map_run_id)


@requires(Right.OPERATE, methods=("POST",), visible=map_reports.run_is_visible)
def cancel_run(request: PortalRequest, map_run_id: int) -> HttpResponse:
    """Release nobody further."""
    if map_runs.cancel(run_id=map_run_id, now=clock.now()):
        shell.toast(request, "Stopped. Who was on the way arrives; the rest stay until you go on.")
    else:
        messages.warning(request, "This run had ended already.")
    return _to(map_run_id)


def _to(map_run_id: int) -> HttpResponse:
    return HttpResponseRedirect(reverse("portal:map_run", args=[map_run_id]))


def _row(row: Any, opened: MapOpened) -> dict[str, str]:
    _, icon, direction = map_form.DIRECTIONS[row.direction.value]
    return {
        "linkedin": row.linkedin,
        "icon": icon,
        "direction": direction,
        "ats": opened.name_of(row.ats),
        "meaning": map_form.meaning_words(row),
        "reason": opened.name_of_reason(row.reason),
    }


def _progress(run: RunShown, opened: MapOpened) -> dict[str, Any]:
    now = clock.now()
    going = run.counts.get("planned", 0) + run.counts.get("released", 0)
    ended = run.people - going
    stopped = run.counts.get("stopped", 0) + run.counts.get("failed", 0)
    return {
        "id": run.id,
        "map": run.map_name,
        "map_href": reverse("portal:stage_map", args=[run.map_id]),
        "number": run.number,
        "version_href": reverse("portal:map_version", args=[run.map_id, run.number]),
        "state": run.state,
        "badge": RUN_BADGES[run.state],
        "by": run.by,
        "made": words.moment(run.made_at, now=now),
        "started": words.moment(run.started_at, now=now),
        "live": run.state == "running" or bool(run.counts.get("released")),
        "measured": run.started_at is not None,
        "said": f"{ended:,} of {words.plural(run.people, 'person', 'people')} done" if run.started_at else "",
        "value": ended,
        "most": run.people,
        "left": words.number(going),
        "open": going,
        "moving": words.number(sum(count for fate, _, count in run.fates if fate in ("linkedin", "ats"))),
        "figures": [
            (words.number(count), FATES[fate].format(value=opened.name_of(value), ats=opened.ats))
            for fate, value, count in run.fates
        ],
        "stopped": stopped,
        "stopped_said": f"{stopped} did not land and say why below. Nothing was written for them.",
        "again": reverse("portal:open_map_run", args=[run.map_id]),
    }


def _item(one: ItemShown, opened: MapOpened) -> dict[str, Any]:
    does = ITEM_FATES[one.fate].format(value=opened.name_of(one.value), ats=opened.ats)
    return {
        "id": one.id,
        "person": one.person,
        "href": reverse("portal:candidate", args=[one.person_id]),
        "before": f"{one.linkedin}, {opened.name_of(one.ats)}",
        "does": f"{does[:1].upper()}{does[1:]}",
        "badge": ITEM_BADGES[one.state],
        "why": one.why,
        "event": reverse("portal:event", args=[one.event_id]) if one.event_id else "",
    }
