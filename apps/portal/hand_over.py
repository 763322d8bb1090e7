"""A recruiter leaves: what they own goes to another one, after a look, and can be taken back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse

from apps.accounts.access import PortalRequest, requires
from apps.accounts.rights import Right
from apps.core import clock
from apps.mappings import handover
from apps.mappings.handover import HandOverShown, Preview, SeatShown
from apps.portal import shell, words


@requires(Right.OPERATE, methods=("GET", "POST"))
def hand_over(request: PortalRequest) -> HttpResponse:
    """Show what a leaver owns and what becomes of it; a POST does it."""
    asked = request.POST if request.method == "POST" else request.GET
    seat_id, to_id = _number(asked.get("from", "")), _number(asked.get("to", ""))
    try:
        if request.method == "POST":
            return _do(request, seat_id, to_id)
        found = handover.preview(scope=request.reach, seat_id=seat_id, to_id=to_id) if seat_id and to_id else None
    except handover.NotPossible as problem:
        messages.warning(request, str(problem))
        if request.method == "POST":
            return HttpResponseRedirect(reverse("portal:hand_over"))
        found = None
    now = clock.now()
    seats = handover.list_seats(scope=request.reach)
    context = {
        "leavers": _choices(seats, seat_id),
        "takers": _choices([one for one in seats if one.active], to_id),
        "preview": _preview(found) if found else None,
        "from": seat_id,
        "to": to_id,
        "done": [_done(one, now) for one in handover.list_hand_overs(scope=request.reach)],
    }
    return shell.page(request, "portal/hand_over.html", context)


def _do(request: PortalRequest, seat_id: int, to_id: int) -> HttpResponse:
    made = handover.hand_over(scope=request.reach, seat_id=seat_id, to_id=to_id, by=request.user, now=clock.now())
    said = f"{words.plural(len(made.before), 'mapping')} handed over to {made.to}."
    shell.toast(request, said, undo=reverse("portal:undo_hand_over", args=[made.pk]))
    return HttpResponseRedirect(reverse("portal:hand_over"))


@requires(Right.OPERATE, methods=("POST",), visible=handover.hand_over_is_visible)
def undo(request: PortalRequest, hand_over_id: int) -> HttpResponse:
    """Give back what nobody changed since."""
    changed = handover.undo(scope=request.reach, hand_over_id=hand_over_id, now=clock.now())
    shell.toast(request, f"Taken back: {words.plural(changed, 'mapping')}.")
    return HttpResponseRedirect(reverse("portal:hand_over"))


def _choices(seats: list[SeatShown] | tuple[SeatShown, ...], chosen: int) -> list[tuple[int, str, bool]]:
    return [(one.id, one.name if one.active else f"{one.name} (left)", one.id == chosen) for one in seats]


def _preview(found: Preview) -> dict[str, Any]:
    able = [one for one in found.mappings if not one.why_not]
    lines = [
        {
            "href": reverse("portal:mapping", args=[one.id]),
            "project": one.project,
            "job": one.job,
            "client": one.client,
            "ats": one.ats,
            "why_not": one.why_not,
        }
        for one in found.mappings
    ]
    return {
        "seat": found.seat.name,
        "to": found.to.name,
        "lines": lines,
        "able": len(able),
        "left": len(lines) - len(able),
        "projects": found.projects,
        "applications": found.applications,
        "everybodys": found.everybodys,
        "nothing": not able and not (found.everybodys and (found.projects or found.applications)),
    }


def _done(one: HandOverShown, now: datetime) -> dict[str, Any]:
    return {
        "id": one.id,
        "said": f"{one.seat} to {one.to}",
        "mappings": words.plural(one.mappings, "mapping"),
        "by": one.by,
        "at": words.moment(one.at, now=now),
        "undone": one.undone,
    }


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 16 else 0
