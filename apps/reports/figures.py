"""Figures over a stretch of time, for reporting tools: lag, volume, funnel, errors, budget."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated
from uuid import UUID

from django.db.models import Count, DurationField, ExpressionWrapper, F, Max, Q, QuerySet
from django.db.models.functions import TruncDate

from apps.accounts.scope import Scope
from apps.candidates import selectors as candidates
from apps.candidates.models import Candidacy
from apps.connections import selectors as connections
from apps.core.sql import Percentile
from apps.ledger import figures as settled
from apps.ledger import selectors as ledger
from apps.ledger.states import FINAL
from apps.reports import selectors as reports


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The stretch of time and the part of the work that a reader asks for."""

    since: datetime
    until: datetime
    client: UUID | None = None
    mapping: UUID | None = None


@dataclass(frozen=True, slots=True)
class Lag:
    """Of everybody added to a Project in the stretch who has come to the ATS job; in seconds."""

    since: datetime
    until: datetime
    arrived: Annotated[int, "How many of those added have come to the ATS job."]
    waiting: Annotated[int, "How many have not, and are not ended."]
    median: float | None
    p95: float | None
    largest: float | None
    within_5_minutes: int
    within_15_minutes: int
    writes: Annotated[int, "The newest settled writes of the last 30 days that the next figures are of, up to 1,000."]
    write_median: float | None
    write_p95: float | None


@dataclass(frozen=True, slots=True)
class Volume:
    day: Annotated[date, "In UTC."]
    added: Annotated[int, "People added to Projects."]
    in_ats: Annotated[int, "People who came to ATS jobs."]
    moved_in_linkedin: Annotated[int, "Moves that people made in LinkedIn."]
    moved_in_ats: Annotated[int, "Moves that people made in the ATS."]


@dataclass(frozen=True, slots=True)
class Day:
    day: Annotated[date, "In UTC, on which they arrived. Whole days, from that of `since` to that of `until`."]
    kind: Annotated[str, "Of events, as in the list of them."]
    state: str
    count: int
    attempts: Annotated[int, "Tries that failed, of all of them together."]
    within_5_minutes: Annotated[int, "How many had settled so soon after their arrival."]
    within_15_minutes: int
    mean_seconds: Annotated[float | None, "From arrival to settling; empty where none has settled."]
    longest_seconds: float


@dataclass(frozen=True, slots=True)
class Funnel:
    mapping_id: UUID
    client: str
    project: str
    job: str
    ats_stage: Annotated[str, "In the ATS's words; empty where they are not there yet."]
    people: Annotated[int, "Candidacies that stand there now, of those added in the stretch."]


@dataclass(frozen=True, slots=True)
class ErrorGroup:
    cause: Annotated[str, "What dead letters have in common; docs/reasons.md explains each."]
    count: int
    oldest: datetime


@dataclass(frozen=True, slots=True)
class BudgetWindow:
    connection_id: UUID
    connection: str
    provider: str
    window: Annotated[str, "Its name, such as `day`."]
    limit: int
    spent: int
    left: int
    starts_at: datetime
    ends_at: datetime


def get_lag(*, scope: Scope, span: Span, now: datetime) -> Lag:
    """How long people took from the Project to the ATS job."""
    took = ExpressionWrapper(F("in_ats_at") - F("added_at"), output_field=DurationField())
    found = (
        _added(scope, span)
        .annotate(took=took)
        .aggregate(
            arrived=Count("pk", filter=Q(in_ats_at__isnull=False)),
            waiting=Count("pk", filter=Q(in_ats_at__isnull=True, state="open")),
            median=Percentile(0.5, "took"),
            p95=Percentile(0.95, "took"),
            largest=Max("took"),
            within_5=Count("pk", filter=Q(in_ats_at__lte=F("added_at") + reports.PROMISE_TIME)),
            within_15=Count("pk", filter=Q(in_ats_at__lte=F("added_at") + reports.LIMIT_TIME)),
        )
    )
    seconds = {name: found[name].total_seconds() if found[name] else None for name in ("median", "p95", "largest")}
    writes = reports.lag_of_writes(scope=scope, now=now)
    return Lag(
        since=span.since,
        until=span.until,
        arrived=found["arrived"],
        waiting=found["waiting"],
        within_5_minutes=found["within_5"],
        within_15_minutes=found["within_15"],
        writes=writes.count,
        write_median=writes.median,
        write_p95=writes.p95,
        **seconds,
    )


def list_volume(*, scope: Scope, span: Span) -> tuple[Volume, ...]:
    """People and moves, day by day; days on which nothing happened are left out."""
    added = _by_day(_within(scope, span), "added_at", span)
    arrived = _by_day(_within(scope, span), "in_ats_at", span)
    moves = candidates.transitions_within(scope=scope)
    moves = moves.filter(candidacy__mapping=span.mapping) if span.mapping else moves
    moves = moves.filter(candidacy__client=span.client) if span.client else moves
    sides = {side: _by_day(moves.filter(side=side), "changed_at", span) for side in ("linkedin", "ats")}
    days = sorted({*added, *arrived, *sides["linkedin"], *sides["ats"]})
    return tuple(
        Volume(day, added.get(day, 0), arrived.get(day, 0), sides["linkedin"].get(day, 0), sides["ats"].get(day, 0))
        for day in days
    )


def list_days(*, scope: Scope, span: Span) -> tuple[Day, ...]:
    """Events by day, kind and state. What was deleted by age is counted as it was."""
    if span.client is not None and not scope.covers([span.client]):
        return ()
    found = settled.list_days(scope=scope.narrowed(span.client), first=_day(span.since), last=_day(span.until))
    return tuple(
        Day(
            one.day,
            one.kind,
            one.state,
            one.count,
            one.attempts,
            one.within_5,
            one.within_15,
            one.lag_ms / one.count / 1000 if one.state in FINAL else None,
            one.longest_ms / 1000,
        )
        for one in found
    )


def _day(at: datetime) -> date:
    return at.astimezone(UTC).date()


def list_funnel(*, scope: Scope, span: Span) -> tuple[Funnel, ...]:
    """How many stand at each ATS stage of each mapping."""
    named = ("mapping_id", "client__name", "mapping__project__name", "job__name", "job__connection_id", "ats_observed")
    rows = list(
        _added(scope, span)
        .order_by("client__name", "mapping__project__name", "mapping_id")
        .values_list(*named)
        .annotate(people=Count("pk"))
    )
    stages = candidates.stage_names(row[4] for row in rows)
    return tuple(
        Funnel(mapping, client, project, job, candidates.stage_word(stages, connection, value), people)
        for mapping, client, project, job, connection, value, people in rows
    )


def list_errors(*, scope: Scope) -> tuple[ErrorGroup, ...]:
    """Dead letters by cause, the largest group first; up to 10,000 of them are counted."""
    return tuple(ErrorGroup(one.cause, one.count, one.oldest) for one in ledger.list_dead_causes(scope=scope))


def list_budget(*, scope: Scope, now: datetime) -> tuple[BudgetWindow, ...]:
    """Every request window; windows tell of every client's work, so a narrower scope sees none."""
    if not scope.unrestricted:
        return ()
    found = list(connections.list_connections())
    figures = connections.windows_of(found, now=now)
    return tuple(
        BudgetWindow(
            one.pk,
            one.name,
            one.provider,
            window.name,
            window.limit,
            window.spent,
            window.left,
            window.starts_at,
            window.ends_at,
        )
        for one in found
        for window in figures[one.pk]
    )


def _within(scope: Scope, span: Span) -> QuerySet[Candidacy]:
    found = Candidacy.objects.within(scope)
    found = found.filter(mapping=span.mapping) if span.mapping else found
    return found.filter(client=span.client) if span.client else found


def _added(scope: Scope, span: Span) -> QuerySet[Candidacy]:
    return _within(scope, span).filter(added_at__gte=span.since, added_at__lt=span.until)


def _by_day(rows: QuerySet[Candidacy], column: str, span: Span) -> dict[date, int]:
    found = rows.filter(**{f"{column}__gte": span.since, f"{column}__lt": span.until}).order_by()
    return dict(found.annotate(day=TruncDate(column)).values_list("day").annotate(count=Count("pk")))
