"""Reads about mappings, Projects and jobs: each takes the scope of its reader (rule 30)."""

from __future__ import annotations

from collections.abc import Mapping as Dict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Max, Q, QuerySet

from apps.accounts.scope import Scope
from apps.mappings.models import Job, Mapping, Project, StageMapVersion


@dataclass(frozen=True, slots=True)
class MappingRow:
    """A Project kept in step with a job; `people` are those whose candidacy is open."""

    id: UUID
    client: str
    project: str
    project_active: bool
    job: str
    requisition: str
    job_status: str
    why_shut: str
    sourcing: str
    ats: str
    ats_provider: str
    state: str
    halted_at: datetime | None
    policy: str
    leading: bool
    stage_map_id: int
    stage_map: str
    map_version: int | None
    people: int


@dataclass(frozen=True, slots=True)
class NamedThing:
    """A Project or a job by its name, with the mapping that the reader may see, if there is one."""

    kind: str
    name: str
    note: str
    mapping_id: UUID | None


def list_mappings(
    *, scope: Scope, text: str = "", states: Sequence[str] = (), limit: int = 500
) -> tuple[MappingRow, ...]:
    """The mappings of the scope's clients, by client and Project."""
    found = _visible(scope)
    if text:
        found = found.filter(_named(text))
    if states:
        found = found.filter(state__in=states)
    return _rows(list(found.order_by("client__name", "project__name")[:limit]))


def get_mapping(*, scope: Scope, mapping_id: UUID) -> MappingRow | None:
    """One mapping; None outside the scope."""
    return next(iter(_rows(list(_visible(scope).filter(pk=mapping_id)))), None)


def mapping_is_visible(*, scope: Scope, mapping_id: UUID) -> bool:
    """Tell whether a mapping lies within a scope."""
    return Mapping.objects.within(scope).filter(pk=mapping_id).exists()


def find_projects_and_jobs(*, scope: Scope, text: str, limit: int = 8) -> tuple[NamedThing, ...]:
    """Projects and jobs that a text names; those that nobody mapped only for the unrestricted."""
    mapped = [
        NamedThing("project", str(one.project), f"feeds {one.job.name}, {one.client.name}", one.pk)
        for one in _visible(scope).filter(_named(text)).order_by("project__name")[:limit]
    ]
    if not scope.unrestricted:
        return tuple(mapped)
    projects = Project.objects.filter(Q(name__icontains=text) | Q(remote_id=text), mappings=None).order_by("name")
    jobs = Job.objects.filter(
        Q(name__icontains=text) | Q(requisition__iexact=text) | Q(remote_id=text), mappings=None
    ).select_related("connection")
    alone = [NamedThing("project", one.name, "no job is mapped to it", None) for one in projects[:limit]]
    alone += [NamedThing("job", one.name, f"{one.connection.name}, not mapped", None) for one in jobs[:limit]]
    return tuple([*mapped, *alone][: 2 * limit])


def _visible(scope: Scope) -> QuerySet[Mapping]:
    return Mapping.objects.within(scope).select_related("client", "project__connection", "job__connection", "stage_map")


def _named(text: str) -> Q:
    return (
        Q(project__name__icontains=text)
        | Q(job__name__icontains=text)
        | Q(job__requisition__iexact=text)
        | Q(project__remote_id=text)
        | Q(job__remote_id=text)
    )


def _rows(found: Sequence[Mapping]) -> tuple[MappingRow, ...]:
    versions = _newest_versions({one.stage_map_id for one in found})
    people = _people({one.pk for one in found})
    return tuple(_row(one, versions.get(one.stage_map_id), people.get(one.pk, 0)) for one in found)


def _newest_versions(maps: set[int]) -> Dict[int, int]:
    rows = StageMapVersion.objects.filter(stage_map__in=maps).order_by().values_list("stage_map")
    return dict(rows.annotate(newest=Max("number")))


def _people(mappings: set[UUID]) -> Dict[UUID, int]:
    counted = Mapping.objects.of_everyone().filter(pk__in=mappings).order_by().values_list("pk")
    return dict(counted.annotate(open=Count("candidacies", filter=Q(candidacies__state="open"))))


def _row(one: Mapping, version: int | None, people: int) -> MappingRow:
    return MappingRow(
        id=one.pk,
        client=one.client.name,
        project=one.project.name,
        project_active=one.project.active,
        job=one.job.name,
        requisition=one.job.requisition,
        job_status=one.job.status,
        why_shut=one.job.why_shut,
        sourcing=one.project.connection.name,
        ats=one.job.connection.name,
        ats_provider=one.job.connection.provider,
        state=one.state,
        halted_at=one.halted_at,
        policy=one.policy,
        leading=one.leading,
        stage_map_id=one.stage_map_id,
        stage_map=one.stage_map.name,
        map_version=version,
        people=people,
    )
