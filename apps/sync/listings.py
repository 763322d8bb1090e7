"""What each reading of a listing is: an event, pages, and how it ends with the next one planned."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from apps.ledger import outcomes
from apps.ledger import services as ledger
from apps.ledger.leases import Claimed
from apps.ledger.outcomes import Decision
from apps.ledger.services import NewEvent
from apps.ledger.states import Priority
from apps.providers import contract
from apps.sync import lanes, pacing
from apps.sync.models import Stream

PAGES_PER_POLL = 10
"""A poll that finds more settles what it has and goes on as a new event, within its lease."""


def poll_event(stream: Stream, *, go_on: str = "") -> NewEvent:
    """The next reading of a listing; `go_on` tells a further part of one from its first."""
    gate = lanes.connection_gate(stream.connection_id)
    due = stream.next_at.isoformat() if stream.next_at else ""
    return NewEvent(
        kind=f"poll.{stream.name}",
        mailbox=lanes.poll_mailbox(stream.connection_id, stream.name),
        gate=gate,
        turn=f"{gate}|polls",
        priority=Priority.NEW_CANDIDATE,
        connection=stream.connection_id,
        payload={"stream": stream.pk},
        dedupe=f"poll:{stream.name}:{due}:{go_on}",
    )


def done(
    stream: Stream,
    box: Claimed,
    detail: str,
    *,
    now: datetime,
    cursor: dict[str, object] | None = None,
    follow: Sequence[NewEvent] = (),
    complete: bool = False,
) -> Decision:
    """Store where the reading ended, plan the next, and let go on what waited for it."""
    values: dict[str, object] = {"read_at": now}
    if cursor is not None:
        values["cursor"] = cursor
    if complete and stream.complete_at is None:
        values["complete_at"] = now
        ledger.release_held(hold_key=lanes.index_hold(stream.connection_id), now=now)
    Stream.objects.filter(pk=stream.pk).update(**values)
    plan_next(stream, now=now)
    if cursor is not None and "drained" in cursor:
        ledger.bring_due(
            kind="write.stage",
            connection=stream.connection_id,
            due_at=now + pacing.ROWS_SETTLE,
            unless_caused_by="decide.conflict",
        )
    return Decision(outcomes={event.pk: outcomes.done(detail) for event in box.events}, follow=follow)


def plan_next(stream: Stream, *, now: datetime) -> None:
    """The next reading at its usual time, unless a hint that came while this one was read asks for another at once."""
    unhinted = Stream.objects.filter(pk=stream.pk, next_at=stream.next_at)
    unhinted.update(next_at=pacing.next_read(stream, now=now))


def all_pages(read: Callable[[str | None], contract.Page[contract.T]]) -> list[contract.T]:
    """A listing to its end."""
    items: list[contract.T] = []
    cursor: str | None = None
    while True:
        page = read(cursor)
        items += page.items
        cursor = page.next
        if cursor is None:
            return items
