"""Projects that feed no job yet: what their names suggest, accepted one or many; and how Projects are named."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse

from apps.accounts import selectors as accounts
from apps.accounts.access import PortalRequest, requires
from apps.accounts.rights import Right
from apps.core import clock
from apps.mappings import accepting, choosing, naming, suggestions
from apps.mappings.accepting import Chosen
from apps.mappings.suggestions import Offer, ProjectOffered
from apps.portal import shell, words
from apps.portal.words import Badge

SURE = Badge("ok", "check-circle", "Sure")
LOOK = Badge("warn", "warn", "Look first")
NONE = Badge("mute", "dash", "None found")


@requires(Right.VIEW)
def suggestion_list(request: PortalRequest) -> HttpResponse:
    """Show Projects without a job, with what their names suggest and why."""
    text = shell.search_text(request)
    found = suggestions.list_suggestions(scope=request.scope, text=text)
    lines = [_line(one) for one in found]
    sure = sum(bool(one.offers and one.offers[0].sure) for one in found)
    context = {
        "lines": lines,
        "lead": _lead(len(found), sure),
        "sure": sure,
        "text": text,
        "dismissed": len(choosing.list_dismissed(scope=request.scope)),
        "unrestricted": request.reach.unrestricted,
        "clients": accounts.list_clients(scope=request.scope),
        "may_operate": request.user.may(Right.OPERATE),
        "tabs": tabs("suggestions"),
    }
    return shell.page(request, "portal/suggestions.html", context)


@requires(Right.OPERATE, methods=("POST",))
def accept(request: PortalRequest) -> HttpResponse:
    """Show what accepting the ticked suggestions makes; made once that was seen."""
    wanted = pairs(request.POST.getlist("pair"))
    client_id = _uuid(request.POST.get("client", ""))
    if not wanted:
        messages.warning(request, "Nothing was ticked. Tick the suggestions to accept first.")
        return HttpResponseRedirect(reverse("portal:suggestions"))
    if request.POST.get("confirmed"):
        made = accepting.accept(
            pairs=wanted, client_id=client_id, scope=request.scope, author=request.user, now=clock.now()
        )
        shell.toast(
            request, f"{words.plural(len(made), 'draft')} made. Look at each one’s stage map, then take it live."
        )
        return HttpResponseRedirect(f"{reverse('portal:mappings')}?state=draft")
    looked = accepting.look_at(pairs=wanted, client_id=client_id, scope=request.scope)
    fine = [one for one in looked if not one.why_not]
    context = {
        "made": [_chosen(one) for one in fine],
        "left": [_chosen(one) for one in looked if one.why_not],
        "pairs": [f"{one.project.pk}:{one.job.pk}" for one in fine],
        "client": client_id or "",
    }
    return shell.page(request, "portal/suggestions_accept.html", context)


@requires(Right.VIEW)
def names(request: PortalRequest) -> HttpResponse:
    """Show how Projects are named: the patterns, what they make of real names, and which names follow none."""
    asked = request.GET.get("patterns")
    patterns = tuple(_lines(asked)) if asked is not None else suggestions.list_patterns()
    problem = _problem(patterns)
    tried = suggestions.names_to_try(scope=request.scope) if not problem else ()
    context = {
        "patterns": "\n".join(patterns),
        "rows": max(3, len(patterns) + 1),
        "problem": problem,
        "tried": [_tried(one, patterns) for one in tried],
        "following": sum(naming.follows(one, patterns) for one in tried) if not problem else 0,
        "unnamed": suggestions.list_unnamed(scope=request.scope),
        "placeholders": [f"{{{one}}}" for one in naming.PLACEHOLDERS],
        "may_operate": request.user.may(Right.OPERATE),
        "tabs": tabs("project_names"),
    }
    return shell.page(
        request, "portal/project_names.html#tried" if request.htmx else "portal/project_names.html", context
    )


@requires(Right.OPERATE, methods=("POST",))
def save_names(request: PortalRequest) -> HttpResponse:
    """Agree on the patterns; they are one for the whole deployment."""
    patterns = _lines(request.POST.get("patterns", ""))
    if not request.reach.unrestricted:
        messages.warning(request, "Names are agreed on for all clients; who works for all of them may change that.")
    elif problem := _problem(tuple(patterns)):
        messages.warning(request, problem)
    else:
        accepting.save_patterns(patterns=patterns)
        shell.toast(request, "Agreed. Suggestions read names by it from now on.")
    return HttpResponseRedirect(reverse("portal:project_names"))


def tabs(current: str) -> list[dict[str, Any]]:
    """The views of mappings, each with its address."""
    pages = (
        ("mappings", "Mapped"),
        ("suggestions", "Suggestions"),
        ("project_names", "Names"),
        ("folders", "Client folders"),
    )
    return [{"word": word, "href": reverse(f"portal:{name}"), "current": name == current} for name, word in pages]


def _lead(count: int, sure: int) -> str:
    if not count:
        return "Every active Project feeds a job."
    return (
        f"{words.plural(count, 'active Project')} without a job; for {sure} of them the name says which one it means."
    )


def _line(one: ProjectOffered) -> dict[str, Any]:
    return {
        "id": one.id,
        "project": one.name,
        "follows": one.follows,
        "proper": one.proper,
        "choose": reverse("portal:choose_job", args=[one.id]),
        "offers": [_offer(one.id, offer, first=at == 0) for at, offer in enumerate(one.offers)],
        "none": NONE,
    }


def _offer(project_id: int, one: Offer, *, first: bool) -> dict[str, Any]:
    why = ", ".join(one.why)
    where = [part for part in (one.client or one.folder, one.requisition, one.ats) if part]
    return {
        "pair": f"{project_id}:{one.job_id}",
        "job": one.job,
        "where": ", ".join(where),
        "why": f"{why[:1].upper()}{why[1:]}." if why else "",
        "badge": SURE if one.sure else LOOK,
        "score": round(one.score * 100),
        "ticked": first and one.sure,
    }


def _chosen(one: Chosen) -> dict[str, Any]:
    return {
        "project": one.project.name,
        "job": one.job.name,
        "requisition": one.job.requisition,
        "ats": one.job.connection.name,
        "client": one.client.name if one.client else "",
        "leading": one.leading,
        "why_not": one.why_not,
    }


def _tried(name: str, patterns: tuple[str, ...]) -> dict[str, Any]:
    read = next((found for pattern in patterns if (found := naming.parts_of(name, pattern)) is not None), None)
    said = ", ".join(f"{key} {value}" for key, value in (read or {}).items() if value)
    return {"name": name, "read": said, "follows": read is not None}


def _problem(patterns: tuple[str, ...]) -> str:
    for one in patterns:
        try:
            naming.compile_pattern(one)
        except naming.BadPattern as problem:
            return f"{one}: {problem}"
    return ""


def _lines(text: str) -> list[str]:
    return [one.strip()[:120] for one in text.replace("\0", "").splitlines() if one.strip()][:20]


def pairs(texts: list[str]) -> list[tuple[int, int]]:
    """Projects with jobs, of the texts that forms send."""
    found = []
    for text in texts[: accepting.MOST]:
        project, _, job = text.partition(":")
        if project.isdecimal() and job.isdecimal() and len(text) < 30:
            found.append((int(project), int(job)))
    return found


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
