"""Dead letters, their replays and discards as people see them: with names, in words that pages can count."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection as database
from django.db.models import Count, Q

from apps.accounts.scope import Scope
from apps.connections import selectors as connections
from apps.connections.models import Connection
from apps.ledger import letters as ledger_letters
from apps.ledger import selectors as ledger
from apps.ledger.letters import Group, Letters
from apps.mappings import selectors as mappings
from apps.mappings.models import Job, JobStage
from apps.reports import sync_log
from apps.reports.sync_log import LogPage, LogRow
from apps.sync import letters as sync_letters
from apps.sync.models import Discard, ItemState, ReplayItem, ReplayRun, ReplayState

SHOWN = 50
"""Rows on a page."""

TOGETHER = 100
"""LinkedIn moves that one request carries; one more reads them first (rule 9)."""


@dataclass(frozen=True, slots=True)
class GroupRow:
    group: Group
    system: str


@dataclass(frozen=True, slots=True)
class Write:
    """One write that a replay makes, with the names of what it names."""

    do: str
    system: str
    target: str
    stage: str
    job: str
    fields: str
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ItemRow:
    """One letter of a replay: what it would do, how it stands. `row` is None where its reader may not see it."""

    id: int
    event_id: int
    row: LogRow | None
    state: str
    writes: tuple[Write, ...]
    ends: str
    why: str
    map_version: int | None


@dataclass(frozen=True, slots=True)
class ItemPage:
    rows: tuple[ItemRow, ...]
    after: int | None
    first: bool


@dataclass(frozen=True, slots=True)
class Cost:
    """What a replay asks of one system: the reads that its preview took, which it makes again, and its writes.
    `left` is what is left today, for those who may see every client's work; None where there is no day's limit."""

    system: str
    provider: str
    reads: int
    writes: int
    left: int | None


@dataclass(frozen=True, slots=True)
class RunRow:
    id: int
    title: str
    state: str
    by: str
    made_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    counts: Mapping[str, int]

    @property
    def letters(self) -> int:
        return sum(self.counts.values())

    @property
    def ended(self) -> int:
        return self.letters - sum(self.counts.get(state, 0) for state in ("waiting", "planned", "released"))


@dataclass(frozen=True, slots=True)
class RunReport:
    """A replay: how far it is, what it writes where, by what is done, and what it costs."""

    row: RunRow
    writes: tuple[tuple[str, str, int], ...]
    idle: int
    costs: tuple[Cost, ...]


@dataclass(frozen=True, slots=True)
class DiscardRow:
    id: int
    why: str
    by: str
    letters: int
    made_at: datetime


def list_groups(*, scope: Scope, letters: Letters) -> tuple[GroupRow, ...]:
    """Dead letters by cause, kind and system, the largest group first."""
    groups = ledger_letters.list_groups(scope=scope, letters=letters)
    names = _names(one.connection for one in groups)
    return tuple(GroupRow(one, names.get(one.connection, "") if one.connection else "") for one in groups)


def list_letters(*, scope: Scope, letters: Letters, before: int | None, after: int | None) -> LogPage:
    """One page of dead letters, newest first."""
    page = ledger_letters.list_dead(scope=scope, letters=letters, before=before, after=after, limit=SHOWN)
    return LogPage(sync_log.name_rows(scope=scope, events=page.rows), page.older, page.newer)


def list_runs(*, scope: Scope, limit: int = SHOWN) -> tuple[RunRow, ...]:
    """The newest replays."""
    runs = list(sync_letters.runs_within(scope).select_related("by").order_by("-pk")[:limit])
    counts = _counts(runs)
    return tuple(_run(run, counts.get(run.pk, {})) for run in runs)


def list_going(*, scope: Scope) -> tuple[RunRow, ...]:
    """Replays that are being previewed or made at this moment."""
    going = sync_letters.runs_within(scope).filter(state__in=[ReplayState.PLANNING, ReplayState.RUNNING])
    runs = list(going.select_related("by").order_by("-pk")[:5])
    counts = _counts(runs)
    return tuple(_run(run, counts.get(run.pk, {})) for run in runs)


def get_run(*, scope: Scope, run_id: int, now: datetime) -> RunReport | None:
    """One replay; None outside the scope."""
    run = sync_letters.runs_within(scope).select_related("by").filter(pk=run_id).first()
    if run is None:
        return None
    row = _run(run, _counts([run]).get(run.pk, {}))
    writes = _writes_of(run)
    idle = run.items.filter(acts=[]).exclude(state=ItemState.WAITING).count()
    names = _names(system for system, _, _ in writes)
    said = tuple((do, names.get(system, "") if system else "", count) for system, do, count in writes)
    return RunReport(row, said, idle, _costs(run, writes, whole=scope.unrestricted, now=now))


SHOWS: Mapping[str, Q] = {
    "writes": ~Q(acts=[]),
    "nothing": Q(acts=[]) & ~Q(state=ItemState.WAITING),
    "done": Q(state=ItemState.DONE),
    "stopped": Q(state__in=[ItemState.STOPPED, ItemState.FAILED, ItemState.HELD]),
}
"""Views of a replay's letters, by the word that the address uses."""


def list_items(*, scope: Scope, run_id: int, show: str, after: int | None) -> ItemPage:
    """One page of a replay's letters, in their order."""
    items = ReplayItem.objects.filter(run__in=sync_letters.runs_within(scope), run_id=run_id)
    found = items.filter(SHOWS[show]) if show in SHOWS else items
    found = found.filter(pk__gt=after) if after is not None else found
    page = list(found.order_by("pk")[: SHOWN + 1])
    rows = _items(scope, page[:SHOWN])
    return ItemPage(rows, page[SHOWN - 1].pk if len(page) > SHOWN else None, after is None)


def list_discards(*, scope: Scope) -> tuple[DiscardRow, ...]:
    """The newest discards that nobody took back."""
    found = sync_letters.discards_within(scope).filter(undone_at__isnull=True).select_related("by")
    return tuple(
        DiscardRow(one.pk, one.why, str(one.by or ""), one.letters, one.made_at)
        for one in found.order_by("-pk")[:SHOWN]
    )


def list_discarded(*, scope: Scope, discard_id: int, before: int | None, after: int | None) -> LogPage:
    """One page of the letters of a discard."""
    key = Discard(pk=discard_id).key
    page = ledger_letters.list_discarded(scope=scope, key=key, before=before, after=after, limit=SHOWN)
    return LogPage(sync_log.name_rows(scope=scope, events=page.rows), page.older, page.newer)


def _run(run: ReplayRun, counts: Mapping[str, int]) -> RunRow:
    return RunRow(
        run.pk, run.title, run.state, str(run.by or ""), run.made_at, run.started_at, run.ended_at, dict(counts)
    )


def _counts(runs: Sequence[ReplayRun]) -> dict[int, dict[str, int]]:
    found: dict[int, dict[str, int]] = {}
    items = ReplayItem.objects.filter(run__in=runs).order_by().values_list("run", "state").annotate(count=Count("id"))
    for run, state, count in items:
        found.setdefault(run, {})[state] = count
    return found


WRITES = """
SELECT act->>'system', act->>'do', count(*) FROM sync_replayitem, jsonb_array_elements(acts) act
WHERE run_id = %s GROUP BY 1, 2 ORDER BY 3 DESC, 2
"""


def _writes_of(run: ReplayRun) -> list[tuple[UUID | None, str, int]]:
    """How many writes of each kind go to each system."""
    with database.cursor() as cursor:
        cursor.execute(WRITES, [run.pk])
        return [(UUID(system) if system else None, do, count) for system, do, count in cursor.fetchall()]


def _costs(
    run: ReplayRun, writes: Sequence[tuple[UUID | None, str, int]], *, whole: bool, now: datetime
) -> tuple[Cost, ...]:
    calls: Counter[UUID] = Counter()
    for system, do, count in writes:
        if system is not None:
            calls[system] += -(-count // TOGETHER) if do == "stage" else count
    reads = {UUID(system): count for system, count in run.reads.items()}
    found = Connection.objects.filter(pk__in={*calls, *reads}).order_by("name")
    return tuple(
        Cost(one.name, one.provider, reads.get(one.pk, 0), calls[one.pk], _left(one.pk, now) if whole else None)
        for one in found
    )


def _left(connection_id: UUID, now: datetime) -> int | None:
    day = connections.daily(connection_id, now=now)
    return day.left if day else None


def _items(scope: Scope, items: Sequence[ReplayItem]) -> tuple[ItemRow, ...]:
    events = ledger.events_within(scope).filter(pk__in=[item.event_id for item in items])
    rows = {row.event.id: row for row in sync_log.name_rows(scope=scope, events=ledger.show_rows(events))}
    writes = _Writes([act for item in items for act in item.acts])
    versions = mappings.numbers_of_versions(item.map_version for item in items if item.map_version)
    return tuple(
        ItemRow(
            item.pk,
            item.event_id,
            rows.get(item.event_id),
            item.state,
            tuple(writes.named(act) for act in item.acts),
            item.ends,
            item.why,
            versions.get(item.map_version) if item.map_version else None,
        )
        for item in items
    )


class _Writes:
    """Names for the ids that writes bear, read at once for a page of them."""

    def __init__(self, acts: Sequence[Mapping[str, Any]]) -> None:
        systems = {UUID(act["system"]) for act in acts if act["system"]}
        stages = {_stage_of(act) for act in acts} - {""}
        jobs = {act["values"].get("job_id", "") for act in acts} - {""}
        self._systems = {str(pk): name for pk, name in _names(systems).items()}
        known = JobStage.objects.filter(connection__in=systems, remote_id__in=stages)
        self._stages = {(str(at), one): name for at, one, name in known.values_list("connection", "remote_id", "name")}
        mapped = Job.objects.filter(connection__in=systems, remote_id__in=jobs)
        self._jobs = {(str(at), one): name for at, one, name in mapped.values_list("connection", "remote_id", "name")}

    def named(self, act: Mapping[str, Any]) -> Write:
        at, values = act["system"], act["values"]
        stage, job = _stage_of(act), values.get("job_id", "")
        return Write(
            do=act["do"],
            system=self._systems.get(at, ""),
            target=act["target"] if act["do"] != "create" else "",
            stage=self._stages.get((at, stage), stage),
            job=self._jobs.get((at, job), job),
            fields=values.get("fields", ""),
            values={name: value for name, value in values.items() if name != "print"},
        )


def _stage_of(act: Mapping[str, Any]) -> str:
    return str(act["values"].get("value") or act["values"].get("stage_id") or "")


def _names(ids: Iterable[UUID | None]) -> dict[UUID, str]:
    wanted = {one for one in ids if one is not None}
    return dict(Connection.objects.filter(pk__in=wanted).values_list("id", "name"))
