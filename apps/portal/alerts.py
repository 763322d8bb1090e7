"""Alerts: what fires, since when, what to do about it, and what is over."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse

from apps.accounts.access import PortalRequest, requires
from apps.accounts.rights import Right
from apps.core import clock
from apps.monitoring import digest, selectors, services
from apps.monitoring.selectors import AlertRow
from apps.portal import shell, words
from apps.portal.words import Badge

STATES: Mapping[str, tuple[str, str, str]] = {
    "firing": ("bad", "warn", "Firing"),
    "acknowledged": ("info", "check-circle", "Acknowledged"),
    "snoozed": ("mute", "clock", "Snoozed"),
}

SNOOZES = {"1h": "1 hour", "4h": "4 hours", "1d": "1 day"}

OF_CONNECTION: Mapping[str, str] = {"connections": "portal:connection"}
"""The page of one connection, where an alert's own page is that of all."""


@requires(Right.VIEW)
def alert_list(request: PortalRequest) -> HttpResponse:
    """Show what fires and what is over; HTMX asks for what fires alone."""
    now = clock.now()
    found = [_line(one, now) for one in selectors.list_open(scope=request.scope)]
    context: dict[str, Any] = {
        "open": found,
        "lead": _lead(found),
        "may_operate": request.user.may(Right.OPERATE),
        "snoozes": SNOOZES.items(),
    }
    if request.htmx:
        return shell.page(request, "portal/alerts.html#open", context)
    context["digest"] = digest.is_wanted(user=request.user)
    context["over"] = [_line(one, now) for one in selectors.list_over(scope=request.scope, now=now)]
    return shell.page(request, "portal/alerts.html", context)


@requires(Right.OPERATE, methods=("POST",), visible=selectors.alert_is_visible)
def act_on_alert(request: PortalRequest, alert_id: UUID) -> HttpResponse:
    """Acknowledge an alert, let it be quiet for a while, or take that back."""
    act, now = request.POST.get("act", ""), clock.now()
    common: dict[str, Any] = {"alert_id": alert_id, "scope": request.reach, "actor": request.user.pk, "now": now}
    undo = reverse("portal:act_on_alert", args=[alert_id])
    if act == "acknowledge":
        done, said = services.acknowledge(**common), "Acknowledged. It stays quiet until it is over."
    elif act in SNOOZES:
        done = services.snooze(how_long=act, **common)
        said = f"Quiet for {SNOOZES[act]}. It fires again if it is still so."
    else:
        done, said, undo = services.take_back(**common), "It shows as firing again.", ""
    if done:
        shell.toast(request, said, undo=undo)
    else:
        messages.warning(request, "This alert was over, or somebody had decided it, before you did.")
    return HttpResponseRedirect(reverse("portal:alerts"))


@requires(Right.OPERATE, methods=("POST",))
def choose_digest(request: PortalRequest) -> HttpResponse:
    """Have the daily digest, or no more."""
    wanted = request.POST.get("wanted") == "yes"
    digest.choose(user=request.user, wanted=wanted, now=clock.now())
    said = "You get the digest from tomorrow morning on." if wanted else "You get no digest any more."
    messages.success(request, said)
    return HttpResponseRedirect(reverse("portal:alerts"))


def _line(one: AlertRow, now: datetime) -> dict[str, Any]:
    page = OF_CONNECTION.get(one.kind.page) if one.connection_id is not None else None
    until = one.resolved_at or now
    return {
        "id": one.id,
        "title": one.kind.title,
        "detail": one.detail,
        "todo": one.kind.todo,
        "href": reverse(page, args=[one.connection_id]) if page else reverse(f"portal:{one.kind.page}"),
        "tone": "mute" if one.state != "firing" else "bad" if one.kind.grave else "warn",
        "icon": "warn" if one.state == "firing" else STATES.get(one.state, ("", "check-circle", ""))[1],
        "badge": _badge(one, now),
        "firing": one.state == "firing",
        "by": one.by,
        "since": words.moment(one.first_seen, now=now),
        "over": words.moment(one.resolved_at, now=now),
        "lasted": words.duration((until - one.first_seen).total_seconds()),
    }


def _badge(one: AlertRow, now: datetime) -> Badge | None:
    if one.state not in STATES:
        return None
    until = words.moment(one.snoozed_until, now=now)
    return Badge(*STATES[one.state], f"until {until.text}" if until else "")


def _lead(found: list[dict[str, Any]]) -> str:
    if not found:
        return "Nothing fires. What is watched is looked at every ten seconds."
    firing = sum(one["firing"] for one in found)
    quiet = len(found) - firing
    said = f"{words.plural(firing, 'alert fires', 'alerts fire')}" if firing else "Nothing new fires"
    return f"{said}{f', {quiet} seen to or snoozed' if quiet else ''}. Each tells admins and ops leads when it is over."
