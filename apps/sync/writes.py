"""Handler `write`: writes to an ATS. Look, intend, call, settle.

Whatever dies in between is answered by the effect row: an intention without an outcome is unknown
and read back before anything is repeated (rules 17-20).
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from django.db import connections as databases

from apps.candidates.models import Candidacy, CandidacyState
from apps.candidates.rules import Key, lease_keys
from apps.connections import selectors as budgets
from apps.connections import services as connections
from apps.core import clock, errors
from apps.ledger import drain, effects, leases, outcomes
from apps.ledger import services as ledger
from apps.ledger.leases import Claimed, Lease
from apps.ledger.models import Effect, Event
from apps.ledger.outcomes import Decision, Outcome, Tried, Unit
from apps.ledger.states import EffectState, Reason
from apps.mappings.models import MappingState
from apps.providers import contract, recording
from apps.sync import arrivals, fills, index, lanes, moves, notes, pairs, promises, shadow
from apps.sync.acts import Act
from apps.sync.steps import DEADLINE, Job, Merging, Ready

CALLS_AT_ONCE = 8
"""Threads with a shared client measured 3.5 times the async one; eight fill Greenhouse's window."""


def handle(lease: Lease, claimed: Sequence[Claimed], *, now: datetime) -> list[Unit]:
    """Perform the first event of each mailbox; the rest of a mailbox comes with its next turn."""
    units: list[Unit] = []
    by_connection: dict[UUID, list[Job]] = {}
    full = _full_for_bulk([box.events[0] for box in claimed if box.events], now=now)
    for box in claimed:
        if not box.events:
            units.append(outcomes.settled_each(box, {}))
            continue
        event = box.events[0]
        if event.connection in full:
            units.append(outcomes.settled_each(box, {event.pk: _for_bulk_share(full[event.connection], now)}))
            continue
        candidacy = candidacy_of(event)
        stop = stopped(event, candidacy)
        if candidacy is None or stop is not None:
            units.append(outcomes.settled_each(box, {event.pk: stop} if stop else {}))
            continue
        keys = _keys(candidacy)
        if not leases.take_keys(lease, keys, mailboxes=[box.id]):
            units.append(outcomes.waiting(box))
            continue
        event.refresh_from_db(fields=["payload"])
        candidacy.refresh_from_db()
        candidacy.person.refresh_from_db()
        if (ending := pairs.ending_before(event)) is not None:
            why = "A rejection or hire that was wanted before comes first."
            later = outcomes.put_back(why, due_at=max(ending.due_at, now + LOOKS_AGAIN))
            units.append(_unit(Job(box, event, candidacy, keys), partial(_put_back, event, later)))
            continue
        by_connection.setdefault(candidacy.job.connection_id, []).append(Job(box, event, candidacy, keys))
    for connection_id, jobs in by_connection.items():
        units += _perform(lease, connection_id, jobs, now=now)
    return units


LOOKS_AGAIN = timedelta(seconds=1)


def candidacy_of(event: Event) -> Candidacy | None:
    """Whose write this is; None where they are gone."""
    candidacies = Candidacy.objects.of_everyone().select_related(
        "person", "job__connection", "mapping__stage_map", "mapping__job", "mapping__project"
    )
    return candidacies.filter(pk=event.payload.get("candidacy")).first()


def stopped(event: Event, candidacy: Candidacy | None) -> Outcome | None:
    """Why the write is not even looked at; None where it is."""
    if candidacy is None:
        return outcomes.dead("vanished", "The candidacy this write belongs to is gone.")
    if candidacy.state == CandidacyState.ENDED:
        return outcomes.skipped(Reason.ENDED, f"Their candidacy ended: {candidacy.ended_because}.")
    mapping, job = candidacy.mapping, candidacy.job
    if mapping.state == MappingState.ENDED:
        return outcomes.skipped(Reason.ENDED, "The mapping has ended.")
    if event.kind == "write.arrive" and job.why_shut:
        return outcomes.held(Reason.PERSON, job.why_shut, hold_key=lanes.job_hold(job.pk))
    if mapping.halted_at is not None:
        why = "More people were rejected or hired at once than is usual; a person must agree first."
        return outcomes.held(Reason.HALT, why, hold_key=f"mapping:{mapping.pk}")
    if mapping.state not in (MappingState.LIVE, MappingState.PILOT):
        why = f"The mapping is {mapping.state}; this goes on when it is started again."
        return outcomes.held(Reason.PAUSED, why, hold_key=f"mapping:{mapping.pk}")
    return shadow.held(event, job.connection, candidacy)


def _keys(candidacy: Candidacy) -> frozenset[str]:
    identities = [Key(identity.kind, identity.value) for identity in candidacy.person.identities.all()]
    return lease_keys(candidacy.job.connection_id, identities) | {lanes.person_key(candidacy.person_id)}


LOOK = 2
"""Calls that a look makes before the first write: the people read forward, and who is there already."""

BULK_WAITS = timedelta(seconds=3)
BULK_ASKS = 25
"""More than any of our systems takes a second, so that their share is used; and little to look at."""


def _full_for_bulk(events: Sequence[Event], *, now: datetime) -> dict[UUID, int]:
    """The connections at which an import's share is spent, with how much of it waits: nothing is read meanwhile."""
    if not leases.is_for_bulk():
        return {}
    used = {event.connection for event in events if event.connection is not None}
    full = [one for one in used if budgets.room_for_bulk(one, now=now, most=LOOK + 1) <= LOOK]
    return {one: leases.count_bulk(lanes.connection_gate(one)) for one in full}


def _for_bulk_share(waiting: int, now: datetime) -> Outcome:
    """The more there are, the later each asks again: all of them together ask BULK_ASKS times a second."""
    wait = BULK_WAITS + timedelta(seconds=random.uniform(0, waiting / BULK_ASKS))
    why = "Waits for the share of requests that imports have."
    return outcomes.put_back(why, due_at=now + wait, waits_for=Reason.BUDGET)


def _perform(lease: Lease, connection_id: UUID, jobs: Sequence[Job], *, now: datetime) -> list[Unit]:
    if not leases.is_for_bulk():
        return _perform_all(lease, connection_id, jobs, now=now)
    room = budgets.room_for_bulk(connection_id, now=now, most=len(jobs) + LOOK) - LOOK
    late = jobs[max(0, room) :]
    waiting = leases.count_bulk(lanes.connection_gate(connection_id)) if late else 0
    units = [_unit(job, partial(_put_back, job.event, _for_bulk_share(waiting, now))) for job in late]
    return units + (_perform_all(lease, connection_id, jobs[:room], now=now) if room > 0 else [])


def _put_back(event: Event, outcome: Outcome) -> Decision:
    return Decision(outcomes={event.pk: outcome})


def _perform_all(lease: Lease, connection_id: UUID, jobs: Sequence[Job], *, now: datetime) -> list[Unit]:
    ats = connections.open_ats(connection_id)
    said: list[recording.Exchange] = []
    try:
        with recording.exchanges() as said:
            if wants_index(jobs):
                index.read_forward(connection_id, ats, now=now)
            ready = look(ats, jobs, now=now)
    except errors.SyncError as error:
        if isinstance(error, errors.Rejected) and len(jobs) > 1:
            half = len(jobs) // 2
            return [
                unit
                for part in (jobs[:half], jobs[half:])
                for unit in _perform_all(lease, connection_id, part, now=now)
            ]
        outcome = replace(drain.of_error(error, now=now), tried=looked(error, said))
        return [outcomes.settled_each(job.box, {job.event.pk: outcome}) for job in jobs]
    known = effects.find([step.intention.key for step in ready if step.intention is not None])
    ready = _keep_promises(ready, known, ats, now=now)
    units = [_unit(step.job, step.decide) for step in ready if step.decide is not None]
    calls = [step for step in ready if step.call is not None]
    for start in range(0, len(calls), CALLS_AT_ONCE):
        units += call_all(lease, ats, calls[start : start + CALLS_AT_ONCE], known, now=now)
    return units


def _keep_promises(
    ready: Sequence[Ready], known: Mapping[str, Effect], ats: contract.Ats, *, now: datetime
) -> list[Ready]:
    """Stop what a replay would do otherwise than its preview said (rule 27)."""
    doing = [(step.job.event, foreseen(step, known, ats, now=now), "") for step in ready if not step.goes_on]
    broken = promises.broken(doing)
    return [
        Ready(step.job, decide=partial(Decision, outcomes={step.job.event.pk: broken[step.job.event.pk]}))
        if step.job.event.pk in broken
        else step
        for step in ready
    ]


def foreseen(step: Ready, known: Mapping[str, Effect], ats: contract.Ats, *, now: datetime) -> Act | None:
    """The remote write that a step would make at this moment; None where it makes none."""
    effect = known.get(step.intention.key) if step.intention is not None else None
    if effect is None or effect.state == EffectState.FAILED or _is_believed_undone(step, effect, ats, now=now):
        return step.act
    return None


def looked(error: errors.SyncError, said: Sequence[recording.Exchange]) -> list[Tried]:
    """The look that failed, without bodies: it read for several people at once (rule 30)."""
    if not said:
        return []
    seconds = sum(one.seconds for one in said)
    shown = [replace(one.bare(), query="").as_json() for one in said]
    return [Tried(operation="look", outcome=error.code, detail=error.detail, seconds=seconds, exchanges=shown)]


def wants_index(jobs: Sequence[Job]) -> bool:
    """Whether somebody may be created, before which the index is read forward to now (rule 20)."""
    return any(job.event.kind == "write.arrive" and not job.candidacy.person.remote_id for job in jobs)


def look(ats: contract.Ats, jobs: Sequence[Job], *, now: datetime) -> list[Ready]:
    """Read what these writes are about and decide for each what is to be done; nothing is written there."""
    arriving = [job for job in jobs if job.event.kind == "write.arrive"]
    moving = [job for job in jobs if job.event.kind == "write.move"]
    filling = [job for job in jobs if job.event.kind == "write.fill"]
    noting = [job for job in jobs if job.event.kind == "write.note"]
    return [
        *arrivals.look(ats, arriving, now=now),
        *moves.look(ats, moving, now=now),
        *fills.look(ats, filling, now=now),
        *notes.look(ats, noting, now=now),
    ]


def _unit(job: Job | Merging, decide: Callable[[], Decision]) -> Unit:
    return Unit(mailboxes=frozenset({job.box.id}), keys=job.keys, decide=decide)


def call_all(
    lease: Lease, ats: contract.Ats, steps: Sequence[Ready], known: Mapping[str, Effect], *, now: datetime
) -> list[Unit]:
    """Intend a handful in one statement, call them at once, close each effect as its answer comes."""
    lease.require(DEADLINE)
    intentions = [step.intention for step in steps if step.intention is not None]
    _believe_undone(steps, known, ats, now=now)
    ours = effects.intend(intentions, token=lease.token, now=now)
    runnable, units = [], []
    for step in steps:
        assert step.intention is not None
        effect = known.get(step.intention.key)
        if step.intention.key in ours:
            runnable.append(step)
        elif effect is not None and effect.state == EffectState.DONE:
            units.append(_unit(step.job, partial(_finished, step, effect.result)))
        else:
            units.append(_unit(step.job, _uncertain(step, effect, ats, now=now)))
    with ThreadPoolExecutor(max_workers=CALLS_AT_ONCE) as pool:
        calling = [pool.submit(copy_context().run, partial(_call_one, lease, ats, step, now=now)) for step in runnable]
        units += [call.result() for call in calling]
    return units


def _believe_undone(steps: Sequence[Ready], known: Mapping[str, Effect], ats: contract.Ats, *, now: datetime) -> None:
    """The look that just ended did not see what an earlier try may have done: what may be repeated is
    free again at once, the rest after twice the time in which it would show (rule 19)."""
    for step in steps:
        effect = known.get(step.intention.key) if step.intention is not None else None
        if effect is not None and _is_believed_undone(step, effect, ats, now=now):
            effects.found_undone(key=effect.key, now=now)


def _is_believed_undone(step: Ready, effect: Effect, ats: contract.Ats, *, now: datetime) -> bool:
    late = now >= effect.intended_at + 2 * ats.capabilities.visible_after
    return effect.state in (EffectState.INTENDED, EffectState.UNKNOWN) and (step.repeatable or late)


def _finished(step: Ready, result: dict[str, str]) -> Decision:
    assert step.done is not None
    return step.done(result)


def _call_one(lease: Lease, ats: contract.Ats, step: Ready, *, now: datetime) -> Unit:
    """Make one call. What the ATS does not find, or finds changed, the next try looks at again (rules 19, 22):
    only the look can tell a change there from a refusal, which a reading as an arrival takes for an echo."""
    assert step.call is not None and step.done is not None and step.intention is not None
    key, started = step.intention.key, clock.real_now()

    def tried(outcome: str, detail: str = "") -> Tried:
        seconds = (clock.real_now() - started).total_seconds()
        return Tried(
            operation=step.intention.kind if step.intention else "",
            outcome=outcome,
            detail=detail,
            seconds=seconds,
            exchanges=[one.as_json() for one in said],
        )

    def close(state: EffectState) -> None:
        effects.close(key=key, token=lease.token, state=state, now=now)

    finish = step.done
    said: list[recording.Exchange] = []
    try:
        lease.require(DEADLINE)
        with recording.exchanges() as said:
            result = step.call()
    except errors.Unknown as error:
        close(EffectState.UNKNOWN)
        return _unit(step.job, _uncertain(step, None, ats, now=now, tried=tried("unknown", error.detail)))
    except (errors.Conflict, errors.NotFound) as error:
        close(EffectState.FAILED)
        again = outcomes.retry(error.detail, cause=error.cause, tried=[tried(error.code, error.detail)])
        return _unit(step.job, lambda: Decision(outcomes={step.job.event.pk: again}))
    except errors.SyncError as error:
        close(EffectState.FAILED)
        outcome = replace(drain.of_error(error, now=now), tried=[tried(error.code, error.detail)])
        if isinstance(error, errors.Rejected):
            system = step.job.system
            why = f"{system} refused this: {error.detail}. Put right there what it names, then replay this."
            outcome = replace(outcome, detail=why)
        return _unit(step.job, lambda: Decision(outcomes={step.job.event.pk: outcome}))
    except leases.LeaseLost:
        close(EffectState.FAILED)
        raise
    finally:
        databases.close_all()
    effects.close(key=key, token=lease.token, state=EffectState.DONE, now=now, result=result)
    databases.close_all()
    line = tried("done")

    def decide() -> Decision:
        decision = finish(result)
        return Decision(
            outcomes={pk: replace(outcome, tried=[line]) for pk, outcome in decision.outcomes.items()},
            follow=decision.follow,
        )

    return _unit(step.job, decide)


def _uncertain(
    step: Ready, effect: Effect | None, ats: contract.Ats, *, now: datetime, tried: Tried | None = None
) -> Callable[[], Decision]:
    intended = effect.intended_at if effect is not None else now
    read_at = max(intended + ats.capabilities.visible_after, now + timedelta(milliseconds=200))
    why = "It may have happened: the answer was lost. It is read back before anything is repeated."
    outcome = outcomes.held(
        Reason.UNCERTAIN,
        why,
        hold_key=ledger.TIMER,
        due_at=read_at,
        counts=tried is not None,
        tried=[tried] if tried else [],
    )
    return lambda: Decision(outcomes={step.job.event.pk: outcome})
