"""API keys: what programs read the API with. For admins; a key's secret is shown once, in the answer that makes it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.debug import sensitive_variables

from apps.accounts import keys, selectors
from apps.accounts.access import PortalRequest, requires
from apps.accounts.keys import KeyRow
from apps.accounts.rights import Right, Role
from apps.accounts.scope import EVERYONE
from apps.core import clock
from apps.portal import shell, words
from apps.portal.words import Badge

ENDS = {"30": "30 days", "90": "90 days", "180": "Half a year", "365": "A year"}
BADGES = {
    "live": Badge("ok", "check-circle", "Live"),
    "expired": Badge("mute", "clock", "Expired"),
    "revoked": Badge("mute", "close", "Revoked"),
    "stopped": Badge("warn", "pause", "Stopped", "its maker is switched off"),
}


class NewKeyForm(forms.Form):
    """What a new key is for, what it may read, and until when."""

    name = forms.CharField(max_length=80, error_messages={"required": "Say what reads with it, as in Weekly report."})
    client = forms.ChoiceField(required=False)
    lasts = forms.ChoiceField(choices=list(ENDS.items()))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        clients = selectors.list_clients(scope=EVERYONE)
        self.fields["client"].choices = [("", "All clients"), *((str(pk), name) for pk, name in clients)]


@requires(Right.ADMINISTER, methods=("GET", "POST"))
@sensitive_variables("secret")
def key_list(request: PortalRequest) -> HttpResponse:
    """Show every key; make one and show its secret, this once."""
    form = NewKeyForm(request.POST or None, initial={"client": request.chosen or "", "lasts": 90})
    context: dict[str, Any] = {}
    if request.method == "POST" and form.is_valid():
        made, secret = _make(request, form.cleaned_data)
        context = {"secret": secret, "made": made.name}
        form = NewKeyForm(initial=form.cleaned_data | {"name": ""})
    now = clock.now()
    found = keys.list_keys(scope=request.scope, now=now)
    context |= {"lines": [_line(one, now) for one in found], "live": sum(one.state == "live" for one in found)}
    response = shell.page(request, "portal/keys.html", context | _form_context(form))
    response["Cache-Control"] = "no-store"
    return response


@requires(Right.ADMINISTER, methods=("POST",), visible=keys.key_is_visible)
def revoke_key(request: PortalRequest, key_id: UUID) -> HttpResponse:
    """End a key at once and for good."""
    if keys.revoke_key(key_id=key_id, actor=request.user, now=clock.now()):
        shell.toast(request, "The key is revoked: what reads with it gets 401 from now on.")
    else:
        shell.toast(request, "That key had been revoked before.")
    return HttpResponseRedirect(reverse("portal:keys"))


def _make(request: PortalRequest, said: Mapping[str, str]) -> tuple[Any, str]:
    return keys.make_key(
        maker=request.user,
        name=said["name"],
        role=Role.VIEWER,
        client_id=UUID(said["client"]) if said["client"] else None,
        now=clock.now(),
        lasts=timedelta(days=int(said["lasts"])),
    )


def _form_context(form: NewKeyForm) -> dict[str, Any]:
    chosen = {name: str(form[name].value() or "") for name in form.fields}
    return {
        "name": chosen["name"],
        "errors": {name: said[0] for name, said in form.errors.items()},
        "clients": [(pk, name, pk == chosen["client"]) for pk, name in form.fields["client"].choices],
        "ends": [(days, label, days == chosen["lasts"]) for days, label in ENDS.items()],
    }


def _line(one: KeyRow, now: datetime) -> dict[str, Any]:
    return {
        "id": one.id,
        "name": one.name,
        "starts_with": one.starts_with,
        "client": one.client or "All clients",
        "maker": one.maker,
        "badge": BADGES[one.state],
        "may_end": one.revoked_at is None,
        "ends": words.moment(one.revoked_at or one.expires_at, now=now),
        "used": words.moment(one.last_used_at, now=now),
    }
