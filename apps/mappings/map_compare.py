"""A mapping's stage map beside what its system's mappings begin with: which rows differ (R7)."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from apps.accounts.scope import Scope
from apps.mappings import rules, stage_maps
from apps.mappings.models import JobStage, Mapping, MappingState, StageMap, StageMapVersion

DEFAULT, OWN, COPY, ALONE = "default", "own", "copy", "alone"


@dataclass(frozen=True, slots=True)
class Compared:
    """`kind` tells whether the mapping uses the default itself, a map of its own beside a default, or one that was
    copied by name, since each job has stages of its own; alone where there is nothing to compare it with.

    `gone` are the rows of the other map that this one lacks, said in this job's stages; `lost` its stages that have
    no like here."""

    kind: str
    map_id: int | None = None
    name: str = ""
    gone: tuple[rules.MapRow, ...] = ()
    new: tuple[rules.MapRow, ...] = ()
    lost: tuple[str, ...] = ()

    @property
    def differs(self) -> bool:
        return bool(self.gone or self.new)


def compare(*, scope: Scope, mapping_id: UUID) -> Compared:
    """Tell how a mapping's newest rows differ from its system's default, or from the rows that new mappings copy."""
    mapping = Mapping.objects.within(scope).select_related("job", "project", "stage_map").get(pk=mapping_id)
    other, kind = _other(scope, mapping)
    if other is None or other.pk == mapping.stage_map_id:
        return Compared(DEFAULT if mapping.stage_map.default else ALONE)
    theirs, own = _rows(other), _rows(mapping.stage_map)
    stages = stage_maps.stages_of_job(connection_id=mapping.job.connection_id, job=mapping.job.remote_id)
    names = dict(JobStage.objects.filter(connection=mapping.job.connection_id).values_list("remote_id", "name"))
    said, lost = stage_maps.rules_for(theirs, names=names, stages=stages)
    wanted = [row for row in said if row.linkedin in mapping.project.stages] if kind == COPY else said
    gone, new = rules.diff_rows(wanted, own)
    return Compared(kind, other.pk, other.name, gone, new, lost)


def _other(scope: Scope, mapping: Mapping) -> tuple[StageMap | None, str]:
    default = StageMap.objects.filter(connection=mapping.job.connection_id, default=True).first()
    if default is not None:
        return default, OWN
    live = Mapping.objects.within(scope).filter(job__connection=mapping.job.connection_id, state=MappingState.LIVE)
    copied = StageMapVersion.objects.filter(stage_map__in=live.values("stage_map")).select_related("stage_map")
    newest = copied.order_by("-created_at").first()
    return (newest.stage_map if newest else None), COPY


def _rows(stage_map: StageMap) -> tuple[rules.MapRow, ...]:
    newest = stage_map.versions.order_by("-number").first()
    return rules.rows_from_json(newest.rows) if newest else ()
