"""What has settled long ago is deleted, a small batch a second; the day's totals of it are kept.

Nothing that waits, is dead or unknown is ever deleted, nor an event from which another that is kept followed.
The rooms above say by name what is read often and told soon, and what still guards against a second write.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection as database
from django.db import transaction
from django.db.models import Max

from apps.ledger.models import Attempt, DedupeKey, Delay, Effect, Event, RetentionMark
from apps.ledger.states import EffectState, State

PURGED = (State.DONE, State.SKIPPED, State.SUPERSEDED)

BATCH = 500
"""Rows that one step looks at, in the order they arrived: its cost does not grow with the table."""

ROUND = timedelta(days=1)
"""From the end of one look through a table to the beginning of the next."""

KEYS_KEPT = timedelta(days=30)
"""Rule 1. Longer where a listing has not been read past them."""

Horizon = Callable[[datetime], Mapping[str, datetime]]


@dataclass(slots=True)
class Named:
    """What the rooms above told: kinds (by prefix) that are read often, effects that guard nothing once their
    event is gone, kinds whose newest row in a mailbox is still asked for."""

    short: tuple[str, ...] = ()
    forgettable: frozenset[str] = frozenset()
    newest: frozenset[str] = frozenset()
    horizons: tuple[Horizon, ...] = ()


_named = Named()


def register(
    *,
    short: Collection[str] = (),
    forgettable: Collection[str] = (),
    newest: Collection[str] = (),
    horizon: Horizon | None = None,
) -> None:
    """Called by the rooms above when they start."""
    _named.short += tuple(short)
    _named.forgettable |= frozenset(forgettable)
    _named.newest |= frozenset(newest)
    _named.horizons += (horizon,) if horizon else ()


def step(now: datetime) -> int:
    """Look at the next rows of each table that is not at rest; returns how many were deleted.

    Called by each sweep of each worker: who finds a table being looked at passes it by.
    """
    resting = set(RetentionMark.objects.filter(rests_until__gt=now).values_list("name", flat=True))
    return sum(_step(name, look, now=now) for name, look in TABLES.items() if name not in resting)


Look = Callable[[int, datetime], tuple[int | None, int]]


def _step(name: str, look: Look, *, now: datetime) -> int:
    with transaction.atomic():
        RetentionMark.objects.bulk_create([RetentionMark(name=name)], ignore_conflicts=True)
        mark = RetentionMark.objects.select_for_update(skip_locked=True).filter(name=name).first()
        if mark is None or (mark.rests_until is not None and mark.rests_until > now):
            return 0
        after, deleted = look(mark.after, now)
        mark.after, mark.rests_until = (0, now + ROUND) if after is None else (after, None)
        mark.save()
    return deleted


def _look_at_events(after: int, now: datetime) -> tuple[int | None, int]:
    fields = ("pk", "kind", "state", "settled_at", "arrived_at")
    rows = list(Event.objects.filter(pk__gt=after).order_by("pk").values_list(*fields)[:BATCH])
    if not rows or rows[0][4] > now - min(_kept_for("poll."), _kept_for("")):
        return None, 0
    old = [
        pk
        for pk, kind, state, settled, _ in rows
        if state in PURGED and settled is not None and settled < now - _kept_for(kind)
    ]
    return rows[-1][0], _delete_events(old) if old else 0


def _kept_for(kind: str) -> timedelta:
    days = settings.SYNCPORTAL_KEEP_READINGS_DAYS if _is_short(kind) else settings.SYNCPORTAL_KEEP_EVENTS_DAYS
    return timedelta(days=days)


def _is_short(kind: str) -> bool:
    return kind.startswith(_named.short) if _named.short else False


def _delete_events(ids: Sequence[int]) -> int:
    """Those that nobody has locked and nothing needs; their day's totals first, in the same transaction."""
    locked = Event.objects.select_for_update(skip_locked=True).filter(pk__in=ids, state__in=PURGED).order_by("pk")
    free = sorted(set(locked.values_list("pk", flat=True)) - _needed(ids))
    if not free:
        return 0
    with database.cursor() as cursor:
        cursor.execute(ADD_UP, [free])
    Attempt.objects.filter(event__in=free).delete()
    Effect.objects.filter(event__in=free).delete()
    Event.objects.filter(pk__in=free).delete()
    return len(free)


def _needed(ids: Sequence[int]) -> set[int]:
    closed = (EffectState.DONE, EffectState.FAILED)
    guards = Effect.objects.filter(event__in=ids).exclude(kind__in=_named.forgettable, state__in=closed)
    followed = Event.objects.filter(caused_by__in=ids)
    newest = Event.objects.filter(
        mailbox__in=Event.objects.filter(pk__in=ids, kind__in=_named.newest).values("mailbox")
    )
    last = newest.filter(kind__in=_named.newest).values("mailbox").annotate(last=Max("pk"))
    return (
        set(guards.values_list("event_id", flat=True))
        | set(followed.values_list("caused_by_id", flat=True))
        | set(last.values_list("last", flat=True))
    )


ADD_UP = """
INSERT INTO ledger_dailytotal AS t
    (day, connection, clients, kind, state, reason, count, attempts, within_5, within_15, lag_ms, longest_ms)
SELECT (arrived_at AT TIME ZONE 'UTC')::date, connection, clients, kind, state, reason, count(*), sum(attempts),
    count(*) FILTER (WHERE settled_at - arrived_at <= interval '5 minutes'),
    count(*) FILTER (WHERE settled_at - arrived_at <= interval '15 minutes'),
    sum(floor(extract(epoch FROM settled_at - arrived_at) * 1000)),
    max(floor(extract(epoch FROM settled_at - arrived_at) * 1000))
FROM ledger_event WHERE id = ANY(%s) GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6
ON CONFLICT (day, connection, clients, kind, state, reason) DO UPDATE SET
    count = t.count + excluded.count, attempts = t.attempts + excluded.attempts,
    within_5 = t.within_5 + excluded.within_5, within_15 = t.within_15 + excluded.within_15,
    lag_ms = t.lag_ms + excluded.lag_ms, longest_ms = greatest(t.longest_ms, excluded.longest_ms)
"""


def _look_at_attempts(after: int, now: datetime) -> tuple[int | None, int]:
    """What was said in each try goes sooner than its event; of what waits or is dead it stays."""
    until = now - timedelta(days=settings.SYNCPORTAL_KEEP_ATTEMPTS_DAYS)
    rows = list(Attempt.objects.filter(pk__gt=after).order_by("pk").values_list("pk", "at")[:BATCH])
    if not rows or rows[0][1] > until:
        return None, 0
    old = [pk for pk, at in rows if at < until]
    settled = Event.objects.filter(state__in=PURGED)
    deleted, _ = Attempt.objects.filter(pk__in=old, event__in=settled).delete()
    return rows[-1][0], deleted


def _look_at_keys(after: int, now: datetime) -> tuple[int | None, int]:
    until = now - KEYS_KEPT
    rows = list(DedupeKey.objects.filter(pk__gt=after).order_by("pk").values_list("pk", "source", "seen_at")[:BATCH])
    if not rows or rows[0][2] > until:
        return None, 0
    read_to: dict[str, datetime] = {}
    for horizon in _named.horizons:
        read_to |= horizon(now)
    old = [pk for pk, source, seen in rows if seen < min(until, read_to.get(source, until))]
    deleted, _ = DedupeKey.objects.filter(pk__in=old).delete()
    return rows[-1][0], deleted


def _look_at_delays(after: int, now: datetime) -> tuple[int | None, int]:
    """Delays outlive the readings that they kept up: reports of the last weeks say why something came late."""
    until = now - timedelta(days=settings.SYNCPORTAL_KEEP_EVENTS_DAYS)
    rows = list(Delay.objects.filter(pk__gt=after).order_by("pk").values_list("pk", "since", "until")[:BATCH])
    if not rows or rows[0][1] > until:
        return None, 0
    deleted, _ = Delay.objects.filter(pk__in=[pk for pk, _, ended in rows if ended and ended < until]).delete()
    return rows[-1][0], deleted


TABLES: Mapping[str, Look] = {
    "events": _look_at_events,
    "attempts": _look_at_attempts,
    "keys": _look_at_keys,
    "delays": _look_at_delays,
}
