"""From a transition to messages: heard inside the settle that recorded it, worked out by a handler of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from functools import partial
from uuid import UUID

from django.db.models import QuerySet

from apps.candidates.models import Candidacy, CandidacyState, Person, Profile, Transition
from apps.core import clock
from apps.ledger import outcomes
from apps.ledger import services as ledger
from apps.ledger.leases import Claimed, Lease
from apps.ledger.models import Event
from apps.ledger.outcomes import Decision, Outcome, Unit
from apps.ledger.services import NewEvent
from apps.ledger.states import Priority, Reason
from apps.notifications import lanes, recipients, wording
from apps.notifications.lanes import Address
from apps.notifications.models import Message, Rule
from apps.notifications.rules import names_stage
from apps.providers import contract

MUTED = "muted"
"""In an event's payload: nobody is told of what follows from it (rules 14, 29)."""

LONGEST_CHAIN = 5


def hear(transition: Transition) -> None:
    """A transition was just recorded: note in the same transaction that its rules are to run (rule 12)."""
    if rules := matching_rules(transition):
        ledger.append(_event_about(transition, rules), now=clock.now())


def matching_rules(transition: Transition) -> list[Rule]:
    """The rules that name where somebody came to, and hold for their client and mapping."""
    candidacy = transition.candidacy
    rows = [
        rule
        for rule in Rule.objects.of_everyone().filter(enabled=True).prefetch_related("destinations")
        if rule.client_id in (None, candidacy.client_id) and rule.mapping_id in (None, candidacy.mapping_id)
    ]
    if not rows:
        return []
    stages = wording.stages_of(transition)
    return [rule for rule in rows if names_stage(rule.stages, stages)]


def _event_about(transition: Transition, rules: Sequence[Rule]) -> NewEvent:
    """Which rules run is settled now: what a LinkedIn move leads to cannot be told once it was written."""
    candidacy = transition.candidacy
    return NewEvent(
        kind="notify.transition",
        handled_by="announce",
        mailbox=f"announce:{candidacy.pk}",
        gate=lanes.ANNOUNCEMENTS,
        priority=Priority.STAGE_CHANGE,
        clients=(candidacy.client_id,),
        subject=f"person:{candidacy.person_id}",
        payload={"transition": transition.pk, "rules": [str(rule.pk) for rule in rules]},
        caused_by=transition.event_id,
    )


def meeting_event(candidacy: Candidacy, *, caused_by: int, in_ats: bool = False) -> list[NewEvent]:
    """Somebody who is in another Project of the client too, or was active in the ATS, is new in this one
    (rule 31). That another client has them is nobody's to read in this one's log (rule 30)."""
    others = Profile.objects.filter(
        candidacy__person=candidacy.person_id, candidacy__client=candidacy.client_id, removed=False
    )
    if not in_ats and others.values("project").distinct().count() < 2:
        return []
    return [
        NewEvent(
            kind="notify.meeting",
            handled_by="announce",
            mailbox=f"announce:{candidacy.pk}",
            gate=lanes.ANNOUNCEMENTS,
            clients=(candidacy.client_id,),
            subject=f"person:{candidacy.person_id}",
            payload={"candidacy": str(candidacy.pk)},
            dedupe=f"meeting:{candidacy.pk}:{candidacy.generation}:{in_ats}",
            caused_by=caused_by,
        )
    ]


def merged_event(person: Person, *, caused_by: int) -> list[NewEvent]:
    """Two were made one: whoever held either of them is told, once for each client (rule 31)."""
    theirs = Candidacy.objects.of_everyone().filter(person=person, state=CandidacyState.OPEN).order_by("-added_at")
    newest = {candidacy.client_id: candidacy for candidacy in reversed(theirs)}
    return [event for one in newest.values() for event in meeting_event(one, caused_by=caused_by)]


def handle(lease: Lease, claimed: Sequence[Claimed], *, now: datetime) -> list[Unit]:
    """Work out whom each transition or meeting is told to; the messages are events of their own."""
    return [Unit(mailboxes=frozenset({box.id}), decide=partial(_decide, box, now=now)) for box in claimed]


def _decide(box: Claimed, *, now: datetime) -> Decision:
    return Decision(outcomes={event.pk: _announce(event, now=now) for event in box.events})


def _announce(event: Event, *, now: datetime) -> Outcome:
    if event.kind == "notify.meeting":
        return _tell_owners(event, now=now)
    transition = _transition(event.payload["transition"])
    if transition is None:
        return outcomes.dead("vanished", "The transition this tells of is gone.")
    if is_muted(transition.event_id):
        return outcomes.skipped(Reason.STALE, "Muted: it came from a replay or from going live.")
    told, silent = [], []
    wanted = Rule.objects.of_everyone().filter(pk__in=event.payload["rules"], enabled=True)
    for rule in wanted.prefetch_related("destinations"):
        found = [recipients.addresses_of(place, transition.candidacy) for place in rule.destinations.all()]
        addresses = recipients.distinct(found)
        told += [(rule, address) for address in addresses]
        silent += [] if addresses else [rule.name]
    for rule, address in told:
        append_message(
            address,
            about=rule.name,
            cause=f"transition:{transition.pk}",
            rule=rule,
            transition=transition,
            candidacy=transition.candidacy,
            caused_by=event.pk,
            now=now,
        )
    return _outcome(told, silent)


def _outcome(told: Sequence[object], silent: Sequence[str]) -> Outcome:
    if told:
        return outcomes.done(f"{len(told)} told.")
    if silent:
        named = ", ".join(silent)
        why = f"{named}: nobody is named who can be reached. Give a hiring manager's channel, or complete the seats."
        return outcomes.skipped(Reason.IRRELEVANT, why)
    return outcomes.skipped(Reason.STALE, "Its rules were switched off or deleted.")


def _tell_owners(event: Event, *, now: datetime) -> Outcome:
    candidacy = _candidacies().filter(pk=event.payload["candidacy"]).first()
    if candidacy is None:
        return outcomes.dead("vanished", "The candidacy this tells of is gone.")
    if is_muted(event.caused_by_id):
        return outcomes.skipped(Reason.STALE, "Muted: it came from a replay or from going live.")
    owners = recipients.owners_of(candidacy)
    if len(owners) < 2:
        return outcomes.skipped(Reason.IRRELEVANT, "One recruiter holds them, or the others are not in the seat map.")
    for _, address in owners:
        append_message(
            address,
            about=wording.MEETING,
            cause=f"meeting:{candidacy.pk}:{candidacy.generation}",
            candidacy=candidacy,
            caused_by=event.pk,
            now=now,
        )
    return outcomes.done(f"{len(owners)} recruiters told.")


def _transition(pk: int) -> Transition | None:
    rows = Transition.objects.select_related(
        "candidacy__person", "candidacy__client", "candidacy__job__connection", "candidacy__mapping__project"
    )
    return rows.select_related("candidacy__mapping__stage_map").filter(pk=pk).first()


def _candidacies() -> QuerySet[Candidacy]:
    return Candidacy.objects.of_everyone().select_related("person", "client", "job__connection", "mapping__project")


def is_muted(event_id: int | None) -> bool:
    """Whether an event, or one that it came from, was to tell nobody."""
    for _ in range(LONGEST_CHAIN):
        row = Event.objects.filter(pk=event_id or 0).values_list("payload__muted", "caused_by").first()
        if row is None:
            return False
        if row[0]:
            return True
        event_id = row[1]
    return False


def append_message(
    address: Address,
    *,
    about: str,
    cause: str,
    now: datetime,
    rule: Rule | None = None,
    transition: Transition | None = None,
    candidacy: Candidacy | None = None,
    client_id: UUID | None = None,
    caused_by: int | None = None,
    line: contract.Line | None = None,
    resend: int = 0,
    test: bool = False,
) -> Message | None:
    """Store a message and the event that delivers it; None where it was told before (rule 17). `line`: what it says,
    where that is known now and tells of no candidate."""
    message, made = Message.objects.of_everyone().get_or_create(
        cause=cause,
        about=about[:80],
        rule=rule,
        lane=address.lane,
        resend=resend,
        defaults={
            "client_id": candidacy.client_id if candidacy is not None else client_id,
            "candidacy": candidacy,
            "transition": transition,
            "connection_id": address.connection,
            "target": address.target,
            "label": address.label,
            "line": asdict(line) if line is not None else None,
            "test": test,
            "created_at": now,
        },
    )
    if not made:
        return None
    lanes.ensure(address)
    event_id = ledger.append(_delivery(message, address, caused_by), now=now)
    Message.objects.of_everyone().filter(pk=message.pk).update(event_id=event_id)
    return message


def _delivery(message: Message, address: Address, caused_by: int | None) -> NewEvent:
    return NewEvent(
        kind=address.kind,
        mailbox=address.lane,
        gate=address.lane,
        priority=Priority.INTERACTIVE if message.test or message.resend else Priority.STAGE_CHANGE,
        connection=address.connection,
        clients=(message.client_id,) if message.client_id is not None else (),
        subject=f"person:{message.candidacy.person_id}" if message.candidacy is not None else "",
        payload={"message": str(message.pk)},
        caused_by=caused_by,
    )
