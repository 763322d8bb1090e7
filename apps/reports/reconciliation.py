"""Comparisons of mappings with their systems, as people read them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, QuerySet

from apps.accounts.scope import Scope
from apps.candidates import selectors as candidates
from apps.mappings.models import Mapping, MappingState
from apps.sync import reconcile
from apps.sync.differences import Kind
from apps.sync.models import Difference, Reconciliation, RunState

SHOWN = 50
"""Runs on one page, newest first."""

ROWS_SHOWN = 500


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run. `found` counts differences by kind."""

    id: UUID
    mapping_id: UUID
    project: str
    job: str
    client: str
    system: str
    state: str
    looked_at: int
    changing: int
    found: tuple[tuple[str, int], ...]
    detail: str
    started_at: datetime
    ended_at: datetime | None
    decided_by: str
    decided_at: datetime | None
    note: str

    @property
    def share(self) -> int:
        """Per cent of those looked at that would change."""
        return round(100 * self.changing / self.looked_at) if self.looked_at else 0


@dataclass(frozen=True, slots=True)
class DifferenceRow:
    person_id: UUID
    person: str
    kind: str
    before: str
    now: str
    event_id: int | None


@dataclass(frozen=True, slots=True)
class ComparableRow:
    """A mapping that can be compared now."""

    id: UUID
    project: str
    client: str
    ats: str
    sourcing: str


def list_runs(*, scope: Scope, mapping_id: UUID | None = None, limit: int = SHOWN) -> tuple[RunRow, ...]:
    """The last runs within the reader's clients; those that wait for a person first."""
    runs = _runs(scope)
    runs = runs.filter(mapping=mapping_id) if mapping_id else runs
    halted = list(runs.filter(state=RunState.HALTED).order_by("started_at"))
    others = list(runs.exclude(state=RunState.HALTED).order_by("-started_at")[:limit])
    return _rows([*halted, *others])


def get_run(*, scope: Scope, run_id: UUID) -> RunRow | None:
    return next(iter(_rows(list(_runs(scope).filter(pk=run_id)))), None)


def run_is_visible(*, scope: Scope, run_id: UUID) -> bool:
    return Reconciliation.objects.within(scope).filter(pk=run_id).exists()


def list_differences(*, scope: Scope, run_id: UUID) -> tuple[DifferenceRow, ...]:
    """Whom a run found otherwise than known, and what each became."""
    run = Reconciliation.objects.within(scope).filter(pk=run_id).select_related("mapping__job__connection").first()
    if run is None:
        return ()
    found = run.differences.select_related("candidacy__person").order_by("kind", "pk")[:ROWS_SHOWN]
    connection_id = run.mapping.job.connection_id
    names = candidates.stage_names([connection_id])
    return tuple(
        DifferenceRow(
            person_id=one.candidacy.person_id,
            person=str(one.candidacy.person),
            kind=one.kind,
            before=candidates.stage_word(names, connection_id, one.before),
            now=candidates.stage_word(names, connection_id, one.now) if one.kind == Kind.LOST else one.now,
            event_id=one.event_id,
        )
        for one in found
    )


def list_comparable(*, scope: Scope) -> tuple[ComparableRow, ...]:
    """Mappings that run and are not halted."""
    live = Mapping.objects.within(scope).filter(
        state__in=[MappingState.LIVE, MappingState.PILOT], halted_at__isnull=True
    )
    found = live.select_related("project__connection", "job__connection", "client").order_by("project__name")
    return tuple(
        ComparableRow(one.pk, one.project.name, one.client.name, one.job.connection.name, one.project.connection.name)
        for one in found[:200]
    )


def _runs(scope: Scope) -> QuerySet[Reconciliation]:
    return Reconciliation.objects.within(scope).select_related(
        "mapping__project__connection", "mapping__job__connection", "mapping__client", "decided_by"
    )


def _rows(runs: Sequence[Reconciliation]) -> tuple[RunRow, ...]:
    counted = Difference.objects.filter(run__in=runs).values("run", "kind").annotate(count=Count("pk"))
    by_run: dict[UUID, list[tuple[str, int]]] = {}
    for row in counted.order_by("kind"):
        by_run.setdefault(row["run"], []).append((row["kind"], row["count"]))
    return tuple(_row(one, by_run.get(one.pk, [])) for one in runs)


def _row(run: Reconciliation, found: Sequence[tuple[str, int]]) -> RunRow:
    mapping = run.mapping
    connection = mapping.project.connection if run.side == reconcile.LINKEDIN else mapping.job.connection
    return RunRow(
        id=run.pk,
        mapping_id=mapping.pk,
        project=mapping.project.name,
        job=mapping.job.name,
        client=mapping.client.name,
        system=connection.name,
        state=run.state,
        looked_at=run.looked_at,
        changing=run.changing,
        found=tuple(found),
        detail=run.detail,
        started_at=run.started_at,
        ended_at=run.ended_at,
        decided_by=str(run.decided_by) if run.decided_by else "",
        decided_at=run.decided_at,
        note=run.note,
    )
