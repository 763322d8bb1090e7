"""The seat map: which user of an ATS each recruiter is; proposed, accepted, changed, cleared (RULES.md 31)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse

from apps.accounts.access import PortalRequest, requires
from apps.accounts.rights import Right
from apps.core import clock
from apps.mappings import seats
from apps.mappings.seats import SeatMap, SeatPaired, Sides, Standing, Wanted
from apps.portal import shell, words
from apps.portal.words import Badge
from apps.sync import services as sync

PAGE = 50
"""Seats on one page."""

STANDINGS = {
    Standing.LOST: Badge("bad", "warn", "Not active there"),
    Standing.PROPOSED: Badge("info", "search", "Proposed"),
    Standing.OPEN: Badge("warn", "dash", "Nobody yet"),
    Standing.PAIRED: Badge("ok", "check-circle", "Paired"),
}

SIGNS = {"email": "same e-mail address", "name": "same name"}


@requires(Right.OPERATE)
def seat_list(request: PortalRequest) -> HttpResponse:
    """Show the seats of a LinkedIn contract with their users in one ATS; HTMX asks for the rows alone."""
    every = seats.list_sides(scope=request.scope)
    sides = _chosen(request.GET, every)
    context = {
        "every": [(_key(one), f"{one.linkedin} and {one.ats}", one == sides) for one in every],
        "sides": _key(sides) if sides else "",
        "linkedin": sides.linkedin if sides else "",
        "ats": sides.ats if sides else "",
        "may_change": request.reach.unrestricted,
        **(_rows(request, sides) if sides else {}),
    }
    return shell.page(request, "portal/seats.html#seats" if request.htmx else "portal/seats.html", context)


@requires(Right.OPERATE, methods=("POST",))
def save_seats(request: PortalRequest) -> HttpResponse:
    """Pair seats as entered, or accept every proposal."""
    sides = _changeable(request)
    if sides is not None and request.POST.get("do") == "all":
        paired = seats.accept_proposals(linkedin_id=sides.linkedin_id, ats_id=sides.ats_id)
        shell.toast(request, f"{words.plural(paired, 'proposal')} accepted.")
    elif sides is not None:
        saved = seats.save_pairs(linkedin_id=sides.linkedin_id, ats_id=sides.ats_id, wanted=_wanted(request.POST))
        for why in saved.refused:
            messages.warning(request, why)
        if saved.changed or not saved.refused:
            shell.toast(request, f"{words.plural(saved.changed, 'seat')} changed.")
    return _back(request)


@requires(Right.OPERATE, methods=("POST",))
def read_users(request: PortalRequest) -> HttpResponse:
    """Read the users of the ATS again, for somebody who is new there."""
    sides = _changeable(request)
    if sides is not None and sync.read_catalogue_again(connection_id=sides.ats_id, now=clock.now()):
        shell.toast(request, f"{sides.ats} is read now. Its users appear here in a few seconds.")
    return _back(request)


def summary(sides: Sides) -> dict[str, Any]:
    """Where the seats of one contract stand in one ATS, for a step of connecting."""
    found = seats.seat_map(linkedin_id=sides.linkedin_id, ats_id=sides.ats_id)
    waits = sum(found.count(one) for one in (Standing.LOST, Standing.PROPOSED, Standing.OPEN))
    return {
        "name": f"{sides.linkedin} and {sides.ats}",
        "href": f"{reverse('portal:seats')}?{urlencode({'sides': _key(sides)})}",
        "seats": len(found.seats),
        "paired": found.count(Standing.PAIRED),
        "proposed": found.count(Standing.PROPOSED),
        "waits": waits,
        "unread": not found.seats or not found.users,
    }


def _rows(request: PortalRequest, sides: Sides) -> dict[str, Any]:
    found = seats.seat_map(linkedin_id=sides.linkedin_id, ats_id=sides.ats_id)
    text = shell.search_text(request)
    states = [one for one in Standing if one in request.GET.getlist("state")]
    kept = [one for one in found.seats if _fits(one, text, states)]
    after = _number(request.GET.get("after", ""))
    shown = kept[after : after + PAGE]
    return {
        "lines": [_line(one) for one in shown],
        "users": [one.label for one in found.users],
        "lead": _lead(found),
        "proposed": found.count(Standing.PROPOSED),
        "text": text,
        "filtered": bool(text or states),
        "unread": not found.seats,
        "states": [(one, badge, words.number(found.count(one)), one in states) for one, badge in STANDINGS.items()],
        "chips": _chips(sides, text, states),
        "fitting": len(kept),
        "from": after + 1,
        "to": after + len(shown),
        "here": _address(sides, text, states, after),
        "first": _address(sides, text, states) if after else "",
        "following": _address(sides, text, states, after + PAGE) if len(kept) > after + PAGE else "",
        "all": _address(sides, "", ()),
    }


def _lead(found: SeatMap) -> str:
    paired = f"{found.count(Standing.PAIRED)} of {words.plural(len(found.seats), 'seat')} paired"
    waits = found.count(Standing.PROPOSED)
    return f"{paired}, {words.plural(waits, 'proposal')} to look at." if waits else f"{paired}."


def _fits(one: SeatPaired, text: str, states: Sequence[Standing]) -> bool:
    said = f"{one.name} {one.user.label if one.user else ''}".casefold()
    return text.casefold() in said and (not states or one.standing in states)


def _line(one: SeatPaired) -> dict[str, Any]:
    return {
        "id": one.id,
        "name": one.name,
        "left": not one.active,
        "badge": STANDINGS[one.standing],
        "why": SIGNS.get(one.sign, ""),
        "user": one.user.label if one.user else "",
        "seen": one.user.id if one.user and one.standing != Standing.PROPOSED else "",
        "proposed": one.standing == Standing.PROPOSED,
    }


def _chips(sides: Sides, text: str, states: Sequence[Standing]) -> list[dict[str, str]]:
    said = [
        ("State", ", ".join(STANDINGS[one].word for one in states), _address(sides, text, ())),
        ("Name", text, _address(sides, "", states)),
    ]
    return [{"name": name, "value": value, "without": left} for name, value, left in said if value]


def _address(sides: Sides, text: str, states: Sequence[Standing], after: int = 0) -> str:
    values = {"sides": _key(sides), "q": text, "state": [one.value for one in states], "after": after or ""}
    query = urlencode({name: value for name, value in values.items() if value}, doseq=True)
    return f"{reverse('portal:seats')}?{query}"


def _wanted(posted: QueryDict) -> list[Wanted]:
    """Whom each seat is to be: the form numbers its rows."""
    wanted = []
    for place in range(PAGE):
        seat, named = _number(posted.get(f"seat-{place}", "")), posted.get(f"user-{place}", "")
        if seat and "\0" not in named:
            wanted.append(Wanted(seat, named, posted.get(f"seen-{place}", "")))
    return wanted


def _changeable(request: PortalRequest) -> Sides | None:
    """The named contract and ATS, for who works for all clients: a seat serves all of them."""
    if not request.reach.unrestricted:
        messages.warning(request, "A recruiter may work for other clients too; who works for all of them pairs seats.")
        return None
    return _chosen(request.POST, seats.list_sides(scope=request.reach))


def _chosen(query: QueryDict, every: Sequence[Sides]) -> Sides | None:
    wanted = query.get("sides", "")
    return next((one for one in every if _key(one) == wanted), every[0] if every else None)


def _key(sides: Sides) -> str:
    return f"{sides.linkedin_id}:{sides.ats_id}"


def _back(request: PortalRequest) -> HttpResponse:
    return HttpResponseRedirect(shell.way_back(request) if request.POST.get("next") else reverse("portal:seats"))


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 16 else 0


def sides_of(connection_id: UUID, every: Sequence[Sides]) -> list[Sides]:
    """Those that one connection is a side of."""
    return [one for one in every if connection_id in (one.linkedin_id, one.ats_id)]
