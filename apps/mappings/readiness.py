"""What is worth knowing of mappings before they begin to write, for many in a fixed number of queries (R7)."""

from __future__ import annotations

from collections.abc import Mapping as Dict
from collections.abc import Sequence
from uuid import UUID

from apps.accounts.scope import Scope
from apps.mappings import cautions, rules
from apps.mappings.cautions import Caution
from apps.mappings.models import JobStage, Mapping, StageMapVersion


def list_cautions(*, scope: Scope, ids: Sequence[UUID]) -> Dict[UUID, tuple[Caution, ...]]:
    """What to know of the stage map of each, for its own Project's and job's stages; nothing of one without rows."""
    found = list(Mapping.objects.within(scope).filter(pk__in=ids).select_related("project", "job"))
    rows = _newest_rows({one.stage_map_id for one in found})
    stages = _stages(found)
    return {
        one.pk: cautions.cautions(
            rows[one.stage_map_id],
            linkedin=one.project.stages,
            ats={**stages.get(_scope_of(one, ""), {}), **stages.get(_scope_of(one, one.job.remote_id), {})},
        )
        for one in found
        if rows.get(one.stage_map_id)
    }


def _newest_rows(maps: set[int]) -> Dict[int, tuple[rules.MapRow, ...]]:
    versions = StageMapVersion.objects.filter(stage_map__in=maps).order_by("stage_map", "-number")
    newest = versions.distinct("stage_map").values_list("stage_map", "rows")
    return {stage_map: rules.rows_from_json(rows) for stage_map, rows in newest}


def _stages(found: Sequence[Mapping]) -> Dict[tuple[UUID, str], dict[str, str]]:
    """The active stages of each account and each job, by id, in their order."""
    jobs = {one.job.remote_id for one in found}
    connections = {one.job.connection_id for one in found}
    listed = JobStage.objects.filter(connection__in=connections, scope__in=["", *jobs], active=True)
    stages: dict[tuple[UUID, str], dict[str, str]] = {}
    for stage in listed.order_by("order", "name"):
        stages.setdefault((stage.connection_id, stage.scope), {})[stage.remote_id] = stage.name
    return stages


def _scope_of(one: Mapping, scope: str) -> tuple[UUID, str]:
    return one.job.connection_id, scope
