"""Pause, stop and resume a connection, and let it be in shadow. For admins."""

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
    "shadow": "In shadow: everything is read and planned. What would be written waits, and says what it would do.",
    "end_shadow": "Shadow ended: what waited is written, in order.",
}

VERBS = {
    "pause": connections.pause,
    "stop": connections.stop,
    "resume": connections.resume,
    "shadow": connections.shadow,
    "end_shadow": connections.end_shadow,
}


@requires(Right.ADMINISTER, methods=("POST",), visible=reports.connection_is_visible)
def switch(request: PortalRequest, connection_id: UUID) -> HttpResponse:
    """Do what the button says; what arrives meanwhile is stored."""
    wanted = request.POST.get("do", "")
    if wanted in VERBS:
        VERBS[wanted](connection_id=connection_id, actor_id=request.user.pk, now=clock.now())
        shell.toast(request, SAID[wanted])
    return HttpResponseRedirect(reverse("portal:connection", args=[connection_id]))


def offered(*, held_up: bool, shadow: bool, writes: bool) -> list[dict[str, Any]]:
    """The buttons that make sense now; `writes` tells whether candidates are written there at all."""
    if held_up:
        return [{"do": "resume", "word": "Resume", "icon": "running", "first": True}]
    shown = [
        {"do": "pause", "word": "Pause", "icon": "pause", "first": False},
        {"do": "stop", "word": "Stop", "icon": "close", "first": False},
    ]
    if shadow:
        return [{"do": "end_shadow", "word": "End shadow", "icon": "running", "first": True}, *shown]
    return [*shown, {"do": "shadow", "word": "Shadow", "icon": "search", "first": False}] if writes else shown
