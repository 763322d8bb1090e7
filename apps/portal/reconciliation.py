"""Reconciliation: what comparisons with both systems found, and the halted ones, for a person to decide."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from apps.accounts.access import PortalRequest, requires
from apps.accounts.rights import Right
from apps.core import clock
from apps.portal import shell, words
from apps.portal.words import Badge
from apps.reports import reconciliation as reports
from apps.reports.reconciliation import DifferenceRow, RunRow
from apps.sync import reconcile

KINDS: Mapping[str, tuple[str, str, str]] = {
    "lost": ("lost webhook", "lost webhooks", "moves as an ordinary change"),
    "merged": ("silent merge", "silent merges", "the survivor is followed"),
    "taken_off": ("deleted application", "deleted applications", "ends here, and no reading brings them back"),
    "deleted": ("deleted person", "deleted people", "ends here, unless a merge explains it within ten minutes"),
    "left": ("person gone from the Project", "people gone from the Project", "ends here; the ATS is left as it is"),
    "unsure": ("unclear case", "unclear cases", "nothing, until a person merges or corrects them in the ATS"),
}

STATES: Mapping[str, Badge] = {
    "reading": Badge("info", "running", "Reading"),
    "halted": Badge("warn", "pause", "Halted"),
    "done": Badge("ok", "check-circle", "Done"),
    "dismissed": Badge("mute", "close", "Dismissed"),
    "failed": Badge("bad", "warn", "Given up"),
}


@requires(Right.VIEW)
def run_list(request: PortalRequest) -> HttpResponse:
    """Show the last runs in plain words, those that wait for a person first."""
    now = clock.now()
    runs = [line_of(one, now=now) for one in reports.list_runs(scope=request.scope)]
    may_operate = request.user.may(Right.OPERATE)
    context = {
        "halted": [one for one in runs if one["halted"]],
        "runs": [one for one in runs if not one["halted"]],
        "may_operate": may_operate,
        "comparable": reports.list_comparable(scope=request.scope) if may_operate else (),
        "every": {side: every.days for side, every in reconcile.EVERY.items()},
    }
    return shell.page(request, "portal/reconciliation.html", context)


@requires(Right.VIEW, visible=reports.run_is_visible)
def run_detail(request: PortalRequest, run_id: UUID) -> HttpResponse:
    """Show one run: whom it found otherwise than known, and what that does or would do."""
    now = clock.now()
    run = reports.get_run(scope=request.scope, run_id=run_id)
    if run is None:
        raise Http404
    context = {
        "run": line_of(run, now=now),
        "detail": run.detail,
        "rows": [_difference(one) for one in reports.list_differences(scope=request.scope, run_id=run_id)],
        "may_operate": request.user.may(Right.OPERATE),
        "decide": reverse("portal:decide_run", args=[run_id]),
    }
    return shell.page(request, "portal/reconciliation_run.html", context)


@requires(Right.OPERATE, methods=("POST",), visible=reports.run_is_visible)
def decide_run(request: PortalRequest, run_id: UUID) -> HttpResponse:
    """Let a halted run change what it found, or say that none of it is to change."""
    verbs = {"agree": reconcile.agree, "dismiss": reconcile.dismiss}
    decision, note = request.POST.get("decision", ""), request.POST.get("note", "").replace("\0", "").strip()[:500]
    verb = verbs.get(decision)
    done = verb is not None and verb(
        run_id=run_id, scope=request.scope, actor=request.user.pk, note=note, now=clock.now()
    )
    if not done:
        messages.warning(request, "This run was not halted any more, so nothing was decided.")
    elif decision == "agree":
        shell.toast(request, "Agreed. Each difference is on its way as an ordinary event, and the mapping goes on.")
    else:
        shell.toast(request, "Dismissed. Nobody was changed, and the mapping goes on.")
    return HttpResponseRedirect(reverse("portal:reconciliation_run", args=[run_id]))


@requires(Right.OPERATE, methods=("POST",))
def start_run(request: PortalRequest) -> HttpResponse:
    """Begin a comparison now."""
    chosen, _, side = request.POST.get("what", "").partition(":")
    comparable = {str(one.id): one.id for one in reports.list_comparable(scope=request.scope)}
    if side not in reconcile.EVERY or chosen not in comparable:
        messages.warning(request, "Choose a mapping that is live and not halted.")
        return HttpResponseRedirect(reverse("portal:reconciliation"))
    try:
        run = reconcile.start(mapping_id=comparable[chosen], side=side, now=clock.now(), asked_by=request.user.pk)
    except reconcile.NothingToRead as problem:
        messages.warning(request, str(problem))
        return HttpResponseRedirect(reverse("portal:reconciliation"))
    shell.toast(request, "Started. It reads with requests that nothing else needs.")
    return HttpResponseRedirect(reverse("portal:reconciliation_run", args=[run.pk]))


def line_of(run: RunRow, *, now: datetime) -> dict[str, Any]:
    """Say one run."""
    decided = words.moment(run.decided_at, now=now)
    return {
        "href": reverse("portal:reconciliation_run", args=[run.id]),
        "mapping": reverse("portal:mapping", args=[run.mapping_id]),
        "project": run.project,
        "job": run.job,
        "client": run.client,
        "system": run.system,
        "halted": run.state == "halted",
        "said": _said(run),
        "why": run.detail if run.state in ("halted", "failed") else "",
        "badge": _badge(run),
        "started": words.moment(run.started_at, now=now),
        "ended": words.moment(run.ended_at, now=now),
        "decided": decided,
        "decided_by": run.decided_by or "somebody",
        "note": run.note,
    }


def _badge(run: RunRow) -> Badge:
    badge = STATES.get(run.state, Badge("mute", "info", run.state))
    small = {"halted": f"{run.share} % would change", "reading": f"{run.looked_at} so far"}.get(run.state, "")
    return Badge(badge.tone, badge.icon, badge.word, small)


def _said(run: RunRow) -> str:
    looked = words.plural(run.looked_at, "person", "people")
    found = [words.plural(count, *KINDS[kind][:2]) for kind, count in run.found if kind in KINDS]
    if run.state == "reading":
        return f"{looked} compared so far{': ' + words.listed(found) if found else ''}."
    if not found:
        return f"{looked} compared: all as known." if run.looked_at else "Nobody was there to compare."
    return f"{looked} compared: {words.listed(found)}."


def _difference(one: DifferenceRow) -> dict[str, Any]:
    word, _, does = KINDS.get(one.kind, (one.kind, one.kind, ""))
    return {
        "person": one.person,
        "href": reverse("portal:candidate", args=[one.person_id]),
        "kind": word[:1].upper() + word[1:],
        "before": one.before,
        "now": _now(one),
        "does": does,
        "event": reverse("portal:event", args=[one.event_id]) if one.event_id else "",
        "number": one.event_id,
    }


def _now(one: DifferenceRow) -> str:
    match one.kind:
        case "lost":
            return one.now
        case "merged":
            return f"person {one.now} has their application"
        case "unsure":
            return f"not there; {one.now} may be them"
    return "not there"
