"""Connections: health, what waits, the request budget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.http import HttpResponse
from django.urls import reverse

from apps.accounts.access import PortalRequest, requires
from apps.accounts.rights import Right
from apps.connections.selectors import WindowFigures
from apps.core import clock
from apps.portal import shell, words
from apps.portal.words import Badge, Moment
from apps.reports import connections as reports
from apps.reports.connections import ConnectionRow

PURPOSES = {
    "write": "Stage moves and new candidates",
    "poll": "Candidates, by delta poll",
    "read": "Look-ups and checks",
    "catalogue": "Projects, jobs and seats",
    "index": "The index of the ATS",
    "token": "Tokens",
    "bulk": "Imports and go-lives",
    "elsewhere": "Spent by somebody else",
}


@dataclass(frozen=True, slots=True)
class Purpose:
    label: str
    spent: str
    fill: int


@dataclass(frozen=True, slots=True)
class Bar:
    fill: int
    start: float
    width: float


@dataclass(frozen=True, slots=True)
class Budget:
    """One window as it shows; bars are percent of the limit."""

    connection: str
    href: str
    name: str
    spent: str
    limit: str
    left: str
    full: bool
    resets: str
    bars: tuple[Bar, ...]
    purposes: tuple[Purpose, ...]


@dataclass(frozen=True, slots=True)
class ConnectionLine:
    href: str
    name: str
    mark: str
    provider: str
    client: str
    health: Badge
    closed_for: str
    shadow: bool
    waiting: str
    oldest: Moment | None
    last_success: Moment | None
    last_error: str
    refused: str
    budgets: tuple[Budget, ...]


@requires(Right.VIEW)
def connection_list(request: PortalRequest) -> HttpResponse:
    """Show the connections that serve the reader's clients."""
    now = clock.now()
    found = reports.list_connections(scope=request.scope, now=now, reach=request.reach)
    lines = [line_of(one, now=now) for one in found]
    tense = sum(line.health.tone in ("bad", "warn") for line in lines)
    context = {
        "lines": lines,
        "attention": tense,
        "may_connect": request.user.may(Right.ADMINISTER),
        "may_pair": request.user.may(Right.OPERATE),
    }
    return shell.page(request, "portal/connections.html", context)


def line_of(one: ConnectionRow, *, now: datetime) -> ConnectionLine:
    """Say one connection."""
    return ConnectionLine(
        href=reverse("portal:connection", args=[one.id]),
        name=one.name,
        mark=words.mark_of(one.provider),
        provider=one.provider,
        client=one.client,
        health=words.health_badge(one.health, now=now),
        closed_for=words.listed([words.reason_words(reason) for reason in one.closed_for]),
        shadow=one.shadow_at is not None,
        waiting=words.number(one.waiting),
        oldest=words.moment(one.oldest, now=now),
        last_success=words.moment(one.last_success_at, now=now),
        last_error=one.last_error,
        refused=_refused(one, now),
        budgets=tuple(_budget(one, window) for window in one.windows),
    )


def _refused(one: ConnectionRow, now: datetime) -> str:
    if one.refused is None:
        return ""
    count = words.plural(one.refused.count, "delivery", "deliveries")
    last = words.moment(one.refused.last_at, now=now)
    when = f", the last {last.text}" if last else ""
    return f"{count} refused for their signature{when}. Give {one.name} the webhook's present secret."


def daily_budget(found: Sequence[ConnectionRow]) -> Budget | None:
    """Give LinkedIn's window: the one that a day's plan is made for."""
    for one in found:
        if one.provider == "linkedin" and one.windows:
            return _budget(one, max(one.windows, key=lambda window: window.ends_at - window.starts_at))
    return None


def _length(window: WindowFigures) -> str:
    """Say how long the window is: "30s" and "day" are the providers' names."""
    seconds = window.name.removesuffix("s")
    return f"{seconds} seconds" if seconds.isdecimal() else words.phrase(window.name).capitalize()


def _budget(one: ConnectionRow, window: WindowFigures) -> Budget:
    spending = sorted(window.by_purpose.items(), key=lambda each: -each[1])
    bars, purposes, start = [], [], 0.0
    for place, (purpose, spent) in enumerate(spending):
        fill, width = min(place + 1, 4), 100 * spent / max(1, window.limit)
        bars.append(Bar(fill, round(start, 2), round(width, 2)))
        purposes.append(Purpose(PURPOSES.get(purpose, words.phrase(purpose).capitalize()), words.number(spent), fill))
        start += width
    return Budget(
        connection=one.name,
        href=reverse("portal:budget", args=[one.id]),
        name=_length(window),
        spent=words.number(window.spent),
        limit=words.number(window.limit),
        left=words.number(window.left),
        full=window.full,
        resets=f"{window.ends_at:%H:%M:%S} UTC".replace(":00 UTC", " UTC"),
        bars=tuple(bars),
        purposes=tuple(purposes),
    )
