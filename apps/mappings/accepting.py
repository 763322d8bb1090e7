"""Suggestions become mappings, many at once: drafts, each with a stage map to look at before it goes live."""

from __future__ import annotations

from collections.abc import Mapping as Dict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from apps.accounts.models import Client, User
from apps.accounts.scope import Scope
from apps.mappings import naming, rules, stage_maps, suggestions
from apps.mappings.models import (
    ClientFolder,
    Job,
    JobStage,
    Mapping,
    MappingState,
    NamingPattern,
    Project,
    StageMap,
    StageMapVersion,
)

MOST = 500
"""Suggestions that are accepted at once."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """A Project and a job that somebody wants mapped; `why_not` says what keeps them from it."""

    project: Project
    job: Job
    client: Client | None
    leading: bool
    why_not: str


def look_at(*, pairs: Sequence[tuple[int, int]], client_id: UUID | None, scope: Scope) -> tuple[Chosen, ...]:
    """What accepting these pairs would make, and what keeps each from it; a pair of which the reader may not know
    is left out. `client_id` is for jobs whose folder stands for nobody."""
    wanted = list(dict.fromkeys(pairs))[:MOST]
    projects = Project.objects.in_bulk([project for project, _ in wanted])
    jobs = Job.objects.select_related("connection").in_bulk([job for _, job in wanted])
    clients = suggestions.clients_of_jobs(jobs.values())
    given = Client.objects.filter(pk=client_id).first() if client_id and scope.covers([client_id]) else None
    there = Mapping.objects.of_everyone().filter(project__in=projects)
    mapped = set(there.values_list("project", "job"))
    led = set(there.filter(leading=True).exclude(state=MappingState.ENDED).values_list("project", flat=True))
    owned = set(ClientFolder.objects.of_everyone().values_list("connection", "client"))
    seen = suggestions.visible_projects(scope=scope, ids=projects)
    found: list[Chosen] = []
    for project_id, job_id in wanted:
        if project_id in seen and job_id in jobs and _is_seen(scope, clients.get(job_id)):
            project, job = projects[project_id], jobs[job_id]
            client = clients.get(job_id) or given
            why_not = _why_not(job, client, clients.get(job_id), scope, owned, taken=(project_id, job_id) in mapped)
            found.append(Chosen(project, job, client, project_id not in led, why_not))
            if not why_not:
                led.add(project_id)
    return tuple(found)


def _is_seen(scope: Scope, client: Client | None) -> bool:
    """Whether the reader may know of a job of this client (rule 30)."""
    return scope.unrestricted or (client is not None and scope.covers([client.pk]))


def _why_not(
    job: Job,
    client: Client | None,
    by_folder: Client | None,
    scope: Scope,
    owned: set[tuple[UUID, UUID]],
    *,
    taken: bool,
) -> str:
    if taken:
        return "These two are mapped already."
    if job.why_shut:
        return job.why_shut
    if client is None:
        return "Nothing says for which client; choose one."
    if by_folder is None and (job.connection_id, client.pk) in owned:
        return "The job lies in a folder that stands for no client."
    return ""


@transaction.atomic
def accept(
    *,
    pairs: Sequence[tuple[int, int]],
    client_id: UUID | None,
    scope: Scope,
    author: User | None,
    now: datetime,
) -> tuple[Chosen, ...]:
    """Make a draft of each pair that nothing keeps from it, in a fixed number of queries; returns those made."""
    chosen = [one for one in look_at(pairs=pairs, client_id=client_id, scope=scope) if not one.why_not]
    maps = _Maps({one.job.connection_id for one in chosen}, {one.job.remote_id for one in chosen})
    own = [(one, maps.rows_for(one)) for one in chosen if maps.default_of(one.job) is None]
    made = StageMap.objects.bulk_create(
        [StageMap(connection=one.job.connection, name=f"{one.project} / {one.job}"[:120]) for one, _ in own]
    )
    StageMapVersion.objects.bulk_create(
        StageMapVersion(
            stage_map=stage_map,
            number=1,
            rows=rules.rows_to_json(rows),
            reason="Proposed with the mapping",
            author=author,
            created_at=now,
        )
        for stage_map, (_, rows) in zip(made, own, strict=True)
    )
    own_maps = {id(one): stage_map for stage_map, (one, _) in zip(made, own, strict=True)}
    Mapping.objects.bulk_create(
        [
            Mapping(
                client=one.client,
                project=one.project,
                job=one.job,
                stage_map=maps.default_of(one.job) or own_maps[id(one)],
                leading=one.leading,
                state=MappingState.DRAFT,
            )
            for one in chosen
        ]
    )
    return tuple(chosen)


class _Maps:
    """What new mappings begin with: the connection's default, else rows said in the job's own stages."""

    def __init__(self, connections: set[UUID], jobs: set[str]) -> None:
        defaults = StageMap.objects.filter(connection__in=connections, default=True)
        self._defaults = {one.connection_id: one for one in defaults}
        stages = JobStage.objects.filter(connection__in=connections, scope__in=["", *jobs], active=True)
        self._stages: dict[tuple[UUID, str], dict[str, str]] = {}
        for stage in stages.order_by("order", "name"):
            self._stages.setdefault((stage.connection_id, stage.scope), {})[stage.remote_id] = stage.name
        self._models = {connection: self._model_of(connection) for connection in connections}

    def default_of(self, job: Job) -> StageMap | None:
        return self._defaults.get(job.connection_id)

    def _model_of(self, connection: UUID) -> tuple[tuple[rules.MapRow, ...], Dict[str, str]] | None:
        """The newest rows of the connection that somebody's live mapping uses, with their stages' names."""
        live = Mapping.objects.of_everyone().filter(job__connection=connection, state=MappingState.LIVE)
        version = StageMapVersion.objects.filter(stage_map__in=live.values("stage_map")).order_by("-created_at").first()
        if version is None:
            return None
        names = JobStage.objects.filter(connection=connection).values_list("remote_id", "name")
        return rules.rows_from_json(version.rows), dict(names)

    def rows_for(self, one: Chosen) -> tuple[rules.MapRow, ...]:
        stages = {
            **self._stages.get((one.job.connection_id, ""), {}),
            **self._stages.get((one.job.connection_id, one.job.remote_id), {}),
        }
        model = self._models[one.job.connection_id]
        if model is not None:
            rows, _ = stage_maps.rules_for(model[0], names=model[1], stages=stages)
            return tuple(row for row in rows if row.linkedin in one.project.stages)
        return _by_name(one.project.stages, stages)


ENDS = {"hired": rules.HIRED, "archived": rules.REJECTED, "rejected": rules.REJECTED, "not a fit": rules.REJECTED}


def _by_name(linkedin: Sequence[str], stages: Dict[str, str]) -> tuple[rules.MapRow, ...]:
    """Stages that bear one name on both sides; ends are shown, and never made from LinkedIn (rule 11)."""
    by_name = {name.casefold(): stage for stage, name in stages.items()}
    found = []
    for stage in linkedin:
        if stage.casefold() in by_name:
            found.append(rules.MapRow(stage, by_name[stage.casefold()]))
        elif stage.casefold() in ENDS:
            found.append(rules.MapRow(stage, ENDS[stage.casefold()], rules.Direction.TO_LINKEDIN))
    return tuple(found)


@transaction.atomic
def save_patterns(*, patterns: Sequence[str]) -> None:
    """Agree on how Projects are named, the first for proposals. Raises naming.BadPattern."""
    kept = list(dict.fromkeys(one.strip() for one in patterns if one.strip()))
    for one in kept:
        naming.compile_pattern(one)
    NamingPattern.objects.all().delete()
    NamingPattern.objects.bulk_create([NamingPattern(pattern=one, place=at) for at, one in enumerate(kept)])
