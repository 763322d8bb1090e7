"""Which folder of an ATS stands for which client (R6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse

from apps.accounts import selectors as accounts
from apps.accounts.access import PortalRequest, requires
from apps.accounts.rights import Right
from apps.connections import options
from apps.core import clock
from apps.mappings import folders
from apps.mappings.folders import FolderRow, System
from apps.portal import shell, suggestions, words
from apps.sync import services as sync

PAGE = 100
"""Folders on one page; a search finds the others."""


@requires(Right.VIEW)
def folder_list(request: PortalRequest) -> HttpResponse:
    """Show an ATS's folders with their clients; HTMX asks for the rows alone."""
    systems = folders.list_systems(scope=request.scope)
    system = _chosen(request.GET.get("system", ""), systems)
    text = shell.search_text(request)
    found = folders.list_folders(scope=request.scope, connection_id=system.id, text=text) if system else ()
    clients = accounts.list_clients(scope=request.scope)
    may = request.user.may(Right.OPERATE) and request.scope.unrestricted
    kinds = options.folder_kinds(system.provider) if system else ()
    context = {
        "systems": [(one.id, one.name, system is not None and one.id == system.id) for one in systems],
        "system": system.id if system else "",
        "name": system.name if system else "",
        "mark": words.mark_of(system.provider) if system else "",
        "kinds": [(key, word, system is not None and key == system.kind) for key, word in kinds],
        "off": bool(kinds) and system is not None and not system.kind,
        "lines": [_line(one, clients) for one in found[:PAGE]],
        "more": max(0, len(found) - PAGE),
        "free": sum(one.client_id is None for one in found),
        "text": text,
        "may_choose": may,
        "others": not request.scope.unrestricted,
        "tabs": suggestions.tabs("folders"),
    }
    return shell.page(request, "portal/folders.html#folders" if request.htmx else "portal/folders.html", context)


@requires(Right.OPERATE, methods=("POST",))
def save_folders(request: PortalRequest) -> HttpResponse:
    """Let folders stand for clients, as chosen."""
    system = _changeable(request)
    if system is not None:
        wanted = _wanted(request)
        saved = folders.save_folders(connection_id=system.id, wanted=wanted)
        for why in saved.refused:
            messages.warning(request, why)
        if saved.changed or not saved.refused:
            shell.toast(request, f"{words.plural(saved.changed, 'folder')} changed.")
    return _back(request)


@requires(Right.OPERATE, methods=("POST",))
def choose_kind(request: PortalRequest) -> HttpResponse:
    """Say what stands for a client in an ATS that leaves the choice, and read its lists again."""
    system = _changeable(request)
    if system is not None:
        kind = request.POST.get("kind", system.kind)
        if kind != system.kind and not options.choose_client_folder(connection_id=system.id, kind=kind):
            messages.warning(request, f"{system.name} does not offer that.")
        elif sync.read_catalogue_again(connection_id=system.id, now=clock.now()):
            shell.toast(request, f"{system.name} is read now. Its folders appear here in a few seconds.")
        else:
            messages.warning(request, f"Nothing is read from {system.name} yet.")
    return _back(request)


def _changeable(request: PortalRequest) -> System | None:
    """The named ATS, where its reader may say for all clients whose its folders are."""
    if not request.reach.unrestricted:
        messages.warning(request, "A folder may be another client’s; who works for all of them may change that.")
        return None
    wanted = request.POST.get("system", "")
    return next((one for one in folders.list_systems(scope=request.reach) if str(one.id) == wanted), None)


def _wanted(request: PortalRequest) -> Mapping[str, UUID | None]:
    """What each folder is to stand for: the form numbers its rows, and names the folder of each."""
    known = {str(pk): pk for pk, _ in accounts.list_clients(scope=request.reach)}
    wanted: dict[str, UUID | None] = {}
    for place in range(PAGE):
        folder, client = request.POST.get(f"folder-{place}", ""), request.POST.get(f"client-{place}", "")
        if folder and "\0" not in folder and (not client or client in known):
            wanted[folder] = known.get(client)
    return wanted


def _back(request: PortalRequest) -> HttpResponse:
    return HttpResponseRedirect(shell.way_back(request) if request.POST.get("next") else reverse("portal:folders"))


def _chosen(wanted: str, systems: Sequence[System]) -> System | None:
    return next((one for one in systems if str(one.id) == wanted), systems[0] if systems else None)


def _line(one: FolderRow, clients: Sequence[tuple[UUID, str]]) -> dict[str, Any]:
    chosen = one.client_id or one.proposed
    return {
        "folder": one.folder,
        "name": one.name,
        "jobs": words.number(one.jobs),
        "open": words.number(one.open_jobs),
        "mappings": words.number(one.mappings),
        "client": one.client,
        "proposed": one.proposed is not None,
        "clients": [(pk, name, pk == chosen) for pk, name in clients],
    }
