"""Between the rows of a candidacy and the planner: load a pair, apply what was decided.

Everything here runs inside a settling transaction, under the person's lease.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from django.db.models import QuerySet

from apps.candidates import services as candidates
from apps.candidates.models import Candidacy, Profile
from apps.connections import selectors as connections
from apps.ledger import outcomes
from apps.ledger import services as ledger
from apps.ledger.models import Event
from apps.ledger.outcomes import Outcome
from apps.ledger.services import NewEvent
from apps.ledger.states import OPEN, Priority, Reason, State, priority_after
from apps.mappings.models import JobStage, Mapping
from apps.mappings.rules import TERMINAL, StageTable, rows_from_json
from apps.sync import lanes, pacing, plan, polls, publishing
from apps.sync.models import StreamName
from apps.sync.plan import Decided, Pair, Side, Verdict


@dataclass(slots=True)
class Result:
    """The outcome of an event that was planned, and the events that follow from it."""

    outcome: Outcome
    follow: list[NewEvent] = field(default_factory=list)


def table_of(mapping: Mapping) -> StageTable:
    """The newest version of a mapping's stage map, with the job's stage order."""
    version = mapping.stage_map.versions.order_by("-number").first()
    stages = JobStage.objects.filter(connection_id=mapping.job.connection_id, scope__in=["", mapping.job.remote_id])
    order = {stage.remote_id: stage.order for stage in stages}
    names = {stage.remote_id: stage.name for stage in stages}
    if version is None:
        return StageTable(version=0, rows=(), order=order, names=names)
    return StageTable(version=version.pk, rows=rows_from_json(version.rows), order=order, names=names)


def policy_of(mapping: Mapping) -> plan.Policy:
    """How a conflict of this mapping is decided; the ATS's clock is as fine as its provider says (rule 13)."""
    resolution = connections.capabilities_of(mapping.job.connection).change_time
    return plan.Policy(
        name=mapping.policy,
        resolution=resolution,
        linkedin_ahead=timedelta(seconds=mapping.project.connection.clock_ahead),
        ats_ahead=timedelta(seconds=mapping.job.connection.clock_ahead),
    )


def pair_of(candidacy: Candidacy, profile: Profile) -> Pair:
    return Pair(
        linkedin=Side(profile.observed, profile.changed_at, profile.desired, tuple(profile.sent)),
        ats=Side(candidacy.ats_observed, candidacy.ats_changed_at, candidacy.ats_desired, tuple(candidacy.ats_sent)),
        agreed_linkedin=profile.agreed_linkedin,
        agreed_ats=profile.agreed_ats,
        asked=candidacy.conflict,
        asked_map=candidacy.conflict_map,
    )


def apply(
    decided: Decided,
    *,
    candidacy: Candidacy,
    profile: Profile,
    table: StageTable,
    event: Event,
    now: datetime,
    by_person: bool = False,
) -> Result:
    """Write a decision on one pair to its rows; the caller has stored what was observed. `by_person`: somebody
    chose it on a page, so that it is neither held nor planned again by what it ends."""
    follow: list[NewEvent] = []
    if not by_person:
        decided = plan.calm(decided, written=_written_lately(decided, candidacy, profile, now=now))
    if decided.drop_linkedin:
        profile.desired, profile.desired_version = "", profile.desired_version + 1
    if decided.drop_ats:
        drop_endings(candidacy)
        candidacy.ats_desired, candidacy.ats_desired_version = "", candidacy.ats_desired_version + 1
    if decided.agreed is not None:
        agree(candidacy, profile, *decided.agreed, map_version=table.version)
    if decided.write_ats:
        _keep_ending(candidacy, by_person=by_person)
        candidacy.ats_desired, candidacy.ats_desired_version = decided.write_ats, candidacy.ats_desired_version + 1
        follow.append(ats_write(candidacy, profile, event))
    if decided.write_linkedin and profile.desired != decided.write_linkedin:
        profile.desired, profile.desired_version = decided.write_linkedin, profile.desired_version + 1
        follow.append(linkedin_write(candidacy, profile, event, now=now))
    candidacy.conflict = _conflict_after(decided, candidacy, profile, table)
    candidacy.conflict_map = table.version if candidacy.conflict else 0
    candidacy.save()
    profile.save()
    if decided.verdict not in (Verdict.CONFLICT, Verdict.UNMAPPED) and not by_person:
        _plan_held_again(candidacy, now=now)
    return Result(_outcome(decided, candidacy, table), follow)


def _conflict_after(decided: Decided, candidacy: Candidacy, profile: Profile, table: StageTable) -> str:
    """What is left to be said about this pair: what we wanted answers no question, unless the two stages fit again."""
    if decided.verdict in (Verdict.CONFLICT, Verdict.REFUSED):
        return decided.why
    as_wanted = decided.verdict in (Verdict.ECHO, Verdict.ALREADY_TRUE)
    fits = table.allows(profile.observed, candidacy.ats_observed)
    return candidacy.conflict if as_wanted and not fits else ""


def _written_lately(decided: Decided, candidacy: Candidacy, profile: Profile, *, now: datetime) -> int:
    """How often the write that was decided was wanted a short while ago."""
    kind, mailbox = ats_box(candidacy) if decided.write_ats else linkedin_box(profile)
    value = decided.write_ats or decided.write_linkedin
    made = Event.objects.filter(mailbox__key=mailbox, kind=kind, arrived_at__gt=now - plan.FLIP_TIME)
    return made.filter(payload__value=value).count() if value else 0


WRITTEN_LATELY = timedelta(minutes=10)


def is_earlier_write(profile: Profile, value: str, changed_at: datetime) -> bool:
    """Whether a row shows a stage of ours from before the one written last: a poll may be planned after it (rule 8)."""
    if value == profile.observed or profile.changed_at is None or changed_at >= profile.changed_at:
        return False
    _, mailbox = linkedin_box(profile)
    made = Event.objects.filter(mailbox__key=mailbox, arrived_at__gt=changed_at - WRITTEN_LATELY)
    return made.filter(arrived_at__lte=changed_at, payload__value=value).exists()


def ats_box(candidacy: Candidacy) -> tuple[str, str]:
    """Kind and mailbox of the writes that move an application."""
    return "write.move", f"write:application:{candidacy.pk}"


def linkedin_box(profile: Profile) -> tuple[str, str]:
    """Kind and mailbox of the writes that move a profile."""
    return "write.stage", f"write:profile:{profile.pk}"


KEPT = "kept"
"""On a write that is made though a newer one waits behind it: a rejection or hire (rule 12)."""


def is_ending(write: NewEvent) -> bool:
    """Whether a write rejects or hires."""
    return write.kind == "write.move" and write.payload["value"] in TERMINAL


def ending_before(write: Event) -> Event | None:
    """A rejection or hire of the same application that waits, and is to be made before this write (rule 12).

    One that waits for a person keeps nothing up: what happens meanwhile may be the answer.
    """
    earlier = Event.objects.filter(mailbox=write.mailbox_id, pk__lt=write.pk, payload__has_key=KEPT)
    waits = earlier.filter(state__in=(*OPEN, State.HELD)).exclude(reason=Reason.PERSON)
    return waits.order_by("pk").first()


def _keep_ending(candidacy: Candidacy, *, by_person: bool) -> None:
    """What is wanted now comes after a rejection or hire that waits, not instead of it; only a person who
    decides between the two sides decides for that, too."""
    if by_person:
        drop_endings(candidacy)
        return
    waits = _writes_that_wait(candidacy).filter(
        payload__version=candidacy.ats_desired_version, payload__value__in=list(TERMINAL)
    )
    for event in waits:
        Event.objects.filter(pk=event.pk).update(payload={**event.payload, KEPT: True})


def drop_endings(candidacy: Candidacy) -> None:
    """What was kept is not to be made any more: the application has gone on."""
    for event in _writes_that_wait(candidacy).filter(payload__has_key=KEPT):
        payload = {name: value for name, value in event.payload.items() if name != KEPT}
        Event.objects.filter(pk=event.pk).update(payload=payload)


def _writes_that_wait(candidacy: Candidacy) -> QuerySet[Event]:
    _, mailbox = ats_box(candidacy)
    return Event.objects.filter(mailbox__key=mailbox, state__in=(*OPEN, State.HELD))


def _plan_held_again(candidacy: Candidacy, *, now: datetime) -> None:
    """What was held about this person may be settled by what just arrived."""
    waits_for = [lanes.candidacy_hold(candidacy.pk), lanes.map_hold(candidacy.mapping.stage_map_id)]
    held = Event.objects.filter(state=State.HELD, subject=lanes.subject(candidacy.person_id), hold_key__in=waits_for)
    if ids := list(held.values_list("pk", flat=True)):
        ledger.release_held(ids=ids, now=now)


def agree(candidacy: Candidacy, profile: Profile, linkedin: str, ats: str, *, map_version: int) -> None:
    """Both sides are settled as (linkedin, ats) under this map version; what was sent before counts no more."""
    profile.agreed_linkedin, profile.agreed_ats, profile.agreed_map = linkedin, ats, map_version
    profile.desired, profile.sent = "", []
    candidacy.ats_desired, candidacy.ats_sent = "", []


def _outcome(decided: Decided, candidacy: Candidacy, table: StageTable) -> Outcome:
    common = {
        "plan": {"verdict": decided.verdict, "why": decided.why, "map_version": table.version},
        "clients": (candidacy.client_id,),
        "subject": lanes.subject(candidacy.person_id),
    }
    match decided.verdict:
        case Verdict.ECHO:
            return outcomes.skipped(Reason.ECHO, decided.why, **common)
        case Verdict.ALREADY_TRUE:
            return outcomes.skipped(Reason.ALREADY_TRUE, decided.why, **common)
        case Verdict.REFUSED:
            return outcomes.skipped(Reason.IRRELEVANT, decided.why, **common)
        case Verdict.CONFLICT:
            hold = lanes.candidacy_hold(candidacy.pk)
            return outcomes.held(Reason.CONFLICT, decided.why, hold_key=hold, **common)
        case Verdict.UNMAPPED:
            hold = lanes.map_hold(candidacy.mapping.stage_map_id)
            return outcomes.held(Reason.MAPPING, decided.why, hold_key=hold, **common)
    return outcomes.done(decided.why, **common)


def ats_write(candidacy: Candidacy, profile: Profile, event: Event) -> NewEvent:
    """The write that brings the application to the desired stage: one event of its own (rule 7)."""
    connection_id = candidacy.job.connection_id
    gate = lanes.connection_gate(connection_id)
    kind, mailbox = ats_box(candidacy)
    return NewEvent(
        kind=kind,
        mailbox=mailbox,
        gate=gate,
        turn=lanes.turn(gate, candidacy.client_id),
        priority=priority_after(event.priority, Priority.STAGE_CHANGE),
        connection=connection_id,
        clients=(candidacy.client_id,),
        subject=lanes.subject(candidacy.person_id),
        payload={
            "candidacy": str(candidacy.pk),
            "profile": profile.pk,
            "version": candidacy.ats_desired_version,
            "value": candidacy.ats_desired,
            "linkedin": profile.observed,
        },
        caused_by=event.pk,
    )


def linkedin_write(candidacy: Candidacy, profile: Profile, event: Event, *, now: datetime) -> NewEvent:
    """The write that brings a profile to the desired stage; it travels with others in one request."""
    gate = lanes.connection_gate(profile.connection_id)
    kind, mailbox = linkedin_box(profile)
    return NewEvent(
        kind=kind,
        handled_by="flush",
        mailbox=mailbox,
        gate=gate,
        turn=gate,
        priority=Priority.STAGE_CHANGE,
        connection=profile.connection_id,
        clients=(candidacy.client_id,),
        subject=lanes.subject(candidacy.person_id),
        payload={
            "profile": profile.pk,
            "candidacy": str(candidacy.pk),
            "version": profile.desired_version,
            "value": profile.desired,
            "ats": candidacy.ats_observed,
        },
        due_at=pacing.write_due(profile.connection_id, now=now),
        caused_by=event.pk,
    )


def observe_application(
    candidacy: Candidacy,
    *,
    value: str,
    changed_at: datetime | None,
    event: Event,
    now: datetime,
    name: str = "",
) -> Result:
    """The application shows `value`: plan it against each of the candidacy's profiles (rule 15).

    Where the first profile's stage is to move the application, the others are planned once it has moved.
    A stage that the catalogue does not have yet brings its next reading forward, so that it can be mapped;
    until then `name`, as the ATS shows it, is what people are told.
    """
    mapping = candidacy.mapping
    if publishing.is_told(mapping):
        return _mirror(candidacy, value=value, changed_at=changed_at, event=event, now=now)
    table, policy = table_of(mapping).naming(value, name), policy_of(mapping)
    if value not in table.order and value not in TERMINAL:
        polls.bring_forward(connection_id=mapping.job.connection_id, name=StreamName.JOBS, now=now)
    profiles: Sequence[Profile] = [p for p in candidacy.profiles.filter(removed=False).order_by("pk") if p.observed]
    results: list[Result] = []
    before = candidacy.ats_observed
    candidacy.ats_seen_at = now
    decisions: list[tuple[Profile, Decided]] = []
    ours = candidacy.made_by_us and not any(profile.agreed_ats for profile in profiles)
    for profile in profiles:
        decided = _see(candidacy, profile, value, changed_at, table, policy, ours=ours and not decisions)
        decisions.append((profile, decided))
        if decided.write_ats:
            break
    if any(decided.transition for _, decided in decisions):
        candidates.record_transition(
            candidacy=candidacy,
            side="ats",
            from_value=before,
            to_value=value,
            changed_at=changed_at or now,
            event_id=event.pk,
        )
    candidacy.ats_observed, candidacy.ats_changed_at = value, changed_at or candidacy.ats_changed_at
    for profile, decided in decisions:
        results.append(apply(decided, candidacy=candidacy, profile=profile, table=table, event=event, now=now))
    if not results:
        candidacy.save()
        return Result(outcomes.done("Noted; nobody in a mapped Project is affected."))
    return worst(results)


def _mirror(candidacy: Candidacy, *, value: str, changed_at: datetime | None, event: Event, now: datetime) -> Result:
    """Where LinkedIn has no stage of its own nothing is agreed on: it is told what the ATS shows."""
    before = candidacy.ats_observed
    if before not in ("", value):
        candidates.record_transition(
            candidacy=candidacy,
            side="ats",
            from_value=before,
            to_value=value,
            changed_at=changed_at or now,
            event_id=event.pk,
        )
    candidacy.ats_observed, candidacy.ats_changed_at = value, changed_at or candidacy.ats_changed_at
    candidacy.ats_seen_at = now
    candidacy.save(update_fields=["ats_observed", "ats_changed_at", "ats_seen_at"])
    return mirrored(candidacy, event, "Noted; LinkedIn is told how they stand.", now=now)


def mirrored(candidacy: Candidacy, event: Event, why: str, *, now: datetime) -> Result:
    """LinkedIn is to be told anew of somebody; what it knows already is not sent again."""
    outcome = outcomes.done(why, clients=(candidacy.client_id,), subject=lanes.subject(candidacy.person_id))
    return Result(outcome, [publishing.share_event(candidacy, event, now=now)])


def _see(
    candidacy: Candidacy,
    profile: Profile,
    value: str,
    changed_at: datetime | None,
    table: StageTable,
    policy: plan.Policy,
    *,
    ours: bool,
) -> Decided:
    pair = pair_of(candidacy, profile)
    if pair.met:
        return plan.see_ats(pair, value, changed_at, table, policy)
    return plan.meet(replace(pair, ats=replace(pair.ats, observed=value, changed_at=changed_at)), table, ours=ours)


SEVERITY = ("held", "done", "skipped")
"""Of several pairs' outcomes the event shows the one that needs a person, else the one that did something."""


def worst(results: Sequence[Result]) -> Result:
    chosen = min(results, key=lambda result: SEVERITY.index(result.outcome.state))
    return Result(chosen.outcome, [event for result in results for event in result.follow])
