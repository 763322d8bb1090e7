"""A job chosen by hand for a Project, and suggestions that are dismissed and taken back."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse

from apps.accounts import selectors as accounts
from apps.accounts.access import PortalRequest, requires
from apps.accounts.rights import Right
from apps.core import clock
from apps.mappings import choosing
from apps.mappings.choosing import JobOffered
from apps.portal import shell, suggestions, words
from apps.portal.map_states import job_of


@requires(Right.OPERATE, visible=choosing.project_is_visible)
def choose_job(request: PortalRequest, project_id: int) -> HttpResponse:
    """Show the jobs that a Project may feed, found by words; HTMX asks for the list alone."""
    text = shell.search_text(request)
    chosen = {job for project, job in suggestions.pairs(request.GET.getlist("pair")) if project == project_id}
    jobs = choosing.list_jobs(scope=request.reach, project_id=project_id, text=text, chosen=chosen)
    context = {
        "id": project_id,
        "project": choosing.name_of_project(project_id=project_id),
        "there": [job_of(one) for one in choosing.list_jobs_of(scope=request.reach, project_id=project_id)],
        "lines": [_line(one, project_id, one.id in chosen) for one in jobs],
        "full": len(jobs) - len(chosen) >= choosing.LISTED,
        "text": text,
        "clients": accounts.list_clients(scope=request.reach),
    }
    return shell.page(request, "portal/choose_job.html#jobs" if request.htmx else "portal/choose_job.html", context)


@requires(Right.OPERATE, methods=("POST",))
def dismiss(request: PortalRequest) -> HttpResponse:
    """Suggest this no more; it can be taken back."""
    project, _, job = request.POST.get("dismiss", "").partition(":")
    made = None
    if all(one.isdecimal() and len(one) < 16 for one in (project, job or "0")):
        made = choosing.dismiss(
            scope=request.reach,
            project_id=int(project),
            job_id=int(job) if job else None,
            by=request.user,
            now=clock.now(),
        )
    if made is None:
        messages.warning(request, "This is suggested no more, or only who works for all clients may say so.")
    else:
        said = "Not suggested again." if made.job_id else "This Project is left out of the suggestions."
        shell.toast(request, said, undo=reverse("portal:take_back_dismissal", args=[made.pk]))
    return HttpResponseRedirect(reverse("portal:suggestions"))


@requires(Right.VIEW)
def dismissed(request: PortalRequest) -> HttpResponse:
    """Show what was dismissed."""
    now = clock.now()
    lines = [
        {"id": one.id, "project": one.project, "job": one.job, "by": one.by, "at": words.moment(one.at, now=now)}
        for one in choosing.list_dismissed(scope=request.scope)
    ]
    context = {
        "lines": lines,
        "may_operate": request.user.may(Right.OPERATE),
        "tabs": suggestions.tabs("suggestions"),
    }
    return shell.page(request, "portal/dismissed.html", context)


@requires(Right.OPERATE, methods=("POST",), visible=choosing.dismissal_is_visible)
def take_back(request: PortalRequest, dismissal_id: int) -> HttpResponse:
    """Suggest it again."""
    if choosing.take_back(scope=request.reach, dismissal_id=dismissal_id):
        shell.toast(request, "Suggested again.")
    return HttpResponseRedirect(shell.way_back(request) if request.POST.get("next") else reverse("portal:suggestions"))


def _line(one: JobOffered, project_id: int, chosen: bool) -> dict[str, Any]:
    where = [part for part in (one.requisition, one.client or one.folder, one.ats) if part]
    return {"pair": f"{project_id}:{one.id}", "id": one.id, "job": one.name, "where": ", ".join(where), "on": chosen}
