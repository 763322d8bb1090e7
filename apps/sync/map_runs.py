"""A version of a stage map, applied to those who are there: previewed, started, paced, stopped and gone on with.

Each pair is an event of its own, under its person's lease, and does what the preview promised or stops and says
so. Nobody is told: the events are muted (rule 14). The rows are the run, as with replays.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction

from apps.accounts.models import User
from apps.candidates.models import Candidacy, Profile
from apps.ledger import leases, outcomes
from apps.ledger import services as ledger
from apps.ledger.leases import BATCH, Claimed, Lease
from apps.ledger.models import Event
from apps.ledger.outcomes import Decision, Outcome, Unit
from apps.ledger.services import NewEvent
from apps.ledger.states import Priority, Reason, State
from apps.mappings.models import Mapping, MappingState, StageMapVersion
from apps.mappings.rules import rows_from_json
from apps.notifications.announce import MUTED
from apps.sync import lanes, pairs, reapply, remapped, replay_runs
from apps.sync.models import OPEN_ITEMS, ItemState, MapItem, MapRun, ReplayState
from apps.sync.reapply import Fate

AGAIN = timedelta(seconds=1)
"""Between two looks at what was released: the pace is what the lanes carry, behind everything else."""

SETTLES = (Fate.STAYS, Fate.LINKEDIN, Fate.ATS)
"""What a run does something for: a pair that fits is settled under the new version without a call."""


class NothingToApply(ValueError):
    """The map has no version, or nobody whom it governs."""


@transaction.atomic
def open_run(*, map_id: int, by: User | None, now: datetime) -> MapRun:
    """Preview the newest version on everybody whom it governs; nothing moves before it is started.

    Raises NothingToApply.
    """
    version = StageMapVersion.objects.filter(stage_map=map_id).order_by("-number").first()
    if version is None:
        raise NothingToApply
    found = remapped.foretell(map_id=map_id, rows=rows_from_json(version.rows))
    if not found:
        raise NothingToApply
    MapRun.objects.filter(stage_map=map_id, state=ReplayState.READY).update(state=ReplayState.CANCELLED, ended_at=now)
    clients = Mapping.objects.of_everyone().filter(stage_map=map_id).values_list("client", flat=True).distinct()
    run = MapRun.objects.create(stage_map_id=map_id, version=version, by=by, made_at=now, clients=sorted(set(clients)))
    MapItem.objects.bulk_create([_item(run, one) for one in found], batch_size=2_000)
    return run


def _item(run: MapRun, one: remapped.Foretold) -> MapItem:
    left = one.freed or one.fate not in SETTLES
    return MapItem(
        run=run,
        profile_id=one.profile_id,
        candidacy_id=one.candidacy_id,
        state=ItemState.NOTHING if left else ItemState.PLANNED,
        fate=one.fate,
        value=one.value,
        linkedin=one.linkedin,
        ats=one.ats,
        why=one.why,
    )


@transaction.atomic
def start(*, run_id: int, now: datetime) -> bool:
    """Begin, or go on with, a run; False where it is not to be started."""
    startable = MapRun.objects.filter(pk=run_id, state__in=[ReplayState.READY, ReplayState.CANCELLED])
    startable.filter(started_at__isnull=True).update(started_at=now)
    started = startable.update(state=ReplayState.RUNNING, ended_at=None)
    if started:
        ledger.append(_step_of(run_id), now=now)
    return bool(started)


def cancel(*, run_id: int, now: datetime) -> bool:
    """Release nobody further; those on their way end as they would."""
    going = MapRun.objects.filter(pk=run_id, state__in=[ReplayState.READY, ReplayState.RUNNING])
    return bool(going.update(state=ReplayState.CANCELLED, ended_at=now))


def _step_of(run_id: int) -> NewEvent:
    return NewEvent(
        kind="remap.step",
        mailbox=f"remap:{run_id}",
        gate="remaps",
        priority=Priority.INTERACTIVE,
        payload={"run": run_id},
    )


def handle(lease: Lease, claimed: Sequence[Claimed], *, now: datetime) -> list[Unit]:
    """Take runs a step further, and apply the version to each pair that was released."""
    units = []
    for box in claimed:
        event = box.events[0] if box.events else None
        if event is None:
            units.append(outcomes.settled_each(box, {}))
        elif event.kind == "remap.step":
            units.append(Unit(mailboxes=frozenset({box.id}), decide=partial(_advance, box, event, now=now)))
        else:
            units.append(_of_person(lease, box, event, now=now))
    return units


def _of_person(lease: Lease, box: Claimed, event: Event, *, now: datetime) -> Unit:
    profile = _profile(event)
    if profile is None or profile.candidacy is None:
        return outcomes.settled_each(box, {event.pk: outcomes.dead("vanished", "The profile this belongs to is gone.")})
    keys = frozenset({lanes.person_key(profile.candidacy.person_id)})
    if not leases.take_keys(lease, keys, mailboxes=[box.id]):
        return outcomes.waiting(box)
    return Unit(mailboxes=frozenset({box.id}), keys=keys, decide=partial(_apply, event, now=now))


def _profile(event: Event) -> Profile | None:
    found = Profile.objects.filter(pk=event.payload.get("profile"), candidacy__isnull=False)
    return found.select_related(
        "candidacy__person", "candidacy__job", "candidacy__mapping__stage_map", "candidacy__mapping__job__connection"
    ).first()


def _apply(event: Event, *, now: datetime) -> Decision:
    """Do what the preview promised; the caller holds the person's lease."""
    profile = _profile(event)
    item = MapItem.objects.select_related("run").filter(event=event).first()
    if profile is None or profile.candidacy is None or item is None:
        return _end(event, outcomes.dead("vanished", "The profile this belongs to is gone."))
    candidacy, mapping = profile.candidacy, profile.candidacy.mapping
    table = pairs.table_of(mapping)
    stop = _changed(profile, candidacy, mapping, item, table_version=table.version)
    if stop:
        plan = {"map_version": item.run.version_id}
        return _end(event, _stopped(stop, candidacy, plan))
    decided = reapply.reapply(
        pairs.pair_of(candidacy, profile), table, linkedin_leads=pairs.policy_of(mapping).name == "linkedin"
    )
    if reapply.fate_of(decided) != (item.fate, item.value):
        return _end(event, _stopped("It would do something else by now.", candidacy, {"map_version": table.version}))
    result = pairs.apply(
        decided, candidacy=candidacy, profile=profile, table=table, event=event, now=now, by_person=True
    )
    return Decision(outcomes={event.pk: result.outcome}, follow=result.follow)


def _changed(profile: Profile, candidacy: Candidacy, mapping: Mapping, item: MapItem, *, table_version: int) -> str:
    """Why the promise of the preview cannot be kept; empty where it can."""
    if table_version != item.run.version_id:
        return "Another version of the map is in force by now."
    if mapping.state not in (MappingState.LIVE, MappingState.PILOT) or mapping.halted_at is not None:
        return "The mapping is stopped."
    if (profile.observed, candidacy.ats_observed) != (item.linkedin, item.ats):
        return "They were moved since the preview."
    if profile.removed or not reapply.stands_still(pairs.pair_of(candidacy, profile)):
        return "Another move of theirs is on its way."
    return ""


def _stopped(why: str, candidacy: Candidacy, plan: dict[str, int]) -> Outcome:
    common = {"clients": (candidacy.client_id,), "subject": lanes.subject(candidacy.person_id), "plan": plan}
    return outcomes.skipped(Reason.STALE, f"{why} Preview the rest again.", **common)


def _end(event: Event, outcome: Outcome) -> Decision:
    return Decision(outcomes={event.pk: outcome})


def _advance(box: Claimed, event: Event, *, now: datetime) -> Decision:
    run = MapRun.objects.select_for_update().filter(pk=event.payload["run"]).first()
    if run is None:
        return _each(box, outcomes.done("The run is gone."))
    going = _close_ended(run)
    if run.state == ReplayState.RUNNING:
        going += _release(run, room=BATCH - going, now=now)
    if going or (run.state == ReplayState.RUNNING and run.items.filter(state__in=OPEN_ITEMS).exists()):
        return _each(box, outcomes.put_back("Applying.", due_at=now + AGAIN))
    if run.state == ReplayState.RUNNING:
        run.state, run.ended_at = ReplayState.FINISHED, now
        run.save(update_fields=["state", "ended_at"])
    return _each(box, outcomes.done("Finished." if run.state == ReplayState.FINISHED else "Stopped."))


def _each(box: Claimed, outcome: Outcome) -> Decision:
    return Decision(outcomes={event.pk: outcome for event in box.events})


def _release(run: MapRun, *, room: int, now: datetime) -> int:
    """Give the next pairs an event each, behind all other work; returns how many."""
    items = list(run.items.filter(state=ItemState.PLANNED).select_related("candidacy").order_by("pk")[: max(room, 0)])
    if not items:
        return 0
    items.sort(key=_mailbox)  # as the ledger orders what it appends together
    made = ledger.append_many([_event_of(item) for item in items], now=now)
    for item, pk in zip(items, made, strict=True):
        item.state, item.event_id, item.released_at = ItemState.RELEASED, pk, now
    MapItem.objects.bulk_update(items, ["state", "event", "released_at"])
    return len(items)


def _mailbox(item: MapItem) -> str:
    return f"remap:profile:{item.profile_id}"


def _event_of(item: MapItem) -> NewEvent:
    return NewEvent(
        kind="remap.person",
        mailbox=_mailbox(item),
        gate="remaps",
        priority=Priority.BACKFILL,
        clients=(item.candidacy.client_id,),
        subject=lanes.subject(item.candidacy.person_id),
        payload={"run": item.run_id, "profile": item.profile_id, "candidacy": str(item.candidacy_id), MUTED: True},
    )


def _close_ended(run: MapRun) -> int:
    """Note how the released pairs ended, with their writes; returns how many go on."""
    items = list(run.items.filter(state=ItemState.RELEASED).exclude(event=None))
    since = min((item.released_at for item in items if item.released_at), default=run.made_at)
    lines = replay_runs.followed([item.event_id for item in items if item.event_id], since=since)
    ended = [item for item in items if item.event_id and _close(item, lines[item.event_id])]
    MapItem.objects.bulk_update(ended, ["state", "why"])
    return len(items) - len(ended)


def _close(item: MapItem, line: Sequence[tuple[str, str, str, str]]) -> bool:
    """The first of the line that did not go through says how it ended; False while any goes on."""
    if any(state in (State.QUEUED, State.RETRYING) for state, *_ in line):
        return False
    dead = [one for one in line if one[0] == State.DEAD]
    held = [one for one in line if one[0] == State.HELD]
    first = line[0]
    item.why = (dead or held or [first])[0][3]
    if dead:
        item.state = ItemState.FAILED
    elif held:
        item.state = ItemState.HELD
    elif first[0] == State.SKIPPED or any(
        state == State.SUPERSEDED or (state == State.SKIPPED and reason == Reason.STALE) for state, reason, *_ in line
    ):
        item.state = ItemState.STOPPED
    else:
        item.state = ItemState.DONE if item.fate in (Fate.LINKEDIN, Fate.ATS) else ItemState.NOTHING
    return True
