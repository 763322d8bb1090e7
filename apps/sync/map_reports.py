"""Reads about runs that apply a stage map: how far one is, and what became of each person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, QuerySet

from apps.accounts.scope import Scope
from apps.mappings import stage_maps
from apps.sync.models import MapItem, MapRun

PAGE = 100


@dataclass(frozen=True, slots=True)
class RunShown:
    """One run; `counts` are its people by the state of their item, `fates` by what the preview promised."""

    id: int
    map_id: int
    map_name: str
    number: int
    state: str
    by: str
    made_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    people: int
    counts: Mapping[str, int]
    fates: tuple[tuple[str, str, int], ...]


@dataclass(frozen=True, slots=True)
class ItemShown:
    id: int
    person_id: UUID
    person: str
    linkedin: str
    ats: str
    fate: str
    value: str
    state: str
    why: str
    event_id: int | None


def run_is_visible(*, scope: Scope, map_run_id: int) -> bool:
    """Tell whether all whom a run moves lie within a scope."""
    run = MapRun.objects.filter(pk=map_run_id).first()
    return (
        run is not None
        and scope.covers(run.clients)
        and stage_maps.map_is_editable(scope=scope, map_id=run.stage_map_id)
    )


def get_run(*, scope: Scope, map_run_id: int) -> RunShown:
    """One run. Raises MapRun.DoesNotExist, also where it moves somebody outside of the scope."""
    run = MapRun.objects.select_related("stage_map", "version", "by").get(pk=map_run_id)
    if not scope.covers(run.clients):
        raise MapRun.DoesNotExist
    counts = dict(run.items.order_by().values_list("state").annotate(count=Count("pk")))
    fates = run.items.order_by("fate", "value").values_list("fate", "value").annotate(count=Count("pk"))
    return RunShown(
        id=run.pk,
        map_id=run.stage_map_id,
        map_name=run.stage_map.name,
        number=run.version.number,
        state=run.state,
        by=str(run.by) if run.by else "",
        made_at=run.made_at,
        started_at=run.started_at,
        ended_at=run.ended_at,
        people=sum(counts.values()),
        counts=counts,
        fates=tuple(fates),
    )


def list_items(*, scope: Scope, map_run_id: int, show: str = "", after: int = 0) -> tuple[tuple[ItemShown, ...], int]:
    """A page of a run's people, and the id to go on from; 0 after the last. `show` is moves or stays."""
    found: QuerySet[MapItem] = MapItem.objects.filter(run=map_run_id, pk__gt=after)
    if scope.client_ids is not None:
        found = found.filter(candidacy__client__in=scope.client_ids)
    if show == "moves":
        found = found.filter(fate__in=["linkedin", "ats"])
    elif show == "stays":
        found = found.exclude(fate__in=["linkedin", "ats"])
    rows = list(found.select_related("candidacy__person").order_by("pk")[: PAGE + 1])
    return tuple(_item(one) for one in rows[:PAGE]), rows[PAGE - 1].pk if len(rows) > PAGE else 0


def _item(one: MapItem) -> ItemShown:
    return ItemShown(
        id=one.pk,
        person_id=one.candidacy.person_id,
        person=str(one.candidacy.person),
        linkedin=one.linkedin,
        ats=one.ats,
        fate=one.fate,
        value=one.value,
        state=one.state,
        why=one.why,
        event_id=one.event_id,
    )
