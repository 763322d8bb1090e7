"""What is left to do once a system is connected: its webhook, an event that is seen arriving, who is who."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables

from apps.accounts import selectors as accounts
from apps.accounts.access import PortalRequest, requires
from apps.accounts.rights import Right
from apps.accounts.scope import EVERYONE
from apps.connections import readings
from apps.connections import services as connections
from apps.core import clock, errors
from apps.mappings import seats as seat_maps
from apps.portal import seats, shell, words
from apps.providers import registry
from apps.providers.provider import Connecting, HookSecret, Mode, Provider
from apps.reports import connections as reports
from apps.reports import joining
from apps.reports.connections import ConnectionDetail
from apps.sync import joins

OFFICES = 8
"""Clients that a step of connecting shows; the rest are on their own page."""

SHORTEST = 8
"""A shorter signing secret is a slip of the hand."""


@requires(Right.ADMINISTER, methods=("GET", "POST"), visible=reports.connection_is_visible)
@sensitive_post_parameters()
@sensitive_variables("made")
def setup(request: PortalRequest, connection_id: UUID) -> HttpResponse:
    """Show the steps that are left; a POST makes the webhook's secret, or takes the system's. HTMX asks for what
    has arrived."""
    found = reports.get_connection(scope=request.reach, connection_id=connection_id, now=clock.now())
    if found is None:
        raise Http404
    provider = registry.get(found.row.provider)
    context = _arrivals(request, connection_id) | {
        "name": found.row.name,
        "system": found.capabilities.name,
        "test_event": _told_by(provider, found).test_event,
        "queue": found.capabilities.event_queue,
    }
    if request.htmx and request.method == "GET":
        return shell.page(request, "portal/connect_setup.html#arrivals", context)
    said: dict[str, Any] = {}
    if request.method == "POST" and _registers(provider, found):
        said = _register(connection_id, _address(request, found))
    elif request.method == "POST" and _listens(provider):
        said = _change_secret(request, connection_id, provider)
    page = shell.page(request, "portal/connect_setup.html", {**context, **_steps(request, found, provider), **said})
    page["Cache-Control"] = "no-store"
    return page


def _change_secret(request: PortalRequest, connection_id: UUID, provider: Provider) -> dict[str, Any]:
    """Shown once, in the answer that makes it; the one before counts for another day."""
    match provider.connecting.hook_secret:
        case HookSecret.OURS:
            return {"made": connections.rotate_hook_secret(connection_id=connection_id, now=clock.now())}
        case HookSecret.THEIRS:
            given = " ".join(request.POST.get("secret", "").split())
            if len(given) < SHORTEST:
                return {"secret_error": "Enter the signature token as the system shows it, all of it."}
            connections.rotate_hook_secret(connection_id=connection_id, now=clock.now(), secret=given)
            return {"taken": True}
    return {}


def _register(connection_id: UUID, address: str) -> dict[str, Any]:
    """Tell the system where to deliver; what it says against it is shown."""
    try:
        joins.register_address(connection_id=connection_id, address=address)
    except errors.SyncError as error:
        return {"register_error": readings.refusal_of(error)}
    return {"registered": True}


def _registers(provider: Provider, found: ConnectionDetail) -> bool:
    way = provider.mode_of(found.row.mode)
    return way is not None and way.registers


def _told_by(provider: Provider, found: ConnectionDetail) -> Connecting | Mode:
    """Who tells of deliveries: the way that was chosen to the system, where it has steps of its own."""
    way = provider.mode_of(found.row.mode)
    return way if way is not None and way.hook_steps else provider.connecting


def _address(request: PortalRequest, found: ConnectionDetail) -> str:
    return request.build_absolute_uri(f"/webhooks/{found.row.provider}/{found.row.id}/")


def _steps(request: PortalRequest, found: ConnectionDetail, provider: Provider) -> dict[str, Any]:
    connection_id, connecting = found.row.id, provider.connecting
    return {
        "listens": _listens(provider),
        "address": _address(request, found),
        "registers": _registers(provider, found),
        "secret_is": connecting.hook_secret.value,
        "steps": _told_by(provider, found).hook_steps,
        "mails": connecting.mails,
        "messaging": found.capabilities.role == "messaging",
        "seat_maps": _seat_maps(request, connection_id),
        **_offices(),
        "connection": reverse("portal:connection", args=[connection_id]),
        "next": _next(provider),
    }


def _seat_maps(request: PortalRequest, connection_id: UUID) -> list[dict[str, Any]]:
    """Who is who, with each system that is connected already."""
    every = seat_maps.list_sides(scope=request.reach)
    return [seats.summary(one) for one in seats.sides_of(connection_id, every)]


def _offices() -> dict[str, Any]:
    """When each client's people work: the day's requests are planned by it."""
    every = accounts.list_client_rows(scope=EVERYONE)
    shown = [
        {"name": one.name, "hours": f"{one.start:%H:%M} to {one.end:%H:%M}, {one.time_zone}"} for one in every[:OFFICES]
    ]
    return {"offices": shown, "more": len(every) - len(shown)}


def _next(provider: Provider) -> list[dict[str, str]]:
    """Where to go from here."""
    pages = {
        "sourcing": [("connect", "Connect the ATS")],
        "ats": [("suggestions", "Map Projects to jobs")],
        "messaging": [("contacts", "Choose the hiring managers' channel"), ("notifications", "Rules")],
    }[provider.capabilities.role]
    return [{"label": label, "href": reverse(f"portal:{name}")} for name, label in pages]


def _arrivals(request: PortalRequest, connection_id: UUID) -> dict[str, Any]:
    now = clock.now()
    seen = joining.list_deliveries(scope=request.reach, connection_id=connection_id)
    refused = joining.get_refusal(connection_id)
    return {
        "here": reverse("portal:connect_setup", args=[connection_id]),
        "arrived": [
            {
                "href": reverse("portal:event", args=[one.id]),
                "kind": words.kind_of(one.kind).word,
                "at": words.moment(one.arrived_at, now=now),
                "badge": words.state_badge(state=one.state, reason=one.reason, cause=one.cause, due_at=one.due_at),
                "detail": one.detail,
            }
            for one in seen
        ],
        "refused": words.plural(refused.count, "delivery", "deliveries") if refused else "",
        "refused_at": words.moment(refused.last_at, now=now) if refused else None,
    }


def _listens(provider: Provider) -> bool:
    """Whether the system sends deliveries here at all."""
    push = provider.capabilities.push_events
    return push if isinstance(push, bool) else push.available
