"""What dead letters would do if they were replayed now: planned by the engine's own code, and undone.

Each letter is planned in a transaction that is rolled back, from what the outside systems showed a moment
ago. A plan that lacks a reading notes it and starts again once that was read, outside of any transaction,
together with what the others lack.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import DatabaseError, transaction

from apps.candidates.models import Candidacy
from apps.connections import services as connections
from apps.ledger import effects, outcomes
from apps.ledger import services as ledger
from apps.ledger.leases import Claimed
from apps.ledger.models import Event
from apps.ledger.outcomes import Decision, Outcome
from apps.ledger.states import State
from apps.mappings.models import Mapping
from apps.sync import acts, exports, flush, hooks, index, inmail, lanes, merging, rows, seen, shares, wire, writes
from apps.sync.acts import Act
from apps.sync.memory import Memory, Missing
from apps.sync.steps import Job, Merging

ROUNDS = 8
"""Readings that one plan may come to need one after the other; the longest known way takes five."""

STILL_FAILS = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, AssertionError, DatabaseError)
"""What a letter that SyncPortal itself failed on may raise again: its preview says so."""


@dataclass(frozen=True, slots=True)
class Foreseen:
    """The writes that a letter would make, and how it would end where it makes none."""

    acts: tuple[Act, ...]
    ends: str
    why: str
    map_version: int | None = None
    systems: tuple[UUID | None, ...] = ()
    """The connection that each act goes to; None for a message's own channel."""


def foresee(events: Sequence[Event], memory: Memory, *, now: datetime) -> dict[int, Foreseen]:
    """Plan these letters from a fresh reading and change nothing; the requests spent are counted in `memory`.

    Raises the taxonomy of core.errors where a system cannot be read.
    """
    _read_indexes_forward(events, memory, now=now)
    found: dict[int, Foreseen] = {}
    for _ in range(ROUNDS):
        for event in events:
            if event.pk not in found and (one := _foresee_one(event, memory, now=now)) is not None:
                found[event.pk] = one
        if not memory.read_what_is_missing():
            break
    return found


def _read_indexes_forward(events: Sequence[Event], memory: Memory, *, now: datetime) -> None:
    """Nobody is created without this (rule 20), so nobody's creation is foreseen without it."""
    for connection_id in sorted(_creating(events)):
        with memory.counting(connection_id):
            index.read_forward(connection_id, connections.open_ats(connection_id), now=now)


def _creating(events: Sequence[Event]) -> set[UUID]:
    arriving = [event.payload.get("candidacy") for event in events if event.kind == "write.arrive"]
    candidacies = Candidacy.objects.of_everyone().filter(pk__in=arriving, person__remote_id="")
    found = set(candidacies.values_list("job__connection_id", flat=True))
    sources = {lanes.connection_of(event) for event in events if event.kind.startswith("row.") and event.connection}
    mappings = Mapping.objects.of_everyone().filter(project__connection_id__in=sources)
    return found | set(mappings.values_list("job__connection_id", flat=True))


def _foresee_one(event: Event, memory: Memory, *, now: datetime) -> Foreseen | None:
    """None where a reading is missing that `memory` has noted."""
    walk = _Walk(memory, now)
    try:
        with transaction.atomic():
            try:
                ended = walk.through(event)
            finally:
                transaction.set_rollback(True)
    except Missing:
        return None
    except STILL_FAILS as problem:
        return Foreseen((), State.DEAD, f"SyncPortal would fail on it again ({type(problem).__name__}).")
    version = walk.map_version or ended.plan.get("map_version")
    return Foreseen(tuple(walk.acts), ended.state, ended.detail, version, tuple(walk.systems))


class _Walk:
    """One letter's way through the handlers, with what follows from it, up to its writes."""

    def __init__(self, memory: Memory, now: datetime) -> None:
        self._memory = memory
        self._now = now
        self.acts: list[Act] = []
        self.systems: list[UUID | None] = []
        self.map_version: int | None = None

    def through(self, event: Event) -> Outcome:
        Event.objects.filter(pk=event.pk).update(state=State.QUEUED)
        for _ in range(ROUNDS):
            wrote = len(self.acts)
            decision = self._decide(event)
            outcome = decision.outcomes[event.pk]
            wrote = len(self.acts) - wrote
            self._follow(decision, wrote=bool(wrote))
            if outcome.state != State.QUEUED or wrote:
                break
        self.map_version = outcome.plan.get("map_version", self.map_version)
        return outcome

    def _follow(self, decision: Decision, *, wrote: bool) -> None:
        """What the ATS shows after a write is not known yet, so a reading that follows one is not planned."""
        for new in decision.follow:
            if not (wrote and new.kind == "hook.refresh") and (pk := ledger.append(new, now=self._now)) is not None:
                self.through(Event.objects.select_related("mailbox").get(pk=pk))

    def _decide(self, event: Event) -> Decision:
        match event.mailbox.handler:
            case "row":
                return self._row(event)
            case "hook":
                return self._hook(event)
            case "export":
                return self._export(event)
            case "share":
                return self._share(event)
            case "flush":
                return self._flush(event)
            case "write":
                return self._write(event)
            case "message":
                return self._message(event)
            case "notify":
                return self._notify(event)
            case "merge":
                return self._merge(event)
        return Decision(outcomes={event.pk: outcomes.done("It is tried again; nothing can be said before.")})

    def _does(self, act: Act, system: UUID | None) -> None:
        self.acts.append(act)
        self.systems.append(system)

    def _row(self, event: Event) -> Decision:
        result = rows.plan_row(event, now=self._now)
        return Decision(outcomes={event.pk: result.outcome}, follow=result.follow)

    def _hook(self, event: Event) -> Decision:
        connection_id = lanes.connection_of(event)
        found = seen.read_again(connection_id, self._memory.ats(connection_id), [event])
        result = hooks.plan_hook(event, found, now=self._now)
        return Decision(outcomes={event.pk: result.outcome}, follow=result.follow)

    def _export(self, event: Event) -> Decision:
        stop = exports.stopped(event, now=self._now)
        if stop is not None:
            return Decision(outcomes={event.pk: stop})
        found = self._memory.export(lanes.connection_of(event), str(event.payload["request"]))
        if found is None:
            return Decision(outcomes={event.pk: outcomes.dead("export_expired", exports.LATE)})
        return exports.plan_export(event, found, now=self._now)

    def _share(self, event: Event) -> Decision:
        """Whole documents of what the ATS shows by then: no preview holds them, and none is needed."""
        candidacy = shares.candidacy_of(event)
        stop = shares.stopped(event, candidacy) if candidacy is not None else None
        why = "Tells LinkedIn how they stand in the ATS by then; what it knows already is not sent again."
        return Decision(outcomes={event.pk: stop or outcomes.done(why)})

    def _judged_by(self, mapping: Mapping) -> None:
        """A write says no version of its own until it was made: it is today's."""
        newest = mapping.stage_map.versions.order_by("-number").values_list("pk", flat=True).first()
        self.map_version = self.map_version or newest

    def _message(self, event: Event) -> Decision:
        return inmail.plan_messages([event], {event.pk: wire.message_from_payload(event.payload)})

    def _notify(self, event: Event) -> Decision:
        """What was sent already is not sent again; only the channel's own lane can tell."""
        self._does(acts.message(str(event.payload["message"])), None)
        return Decision(outcomes={event.pk: outcomes.done("Sends the message, unless it was sent.")})

    def _write(self, event: Event) -> Decision:
        candidacy = writes.candidacy_of(event)
        stop = writes.stopped(event, candidacy)
        if candidacy is None or stop is not None:
            return Decision(outcomes={event.pk: stop} if stop else {})
        self._judged_by(candidacy.mapping)
        ats = self._memory.ats(candidacy.job.connection_id)
        (step,) = writes.look(ats, [Job(_claimed(event), event, candidacy, frozenset())], now=self._now)
        if step.decide is not None:
            return step.decide()
        assert step.intention is not None and step.done is not None
        known = effects.find([step.intention.key])
        act = writes.foreseen(step, known, ats, now=self._now)
        if act is not None:
            self._does(act, candidacy.job.connection_id)
            return step.done({"person_id": "-", "application_id": "-"})
        if known[step.intention.key].state == "done":
            return step.done(known[step.intention.key].result)
        return Decision(outcomes={event.pk: outcomes.done("It may have happened: it is read back first.")})

    def _merge(self, event: Event) -> Decision:
        question = merging.question_of(event)
        if question is None:
            return Decision(outcomes={event.pk: outcomes.dead("vanished", "The question is gone.")})
        ats = self._memory.ats(question.person.connection_id)
        step = merging.look(ats, Merging(_claimed(event), event, question, frozenset()), now=self._now)
        if step.decide is not None:
            return step.decide()
        assert step.intention is not None and step.done is not None
        act = writes.foreseen(step, effects.find([step.intention.key]), ats, now=self._now)
        if act is None:
            return Decision(outcomes={event.pk: outcomes.done("It may have happened: it is read back first.")})
        self._does(act, question.person.connection_id)
        return Decision(outcomes={event.pk: outcomes.done("Merges the two.")})

    def _flush(self, event: Event) -> Decision:
        profile = flush.profile_of(event)
        if profile is None or profile.candidacy is None:
            return Decision(outcomes={event.pk: outcomes.dead("vanished", "The profile this belongs to is gone.")})
        self._judged_by(profile.candidacy.mapping)
        stop = flush.stopped(event, profile, profile.candidacy)
        if stop is not None:
            return Decision(outcomes={event.pk: stop})
        fresh = self._memory.sourcing(profile.connection_id).get_profiles([profile.remote_id])
        move = flush.Move(_claimed(event), event, profile, profile.candidacy, frozenset())
        (step,) = flush.compare([move], fresh, now=self._now)
        if step.decide is not None:
            return step.decide()
        assert step.act is not None
        self._does(step.act, profile.connection_id)
        return Decision(outcomes={event.pk: outcomes.done("Moves them in LinkedIn.")})


def _claimed(event: Event) -> Claimed:
    return Claimed(event.mailbox_id, event.mailbox.key, event.mailbox.handler, 0, (event,))
