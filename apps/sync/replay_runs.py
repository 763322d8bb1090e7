"""Replays of many dead letters: previewed, started, paced, cancelled and gone on with. The rows are the run.

One ledger event a run takes it a step further each time it is handled; a worker that dies leaves rows
from which the next goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial

from django.db import connection as database
from django.db import transaction

from apps.accounts.models import User
from apps.core import errors
from apps.ledger import outcomes
from apps.ledger import services as ledger
from apps.ledger.leases import BATCH, Claimed, Lease
from apps.ledger.models import Event
from apps.ledger.outcomes import Decision, Outcome, Unit
from apps.ledger.services import NewEvent
from apps.ledger.states import Priority, State
from apps.sync import foresight, promises, replays
from apps.sync.foresight import Foreseen
from apps.sync.memory import Memory
from apps.sync.models import OPEN_ITEMS, ItemState, ReplayItem, ReplayRun, ReplayState

PLANNED_AT_ONCE = 50
"""Letters a step previews: what one read of the ATS carries."""

AGAIN = timedelta(seconds=1)
"""Between two looks at what was released: the pace is what the lanes carry, behind everything else."""


class NothingToReplay(ValueError):
    """None of the letters is dead and can be planned again."""


@transaction.atomic
def open_run(*, letters: Sequence[int], title: str, by: User | None, now: datetime) -> ReplayRun:
    """Make a run of these dead letters and begin its preview. Raises NothingToReplay."""
    dead = Event.objects.filter(pk__in=letters, state=State.DEAD).order_by("pk")
    found = [row for row in dead.values_list("pk", "kind", "clients") if replays.is_replayable(row[1])]
    if not found:
        raise NothingToReplay
    clients = sorted({client for *_, touched in found for client in touched}) if all(row[2] for row in found) else []
    run = ReplayRun.objects.create(title=title, by=by, made_at=now, clients=clients)
    ReplayItem.objects.bulk_create([ReplayItem(run=run, event_id=pk) for pk, *_ in found], batch_size=2_000)
    ledger.append(_step_of(run), now=now)
    return run


@transaction.atomic
def start(*, run_id: int, now: datetime) -> bool:
    """Begin, or go on with, a run; False where it is not to be started."""
    startable = ReplayRun.objects.filter(pk=run_id, state__in=[ReplayState.READY, ReplayState.CANCELLED])
    begun = startable.filter(started_at__isnull=True).update(started_at=now)
    started = startable.update(state=ReplayState.RUNNING, ended_at=None)
    if started:
        ledger.append(_step_of(ReplayRun.objects.get(pk=run_id)), now=now)
    return bool(started or begun)


def cancel(*, run_id: int, now: datetime) -> bool:
    """Release no further letter of a run; those on their way end as they would."""
    going = ReplayRun.objects.filter(
        pk=run_id, state__in=[ReplayState.PLANNING, ReplayState.READY, ReplayState.RUNNING]
    )
    return bool(going.update(state=ReplayState.CANCELLED, ended_at=now))


def preview_again(*, run_id: int, by: User | None, now: datetime) -> ReplayRun:
    """A new run of what the old one left dead. Raises NothingToReplay."""
    old = ReplayRun.objects.get(pk=run_id)
    letters = old.items.exclude(state__in=[ItemState.DONE, ItemState.NOTHING]).values_list("event_id", flat=True)
    return open_run(letters=list(letters), title=old.title, by=by, now=now)


def _step_of(run: ReplayRun) -> NewEvent:
    return NewEvent(
        kind="replay.step",
        mailbox=f"replay:{run.pk}",
        gate="replays",
        priority=Priority.INTERACTIVE,
        payload={"run": run.pk},
    )


def handle(lease: Lease, claimed: Sequence[Claimed], *, now: datetime) -> list[Unit]:
    """Take each run a step further: preview the next letters, or close and release some."""
    return [_step(box, now=now) for box in claimed]


def _step(box: Claimed, *, now: datetime) -> Unit:
    if not box.events:
        return outcomes.settled_each(box, {})
    run = ReplayRun.objects.filter(pk=box.events[0].payload["run"]).first()
    if run is None:
        return _unit(box, lambda: outcomes.done("The replay is gone."))
    waiting = list(run.items.filter(state=ItemState.WAITING).order_by("pk")[:PLANNED_AT_ONCE])
    if waiting and run.state in (ReplayState.PLANNING, ReplayState.RUNNING):
        memory = Memory()
        foreseen = _foresee(waiting, memory, now=now)
        return _unit(box, partial(_keep_preview, run.pk, waiting, foreseen, memory, now=now))
    return _unit(box, partial(_advance, run.pk, now=now))


def _unit(box: Claimed, advance: Callable[[], Outcome]) -> Unit:
    def decide() -> Decision:
        outcome = advance()
        return Decision(outcomes={event.pk: outcome for event in box.events})

    return Unit(mailboxes=frozenset({box.id}), decide=decide)


def _foresee(items: Sequence[ReplayItem], memory: Memory, *, now: datetime) -> dict[int, Foreseen]:
    """Plan them together; where a system refuses to be read for one of them, each alone."""
    events = list(Event.objects.filter(pk__in=[item.event_id for item in items]).select_related("mailbox"))
    dead = [event for event in events if event.state == State.DEAD]
    try:
        return foresight.foresee(dead, memory, now=now)
    except (errors.Rejected, errors.NotFound, errors.Conflict) as error:
        if len(items) == 1:
            return {items[0].event_id: Foreseen((), State.DEAD, f"It cannot be read there: {error.detail}")}
        found: dict[int, Foreseen] = {}
        for item in items:
            found |= _foresee([item], memory, now=now)
        return found


def _keep_preview(
    run_id: int, items: Sequence[ReplayItem], foreseen: dict[int, Foreseen], memory: Memory, *, now: datetime
) -> Outcome:
    for item in items:
        found = foreseen.get(item.event_id)
        if found is None:
            item.state, item.why = ItemState.GONE, "It is no dead letter any more."
            continue
        doing = zip(found.acts, found.systems, strict=True)
        item.state, item.acts = ItemState.PLANNED, [act.as_json() | {"system": str(at or "")} for act, at in doing]
        item.ends, item.why, item.map_version = found.ends, found.why, found.map_version
    ReplayItem.objects.bulk_update(items, ["state", "acts", "ends", "why", "map_version"])
    run = ReplayRun.objects.select_for_update().get(pk=run_id)
    for connection_id, calls in memory.spent.items():
        run.reads[str(connection_id)] = run.reads.get(str(connection_id), 0) + calls
    if run.state == ReplayState.PLANNING and not run.items.filter(state=ItemState.WAITING).exists():
        run.state = ReplayState.READY
    run.save(update_fields=["reads", "state"])
    return outcomes.done("Previewed.") if run.state == ReplayState.READY else outcomes.put_back("Previewing.")


def _advance(run_id: int, *, now: datetime) -> Outcome:
    run = ReplayRun.objects.select_for_update().get(pk=run_id)
    going = _close_ended(run)
    if run.state == ReplayState.RUNNING:
        going += _release(run, room=BATCH - going, now=now)
    if going or (run.state == ReplayState.RUNNING and run.items.filter(state__in=OPEN_ITEMS).exists()):
        return outcomes.put_back("Replaying.", due_at=now + AGAIN)
    if run.state == ReplayState.RUNNING:
        run.state, run.ended_at = ReplayState.FINISHED, now
        run.save(update_fields=["state", "ended_at"])
    return outcomes.done("Finished." if run.state == ReplayState.FINISHED else "Nothing to do until it is started.")


def _release(run: ReplayRun, *, room: int, now: datetime) -> int:
    """Queue the next letters again; returns how many.

    They go behind all other work, but for LinkedIn's moves: those share its requests, up to a hundred in one.
    """
    planned = run.items.filter(state=ItemState.PLANNED).order_by("pk")
    chosen = dict(planned.values_list("event_id", "event__kind")[:room])
    if not chosen:
        return 0
    shared = [pk for pk, kind in chosen.items() if kind == "write.stage"]
    behind = [pk for pk in chosen if pk not in shared]
    released = ledger.requeue_dead(ids=shared, now=now)
    released += ledger.requeue_dead(ids=behind, now=now, priority=Priority.BACKFILL)
    items = run.items.filter(event_id__in=chosen)
    items.filter(event_id__in=released).update(state=ItemState.RELEASED, released_at=now)
    items.exclude(event_id__in=released).update(state=ItemState.GONE, why="It is no dead letter any more.")
    return len(released)


FOLLOWERS = """
WITH RECURSIVE line (root, id, depth) AS (
    SELECT id, id, 0 FROM ledger_event WHERE id = ANY(%s)
    UNION ALL
    SELECT line.root, e.id, line.depth + 1 FROM ledger_event e JOIN line ON e.caused_by_id = line.id
    WHERE line.depth < %s AND e.arrived_at >= %s
)
SELECT line.root, e.id, e.state, e.reason, e.cause, e.detail FROM line JOIN ledger_event e ON e.id = line.id
ORDER BY line.root, e.id
"""


def _close_ended(run: ReplayRun) -> int:
    """Note how the released letters ended, with all that followed from them; returns how many go on."""
    items = list(run.items.filter(state=ItemState.RELEASED))
    since = min((item.released_at for item in items if item.released_at), default=run.made_at)
    lines = followed([item.event_id for item in items], since=since)
    ended = [item for item in items if _close(item, lines[item.event_id])]
    ReplayItem.objects.bulk_update(ended, ["state", "why"])
    return len(items) - len(ended)


def followed(roots: Sequence[int], *, since: datetime) -> dict[int, list[tuple[str, str, str, str]]]:
    """Each event with all that followed from it: state, reason, cause and detail, in their order."""
    found: dict[int, list[tuple[str, str, str, str]]] = {root: [] for root in roots}
    with database.cursor() as cursor:
        cursor.execute(FOLLOWERS, [list(roots), promises.STEPS, since])
        for root, _, state, reason, cause, detail in cursor.fetchall():
            found[root].append((state, reason, cause, detail))
    return found


def _close(item: ReplayItem, line: Sequence[tuple[str, str, str, str]]) -> bool:
    """The first of the line that did not go through says how the letter ended; False while any goes on."""
    if any(state in (State.QUEUED, State.RETRYING) for state, *_ in line):
        return False
    stopped = [one for one in line if one[0] == State.DEAD]
    held = [one for one in line if one[0] == State.HELD]
    worst = (stopped or held or [line[0]])[0]
    item.why = worst[3]
    if stopped:
        item.state = ItemState.STOPPED if worst[2] == promises.BROKEN else ItemState.FAILED
    elif held:
        item.state = ItemState.HELD
    elif not item.acts:
        item.state = ItemState.NOTHING
    else:
        undone = line[0][0] in (State.SKIPPED, State.SUPERSEDED)
        item.state = ItemState.STOPPED if undone else ItemState.DONE
    return True
