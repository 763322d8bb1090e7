"""Handler `duplicate`: what people decide about who is who. A decision is an event: ordered, leased, in the log."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction

from apps.accounts.scope import Scope
from apps.candidates import duplicates, identities, merges, questions
from apps.candidates.models import Apart, Candidacy, CandidacyState, Duplicate, DuplicateState, Person, PersonState
from apps.candidates.rules import Key, lease_keys
from apps.ledger import leases, outcomes
from apps.ledger import services as ledger
from apps.ledger.leases import Claimed, Lease
from apps.ledger.models import Event
from apps.ledger.outcomes import Decision, Outcome, Unit
from apps.ledger.services import NewEvent
from apps.ledger.states import Priority, Reason
from apps.notifications import announce
from apps.sync import fills, lanes, merging


class NotOneOfThem(ValueError):
    """The person chosen is none of those asked about."""


def say_same(
    *,
    duplicate_id: UUID,
    remote_id: str,
    take: Collection[str],
    scope: Scope,
    actor: int | None,
    now: datetime,
    keep: str = "",
) -> bool:
    """They are this one of those asked about; `take` names the fields in which LinkedIn's value counts. `keep`: the two
    are merged in the ATS, and this one of them stays.

    Returns whether the question was still open. Raises NotOneOfThem."""
    question = questions.within(scope, pk=duplicate_id, state=DuplicateState.OPEN).select_related("person").first()
    if question is not None:
        asked = {one["id"] for one in question.found}
        if remote_id not in asked or (keep and keep not in (remote_id, question.person.remote_id)):
            raise NotOneOfThem(remote_id)
    payload = {"remote_id": remote_id, "take": sorted(take), "keep": keep}
    return _decide(question, "duplicate.same", payload, actor=actor, now=now)


def say_apart(*, duplicate_id: UUID, scope: Scope, actor: int | None, now: datetime) -> bool:
    """They are none of those asked about, now and later. Returns whether the question was still open."""
    question = questions.within(scope, pk=duplicate_id, state=DuplicateState.OPEN).first()
    return _decide(question, "duplicate.apart", {}, actor=actor, now=now)


def say_unsure(*, duplicate_id: UUID, scope: Scope, now: datetime) -> bool:
    """Put the question behind the others; it stays open, and what waits for it waits."""
    mine = questions.within(scope, pk=duplicate_id, state=DuplicateState.OPEN).values("pk")
    return bool(Duplicate.objects.filter(pk__in=mine).update(unsure_at=now))


def undo(*, duplicate_id: UUID, scope: Scope, actor: int | None, now: datetime) -> bool:
    """Take a decision back, as far as nothing was made of it in the ATS. Returns whether there was one."""
    mine = questions.within(scope, pk=duplicate_id)
    decided = mine.filter(state__in=[DuplicateState.SAME, DuplicateState.APART]) | mine.exclude(deciding_at=None)
    return _decide(decided.first(), "duplicate.undo", {}, actor=actor, now=now)


@transaction.atomic
def _decide(
    question: Duplicate | None, kind: str, payload: Mapping[str, object], *, actor: int | None, now: datetime
) -> bool:
    if question is None:
        return False
    Duplicate.objects.filter(pk=question.pk).update(deciding_at=now)
    theirs = Candidacy.objects.of_everyone().filter(person=question.person_id)
    event = NewEvent(
        kind=kind,
        mailbox=f"duplicate:{question.pk}",
        gate="decisions",
        priority=Priority.INTERACTIVE,
        clients=tuple(sorted(set(theirs.values_list("client", flat=True)))),
        subject=lanes.subject(question.person_id),
        payload={"duplicate": str(question.pk), "by": actor, **payload},
    )
    ledger.append_many([event], now=now)
    return True


def handle(lease: Lease, claimed: Sequence[Claimed], *, now: datetime) -> list[Unit]:
    """Make each decision under the leases of all whom it touches (rule 22)."""
    units = []
    for box in claimed:
        event = box.events[0] if box.events else None
        question = _question(event) if event is not None else None
        if event is None or question is None:
            ends = {each.pk: outcomes.dead("vanished", "The question is gone.") for each in box.events}
            units.append(outcomes.settled_each(box, ends))
            continue
        keys = _keys(event, question)
        if not leases.take_keys(lease, keys, mailboxes=[box.id]):
            units.append(outcomes.waiting(box))
            continue
        decide = partial(_settle, event, question.pk, now=now)
        units.append(Unit(mailboxes=frozenset({box.id}), keys=keys, decide=decide))
    return units


def _question(event: Event) -> Duplicate | None:
    return Duplicate.objects.filter(pk=event.payload.get("duplicate")).select_related("person").first()


def _keys(event: Event, question: Duplicate) -> frozenset[str]:
    """The keys of the person, and of whoever here is one of those asked about."""
    connection_id = question.person.connection_id
    ids = [one["id"] for one in question.found]
    people = [question.person, *Person.objects.filter(connection=connection_id, remote_id__in=ids)]
    identifiers = [Key(one.kind, one.value) for person in people for one in person.identities.all()]
    return lease_keys(connection_id, identifiers) | {lanes.person_key(person.pk) for person in people}


def _settle(event: Event, question_id: UUID, *, now: datetime) -> Decision:
    question = Duplicate.objects.select_related("person__connection").get(pk=question_id)
    open_now = question.state == DuplicateState.OPEN
    Duplicate.objects.filter(pk=question_id).update(deciding_at=None)
    if event.kind == "duplicate.undo":
        return _end(event, _undo(question))
    if not open_now:
        return _end(event, outcomes.skipped(Reason.STALE, "The question was answered meanwhile."))
    follow: list[NewEvent] = []
    if event.kind == "duplicate.same":
        outcome, follow = _same(event, question, now=now)
    else:
        outcome = _apart(event, question, now=now)
    Duplicate.objects.filter(pk=question_id).update(decided_by=event.payload["by"], decided_at=now, records={})
    ledger.release_held(hold_key=duplicates.hold_key(question), now=now)
    return Decision(outcomes={event.pk: outcome}, follow=follow)


def _same(event: Event, question: Duplicate, *, now: datetime) -> tuple[Outcome, list[NewEvent]]:
    """Make the two one here, or in the ATS where both are there; whoever else was asked about is asked on."""
    person, remote_id = question.person, event.payload["remote_id"]
    here = Person.objects.filter(connection=person.connection, remote_id=remote_id).exclude(pk=person.pk).first()
    answered = Duplicate.objects.filter(pk=question.pk)
    answered.update(state=DuplicateState.SAME, chosen=remote_id)
    rest = [one for one in question.found if one["id"] != remote_id]
    before: dict[str, Any] = {}
    follow: list[NewEvent] = []
    if person.remote_id:
        said = _in_the_ats(event, question, before, follow)
        before["journal"] = merges.ask_rest(person=person, rest=rest, now=now)
    elif here is None:
        said = "One person: linked to whom the ATS has."
        before["journal"] = merges.name_in_ats(person=person, remote_id=remote_id, rest=rest, now=now)
    else:
        said = "One person: the two were made one here."
        take = event.payload["take"]
        before["journal"] = merges.merge_people(keep=here, drop=person, take=take, rest=rest, now=now)
        before |= {"keep": str(here.pk), "had": merges.had_by(here)}
        follow += announce.merged_event(here, caused_by=event.pk)
    answered.update(before=before, said=said)
    return outcomes.done(said), follow + _chosen(event, question)


def _in_the_ats(event: Event, question: Duplicate, before: dict[str, Any], follow: list[NewEvent]) -> str:
    """Two records of one ATS: they are merged there, by us where a person asked for it, and followed from there."""
    system, pair = question.person.connection.name, {question.person.remote_id, event.payload["remote_id"]}
    keep = event.payload.get("keep", "")
    if not keep or not merging.can_merge(question):
        return f"One person. Merge the two in {system}: it is followed from there."
    (loser,) = pair - {keep}
    before["merge"] = [keep, loser]
    clients = merging.clients_of(question)
    follow.append(merging.merge_event(question, survivor=keep, loser=loser, clients=clients, event=event))
    return f"One person: {loser} is being merged into {keep} in {system}."


def _chosen(event: Event, question: Duplicate) -> list[NewEvent]:
    """The write of the fields in which LinkedIn's value was chosen, for the first of their open candidacies."""
    person = Person.objects.select_related("merged_into").get(pk=question.person_id)
    theirs = Candidacy.objects.of_everyone().filter(person=identities.survivor_of(person), state=CandidacyState.OPEN)
    candidacy = theirs.select_related("person").order_by("added_at").first()
    if candidacy is None or not event.payload["take"]:
        return []
    return [fills.chosen_event(candidacy, event, event.payload["take"])]


def _apart(event: Event, question: Duplicate, *, now: datetime) -> Outcome:
    ids = [one["id"] for one in question.found]
    made = duplicates.keep_apart(person=question.person, remote_ids=ids, by=event.payload["by"], now=now)
    said = "Two people: this is not asked again."
    Duplicate.objects.filter(pk=question.pk).update(state=DuplicateState.APART, before={"apart": made}, said=said)
    return outcomes.done(said)


def _undo(question: Duplicate) -> Outcome:
    if question.state not in (DuplicateState.SAME, DuplicateState.APART):
        return outcomes.skipped(Reason.STALE, "It was taken back already.")
    if merged := _merged_there(question):
        Duplicate.objects.filter(pk=question.pk).update(said=merged)
        return outcomes.done(merged)
    left = merges.take_back(question.before.get("journal", []))
    Apart.objects.filter(pk__in=question.before.get("apart", [])).delete()
    person = Person.objects.get(pk=question.person_id)
    if "keep" in question.before and person.state == PersonState.ACTIVE:
        keep = Person.objects.get(pk=question.before["keep"])
        left += merges.part(keep=keep, drop=person, had=question.before["had"])
    if question.state == DuplicateState.APART and person.remote_id:
        left.append(
            f"They were made in {question.person.connection.name} meanwhile; if they are one, merge them there."
        )
    said = " ".join(["Taken back.", *left]) if left else "Taken back; nothing had come of it."
    asked_again = Duplicate.objects.filter(person=person, state=DuplicateState.OPEN).exists()
    state = DuplicateState.CLOSED if asked_again else DuplicateState.OPEN
    Duplicate.objects.filter(pk=question.pk).update(
        state=state,
        chosen="",
        before={},
        said=said,
        decided_by=None,
        decided_at=None,
        unsure_at=None,
        **duplicates.UNREAD,
    )
    return outcomes.done(said)


def _merged_there(question: Duplicate) -> str:
    """What to say where the ATS made one of the two, by us or by a person; nothing where it did not."""
    person, system = question.person, question.person.connection.name
    if merging.standing(question) is not None:
        survivor, loser = question.before["merge"]
        return f"Not taken back: {loser} was merged into {survivor} in {system}, and nothing undoes that there."
    if question.state != DuplicateState.SAME or person.remote_id in ("", question.chosen):
        return ""
    two = Person.objects.filter(connection=person.connection, remote_id__in=[person.remote_id, question.chosen])
    gone = two.filter(state=PersonState.MERGED).exists()
    return f"Not taken back: the two were merged in {system} meanwhile, and nothing undoes that there." if gone else ""


def _end(event: Event, outcome: Outcome) -> Decision:
    return Decision(outcomes={event.pk: outcome})
