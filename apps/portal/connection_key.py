"""A new key for a connection that is there: entered, tested permission by permission, and only then the present one's
successor. For admins."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables

from apps.accounts.access import PortalRequest, requires
from apps.accounts.rights import Right
from apps.connections import authorize, pending, readings, selectors, trials
from apps.connections import services as connections
from apps.connections.trials import NotPassed, Tried
from apps.core import clock, errors
from apps.portal import connect_form, connect_result, shell
from apps.portal.connect_form import CredentialForm
from apps.providers import registry
from apps.reports import connections as reports
from apps.reports.connections import ConnectionDetail
from apps.sync import reconnecting

PLACE = "new-key"
LASTS = timedelta(minutes=15)
"""How long a tested key waits for the button; afterwards it is entered again."""


@requires(Right.ADMINISTER, methods=("GET", "POST"), visible=reports.connection_is_visible)
@sensitive_post_parameters()
@sensitive_variables("form", "tried")
def enter_key(request: PortalRequest, connection_id: UUID) -> HttpResponse:
    """Ask for the new credential, and test it."""
    found = _found(request, connection_id)
    if authorize.asks_for_consent(found.row.provider, found.row.mode):
        return HttpResponseRedirect(reverse("portal:sign_in_again", args=[connection_id]))
    provider = registry.get(found.row.provider)
    form = CredentialForm(provider, request.POST or None, initial=selectors.plain_credential(connection_id))
    if request.method == "POST" and form.is_valid():
        try:
            tried = reconnecting.try_keys(connection_id=connection_id, secret=form.secret())
        except errors.RateLimited as stopped:
            return _back(request, connection_id, f"{stopped.detail} Nothing was changed.")
        _keep(request, connection_id, tried)
        return HttpResponseRedirect(reverse("portal:new_key_result", args=[connection_id]))
    context = {
        **_names(found),
        "fields": connect_form.shown_credential(form),
        "wrong": len(form.errors),
        "setup": found.capabilities.setup,
        "permissions": list(provider.connecting.permissions.values()),
    }
    return _unkept(shell.page(request, "portal/connection_key.html", context))


@requires(Right.ADMINISTER, methods=("GET", "POST"), visible=reports.connection_is_visible)
@sensitive_variables("tried")
def show_result(request: PortalRequest, connection_id: UUID) -> HttpResponse:
    """Show what the test found; a POST replaces the key by the one that passed."""
    tried = _kept(request, connection_id)
    if tried is None:
        messages.warning(request, "No tested key waits here any more. Enter it again.")
        return HttpResponseRedirect(reverse("portal:new_key", args=[connection_id]))
    if request.method == "POST":
        return _replace(request, connection_id, tried)
    context = {**_names(_found(request, connection_id)), **connect_result.checks_of(tried)}
    return _unkept(shell.page(request, "portal/connection_key_result.html", context))


def _replace(request: PortalRequest, connection_id: UUID, tried: Tried) -> HttpResponse:
    request.session.pop(PLACE, None)
    try:
        reconnecting.replace_by(tried, connection_id=connection_id, actor=request.user, now=clock.now())
    except (NotPassed, connections.WrongAccount, connections.AccountTaken, connections.Unsuitable) as refusal:
        return _back(request, connection_id, f"{refusal} Nothing was changed.")
    except errors.SyncError as error:
        return _back(request, connection_id, f"{readings.refusal_of(error)} Nothing was changed.")
    shell.toast(request, "The new key is in force. What waited goes on, in its order.")
    return HttpResponseRedirect(reverse("portal:connection", args=[connection_id]))


def _keep(request: PortalRequest, connection_id: UUID, tried: Tried) -> None:
    values = {"connection": str(connection_id), "tried": trials.to_plain(tried)}
    pending.put(request.session, PLACE, values, until=clock.now() + LASTS)


def _kept(request: PortalRequest, connection_id: UUID) -> Tried | None:
    """What this browser tested for this connection, and not for another."""
    found = pending.read(request.session, PLACE, now=clock.now())
    if found is None or found["connection"] != str(connection_id):
        return None
    return trials.from_plain(found["tried"])


def _found(request: PortalRequest, connection_id: UUID) -> ConnectionDetail:
    found = reports.get_connection(scope=request.reach, connection_id=connection_id, now=clock.now())
    if found is None:
        raise Http404
    return found


def _names(found: ConnectionDetail) -> dict[str, Any]:
    return {
        "name": found.row.name,
        "system": found.capabilities.name,
        "account": found.remote_name,
        "here": reverse("portal:new_key", args=[found.row.id]),
        "up": reverse("portal:connection", args=[found.row.id]),
    }


def _unkept(page: HttpResponse) -> HttpResponse:
    page["Cache-Control"] = "no-store"
    return page


def _back(request: PortalRequest, connection_id: UUID, said: str) -> HttpResponse:
    messages.error(request, said)
    return HttpResponseRedirect(reverse("portal:connection", args=[connection_id]))
