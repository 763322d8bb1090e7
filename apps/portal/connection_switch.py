"""Pause, stop and resume a connection. For admins."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse

from apps.accounts.access import PortalRequest, requires
from apps.accounts.rights import Right
from apps.connections import services as connections
from apps.core import clock
from apps.portal import shell
from apps.reports import connections as reports

SAID = {
    "pause": "Paused: no call starts. What arrives meanwhile is kept, in order.",
    "stop": "Stopped: no call starts, not even to reconnect. What arrives meanwhile is kept, in order.",
    "resume": "Resumed: what waited goes on, in order.",
}


@requires(Right.ADMINISTER, methods=("POST",), visible=reports.connection_is_visible)
def switch(request: PortalRequest, connection_id: UUID) -> HttpResponse:
    """Pause, stop or resume; what arrives meanwhile is stored."""
    wanted, now = request.POST.get("do", ""), clock.now()
    if wanted == "pause":
        connections.pause(connection_id=connection_id, actor_id=request.user.pk, now=now)
    elif wanted == "stop":
        connections.stop(connection_id=connection_id, actor_id=request.user.pk, now=now)
    elif wanted == "resume":
        connections.resume(connection_id=connection_id, actor_id=request.user.pk, now=now)
    if wanted in SAID:
        shell.toast(request, SAID[wanted])
    return HttpResponseRedirect(reverse("portal:connection", args=[connection_id]))


def offered(*, held_up: bool) -> list[dict[str, Any]]:
    """The buttons that make sense now."""
    if held_up:
        return [{"do": "resume", "word": "Resume", "icon": "running", "first": True}]
    return [
        {"do": "pause", "word": "Pause", "icon": "pause", "first": False},
        {"do": "stop", "word": "Stop", "icon": "close", "first": False},
    ]
