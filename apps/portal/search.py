"""Search: one field for people, LinkedIn addresses, event numbers, Projects and jobs."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpResponse
from django.urls import reverse

from apps.accounts.access import PortalRequest, requires
from apps.accounts.rights import Right
from apps.core import clock
from apps.mappings.selectors import NamedThing
from apps.portal import rows, shell
from apps.reports import search as reports
from apps.reports.search import Found

THINGS = {"project": ("Project", "mapping"), "job": ("Job", "log")}


@requires(Right.VIEW)
def search(request: PortalRequest) -> HttpResponse:
    """Show what a text names; HTMX asks for the results alone."""
    text = shell.search_text(request)
    found = reports.search(scope=request.scope, text=text)
    context = {
        "text": text,
        "people": [
            {
                "name": one.name,
                "href": reverse("portal:candidate", args=[one.id]),
                "note": one.headline,
                "where": ", ".join(dict.fromkeys(each.mapping for each in one.candidacies)),
            }
            for one in found.people
        ],
        "all_people": f"{reverse('portal:candidates')}?{urlencode({'q': text})}" if found.more_people else "",
        "event": rows.line_of(found.event, now=clock.now()) if found.event else None,
        "things": [_thing(one) for one in found.things],
        "anything": found.anything,
        "why": f"{reverse('portal:why')}?{urlencode({'q': text})}",
        "summary": _summary(found),
    }
    template = "portal/search.html#found" if request.htmx else "portal/search.html"
    return shell.page(request, template, context)


def _thing(one: NamedThing) -> dict[str, str]:
    kind, icon = THINGS[one.kind]
    href = reverse("portal:mapping", args=[one.mapping_id]) if one.mapping_id else ""
    return {"kind": kind, "icon": icon, "name": one.name, "note": one.note, "href": href}


def _summary(found: Found) -> str:
    """What was found, for those who hear the page."""
    count = len(found.people) + len(found.things) + bool(found.event)
    return f"{count} found" if count else "Nothing found"
