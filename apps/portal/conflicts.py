"""Conflicts: what both sides changed, and what the guard halted, for a person to decide."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse

from apps.accounts.access import PortalRequest, requires
from apps.accounts.rights import Right
from apps.candidates import selectors as candidates
from apps.core import clock
from apps.portal import shell, words
from apps.reports import conflicts as reports
from apps.reports.conflicts import ConflictRow, SideRow
from apps.sync import conflicts

CHOSEN = {"linkedin": "LinkedIn’s stage counts", "ats": "the ATS’s stage counts"}


@requires(Right.VIEW)
def conflict_list(request: PortalRequest) -> HttpResponse:
    """Show what waits for a decision, with both sides' values, times and people."""
    now = clock.now()
    rows = reports.list_conflicts(scope=request.scope)
    halts = reports.list_halts(scope=request.scope)
    decisions = reports.list_decisions(scope=request.scope, now=now)
    people = candidates.names_of_subjects(
        scope=request.scope, subjects=[f"person:{one.person_id}" for one in decisions]
    )
    context = {
        "lead": _lead(len(rows), len(halts)),
        "lines": [_line(one, now) for one in rows],
        "halts": [
            {
                "project": one.project,
                "job": one.job,
                "since": words.moment(one.since, now=now),
                "waiting": words.plural(one.waiting, "event waits", "events wait"),
                "agree": reverse("portal:agree_to_halt", args=[one.mapping_id]),
                "why": one.why,
                "log": f"{reverse('portal:events')}?state=held",
                "run": reverse("portal:reconciliation_run", args=[one.run_id]) if one.run_id else "",
            }
            for one in halts
        ],
        "decided": [
            {
                "id": one.event_id,
                "person": people.get(f"person:{one.person_id}", ""),
                "said": CHOSEN[one.side],
                "at": words.moment(one.at, now=now),
                "open": one.open,
                "href": reverse("portal:event", args=[one.event_id]),
            }
            for one in decisions
        ],
        "may_decide": request.user.may(Right.DECIDE),
        "may_operate": request.user.may(Right.OPERATE),
    }
    return shell.page(request, "portal/conflicts.html", context)


@requires(Right.DECIDE, methods=("POST",))
def decide(request: PortalRequest) -> HttpResponse:
    """Let LinkedIn's or the ATS's stage count for the rows chosen, or for the one whose button was pressed."""
    side, _, single = request.POST.get("choose", "").partition(":")
    ids = _uuids([single] if single else request.POST.getlist("candidacy"))
    if side not in conflicts.SIDES or not ids:
        messages.warning(request, "Nobody was chosen. Tick the people first, or use a row’s own button.")
        return HttpResponseRedirect(reverse("portal:conflicts"))
    made = conflicts.choose(candidacy_ids=ids, side=side, scope=request.scope, actor=request.user.pk, now=clock.now())
    shell.toast(request, f"{words.plural(made, 'conflict')} decided: {CHOSEN[side]}. It is written in a minute.")
    return HttpResponseRedirect(reverse("portal:conflicts"))


@requires(Right.DECIDE, methods=("POST",))
def undo(request: PortalRequest) -> HttpResponse:
    """Take a decision back before its write goes."""
    ids = [int(one) for one in request.POST.getlist("event") if one.isascii() and one.isdecimal() and len(one) < 19]
    made = conflicts.undo(event_ids=ids, scope=request.scope, actor=request.user.pk, now=clock.now())
    if made:
        shell.toast(request, "Taken back. The question is open again in a moment.")
    else:
        messages.warning(request, "There was nothing to take back.")
    return HttpResponseRedirect(reverse("portal:conflicts"))


@requires(Right.OPERATE, methods=("POST",), visible=reports.mapping_is_visible)
def agree_to_halt(request: PortalRequest, mapping_id: UUID) -> HttpResponse:
    """Let a halted mapping go on."""
    if conflicts.agree_to_halt(mapping_id=mapping_id, actor=request.user.pk, now=clock.now()):
        shell.toast(request, "The mapping goes on, with all that waited.")
    else:
        messages.warning(request, "This mapping was not halted any more.")
    return HttpResponseRedirect(reverse("portal:conflicts"))


def _lead(conflicts_open: int, halted: int) -> str:
    if not (conflicts_open or halted):
        return "Both sides agree on everybody."
    parts = [words.plural(conflicts_open, "person")] if conflicts_open == 1 else []
    if conflicts_open > 1:
        parts = [f"{words.number(conflicts_open)} people"]
    said = f"{parts[0]} stand at two stages that no rule can choose between." if parts else ""
    if conflicts_open == 1:
        said = "One person stands at two stages that no rule can choose between."
    stopped = f"{words.plural(halted, 'mapping')} halted until somebody agrees." if halted else ""
    return f"{said} {stopped}".strip()


def _line(one: ConflictRow, now: datetime) -> dict[str, Any]:
    return {
        "id": one.id,
        "person": one.person,
        "href": reverse("portal:candidate", args=[one.person_id]),
        "where": f"{one.project}, for {one.job}",
        "client": one.client,
        "why": one.why,
        "linkedin": _side(one.linkedin, now),
        "ats": _side(one.ats, now),
        "waiting": one.waiting,
    }


def _side(side: SideRow, now: datetime) -> dict[str, Any]:
    return {
        "system": side.system,
        "stage": side.stage,
        "at": words.moment(side.at, now=now),
        "by": side.by,
        "leads_to": side.leads_to,
    }


def _uuids(texts: list[str]) -> list[UUID]:
    found = []
    for text in texts[:500]:
        try:
            found.append(UUID(text))
        except ValueError:
            continue
    return found
