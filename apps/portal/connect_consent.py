"""Consent again for a connection that is there: the way to the system's sign-in page, and what comes back."""

from __future__ import annotations

from urllib.parse import urlsplit
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from apps.accounts.access import PortalRequest, requires
from apps.accounts.rights import Right
from apps.connections import authorize
from apps.connections import services as connections
from apps.connections.authorize import Granted
from apps.core import clock, errors
from apps.portal import shell
from apps.providers.provider import Minted
from apps.reports import connections as reports
from apps.sync import reconnecting


def redirect_uri(request: HttpRequest) -> str:
    """The address that the application there has to know."""
    return request.build_absolute_uri(reverse("portal:authorized"))


def allow_form_to(response: HttpResponse, *addresses: str) -> HttpResponse:
    """Let the forms of this page end at the system's sign-in page: browsers hold form-action for redirects too."""
    origins = [f"{there.scheme}://{there.netloc}" for there in map(urlsplit, addresses)]
    response._csp_update = {"form-action": origins}  # type: ignore[attr-defined]
    return response


@requires(Right.ADMINISTER, methods=("GET", "POST"), visible=reports.connection_is_visible)
def sign_in_again(request: PortalRequest, connection_id: UUID) -> HttpResponse:
    """Say whose consent is needed, and go there."""
    found = reports.get_connection(scope=request.reach, connection_id=connection_id, now=clock.now())
    if found is None:
        raise Http404
    if not authorize.asks_for_consent(found.row.provider, found.row.mode):
        return HttpResponseRedirect(reverse("portal:connection", args=[connection_id]))
    try:
        asked = authorize.for_reconnect(connection_id=connection_id, redirect_uri=redirect_uri(request))
        if request.method == "POST":
            return HttpResponseRedirect(authorize.begin(session=request.session, asked=asked, now=clock.now()))
    except authorize.NotAuthorized as refusal:
        return _back(request, connection_id, str(refusal))
    context = {
        "name": found.row.name,
        "system": found.capabilities.name,
        "account": found.remote_name,
        "waiting": found.row.waiting,
        "back": reverse("portal:connection", args=[connection_id]),
    }
    return allow_form_to(shell.page(request, "portal/connect_again.html", context), authorize.page_of(asked))


def reconnect(request: PortalRequest, granted: Granted, connection_id: UUID) -> HttpResponse:
    """Give the connection its new credential, if it is one for the same account."""
    try:
        minted = Minted(granted.access_token, granted.expires_at, granted.secret, granted.ends_at)
        found = reconnecting.reconnect(connection_id=connection_id, minted=minted, actor=request.user, now=clock.now())
    except (connections.WrongAccount, connections.AccountTaken, connections.Unsuitable) as refusal:
        return _back(request, connection_id, f"{refusal} Nothing was changed.")
    except errors.SyncError as error:
        return _back(request, connection_id, f"The consent could not be checked. {error.detail} Nothing was changed.")
    shell.toast(request, f"Reconnected to {found.name}. What waited goes on, in its order.")
    return HttpResponseRedirect(reverse("portal:connection", args=[connection_id]))


def _back(request: PortalRequest, connection_id: UUID, said: str) -> HttpResponse:
    messages.error(request, said)
    return HttpResponseRedirect(reverse("portal:connection", args=[connection_id]))
