"""Office hours and time zone of each client: when people are read every five minutes. For admins."""

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
from apps.accounts.selectors import OfficeHours
from apps.portal import shell

ZONE = "Enter a time zone by its name in the time zone database, such as Europe/Berlin."
HOUR = "Enter the time as hours and minutes, such as 08:30."
BACKWARD = "The office closes before it opens: enter a later time."


class HoursForm(forms.Form):
    """One client's hours, by their own clock."""

    client = forms.UUIDField()
    zone = forms.CharField(max_length=60, error_messages={"required": ZONE})
    start = forms.TimeField(error_messages={"required": HOUR, "invalid": HOUR})
    end = forms.TimeField(error_messages={"required": HOUR, "invalid": HOUR})


@requires(Right.ADMINISTER, methods=("GET", "POST"))
def office_hours(request: PortalRequest) -> HttpResponse:
    """Show each client's hours; change one client's."""
    form = HoursForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _save(form):
        shell.toast(request, "The office hours are saved. The next plan of the day goes by them.")
        return HttpResponseRedirect(reverse("portal:hours"))
    lines = [_line(one, form) for one in selectors.list_hours(scope=EVERYONE)]
    return shell.page(request, "portal/connect_hours.html", {"lines": lines, "zones": sorted(available_timezones())})


def _save(form: HoursForm) -> bool:
    said = form.cleaned_data
    try:
        return services.change_hours(
            client_id=said["client"], time_zone=said["zone"], office_start=said["start"], office_end=said["end"]
        )
    except services.UnknownTimeZone:
        form.add_error("zone", ZONE)
    except services.BackwardHours:
        form.add_error("end", BACKWARD)
    return False


def _line(one: OfficeHours, form: HoursForm) -> dict[str, Any]:
    """As stored; or as somebody just entered it, with what is wrong."""
    entered = form.is_bound and form.data.get("client") == str(one.client_id)
    values = form.data if entered else {"zone": one.time_zone, "start": f"{one.start:%H:%M}", "end": f"{one.end:%H:%M}"}
    return {
        "id": one.client_id,
        "name": one.name,
        **{name: values.get(name, "") for name in ("zone", "start", "end")},
        "error": " ".join(said[0] for said in form.errors.values()) if entered else "",
    }
