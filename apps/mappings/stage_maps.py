"""Reads about stage maps: which there are, their versions, both sides' stages, and whose people they move."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Mapping as Dict
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Max, QuerySet

from apps.accounts.scope import Scope
from apps.mappings import choices, rules
from apps.mappings.models import ChoiceKind, JobStage, Mapping, StageMap, StageMapVersion

TERMINAL_NAMES = {rules.REJECTED: "Rejected", rules.HIRED: "Hired"}


@dataclass(frozen=True, slots=True)
class MapUse:
    """A mapping that a stage map governs."""

    mapping_id: UUID
    project: str
    job: str
    client: str
    state: str


@dataclass(frozen=True, slots=True)
class MapRowListed:
    """A stage map in the list; `people` are those whose open candidacy it governs."""

    id: int
    name: str
    ats: str
    default: bool
    number: int | None
    saved_at: datetime | None
    mappings: int
    people: int


@dataclass(frozen=True, slots=True)
class MapOpened:
    """A stage map with its newest rows, and the stages that rows may name, both sides' in their order.

    `ats_stages` are by id: those of the jobs it is for, and the whole account's. `reasons` of a rejection are by id
    too; `old_reasons` are those that the ATS lists no more. `shared` tells that clients
    outside of the reader's scope use it too, so that nobody of fewer clients may change it.
    """

    id: int
    name: str
    ats: str
    ats_provider: str
    connection_id: UUID
    default: bool
    number: int
    rows: tuple[rules.MapRow, ...]
    linkedin_stages: tuple[str, ...]
    ats_stages: Dict[str, str]
    reasons: Dict[str, str]
    old_reasons: Dict[str, str]
    uses: tuple[MapUse, ...]
    shared: bool

    def name_of(self, ats: str) -> str:
        return TERMINAL_NAMES.get(ats) or self.ats_stages.get(ats) or ats

    def name_of_reason(self, reason: str) -> str:
        return self.reasons.get(reason) or self.old_reasons.get(reason) or reason


@dataclass(frozen=True, slots=True)
class VersionRow:
    """One version, and what it changed of the one before."""

    id: int
    number: int
    author: str
    reason: str
    saved_at: datetime
    rows: tuple[rules.MapRow, ...]
    gone: tuple[rules.MapRow, ...]
    new: tuple[rules.MapRow, ...]


def list_stage_maps(*, scope: Scope) -> tuple[MapRowListed, ...]:
    """The stage maps that govern mappings of the scope's clients, the connections' defaults first."""
    used = Mapping.objects.within(scope).order_by().values_list("stage_map").annotate(count=Count("pk"))
    counts = dict(used)
    found = StageMap.objects.select_related("connection").filter(pk__in=counts)
    if scope.unrestricted:
        found = found | StageMap.objects.select_related("connection").filter(default=True)
    people = dict(
        Mapping.objects.within(scope)
        .filter(candidacies__state="open")
        .order_by()
        .values_list("stage_map")
        .annotate(count=Count("candidacies"))
    )
    rows = found.annotate(newest=Max("versions__number"), saved=Max("versions__created_at"))
    return tuple(
        MapRowListed(
            id=one.pk,
            name=one.name,
            ats=one.connection.name,
            default=one.default,
            number=one.newest,
            saved_at=one.saved,
            mappings=counts.get(one.pk, 0),
            people=people.get(one.pk, 0),
        )
        for one in rows.order_by("-default", "name")
    )


def map_is_visible(*, scope: Scope, map_id: int) -> bool:
    """Tell whether a stage map governs a mapping of the scope; one that nobody uses is for the unrestricted."""
    if scope.unrestricted:
        return StageMap.objects.filter(pk=map_id).exists()
    return Mapping.objects.within(scope).filter(stage_map=map_id).exists()


def map_is_editable(*, scope: Scope, map_id: int) -> bool:
    """Tell whether all the clients whose people a stage map moves lie within a scope."""
    return map_is_visible(scope=scope, map_id=map_id) and not _is_shared(scope, map_id)


def version_is_visible(*, scope: Scope, map_id: int, number: int) -> bool:
    """Tell whether a version of a visible stage map is there."""
    return _versions(scope, map_id).filter(number=number).exists()


def open_map(*, scope: Scope, map_id: int) -> MapOpened:
    """One stage map that was found visible. Raises StageMap.DoesNotExist."""
    found = StageMap.objects.select_related("connection").get(pk=map_id)
    uses = list(_uses(scope, map_id))
    version = found.versions.order_by("-number").first()
    rows = rules.rows_from_json(version.rows) if version else ()
    linkedin = dict.fromkeys(stage for one in uses for stage in one.project.stages)
    connection = next((one.job.connection for one in uses), found.connection)
    reasons = choices.names_of(connection_id=connection.pk, kind=ChoiceKind.REASON)
    listed = choices.names_of(connection_id=connection.pk, kind=ChoiceKind.REASON, active=True)
    return MapOpened(
        id=found.pk,
        name=found.name,
        ats=connection.name,
        ats_provider=connection.provider,
        connection_id=connection.pk,
        default=found.default,
        number=version.number if version else 0,
        rows=rows,
        linkedin_stages=tuple(linkedin | dict.fromkeys(row.linkedin for row in rows)),
        ats_stages=_ats_stages(connection.pk, {one.job.remote_id for one in uses}),
        reasons=listed,
        old_reasons={key: name for key, name in reasons.items() if key not in listed},
        uses=tuple(_use(one) for one in uses),
        shared=_is_shared(scope, map_id),
    )


def _versions(scope: Scope, map_id: int) -> QuerySet[StageMapVersion]:
    """The versions of a stage map that governs a mapping of the scope; nobody's is for the unrestricted."""
    found = StageMapVersion.objects.filter(stage_map=map_id)
    return (
        found if scope.unrestricted else found.filter(stage_map__in=Mapping.objects.within(scope).values("stage_map"))
    )


def list_versions(*, scope: Scope, map_id: int, limit: int = 50) -> tuple[VersionRow, ...]:
    """The versions of a stage map, the newest first."""
    found = list(_versions(scope, map_id).select_related("author").order_by("-number")[: limit + 1])
    before = [*[rules.rows_from_json(one.rows) for one in found[1:]], ()]
    return tuple(_version(one, old) for one, old in zip(found[:limit], before, strict=False))


def get_version(*, scope: Scope, map_id: int, number: int) -> VersionRow:
    """One version. Raises StageMapVersion.DoesNotExist."""
    versions = _versions(scope, map_id).select_related("author")
    old = versions.filter(number__lt=number).order_by("-number").first()
    return _version(versions.get(number=number), rules.rows_from_json(old.rows) if old else ())


def places_of_versions(version_ids: Iterable[int], *, scope: Scope) -> Dict[int, tuple[int, int]]:
    """Stage map and number of versions by their id, of those that the reader may see."""
    found = StageMapVersion.objects.filter(pk__in=set(version_ids))
    if not scope.unrestricted:
        found = found.filter(stage_map__in=Mapping.objects.within(scope).values("stage_map"))
    return {pk: (map_id, number) for pk, map_id, number in found.values_list("pk", "stage_map", "number")}


def list_copyable(*, scope: Scope, map_id: int, connection_id: UUID, limit: int = 100) -> tuple[tuple[int, str], ...]:
    """Other stage maps of the same ATS, whose rows may be a beginning."""
    used = Mapping.objects.within(scope).filter(job__connection=connection_id).values("stage_map")
    found = StageMap.objects.filter(pk__in=used).exclude(pk=map_id).order_by("-default", "name")
    return tuple(found.values_list("pk", "name")[:limit])


@dataclass(frozen=True, slots=True)
class Copied:
    """Another map's rows for this one's stages; the stages found by their names, and those that have no like here."""

    rows: tuple[rules.MapRow, ...]
    by_name: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()


def copied_rows(*, scope: Scope, source_id: int, target: MapOpened) -> Copied:
    """Another map's rows, to begin with.

    A stage is the same one by its id; another job's is proposed by its name where exactly one here bears it, for a
    person to check before it is saved.
    """
    source = open_map(scope=scope, map_id=source_id)
    rows, lost = rules_for(source.rows, names=source.ats_stages, stages=target.ats_stages)
    same = {row.ats for row in source.rows}
    return Copied(rows, tuple(dict.fromkeys(target.name_of(row.ats) for row in rows if row.ats not in same)), lost)


def rules_for(
    rows: Sequence[rules.MapRow], *, names: Dict[str, str], stages: Dict[str, str]
) -> tuple[tuple[rules.MapRow, ...], tuple[str, ...]]:
    """Rows said in other stages, and the names of those that have no like."""
    by_name: dict[str, list[str]] = {}
    for stage, name in stages.items():
        by_name.setdefault(name.casefold(), []).append(stage)
    made, lost = [], []
    for row in rows:
        like = by_name.get(names.get(row.ats, "").casefold(), [])
        if row.ats in rules.TERMINAL or row.ats in stages:
            made.append(row)
        elif len(like) == 1:
            made.append(rules.MapRow(row.linkedin, like[0], row.direction, row.backward, row.terminal, row.reason))
        else:
            lost.append(names.get(row.ats, row.ats))
    return tuple(made), tuple(lost)


def stages_of_job(*, connection_id: UUID, job: str) -> Dict[str, str]:
    """The stages that a job's rows may name, by id, in order."""
    return _ats_stages(connection_id, {job})


def _ats_stages(connection_id: UUID, jobs: set[str]) -> Dict[str, str]:
    found = JobStage.objects.filter(connection_id=connection_id, scope__in=["", *jobs], active=True)
    return dict(found.order_by("order", "name").values_list("remote_id", "name"))


def _uses(scope: Scope, map_id: int) -> QuerySet[Mapping]:
    mine = Mapping.objects.within(scope).filter(stage_map=map_id)
    return mine.select_related("project", "job__connection", "client").order_by("client__name", "project__name")


def _use(one: Mapping) -> MapUse:
    return MapUse(one.pk, one.project.name, one.job.name, one.client.name, one.state)


def _is_shared(scope: Scope, map_id: int) -> bool:
    clients = Mapping.objects.of_everyone().filter(stage_map=map_id).values_list("client", flat=True)
    return not scope.unrestricted and not scope.covers(clients)


def _version(one: StageMapVersion, before: Sequence[rules.MapRow]) -> VersionRow:
    rows = rules.rows_from_json(one.rows)
    gone, new = rules.diff_rows(before, rows)
    author = str(one.author) if one.author else ""
    return VersionRow(one.pk, one.number, author, one.reason, one.created_at, rows, gone, new)
