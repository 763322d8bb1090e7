"""Replays of dead letters: the preview of each write, then the run with its progress."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from apps.accounts.access import PortalRequest, requires
from apps.accounts.rights import Right
from apps.core import clock
from apps.portal import dead_letters, rows, shell, words
from apps.portal.words import Badge
from apps.reports import dead_letters as reports
from apps.reports.dead_letters import Cost, ItemRow, RunReport, RunRow, Write
from apps.sync import letters as sync
from apps.sync import replay_runs

SHOWS: Mapping[str, str] = {
    "": "All",
    "writes": "Writes something",
    "nothing": "Does nothing",
    "done": "Landed",
    "stopped": "Did not land",
}

ITEM_BADGES: Mapping[str, Badge] = {
    "waiting": Badge("mute", "clock", "Not previewed yet"),
    "planned": Badge("mute", "clock", "Waits"),
    "released": Badge("info", "running", "On its way"),
    "done": Badge("ok", "check-circle", "Landed"),
    "nothing": Badge("mute", "skip", "Ended without a write"),
    "held": Badge("warn", "pause", "Held"),
    "failed": Badge("bad", "dead-x", "Failed again"),
    "stopped": Badge("warn", "warn", "Stopped: it changed"),
    "gone": Badge("mute", "skip", "No dead letter any more"),
}

DOES: Mapping[str, str] = {
    "create": "Creates them in {system} for {job}{at}",
    "attach": "Adds them to {job} in {system}{at}",
    "update": "Fills {fields} in {system}",
    "move": "Moves them to {stage} in {system}",
    "reject": "Rejects them in {system}",
    "hire": "Hires them in {system}",
    "reopen": "Reopens their application in {system}",
    "note": "Writes a note in {system}",
    "merge": "Merges the two in {system}",
    "stage": "Moves them to {stage} in {system}",
    "send": "Sends the message",
}

COUNTED: Mapping[str, tuple[str, str]] = {
    "create": ("person is created in {system}", "people are created in {system}"),
    "attach": ("person is added to a job in {system}", "people are added to jobs in {system}"),
    "update": ("person gets empty fields filled in {system}", "people get empty fields filled in {system}"),
    "move": ("application is moved in {system}", "applications are moved in {system}"),
    "reject": ("application is rejected in {system}", "applications are rejected in {system}"),
    "hire": ("person is hired in {system}", "people are hired in {system}"),
    "reopen": ("application is reopened in {system}", "applications are reopened in {system}"),
    "note": ("note is written in {system}", "notes are written in {system}"),
    "merge": ("pair is merged in {system}", "pairs are merged in {system}"),
    "stage": ("profile is moved in {system}", "profiles are moved in {system}"),
    "send": ("message is sent", "messages are sent"),
}


@requires(Right.VIEW)
def replay_list(request: PortalRequest) -> HttpResponse:
    """Show the newest replays."""
    now = clock.now()
    context = {
        "runs": [_listed(one, now) for one in reports.list_runs(scope=request.scope)],
        "tabs": dead_letters.tabs("replays"),
    }
    return shell.page(request, "portal/replays.html", context)


@requires(Right.VIEW, visible=sync.replay_is_visible)
def replay(request: PortalRequest, replay_id: int) -> HttpResponse:
    """Show one replay: what each letter would do, then how far it is; HTMX asks for that alone."""
    now = clock.now()
    show = request.GET.get("show", "") if request.GET.get("show", "") in SHOWS else ""
    after = dead_letters.number(request.GET.get("after", ""))
    run = reports.get_run(scope=request.scope, run_id=replay_id, now=now)
    if run is None:
        raise Http404
    page = reports.list_items(scope=request.scope, run_id=replay_id, show=show, after=after)
    shown = f"show={show}&" if show else ""
    context = {
        **_progress(run, now),
        "here": request.get_full_path(),
        "items": [_item(one, now) for one in page.rows],
        "next": f"?{shown}after={page.after}" if page.after else "",
        "first": "" if page.first else f"?{shown}".rstrip("&?") or "?",
        "shows": [
            {"word": word, "href": f"?show={value}" if value else "?", "current": value == show}
            for value, word in SHOWS.items()
        ],
        "tabs": dead_letters.tabs("replays"),
        "may_operate": request.user.may(Right.OPERATE),
        "start": reverse("portal:start_replay", args=[replay_id]),
        "cancel": reverse("portal:cancel_replay", args=[replay_id]),
        "again": reverse("portal:preview_again", args=[replay_id]),
    }
    return shell.page(request, "portal/replay.html#run" if request.htmx else "portal/replay.html", context)


@requires(Right.OPERATE, methods=("POST",), visible=sync.replay_is_visible)
def start_replay(request: PortalRequest, replay_id: int) -> HttpResponse:
    """Start a replay, or go on with one that was stopped."""
    if not sync.start(run_id=replay_id, now=clock.now()):
        messages.warning(request, "This replay cannot be started now: it runs already, or has ended.")
    return _to(replay_id)


@requires(Right.OPERATE, methods=("POST",), visible=sync.replay_is_visible)
def cancel_replay(request: PortalRequest, replay_id: int) -> HttpResponse:
    """Release no further letter."""
    if sync.cancel(run_id=replay_id, now=clock.now()):
        shell.toast(request, "Stopped. What was on its way ends; the rest stays dead until you go on.")
    else:
        messages.warning(request, "This replay had ended already.")
    return _to(replay_id)


@requires(Right.OPERATE, methods=("POST",), visible=sync.replay_is_visible)
def preview_again(request: PortalRequest, replay_id: int) -> HttpResponse:
    """Preview afresh what a replay left dead."""
    try:
        made = sync.preview_again(run_id=replay_id, by=request.user, now=clock.now())
    except replay_runs.NothingToReplay:
        messages.warning(request, "None of its letters is dead any more.")
        return _to(replay_id)
    return _to(made.pk)


def _to(replay_id: int) -> HttpResponse:
    return HttpResponseRedirect(reverse("portal:replay", args=[replay_id]))


def _listed(one: RunRow, now: datetime) -> dict[str, Any]:
    return {
        "href": reverse("portal:replay", args=[one.id]),
        "id": one.id,
        "title": one.title,
        "badge": dead_letters.BADGES[one.state],
        "said": _said(one),
        "by": one.by,
        "at": words.moment(one.made_at, now=now),
    }


def _said(one: RunRow) -> str:
    """How far a replay is, in a sentence."""
    counts = one.counts
    if one.state == "planning":
        return f"{one.letters - counts.get('waiting', 0):,} of {words.plural(one.letters, 'letter')} previewed"
    if one.started_at is None:
        return words.plural(one.letters, "letter")
    named = (("done", "landed"), ("nothing", "needed no write"), ("stopped", "stopped because something changed"))
    named += (("failed", "failed again"), ("held", "held"), ("gone", "were no dead letters any more"))
    parts = [f"{counts[state]:,} {word}" for state, word in named if counts.get(state)]
    left = one.letters - one.ended
    parts += [f"{left:,} to go"] if left else []
    return f"{one.ended:,} of {words.plural(one.letters, 'letter')}: {words.listed(parts)}"


def _progress(run: RunReport, now: datetime) -> dict[str, Any]:
    row = run.row
    planned = row.letters - row.counts.get("waiting", 0)
    live = row.state in ("planning", "running") or bool(row.counts.get("released"))
    return {
        "id": row.id,
        "title": row.title,
        "badge": dead_letters.BADGES[row.state],
        "said": _said(row),
        "state": row.state,
        "live": live,
        "value": planned if row.state == "planning" else row.ended,
        "most": row.letters,
        "measured": row.state == "planning" or row.started_at is not None,
        "left": words.number(row.letters - row.ended),
        "open": row.letters - row.ended,
        "by": row.by,
        "made": words.moment(row.made_at, now=now),
        "started": words.moment(row.started_at, now=now),
        "ended": words.moment(row.ended_at, now=now),
        "figures": [*_effects(run), *(_cost(one) for one in run.costs)] if row.state != "planning" else [],
        "costs": bool(run.costs),
        "stopped": sum(row.counts.get(state, 0) for state in ("stopped", "failed")),
        "stopped_said": "What stopped or failed is dead again, with its reason. Nothing was written for it.",
    }


def _effects(run: RunReport) -> list[tuple[str, str]]:
    found = []
    for do, system, count in run.writes:
        one, many = COUNTED.get(do, (f"{do} in {{system}}",) * 2)
        found.append((words.number(count), (one if count == 1 else many).format(system=system)))
    if run.idle:
        found.append((words.number(run.idle), "need nothing written" if run.idle != 1 else "needs nothing written"))
    return found


def _cost(one: Cost) -> tuple[str, str]:
    left = f", of {words.number(one.left)} left today" if one.left is not None else ""
    said = f"requests to {one.system}{left}: {one.reads:,} to read again, {one.writes:,} to write"
    return words.number(one.reads + one.writes), said


def _item(one: ItemRow, now: datetime) -> dict[str, Any]:
    line = rows.line_of(one.row, now=now) if one.row else None
    return {
        "id": one.id,
        "event": one.event_id,
        "href": reverse("portal:event", args=[one.event_id]) if line else "",
        "person": line.person if line else "",
        "kind": line.kind.word if line else "",
        "badge": ITEM_BADGES[one.state],
        "writes": [_write(each) for each in one.writes],
        "why": one.why,
        "nothing": not one.writes and one.state != "waiting",
        "ends": words.STATES[one.ends].word.lower() if one.ends in words.STATES else "",
        "version": one.map_version,
    }


def _write(one: Write) -> dict[str, str]:
    at = f", at {one.stage}" if one.stage else ""
    said = DOES.get(one.do, one.do).format(
        system=one.system, job=one.job, at=at, stage=one.stage, fields=one.fields or "empty fields"
    )
    exact = [f"{words.phrase(name)} {value}" for name, value in one.values.items() if value]
    target = [f"on {one.target}"] if one.target else []
    return {"said": said, "exact": ", ".join([one.do, *target, *exact])}
