"""Handler `records`: what the ATS has of those whom a question is about, read by a worker and kept with the question.

Read once when it is asked, so that no page waits for the ATS and none spends its requests.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction

from apps.candidates.models import Duplicate, DuplicateState
from apps.connections import services as connections
from apps.core import errors
from apps.ledger import drain, outcomes
from apps.ledger import services as ledger
from apps.ledger.leases import Claimed, Lease
from apps.ledger.models import Event
from apps.ledger.outcomes import Decision, Outcome, Tried, Unit
from apps.ledger.services import NewEvent
from apps.ledger.states import Priority, Reason
from apps.mappings.models import Job, JobStage
from apps.providers import contract, recording
from apps.sync import lanes, merging, reading

AT_ONCE = 50
"""Questions whose reading one sweep asks for; the next comes a second later."""

NOTES = 20
NOTE_LENGTH = 400
"""The newest notes are shown, each from its beginning: enough to tell one person from another."""


@transaction.atomic
def start_due(now: datetime) -> None:
    """Ask for the records of what was asked since."""
    unread = Duplicate.objects.filter(state=DuplicateState.OPEN, records_asked_at=None).order_by("asked_at")
    found = list(unread.select_related("person").select_for_update(of=("self",), skip_locked=True)[:AT_ONCE])
    if found:
        Duplicate.objects.filter(pk__in=[one.pk for one in found]).update(records_asked_at=now)
        ledger.append_many([_event(one) for one in found], now=now)


def _event(question: Duplicate) -> NewEvent:
    connection_id = question.person.connection_id
    gate = lanes.connection_gate(connection_id)
    return NewEvent(
        kind="records.read",
        mailbox=f"records:{question.pk}",
        gate=gate,
        turn=f"{gate}|records",
        priority=Priority.NOTE,
        connection=connection_id,
        clients=tuple(sorted(merging.clients_of(question))),
        subject=lanes.subject(question.person_id),
        payload={"duplicate": str(question.pk)},
    )


def handle(lease: Lease, claimed: Sequence[Claimed], *, now: datetime) -> list[Unit]:
    """Read the applications and notes of all whom a question is about."""
    return [_unit(box, now=now) for box in claimed]


def _unit(box: Claimed, *, now: datetime) -> Unit:
    question = _question(box.events[0]) if box.events else None
    if question is None:
        over = outcomes.skipped(Reason.STALE, "The question was answered meanwhile.")
        return outcomes.settled_each(box, {event.pk: over for event in box.events})
    ids = sorted({question.person.remote_id, *(one["id"] for one in question.found)} - {""})
    said: list[recording.Exchange] = []
    try:
        with recording.exchanges() as said:
            records = _read(connections.open_ats(question.person.connection_id), ids)
    except errors.SyncError as error:
        outcome = replace(drain.of_error(error, now=now), tried=_tried(said, error.code, error.detail))
        return outcomes.settled_each(box, {event.pk: outcome for event in box.events})
    outcome = outcomes.done("Read what the ATS has of them.", tried=_tried(said, "done"))
    return Unit(mailboxes=frozenset({box.id}), decide=partial(_keep, box, question, records, outcome))


def _question(event: Event) -> Duplicate | None:
    asked = Duplicate.objects.filter(pk=event.payload.get("duplicate"), state=DuplicateState.OPEN)
    return asked.select_related("person").first()


def _tried(said: Sequence[recording.Exchange], outcome: str, detail: str = "") -> list[Tried]:
    """The requests without bodies: they are about several people, who may be several clients' (rule 30)."""
    seconds = sum(one.seconds for one in said)
    shown = [replace(one.bare(), query="").as_json() for one in said]
    return [Tried(operation="records", outcome=outcome, detail=detail, seconds=seconds, exchanges=shown)]


Read = Mapping[str, tuple[list[contract.Application], list[contract.Note]]]


def _read(ats: contract.Ats, ids: Sequence[str]) -> Read:
    found = list(reading.applications_of(ats, ids).values())
    return {
        one: ([application for application in found if application.person_id == one], list(_notes(ats, one)))
        for one in ids
    }


def _notes(ats: contract.Ats, person_id: str) -> Sequence[contract.Note]:
    try:
        return ats.list_notes(person_id=person_id)
    except errors.NotFound:
        return ()


def _keep(box: Claimed, question: Duplicate, records: Read, outcome: Outcome) -> Decision:
    connection_id = question.person.connection_id
    wanted = {one.job_id for applications, _ in records.values() for one in applications}
    jobs = dict(Job.objects.filter(connection=connection_id, remote_id__in=wanted).values_list("remote_id", "name"))
    rows = JobStage.objects.filter(connection=connection_id, scope__in=[*wanted, ""])
    stages = {(scope, key): name for scope, key, name in rows.values_list("scope", "remote_id", "name")}
    kept = {
        key: {
            "applications": [_application(one, jobs, stages) for one in applications],
            "notes": [_note(one) for one in sorted(notes, key=_written, reverse=True)[:NOTES]],
            "more_notes": max(0, len(notes) - NOTES),
        }
        for key, (applications, notes) in records.items()
    }
    Duplicate.objects.filter(pk=question.pk, state=DuplicateState.OPEN).update(records=kept)
    return Decision(outcomes={event.pk: outcome for event in box.events})


def _application(
    one: contract.Application, jobs: Mapping[str, str], stages: Mapping[tuple[str, str], str]
) -> dict[str, Any]:
    stage = one.stage_name or stages.get((one.job_id, one.stage_id)) or stages.get(("", one.stage_id), "")
    return {
        "job_id": one.job_id,
        "job": jobs.get(one.job_id, one.job_id),
        "stage": stage if one.status == contract.ApplicationStatus.ACTIVE else str(one.status),
        "made_at": one.created_at.isoformat(),
    }


def _note(one: contract.Note) -> dict[str, Any]:
    text = one.text if len(one.text) <= NOTE_LENGTH else f"{one.text[:NOTE_LENGTH].rstrip()} …"
    return {"text": text, "at": one.written_at.isoformat() if one.written_at else ""}


def _written(one: contract.Note) -> str:
    return one.written_at.isoformat() if one.written_at else ""
