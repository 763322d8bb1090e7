"""What surrounds every screen: navigation, workers' progress, theme, whose work is shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils.http import url_has_allowed_host_and_scheme

from apps.accounts import selectors as accounts
from apps.accounts.access import PortalRequest, choose_client, requires
from apps.accounts.rights import Right, Role
from apps.candidates import questions
from apps.core import clock
from apps.ledger import selectors as ledger
from apps.monitoring import selectors as alerts
from apps.portal import words
from apps.portal.words import Badge
from apps.reports import conflicts
from apps.reports import selectors as reports

STALLED_AFTER = 30
"""Seconds. The sweep runs every second, so half a minute without progress is a worker that stands."""

YEAR = 365 * 24 * 3600
THEMES = ("light", "dark")
UNDO = "undo:"


@dataclass(frozen=True, slots=True)
class NavLink:
    label: str
    icon: str
    href: str
    current: bool
    count: str = ""
    counted: str = ""


@dataclass(frozen=True, slots=True)
class NavGroup:
    title: str
    links: tuple[NavLink, ...]


@dataclass(frozen=True, slots=True)
class ClientChoice:
    id: str
    name: str
    current: bool


@dataclass(frozen=True, slots=True)
class Switcher:
    """Whose work is shown, and whose could be."""

    label: str
    choices: tuple[ClientChoice, ...]


@dataclass(frozen=True, slots=True)
class Toast:
    """A message about what was just done, with the address that undoes it (by POST) where there is one."""

    level: str
    text: str
    undo: str


PAGES: Mapping[str, tuple[tuple[str, str, str, Right], ...]] = {
    "": (("Overview", "overview", "dashboard", Right.VIEW),),
    "Work": (
        ("Duplicates", "duplicates", "duplicates", Right.VIEW),
        ("Conflicts", "both", "conflicts", Right.VIEW),
        ("Dead letters", "dead", "dead_letters", Right.VIEW),
        ("Alerts", "bell", "alerts", Right.VIEW),
    ),
    "Sync": (
        ("Mappings", "mapping", "mappings", Right.VIEW),
        ("Stage maps", "stages", "stage_maps", Right.VIEW),
        ("Candidates", "person", "candidates", Right.VIEW),
        ("Who is missing", "search", "why", Right.VIEW),
        ("Sync log", "log", "events", Right.VIEW),
        ("Reconciliation", "sync", "reconciliation", Right.VIEW),
    ),
    "Setup": (
        ("Connections", "plug", "connections", Right.VIEW),
        ("Notifications", "send", "notifications", Right.OPERATE),
        ("Pilots", "pilot", "pilots", Right.VIEW),
        ("Reports", "report", "reports", Right.VIEW),
        ("Compatibility", "check", "compatibility", Right.VIEW),
        ("Clients", "layers", "clients", Right.ADMINISTER),
        ("People", "people", "people", Right.ADMINISTER),
        ("API keys", "key", "keys", Right.ADMINISTER),
        ("Audit", "shield", "audit", Right.ADMINISTER),
    ),
}
"""Every page of the contract; one that has no address yet is not linked."""


def page(request: PortalRequest, template: str, context: Mapping[str, Any], *, status: int = 200) -> HttpResponse:
    """Render a screen within the shell; HTMX asks for `page.html#part` and gets that alone."""
    around = {} if "#" in template else {"shell": _shell(request)}
    return render(request, template, {**around, **context}, status=status)


def search_text(request: PortalRequest) -> str:
    """Read what the page is searched for."""
    return searched(request.GET)


def searched(query: QueryDict) -> str:
    """Read what an address searches for; PostgreSQL's texts hold no NUL."""
    return query.get("q", "").replace("\0", "").strip()[:200]


def toast(request: PortalRequest, text: str, *, undo: str = "") -> None:
    """Say what was done on the next page; `undo` is the address that takes it back by POST."""
    messages.success(request, text, extra_tags=f"{UNDO}{undo}" if undo else "")


@requires(Right.VIEW, methods=("POST",))
def switch_client(request: PortalRequest) -> HttpResponse:
    """Look at one client's work, or at all of one's own; somebody else's client is not there."""
    wanted = request.POST.get("client", "")
    if wanted and wanted not in {str(pk) for pk, _ in accounts.list_clients(scope=request.reach)}:
        raise Http404
    choose_client(request, UUID(wanted) if wanted else None)
    return HttpResponseRedirect(way_back(request))


@requires(Right.VIEW, methods=("POST",))
def switch_theme(request: PortalRequest) -> HttpResponse:
    """Keep the chosen theme in a cookie, so that the server renders it and no page flashes."""
    wanted = request.POST.get("theme", "")
    response = HttpResponseRedirect(way_back(request))
    if wanted in THEMES:
        response.set_cookie("theme", wanted, max_age=YEAR, samesite="Lax")
    return response


def _shell(request: PortalRequest) -> dict[str, Any]:
    user = request.user
    initials = f"{user.first_name[:1]}{user.last_name[:1]}" or user.email[:2]
    return {
        "groups": _navigation(request),
        "worker": _worker(),
        "switcher": _switcher(request),
        "toasts": _toasts(request),
        "person": str(user),
        "role": Role(user.role).label,
        "initials": initials.upper(),
        "superuser": user.is_superuser,
    }


def _navigation(request: PortalRequest) -> list[NavGroup]:
    addresses = [href for pages in PAGES.values() for _, _, name, _ in pages if (href := _address(name))]
    within = [href for href in addresses if request.path == href or (href != "/" and request.path.startswith(href))]
    current = max(within, key=len, default="")
    counts = _counts(request)
    groups = []
    for title, pages in PAGES.items():
        links = tuple(
            NavLink(label, icon, href, href == current, *counts.get(name, ()))
            for label, icon, name, right in pages
            if request.user.may(right) and (href := _address(name))
        )
        if links:
            groups.append(NavGroup(title, links))
    return groups


def _counts(request: PortalRequest) -> Mapping[str, tuple[str, str]]:
    """What waits on a page, beside its name, with what it is for those who hear it."""
    dead = ledger.count_dead(scope=request.scope)
    asked = conflicts.count_open(scope=request.scope)
    alike = questions.count_open(scope=request.scope)
    firing = alerts.count_firing(scope=request.scope)
    counts = {
        "dead_letters": (dead, words.number(dead, capped_at=ledger.COUNTED_TO), "to look at"),
        "duplicates": (alike, words.number(alike), "waiting"),
        "alerts": (firing, words.number(firing), "firing"),
        "conflicts": (asked, words.number(asked), "to decide"),
    }
    return {name: (said, what) for name, (count, said, what) in counts.items() if count}


def address_of(name: str, otherwise: str) -> str:
    """A page's address where it is there, else another one."""
    return _address(name) or otherwise


def _address(name: str) -> str:
    try:
        return reverse(f"portal:{name}")
    except NoReverseMatch:
        return ""


def _worker() -> tuple[Badge, str]:
    at = reports.last_progress()
    if at is None:
        return Badge("mute", "clock", "No worker yet"), "nothing is worked on until one starts"
    seconds = max(0, int((clock.real_now() - at).total_seconds()))
    said = f"last progress {seconds} s ago" if seconds < 120 else f"last progress {seconds // 60} min ago"
    if seconds > STALLED_AFTER:
        return Badge("bad", "warn", "Worker stands still"), said
    return Badge("ok", "check-circle", "Workers running"), said


def _switcher(request: PortalRequest) -> Switcher:
    """One's clients, with the chosen one; who has a single client has nothing to switch."""
    clients = accounts.list_clients(scope=request.reach)
    names = dict(clients)
    everything = "All clients" if request.reach.unrestricted else _few([name for _, name in clients])
    choices = [ClientChoice("", "All clients" if request.reach.unrestricted else "All of yours", not request.chosen)]
    choices += [ClientChoice(str(pk), name, pk == request.chosen) for pk, name in clients]
    chosen = names.get(request.chosen) if request.chosen else None
    return Switcher(chosen or everything, tuple(choices) if len(clients) > 1 else ())


def _few(names: Sequence[str]) -> str:
    if len(names) > 2:
        return f"{names[0]}, {len(names) - 1} more"
    return ", ".join(names) or "No client yet"


def _toasts(request: PortalRequest) -> list[Toast]:
    """What was just done; an error or a warning is said on the page itself, and stays."""
    said = messages.get_messages(request)
    return [Toast(one.level_tag, str(one.message), _undo_in(one.extra_tags or "")) for one in said]


def _undo_in(tags: str) -> str:
    return tags.removeprefix(UNDO) if tags.startswith(UNDO) else ""


def way_back(request: HttpRequest) -> str:
    """The address that a form named as its next, where it is one of ours; else the overview."""
    wanted = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if safe else "/"
