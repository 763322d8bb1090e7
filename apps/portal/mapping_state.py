"""What is done to one mapping: its state, with the question about those who are there; its map, policy and lead."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from apps.accounts.access import PortalRequest, requires
from apps.accounts.rights import Right
from apps.core import clock
from apps.mappings import bulk, lifecycle, map_services, readiness, selectors
from apps.portal import shell, words
from apps.portal.map_states import caution_of
from apps.sync import going_live

VERBS: Mapping[str, tuple[str, str, str]] = {
    "draft": ("Back to draft", "note", "Nothing is planned or written."),
    "shadow": ("Start shadow", "search", "Everything is planned and shown, nothing is written."),
    "pilot": ("Start pilot", "pilot", "It writes for real, and the evidence is kept."),
    "live": ("Go live", "check-circle", "It writes for real."),
    "paused": ("Pause", "pause", "Nothing is written; what comes meanwhile waits in its order."),
    "ended": ("End", "dash", "Nothing more travels. Both systems stay as they are."),
}

DONE: Mapping[str, str] = {
    "draft": "It is a draft again.",
    "shadow": "In shadow: what it would do shows in the log.",
    "pilot": "The pilot runs.",
    "live": "Live from now on.",
    "paused": "Paused. What comes meanwhile waits.",
    "ended": "Ended. Both systems stay as they are.",
}

LISTED = 200
"""People that the page lists to choose among."""


def choices_of(state: str, mapping_id: UUID) -> list[dict[str, Any]]:
    """Where a mapping may be taken from here, as buttons or, where a question comes first, as links."""
    return [
        {
            "state": one,
            "word": VERBS[one][0],
            "icon": VERBS[one][1],
            "said": VERBS[one][2],
            "asks": lifecycle.asks_about_earlier(state, one),
            "href": f"{reverse('portal:activate_mapping', args=[mapping_id])}?to={one}",
        }
        for one in lifecycle.NEXT.get(state, ())
    ]


@requires(Right.OPERATE, visible=selectors.mapping_is_visible)
def activate(request: PortalRequest, mapping_id: UUID) -> HttpResponse:
    """Ask what becomes of those who are in the Project already, before a mapping begins to write."""
    to = "pilot" if request.GET.get("to") == "pilot" else "live"
    found = selectors.get_mapping(scope=request.scope, mapping_id=mapping_id)
    if found is None:
        raise Http404
    now = clock.now()
    earlier = going_live.list_earlier(scope=request.scope, mapping_id=mapping_id)
    shown = selectors.get_map_of(scope=request.scope, mapping_id=mapping_id)
    known = readiness.list_cautions(scope=request.scope, ids=[mapping_id]).get(mapping_id, ())
    context = {
        "id": mapping_id,
        "to": to,
        "possible": lifecycle.asks_about_earlier(found.state, to),
        "state": found.state,
        "verb": VERBS[to][0],
        "said": VERBS[to][2],
        "project": found.project,
        "job": found.job,
        "ats": found.ats,
        "client": found.client,
        "why_shut": found.why_shut,
        "rows": len(shown.rows) if shown else 0,
        "cautions": [caution_of(one) for one in known],
        "grave": sum(one.grave for one in known),
        "map_href": reverse("portal:stage_map", args=[found.stage_map_id]),
        "count": len(earlier),
        "people": [
            {
                "id": one.profile_id,
                "name": one.name,
                "stage": one.stage,
                "at": words.moment(one.added_at, now=now),
            }
            for one in earlier[:LISTED]
        ],
        "more": max(0, len(earlier) - LISTED),
    }
    return shell.page(request, "portal/mapping_activate.html", context)


@requires(Right.OPERATE, methods=("POST",), visible=selectors.mapping_is_visible)
def take_to(request: PortalRequest, mapping_id: UUID) -> HttpResponse:
    """Take a mapping to another state; where people are there already, the form says who comes in."""
    to, who = request.POST.get("to", ""), request.POST.get("who", "")
    found = selectors.get_mapping(scope=request.scope, mapping_id=mapping_id)
    if found is not None and lifecycle.asks_about_earlier(found.state, to) and who not in going_live.WHO:
        return HttpResponseRedirect(f"{reverse('portal:activate_mapping', args=[mapping_id])}?to={to}")
    try:
        coming = going_live.take_to(
            mapping_id=mapping_id,
            state=to,
            scope=request.scope,
            now=clock.now(),
            who=who or going_live.NEW,
            these=request.POST.getlist("person"),
            by=request.user.pk,
        )
    except going_live.NotPossible as problem:
        messages.warning(request, str(problem))
    else:
        brought = f" {words.plural(coming, 'person is', 'people are')} on the way; nobody is told." if coming else ""
        shell.toast(request, DONE[to] + brought)
    return HttpResponseRedirect(reverse("portal:mapping", args=[mapping_id]))


@requires(Right.OPERATE, methods=("POST",), visible=selectors.mapping_is_visible)
def set_policy(request: PortalRequest, mapping_id: UUID) -> HttpResponse:
    """Say what decides where both sides changed."""
    if bulk.set_policy(scope=request.scope, mapping_id=mapping_id, policy=request.POST.get("policy", "")):
        shell.toast(request, "It decides what both sides change from now on.")
    return HttpResponseRedirect(reverse("portal:mapping", args=[mapping_id]))


@requires(Right.OPERATE, methods=("POST",), visible=selectors.mapping_is_visible)
def lead(request: PortalRequest, mapping_id: UUID) -> HttpResponse:
    """Let this mapping's job lead its Project."""
    try:
        before = going_live.lead(scope=request.scope, mapping_id=mapping_id, now=clock.now())
    except PermissionError:
        messages.warning(request, "Another client’s job leads this Project; who works for both may change that.")
    else:
        shell.toast(request, "New people go to this job" + (f", no longer to {before}." if before else "."))
    return HttpResponseRedirect(reverse("portal:mapping", args=[mapping_id]))


@requires(Right.OPERATE, methods=("POST",), visible=selectors.mapping_is_visible)
def choose_map(request: PortalRequest, mapping_id: UUID) -> HttpResponse:
    """Give a mapping a stage map of its own, or let it use the default."""
    if request.POST.get("map") == "default":
        if not map_services.use_default(mapping_id=mapping_id, now=clock.now()):
            messages.warning(request, "This system has no default map yet. Make one the default on its page.")
        return HttpResponseRedirect(reverse("portal:mapping", args=[mapping_id]))
    own = map_services.give_own_map(mapping_id=mapping_id, author=request.user, now=clock.now())
    return HttpResponseRedirect(reverse("portal:stage_map", args=[own.pk]))
