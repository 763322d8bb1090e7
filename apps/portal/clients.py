"""Clients: whose work this is, and when their offices are open. For admins."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse

from apps.accounts import selectors, services
from apps.accounts.access import PortalRequest, requires
from apps.accounts.rights import Right
from apps.accounts.scope import EVERYONE
from apps.accounts.selectors import ClientRow
from apps.portal import shell, words

NAME = "Enter the client's name."
TAKEN = "There is a client of this name already."
ZONE = "Enter a time zone by its name in the time zone database, such as Europe/Berlin."
HOUR = "Enter the time as hours and minutes, such as 08:30."
BACKWARD = "The office closes before it opens: enter a later time."

NEW = {"name": "", "zone": "UTC", "start": "08:00", "end": "18:00"}


class ClientForm(forms.Form):
    """A client's name and hours, by their own clock; without `client`, a new one."""

    client = forms.UUIDField(required=False)
    name = forms.CharField(max_length=200, error_messages={"required": NAME})
    zone = forms.CharField(max_length=60, error_messages={"required": ZONE})
    start = forms.TimeField(error_messages={"required": HOUR, "invalid": HOUR})
    end = forms.TimeField(error_messages={"required": HOUR, "invalid": HOUR})


@requires(Right.ADMINISTER, methods=("GET", "POST"))
def client_list(request: PortalRequest) -> HttpResponse:
    """Show the clients; add one, or change one's name and hours."""
    form = ClientForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _save(form):
        said = "changed. The next plan of the day goes by it." if form.cleaned_data["client"] else "added."
        shell.toast(request, f"{form.cleaned_data['name']} is {said}")
        return HttpResponseRedirect(reverse("portal:clients"))
    lines = [_line(one, form) for one in selectors.list_client_rows(scope=EVERYONE)]
    context = {
        "lines": lines,
        "lead": _lead(len(lines)),
        "new": _entered(form) if form.is_bound and not form.data.get("client") else NEW,
        "zones": sorted(available_timezones()),
    }
    return shell.page(request, "portal/clients.html", context)


def _lead(count: int) -> str:
    if not count:
        return "Whose work this is: your company, or each client of your agency. Nothing can be mapped without one."
    return (
        f"{words.plural(count, 'client')}. While an office is open its people are read every five minutes, "
        "otherwise every fifteen; LinkedIn's day of requests is planned for it."
    )


def _save(form: ClientForm) -> bool:
    said = form.cleaned_data
    values = {
        "name": said["name"],
        "time_zone": said["zone"],
        "office_start": said["start"],
        "office_end": said["end"],
    }
    try:
        if said["client"] is None:
            services.create_client(**values)
            return True
        return services.change_client(client_id=said["client"], **values)
    except services.NameTaken:
        form.add_error("name", TAKEN)
    except services.UnknownTimeZone:
        form.add_error("zone", ZONE)
    except services.BackwardHours:
        form.add_error("end", BACKWARD)
    return False


def _line(one: ClientRow, form: ClientForm) -> dict[str, Any]:
    """As stored; or as somebody just entered it, with what is wrong."""
    if form.is_bound and form.data.get("client") == str(one.client_id):
        return {"id": one.client_id, "title": one.name, **_entered(form)}
    stored = {"name": one.name, "zone": one.time_zone, "start": f"{one.start:%H:%M}", "end": f"{one.end:%H:%M}"}
    return {"id": one.client_id, "title": one.name, **stored}


def _entered(form: ClientForm) -> dict[str, Any]:
    return {
        **{name: form.data.get(name, "") for name in NEW},
        "wrong": list(form.errors),
        "error": " ".join(said[0] for said in form.errors.values()),
    }
