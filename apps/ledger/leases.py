"""Leases in real time: of mailboxes (claimed in turn) and of opaque keys (taken in key order, never waited for)."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import connection as database
from django.db import transaction
from django.db.backends.utils import CursorWrapper
from django.db.models import F

from apps.core import clock
from apps.ledger.models import Event, KeyLease, Mailbox, Waiter
from apps.ledger.states import Priority

BATCH = 100
"""Mailboxes a claim takes: as many moves as one LinkedIn request carries."""

EVENTS_PER_MAILBOX = 20
"""A mailbox with more comes back at once; it bounds what one lease has to finish."""

LONE_CLAIMS = 5
"""Lone claims that died before settling until the mailbox's head is given up as killed (rule 4)."""


class LeaseLost(RuntimeError):
    """The lease ran out and someone else may hold it: start no call, change no row."""


@dataclass(slots=True)
class Lease:
    """A worker's right to a set of mailboxes, until a moment of real time."""

    token: UUID
    until: datetime
    priority: int = Priority.NEW_CANDIDATE
    _extending: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    def require(self, seconds: float) -> None:
        """Make sure that the lease outlives a call of `seconds`, extending it where it is too short (rule 5).

        Raises LeaseLost where it ran out before, or where no lease is as long as that.
        """
        with self._extending:
            if not self._outlives(seconds):
                self.until = _extend(self.token)
            if not self._outlives(seconds):
                raise LeaseLost

    def _outlives(self, seconds: float) -> bool:
        return clock.real_now() + timedelta(seconds=seconds) < self.until


@dataclass(frozen=True, slots=True)
class Claimed:
    """One leased mailbox with its due events in order."""

    id: int
    key: str
    handler: str
    claims: int
    events: tuple[Event, ...]


_working: ContextVar[Lease | None] = ContextVar("lease", default=None)


@contextmanager
def working_under(lease: Lease) -> Iterator[None]:
    """Calls made meanwhile, by this context and its copies, are refused once the lease is too short."""
    before = _working.set(lease)
    try:
        yield
    finally:
        _working.reset(before)


def require_time(seconds: float) -> None:
    """Raise LeaseLost unless the lease this context works under outlives a call of `seconds` (rule 5)."""
    lease = _working.get()
    if lease is not None:
        lease.require(seconds)


def is_for_bulk() -> bool:
    """Whether this context works on what may wait for everything else."""
    lease = _working.get()
    return lease is not None and lease.priority >= Priority.BACKFILL


def lease_time() -> timedelta:
    return timedelta(seconds=settings.SYNCPORTAL_LEASE_SECONDS)


EXTEND = """
WITH boxes AS (
    UPDATE ledger_mailbox SET lease_until = %(until)s
    WHERE lease_token = %(token)s AND lease_until > %(real)s RETURNING 1
), keys AS (
    UPDATE ledger_keylease SET until = %(until)s WHERE token = %(token)s AND EXISTS (SELECT 1 FROM boxes)
)
SELECT count(*) FROM boxes
"""


def _extend(token: UUID) -> datetime:
    """Give the mailboxes and keys of a lease that still runs its whole time again. Raises LeaseLost."""
    real = clock.real_now()
    until = real + lease_time()
    with database.cursor() as cursor:
        cursor.execute(EXTEND, {"token": token, "until": until, "real": real})
        if not cursor.fetchone()[0]:
            raise LeaseLost
    return until


BULK_BATCH = 16
"""Mailboxes of bulk work that a claim takes: a worker is soon back for whatever came meanwhile."""

BULK_AT_ONCE = 2
"""Batches of bulk work under way at once, on all workers: of a cluster's four at least two are left."""

BULK_IS_FULL = """
SELECT count(DISTINCT lease_token) >= %s FROM ledger_mailbox WHERE lease_token IS NOT NULL AND priority >= %s
"""

NEXT_TURN = """
UPDATE ledger_turn SET served_at = %(real)s WHERE key = (
    SELECT t.key FROM ledger_turn t
    WHERE (%(only)s::text[] IS NULL OR t.key = ANY(%(only)s))
      AND NOT EXISTS (SELECT 1 FROM ledger_closedgate g WHERE g.gate = t.gate)
      AND EXISTS (SELECT 1 FROM ledger_mailbox m
                  WHERE m.turn = t.key AND m.due_at <= %(now)s AND m.lease_token IS NULL AND m.priority < %(below)s)
    ORDER BY t.served_at NULLS FIRST, t.key LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING key
"""

CLAIM = """
WITH best AS (
    SELECT min(priority) AS priority FROM ledger_mailbox
    WHERE turn = %(turn)s AND due_at <= %(now)s AND lease_token IS NULL
)
UPDATE ledger_mailbox SET lease_token = %(token)s, lease_until = %(until)s, claims = claims + 1, due_at = NULL
WHERE id IN (
    SELECT id FROM ledger_mailbox
    WHERE turn = %(turn)s AND due_at <= %(now)s AND lease_token IS NULL AND priority < %(below)s
      AND ((SELECT priority FROM best) >= %(bulk)s OR priority < %(bulk)s)
      AND NOT EXISTS (SELECT 1 FROM ledger_closedgate g WHERE g.gate = ledger_mailbox.gate)
    ORDER BY priority, due_at, id
    LIMIT CASE WHEN (SELECT priority FROM best) >= %(bulk)s THEN %(bulk_limit)s ELSE %(limit)s END
    FOR UPDATE SKIP LOCKED)
RETURNING id, key, handler, claims, priority
"""
"""Bulk work is never claimed together with other work: its calls count as bulk, and nothing waits for it."""


HEADS = """
SELECT e.* FROM unnest(%s::bigint[]) AS box(id) CROSS JOIN LATERAL (
    SELECT * FROM ledger_event WHERE mailbox_id = box.id AND state IN ('queued', 'retrying') ORDER BY id LIMIT %s
) e ORDER BY e.mailbox_id, e.id
"""


def claim(
    *, now: datetime, limit: int = BATCH, turns: Collection[str] | None = None
) -> tuple[Lease, list[Claimed]] | None:
    """Lease due mailboxes of the turn that waited longest, of `turns` where they are named, best priority first; None
    if none is due.

    A mailbox whose earlier lease expired unsettled (claims > 1) travels alone, so that whatever
    kills a worker is found out.
    """
    token = uuid.uuid4()
    with transaction.atomic(), database.cursor() as cursor:
        real = clock.real_now()
        below = Priority.BACKFILL if _bulk_is_full(cursor) else NO_PRIORITY
        only = list(turns) if turns is not None else None
        cursor.execute(NEXT_TURN, {"now": now, "real": real, "below": below, "only": only})
        turn = cursor.fetchone()
        if turn is None:
            return None
        until = real + lease_time()
        wanted = {"turn": turn[0], "now": now, "token": token, "until": until, "limit": limit, "below": below}
        cursor.execute(CLAIM, {**wanted, "bulk": Priority.BACKFILL, "bulk_limit": min(limit, BULK_BATCH)})
        rows = cursor.fetchall()
        suspects = [row for row in rows if row[3] > 1]
        if suspects and len(rows) > 1:
            rows = _keep_one(rows, alone=suspects[0][0], now=now)
        events = _due_events([row[0] for row in rows], now=now)
    priority = min((row[4] for row in rows), default=Priority.NEW_CANDIDATE)
    claimed = [Claimed(row[0], row[1], row[2], row[3], tuple(events[row[0]])) for row in rows]
    return Lease(token, until, priority), claimed


NO_PRIORITY = 1 << 14
"""Above every priority."""


def _bulk_is_full(cursor: CursorWrapper) -> bool:
    cursor.execute(BULK_IS_FULL, [BULK_AT_ONCE, Priority.BACKFILL])
    return bool(cursor.fetchone()[0])


def count_bulk(gate: str) -> int:
    """How many mailboxes behind a gate wait with bulk work."""
    return Mailbox.objects.filter(gate=gate, priority__gte=Priority.BACKFILL, due_at__isnull=False).count()


def _due_events(boxes: Sequence[int], *, now: datetime) -> dict[int, list[Event]]:
    """The first due events of each mailbox; one that is not due yet keeps the later ones behind it."""
    due: dict[int, list[Event]] = {box: [] for box in boxes}
    waiting: set[int] = set()
    for event in Event.objects.raw(HEADS, [list(boxes), EVENTS_PER_MAILBOX]):
        if event.due_at > now:
            waiting.add(event.mailbox_id)
        if event.mailbox_id not in waiting:
            due[event.mailbox_id].append(event)
    return due


def _keep_one(
    rows: list[tuple[int, str, str, int, int]], *, alone: int, now: datetime
) -> list[tuple[int, str, str, int, int]]:
    others = [row[0] for row in rows if row[0] != alone]
    with database.cursor() as cursor:
        cursor.execute(
            "UPDATE ledger_mailbox SET lease_token = NULL, lease_until = NULL, due_at = %s, claims = claims - 1 "
            "WHERE id = ANY(%s)",
            [now, others],
        )
    return [row for row in rows if row[0] == alone]


def is_leased(mailbox: str) -> bool:
    """Whether a worker has this mailbox at this moment."""
    return Mailbox.objects.filter(key=mailbox, lease_token__isnull=False).exists()


def any_leased(gates: Collection[str]) -> bool:
    """Whether a worker has something from behind one of these gates, also one that was closed since."""
    return Mailbox.objects.filter(gate__in=gates, lease_token__isnull=False).exists()


def give_up(lease: Lease, boxes: Collection[int], *, now: datetime) -> None:
    """The lease is lost, but its worker lives: that was no kill (rule 4). What is still ours is due again."""
    with transaction.atomic():
        locked = Mailbox.objects.select_for_update().filter(pk__in=boxes).order_by("pk")
        ours = [box.pk for box in locked if box.lease_token == lease.token]
        Mailbox.objects.filter(pk__in=boxes, claims__gt=0).update(claims=F("claims") - 1)
        Mailbox.objects.filter(pk__in=ours).update(lease_token=None, lease_until=None, due_at=now)
        KeyLease.objects.filter(token=lease.token).delete()


def held_mailboxes(lease: Lease) -> set[int]:
    """Lock and name the mailboxes that are still ours, inside the settling transaction (rule 3)."""
    rows = Mailbox.objects.select_for_update().filter(lease_token=lease.token).order_by("pk")
    return set(rows.values_list("pk", flat=True))


TAKE = """
INSERT INTO ledger_keylease (key, token, until) SELECT k, %(token)s, %(until)s FROM unnest(%(keys)s::text[]) AS k
    ORDER BY k
ON CONFLICT (key) DO UPDATE SET token = excluded.token, until = excluded.until
    WHERE ledger_keylease.until < %(real)s OR ledger_keylease.token = excluded.token
RETURNING key
"""


def take_keys(lease: Lease, keys: Collection[str], *, mailboxes: Sequence[int]) -> bool:
    """Take all of `keys` for the lease, or none.

    The loser is noted as waiting for each key it lacked; `free_keys` makes it due again. It gives back
    what it took, not what another mailbox of the same lease had taken before.
    """
    wanted = sorted(set(keys))
    if not wanted:
        return True
    real = clock.real_now()
    with transaction.atomic():
        ours = set(KeyLease.objects.filter(token=lease.token, key__in=wanted).values_list("key", flat=True))
        with database.cursor() as cursor:
            cursor.execute(TAKE, {"token": lease.token, "until": lease.until, "keys": wanted, "real": real})
            taken = {row[0] for row in cursor.fetchall()}
        missing = [key for key in wanted if key not in taken]
        if missing:
            Waiter.objects.bulk_create(
                [Waiter(key=key, mailbox_id=box) for key in missing for box in mailboxes], ignore_conflicts=True
            )
            transaction.set_rollback(False)
    if missing:
        _give_back(lease, taken - ours)
    return not missing


def _give_back(lease: Lease, keys: Collection[str]) -> None:
    KeyLease.objects.filter(token=lease.token, key__in=keys).delete()


def holds_keys(lease: Lease, keys: Collection[str]) -> bool:
    """Lock and check, inside the settling transaction, that every key is still ours."""
    if not keys:
        return True
    held = KeyLease.objects.select_for_update().filter(token=lease.token, key__in=keys).order_by("key")
    return len(held) == len(set(keys))


WAKE = """
WITH woken AS (DELETE FROM ledger_waiter w WHERE NOT EXISTS (
        SELECT 1 FROM ledger_keylease k WHERE k.key = w.key AND k.until >= %(real)s) RETURNING w.mailbox_id),
ordered AS (SELECT id FROM ledger_mailbox WHERE id IN (SELECT mailbox_id FROM woken) ORDER BY id FOR UPDATE)
UPDATE ledger_mailbox m SET due_at = least(m.due_at, %(now)s) FROM ordered WHERE m.id = ordered.id
    AND EXISTS (SELECT 1 FROM ledger_event e WHERE e.mailbox_id = m.id AND e.state IN ('queued', 'retrying'))
"""


def wake_waiters(*, now: datetime) -> int:
    """Make due whatever waited for a key that nobody holds any more."""
    with database.cursor() as cursor:
        cursor.execute(WAKE, {"now": now, "real": clock.real_now()})
        return int(cursor.rowcount)


def free_keys(lease: Lease) -> None:
    """Let go of every key of the lease."""
    KeyLease.objects.filter(token=lease.token).delete()


def heal_expired(*, now: datetime) -> int:
    """Free the mailboxes and keys whose holder let its lease run out; returns how many mailboxes."""
    real = clock.real_now()
    with transaction.atomic():
        expired = Mailbox.objects.select_for_update(skip_locked=True).filter(lease_until__lt=real).order_by("pk")
        boxes = list(expired.values_list("pk", flat=True))
        Mailbox.objects.filter(pk__in=boxes).update(lease_token=None, lease_until=None, due_at=now)
    KeyLease.objects.filter(until__lt=real).delete()
    return len(boxes)


STRANDED = """
UPDATE ledger_mailbox m SET due_at = %s
WHERE m.due_at IS NULL AND m.lease_token IS NULL AND m.id IN (
    SELECT mailbox_id FROM ledger_event WHERE state IN ('queued', 'retrying') AND arrived_at <= %s)
AND NOT EXISTS (SELECT 1 FROM ledger_waiter w WHERE w.mailbox_id = m.id)
"""


def revive_stranded(*, now: datetime) -> int:
    """Give a due time to open events whose mailbox has neither one nor a lease; each is a fault (rule 3)."""
    with database.cursor() as cursor:
        cursor.execute(STRANDED, [now, now])
        return int(cursor.rowcount)
