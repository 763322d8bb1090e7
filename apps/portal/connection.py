"""One connection: its health, what waits for it, its listings, its budget, what its system can do."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import Http404, HttpResponse
from django.urls import reverse

from apps.accounts.access import PortalRequest, requires
from apps.accounts.rights import Right
from apps.connections import authorize
from apps.core import clock
from apps.portal import connections, rows, shell, words
from apps.portal.connections import ConnectionLine
from apps.portal.words import Badge
from apps.providers.contract import Capabilities, Limited
from apps.reports import connections as reports
from apps.reports.connections import ConnectionDetail
from apps.sync.selectors import StreamRow

STREAMS: Mapping[str, str] = {
    "profiles": "People in Projects",
    "projects": "Projects and their stages",
    "seats": "Recruiter seats",
    "jobs": "Jobs and their stages",
    "people": "Everybody, for the index",
    "applications": "Changed applications",
}

ABILITIES: Mapping[str, str] = {
    "lookup_by_linkedin_url": "Look up by LinkedIn address",
    "lookup_by_email": "Look up by e-mail",
    "create": "Create people",
    "attach": "Add people to a job",
    "move": "Move stages",
    "reject": "Reject",
    "hire": "Hire",
    "note": "Notes",
    "merge": "Merge people",
    "push_events": "Tells of changes by webhook",
    "pull_events": "Gives changes when asked",
    "client_folder": "Client folders",
}

WAITS = ("queued", "leased", "retrying", "held")


@requires(Right.VIEW, visible=reports.connection_is_visible)
def connection_detail(request: PortalRequest, connection_id: UUID) -> HttpResponse:
    """Show one connection; HTMX asks for what waits alone."""
    now = clock.now()
    found = reports.get_connection(scope=request.scope, connection_id=connection_id, now=now)
    if found is None:
        raise Http404
    line = connections.line_of(found.row, now=now)
    context = {
        "line": line,
        "lead": _lead(found),
        "acts": _acts(found) if request.user.may(Right.ADMINISTER) else [],
        "notice": _notice(found, line, now),
        "waiting": [rows.line_of(one, now=now) for one in found.waiting],
        "log": f"{reverse('portal:events')}?{urlencode({'system': connection_id, 'state': WAITS}, doseq=True)}",
        "streams": [_stream(one, now) for one in found.streams],
        "abilities": abilities_of(found.capabilities),
        "token": _token(found, now),
        "hook": request.build_absolute_uri(f"/webhooks/{found.row.provider}/{connection_id}/"),
        "shows_hook": request.user.may(Right.ADMINISTER) and found.capabilities.push_events is not False,
    }
    return shell.page(request, "portal/connection.html", context)


def abilities_of(capabilities: Capabilities) -> list[dict[str, str]]:
    """What a system can do: yes, limited with why, or no with why."""
    return [_ability(said, getattr(capabilities, name)) for name, said in ABILITIES.items()]


def _ability(said: str, support: bool | Limited) -> dict[str, str]:
    if isinstance(support, Limited):
        tone, icon, word = ("warn", "warn", "limited") if support.available else ("mute", "close", "no")
        return {"name": said, "tone": tone, "icon": icon, "word": word, "why": support.why}
    tone, icon, word = ("ok", "check", "yes") if support else ("mute", "close", "no")
    return {"name": said, "tone": tone, "icon": icon, "word": word, "why": ""}


def _acts(found: ConnectionDetail) -> list[dict[str, str]]:
    """Where an administrator sets the connection up, and consents again where the system asks for consent."""
    acts = [{"word": "Set-up and test event", "href": reverse("portal:connect_setup", args=[found.row.id])}]
    if authorize.asks_for_consent(found.row.provider):
        acts.append({"word": "Reconnect", "href": reverse("portal:sign_in_again", args=[found.row.id])})
    return acts


def _lead(found: ConnectionDetail) -> str:
    account = f"{found.remote_name}. " if found.remote_name else ""
    mapped = words.plural(found.mappings, "mapping uses it", "mappings use it")
    return f"{account}{mapped}."


def _notice(found: ConnectionDetail, line: ConnectionLine, now: datetime) -> dict[str, str] | None:
    """What is wrong, what it means for the work, and what ends it."""
    gate = next(iter(found.gates), None)
    if gate is not None:
        until = words.moment(gate.until, now=now)
        opens = f" It opens by itself: {until.text}." if until else ""
        waits = f"{words.plural(found.row.waiting, 'event waits', 'events wait')} in order; nothing is lost."
        since = words.moment(gate.since, now=now)
        title = f"Closed {since.text if since else ''}: {words.reason_words(gate.reason)}"
        return {
            "tone": line.health.tone if line.health.tone in ("bad", "warn") else "warn",
            "icon": line.health.icon,
            "title": title,
            "text": f"{gate.detail} {waits}{opens}".strip(),
        }
    if line.health.tone in ("bad", "warn"):
        title = f"{line.health.word} {line.health.small}".strip()
        return {"tone": line.health.tone, "icon": line.health.icon, "title": title, "text": found.row.last_error}
    return None


def _stream(one: StreamRow, now: datetime) -> dict[str, Any]:
    first = Badge("ok", "check-circle", "Complete") if one.complete_at else Badge("info", "running", "First reading")
    return {
        "name": STREAMS.get(one.name, words.phrase(one.name).capitalize()),
        "read": words.moment(one.read_at, now=now),
        "next": words.moment(one.next_at, now=now),
        "badge": first if one.name != "profiles" else None,
    }


def _token(found: ConnectionDetail, now: datetime) -> dict[str, Any] | None:
    if not found.credential:
        return None
    good = found.credential == "ok"
    return {
        "badge": Badge("ok", "check-circle", "Accepted") if good else Badge("bad", "key", "Refused"),
        "changed": words.moment(found.credential_changed_at, now=now),
        "expires": words.moment(found.credential_expires_at, now=now),
    }
