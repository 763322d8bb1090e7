"""Writing a note in the ATS: once, found again by its marker where the answer was lost (rules 17-19)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from apps.candidates.models import Candidacy
from apps.ledger import effects, outcomes
from apps.ledger.effects import Intention
from apps.ledger.models import Effect
from apps.ledger.outcomes import Decision, Outcome
from apps.ledger.states import EffectState, Reason
from apps.providers import contract
from apps.sync import acts, lanes
from apps.sync.steps import Job, Ready

AGAIN = timedelta(minutes=1)
"""A note waits this long for the application of somebody who is on their way into the ATS."""


def look(ats: contract.Ats, jobs: Sequence[Job], *, now: datetime) -> list[Ready]:
    """For each note: is there a place for it, is it there already."""
    known = effects.find([_key(job) for job in jobs])
    return [_look_one(ats, job, known.get(_key(job)), now=now) for job in jobs]


def _key(job: Job) -> str:
    return f"note:{job.candidacy.pk}:{job.event.payload['marker']}"


def _look_one(ats: contract.Ats, job: Job, effect: Effect | None, *, now: datetime) -> Ready:
    candidacy = job.candidacy
    able = ats.capabilities.note
    if isinstance(able, contract.Limited) and not able.available:
        return Ready(job, decide=partial(_end, job, _impossible(job, able.why)))
    if not candidacy.application_id:
        why = "Their application is on its way; the note follows it."
        return Ready(job, decide=partial(_end, job, outcomes.put_back(why, due_at=now + AGAIN)))
    if effect is not None and effect.state in (EffectState.INTENDED, EffectState.UNKNOWN):
        there = ats.find_note(person_id=candidacy.person.remote_id, marker=job.event.payload["marker"])
        if there:
            return Ready(job, decide=partial(_found, job, there, now=now))
    return _write(ats, job)


def _impossible(job: Job, why: str) -> Outcome:
    return outcomes.skipped(
        Reason.IRRELEVANT,
        f"{job.candidacy.job.connection.name} takes no notes: {why}",
        subject=lanes.subject(job.candidacy.person_id),
    )


def _found(job: Job, note_id: str, *, now: datetime) -> Decision:
    effects.found_done(key=_key(job), now=now, result={"note_id": note_id})
    return _noted(job, {"note_id": note_id})


def _write(ats: contract.Ats, job: Job) -> Ready:
    candidacy, payload = job.candidacy, job.event.payload
    author = payload.get("user") or _owner(candidacy)

    def call() -> dict[str, str]:
        note_id = ats.add_note(
            person_id=candidacy.person.remote_id,
            application_id=candidacy.application_id,
            body=payload["body"],
            user_id=author,
        )
        return {"note_id": note_id}

    intention = Intention(key=_key(job), kind="note", event_id=job.event.pk, marker=payload["marker"])
    act = acts.note(candidacy.person.remote_id, candidacy.application_id, payload["body"])
    return Ready(job, intention=intention, call=call, done=partial(_noted, job), act=act)


def _owner(candidacy: Candidacy) -> str:
    """Whose name a note bears where the seat map has nobody for the seat."""
    return candidacy.mapping.default_owner


def _noted(job: Job, result: dict[str, str]) -> Decision:
    system = job.candidacy.job.connection.name
    return _end(job, outcomes.done(f"Noted in {system}.", subject=lanes.subject(job.candidacy.person_id)))


def _end(job: Job, outcome: Outcome) -> Decision:
    return Decision(outcomes={job.event.pk: outcome})
