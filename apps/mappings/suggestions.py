"""Which job each Project may feed: read from the catalogue, scored by its name (R6)."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping as Dict
from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet

from apps.accounts.models import Client
from apps.accounts.scope import Scope
from apps.mappings import naming
from apps.mappings.models import OPEN, ClientFolder, Dismissal, Job, Mapping, MappingState, NamingPattern, Project
from apps.mappings.naming import JobNamed


@dataclass(frozen=True, slots=True)
class Offer:
    """A job that a Project may feed. `client` is None while nothing says whose it is."""

    job_id: int
    job: str
    requisition: str
    folder: str
    ats: str
    client_id: UUID | None
    client: str
    score: float
    sure: bool
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ProjectOffered:
    """A Project that feeds no job yet. `follows` tells whether its name is as agreed; `proper` is what it should be."""

    id: int
    name: str
    owner: str
    follows: bool
    proper: str
    offers: tuple[Offer, ...]


def list_patterns() -> tuple[str, ...]:
    """The agreed names, or the usual ones."""
    return tuple(NamingPattern.objects.values_list("pattern", flat=True)) or naming.USUAL


def list_suggestions(
    *, scope: Scope, text: str = "", limit: int = 200, only: int | None = None
) -> tuple[ProjectOffered, ...]:
    """Active Projects that no mapping uses, with the jobs that their names may mean; the sure ones first.

    Nobody's client is named by a Project, so that who works for some clients is offered only what means a job in
    a folder of theirs.
    """
    projects = unmapped_projects()
    if text:
        projects = projects.filter(name__icontains=text)
    if only is not None:
        projects = projects.filter(pk=only)
    found = _Catalogue(scope).offer(projects[: 10 * limit])
    seen = [one for one in found if scope.unrestricted or one.offers]
    return tuple(sorted(seen, key=lambda one: -max((offer.score for offer in one.offers), default=0))[:limit])


def unmapped_projects() -> QuerySet[Project]:
    """Active Projects that no mapping uses and nobody left out, by name."""
    taken = Mapping.objects.of_everyone().exclude(state=MappingState.ENDED).values("project")
    left_out = Dismissal.objects.filter(job=None).values("project")
    return Project.objects.filter(active=True).exclude(pk__in=taken).exclude(pk__in=left_out).order_by("name")


def visible_projects(*, scope: Scope, ids: Iterable[int]) -> frozenset[int]:
    """Those of these Projects that the reader may know of: all; else who works for some clients knows those that
    feed their jobs, and those that are offered to them."""
    wanted = frozenset(ids)
    if scope.unrestricted:
        return wanted
    own = frozenset(Mapping.objects.within(scope).filter(project__in=wanted).values_list("project", flat=True))
    free = unmapped_projects().filter(pk__in=wanted - own)
    return own | {one.id for one in _Catalogue(scope).offer(free) if one.offers}


class _Catalogue:
    """The open jobs that names are compared with, read once for many Projects."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._jobs = {str(job.pk): job for job in Job.objects.filter(status=OPEN).select_related("connection")}
        self._clients = clients_of_jobs(self._jobs.values())
        self._scorer = naming.Jobs([named(job, self._clients) for job in self._jobs.values()])
        self._patterns = list_patterns()
        self._dismissed = frozenset(Dismissal.objects.exclude(job=None).values_list("project", "job"))

    def offer(self, projects: Iterable[Project]) -> list[ProjectOffered]:
        """Each Project with the jobs that its name may mean, but for those that somebody dismissed."""
        return [self._offered(one) for one in projects]

    def _offered(self, project: Project) -> ProjectOffered:
        scope = self._scope
        found = self._scorer.suggest(project.name, self._patterns)
        offers = [_offer(one, self._jobs[one.key], self._clients) for one in found]
        wanted = [one for one in offers if (project.pk, one.job_id) not in self._dismissed]
        allowed = [one for one in wanted if scope.unrestricted or (one.client_id and scope.covers([one.client_id]))]
        best = named(self._jobs[str(allowed[0].job_id)], self._clients) if allowed else None
        return ProjectOffered(
            id=project.pk,
            name=project.name,
            owner=project.owner_seat,
            follows=naming.follows(project.name, self._patterns),
            proper=naming.proper_name(best, self._patterns) if best else "",
            offers=tuple(allowed),
        )


def clients_of_jobs(jobs: Iterable[Job]) -> Dict[int, Client]:
    """Whose each job is: by its folder, or because there is one client alone."""
    folders = ClientFolder.objects.of_everyone().select_related("client")
    by_folder = {(one.connection_id, one.folder): one.client for one in folders}
    clients = list(Client.objects.all()[:2])
    only = clients[0] if len(clients) == 1 else None
    found = {job.pk: by_folder.get((job.connection_id, job.folder)) or only for job in jobs}
    return {pk: client for pk, client in found.items() if client is not None}


def named(job: Job, clients: Dict[int, Client]) -> JobNamed:
    """What the score may know of a job."""
    client = clients.get(job.pk)
    return JobNamed(str(job.pk), job.requisition, job.name, client.name if client else job.folder_name)


def _offer(one: naming.Suggestion, job: Job, clients: Dict[int, Client]) -> Offer:
    client = clients.get(job.pk)
    return Offer(
        job_id=job.pk,
        job=job.name,
        requisition=job.requisition,
        folder=job.folder_name,
        ats=job.connection.name,
        client_id=client.pk if client else None,
        client=client.name if client else "",
        score=one.score,
        sure=one.sure,
        why=one.why,
    )


def list_unnamed(*, scope: Scope, limit: int = 200) -> tuple[tuple[str, str], ...]:
    """Mapped Projects whose names follow no pattern, with the name that each should have."""
    patterns = list_patterns()
    mapped = Mapping.objects.within(scope).exclude(state=MappingState.ENDED).filter(leading=True)
    found = []
    for one in mapped.select_related("project", "job", "client").order_by("project__name"):
        if not naming.follows(one.project.name, patterns):
            job = JobNamed(str(one.job_id), one.job.requisition, one.job.name, one.client.name)
            found.append((one.project.name, naming.proper_name(job, patterns)))
    return tuple(found[:limit])


def names_to_try(*, scope: Scope, limit: int = 40) -> tuple[str, ...]:
    """Real Projects' names, to see what a pattern makes of them."""
    projects = Project.objects.filter(active=True)
    if not scope.unrestricted:
        projects = projects.filter(pk__in=Mapping.objects.within(scope).values("project"))
    return tuple(projects.order_by("name").values_list("name", flat=True)[:limit])
