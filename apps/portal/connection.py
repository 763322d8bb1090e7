"""One connection: its health, what waits for it, its listings, its budget, what its system can do."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import Http404, HttpResponse
from django.urls import reverse

from apps.accounts.access import PortalRequest, requires
from apps.accounts.rights import Right
from apps.connections import authorize
from apps.core import clock
from apps.portal import connection_switch, connections, rows, shell, words
from apps.portal.connections import ConnectionLine
from apps.portal.words import Badge
from apps.providers.contract import Capabilities, Limited
from apps.reports import connections as reports
from apps.reports.connections import ChapterRow, ConnectionDetail
from apps.sync.selectors import StreamRow

STREAMS: Mapping[str, str] = {
    "profiles": "People in Projects",
    "projects": "Projects and their stages",
    "seats": "Recruiter seats",
    "jobs": "Jobs and their stages",
    "people": "Everybody, for the index",
    "applications": "Changed applications",
    "closed": "Closed LinkedIn accounts",
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

LANDING_SHOWN = timedelta(days=1)
"""How long the page says what became of those that waited at a reconnect."""

NEEDS_RECONNECT = ("expired", "expiring")

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
        "acts": _acts(found),
        "notice": _notice(found, line, now),
        "waiting": [rows.line_of(one, now=now) for one in found.waiting],
        "log": f"{reverse('portal:events')}?{urlencode({'system': connection_id, 'state': WAITS}, doseq=True)}",
        "streams": [_stream(one, now) for one in found.streams],
        "abilities": abilities_of(found.capabilities),
        "token": _token(found, now),
        "ways": _ways(found, now),
        "errors": found.errors_in_a_row,
        "may": request.user.may(Right.ADMINISTER),
        "switch": reverse("portal:switch_connection", args=[connection_id]),
        "switches": _switches(found),
        "shadow": words.moment(found.row.shadow_at, now=now),
        "landing": _landing(connection_id, found, now),
        "history": [_chapter(one, now) for one in found.history],
        "hook": request.build_absolute_uri(f"/webhooks/{found.row.provider}/{connection_id}/"),
        "shows_hook": request.user.may(Right.ADMINISTER) and found.capabilities.push_events is not False,
    }
    template = "portal/connection.html#landing" if request.htmx else "portal/connection.html"
    return shell.page(request, template, context)


def abilities_of(capabilities: Capabilities) -> list[dict[str, str]]:
    """What a system can do: yes, limited with why, or no with why."""
    return [_ability(said, getattr(capabilities, name)) for name, said in ABILITIES.items()]


def _ability(said: str, support: bool | Limited) -> dict[str, str]:
    if isinstance(support, Limited):
        tone, icon, word = ("warn", "warn", "limited") if support.available else ("mute", "close", "no")
        return {"name": said, "tone": tone, "icon": icon, "word": word, "why": support.why}
    tone, icon, word = ("ok", "check", "yes") if support else ("mute", "close", "no")
    return {"name": said, "tone": tone, "icon": icon, "word": word, "why": ""}


def _switches(found: ConnectionDetail) -> list[dict[str, Any]]:
    return connection_switch.offered(
        held_up=found.row.health.word == "paused",
        shadow=found.row.shadow_at is not None,
        writes=found.capabilities.role != "messaging",
    )


def _acts(found: ConnectionDetail) -> list[dict[str, Any]]:
    """Where an administrator sets the connection up, and consents again or gives a new key."""
    setup = reverse("portal:connect_setup", args=[found.row.id])
    acts = [{"word": "Set-up and test event", "href": setup, "icon": "plug", "first": False}]
    way = "portal:sign_in_again" if authorize.asks_for_consent(found.row.provider, found.row.mode) else "portal:new_key"
    again, first = reverse(way, args=[found.row.id]), found.row.health.word in NEEDS_RECONNECT
    acts.append({"word": "Reconnect", "href": again, "icon": "key", "first": first})
    if found.capabilities.role == "sourcing" and not found.capabilities.publishes:
        move = reverse("portal:move_contract", args=[found.row.id])
        acts.append({"word": "New contract", "href": move, "icon": "both", "first": False})
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


def _landing(connection_id: UUID, found: ConnectionDetail, now: datetime) -> dict[str, Any] | None:
    """How many waited at the last reconnect, and whether all of them have landed; for who sees them all."""
    landing = found.landing
    if landing is None or now - landing.at > LANDING_SHOWN:
        return None
    over = not landing.left
    failed = words.plural(landing.dead, "became a dead letter", "became dead letters")
    waited = words.plural(landing.waited, "event waited", "events waited")
    if not landing.waited:
        title = "Reconnected; nothing had waited"
    elif over and not landing.dead:
        title = f"Reconnected; {waited}, and all of them landed"
    else:
        title = f"Reconnected; {waited}, {words.number(landing.landed)} landed so far"
    return {
        "over": over,
        "tone": "warn" if landing.dead else "ok" if over else "info",
        "icon": "warn" if landing.dead else "check-circle" if over else "running",
        "title": title,
        "at": words.moment(landing.at, now=now),
        "by": landing.by,
        "failed": failed if landing.dead else "",
        "here": reverse("portal:connection", args=[connection_id]),
    }


def _chapter(one: ChapterRow, now: datetime) -> dict[str, Any]:
    badge = words.chapter_badge(one.word)
    return {"badge": badge, "at": words.moment(one.at, now=now), "by": one.by, "detail": one.detail}


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


def _ways(found: ConnectionDetail, now: datetime) -> list[dict[str, Any]]:
    """When something last went well, each way."""
    told = [("They told of a change", found.received_at)] if found.capabilities.push_events is not False else []
    ways = [*told, ("A reading was answered", found.read_at), ("A change there was taken", found.written_at)]
    return [{"name": name, "at": words.moment(at, now=now)} for name, at in ways]
