"""Connect a system: choose it, enter what it wants, see it tested, and only then keep it. For admins."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables

from apps.accounts.access import PortalRequest, requires
from apps.accounts.rights import Right
from apps.connections import authorize, fit, pending, trials
from apps.connections import services as connections
from apps.connections.authorize import Asked
from apps.connections.trials import Tried, Wanted
from apps.core import clock
from apps.portal import connect_consent, connect_form, connect_result, contract_move, shell, words
from apps.portal.connect_form import ConnectForm
from apps.providers import registry
from apps.providers.provider import Provider
from apps.sync import joins

PLACE = "connect"
LASTS = timedelta(minutes=15)
"""How long an entered credential waits for the button; afterwards it is entered again."""

ROLES = {"sourcing": "Where people are found", "ats": "Applicant tracking", "messaging": "Where people are told"}


@requires(Right.ADMINISTER)
def choose_system(request: PortalRequest) -> HttpResponse:
    """Show what can be connected, and whether SyncPortal is worth it (R3b)."""
    every = registry.all_providers().values()
    groups = [
        {"title": title, "systems": [way for one in every if one.capabilities.role == role for way in _ways(one)]}
        for role, title in ROLES.items()
    ]
    said = {name: request.GET.get(name, "") for name in ("week", "tier", "api", "native")}
    context = {"groups": groups, "fit": said, "verdict": fit.judge(**said), "tiers": fit.TIERS.items()}
    return shell.page(request, "portal/connect.html", context)


@requires(Right.ADMINISTER, methods=("GET", "POST"))
@sensitive_post_parameters()
@sensitive_variables("form", "wanted", "tried")
def enter_credential(request: PortalRequest) -> HttpResponse:
    """Ask for what the system wants; test it, or go to its sign-in page first."""
    key = request.GET.get("system", "")
    if key not in registry.all_providers():
        return HttpResponseRedirect(reverse("portal:connect"))
    provider = registry.get(key)
    way = provider.mode_of(request.GET.get("mode", ""))
    mode = way.key if way is not None else ""
    form = ConnectForm(provider, request.POST or None, mode=mode, initial=_entered(request, provider, mode))
    if request.method == "POST" and form.is_valid():
        if provider.consent_in(mode) is not None:
            return _ask_consent(request, form)
        _keep(request, joins.try_out(form.wanted()), form.whose())
        return HttpResponseRedirect(reverse("portal:connect_result"))
    page = shell.page(request, "portal/connect_system.html", _form_page(request, form))
    page["Cache-Control"] = "no-store"
    return _allow_consent(page, provider) if provider.consent_in(mode) is not None else page


@requires(Right.ADMINISTER, methods=("GET", "POST"))
@sensitive_variables("kept", "tried")
def show_result(request: PortalRequest) -> HttpResponse:
    """Show what the test found; choose a contract, or make the connection."""
    kept = pending.read(request.session, PLACE, now=clock.now())
    if kept is None:
        if request.method == "POST":
            messages.warning(request, "The test was longer than a quarter of an hour ago. Enter the credential again.")
        return HttpResponseRedirect(reverse("portal:connect"))
    tried = trials.from_plain(kept["tried"])
    asked = connect_result.users_asked(tried, request.POST)
    if request.method == "POST" and tried.must_choose:
        return _choose_account(request, tried, kept)
    if request.method == "POST" and tried.passed and not any(one["error"] for one in asked):
        return _connect(request, tried, kept)
    context = connect_result.context_of(tried, asked if request.method == "POST" else connect_result.unsaid(asked))
    page = shell.page(request, "portal/connect_result.html", {**context, **kept["whose"]})
    page["Cache-Control"] = "no-store"
    return page


@requires(Right.ADMINISTER)
@sensitive_variables("granted", "wanted", "tried")
def authorized(request: PortalRequest) -> HttpResponse:
    """Where a system's sign-in page sends the administrator back, with a code or a refusal."""
    try:
        granted = authorize.finish(session=request.session, answer=request.GET.dict(), now=clock.now())
    except authorize.NotAuthorized as refusal:
        messages.error(request, str(refusal))
        return HttpResponseRedirect(reverse("portal:connections"))
    if granted.asked.connection_id is not None and granted.asked.entered.get(contract_move.MOVE):
        return contract_move.signed_in(request, granted, granted.asked.connection_id)
    if granted.asked.connection_id is not None:
        return connect_consent.reconnect(request, granted, granted.asked.connection_id)
    entered = granted.asked.entered
    wanted = Wanted(
        provider=granted.asked.provider,
        secret=granted.secret,
        base_urls=granted.asked.base_urls,
        options=entered["options"],
        access_mode=entered["access_mode"],
        access_token=granted.access_token,
        expires_at=granted.expires_at,
        ends_at=granted.ends_at,
    )
    _keep(request, joins.try_out(wanted), entered["whose"])
    return HttpResponseRedirect(reverse("portal:connect_result"))


def _connect(request: PortalRequest, tried: Tried, kept: Mapping[str, Any]) -> HttpResponse:
    whose = kept["whose"]
    try:
        made = joins.join(
            tried,
            name=whose["name"],
            client_id=connect_form.client_of(whose["client"]),
            options=connect_result.user_options(tried, request.POST),
            now=clock.now(),
        )
    except (trials.NotPassed, connections.AccountTaken) as refusal:
        messages.error(request, str(refusal))
        return HttpResponseRedirect(reverse("portal:connect_result"))
    request.session.pop(PLACE, None)
    shell.toast(request, f"{whose['name']} is connected. Its first reading has begun.")
    return HttpResponseRedirect(reverse("portal:connect_setup", args=[made]))


def _choose_account(request: PortalRequest, tried: Tried, kept: Mapping[str, Any]) -> HttpResponse:
    chosen = request.POST.get("account", "")
    if chosen in {one.id for one in tried.accounts if not one.refusal}:
        _keep(request, joins.try_out(trials.choosing(tried.wanted, chosen)), kept["whose"])
    else:
        messages.warning(request, "Choose one of the contracts that are listed.")
    return HttpResponseRedirect(reverse("portal:connect_result"))


def _ask_consent(request: PortalRequest, form: ConnectForm) -> HttpResponse:
    wanted = form.wanted()
    asked = Asked(
        provider=wanted.provider,
        secret=wanted.secret,
        redirect_uri=connect_consent.redirect_uri(request),
        base_urls=wanted.base_urls,
        entered={"options": dict(wanted.options), "access_mode": wanted.access_mode, "whose": form.whose()},
    )
    return HttpResponseRedirect(authorize.begin(session=request.session, asked=asked, now=clock.now()))


def _keep(request: PortalRequest, tried: Tried, whose: Mapping[str, str]) -> None:
    values = {"tried": trials.to_plain(tried), "whose": dict(whose)}
    pending.put(request.session, PLACE, values, until=clock.now() + LASTS)


def _entered(request: PortalRequest, provider: Provider, mode: str) -> dict[str, Any]:
    """What was entered before and is not secret, for whoever comes back to correct it."""
    kept = pending.read(request.session, PLACE, now=clock.now()) or {}
    wanted = kept.get("tried", {}).get("wanted", {})
    if (wanted.get("provider"), wanted.get("access_mode")) != (provider.key, mode):
        return {"name": provider.capabilities_in(mode).name}
    options = {f"{connect_form.OPTION}{name}": value for name, value in wanted["options"].items()}
    plain = {one.name: wanted["secret"].get(one.name, "") for one in provider.credential_fields if not one.secret}
    native = {connect_form.NATIVE: bool(wanted["options"].get(connect_form.NATIVE))}
    at = connect_form.SANDBOX if wanted["base_urls"] else ""
    return {**kept["whose"], **plain, **options, **native, "at": at}


def _form_page(request: PortalRequest, form: ConnectForm) -> dict[str, Any]:
    provider, able = form.provider, form.provider.capabilities_in(form.mode)
    way = provider.mode_of(form.mode)
    return {
        "system": _system(provider, form.mode),
        "fields": connect_form.shown_fields(form),
        "wrong": len(form.errors),
        "setup": able.setup,
        "cannot": way.cannot if way is not None else (),
        "permissions": [] if able.publishes else list(provider.connecting.permissions.values()),
        "mails": provider.connecting.mails,
        "consents": provider.consent_in(form.mode) is not None,
        "redirect_uri": connect_consent.redirect_uri(request),
    }


def _allow_consent(page: HttpResponse, provider: Provider) -> HttpResponse:
    """The form may end at the sign-in pages that this provider has: its own, and the sandbox's."""
    allowed = [provider.base_urls["auth"], settings.SYNCPORTAL_SANDBOX_URL]
    return connect_consent.allow_form_to(page, *filter(None, allowed))


def _ways(provider: Provider) -> list[dict[str, Any]]:
    """A system as often as there are ways to it."""
    return [_system(provider, one.key) for one in provider.modes] or [_system(provider, "")]


def _system(provider: Provider, mode: str) -> dict[str, Any]:
    able, asked = provider.capabilities_in(mode), {"system": provider.key} | ({"mode": mode} if mode else {})
    return {
        "key": provider.key,
        "name": able.name,
        "mark": words.mark_of(provider.key),
        "effort": able.effort,
        "href": f"{reverse('portal:connect_system')}?{urlencode(asked)}",
    }
