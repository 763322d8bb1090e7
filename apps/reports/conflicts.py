"""What waits for a person's word: pairs that both sides changed, and mappings that the guard halted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from apps.accounts.scope import Scope
from apps.candidates.models import Candidacy, Profile, Transition
from apps.ledger.models import Event
from apps.ledger.states import FINAL, State
from apps.mappings.models import Mapping as ProjectMapping
from apps.mappings.models import Seat
from apps.mappings.rules import HIRED, REJECTED
from apps.sync import pairs, plan
from apps.sync.models import Reconciliation, RunState

SHOWN = 200
"""Conflicts that one page shows, oldest first."""

LATELY = timedelta(minutes=15)

WORDS = {REJECTED: "Rejected", HIRED: "Hired"}


@dataclass(frozen=True, slots=True)
class SideRow:
    """One side of a conflict, and what choosing it would do on the other; `leads_to` is empty where it cannot."""

    system: str
    stage: str
    at: datetime | None
    by: str
    leads_to: str


@dataclass(frozen=True, slots=True)
class ConflictRow:
    id: UUID
    person_id: UUID
    person: str
    client: str
    project: str
    job: str
    why: str
    linkedin: SideRow
    ats: SideRow
    waiting: bool


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """A decision of the last minutes. `open`: it can be taken back."""

    event_id: int
    person_id: str
    side: str
    at: datetime
    open: bool


@dataclass(frozen=True, slots=True)
class HaltRow:
    mapping_id: UUID
    project: str
    job: str
    since: datetime
    waiting: int
    run_id: UUID | None = None
    why: str = ""


def list_conflicts(*, scope: Scope) -> tuple[ConflictRow, ...]:
    """Open questions within the reader's clients, oldest change first."""
    found = (
        Candidacy.objects.within(scope)
        .exclude(conflict="")
        .filter(state="open")
        .select_related("person", "client", "job__connection", "mapping__project__connection", "mapping__stage_map")
        .prefetch_related("profiles")
        .order_by("ats_changed_at", "pk")[:SHOWN]
    )
    rows = list(found)
    movers = _movers(rows)
    decided = _being_decided(rows)
    return tuple(_row(one, movers, decided) for one in rows if _standing(one) is not None)


def list_decisions(*, scope: Scope, now: datetime) -> tuple[DecisionRow, ...]:
    """What was decided a short while ago within the reader's clients."""
    events = Event.objects.filter(kind="decide.conflict", state=State.DONE, settled_at__gt=now - LATELY)
    if scope.client_ids is not None:
        events = events.filter(clients__contained_by=list(scope.client_ids))
    found = list(events.order_by("-pk")[:20])
    gone = set(Event.objects.filter(caused_by__in=found, state__in=FINAL).values_list("caused_by_id", flat=True)) | set(
        Event.objects.filter(caused_by__in=found, due_at__lte=now).values_list("caused_by_id", flat=True)
    )
    followed = set(Event.objects.filter(caused_by__in=found).values_list("caused_by_id", flat=True))
    return tuple(
        DecisionRow(
            event.pk,
            event.subject.removeprefix("person:"),
            str(event.payload["side"]),
            event.settled_at or now,
            event.pk in followed - gone,
        )
        for event in found
    )


def list_halts(*, scope: Scope) -> tuple[HaltRow, ...]:
    """Mappings that were about to end more people at once than is usual."""
    halted = ProjectMapping.objects.within(scope).filter(halted_at__isnull=False).select_related("project", "job")
    found = list(halted.order_by("halted_at"))
    held = Event.objects.filter(state=State.HELD, hold_key__in=[f"mapping:{one.pk}" for one in found])
    waiting = Counter(held.values_list("hold_key", flat=True))
    runs = Reconciliation.objects.within(scope).filter(mapping__in=found, state=RunState.HALTED)
    by_run = {run.mapping_id: run for run in runs}
    return tuple(
        HaltRow(
            one.pk,
            one.project.name,
            one.job.name,
            one.halted_at,
            waiting[f"mapping:{one.pk}"],
            by_run[one.pk].pk if one.pk in by_run else None,
            by_run[one.pk].detail if one.pk in by_run else "",
        )
        for one in found
        if one.halted_at is not None
    )


def mapping_is_visible(*, scope: Scope, mapping_id: UUID) -> bool:
    return ProjectMapping.objects.within(scope).filter(pk=mapping_id).exists()


def count_open(*, scope: Scope) -> int:
    """Conflicts and halted mappings together, for the navigation."""
    open_ones = Candidacy.objects.within(scope).exclude(conflict="").filter(state="open").count()
    return open_ones + ProjectMapping.objects.within(scope).filter(halted_at__isnull=False).count()


def _standing(one: Candidacy) -> Profile | None:
    profiles = [each for each in one.profiles.all() if not each.removed and each.observed]
    return max(profiles, key=lambda each: (each.changed_at is not None, each.changed_at), default=None)


def _row(one: Candidacy, movers: Mapping[tuple[UUID, str], str], decided: Iterable[str]) -> ConflictRow:
    profile = _standing(one)
    assert profile is not None
    table = pairs.table_of(one.mapping)
    pair = pairs.pair_of(one, profile)
    names = {**table.names, **WORDS}
    to_ats, to_linkedin = plan.choose(pair, "linkedin", table), plan.choose(pair, "ats", table)
    ats_value = to_ats.write_ats or (one.ats_observed if to_ats.agreed else "")
    return ConflictRow(
        id=one.pk,
        person_id=one.person_id,
        person=str(one.person),
        client=one.client.name,
        project=one.mapping.project.name,
        job=one.job.name,
        why=one.conflict,
        linkedin=SideRow(
            "LinkedIn",
            profile.observed,
            profile.changed_at,
            movers.get((one.pk, "linkedin"), ""),
            names.get(ats_value, ats_value),
        ),
        ats=SideRow(
            one.job.connection.name,
            names.get(one.ats_observed, one.ats_observed),
            one.ats_changed_at,
            movers.get((one.pk, "ats"), ""),
            to_linkedin.write_linkedin,
        ),
        waiting=str(one.pk) in decided,
    )


def _movers(rows: Sequence[Candidacy]) -> Mapping[tuple[UUID, str], str]:
    """Who made the last move of each side, where the system says: LinkedIn names a seat."""
    last: dict[tuple[UUID, str], int] = {}
    for one in Transition.objects.filter(candidacy__in=rows).order_by("changed_at", "pk"):
        last[(one.candidacy_id, one.side)] = one.event_id
    events = dict(Event.objects.filter(pk__in=last.values()).values_list("pk", "payload"))
    seats = {
        seat: name
        for seat, name in Seat.objects.filter(
            remote_id__in={payload.get("stage_changed_by", "") for payload in events.values()} - {""}
        ).values_list("remote_id", "name")
    }
    return {key: seats.get(events.get(event, {}).get("stage_changed_by", ""), "") for key, event in last.items()}


def _being_decided(rows: Sequence[Candidacy]) -> set[str]:
    open_ones = Event.objects.filter(
        kind="decide.conflict",
        subject__in=[f"person:{one.person_id}" for one in rows],
        state__in=(State.QUEUED, State.RETRYING),
    )
    return {str(payload["candidacy"]) for payload in open_ones.values_list("payload", flat=True)}
