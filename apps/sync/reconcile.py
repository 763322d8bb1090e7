"""Reconciliation: compare a mapping's people with both systems, with requests that nothing else needs.

A run reads by pages (`checks.py`) and changes nothing. After the last page each difference becomes an ordinary
event, so that the person's lease, the planner, the echo and the conflict rules hold; where a large share of the
mapping differs the run and its mapping are halted until a person agrees.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from apps.accounts.scope import EVERYONE, Scope
from apps.candidates.models import Candidacy, CandidacyState, Profile
from apps.ledger import services as ledger
from apps.ledger.models import Event
from apps.ledger.services import NewEvent
from apps.ledger.states import OPEN, Priority
from apps.mappings import services as mappings
from apps.mappings.models import Mapping, MappingState
from apps.providers import contract
from apps.sync import differences, lanes, wire
from apps.sync.differences import Kind
from apps.sync.models import Difference, Reconciliation, RunState

ATS, LINKEDIN = "ats", "linkedin"

EVERY = {ATS: timedelta(days=1), LINKEDIN: timedelta(days=7)}
"""LinkedIn's reading tells every change by itself, and its requests are scarce; an ATS's deletions and merges
are told by webhooks alone."""


class NothingToRead(ValueError):
    """The mapping is not live, is halted, or is being compared already."""


def reading(run_id: UUID) -> QuerySet[Reconciliation]:
    """A run that has not come to its end, or none."""
    runs = Reconciliation.objects.of_everyone().filter(pk=run_id, state=RunState.READING)
    return runs.select_related("mapping__project", "mapping__job", "mapping__client")


def connection_of(run: Reconciliation) -> UUID:
    return run.mapping.project.connection_id if run.side == LINKEDIN else run.mapping.job.connection_id


@transaction.atomic
def start(*, mapping_id: UUID, side: str, now: datetime, asked_by: int | None = None) -> Reconciliation:
    """Begin a run. Raises NothingToRead."""
    mapping = _may_run().filter(pk=mapping_id).select_related("project", "job").first()
    if mapping is None:
        raise NothingToRead("The mapping is not live, or it is halted.")
    run = Reconciliation(mapping=mapping, side=side, started_at=now, asked_by_id=asked_by)
    Reconciliation.objects.bulk_create([run], ignore_conflicts=True)
    if not reading(run.pk).exists():
        raise NothingToRead("The mapping is being compared already.")
    ledger.append(page_event(run), now=now)
    return run


def _may_run() -> QuerySet[Mapping]:
    live = Mapping.objects.of_everyone().filter(state__in=[MappingState.LIVE, MappingState.PILOT])
    return live.filter(halted_at__isnull=True)


def page_event(run: Reconciliation, *, caused_by: int | None = None) -> NewEvent:
    """The next page of a run; it goes on behind whom it has looked at, whoever reads it."""
    gate = lanes.connection_gate(connection_of(run))
    return NewEvent(
        kind=f"check.{run.side}",
        mailbox=f"check:{run.side}:{run.mapping_id}",
        gate=gate,
        turn=f"{gate}|checks",
        priority=Priority.BACKFILL,
        connection=connection_of(run),
        clients=(run.mapping.client_id,),
        payload={"run": str(run.pk)},
        dedupe=f"check:{run.pk}:{run.after}",
        caused_by=caused_by,
    )


def start_due(now: datetime) -> None:
    """Called by the sweep: begin the run that is longest due, one at a time for each system."""
    _give_up_stranded(now)
    for side, every in EVERY.items():
        mapping = _longest_due(side, every, now)
        if mapping is not None:
            try:
                start(mapping_id=mapping.pk, side=side, now=now)
            except NothingToRead:
                continue  # another worker's sweep was first


def _longest_due(side: str, every: timedelta, now: datetime) -> Mapping | None:
    """Nobody is compared before they have been here for as long as a round takes."""
    runs = Reconciliation.objects.of_everyone().filter(side=side)
    where = "project__connection" if side == LINKEDIN else "job__connection"
    running = runs.filter(state=RunState.READING).values(f"mapping__{where}")
    lately = runs.filter(mapping=OuterRef("pk")).filter(Q(started_at__gt=now - every) | Q(state=RunState.HALTED))
    known = Candidacy.objects.of_everyone().filter(mapping=OuterRef("pk"), state=CandidacyState.OPEN)
    due = _may_run().exclude(**{f"{where}__in": running}).filter(~Exists(lately))
    return due.filter(Exists(known.filter(in_ats_at__lte=now - every))).order_by("pk").first()


def _give_up_stranded(now: datetime) -> None:
    """A run whose event ended without a word (it killed its worker, say) is over; the next one begins anew."""
    for run in Reconciliation.objects.of_everyone().filter(state=RunState.READING).select_related("mapping"):
        box = f"check:{run.side}:{run.mapping_id}"
        if not Event.objects.filter(mailbox__key=box, state__in=OPEN).exists():
            fail(run, why="Its reading was given up; the sync log says why.", now=now)


def fail(run: Reconciliation, *, why: str, now: datetime) -> None:
    still = Reconciliation.objects.of_everyone().filter(pk=run.pk, state=RunState.READING)
    still.update(state=RunState.FAILED, detail=why, ended_at=now)


def conclude(run: Reconciliation, *, caused_by: int, now: datetime) -> str:
    """After the last page: give each difference to the ledger, or halt. Returns it in words."""
    run.changing = run.differences.exclude(kind=Kind.UNSURE).count()
    share: float = settings.SYNCPORTAL_RECONCILE_SHARE
    run.ended_at = now
    if differences.halts(changing=run.changing, looked_at=run.looked_at, share=share):
        run.state, run.detail = RunState.HALTED, _why_halted(run, share)
        Mapping.objects.of_everyone().filter(pk=run.mapping_id, halted_at__isnull=True).update(halted_at=now)
    else:
        run.state, run.detail = RunState.DONE, f"{run.looked_at} compared, {run.changing or 'none'} to be brought in."
        _land(run, caused_by=caused_by, now=now)
    run.save(update_fields=["state", "detail", "changing", "ended_at"])
    return run.detail


def _why_halted(run: Reconciliation, share: float) -> str:
    percent = round(100 * run.changing / run.looked_at)
    return (
        f"{run.changing} of {run.looked_at} people ({percent} %) would change at once, more than "
        f"{round(100 * share)} %. Nothing was changed; a person must agree first."
    )


def _land(run: Reconciliation, *, caused_by: int | None, now: datetime) -> None:
    """Each difference becomes one event, once: its key names the run and the person."""
    found = run.differences.exclude(kind=Kind.UNSURE).select_related("candidacy__person", "profile")
    for one in found.order_by("pk"):
        made = ledger.append(_event_of(run, one, caused_by=caused_by), now=now)
        Difference.objects.filter(pk=one.pk, event_id__isnull=True).update(event_id=made)


def _event_of(run: Reconciliation, one: Difference, *, caused_by: int | None) -> NewEvent:
    kind, mailbox, payload = _news(run, one)
    gate = lanes.connection_gate(connection_of(run))
    return NewEvent(
        kind=kind,
        mailbox=mailbox,
        gate=lanes.arrival_gate(connection_of(run)) if run.side == LINKEDIN else gate,
        priority=Priority.BACKFILL,
        connection=connection_of(run),
        payload={**payload, "by": "reconciliation"},
        dedupe=f"check:{run.pk}:{one.pk}",
        caused_by=caused_by,
    )


def _news(run: Reconciliation, one: Difference) -> tuple[str, str, dict[str, Any]]:
    """What would have been told: the kind of event, its mailbox, its payload."""
    candidacy, connection_id = one.candidacy, connection_of(run)
    if one.profile is not None:
        shown = one.payload or wire.profile_to_payload(_gone(one, one.profile))
        return "row.profile", lanes.profile_mailbox(connection_id, one.profile.remote_id), shown
    person = candidacy.person.remote_id
    if one.kind == Kind.MERGED:
        told = {"person_id": person, "survivor_id": one.now}
        return "hook.merged", lanes.ats_person_mailbox(connection_id, person), told
    if one.kind == Kind.DELETED:
        return "hook.deleted", lanes.ats_person_mailbox(connection_id, person), {"person_id": person}
    kind = "hook.application_deleted" if one.kind == Kind.TAKEN_OFF else "hook.application"
    box = lanes.application_mailbox(connection_id, candidacy.application_id)
    return kind, box, {"application_id": candidacy.application_id, "person_id": person}


def _gone(one: Difference, profile: Profile) -> contract.Profile:
    """A profile that LinkedIn shows no more, as its row would have told: taken out of the Project."""
    person, at = one.candidacy.person, one.run.started_at
    return contract.Profile(
        id=profile.remote_id,
        project=profile.project.remote_id,
        member="",
        first_name=person.first_name,
        last_name=person.last_name,
        headline="",
        company=person.company,
        title=person.title,
        location="",
        url=profile.url,
        email="",
        stage=profile.observed,
        stage_changed_at=profile.changed_at or at,
        stage_changed_by="",
        added_at=one.candidacy.added_at,
        added_by=profile.added_by,
        removed=True,
        modified_at=at,
    )


@transaction.atomic
def agree(*, run_id: UUID, scope: Scope, actor: int | None, note: str = "", now: datetime) -> bool:
    """A person looked at what would change and lets it: each becomes an event. False if nothing was halted."""
    return _decide(run_id, RunState.DONE, scope=scope, actor=actor, note=note, now=now)


@transaction.atomic
def dismiss(*, run_id: UUID, scope: Scope, actor: int | None, note: str = "", now: datetime) -> bool:
    """A person says that none of it is to change; the mapping goes on. False if nothing was halted."""
    return _decide(run_id, RunState.DISMISSED, scope=scope, actor=actor, note=note, now=now)


def _decide(run_id: UUID, state: RunState, *, scope: Scope, actor: int | None, note: str, now: datetime) -> bool:
    halted = Reconciliation.objects.within(scope).filter(pk=run_id, state=RunState.HALTED)
    run = halted.select_for_update(of=("self",)).select_related("mapping__project", "mapping__job").first()
    if run is None:
        return False
    if state == RunState.DONE:
        _land(run, caused_by=None, now=now)
    Reconciliation.objects.within(scope).filter(pk=run.pk).update(
        state=state, decided_by=actor, decided_at=now, note=note
    )
    mappings.agree_to_halt(mapping_id=run.mapping_id, actor_id=actor, now=now)
    return True


def agree_to_all_of(*, mapping_id: UUID, actor: int | None, now: datetime) -> int:
    """A person let a halted mapping go on: with what its runs had found. Returns how many were halted."""
    halted = Reconciliation.objects.of_everyone().filter(mapping=mapping_id, state=RunState.HALTED)
    ids = list(halted.values_list("pk", flat=True))
    return sum(agree(run_id=one, scope=EVERYONE, actor=actor, now=now) for one in ids)
