"""InMail: reading it seat by seat, and handler `message`, which plans the notes it becomes (R12).

One call reads one seat, so a reading is one seat's turn: the one that waited longest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q

from apps.candidates import identities
from apps.candidates.models import Candidacy, CandidacyState, Identity, IdentityKind, NotedMessage, Profile
from apps.connections import services as connections
from apps.connections.models import Connection
from apps.ledger import leases, outcomes
from apps.ledger.leases import Claimed, Lease
from apps.ledger.models import Event
from apps.ledger.outcomes import Decision, Outcome, Unit
from apps.ledger.services import NewEvent
from apps.ledger.states import Priority, Reason, State
from apps.mappings.models import MappingState, Project, Seat, SeatUser
from apps.providers import contract
from apps.sync import lanes, native, threads, wire
from apps.sync.models import Stream
from apps.sync.threads import Place, Telling

WINDOW = timedelta(hours=12)
"""The most that one call may ask for (facts: LinkedIn, 5.3); also how far back a seat's first reading goes."""

OVERLAP = timedelta(minutes=10)
"""A message may show a little after it was sent; what is read twice is the same by its id."""

PAGE = 50
MOST_PAGES = 20

SYNCED = (MappingState.LIVE, MappingState.PILOT, MappingState.PAUSED)


@dataclass(frozen=True, slots=True)
class Reading:
    """What one seat's turn found, and the cursor after it."""

    seat: str
    messages: tuple[contract.InMail, ...]
    cursor: dict[str, object]


def telling_of(connection: Connection) -> Telling:
    """How much of its InMail this connection keeps."""
    return Telling(connection.settings.get("options", {}).get("inmail", Telling.EXCERPTS))


def read(stream: Stream, *, now: datetime) -> Reading | None:
    """Read the seat that waited longest; None where InMail is off or no seat has a synced Project."""
    read_until: dict[str, str] = dict(stream.cursor.get("seats", {}))
    seats = _seats(stream.connection_id) if telling_of(stream.connection) != Telling.OFF else []
    if not seats:
        return None
    seat = min(seats, key=lambda one: (read_until.get(one, ""), one))
    since = datetime.fromisoformat(read_until[seat]) - OVERLAP if seat in read_until else now - WINDOW
    until = min(since + WINDOW, now)
    found = _all(connections.open_sourcing(stream.connection_id), seat, since, until)
    kept = {one: at for one, at in read_until.items() if one in seats}
    return Reading(seat, found, {"seats": {**kept, seat: until.isoformat()}})


def _all(linkedin: contract.Sourcing, seat: str, since: datetime, until: datetime) -> tuple[contract.InMail, ...]:
    found: list[contract.InMail] = []
    for page in range(MOST_PAGES):
        rows = linkedin.list_messages(seat=seat, since=since, until=until, start=page * PAGE)
        found += rows
        if len(rows) < PAGE:
            break
    return tuple(found)


def _seats(connection_id: UUID) -> list[str]:
    """Active seats that own a synced Project or added someone to one."""
    synced = Project.objects.filter(connection_id=connection_id, mappings__state__in=SYNCED)
    adders = Profile.objects.filter(project__in=synced, removed=False).values_list("added_by", flat=True)
    concerned = Q(remote_id__in=synced.values("owner_seat")) | Q(remote_id__in=adders)
    seats = Seat.objects.filter(concerned, connection_id=connection_id, active=True)
    return sorted(seats.values_list("remote_id", flat=True))


def message_event(
    connection_id: UUID, message: contract.InMail, *, telling: Telling, caused_by: int | None = None
) -> NewEvent:
    """One InMail, in the order of its thread; it comes once, by its id."""
    stored = replace(message, body=threads.kept(message.body, telling))
    return NewEvent(
        kind="message.inmail",
        mailbox=f"thread:{connection_id}:{message.thread}:{message.seat}",
        gate=lanes.arrival_gate(connection_id),
        priority=Priority.NOTE,
        connection=connection_id,
        subject=_unknown(connection_id, message.member),
        payload=wire.message_to_payload(stored),
        dedupe=f"message:{message.id}",
        caused_by=caused_by,
    )


def _unknown(connection_id: UUID, member: str) -> str:
    """Whom a message is about while they are nobody's candidate here."""
    return f"member:{connection_id}:{member}"


def earlier_messages(connection_id: UUID, member: str, *, candidacy: Candidacy, caused_by: int) -> list[NewEvent]:
    """What was written with someone before they came into a synced Project, to be planned again now."""
    if not member:
        return []
    seen = Event.objects.filter(subject=_unknown(connection_id, member), state=State.SKIPPED).order_by("pk")
    return [
        NewEvent(
            kind=event.kind,
            mailbox=event.mailbox.key,
            gate=event.mailbox.gate,
            priority=Priority.NOTE,
            connection=connection_id,
            payload=event.payload,
            dedupe=f"earlier:{candidacy.pk}:{event.pk}",
            caused_by=caused_by,
        )
        for event in seen.select_related("mailbox")
    ]


def handle(lease: Lease, claimed: Sequence[Claimed], *, now: datetime) -> list[Unit]:
    """Plan the new messages of each thread together, under the leases of the people they are with."""
    units = []
    for box in claimed:
        try:
            messages = {event.pk: wire.message_from_payload(event.payload) for event in box.events}
        except (KeyError, ValueError) as problem:
            detail = f"The stored message cannot be read: {problem}. Edit the payload and replay."
            units.append(outcomes.settled(box, outcomes.dead("malformed", detail)))
            continue
        keys = frozenset(lanes.person_key(one) for one in _people(messages.values()))
        if leases.take_keys(lease, keys, mailboxes=[box.id]):
            units.append(_unit(box, keys, messages))
        else:
            units.append(outcomes.waiting(box))
    return units


def _people(messages: Iterable[contract.InMail]) -> set[UUID]:
    members = {message.member for message in messages}
    known = Identity.objects.filter(kind=IdentityKind.MEMBER, value__in=members).select_related("person")
    return {identities.survivor_of(identity.person).pk for identity in known}


def _unit(box: Claimed, keys: frozenset[str], messages: Mapping[int, contract.InMail]) -> Unit:
    return Unit(mailboxes=frozenset({box.id}), keys=keys, decide=lambda: plan_messages(list(box.events), messages))


def plan_messages(events: Sequence[Event], messages: Mapping[int, contract.InMail]) -> Decision:
    """One thread's new messages, inside the settling transaction."""
    connection_id = lanes.connection_of(events[0])
    outcome_of: dict[int, Outcome] = {}
    follow: list[NewEvent] = []
    some = next(iter(messages.values()))
    theirs = _candidacies(connection_id, some)
    if not theirs:
        why = "They are in no synced Project. It is noted if they come into one."
        skipped = outcomes.skipped(Reason.IRRELEVANT, why)
        return Decision(outcomes={event.pk: skipped for event in events})
    ours = [one for one in theirs if not native.is_on(one.job.connection)]
    if not ours:
        why = f"LinkedIn's own connector brings InMail into {theirs[0].job.connection.name}; it is not noted again."
        skipped = outcomes.skipped(Reason.IRRELEVANT, why, **_about(theirs))
        return Decision(outcomes={event.pk: skipped for event in events})
    fresh: set[int] = set()
    for candidacy in ours:
        noted = set(candidacy.noted_messages.values_list("message", flat=True))
        new = [event for event in events if messages[event.pk].id not in noted]
        if new:
            follow.append(_note(candidacy, [messages[event.pk] for event in new], caused_by=new[-1].pk))
            fresh |= {event.pk for event in new}
    about = _about(ours)
    for event in events:
        if event.pk in fresh:
            outcome_of[event.pk] = outcomes.done(f"To be noted in {ours[0].job.connection.name}.", **about)
        else:
            outcome_of[event.pk] = outcomes.skipped(Reason.ALREADY_TRUE, "Noted before.", **about)
    return Decision(outcomes=outcome_of, follow=follow)


def _about(theirs: Sequence[Candidacy]) -> dict[str, Any]:
    return {
        "clients": tuple(dict.fromkeys(candidacy.client_id for candidacy in theirs)),
        "subject": lanes.subject(theirs[0].person_id),
    }


def _candidacies(connection_id: UUID, message: contract.InMail) -> list[Candidacy]:
    """The open candidacies of the member that this seat's thread belongs on."""
    people = _people([message])
    found = Candidacy.objects.of_everyone().filter(
        person__in=people, state=CandidacyState.OPEN, mapping__state__in=SYNCED
    )
    found = found.filter(profiles__connection_id=connection_id).distinct()
    candidacies = {
        str(one.pk): one
        for one in found.select_related("job__connection", "person", "mapping__project").prefetch_related("profiles")
    }
    places = [
        Place(
            key,
            str(one.client_id),
            frozenset({one.mapping.project.owner_seat, *(p.added_by for p in one.profiles.all())}),
        )
        for key, one in candidacies.items()
    ]
    return [candidacies[place.candidacy] for place in threads.places_of(message.seat, places)]


def _note(candidacy: Candidacy, messages: list[contract.InMail], *, caused_by: int) -> NewEvent:
    """Remember these messages as this candidacy's, and the write of their note."""
    ordered = sorted(messages, key=lambda message: (message.sent_at, message.id))
    first = ordered[0]
    before = candidacy.noted_messages.filter(thread=first.thread)
    earlier = before.count()
    answered = before.filter(by_seat=False).exists() or any(not message.by_seat for message in ordered)
    NotedMessage.objects.bulk_create(
        [
            NotedMessage(
                candidacy=candidacy, thread=one.thread, message=one.id, by_seat=one.by_seat, sent_at=one.sent_at
            )
            for one in ordered
        ]
    )
    seat = Seat.objects.filter(remote_id=first.seat, connection__profiles__candidacy=candidacy).first()
    marker = threads.marker_of(str(candidacy.pk), ordered)
    text = threads.compose(
        ordered,
        seat_name=seat.name if seat else "a recruiter",
        person_name=str(candidacy.person),
        earlier=earlier,
        marker=marker,
        answered=answered,
    )
    connection_id = candidacy.job.connection_id
    author = SeatUser.objects.filter(seat=seat, connection=connection_id).first() if seat else None
    gate = lanes.connection_gate(connection_id)
    return NewEvent(
        kind="write.note",
        mailbox=f"write:note:{candidacy.pk}",
        gate=gate,
        turn=lanes.turn(gate, candidacy.client_id),
        priority=Priority.NOTE,
        connection=connection_id,
        clients=(candidacy.client_id,),
        subject=lanes.subject(candidacy.person_id),
        payload={
            "candidacy": str(candidacy.pk),
            "body": text,
            "marker": marker,
            "user": author.remote_id if author else "",
            "sent_at": ordered[-1].sent_at.isoformat(),
        },
        caused_by=caused_by,
    )
