"""When work that spends a scarce budget is due (rules 7 and 26)."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from apps.connections import selectors as connections
from apps.sync.models import Stream, StreamName


def write_due(connection_id: UUID, *, now: datetime) -> datetime:
    """At once while the hour's spending is within plan, else together with the next poll."""
    if connections.may_write_now(connection_id, now=now):
        return now
    stream = Stream.objects.filter(connection_id=connection_id, name=StreamName.PROFILES).first()
    return max(now, stream.next_at) if stream is not None and stream.next_at is not None else now


def next_read(stream: Stream, *, now: datetime) -> datetime:
    """When a listing is read again: by its own setting, else by the day's plan of the connection."""
    if stream.every_seconds:
        return now + timedelta(seconds=stream.every_seconds)
    if stream.name == StreamName.PROFILES:
        delay: timedelta = connections.poll_delay(stream.connection_id, now=now)
        return now + delay
    return now + USUAL[StreamName(stream.name)]


USUAL = {
    StreamName.PROJECTS: timedelta(hours=4),
    StreamName.SEATS: timedelta(hours=24),
    StreamName.JOBS: timedelta(minutes=30),
    StreamName.PEOPLE: timedelta(minutes=10),
    StreamName.APPLICATIONS: timedelta(minutes=10),
}
"""LinkedIn's catalogue costs from the day's 500 requests; the ATS's listings are the net under lost webhooks."""
