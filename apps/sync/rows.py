"""Handler `row`: what a LinkedIn profile row means for its candidacy. No network: desires are committed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from apps.candidates import identities
from apps.candidates import services as candidates
from apps.candidates.models import Candidacy, CandidacyState, Identity, Person, Profile
from apps.candidates.rules import Key, lease_keys
from apps.ledger import leases, outcomes
from apps.ledger.leases import Claimed, Lease
from apps.ledger.models import Event
from apps.ledger.outcomes import Decision, Outcome, Unit
from apps.ledger.services import NewEvent
from apps.ledger.states import Priority, Reason, priority_after
from apps.mappings.models import Mapping, MappingState
from apps.notifications import announce
from apps.providers import contract
from apps.sync import inmail, lanes, pairs, plan, wire
from apps.sync.models import Stream, StreamName
from apps.sync.pairs import Result


def handle(lease: Lease, claimed: Sequence[Claimed], *, now: datetime) -> list[Unit]:
    """Plan each profile's rows in order, under the leases of the person and of their identity keys."""
    units = []
    for box in claimed:
        try:
            keys = _lease_keys(box)
        except (KeyError, ValueError) as problem:
            detail = f"The stored row cannot be read as a profile: {problem}. Edit the payload and replay."
            units.append(outcomes.settled(box, outcomes.dead("malformed", detail)))
            continue
        if leases.take_keys(lease, keys, mailboxes=[box.id]):
            units.append(_unit(box, keys, now=now))
        else:
            units.append(outcomes.waiting(box))
    return units


def _lease_keys(box: Claimed) -> frozenset[str]:
    taken: set[str] = set()
    for event in box.events:
        profile = wire.profile_from_payload(event.payload)
        for mapping in _mappings_of(event, profile):
            connection_id = mapping.job.connection_id
            keys = candidates.keys_of_profile(profile)
            taken |= lease_keys(connection_id, keys)
            taken |= {lanes.person_key(person) for person in _known_people(connection_id, keys)}
    return frozenset(taken)


def _known_people(connection_id: UUID, keys: Sequence[Key]) -> list[UUID]:
    known = Identity.objects.filter(connection_id=connection_id, value__in=[key.value for key in keys])
    return [identities.survivor_of(identity.person).pk for identity in known.select_related("person")]


def _mappings_of(event: Event, profile: contract.Profile) -> list[Mapping]:
    mappings = Mapping.objects.of_everyone().filter(
        project__connection_id=lanes.connection_of(event), project__remote_id=profile.project, leading=True
    )
    return list(
        mappings.exclude(state=MappingState.ENDED).select_related("project", "job__connection", "stage_map", "client")
    )


def _unit(box: Claimed, keys: frozenset[str], *, now: datetime) -> Unit:
    def decide() -> Decision:
        results: dict[int, Result] = {}
        for event in box.events:
            results[event.pk] = result = plan_row(event, now=now)
            if any(pairs.is_ending(write) for write in result.follow):
                break  # once it is stored, what comes next is planned behind it (rule 12)
        return Decision(
            outcomes={pk: result.outcome for pk, result in results.items()},
            follow=[event for result in results.values() for event in result.follow],
        )

    return Unit(mailboxes=frozenset({box.id}), keys=keys, decide=decide)


BEFORE_LIVE = {
    MappingState.DRAFT: (Reason.NOT_LIVE, "The mapping of this Project is a draft."),
    MappingState.SHADOW: (Reason.SHADOW, "The mapping is in shadow: planned, not written."),
}


RESTARTABLE = ("left", "rejected", "closed")
"""Ends after which a person's re-add starts the candidacy again (rule 16)."""


def plan_row(event: Event, *, now: datetime) -> Result:
    """One row of the delta poll, inside the settling transaction."""
    seen = wire.profile_from_payload(event.payload)
    mapping = next(iter(_mappings_of(event, seen)), None)
    if mapping is None:
        why = "No job is mapped to this Project. Map it, then its people are asked about."
        return Result(outcomes.skipped(Reason.IRRELEVANT, why))
    clients = (mapping.client_id,)
    if mapping.state in BEFORE_LIVE:
        reason, why = BEFORE_LIVE[MappingState(mapping.state)]
        return Result(outcomes.skipped(reason, why, clients=clients, plan=_would(mapping, seen)))
    if mapping.state == MappingState.PAUSED or mapping.halted_at is not None:
        reason = Reason.HALT if mapping.halted_at else Reason.PAUSED
        why = mapping.job.why_shut or "The mapping is stopped; this goes on when it is started again."
        return Result(outcomes.held(reason, why, hold_key=f"mapping:{mapping.pk}", clients=clients))
    profile = Profile.objects.filter(connection_id=lanes.connection_of(event), remote_id=seen.id).first()
    if profile is not None and profile.seen_at is not None and seen.modified_at < profile.seen_at:
        return Result(outcomes.skipped(Reason.STALE, "A newer row of this profile was handled.", clients=clients))
    if profile is None or profile.candidacy is None:
        if _is_left_alone(event, seen, mapping):
            why = "They were in the Project before its mapping began, and those were left alone. Sync them from here."
            return Result(outcomes.skipped(Reason.NOT_LIVE, why, clients=clients))
        return _arrive(event, seen, profile, mapping, now=now)
    return _changed(event, seen, profile, profile.candidacy, now=now)


def _is_left_alone(event: Event, seen: contract.Profile, mapping: Mapping) -> bool:
    """Whether somebody was there before a mapping that began with the new ones, and nobody asked for them since."""
    if mapping.begins_at is None or seen.added_at >= mapping.begins_at:
        return False
    asked = event.payload.get(announce.MUTED) or (
        event.caused_by is not None and event.caused_by.kind == "look.profile"
    )
    return not asked


def _would(mapping: Mapping, seen: contract.Profile) -> dict[str, object]:
    """What a mapping that does not write yet would have done: into the ATS, at the stage that its map says."""
    table = pairs.table_of(mapping)
    row = table.target_of(seen.stage)
    return {"stage": seen.stage, "value": row.ats if row else "", "map_version": table.version}


def _arrive(
    event: Event, seen: contract.Profile, profile: Profile | None, mapping: Mapping, *, now: datetime
) -> Result:
    clients = (mapping.client_id,)
    if seen.removed:
        return Result(outcomes.skipped(Reason.ENDED, "Taken out of the Project before it was synced.", clients=clients))
    connection_id = mapping.job.connection_id
    index = Stream.objects.filter(connection_id=connection_id, name=StreamName.PEOPLE, complete_at__isnull=False)
    if not index.exists():
        why = "The index of the ATS's people is still being read; nobody is created before it is complete."
        return Result(outcomes.held(Reason.INDEX, why, hold_key=lanes.index_hold(connection_id), clients=clients))
    keys = candidates.keys_of_profile(seen)
    if not keys:
        why = "The profile has neither a public address nor a member id; it cannot be told from others."
        return Result(outcomes.held(Reason.PERSON, why, clients=clients))
    facts = identities.facts_of_profile(seen, keys)
    found = candidates.find_person(connection_id=connection_id, seen=facts, job=mapping.job.remote_id)
    if found.buried:
        why = f"This person was {found.buried} in the ATS. Only a person here can bring them back."
        return Result(outcomes.held(Reason.PERSON, why, clients=clients))
    person = candidates.ensure_person(connection_id=connection_id, found=found, profile=seen, keys=keys, now=now)
    candidacy = candidates.ensure_candidacy(person=person, mapping=mapping, profile=seen)
    profile = _store(event, seen, profile, mapping, candidacy)
    result = _set_out(event, candidacy, profile, now=now)
    result.follow += inmail.earlier_messages(
        lanes.connection_of(event), seen.member, candidacy=candidacy, caused_by=event.pk
    )
    result.follow += announce.meeting_event(candidacy, caused_by=event.pk)
    return result


def _store(
    event: Event, seen: contract.Profile, profile: Profile | None, mapping: Mapping, candidacy: Candidacy
) -> Profile:
    values = {
        "project": mapping.project,
        "candidacy": candidacy,
        "url": seen.url,
        "added_by": seen.added_by,
        "removed": seen.removed,
        "observed": seen.stage,
        "changed_at": seen.stage_changed_at,
        "seen_at": seen.modified_at,
    }
    stored, _ = Profile.objects.update_or_create(
        connection_id=lanes.connection_of(event), remote_id=profile.remote_id if profile else seen.id, defaults=values
    )
    return stored


def _set_out(event: Event, candidacy: Candidacy, profile: Profile, *, now: datetime) -> Result:
    """Bring the candidacy into the ATS: create the person, attach the application, or only agree."""
    common = {"clients": (candidacy.client_id,), "subject": lanes.subject(candidacy.person_id)}
    if candidacy.state == CandidacyState.ENDED:
        if candidacy.ended_because not in RESTARTABLE:
            why = f"Their candidacy ended ({candidacy.ended_because}); only a person here starts it again."
            return Result(outcomes.skipped(Reason.ENDED, why, **common))
        candidates.restart(candidacy=candidacy)
    if not candidacy.application_id:
        return Result(outcomes.done("To be brought into the ATS.", **common), [into_ats(candidacy, event)])
    if not profile.observed:
        return pairs.mirrored(candidacy, event, "They are in the ATS; LinkedIn is told how they stand.", now=now)
    table = pairs.table_of(candidacy.mapping)
    decided = plan.meet(pairs.pair_of(candidacy, profile), table, ours=False)
    return pairs.apply(decided, candidacy=candidacy, profile=profile, table=table, event=event, now=now)


def into_ats(candidacy: Candidacy, event: Event) -> NewEvent:
    """The create (or attach) of a candidacy: once per generation, ordered by person."""
    person: Person = candidacy.person
    connection_id = person.connection_id
    gate = lanes.connection_gate(connection_id)
    return NewEvent(
        kind="write.arrive",
        mailbox=f"write:person:{person.pk}",
        gate=gate,
        turn=lanes.turn(gate, candidacy.client_id),
        priority=priority_after(event.priority, Priority.NEW_CANDIDATE),
        connection=connection_id,
        clients=(candidacy.client_id,),
        subject=lanes.subject(person.pk),
        payload={"candidacy": str(candidacy.pk), "generation": candidacy.generation},
        dedupe=f"arrive:{candidacy.pk}:{candidacy.generation}",
        caused_by=event.pk,
    )


def _changed(event: Event, seen: contract.Profile, profile: Profile, candidacy: Candidacy, *, now: datetime) -> Result:
    common = {"clients": (candidacy.client_id,), "subject": lanes.subject(candidacy.person_id)}
    was_removed = profile.removed
    profile.removed, profile.seen_at, profile.url = seen.removed, seen.modified_at, seen.url
    identities.note(person=candidacy.person, keys=candidates.keys_of_profile(seen), source="linkedin", now=now)
    if candidacy.state == CandidacyState.ENDED and candidacy.ended_because not in RESTARTABLE:
        profile.save()
        why = f"Their candidacy ended ({candidacy.ended_because}); only a person here starts it again."
        return Result(outcomes.skipped(Reason.ENDED, why, **common))
    if seen.removed:
        return Result(_left(candidacy, profile, **common))
    if was_removed or not seen.stage:  # an export is a re-add: it says that somebody wants them, and of no stage
        profile.observed, profile.changed_at = seen.stage, seen.stage_changed_at
        profile.save()
        return _set_out(event, candidacy, profile, now=now)
    if not candidacy.application_id:
        profile.observed, profile.changed_at = seen.stage, seen.stage_changed_at
        profile.save()
        return Result(outcomes.done("Noted; the application is on its way.", **common))
    if pairs.is_earlier_write(profile, seen.stage, seen.stage_changed_at):
        profile.save(update_fields=["removed", "seen_at", "url"])
        why = "SyncPortal had written this stage, and another since: the row was read in between."
        return Result(outcomes.skipped(Reason.ECHO, why, **common))
    table = pairs.table_of(candidacy.mapping)
    before = profile.observed
    decided = plan.see_linkedin(
        pairs.pair_of(candidacy, profile), seen.stage, seen.stage_changed_at, table, pairs.policy_of(candidacy.mapping)
    )
    decided = plan.ask_before_ending(decided, profiles=candidacy.profiles.filter(removed=False).count())
    if decided.transition:
        candidates.record_transition(
            candidacy=candidacy,
            side="linkedin",
            from_value=before,
            to_value=seen.stage,
            changed_at=seen.stage_changed_at,
            event_id=event.pk,
        )
    profile.observed, profile.changed_at = seen.stage, seen.stage_changed_at
    return pairs.apply(decided, candidacy=candidacy, profile=profile, table=table, event=event, now=now)


def _left(candidacy: Candidacy, profile: Profile, **common: object) -> Outcome:
    profile.save()
    if not candidacy.profiles.filter(removed=False).exists() and candidacy.state == CandidacyState.OPEN:
        candidacy.state, candidacy.ended_because = CandidacyState.ENDED, "left"
        candidacy.save(update_fields=["state", "ended_because"])
    return outcomes.done("Taken out of the Project; the ATS is left as it is.", **common)
