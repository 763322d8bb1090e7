"""Handler `share`: tell LinkedIn what became of those who were exported, a hundred records a request.

What the ATS shows is read once more, compared with what LinkedIn was told last, and what differs is sent: candidates,
who they are there, applications, stages, notes. What LinkedIn refuses of somebody is theirs alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from uuid import UUID

from apps.candidates.models import Candidacy, CandidacyState, PersonState, Transition
from apps.connections import services as connections
from apps.core import errors
from apps.ledger import drain, leases, outcomes
from apps.ledger.leases import Claimed, Lease
from apps.ledger.models import Event
from apps.ledger.outcomes import Decision, Outcome, Tried, Unit
from apps.ledger.states import Reason, State
from apps.mappings.models import AtsUser, MappingState
from apps.mappings.rules import StageTable
from apps.providers import contract, recording
from apps.providers.sharing import Publishing, SharedNote
from apps.sync import documents, exports, lanes, pairs, reading, sending, shadow, threads
from apps.sync.documents import Document, Kind, Standing
from apps.sync.sending import Sent


@dataclass(slots=True)
class Part:
    """One candidacy that LinkedIn is told of: its newest event stands for the earlier ones, which say the same."""

    box: Claimed
    candidacy: Candidacy
    keys: frozenset[str]
    documents: Sequence[Document] = ()
    sent: list[Sent] = field(default_factory=list)
    stop: Outcome | None = None

    @property
    def event(self) -> Event:
        return self.box.events[-1]

    @property
    def failed(self) -> list[Sent]:
        return [one for one in self.sent if one.problem is not None]


def handle(lease: Lease, claimed: Sequence[Claimed], *, now: datetime) -> list[Unit]:
    """Read, compare and send, all of a connection's people together."""
    units: list[Unit] = []
    by_connection: dict[UUID, list[Part]] = {}
    for box in claimed:
        found = _part_of(lease, box)
        if isinstance(found, Part):
            by_connection.setdefault(lanes.connection_of(found.event), []).append(found)
        else:
            units.append(found)
    for connection_id, parts in by_connection.items():
        _tell(lease, connection_id, parts, now=now)
        units += [_unit(connection_id, part, now=now) for part in parts]
    return units


def _part_of(lease: Lease, box: Claimed) -> Part | Unit:
    if not box.events:
        return outcomes.settled_each(box, {})
    candidacy = candidacy_of(box.events[-1])
    if candidacy is None:
        return outcomes.settled(box, outcomes.dead("vanished", "The candidacy this belongs to is gone."))
    keys = frozenset({lanes.person_key(candidacy.person_id)})
    if not leases.take_keys(lease, keys, mailboxes=[box.id]):
        return outcomes.waiting(box)
    candidacy.refresh_from_db()
    stop = stopped(box.events[-1], candidacy)
    return Part(box, candidacy, keys) if stop is None else outcomes.settled(box, stop)


def candidacy_of(event: Event) -> Candidacy | None:
    """Whose standing this tells; None where they are gone."""
    candidacies = Candidacy.objects.of_everyone().select_related(
        "person", "job__connection", "mapping__stage_map", "mapping__job", "mapping__project__connection"
    )
    return candidacies.filter(pk=event.payload.get("candidacy")).first()


def stopped(event: Event, candidacy: Candidacy) -> Outcome | None:
    """Why nobody is told of it; None where LinkedIn is."""
    if is_gone(candidacy):
        return shadow.held(event, candidacy.mapping.project.connection, candidacy)
    if candidacy.state == CandidacyState.ENDED:
        return outcomes.skipped(Reason.ENDED, f"Their candidacy ended: {candidacy.ended_because}.")
    mapping = candidacy.mapping
    if mapping.state == MappingState.ENDED:
        return outcomes.skipped(Reason.ENDED, "The mapping has ended.")
    if mapping.halted_at is not None or mapping.state not in (MappingState.LIVE, MappingState.PILOT):
        return outcomes.held(Reason.PAUSED, "The mapping is stopped.", hold_key=f"mapping:{mapping.pk}")
    return shadow.held(event, mapping.project.connection, candidacy)


def is_gone(candidacy: Candidacy) -> bool:
    """Whether the ATS has the person no more, so that LinkedIn is to forget them, too."""
    return candidacy.person.state in (PersonState.DELETED, PersonState.ERASED)


# --- what the ATS shows


def _tell(lease: Lease, connection_id: UUID, parts: Sequence[Part], *, now: datetime) -> None:
    linkedin = connections.open_publishing(connection_id)
    by_ats: dict[UUID, list[Part]] = {}
    for part in parts:
        by_ats.setdefault(part.candidacy.job.connection_id, []).append(part)
    for ats_id, theirs in by_ats.items():
        _forget_gone(connection_id, [part for part in theirs if is_gone(part.candidacy)])
        if there := [part for part in theirs if not is_gone(part.candidacy)]:
            _read(ats_id, there, now=now)
    for kind in Kind:
        _send(lease, linkedin, connection_id, kind, [part for part in parts if not (part.stop or part.failed)], now=now)


def _forget_gone(connection_id: UUID, parts: Sequence[Part]) -> None:
    """LinkedIn deletes a candidate with their applications, stages and notes; only whom it was told of."""
    for part in parts:
        candidacy = part.candidacy
        gone = Document(Kind.GONE, candidacy.person.remote_id, str(candidacy.generation))
        part.documents = [gone] if sending.is_told(connection_id, Kind.CANDIDATE, gone.record) else []


def _read(ats_id: UUID, parts: Sequence[Part], *, now: datetime) -> None:
    """Give each its documents, or the reason why there are none."""
    ats = connections.open_ats(ats_id)
    said: list[recording.Exchange] = []
    try:
        with recording.exchanges() as said:
            found = reading.applications(
                ats, {part.candidacy.application_id: part.candidacy.person.remote_id for part in parts}
            )
            people = _people(ats, found.values())
            notes = _notes(ats_id, ats, people)
    except errors.SyncError as error:
        shown = [replace(one.bare(), query="").as_json() for one in said]
        tried = [Tried(operation="read", outcome=error.code, detail=error.detail, exchanges=shown)] if said else []
        for part in parts:
            part.stop = replace(drain.of_error(error, now=now), tried=tried)
        return
    moves = _moves(parts)
    tables = {part.candidacy.mapping_id: part.candidacy.mapping for part in parts}
    named = {key: pairs.table_of(mapping) for key, mapping in tables.items()}
    for part in parts:
        application = found.get(part.candidacy.application_id)
        person = people.get(application.person_id) if application is not None else None
        if application is None or person is None:
            part.stop = outcomes.retry("The ATS does not show the application.", cause="not_visible")
        elif person.private:
            part.stop = outcomes.skipped(Reason.IRRELEVANT, "They are private in the ATS: LinkedIn is told nothing.")
        else:
            table = named[part.candidacy.mapping_id]
            standing = _standing(ats, part.candidacy, application, person, table, moves.get(part.candidacy.pk, []))
            theirs = [one for one in notes.get(person.id, ()) if one.application_id in ("", application.id)]
            part.documents = documents.documents_of(replace(standing, notes=theirs))


def _people(ats: contract.Ats, applications: Collection[contract.Application]) -> dict[str, contract.Person]:
    told = {one.person.id: one.person for one in applications if one.person is not None}
    asked = {one.person_id for one in applications} - told.keys()
    return told | {one.id: one for ids in reading.chunks(asked) for one in ats.get_people(ids)}


def _notes(ats_id: UUID, ats: contract.Ats, people: Collection[str]) -> dict[str, list[SharedNote]]:
    """What people wrote about them, where the ATS lets it be read; InMail that was noted is LinkedIn's already."""
    if not ats.capabilities.reads_notes:
        return {}
    reader = connections.open_notes(ats_id)
    found = [one for ids in reading.chunks(people) for one in reader.list_public_notes(ids)]
    names = dict(AtsUser.objects.filter(connection=ats_id).values_list("remote_id", "name"))
    told: dict[str, list[SharedNote]] = {}
    for one in found:
        if one.body.strip() and not threads.is_ours(one.body):
            first, _, last = names.get(one.by_id, ats.capabilities.name).partition(" ")
            note = SharedNote(one.id, one.person_id, one.body, (first, last), one.written_at, one.application_id)
            told.setdefault(one.person_id, []).append(note)
    return told


Move = tuple[int, str, str, datetime]


def _moves(parts: Sequence[Part]) -> dict[UUID, list[Move]]:
    """The moves in the ATS that were noted of each, in their order."""
    rows = Transition.objects.filter(candidacy__in=[part.candidacy.pk for part in parts], side="ats")
    found: dict[UUID, list[Move]] = {}
    for row in rows.order_by("changed_at", "pk"):
        found.setdefault(row.candidacy_id, []).append((row.pk, row.from_value, row.to_value, row.changed_at))
    return found


def _standing(
    ats: contract.Ats,
    candidacy: Candidacy,
    application: contract.Application,
    person: contract.Person,
    table: StageTable,
    moves: Sequence[Move],
) -> Standing:
    profile = candidacy.profiles.order_by("pk").first()
    named = [(number, table.name_of(left), table.name_of(to), at) for number, left, to, at in moves]
    first = table.name_of(candidacy.ats_observed) if candidacy.ats_observed else ""
    return Standing(
        person=person,
        application=application,
        job=candidacy.job.name,
        stages=documents.history(first, application.created_at, named),
        ats_url=ats.deep_link(person_id=person.id, application_id=application.id),
        linkedin_url=profile.url if profile is not None else "",
        member=exports.member_of(profile.remote_id) if profile is not None else "",
    )


# --- what LinkedIn is told


def _send(
    lease: Lease, linkedin: Publishing, connection_id: UUID, kind: Kind, parts: Sequence[Part], *, now: datetime
) -> None:
    """Send what is new of one kind; a candidate who is in two jobs is sent once, for both."""
    owners: dict[str, list[Part]] = {}
    wanted: list[Document] = []
    for part in parts:
        for one in part.documents:
            if one.kind == kind:
                owners.setdefault(one.record, []).append(part)
                wanted.append(one)
    fresh = [(one, owners[one.record][0].event.pk) for one in sending.news(connection_id, wanted)]
    for sent in sending.send(lease, linkedin, connection_id, fresh, now=now):
        for part in owners[sent.document.record]:
            part.sent.append(sent)


def _unit(connection_id: UUID, part: Part, *, now: datetime) -> Unit:
    decide = partial(_settle, connection_id, part, now=now)
    return Unit(mailboxes=frozenset({part.box.id}), keys=part.keys, decide=decide)


def _settle(connection_id: UUID, part: Part, *, now: datetime) -> Decision:
    outcome = part.stop or _outcome(connection_id, part, now=now)
    told = outcome.state in (State.DONE, State.SKIPPED)
    with_it = outcomes.done(TOGETHER) if told else outcomes.superseded("What came later tells it, too.")
    return Decision(outcomes={**{event.pk: with_it for event in part.box.events[:-1]}, part.event.pk: outcome})


TOGETHER = "Told together with what came later."


def _outcome(connection_id: UUID, part: Part, *, now: datetime) -> Outcome:
    tried = [_tried(one) for one in part.sent]
    if not part.sent:
        return outcomes.skipped(Reason.ALREADY_TRUE, "LinkedIn was told all of this before.")
    if not part.failed and is_gone(part.candidacy):
        _forget(connection_id, part.candidacy)
        return outcomes.done("LinkedIn has forgotten them, as the ATS has.", tried=tried)
    if not part.failed:
        return outcomes.done(f"LinkedIn was told: {_counted(part.sent)}.", tried=tried)
    worst = part.failed[0]
    problem = worst.problem
    assert problem is not None
    if isinstance(problem, errors.NotFound):
        _forget(connection_id, part.candidacy)
        why = "LinkedIn does not know what this belongs to any more; it is told all of it anew."
        return outcomes.retry(why, cause=problem.cause, tried=tried)
    outcome = drain.of_error(problem, now=now)
    if isinstance(problem, errors.Rejected | errors.Conflict):
        detail = f"LinkedIn refused the {worst.document.kind}: {problem.detail}"
        outcome = outcomes.dead(problem.cause, detail)
    return replace(outcome, tried=tried)


def _forget(connection_id: UUID, candidacy: Candidacy) -> None:
    sending.forget(connection_id, candidate=candidacy.person.remote_id, application=candidacy.application_id)


def _counted(sent: Sequence[Sent]) -> str:
    """Such as: candidate, application, 2 stages."""
    counts = Counter(one.document.kind for one in sent)
    return ", ".join(f"{count} {kind}s" if count > 1 else str(kind) for kind, count in counts.items())


def _tried(one: Sent) -> Tried:
    """The request as this person's readers may see it: bodies only where nobody else was in it (rule 30)."""
    alone = one.together == 1
    shown = [(each if alone else replace(each.bare(), query="")).as_json() for each in one.exchanges]
    return Tried(
        operation=f"put_{one.document.kind}",
        outcome="done" if one.problem is None else one.problem.code,
        detail=one.problem.detail if one.problem is not None else f"{one.together} records in one request",
        seconds=sum(each.seconds for each in one.exchanges),
        exchanges=shown,
    )
