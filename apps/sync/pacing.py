"""When work that spends a scarce budget is due (rules 7 and 26)."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from apps.connections import selectors as connections
from apps.sync.models import Stream, StreamName

ROWS_SETTLE = timedelta(seconds=2)
"""What a poll found is planned by then, and the moves that travel with it go."""

AS_GOOD_AS_READ = timedelta(seconds=10)

POLL_TAKES = timedelta(minutes=1)
"""A poll that is due for longer than this has failed: moves wait for it no more, and read for themselves."""


def write_due(connection_id: UUID, *, now: datetime) -> datetime:
    """At once while the hour's spending is within plan, else together with the next poll."""
    if connections.may_write_now(connection_id, now=now):
        return now
    stream = Stream.objects.filter(connection_id=connection_id, name=StreamName.PROFILES).first()
    if stream is None or stream.next_at is None:
        return now
    return max(now, stream.next_at + ROWS_SETTLE)


GATHERED = timedelta(seconds=15)
"""What LinkedIn is told of, where it is told by documents, travels with what comes within this: a hundred a request."""


def share_due(connection_id: UUID, *, now: datetime) -> datetime:
    """The end of the stretch in which documents are gathered: a short one while the hour's spending is within plan,
    else as long as a poll would wait."""
    within_plan = connections.may_write_now(connection_id, now=now)
    stretch = GATHERED if within_plan else connections.poll_delay(connection_id, now=now)
    return now + stretch - timedelta(seconds=now.timestamp() % stretch.total_seconds())


def read_by_poll(connection_id: UUID, *, now: datetime) -> bool:
    """Whether the delta was read to its end so lately that it counts as the read before a write (rule 9)."""
    stream = Stream.objects.filter(connection_id=connection_id, name=StreamName.PROFILES).first()
    drained = stream.cursor.get("drained") if stream is not None else None
    return drained is not None and now - datetime.fromisoformat(drained) <= AS_GOOD_AS_READ


def waits_for_poll(connection_id: UUID, *, now: datetime) -> bool:
    """Whether a poll is under way or about to be: what it reads need not be read before it."""
    soon = Stream.objects.filter(connection_id=connection_id, name=StreamName.PROFILES)
    due = soon.filter(next_at__lte=now, next_at__gt=now - POLL_TAKES)
    return due.exists() and not read_by_poll(connection_id, now=now)


def next_read(stream: Stream, *, now: datetime) -> datetime:
    """When a listing is read again: by its own setting, else by the day's plan of the connection."""
    if stream.every_seconds:
        return now + timedelta(seconds=stream.every_seconds)
    if stream.name == StreamName.PROFILES:
        delay: timedelta = connections.poll_delay(stream.connection_id, now=now)
        return now + delay
    if stream.name == StreamName.MESSAGES:
        pause: timedelta = connections.messages_delay(stream.connection_id, now=now)
        return now + pause
    return now + USUAL[StreamName(stream.name)]


def read_past(now: datetime) -> dict[str, datetime]:
    """By connection, the time that all its listings were read to and a day past: what came before it does not
    come again (rule 1)."""
    found: dict[str, datetime] = {}
    for stream in Stream.objects.exclude(cursor={}).exclude(name=StreamName.JOBS):
        seats = stream.cursor.get("seats", {}).values()
        times = [*seats, *(stream.cursor[name] for name in ("since", "seen") if name in stream.cursor)]
        gap = stream.cursor.get("gap", {}).get("since")
        read_to = [datetime.fromisoformat(one) for one in [*times, *([gap] if gap else [])]]
        source = str(stream.connection_id)
        found[source] = min([found.get(source, now), *read_to])
    return {source: at - timedelta(days=1) for source, at in found.items()}


USUAL = {
    StreamName.PROJECTS: timedelta(hours=4),
    StreamName.SEATS: timedelta(hours=24),
    StreamName.JOBS: timedelta(minutes=30),
    StreamName.PEOPLE: timedelta(minutes=10),
    StreamName.APPLICATIONS: timedelta(minutes=10),
    StreamName.EVENTS: timedelta(minutes=2),
    StreamName.CLOSED: timedelta(hours=12),
}
"""LinkedIn's catalogue costs from the day's 500 requests; the ATS's listings are the net under lost webhooks.
An event queue is what there is instead of webhooks: every two minutes are 21,600 of Bullhorn's 100,000 a month.
LinkedIn asks that closed accounts are read once in 30 days at least; twice a day also tells that the way is open."""
