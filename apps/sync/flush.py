"""Handler `flush`: stage writes to LinkedIn. One read and one write carry up to 100 moves (rules 7, 9)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from django.db.models import F

from apps.candidates.models import Candidacy, CandidacyState, Profile
from apps.connections import services as connections
from apps.core import errors
from apps.ledger import drain, leases, outcomes
from apps.ledger.leases import Claimed, Lease
from apps.ledger.models import Event
from apps.ledger.outcomes import Decision, Outcome, Tried, Unit
from apps.ledger.states import OPEN, Reason, State
from apps.mappings.models import MappingState
from apps.providers import contract, recording
from apps.providers.recording import Exchange
from apps.sync import acts, delta, lanes, pacing, pairs, promises, shadow
from apps.sync.steps import DEADLINE


@dataclass(frozen=True, slots=True)
class Move:
    """One profile to be moved: its event, its rows, its keys, and where it is to go."""

    box: Claimed
    event: Event
    profile: Profile
    candidacy: Candidacy
    keys: frozenset[str]

    @property
    def value(self) -> str:
        return str(self.event.payload["value"])


def handle(lease: Lease, claimed: Sequence[Claimed], *, now: datetime) -> list[Unit]:
    """Write the newest desire of each mailbox; older ones in it are superseded."""
    units: list[Unit] = []
    by_connection: dict[UUID, list[Move]] = {}
    for box in claimed:
        move = _move_of(lease, box)
        if isinstance(move, Move):
            by_connection.setdefault(move.profile.connection_id, []).append(move)
        else:
            units.append(move)
    for connection_id, moves in by_connection.items():
        if pacing.waits_for_poll(connection_id, now=now):
            units += [_unit(move, partial(_ended, move, _with_the_poll(now))) for move in moves]
        else:
            units += _write_all(lease, connection_id, moves, now=now)
    return units


def _move_of(lease: Lease, box: Claimed) -> Move | Unit:
    if not box.events:
        return outcomes.settled_each(box, {})
    event = box.events[0]
    profile = profile_of(event)
    if profile is None or profile.candidacy is None:
        return outcomes.settled_each(box, {event.pk: outcomes.dead("vanished", "The profile this belongs to is gone.")})
    keys = frozenset({lanes.person_key(profile.candidacy.person_id)})
    if not leases.take_keys(lease, keys, mailboxes=[box.id]):
        return outcomes.waiting(box)
    profile.refresh_from_db()
    profile.candidacy.refresh_from_db()
    stop = stopped(event, profile, profile.candidacy)
    if stop is not None:
        return outcomes.settled_each(box, {event.pk: stop})
    return Move(box, event, profile, profile.candidacy, keys)


def profile_of(event: Event) -> Profile | None:
    """Whose move this is; None where the profile is gone."""
    profiles = Profile.objects.select_related(
        "connection", "candidacy__mapping__stage_map", "candidacy__mapping__job", "candidacy__job"
    )
    return profiles.filter(pk=event.payload.get("profile"), candidacy__isnull=False).first()


def stopped(event: Event, profile: Profile, candidacy: Candidacy) -> Outcome | None:
    """Why the move is not even looked at; None where it is."""
    if profile.desired_version != event.payload["version"]:
        return outcomes.superseded("A newer stage is wanted.")
    if profile.desired != event.payload["value"] and profile.observed != event.payload["value"]:
        return outcomes.superseded("Both sides were settled meanwhile; this stage is not wanted any more.")
    if profile.removed:
        return outcomes.skipped(Reason.ENDED, "They were taken out of the Project.")
    if candidacy.state == CandidacyState.ENDED:
        return outcomes.skipped(Reason.ENDED, f"Their candidacy ended: {candidacy.ended_because}.")
    mapping = candidacy.mapping
    if mapping.state == MappingState.ENDED:
        return outcomes.skipped(Reason.ENDED, "The mapping has ended.")
    if mapping.halted_at is not None or mapping.state not in (MappingState.LIVE, MappingState.PILOT):
        return outcomes.held(Reason.PAUSED, "The mapping is stopped.", hold_key=f"mapping:{mapping.pk}")
    return shadow.held(event, profile.connection, candidacy)


def _write_all(lease: Lease, connection_id: UUID, moves: Sequence[Move], *, now: datetime) -> list[Unit]:
    linkedin = connections.open_sourcing(connection_id)
    said: list[Exchange] = []
    try:
        with recording.exchanges() as said:
            lease.require(DEADLINE)
            steps = _keep_promises(_look(linkedin, connection_id, moves, now=now))
            units = [_unit(step.move, step.decide) for step in steps if step.decide is not None]
            to_write = [step.move for step in steps if step.decide is None]
            if not to_write:
                return units
            _note_sent(to_write)
            lease.require(DEADLINE)
            answers = linkedin.set_stages({move.profile.remote_id: move.value for move in to_write})
    except errors.SyncError as error:
        if isinstance(error, errors.Rejected) and len(moves) > 1:
            half = len(moves) // 2
            parts = (moves[:half], moves[half:])
            return [unit for part in parts for unit in _write_all(lease, connection_id, part, now=now)]
        outcome = drain.of_error(error, now=now)
        return [_unit(move, partial(_ended, move, _failed(outcome, error, move, moves, said))) for move in moves]
    together = f"{len(to_write)} profiles in one request"
    for move in to_write:
        problem = answers.get(move.profile.remote_id, errors.NotFound("LinkedIn's answer does not name this profile."))
        if problem is None:
            tried = _tried("done", together, move, moves, said)
            units.append(_unit(move, partial(_moved, move, tried, at=now)))
        else:
            tried = _tried(problem.code, problem.detail, move, moves, said)
            units.append(_unit(move, partial(_refused, move, problem, tried)))
    return units


def _tried(outcome: str, detail: str, move: Move, moves: Sequence[Move], said: Sequence[Exchange]) -> Tried:
    """The try as one of its moves sees it: without the others' part of the batch (rule 30)."""
    members = [one.profile.remote_id for one in moves]
    return Tried(
        operation="set_stages",
        outcome=outcome,
        detail=detail,
        seconds=sum(one.seconds for one in said),
        exchanges=[one.of_one(move.profile.remote_id, members).as_json() for one in said],
    )


def _failed(
    outcome: Outcome, error: errors.SyncError, move: Move, moves: Sequence[Move], said: Sequence[Exchange]
) -> Outcome:
    """What never reached LinkedIn leaves no try behind: the gate or the lease turned it away."""
    if not said:
        return outcome
    return replace(outcome, tried=[_tried(error.code, error.detail, move, moves, said)])


@dataclass(frozen=True, slots=True)
class Step:
    """What the comparison of one move decided: an end, or (None) that it is to be written."""

    move: Move
    decide: Callable[[], Decision] | None = None

    @property
    def act(self) -> acts.Act | None:
        return None if self.decide else acts.stage(self.move.profile.remote_id, self.move.value)


def _keep_promises(steps: Sequence[Step]) -> list[Step]:
    """Stop what a replay would do otherwise than its preview said (rule 27)."""
    broken = promises.broken([(step.move.event, step.act, step.move.profile.remote_id) for step in steps])
    return [
        Step(step.move, partial(_ended, step.move, broken[step.move.event.pk]))
        if step.move.event.pk in broken
        else step
        for step in steps
    ]


def _look(linkedin: contract.Sourcing, connection_id: UUID, moves: Sequence[Move], *, now: datetime) -> list[Step]:
    """Compare each with a read of its profile: the poll just drained, or one made now (rule 9), which is what a
    replay needs (rule 27)."""
    replayed = promises.replayed([move.event for move in moves])
    planned = [move for move in moves if move.event.pk not in replayed]
    seen = _seen_by_poll(connection_id, planned, now=now)
    unread = [move for move in moves if move.profile.pk not in seen]
    steps = compare(unread, linkedin.get_profiles([move.profile.remote_id for move in unread]), now=now)
    for move in moves:
        if move.profile.pk in seen and move.profile.observed == move.value:
            tried = Tried(operation="poll", outcome="already_true")
            steps.append(Step(move, partial(_moved, move, tried, at=move.profile.changed_at or now)))
        elif move.profile.pk in seen:
            steps.append(Step(move))
    return steps


def _seen_by_poll(connection_id: UUID, moves: Sequence[Move], *, now: datetime) -> set[int]:
    """After a drained poll whoever has no row left to plan stands where they were last observed."""
    if not pacing.read_by_poll(connection_id, now=now):
        return set()
    boxes = {lanes.profile_mailbox(connection_id, move.profile.remote_id): move.profile.pk for move in moves}
    unplanned = Event.objects.filter(mailbox__key__in=boxes, state__in=(*OPEN, State.HELD))
    return set(boxes.values()) - {boxes[key] for key in unplanned.values_list("mailbox__key", flat=True)}


def _with_the_poll(now: datetime) -> Outcome:
    return outcomes.put_back("Goes with the poll that is due.", due_at=now + timedelta(seconds=1))


def compare(moves: Sequence[Move], fresh: Mapping[str, contract.Profile], *, now: datetime) -> list[Step]:
    """Those that are there already or were moved by somebody end here; the rest are to be written.

    What an earlier try of ours may have brought there is nobody else's move (rule 8)."""
    steps: list[Step] = []
    for move in moves:
        there = fresh.get(move.profile.remote_id)
        if there is None:
            outcome = outcomes.retry("LinkedIn does not show this profile.", cause="not_found")
            steps.append(Step(move, partial(_ended, move, outcome)))
        elif there.stage == move.value:
            tried = Tried(operation="get_profiles", outcome="already_true")
            steps.append(Step(move, partial(_moved, move, tried, at=there.stage_changed_at)))
        elif there.removed or there.stage not in (move.profile.observed, *move.profile.sent):
            steps.append(Step(move, partial(_changed_there, move, there)))
        else:
            steps.append(Step(move))
    return steps


def _note_sent(moves: Sequence[Move]) -> None:
    """Before the call, so that its echo is known even if we die during it (rule 8)."""
    for move in moves:
        move.profile.sent = [*[old for old in move.profile.sent if old != move.value], move.value]
    Profile.objects.bulk_update([move.profile for move in moves], ["sent"])


def _unit(move: Move, decide: Callable[[], Decision]) -> Unit:
    return Unit(mailboxes=frozenset({move.box.id}), keys=move.keys, decide=decide)


def _ended(move: Move, outcome: Outcome) -> Decision:
    return Decision(outcomes={move.event.pk: outcome})


def _moved(move: Move, tried: Tried, *, at: datetime) -> Decision:
    """The profile stands where it was wanted since `at`: LinkedIn's time where a read tells it, so that what
    somebody does there right after counts as later (rule 8)."""
    profile = Profile.objects.get(pk=move.profile.pk)
    candidacy = Candidacy.objects.of_everyone().get(pk=move.candidacy.pk)
    table = pairs.table_of(candidacy.mapping)
    profile.observed, profile.changed_at = move.value, at
    profile.agreed_linkedin, profile.agreed_ats, profile.agreed_map = move.value, candidacy.ats_observed, table.version
    profile.desired, profile.sent = "", []
    profile.save()
    plan = {"value": move.value, "map_version": table.version}
    return _ended(move, outcomes.done("Moved in LinkedIn.", plan=plan, tried=[tried]))


def _changed_there(move: Move, there: contract.Profile) -> Decision:
    """A recruiter moved them meanwhile: that is an arrival, and the policy decides (rule 9). This write is over."""
    outcome = outcomes.skipped(Reason.STALE, f"Someone moved them to {there.stage} in LinkedIn meanwhile.")
    wanted = Profile.objects.filter(pk=move.profile.pk, desired_version=move.event.payload["version"])
    wanted.update(desired="", desired_version=F("desired_version") + 1)
    row = delta.row_event(move.profile.connection_id, there, caused_by=move.event.pk)
    return Decision(outcomes={move.event.pk: outcome}, follow=[row])


def _refused(move: Move, problem: errors.SyncError, tried: Tried) -> Decision:
    if isinstance(problem, errors.Transient | errors.RateLimited | errors.Unknown):
        return _ended(move, outcomes.retry(problem.detail, cause=problem.cause, tried=[tried]))
    detail = f"LinkedIn refused the stage {move.value!r}: {problem.detail}"
    return _ended(move, outcomes.dead(problem.cause, detail, tried=[tried]))
