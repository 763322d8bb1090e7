"""Planning again what had ended (rule 27). Everything is read afresh, so what is true already is not done twice."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from apps.ledger import services as ledger
from apps.ledger.models import Event
from apps.ledger.services import NewEvent
from apps.ledger.states import Priority, State

REPLAYED = ("row.", "hook.", "message.", "notify.", "write.")
NEVER = ("hook.malformed", "hook.hint", "hook.other")
"""Nobody could read the first, and the others ask for nothing but a poll."""


class NotReplayable(ValueError):
    """The event is still open, or of a kind that cannot be planned again; the text says which."""


def is_replayable(kind: str) -> bool:
    """Whether an event of this kind can be planned again."""
    return kind.startswith(REPLAYED) and kind not in NEVER


@transaction.atomic
def replay(*, ids: Sequence[int], now: datetime) -> int:
    """Plan these events again with today's map; returns how many.

    A dead letter goes on under its own number, with all attempts; of what was done, skipped or superseded
    a copy is planned, named as caused by it, so that the log keeps both. Raises NotReplayable, and then
    replays none.
    """
    events = list(Event.objects.filter(pk__in=ids).select_related("mailbox").order_by("pk"))
    for event in events:
        if event.state not in (State.DEAD, State.DONE, State.SKIPPED, State.SUPERSEDED):
            raise NotReplayable(f"Event {event.pk} has not ended: it is {event.state}.")
        if not is_replayable(event.kind):
            raise NotReplayable(f"Event {event.pk} is a {event.kind}; that cannot be planned again.")
    dead = [event.pk for event in events if event.state == State.DEAD]
    ended = [event for event in events if event.state != State.DEAD]
    ledger.append_many([_copy(event) for event in ended], now=now)
    return len(ledger.requeue_dead(ids=dead, now=now)) + len(ended)


def _copy(event: Event) -> NewEvent:
    return NewEvent(
        kind=event.kind,
        handled_by=event.mailbox.handler,
        mailbox=event.mailbox.key,
        gate=event.mailbox.gate,
        turn=event.mailbox.turn,
        priority=Priority.BACKFILL,
        connection=event.connection,
        clients=tuple(event.clients),
        subject=event.subject,
        payload=event.payload,
        caused_by=event.pk,
    )
