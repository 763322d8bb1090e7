"""Handler `merge`: two people of an ATS are made one there, because a person said so (rules 17-19, 22).

The merge of a pair has one effect row for good, so that whatever dies in between, it is never made twice. What a lost
answer did is read back: once the loser is gone, it was done.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from apps.candidates.models import Candidacy, Duplicate, DuplicateState, Person, PersonState
from apps.candidates.rules import Key, lease_keys
from apps.connections import services as connections
from apps.core import errors
from apps.ledger import drain, effects, leases, outcomes
from apps.ledger.effects import Intention
from apps.ledger.leases import Claimed, Lease
from apps.ledger.models import Effect, Event
from apps.ledger.outcomes import Decision, Outcome, Unit
from apps.ledger.services import NewEvent
from apps.ledger.states import EffectState, Priority, Reason, State
from apps.providers import contract, recording
from apps.sync import acts, lanes, shadow, writes
from apps.sync.steps import Merging, Ready


def can_merge(question: Duplicate) -> bool:
    """Whether the answer can be carried out in the ATS: it has a call for it, and both are there."""
    merge = connections.capabilities_of(question.person.connection).merge
    return contract.is_there(merge) and bool(question.person.remote_id)


def merge_event(question: Duplicate, *, survivor: str, loser: str, clients: Collection[UUID], event: Event) -> NewEvent:
    """The merge that an answer asks for."""
    connection_id = question.person.connection_id
    gate = lanes.connection_gate(connection_id)
    return NewEvent(
        kind="write.merge",
        handled_by="merge",
        mailbox=f"merge:{connection_id}:{':'.join(sorted([survivor, loser]))}",
        gate=gate,
        turn=f"{gate}|merges",
        priority=Priority.INTERACTIVE,
        connection=connection_id,
        clients=tuple(sorted(clients)),
        subject=lanes.subject(question.person_id),
        payload={"duplicate": str(question.pk), "survivor": survivor, "loser": loser},
        caused_by=event.pk,
    )


def effect_key(connection_id: UUID, one: str, other: str) -> str:
    """One for a pair, whichever of them stays: nobody can be merged a second time (rule 17)."""
    return f"merge:{connection_id}:{':'.join(sorted([one, other]))}"


def standing(question: Duplicate) -> Effect | None:
    """The merge in the ATS that was made of an answer, or may have been made."""
    pair = question.before.get("merge")
    if pair is None:
        return None
    key = effect_key(question.person.connection_id, *pair)
    effect = effects.find([key]).get(key)
    return effect if effect is not None and effect.state != EffectState.FAILED else None


def handle(lease: Lease, claimed: Sequence[Claimed], *, now: datetime) -> list[Unit]:
    """Merge each pair under the leases of both; a pair is a connection's write like any other."""
    units: list[Unit] = []
    for box in claimed:
        event = box.events[0] if box.events else None
        question = question_of(event) if event is not None else None
        if event is None or question is None:
            ends = {each.pk: outcomes.dead("vanished", "The question is gone.") for each in box.events}
            units.append(outcomes.settled_each(box, ends))
            continue
        keys = _keys(event, question)
        if not leases.take_keys(lease, keys, mailboxes=[box.id]):
            units.append(outcomes.waiting(box))
            continue
        question.refresh_from_db()
        job = Merging(box, event, question, keys)
        units += [_telling(job, unit) for unit in _merge(lease, job, now=now)]
    return units


def _telling(job: Merging, unit: Unit) -> Unit:
    """A merge that the ATS refused is said with the answer, which else would go on speaking of one on its way."""

    def decide() -> Decision:
        decision = unit.decide()
        outcome = decision.outcomes.get(job.event.pk)
        if outcome is not None and outcome.state == State.DEAD:
            said = f"One person, but not merged in {job.system}: {outcome.detail}"
            Duplicate.objects.filter(pk=job.question.pk, state=DuplicateState.SAME).update(said=said)
        return decision

    return replace(unit, decide=decide)


def question_of(event: Event) -> Duplicate | None:
    """The answered question that a merge is of; None where it is gone."""
    asked = Duplicate.objects.filter(pk=event.payload.get("duplicate"))
    return asked.select_related("person__connection").first()


def _keys(event: Event, question: Duplicate) -> frozenset[str]:
    """The keys of both, as whatever reads or writes them takes them."""
    connection_id, ids = question.person.connection_id, [event.payload["survivor"], event.payload["loser"]]
    people = {question.person, *Person.objects.filter(connection=connection_id, remote_id__in=ids)}
    identifiers = [Key(one.kind, one.value) for person in people for one in person.identities.all()]
    named = {f"ats_person:{connection_id}:{one}" for one in ids}
    return lease_keys(connection_id, identifiers) | {lanes.person_key(person.pk) for person in people} | named


def _merge(lease: Lease, job: Merging, *, now: datetime) -> list[Unit]:
    ats, said = connections.open_ats(job.question.person.connection_id), list[recording.Exchange]()
    try:
        with recording.exchanges() as said:
            step = look(ats, job, now=now)
    except errors.SyncError as error:
        outcome = replace(drain.of_error(error, now=now), tried=writes.looked(error, said))
        return [outcomes.settled_each(job.box, {job.event.pk: outcome})]
    if step.decide is not None:
        return [Unit(mailboxes=frozenset({job.box.id}), keys=job.keys, decide=step.decide)]
    assert step.intention is not None
    return writes.call_all(lease, ats, [step], effects.find([step.intention.key]), now=now)


def look(ats: contract.Ats, job: Merging, *, now: datetime) -> Ready:
    """What the answer, the effect row and a reading of both say is to be done."""
    question, survivor, loser = job.question, job.event.payload["survivor"], job.event.payload["loser"]
    connection_id = question.person.connection_id
    key = effect_key(connection_id, survivor, loser)
    effect = effects.find([key]).get(key)
    if effect is not None and effect.state == EffectState.DONE:
        return Ready(job, decide=partial(_done, job, {}))
    if question.state != DuplicateState.SAME or question.before.get("merge") != [survivor, loser]:
        return _end(job, outcomes.skipped(Reason.STALE, "The answer was taken back before anything was merged."))
    if (held := shadow.kept(question.person.connection, f"{loser} would be merged into {survivor}")) is not None:
        return _end(job, held)
    there = {person.id for person in ats.get_people([survivor, loser])}
    if effect is not None and effect.state != EffectState.FAILED and survivor in there and loser not in there:
        return Ready(job, decide=partial(_read_back, job, key, now=now))
    if (gone := _gone(connection_id, [survivor, loser])) is not None:
        return _end(job, outcomes.skipped(Reason.ENDED, f"{gone} is {gone.state} by now; there is nothing to merge."))
    if missing := sorted({survivor, loser} - there):
        why = f"{job.system} does not show {' and '.join(missing)}; a merge or a deletion there may explain it."
        return _end(job, outcomes.retry(why, cause="not_found"))
    merger = connections.open_merger(connection_id)

    def call() -> dict[str, str]:
        merger.merge_people(survivor_id=survivor, loser_id=loser)
        return {}

    intention = Intention(key=key, kind="merge", event_id=job.event.pk, marker=loser)
    return Ready(job, intention=intention, call=call, done=partial(_done, job), act=acts.merge(survivor, loser))


def _gone(connection_id: UUID, ids: Sequence[str]) -> Person | None:
    """One of the two whom the ATS told us to be merged or deleted meanwhile."""
    people = Person.objects.filter(connection=connection_id, remote_id__in=ids)
    return people.exclude(state=PersonState.ACTIVE).first()


def _read_back(job: Merging, key: str, *, now: datetime) -> Decision:
    effects.found_done(key=key, now=now, result={})
    return _done(job, {})


def _done(job: Merging, _result: dict[str, Any]) -> Decision:
    """It is followed as if a person had merged them there; what was chosen of LinkedIn's is written to who stays."""
    survivor, loser = job.event.payload["survivor"], job.event.payload["loser"]
    said = f"One person: {loser} was merged into {survivor} in {job.system}. Nothing undoes that there."
    Duplicate.objects.filter(pk=job.question.pk, state=DuplicateState.SAME).update(said=said)
    merged = lanes.merged_person(job.question.person.connection_id, loser, survivor, caused_by=job.event.pk)
    outcome = outcomes.done(said, subject=lanes.subject(job.question.person_id))
    return Decision(outcomes={job.event.pk: outcome}, follow=[replace(merged, priority=Priority.INTERACTIVE)])


def _end(job: Merging, outcome: Outcome) -> Ready:
    return Ready(job, decide=partial(Decision, outcomes={job.event.pk: outcome}))


def clients_of(question: Duplicate) -> set[UUID]:
    """The clients of whoever here is asked about."""
    ids = [question.person.remote_id, *(one["id"] for one in question.found)]
    here = Person.objects.filter(connection=question.person.connection_id, remote_id__in=ids)
    people = [question.person_id, *here.values_list("pk", flat=True)]
    return set(Candidacy.objects.of_everyone().filter(person__in=people).values_list("client", flat=True))
