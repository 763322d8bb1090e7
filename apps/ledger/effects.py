"""Effects: the row that is committed before a call that must not happen twice (rules 17-19)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection as database
from django.db.models import Q

from apps.ledger.models import Effect
from apps.ledger.states import EffectState


@dataclass(frozen=True, slots=True, kw_only=True)
class Intention:
    """What is about to be done, by its key; `marker` is what a read-back or a guard looks for."""

    key: str
    kind: str
    event_id: int
    marker: str = ""


INTEND = """
INSERT INTO ledger_effect (key, kind, state, event_id, token, marker, result, tries, intended_at)
SELECT * FROM unnest(%(keys)s::text[], %(kinds)s::text[], %(states)s::text[], %(events)s::bigint[], %(tokens)s::uuid[],
    %(markers)s::text[], %(results)s::jsonb[], %(tries)s::smallint[], %(times)s::timestamptz[])
ON CONFLICT (key) DO UPDATE SET
    state = 'intended', event_id = excluded.event_id, token = excluded.token, intended_at = excluded.intended_at,
    tries = ledger_effect.tries + 1, closed_at = NULL, read_back_at = NULL
    WHERE ledger_effect.state = 'failed'
RETURNING key
"""


def intend(intentions: Sequence[Intention], *, token: UUID, now: datetime) -> set[str]:
    """Commit the intentions in one statement; returns the keys that are ours to perform.

    A key that exists in any state but `failed` is not returned: it was done, or is unknown.
    """
    if not intentions:
        return set()
    count = len(intentions)
    with database.cursor() as cursor:
        cursor.execute(
            INTEND,
            {
                "keys": [intention.key for intention in intentions],
                "kinds": [intention.kind for intention in intentions],
                "states": [EffectState.INTENDED.value] * count,
                "events": [intention.event_id for intention in intentions],
                "tokens": [token] * count,
                "markers": [intention.marker for intention in intentions],
                "results": ["{}"] * count,
                "tries": [1] * count,
                "times": [now] * count,
            },
        )
        return {row[0] for row in cursor.fetchall()}


def find(keys: Collection[str]) -> dict[str, Effect]:
    return {effect.key: effect for effect in Effect.objects.filter(key__in=keys)}


def standing(*, kind: str, mailboxes: Collection[str]) -> dict[str, Effect]:
    """Of each mailbox (by key) the newest effect of this kind that did not fail: done, or not known to be
    undone. The key of a second try may differ, where more is known about its object by then."""
    found = Effect.objects.filter(kind=kind, event__mailbox__key__in=mailboxes).exclude(state=EffectState.FAILED)
    return {effect.event.mailbox.key: effect for effect in found.select_related("event__mailbox").order_by("pk")}


def close(*, key: str, token: UUID, state: EffectState, now: datetime, result: dict[str, Any] | None = None) -> None:
    """Record how our own call ended; allowed even when the lease is lost (rule 5)."""
    Effect.objects.filter(key=key, token=token, state=EffectState.INTENDED).update(
        state=state, closed_at=None if state == EffectState.UNKNOWN else now, result=result or {}
    )


CLOSE = """
UPDATE ledger_effect SET state = %s, closed_at = %s WHERE key = ANY(%s) AND token = %s AND state = 'intended'
RETURNING key
"""


def close_many(*, keys: Iterable[str], token: UUID, state: EffectState, now: datetime) -> set[str]:
    """Record how several of our own calls ended, as they ended together; returns the keys that were still ours."""
    with database.cursor() as cursor:
        cursor.execute(CLOSE, [state.value, now, list(keys), token])
        return {row[0] for row in cursor.fetchall()}


def found_done(*, key: str, now: datetime, result: dict[str, Any]) -> None:
    """A read-back saw that it had happened; one before it may have looked too early and seen nothing."""
    unsure = Q(state__in=[EffectState.INTENDED, EffectState.UNKNOWN])
    believed_undone = Q(state=EffectState.FAILED, read_back_at__isnull=False)
    Effect.objects.filter(unsure | believed_undone, key=key).update(
        state=EffectState.DONE, closed_at=now, read_back_at=now, result=result
    )


def found_undone(*, key: str, now: datetime) -> None:
    """A read-back, late enough to trust, saw that it had not happened: it may be intended again."""
    Effect.objects.filter(key=key, state__in=[EffectState.INTENDED, EffectState.UNKNOWN]).update(
        state=EffectState.FAILED, closed_at=now, read_back_at=now
    )


def count_recent(*, kinds: Collection[str], marker: str, since: datetime) -> int:
    return Effect.objects.filter(kind__in=kinds, marker=marker, intended_at__gte=since).count()
