"""Append, release, hold: the verbs by which the rest of the app writes to the ledger."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection as database
from django.db import transaction
from django.db.models import QuerySet

from apps.core import jobs
from apps.ledger import delays
from apps.ledger.models import Attempt, Event, Fault, Mailbox
from apps.ledger.states import OPEN, Priority, State

TIMER = "timer"
"""The hold key of what is held until its own due time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvent:
    """What to append. `mailbox` orders it, `gate` may hold it back, `dedupe` makes it arrive once."""

    kind: str
    mailbox: str
    gate: str
    payload: Mapping[str, Any] = field(default_factory=dict)
    dedupe: str = ""
    turn: str = ""
    priority: int = Priority.NEW_CANDIDATE
    connection: UUID | None = None
    clients: tuple[UUID, ...] = ()
    subject: str = ""
    due_at: datetime | None = None
    caused_by: int | None = None
    handled_by: str = ""

    @property
    def handler(self) -> str:
        """Who gets it: the part of the kind before the first dot, unless another is named."""
        return self.handled_by or self.kind.partition(".")[0]


APPEND = f"""
WITH fresh AS (
    INSERT INTO ledger_dedupekey (source, key, seen_at)
    SELECT %(source)s, %(dedupe)s, %(now)s WHERE %(dedupe)s <> ''
    ON CONFLICT (source, key) DO NOTHING
    RETURNING 1
), box AS (
    INSERT INTO ledger_mailbox (key, handler, gate, turn, priority, due_at, claims)
    SELECT %(mailbox)s, %(handler)s, %(gate)s, %(turn)s, %(priority)s, %(due_at)s, 0
    WHERE %(dedupe)s = '' OR EXISTS (SELECT 1 FROM fresh)
    ON CONFLICT (key) DO UPDATE SET
        due_at = least(ledger_mailbox.due_at, excluded.due_at),
        priority = CASE WHEN ledger_mailbox.due_at IS NULL THEN excluded.priority
                        ELSE least(ledger_mailbox.priority, excluded.priority) END
    RETURNING id
), turn AS (
    INSERT INTO ledger_turn (key, gate) SELECT %(turn)s, %(gate)s FROM box ON CONFLICT (key) DO NOTHING
)
INSERT INTO ledger_event (mailbox_id, kind, state, reason, detail, cause, priority, payload, plan, connection, clients,
    subject, hold_key, caused_by_id, attempts, due_at, arrived_at)
SELECT box.id, %(kind)s, 'queued', '', '', '', %(priority)s, %(payload)s::jsonb, '{{}}'::jsonb, %(connection)s,
    %(clients)s::uuid[], %(subject)s, '', %(caused_by)s, 0, %(due_at)s, %(now)s
FROM box
RETURNING id, {jobs.WAITING}
"""


class Stored(NamedTuple):
    """An event's id, and how many bells waited as it was stored."""

    id: int
    bells: int


def append(event: NewEvent, *, now: datetime) -> int | None:
    """Store one event and mark its mailbox due, in one statement; ring on commit.

    Returns the event's id, or None where its dedupe key was seen before.
    """
    made = _insert(event, now=now)
    if made is None:
        return None
    if _is_due(event, now):
        _ring(made)
    return made.id


def _ring(made: Stored) -> None:
    """The statement's own count of the bells is good as long as it was the whole transaction."""
    if database.in_atomic_block:
        transaction.on_commit(jobs.ring)
    else:
        jobs.ring(waiting=made.bells)


def _is_due(event: NewEvent, now: datetime) -> bool:
    return event.due_at is None or event.due_at <= now


def _insert(event: NewEvent, *, now: datetime) -> Stored | None:
    with database.cursor() as cursor:
        cursor.execute(
            APPEND,
            {
                "source": str(event.connection or ""),
                "dedupe": event.dedupe,
                "mailbox": event.mailbox,
                "handler": event.handler,
                "gate": event.gate,
                "turn": event.turn or event.gate,
                "priority": event.priority,
                "due_at": event.due_at or now,
                "kind": event.kind,
                "payload": json.dumps(dict(event.payload)),
                "connection": event.connection,
                "clients": list(event.clients),
                "subject": event.subject,
                "caused_by": event.caused_by,
                "now": now,
            },
        )
        row = cursor.fetchone()
    return None if row is None else Stored(*row)


def append_many(events: Iterable[NewEvent], *, now: datetime) -> list[int]:
    """Append each, in one transaction, and ring once; returns the ids of those that were new.

    The upserts lock mailboxes, so events go in a fixed order: two batches never deadlock.
    """
    ordered = sorted(events, key=lambda event: (event.dedupe, event.mailbox))
    with transaction.atomic():
        made = [stored.id for event in ordered if (stored := _insert(event, now=now)) is not None]
        if made and any(_is_due(event, now) for event in ordered):
            transaction.on_commit(jobs.ring)
    return made


def append_unless_waiting(event: NewEvent, *, digest: str, now: datetime) -> int | None:
    """Append a delivery that bears no id, unless the newest event that waits unclaimed in its mailbox
    has the same digest: a move there and back again has equal bodies (rule 1).

    Two that arrive at once are both stored, which costs a second look.
    """
    unclaimed = Event.objects.filter(mailbox__key=event.mailbox, mailbox__lease_token=None, state=State.QUEUED)
    newest = unclaimed.order_by("-pk").values_list("payload__digest", flat=True).first()
    if newest == digest:
        return None
    return append(replace(event, payload={**event.payload, "digest": digest}), now=now)


def append_settled(
    event: NewEvent, *, state: State, detail: str, now: datetime, reason: str = "", cause: str = ""
) -> int | None:
    """Store a delivery on which nothing is left to do, with what became of it and why."""
    with transaction.atomic():
        made = _insert(event, now=now)
        if made is not None:
            mine = Event.objects.filter(pk=made.id)
            mine.update(state=state, reason=reason, cause=cause, detail=detail, settled_at=now)
            refresh_mailboxes([mine.values_list("mailbox_id", flat=True).get()])
    return None if made is None else made.id


REFRESH = """
UPDATE ledger_mailbox m SET
    due_at = head.due_at,
    priority = coalesce(head.priority, m.priority)
FROM (
    SELECT box.id,
        (SELECT e.due_at FROM ledger_event e WHERE e.mailbox_id = box.id AND e.state IN ('queued', 'retrying')
         ORDER BY e.id LIMIT 1) AS due_at,
        (SELECT min(e.priority) FROM ledger_event e WHERE e.mailbox_id = box.id
         AND e.state IN ('queued', 'retrying')) AS priority
    FROM ledger_mailbox box WHERE box.id = ANY(%s)
) head
WHERE m.id = head.id
"""


def refresh_mailboxes(ids: Sequence[int]) -> None:
    """Set each mailbox's due time from its first open event. Lock the rows in an earlier statement:
    an arrival that waits for the lock is then added on top, never overwritten (rule 3)."""
    if not ids:
        return
    _lock(ids)
    with database.cursor() as cursor:
        cursor.execute(REFRESH, [list(ids)])


def release_held(
    *, now: datetime, hold_key: str = "", hold_keys: Sequence[str] = (), ids: Sequence[int] = (), by: str = ""
) -> int:
    """Queue again what was held under `hold_key`, or any of several (or the named events); returns how many. `by` whom,
    where a person did it: their events' logs say so."""
    keys = [hold_key] if hold_key else list(hold_keys)
    if not ids and not keys:
        return 0
    held = Event.objects.filter(state=State.HELD)
    held = held.filter(pk__in=ids) if ids else held.filter(hold_key__in=keys)
    with transaction.atomic():
        if by:
            said = {"at": now, "operation": "let_go", "outcome": "done", "detail": f"{by} let it go on."}
            Attempt.objects.bulk_create([Attempt(event_id=pk, **said) for pk in held.values_list("pk", flat=True)])
        return _requeue(held, now=now, hold_key="")


def requeue_dead(*, ids: Sequence[int], now: datetime, priority: Priority | None = None) -> list[int]:
    """Give dead letters all their attempts again, under their own numbers and by their own priority unless
    another is given; returns those that were dead."""
    with transaction.atomic():
        dead = Event.objects.select_for_update().filter(pk__in=ids, state=State.DEAD).order_by("pk")
        found = list(dead.values_list("pk", flat=True))
        again = {"cause": "", "attempts": 0, "settled_at": None, **({} if priority is None else {"priority": priority})}
        _requeue(Event.objects.filter(pk__in=found), now=now, **again)
    return found


DISCARD = """
UPDATE ledger_event SET state = 'skipped', reason = 'discarded', hold_key = %(key)s, settled_at = %(now)s,
    plan = plan || jsonb_build_object('said_before', detail, 'died_at', settled_at), detail = %(why)s
WHERE id = ANY(%(ids)s) AND state = 'dead'
"""

UNDO_DISCARD = """
UPDATE ledger_event SET state = 'dead', reason = '', hold_key = '', settled_at = (plan->>'died_at')::timestamptz,
    detail = plan->>'said_before', plan = plan - 'said_before' - 'died_at'
WHERE hold_key = %(key)s AND reason = 'discarded' AND state = 'skipped'
"""


def discard_dead(*, ids: Sequence[int], key: str, why: str, now: datetime) -> int:
    """Settle dead letters as discarded, under a key that takes it back; returns how many were dead."""
    with database.cursor() as cursor:
        cursor.execute(DISCARD, {"ids": list(ids), "key": key, "why": why, "now": now})
        return int(cursor.rowcount)


def undo_discard(*, key: str) -> int:
    """Return what was discarded under `key` to the dead letters, as it was; returns how many."""
    with database.cursor() as cursor:
        cursor.execute(UNDO_DISCARD, {"key": key})
        return int(cursor.rowcount)


def edit_dead(*, event_id: int, payload: Mapping[str, Any], seen: Mapping[str, Any]) -> bool:
    """Give a dead letter another payload; False where it is dead no more, or was edited since it was `seen`."""
    as_seen = Event.objects.filter(pk=event_id, state=State.DEAD, payload=dict(seen))
    return bool(as_seen.update(payload=dict(payload)))


def _requeue(events: QuerySet[Event], *, now: datetime, **changes: Any) -> int:
    with transaction.atomic():
        boxes = _mailboxes_of(events)
        found = events.filter(mailbox__in=_lock(boxes))
        delays.end_of(found, now=now)
        count = found.update(state=State.QUEUED, reason="", due_at=now, **changes)
        refresh_mailboxes(boxes)
    if count:
        transaction.on_commit(jobs.ring)
    return count


def release_timed(*, now: datetime) -> int:
    """Queue again what was held until a moment that has come (an unknown outcome to read back), but what somebody has
    locked: a frozen process may keep it for a while."""
    due = Event.objects.filter(state=State.HELD, hold_key=TIMER, due_at__lte=now)
    if not due.exists():
        return 0
    with transaction.atomic():
        boxes = Mailbox.objects.filter(events__in=due).order_by("pk").select_for_update(skip_locked=True, of=("self",))
        free = due.filter(mailbox__in=[box.pk for box in boxes])
        return release_held(ids=list(free.values_list("pk", flat=True)[:500]), now=now, hold_key=TIMER)


def bring_due(*, kind: str, connection: UUID, due_at: datetime, unless_caused_by: str) -> int:
    """Make what waits for a later moment due at `due_at`, but not what an event of that kind made wait;
    returns how many."""
    late = Event.objects.filter(kind=kind, connection=connection, state=State.QUEUED, due_at__gt=due_at)
    late = late.exclude(caused_by__in=Event.objects.filter(kind=unless_caused_by))
    return _bring(late, due_at=due_at)


def bring_all_due(*, gate: str, now: datetime) -> int:
    """Make due whatever waits behind a gate for a later moment: why it was put off is over. Returns how many."""
    late = Event.objects.filter(mailbox__gate=gate, state__in=OPEN, due_at__gt=now)
    count = _bring(late, due_at=now)
    if count:
        transaction.on_commit(jobs.ring)
    return count


def _bring(late: QuerySet[Event], *, due_at: datetime) -> int:
    """Only the events of mailboxes that are locked: one that a settle put off meanwhile would else be due in a
    mailbox that is not. Another round finds it."""
    count = 0
    while boxes := _mailboxes_of(late):
        with transaction.atomic():
            count += late.filter(mailbox__in=_lock(boxes)).update(due_at=due_at)
            refresh_mailboxes(boxes)
    return count


def _mailboxes_of(events: QuerySet[Event]) -> list[int]:
    return list(events.order_by("mailbox_id").values_list("mailbox_id", flat=True).distinct())


def _lock(boxes: Sequence[int]) -> list[int]:
    """Lock mailboxes in their order, in a statement of its own."""
    return list(Mailbox.objects.select_for_update().filter(pk__in=boxes).order_by("pk").values_list("pk", flat=True))


def count_fault(name: str, *, now: datetime, by: int = 1) -> None:
    """Count something that should not happen, for pages and metrics."""
    with database.cursor() as cursor:
        cursor.execute(
            "INSERT INTO ledger_fault (name, count, last_at) VALUES (%s, %s, %s) "
            "ON CONFLICT (name) DO UPDATE SET count = ledger_fault.count + excluded.count, last_at = excluded.last_at",
            [name, by, now],
        )


def fault_count(name: str) -> int:
    return Fault.objects.filter(name=name).values_list("count", flat=True).first() or 0
