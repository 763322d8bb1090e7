"""Verbs on stage maps: restore, give a mapping its own, let it use the connection's default."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from apps.accounts.models import User
from apps.ledger import services as ledger
from apps.mappings import rules, services
from apps.mappings.models import JobStage, Mapping, StageMap, StageMapVersion


class NotForTheAccount(ValueError):
    """The map names stages of one job; only stages of the whole account can stand in a connection's default."""


@transaction.atomic
def save_rows(
    *, map_id: int, rows: tuple[rules.MapRow, ...], author: User | None, reason: str, after: int, now: datetime
) -> StageMapVersion:
    """Save what an editor holds as the next version. Raises services.ChangedMeanwhile."""
    stage_map = StageMap.objects.get(pk=map_id)
    return services.save_stage_map(stage_map=stage_map, rows=rows, author=author, reason=reason, now=now, after=after)


@transaction.atomic
def give_own_map(*, mapping_id: UUID, author: User | None, now: datetime) -> StageMap:
    """Let a mapping go on with a copy of its map that no other mapping uses; its own already, it stays."""
    mapping = Mapping.objects.of_everyone().select_related("stage_map", "project", "job").get(pk=mapping_id)
    old = mapping.stage_map
    alone = not old.default and not Mapping.objects.of_everyone().filter(stage_map=old).exclude(pk=mapping_id).exists()
    if alone:
        return old
    name = f"{mapping.project.name} / {mapping.job.name}"[:120]
    own = StageMap.objects.create(connection=mapping.job.connection, name=name)
    newest = old.versions.order_by("-number").first()
    rows = rules.rows_from_json(newest.rows) if newest else ()
    services.save_stage_map(stage_map=own, rows=rows, author=author, reason=f"Copied from {old.name}", now=now)
    _use(mapping, own, now=now)
    return own


@transaction.atomic
def use_default(*, mapping_id: UUID, now: datetime) -> bool:
    """Let a mapping use the default of its ATS's connection; False where there is none."""
    mapping = Mapping.objects.of_everyone().select_related("job").get(pk=mapping_id)
    default = StageMap.objects.filter(connection=mapping.job.connection, default=True).first()
    if default is None:
        return False
    _use(mapping, default, now=now)
    return True


@transaction.atomic
def make_default(*, map_id: int, now: datetime) -> StageMap:
    """Let a map be what new mappings of its connection begin with. Raises NotForTheAccount."""
    stage_map = StageMap.objects.select_for_update().get(pk=map_id)
    newest = stage_map.versions.order_by("-number").first()
    named = {row.ats for row in rules.rows_from_json(newest.rows)} - rules.TERMINAL if newest else set()
    whole = JobStage.objects.filter(connection=stage_map.connection_id, scope="", remote_id__in=named)
    if not named or named - set(whole.values_list("remote_id", flat=True)):
        raise NotForTheAccount
    StageMap.objects.filter(connection=stage_map.connection_id, default=True).update(default=False)
    StageMap.objects.filter(pk=map_id).update(default=True)
    return stage_map


def _use(mapping: Mapping, stage_map: StageMap, *, now: datetime) -> None:
    """What was held for want of a row in the old map is planned by the new one."""
    old = mapping.stage_map_id
    Mapping.objects.of_everyone().filter(pk=mapping.pk).update(stage_map=stage_map)
    ledger.release_held(hold_key=f"map:{old}", now=now)
