"""Pilots with their evidence, computed from the ledger each time: nothing of it is kept beside (R18)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import chain
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from apps.accounts.scope import Scope
from apps.candidates import selectors as candidates
from apps.candidates.models import Candidacy, CandidacyState, Duplicate, DuplicateState, Transition
from apps.connections import selectors as connections
from apps.connections.gate import gate_of
from apps.ledger import delays
from apps.ledger.delays import DelayRow
from apps.ledger.models import Effect, Event
from apps.ledger.states import EffectState, State
from apps.mappings.models import Mapping as ProjectMapping
from apps.mappings.models import Pilot
from apps.reports import verdicts
from apps.reports.verdicts import Case, Cause, Day, Fate, Verdict, Wait
from apps.sync.pilots import BEGINS_FROM

READS = "poll.profiles"
"""The reading of LinkedIn that a new candidate waits for."""

WRITES = {"linkedin": ("write.move",), "ats": ("write.stage", "write.share")}
"""What a change on one side makes on the other; in export mode LinkedIn is told by documents."""


@dataclass(frozen=True, slots=True)
class PilotRow:
    """One pilot without its evidence."""

    id: UUID
    mapping_id: UUID
    project: str
    job: str
    client: str
    zone: str
    ats: str
    starts_at: datetime
    ends_at: datetime
    minutes: int
    late_allowed: int
    by: str
    stopped_at: datetime | None
    live_at: datetime | None
    mapping_state: str
    cannot: tuple[str, ...] = ()  # of the way to LinkedIn

    def over(self, now: datetime) -> bool:
        return self.until(now) < now or self.live_at is not None or self.stopped_at is not None

    def until(self, now: datetime) -> datetime:
        """The end of what counts."""
        return min(one for one in (self.ends_at, self.stopped_at, self.live_at, now) if one is not None)


@dataclass(frozen=True, slots=True)
class ArrivalRow:
    person_id: UUID
    name: str
    case: Case


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One stage change; stages by their names."""

    person_id: UUID
    name: str
    before: str
    after: str
    case: Case


@dataclass(frozen=True, slots=True)
class DuplicateRow:
    person_id: UUID
    name: str
    asked_at: datetime
    decided: bool


@dataclass(frozen=True, slots=True)
class PilotReport:
    """A pilot with all that speaks for and against it."""

    row: PilotRow
    verdict: Verdict
    arrivals: tuple[ArrivalRow, ...]
    changes: tuple[ChangeRow, ...]
    duplicates: tuple[DuplicateRow, ...]
    days: tuple[Day, ...]
    causes: Mapping[Cause, int]


@dataclass(frozen=True, slots=True)
class Choice:
    """A mapping that may be tried, or taken live together with one that was."""

    id: UUID
    project: str
    job: str
    client: str
    state: str


def list_pilots(*, scope: Scope) -> tuple[PilotRow, ...]:
    """The newest first."""
    return tuple(_row(one) for one in _pilots(scope).order_by("-starts_at")[:200])


def pilot_is_visible(*, scope: Scope, pilot_id: UUID) -> bool:
    return Pilot.objects.within(scope).filter(pk=pilot_id).exists()


def find_newest(*, scope: Scope, mapping_id: UUID) -> UUID | None:
    """A mapping's newest pilot."""
    found = Pilot.objects.within(scope).filter(mapping=mapping_id).order_by("-starts_at")
    return found.values_list("pk", flat=True).first()


def list_choices(*, scope: Scope) -> tuple[Choice, ...]:
    """Mappings that are not live and have no open pilot: to be tried, or taken live with one that was."""
    found = ProjectMapping.objects.within(scope).filter(state__in=BEGINS_FROM)
    tried = Pilot.objects.within(scope).filter(stopped_at=None, live_at=None).values("mapping")
    rows = found.exclude(pk__in=tried).select_related("project", "job", "client").order_by("project__name", "pk")
    return tuple(Choice(one.pk, one.project.name, one.job.name, one.client.name, one.state) for one in rows[:500])


def get_report(*, scope: Scope, pilot_id: UUID, now: datetime) -> PilotReport | None:
    """A pilot's evidence as the ledger has it now; None outside of the scope."""
    pilot = _pilots(scope).filter(pk=pilot_id).first()
    if pilot is None:
        return None
    row = _row(pilot)
    limit, until = timedelta(minutes=pilot.minutes), row.until(now)
    people = list(
        Candidacy.objects.within(scope)
        .filter(mapping=pilot.mapping_id, added_at__gte=pilot.starts_at, added_at__lt=until)
        .select_related("person")
        .order_by("added_at", "pk")
    )
    moved = list(
        Transition.objects.filter(
            candidacy__in=Candidacy.objects.within(scope).filter(mapping=pilot.mapping_id),
            changed_at__gte=pilot.starts_at,
            changed_at__lt=until,
        )
        .select_related("candidacy__person")
        .order_by("changed_at", "pk")
    )
    ledger = _Ledger(pilot, people, moved, now=now)
    arrivals = tuple(ArrivalRow(one.person_id, str(one.person), ledger.arrival(one, limit)) for one in people)
    changes = _changes(pilot, moved, ledger, limit)
    duplicates = _duplicates(people)
    cases, change_cases = [one.case for one in arrivals], [one.case for one in changes]
    verdict = verdicts.judge(
        cases, change_cases, duplicates=len(duplicates), late_allowed=pilot.late_allowed, over=row.over(now)
    )
    zone = ZoneInfo(row.zone)
    first, last = _day(pilot.starts_at, zone), _day(until, zone)
    days = verdicts.days_of(cases, change_cases, first=first, last=last, day_of=lambda at: _day(at, zone))
    causes: dict[Cause, int] = defaultdict(int)
    for case in (*cases, *change_cases):
        if case.cause is not None:
            causes[case.cause] += 1
    return PilotReport(row, verdict, arrivals, changes, duplicates, days, causes)


def _day(at: datetime, zone: ZoneInfo) -> date:
    return at.astimezone(zone).date()


class _Ledger:
    """What the ledger says of a pilot's people, read at once."""

    def __init__(
        self, pilot: Pilot, people: Sequence[Candidacy], moved: Sequence[Transition], *, now: datetime
    ) -> None:
        self.now = now
        subjects = {f"person:{one.person_id}" for one in people} | {
            f"person:{one.candidacy.person_id}" for one in moved
        }
        kinds = ("write.arrive", "row.profile", *chain.from_iterable(WRITES.values()))
        found = Event.objects.filter(subject__in=subjects, kind__in=kinds).order_by("pk")
        fields = ("pk", "subject", "kind", "caused_by", "state", "settled_at", "payload__candidacy")
        self.events = list(found.values_list(*fields))
        self.recorded = dict(Event.objects.filter(pk__in={one.event_id for one in moved}).values_list("pk", "state"))
        gates = [gate_of(pilot.mapping.project.connection_id), gate_of(pilot.mapping.job.connection_id)]
        waited = delays.list_delays(
            since=pilot.starts_at,
            until=now,
            events=[event[0] for event in self.events] + list(self.recorded),
            gates=gates,
            kinds=[READS],
        )
        self.of_all = [_wait(one) for one in waited if one.event is None or one.kind == READS]
        self.of_event: dict[int, list[Wait]] = defaultdict(list)
        for one in waited:
            if one.event is not None and one.kind != READS:
                self.of_event[one.event].append(_wait(one))
        self.of_subject: dict[str, list[int]] = defaultdict(list)
        for pk, subject, kind, *_ in self.events:
            if kind in ("write.arrive", "row.profile"):
                self.of_subject[subject].append(pk)
        self.writes = {
            (caused_by, kind, candidacy): (pk, state, settled_at)
            for pk, _, kind, caused_by, state, settled_at, candidacy in self.events
            if any(kind in kinds for kinds in WRITES.values())
        }

    def arrival(self, one: Candidacy, limit: timedelta) -> Case:
        if one.in_ats_at is None and one.state == CandidacyState.ENDED:
            return Case(one.added_at, None, Fate.GONE)
        fate = verdicts.fate_of(began=one.added_at, shown=one.in_ats_at, limit=limit, now=self.now)
        return self._case(one.added_at, one.in_ats_at, fate, self.of_subject[f"person:{one.person_id}"])

    def change(self, one: Transition, limit: timedelta) -> Case:
        asked = [(one.event_id, kind, str(one.candidacy_id)) for kind in WRITES[one.side]]
        written = next((self.writes[key] for key in asked if key in self.writes), None)
        if written is None:
            stands = self.recorded.get(one.event_id) in (State.HELD, State.DEAD)
            if not stands:
                return Case(one.changed_at, None, Fate.NOTHING, one.side)
            fate = verdicts.fate_of(began=one.changed_at, shown=None, limit=limit, now=self.now)
            return self._case(one.changed_at, None, fate, [one.event_id], one.side)
        pk, state, settled_at = written
        if state == State.SUPERSEDED:
            return Case(one.changed_at, None, Fate.OVERTAKEN, one.side)
        if state == State.SKIPPED:
            return Case(one.changed_at, None, Fate.NOTHING, one.side)
        shown = settled_at if state == State.DONE else None
        fate = verdicts.fate_of(began=one.changed_at, shown=shown, limit=limit, now=self.now)
        return self._case(one.changed_at, shown, fate, [pk, one.event_id], one.side)

    def _case(self, began: datetime, shown: datetime | None, fate: Fate, events: Iterable[int], side: str = "") -> Case:
        if fate not in verdicts.BREACHES:
            return Case(began, shown, fate, side)
        waits = [*self.of_all, *(wait for event in events for wait in self.of_event[event])]
        return Case(began, shown, fate, side, verdicts.cause_of(waits, since=began, until=shown or self.now))


def _wait(one: DelayRow) -> Wait:
    return Wait(one.reason, one.since, one.until)


def _changes(pilot: Pilot, moved: Sequence[Transition], ledger: _Ledger, limit: timedelta) -> tuple[ChangeRow, ...]:
    connection_id = pilot.mapping.job.connection_id
    names = candidates.stage_names([connection_id])

    def said(side: str, value: str) -> str:
        return value if side == "linkedin" else candidates.stage_word(names, connection_id, value)

    return tuple(
        ChangeRow(
            person_id=one.candidacy.person_id,
            name=str(one.candidacy.person),
            before=said(one.side, one.from_value),
            after=said(one.side, one.to_value),
            case=ledger.change(one, limit),
        )
        for one in moved
    )


def _duplicates(people: Sequence[Candidacy]) -> tuple[DuplicateRow, ...]:
    """Whom SyncPortal made, and who was found to be somebody else there, or may be."""
    subjects = [f"person:{one.person_id}" for one in people]
    made = Effect.objects.filter(kind="create", state=EffectState.DONE, event__subject__in=subjects)
    closed = dict(made.values_list("event__subject", "closed_at"))
    asked = Duplicate.objects.filter(
        person__in={one.person_id for one in people}, state__in=[DuplicateState.OPEN, DuplicateState.SAME]
    )
    rows = []
    for one in asked.select_related("person").order_by("asked_at"):
        created = closed.get(f"person:{one.person_id}")
        if created is not None and one.asked_at >= created:
            rows.append(DuplicateRow(one.person_id, str(one.person), one.asked_at, one.state != DuplicateState.OPEN))
    return tuple(rows)


def _pilots(scope: Scope) -> QuerySet[Pilot]:
    return Pilot.objects.within(scope).select_related(
        "mapping__project__connection", "mapping__job__connection", "mapping__client", "by"
    )


def _row(one: Pilot) -> PilotRow:
    mapping = one.mapping
    return PilotRow(
        id=one.pk,
        mapping_id=mapping.pk,
        project=mapping.project.name,
        job=mapping.job.name,
        client=mapping.client.name,
        zone=mapping.client.time_zone,
        ats=mapping.job.connection.name,
        starts_at=one.starts_at,
        ends_at=one.ends_at,
        minutes=one.minutes,
        late_allowed=one.late_allowed,
        by=str(one.by) if one.by is not None else "",
        stopped_at=one.stopped_at,
        live_at=one.live_at,
        mapping_state=mapping.state,
        cannot=connections.cannot_of(mapping.project.connection),
    )
