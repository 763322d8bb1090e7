"""What is done to many mappings at once: first shown with its effect on each, then done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse

from apps.accounts import selectors as accounts
from apps.accounts.access import PortalRequest, requires
from apps.accounts.rights import Right
from apps.core import clock
from apps.mappings import bulk, lifecycle, readiness, selectors
from apps.mappings.bulk import Owner
from apps.mappings.selectors import MappingRow
from apps.portal import mapping_filters, mapping_state, shell, words
from apps.sync import going_live

STATES = ("shadow", "paused", "live", "ended")
"""Where many may be taken together; live means that those who are there stay out, where the question comes up."""

MOST = 500


@requires(Right.OPERATE, methods=("POST",))
def preview(request: PortalRequest) -> HttpResponse:
    """Show what would be done to each of the ticked mappings."""
    do = request.POST.get("do", "")
    found = _chosen(request)
    owner = _owner(request, do)
    if not found or (do not in STATES and owner is None):
        messages.warning(request, "Tick the mappings first, then choose what to do with them.")
        return HttpResponseRedirect(reverse("portal:mappings"))
    warned = _warned(request, [one.id for one in found]) if do in lifecycle.WRITES else {}
    lines = [_line(one, do, owner) | {"grave": warned.get(one.id, 0)} for one in found]
    context = {
        "do": do,
        "verb": f"Hand over to {owner.name}" if owner else mapping_state.VERBS[do][0],
        "said": _said(do, owner),
        "able": [one for one in lines if not one["why_not"]],
        "left": [one for one in lines if one["why_not"]],
        "people": words.number(sum(one.people for one in found)),
        "writes": do in lifecycle.WRITES,
        "grave": sum(bool(one["grave"]) for one in lines if not one["why_not"]),
    }
    return shell.page(request, "portal/mappings_bulk.html", context)


@requires(Right.OPERATE, methods=("POST",))
def apply(request: PortalRequest) -> HttpResponse:
    """Do it, as it was shown."""
    do, ids = request.POST.get("do", ""), _ids(request.POST.getlist("mapping"))
    owner = _owner(request, do)
    if owner is not None:
        done = bulk.reassign(scope=request.scope, ids=ids, owner=owner)
        shell.toast(request, f"{words.plural(done, 'mapping')} handed over to {owner.name}.")
    elif do in STATES:
        taken = going_live.take_all(ids=ids, state=do, scope=request.scope, now=clock.now())
        for why in taken.refused:
            messages.warning(request, why)
        shell.toast(request, f"{words.plural(taken.done, 'mapping')}: {mapping_state.DONE[do]}")
    return HttpResponseRedirect(reverse("portal:mappings"))


def _chosen(request: PortalRequest) -> Sequence[MappingRow]:
    """The mappings that are ticked, or all that fit the list's filters where that is ticked."""
    every = request.POST.get("every")
    if every is None:
        return selectors.list_mappings(scope=request.scope, ids=_ids(request.POST.getlist("mapping")), limit=MOST)
    filters = mapping_filters.read(
        QueryDict(every.replace("\0", "").removeprefix("?")[:4000]),
        clients=accounts.list_clients(scope=request.scope),
        systems=selectors.list_systems(scope=request.scope),
    )
    return selectors.list_mappings(scope=request.scope, **filters.wanted, limit=MOST)


def _warned(request: PortalRequest, ids: Sequence[UUID]) -> Mapping[UUID, int]:
    """How much in the stage map of each asks for a look before it writes."""
    known = readiness.list_cautions(scope=request.scope, ids=ids)
    return {pk: sum(one.grave for one in cautions) for pk, cautions in known.items()}


def _owner(request: PortalRequest, do: str) -> Owner | None:
    """Who is to own what comes from now on: `owner:<connection>:<user>`."""
    what, _, key = do.partition(":")
    if what != "owner":
        return None
    owners = bulk.list_owners(scope=request.scope)
    return next((one for one in owners if f"{one.connection_id}:{one.remote_id}" == key), None)


def _line(one: MappingRow, do: str, owner: Owner | None) -> dict[str, Any]:
    why_not = ""
    if owner is not None:
        why_not = (
            "" if one.ats_id == owner.connection_id else f"It feeds {one.ats}, where {owner.name} is another user."
        )
    elif not lifecycle.may_become(one.state, do):
        why_not = f"It is {one.state}."
    elif do in lifecycle.WRITES and one.map_version is None:
        why_not = "Its stage map has no row."
    return {
        "id": one.id,
        "map_href": reverse("portal:stage_map", args=[one.stage_map_id]),
        "project": one.project,
        "job": one.job,
        "client": one.client,
        "state": one.state,
        "people": words.number(one.people),
        "why_not": why_not,
    }


def _said(do: str, owner: Owner | None) -> str:
    if owner is not None:
        return f"New applications go to {owner.name} where the seat map names nobody. Those that are there keep theirs."
    if do == "live":
        return "They write for real. Those who are in a draft’s or a shadow’s Project already stay out."
    return mapping_state.VERBS[do][2]


def _ids(texts: Sequence[str]) -> list[UUID]:
    found = []
    for text in texts[:MOST]:
        try:
            found.append(UUID(text))
        except ValueError:
            continue
    return found
