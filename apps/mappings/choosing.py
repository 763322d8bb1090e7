"""Jobs chosen by hand for a Project, and suggestions that nobody wants to see again (R6)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet

from apps.accounts.models import User
from apps.accounts.scope import Scope
from apps.mappings import suggestions
from apps.mappings.models import OPEN, Dismissal, Job, Mapping, MappingState, Project

LISTED = 40
"""Jobs that are listed at once; a search finds the others."""


@dataclass(frozen=True, slots=True)
class JobOffered:
    """A job that a Project may be mapped to by hand."""

    id: int
    name: str
    requisition: str
    folder: str
    ats: str
    client: str


@dataclass(frozen=True, slots=True)
class JobOfProject:
    """A job that a Project feeds already."""

    mapping_id: UUID
    job: str
    client: str
    ats: str
    state: str
    leading: bool
    open: bool


@dataclass(frozen=True, slots=True)
class Dismissed:
    """A suggestion that somebody dismissed; `job` is empty where the Project is to feed none."""

    id: int
    project: str
    job: str
    by: str
    at: datetime


def project_is_visible(*, scope: Scope, project_id: int) -> bool:
    """Tell whether the reader may choose a job for a Project."""
    there = Project.objects.filter(pk=project_id).exists()
    return there and project_id in suggestions.visible_projects(scope=scope, ids=[project_id])


def name_of_project(*, project_id: int) -> str:
    """The name of a Project that was found visible."""
    return Project.objects.values_list("name", flat=True).get(pk=project_id)


def list_jobs(*, scope: Scope, project_id: int, text: str = "", chosen: Collection[int] = ()) -> tuple[JobOffered, ...]:
    """Open jobs that a Project does not feed yet: those chosen first, then those that a text names."""
    mapped = Mapping.objects.of_everyone().filter(project=project_id).values("job")
    jobs = Job.objects.filter(status=OPEN).exclude(pk__in=mapped).select_related("connection")
    wanted = jobs.order_by("name", "pk")
    for word in text.split():
        wanted = wanted.filter(
            Q(name__icontains=word) | Q(requisition__icontains=word) | Q(folder_name__icontains=word)
        )
    kept = list(jobs.filter(pk__in=chosen).order_by("name", "pk"))
    found = _seen_by(scope, [*kept, *wanted.exclude(pk__in=chosen)])
    return tuple(found[: LISTED + len(kept)])


def _seen_by(scope: Scope, jobs: Sequence[Job]) -> list[JobOffered]:
    clients = suggestions.clients_of_jobs(jobs)
    found = []
    for job in jobs:
        client = clients.get(job.pk)
        if scope.unrestricted or (client is not None and scope.covers([client.pk])):
            name = client.name if client else ""
            found.append(JobOffered(job.pk, job.name, job.requisition, job.folder_name, job.connection.name, name))
    return found


def list_jobs_of(*, scope: Scope, project_id: int) -> tuple[JobOfProject, ...]:
    """The jobs of the scope's clients that a Project feeds, the leading one first."""
    mine = Mapping.objects.within(scope).filter(project=project_id).exclude(state=MappingState.ENDED)
    found = mine.select_related("job__connection", "client").order_by("-leading", "job__name")
    return tuple(
        JobOfProject(
            one.pk,
            one.job.name,
            one.client.name,
            one.job.connection.name,
            one.state,
            one.leading,
            one.job.status == OPEN,
        )
        for one in found
    )


@transaction.atomic
def dismiss(*, scope: Scope, project_id: int, job_id: int | None, by: User | None, now: datetime) -> Dismissal | None:
    """Suggest this job for this Project no more, or leave the Project out where no job is named. None where the
    reader may not say so."""
    if job_id is None and not scope.unrestricted:
        return None
    offered = {one.id: one for one in suggestions.list_suggestions(scope=scope, only=project_id)}
    found = offered.get(project_id)
    if found is None or (job_id is not None and all(one.job_id != job_id for one in found.offers)):
        return None
    job = Job.objects.get(pk=job_id) if job_id is not None else None
    made, _ = Dismissal.objects.get_or_create(project_id=project_id, job=job, defaults={"by": by, "at": now})
    return made


def dismissal_is_visible(*, scope: Scope, dismissal_id: int) -> bool:
    """Tell whether the reader may take a dismissal back."""
    return _seen_dismissals(scope).filter(pk=dismissal_id).exists()


def take_back(*, scope: Scope, dismissal_id: int) -> bool:
    """Suggest again what was dismissed; False where the reader may not see it."""
    return bool(_seen_dismissals(scope).filter(pk=dismissal_id).delete()[0])


def list_dismissed(*, scope: Scope) -> tuple[Dismissed, ...]:
    """What was dismissed of the scope's clients' jobs, the newest first."""
    found = _seen_dismissals(scope).select_related("project", "job", "by").order_by("-at")
    return tuple(
        Dismissed(one.pk, one.project.name, one.job.name if one.job else "", str(one.by) if one.by else "", one.at)
        for one in found
    )


def _seen_dismissals(scope: Scope) -> QuerySet[Dismissal]:
    if scope.unrestricted:
        return Dismissal.objects.all()
    jobs = Job.objects.filter(dismissals__isnull=False).distinct()
    clients = suggestions.clients_of_jobs(jobs)
    mine = [pk for pk, client in clients.items() if scope.covers([client.pk])]
    return Dismissal.objects.filter(job__in=mine)
