"""Reads about mappings, Projects and jobs: each takes the scope of its reader (rule 30)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Mapping as Dict
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Max, Q, QuerySet

from apps.accounts.scope import Scope
from apps.connections import selectors as connections
from apps.connections.models import Connection
from apps.mappings import rules
from apps.mappings.models import (
    OPEN,
    VANISHED,
    ClientFolder,
    Dismissal,
    Job,
    JobStage,
    Mapping,
    MappingState,
    Project,
    StageMapVersion,
)


@dataclass(frozen=True, slots=True)
class MappingRow:
    """A Project kept in step with a job; `people` are those whose candidacy is open."""

    id: UUID
    client: str
    project_id: int
    project: str
    project_active: bool
    job: str
    requisition: str
    folder: str
    job_status: str
    vanished: bool
    why_shut: str
    sourcing: str
    ats: str
    ats_id: UUID
    ats_provider: str
    state: str
    halted_at: datetime | None
    begins_at: datetime | None
    policy: str
    leading: bool
    stage_map_id: int
    stage_map: str
    map_default: bool
    map_version: int | None
    people: int
    cannot: tuple[str, ...] = ()  # of the way to LinkedIn


@dataclass(frozen=True, slots=True)
class NamedThing:
    """A Project or a job by its name, with the mapping that the reader may see, if there is one."""

    kind: str
    name: str
    note: str
    mapping_id: UUID | None


@dataclass(frozen=True, slots=True)
class MapRowShown:
    """One row of a map version with the ATS stage by its name; `known` is False where the ATS lists it no more."""

    linkedin: str
    ats: str
    ats_name: str
    direction: str
    backward: bool
    terminal: bool
    known: bool


@dataclass(frozen=True, slots=True)
class MapShown:
    """The newest version of a mapping's stage map."""

    number: int
    author: str
    reason: str
    created_at: datetime
    rows: tuple[MapRowShown, ...]


def list_mappings(
    *,
    scope: Scope,
    text: str = "",
    states: Sequence[str] = (),
    clients: Sequence[UUID] = (),
    systems: Sequence[UUID] = (),
    shut: bool = False,
    ids: Sequence[UUID] | None = None,
    limit: int = 500,
    after: int = 0,
) -> tuple[MappingRow, ...]:
    """The mappings of the scope's clients, by client and Project; those that stand behind the first `after`. `shut`
    keeps those whose job is not open, `ids` these alone."""
    found = _narrowed(scope, text=text, states=states, clients=clients, systems=systems, shut=shut)
    if ids is not None:
        found = found.filter(pk__in=ids)
    ordered = found.order_by("client__name", "project__name", "pk")
    return mapping_rows(scope=scope, found=list(ordered[after : after + limit]))


def count_mappings(
    *,
    scope: Scope,
    text: str = "",
    states: Sequence[str] = (),
    clients: Sequence[UUID] = (),
    systems: Sequence[UUID] = (),
    shut: bool = False,
) -> int:
    """How many list_mappings would find without a limit."""
    return _narrowed(scope, text=text, states=states, clients=clients, systems=systems, shut=shut).count()


def get_mapping(*, scope: Scope, mapping_id: UUID) -> MappingRow | None:
    """One mapping; None outside the scope."""
    return next(iter(mapping_rows(scope=scope, found=list(mappings_within(scope=scope).filter(pk=mapping_id)))), None)


def get_map_of(*, scope: Scope, mapping_id: UUID) -> MapShown | None:
    """The stage map of a mapping as it is in force; None outside the scope, or while it has no version."""
    mapping = mappings_within(scope=scope).filter(pk=mapping_id).first()
    if mapping is None:
        return None
    version = mapping.stage_map.versions.select_related("author").order_by("-number").first()
    return _map_shown(mapping, version) if version is not None else None


def mapping_is_visible(*, scope: Scope, mapping_id: UUID) -> bool:
    """Tell whether a mapping lies within a scope."""
    return Mapping.objects.within(scope).filter(pk=mapping_id).exists()


def find_projects_and_jobs(*, scope: Scope, text: str, limit: int = 8) -> tuple[NamedThing, ...]:
    """Projects and jobs that a text names; those that nobody mapped only for the unrestricted."""
    mapped = [
        NamedThing("project", str(one.project), f"feeds {one.job.name}, {one.client.name}", one.pk)
        for one in mappings_within(scope=scope).filter(_named(text)).order_by("project__name")[:limit]
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


def jobs_within(*, scope: Scope, connection_id: UUID, remote_ids: Iterable[str]) -> set[str]:
    """Those of these jobs of an ATS that are a scope's: mapped for one of its clients, or in a folder of one."""
    wanted = Job.objects.filter(connection=connection_id, remote_id__in=set(remote_ids))
    folders = ClientFolder.objects.within(scope).filter(connection=connection_id).values("folder")
    mapped = Mapping.objects.within(scope).filter(job__in=wanted).values("job")
    return set(wanted.filter(Q(pk__in=mapped) | Q(folder__in=folders)).values_list("remote_id", flat=True))


def names_of_projects(*, scope: Scope, remote_ids: Iterable[str]) -> Dict[str, str]:
    """The names of Projects by their remote id, of those that the reader may see."""
    wanted = Project.objects.filter(remote_id__in=set(remote_ids))
    if not scope.unrestricted:
        wanted = wanted.filter(pk__in=Mapping.objects.within(scope).values("project"))
    return dict(wanted.values_list("remote_id", "name"))


def number_of_version(version_id: object) -> int | None:
    """The number that people know a map version by; None where there is none."""
    if not isinstance(version_id, int):
        return None
    return StageMapVersion.objects.filter(pk=version_id).values_list("number", flat=True).first()


def numbers_of_versions(version_ids: Iterable[int]) -> Dict[int, int]:
    """The numbers that people know these map versions by."""
    return dict(StageMapVersion.objects.filter(pk__in=set(version_ids)).values_list("pk", "number"))


def count_by_state(*, scope: Scope) -> Dict[str, int]:
    """How many mappings of the scope are in each state."""
    counted = Mapping.objects.within(scope).order_by().values_list("state").annotate(count=Count("pk"))
    return dict(counted)


def count_shut(*, scope: Scope) -> int:
    """How many mappings that are not ended feed a job which is not open."""
    return Mapping.objects.within(scope).exclude(job__status=OPEN).exclude(state=MappingState.ENDED).count()


def list_systems(*, scope: Scope) -> tuple[tuple[UUID, str], ...]:
    """The ATSs that the scope's mappings feed, by name."""
    used = Mapping.objects.within(scope).values("job__connection")
    return tuple(Connection.objects.filter(pk__in=used).order_by("name").values_list("pk", "name"))


def count_unmapped(*, scope: Scope) -> int:
    """How many active Projects feed no job; nobody's client is named by them, so only the unrestricted are told."""
    left_out = Dismissal.objects.filter(job=None).values("project")
    found = Project.objects.filter(active=True, mappings=None).exclude(pk__in=left_out)
    return found.count() if scope.unrestricted else 0


def _map_shown(mapping: Mapping, version: StageMapVersion) -> MapShown:
    stages = JobStage.objects.filter(
        connection=mapping.job.connection_id, scope__in=["", mapping.job.remote_id], active=True
    )
    names = dict(stages.order_by("order", "name").values_list("remote_id", "name"))
    rows = tuple(_row_shown(row, names) for row in rules.rows_from_json(version.rows))
    return MapShown(
        number=version.number,
        author=str(version.author) if version.author else "",
        reason=version.reason,
        created_at=version.created_at,
        rows=rows,
    )


def _row_shown(row: rules.MapRow, names: Dict[str, str]) -> MapRowShown:
    terminal = {rules.REJECTED: "Rejected", rules.HIRED: "Hired"}
    name = terminal.get(row.ats) or names.get(row.ats, "")
    return MapRowShown(
        linkedin=row.linkedin,
        ats=row.ats,
        ats_name=name or row.ats,
        direction=row.direction.value,
        backward=row.backward,
        terminal=row.terminal,
        known=bool(name),
    )


def mappings_within(*, scope: Scope) -> QuerySet[Mapping]:
    """The mappings of a scope's clients, with what they name."""
    return Mapping.objects.within(scope).select_related("client", "project__connection", "job__connection", "stage_map")


def _narrowed(
    scope: Scope,
    *,
    text: str,
    states: Sequence[str],
    clients: Sequence[UUID],
    systems: Sequence[UUID],
    shut: bool,
) -> QuerySet[Mapping]:
    found = mappings_within(scope=scope)
    if text:
        found = found.filter(_named(text))
    if states:
        found = found.filter(state__in=states)
    if clients:
        found = found.filter(client__in=clients)
    if systems:
        found = found.filter(job__connection__in=systems)
    if shut:
        found = found.exclude(job__status=OPEN).exclude(state=MappingState.ENDED)
    return found


def _named(text: str) -> Q:
    return (
        Q(project__name__icontains=text)
        | Q(job__name__icontains=text)
        | Q(job__requisition__iexact=text)
        | Q(project__remote_id=text)
        | Q(job__remote_id=text)
    )


def mapping_rows(*, scope: Scope, found: Sequence[Mapping]) -> tuple[MappingRow, ...]:
    versions = _newest_versions({one.stage_map_id for one in found})
    people = _people(scope, {one.pk for one in found})
    return tuple(_row(one, versions.get(one.stage_map_id), people.get(one.pk, 0)) for one in found)


def _newest_versions(maps: set[int]) -> Dict[int, int]:
    rows = StageMapVersion.objects.filter(stage_map__in=maps).order_by().values_list("stage_map")
    return dict(rows.annotate(newest=Max("number")))


def _people(scope: Scope, mappings: set[UUID]) -> Dict[UUID, int]:
    counted = Mapping.objects.within(scope).filter(pk__in=mappings).order_by().values_list("pk")
    return dict(counted.annotate(open=Count("candidacies", filter=Q(candidacies__state="open"))))


def _row(one: Mapping, version: int | None, people: int) -> MappingRow:
    return MappingRow(
        id=one.pk,
        client=one.client.name,
        project_id=one.project_id,
        project=one.project.name,
        project_active=one.project.active,
        job=one.job.name,
        requisition=one.job.requisition,
        folder=one.job.folder_name,
        job_status=one.job.status,
        vanished=one.job.status == VANISHED,
        why_shut=one.job.why_shut,
        sourcing=one.project.connection.name,
        ats=one.job.connection.name,
        ats_id=one.job.connection_id,
        ats_provider=one.job.connection.provider,
        state=one.state,
        halted_at=one.halted_at,
        begins_at=one.begins_at,
        policy=one.policy,
        leading=one.leading,
        stage_map_id=one.stage_map_id,
        stage_map=one.stage_map.name,
        map_default=one.stage_map.default,
        map_version=version,
        people=people,
        cannot=connections.cannot_of(one.project.connection),
    )
