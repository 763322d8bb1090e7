"""Handler `hook`: something changed in the ATS. Read it again, then plan from what is there now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import QuerySet

from apps.candidates import services as candidates
from apps.candidates.models import Candidacy, CandidacyState, Identity, Person, PersonState, Tombstone
from apps.candidates.rules import Key, lease_keys
from apps.connections import selectors as budgets
from apps.connections import services as connections
from apps.core import errors
from apps.ledger import drain, leases, outcomes
from apps.ledger import services as ledger
from apps.ledger.leases import Claimed, Lease
from apps.ledger.models import Event
from apps.ledger.outcomes import Decision, Outcome, Tried, Unit
from apps.ledger.services import NewEvent
from apps.ledger.states import Priority, Reason, State
from apps.mappings.rules import HIRED, REJECTED
from apps.notifications import announce
from apps.providers import contract, recording
from apps.sync import lanes, pairs, publishing, takeover
from apps.sync.seen import LOOKS, Seen, named_people, read_again, tries_of

MERGE_MAY_FOLLOW = timedelta(minutes=10)
"""A deletion waits this long for the merge that may explain it (rule 22)."""


def handle(lease: Lease, claimed: Sequence[Claimed], *, now: datetime) -> list[Unit]:
    """Lease the people concerned, read them again in one go per connection, plan each."""
    units: list[Unit] = []
    ready: dict[UUID, list[tuple[Claimed, frozenset[str]]]] = {}
    later: dict[UUID, datetime] = {}
    for box in claimed:
        connection_id = box.events[0].connection if box.events else None
        if connection_id is None:
            units.append(outcomes.settled(box, outcomes.dead("malformed", "The event names no connection.")))
            continue
        if connection_id not in later:
            later[connection_id] = _read_at(connection_id, lease, now=now)
        if later[connection_id] > now:
            again = outcomes.put_back("Read together with what comes meanwhile.", due_at=later[connection_id])
            units.append(outcomes.settled(box, again))
            continue
        keys = _lease_keys(box, connection_id)
        if leases.take_keys(lease, keys, mailboxes=[box.id]):
            ready.setdefault(connection_id, []).append((box, keys))
        else:
            units.append(outcomes.waiting(box))
    for connection_id, boxes in ready.items():
        units += _read_and_plan(connection_id, boxes, now=now)
    return units


def _read_and_plan(
    connection_id: UUID, boxes: Sequence[tuple[Claimed, frozenset[str]]], *, now: datetime
) -> list[Unit]:
    events = [event for box, _ in boxes for event in box.events]
    said: list[recording.Exchange] = []
    try:
        with recording.exchanges() as said:
            seen = read_again(connection_id, connections.open_ats(connection_id), events)
    except errors.SyncError as error:
        outcome = drain.of_error(error, now=now)
        if outcome.state == State.DEAD and len(boxes) > 1:
            raise
        tries = tries_of(events, said, alone=len(boxes) == 1, outcome=error.code, detail=error.detail)
        return [
            outcomes.settled_each(box, {event.pk: replace(outcome, tried=tries[event.pk]) for event in box.events})
            for box, _ in boxes
        ]
    tries = tries_of(events, said, alone=len(boxes) == 1)
    return [_unit(box, keys, seen, tries, now=now) for box, keys in boxes]


CALLS_A_READ = 2
"""Applications and their history; people only where they are named."""


def _read_at(connection_id: UUID, lease: Lease, *, now: datetime) -> datetime:
    """When a batch is read: at once, unless changes come so fast that a short window would be spent early."""
    if lease.priority == Priority.INTERACTIVE:
        return now
    if lease.priority < Priority.BACKFILL:
        return budgets.changes_fit_at(connection_id, calls=CALLS_A_READ, now=now)
    wanted = CALLS_A_READ + 1
    return now if budgets.room_for_bulk(connection_id, now=now, most=wanted) == wanted else now + BULK_WAITS


BULK_WAITS = timedelta(seconds=2)


def _lease_keys(box: Claimed, connection_id: UUID) -> frozenset[str]:
    remote = {value for event in box.events for value in named_people(event) if value}
    applications = {event.payload.get("application_id", "") for event in box.events} - {""}
    people = set(
        Person.objects.filter(connection_id=connection_id, remote_id__in=remote).values_list("pk", flat=True)
    ) | set(
        Candidacy.objects.of_everyone()
        .filter(job__connection_id=connection_id, application_id__in=applications)
        .values_list("person_id", flat=True)
    )
    keys = {lanes.person_key(person) for person in people}
    for identity in Identity.objects.filter(person__in=people, person__state=PersonState.ACTIVE):
        keys |= lease_keys(connection_id, [Key(identity.kind, identity.value)])
    return frozenset(keys | {f"ats_person:{connection_id}:{value}" for value in remote})


def _unit(
    box: Claimed, keys: frozenset[str], seen: Seen, tries: Mapping[int, Sequence[Tried]], *, now: datetime
) -> Unit:
    def decide() -> Decision:
        outcome_of: dict[int, Outcome] = {}
        follow: list[NewEvent] = []
        for event in box.events:
            result = plan_hook(event, seen, now=now)
            outcome_of[event.pk] = replace(result.outcome, tried=[*tries[event.pk], *result.outcome.tried])
            follow += result.follow
        return Decision(outcomes=outcome_of, follow=follow)

    return Unit(mailboxes=frozenset({box.id}), keys=keys, decide=decide)


def plan_hook(event: Event, seen: Seen, *, now: datetime) -> pairs.Result:
    """One delivery, inside the settling transaction."""
    candidates.index_people(connection_id=lanes.connection_of(event), people=seen.people.values())
    match event.kind:
        case "hook.merged":
            return _merged(event, seen, now=now)
        case "hook.deleted":
            return _deleted(event, seen, now=now)
        case "hook.application_deleted":
            return _application_deleted(event, seen, now=now)
    return _refreshed(event, seen, now=now)


def _refreshed(event: Event, seen: Seen, *, now: datetime) -> pairs.Result:
    application_id, person_id = event.payload.get("application_id", ""), event.payload.get("person_id", "")
    merged = _merged_unsaid(event, seen)
    if merged is not None:
        return merged
    unseen = person_id not in seen.people and application_id not in seen.applications
    gone = _gone(event) if person_id and unseen else None
    if gone is not None:
        return pairs.Result(gone)
    if application_id and application_id not in seen.applications:
        if event.attempts >= LOOKS and not _is_ours(event):
            return pairs.Result(outcomes.skipped(Reason.STALE, "The ATS does not show it, and nobody here needs it."))
        return pairs.Result(seen.not_yet(f"application {application_id}", event, now=now))
    if not application_id and person_id not in seen.people:
        if event.attempts >= LOOKS and not _is_ours(event):
            return pairs.Result(outcomes.skipped(Reason.STALE, "The ATS does not show them, and nobody here needs it."))
        return pairs.Result(seen.not_yet(f"person {person_id}", event, now=now))
    named = [seen.applications[application_id]] if application_id else seen.of_person(person_id)
    if not named and event.payload.get("expects_application"):
        return pairs.Result(seen.not_yet("the new application", event, now=now))
    results = [result for found in named if (result := _see(event, found, seen, now=now)) is not None]
    if results and seen.other_jobs:
        results += takeover.show_the_furthest(event, named[0].person_id, now=now)
    if not results:
        return pairs.Result(outcomes.skipped(Reason.IRRELEVANT, "Nobody in a mapped Project; noted in the index."))
    return pairs.worst(results)


def _merged_unsaid(event: Event, seen: Seen) -> pairs.Result | None:
    """An application of ours that somebody else has now: its people were merged, and no event says so."""
    application_id, person_id = event.payload.get("application_id", ""), event.payload.get("person_id", "")
    connection_id = lanes.connection_of(event)
    ours = Candidacy.objects.of_everyone().filter(job__connection_id=connection_id).exclude(person__remote_id="")
    named = ours.filter(application_id=application_id) if application_id else ours.filter(person__remote_id=person_id)
    for candidacy in named.filter(application_id__in=seen.applications).select_related("person"):
        loser, survivor = candidacy.person.remote_id, seen.applications[candidacy.application_id].person_id
        if loser != survivor and loser not in seen.people:
            merge = lanes.merged_person(connection_id, loser, survivor, caused_by=event.pk)
            why = f"The ATS shows their application as {survivor}'s now: the two were merged there."
            return pairs.Result(outcomes.done(why, subject=lanes.subject(candidacy.person_id)), [merge])
    return None


def _gone(event: Event) -> Outcome | None:
    """What a read that found nobody means where a deletion is known, or waits for the merge that explains it."""
    connection_id, person_id = lanes.connection_of(event), event.payload["person_id"]
    person = Person.objects.filter(connection_id=connection_id, remote_id=person_id).first()
    if person is not None and person.state != PersonState.ACTIVE:
        why = f"They were {person.state} in the ATS; nothing is written for them any more."
        return outcomes.skipped(Reason.ENDED, why, subject=lanes.subject(person.pk))
    deletion = _unexplained(connection_id, person_id).filter(kind="hook.deleted").first()
    if deletion is None:
        return None
    why = "The ATS says that they were deleted; this waits for the merge that may explain it."
    return outcomes.held(Reason.UNCERTAIN, why, hold_key=ledger.TIMER, due_at=deletion.due_at)


def _unexplained(connection_id: UUID, person_id: str) -> QuerySet[Event]:
    """What waits for a merge to say where this person went."""
    held = Event.objects.filter(hold_key=ledger.TIMER, state=State.HELD, reason=Reason.UNCERTAIN)
    return held.filter(connection=connection_id, kind__startswith="hook.", payload__person_id=person_id)


def _is_ours(event: Event) -> bool:
    connection_id = lanes.connection_of(event)
    candidacies = Candidacy.objects.of_everyone().filter(job__connection_id=connection_id)
    application_id, person_id = event.payload.get("application_id", ""), event.payload.get("person_id", "")
    if application_id and candidacies.filter(application_id=application_id).exists():
        return True
    return bool(person_id) and candidacies.filter(person__remote_id=person_id).exists()


def _see(event: Event, found: contract.Application, seen: Seen, *, now: datetime) -> pairs.Result | None:
    candidacy = _candidacy_of(event, found)
    if candidacy is None and seen.other_jobs:
        candidacy = takeover.take_up(event, found, now=now)
    if candidacy is None:
        return None
    if candidacy.state == CandidacyState.ENDED and candidacy.ended_because in candidates.FOR_GOOD:
        return pairs.Result(outcomes.skipped(Reason.ENDED, f"Their candidacy ended: {candidacy.ended_because}."))
    if not candidacy.application_id:
        candidacy.application_id = found.id
        candidacy.in_ats_at = candidacy.in_ats_at or now
        candidacy.save(update_fields=["application_id", "in_ats_at"])
    if found.owner_id and candidacy.owner != found.owner_id:
        candidacy.owner = found.owner_id
        candidacy.save(update_fields=["owner"])
    _record_history(candidacy, seen.changes.get(found.id, ()), event)
    return pairs.observe_application(
        candidacy,
        value=value_of(found),
        changed_at=_changed_at(found, seen),
        event=event,
        now=now,
        name=_name_of(found),
    )


def _record_history(candidacy: Candidacy, changes: Sequence[contract.StageChange], event: Event) -> None:
    """Moves that came and went between two reads are transitions too (rule 12); our own are not."""
    since = candidacy.ats_changed_at
    if since is None:
        return
    ours = {candidacy.ats_observed, *candidacy.ats_sent}
    before = candidacy.ats_observed
    for change in sorted(changes, key=lambda change: change.entered_at):
        if change.entered_at > since and change.stage_id not in ours and not change.current:
            candidates.record_transition(
                candidacy=candidacy,
                side="ats",
                from_value=before,
                to_value=change.stage_id,
                changed_at=change.entered_at,
                event_id=event.pk,
            )
            before = change.stage_id


def _candidacy_of(event: Event, found: contract.Application) -> Candidacy | None:
    candidacies = (
        Candidacy.objects.of_everyone()
        .filter(job__connection_id=lanes.connection_of(event))
        .select_related("mapping__stage_map", "mapping__job", "mapping__project__connection", "job", "person")
    )
    known = candidacies.filter(application_id=found.id).first()
    if known is not None:
        return known
    return candidacies.filter(person__remote_id=found.person_id, job__remote_id=found.job_id, application_id="").first()


def value_of(application: contract.Application) -> str:
    """An application's stage as the engine compares it."""
    match application.status:
        case contract.ApplicationStatus.REJECTED:
            return REJECTED
        case contract.ApplicationStatus.HIRED:
            return HIRED
    return application.stage_id


def _name_of(application: contract.Application) -> str:
    return application.stage_name if value_of(application) == application.stage_id else ""


def _changed_at(found: contract.Application, seen: Seen) -> datetime | None:
    """When they came to the stage that was read: the history is read a moment later, and may be a move ahead."""
    changes = seen.changes.get(found.id, ())
    here = [change.entered_at for change in changes if change.stage_id == value_of(found)]
    return max(here or [change.entered_at for change in changes if change.current], default=found.updated_at)


def _merged(event: Event, seen: Seen, *, now: datetime) -> pairs.Result:
    connection_id = lanes.connection_of(event)
    loser = Person.objects.filter(connection_id=connection_id, remote_id=event.payload["person_id"]).first()
    survivor_id = event.payload["survivor_id"]
    if loser is None or loser.state == PersonState.MERGED:
        candidates.forget_index(connection_id=connection_id, remote_person_id=event.payload["person_id"])
        return pairs.Result(outcomes.skipped(Reason.IRRELEVANT, "Nobody here was merged; the index follows."))
    there = seen.people.get(survivor_id)
    survivor, _ = Person.objects.get_or_create(
        connection_id=connection_id,
        remote_id=survivor_id,
        defaults={
            "first_name": there.first_name if there else loser.first_name,
            "last_name": there.last_name if there else loser.last_name,
            "first_seen_at": now,
        },
    )
    candidates.follow_merge(loser=loser, survivor=survivor)
    for candidacy in Candidacy.objects.of_everyone().filter(person=survivor).select_related("job"):
        _go_on_with_what_is_left(candidacy, seen)
    waited = _unexplained(connection_id, loser.remote_id).values_list("pk", flat=True)
    ledger.release_held(ids=list(waited), now=now)
    refresh = lanes.refresh_person(connection_id, survivor_id, caused_by=event)
    return pairs.Result(
        outcomes.done(f"Merged in the ATS; {survivor_id} is followed from now on.", subject=lanes.subject(survivor.pk)),
        [refresh, *announce.merged_event(survivor, caused_by=event.pk)],
    )


def _deleted(event: Event, seen: Seen, *, now: datetime) -> pairs.Result:
    connection_id, person_id = lanes.connection_of(event), event.payload["person_id"]
    person = Person.objects.filter(connection_id=connection_id, remote_id=person_id).first()
    if person is None or person.state != PersonState.ACTIVE:
        candidates.forget_index(connection_id=connection_id, remote_person_id=person_id)
        return pairs.Result(outcomes.skipped(Reason.IRRELEVANT, "Nobody here was deleted; the index follows."))
    if person_id in seen.people:
        return pairs.Result(outcomes.skipped(Reason.STALE, "The ATS still has this person."))
    explained_at = event.arrived_at + MERGE_MAY_FOLLOW
    if now < explained_at and not event.payload.get("certain"):
        why = "Deleted in the ATS; ten minutes are left for a merge to explain it."
        return pairs.Result(
            outcomes.held(
                Reason.UNCERTAIN, why, hold_key=ledger.TIMER, due_at=explained_at, subject=lanes.subject(person.pk)
            )
        )
    return _bury(person, event, "Deleted in the ATS; no poll brings them back.", now=now)


def _bury(person: Person, event: Event, why: str, *, now: datetime) -> pairs.Result:
    candidates.bury_person(person=person, why="deleted", now=now)
    outcome = outcomes.done(why, subject=lanes.subject(person.pk))
    return pairs.Result(outcome, publishing.forgetting(person, event, now=now))


def _application_deleted(event: Event, seen: Seen, *, now: datetime) -> pairs.Result:
    application_id = event.payload["application_id"]
    candidacies = Candidacy.objects.of_everyone().filter(job__connection_id=lanes.connection_of(event))
    candidacy = candidacies.filter(application_id=application_id).select_related("job", "person").first()
    if candidacy is None:
        return pairs.Result(outcomes.skipped(Reason.IRRELEVANT, "Nobody in a mapped Project."))
    if application_id in seen.applications:
        return pairs.Result(outcomes.skipped(Reason.STALE, "The ATS still has this application."))
    person = candidacy.person
    explained_at = event.arrived_at + MERGE_MAY_FOLLOW
    if person.remote_id not in seen.people and person.state == PersonState.ACTIVE and now < explained_at:
        why = "Taken off the job, and the person is gone too; ten minutes are left for a merge to explain it."
        return pairs.Result(
            outcomes.held(
                Reason.UNCERTAIN, why, hold_key=ledger.TIMER, due_at=explained_at, subject=lanes.subject(person.pk)
            )
        )
    if _go_on_with_what_is_left(candidacy, seen):
        refresh = lanes.refresh_person(candidacy.job.connection_id, person.remote_id, caused_by=event)
        why = "One of two applications for the job is gone; the other is followed from now on."
        return pairs.Result(outcomes.done(why, subject=lanes.subject(person.pk)), [refresh])
    if person.remote_id not in seen.people and person.state == PersonState.ACTIVE:
        return _bury(person, event, "Deleted there with their last application; no poll brings them back.", now=now)
    candidacy.state, candidacy.ended_because = CandidacyState.ENDED, "deleted"
    candidacy.save(update_fields=["state", "ended_because"])
    Tombstone.objects.bulk_create(
        [
            Tombstone(
                connection_id=candidacy.job.connection_id,
                key=Key(identity.kind, identity.value).lease,
                job=candidacy.job.remote_id,
                why="deleted",
                at=now,
            )
            for identity in candidacy.person.identities.all()
        ],
        ignore_conflicts=True,
    )
    return pairs.Result(outcomes.done("Taken off the job in the ATS; no poll brings them back to it."))


def _go_on_with_what_is_left(candidacy: Candidacy, seen: Seen) -> bool:
    """Follow the person's other application for the job where ours is gone: a merge keeps one of two."""
    there = preferred(seen.of_person(candidacy.person.remote_id), job_id=candidacy.job.remote_id)
    if there is None or not candidacy.application_id or candidacy.application_id in seen.applications:
        return False
    candidacy.application_id = there.id
    candidacy.save(update_fields=["application_id"])
    return True


def preferred(applications: Sequence[contract.Application], *, job_id: str) -> contract.Application | None:
    """Of a person's applications for a job the one to follow: an active one, else the oldest."""
    mine = [found for found in applications if found.job_id == job_id]
    return min(mine, key=lambda found: (found.status != contract.ApplicationStatus.ACTIVE, found.id), default=None)
