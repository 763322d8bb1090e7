"""Set-up verbs of the engine: which listings of a connection are read, and reading them first."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from apps.connections import services as connections
from apps.connections.models import Connection
from apps.core import jobs
from apps.sync.models import Stream, StreamName

LISTINGS = {
    "sourcing": (StreamName.PROJECTS, StreamName.SEATS, StreamName.PROFILES, StreamName.MESSAGES),
    "ats": (StreamName.JOBS, StreamName.PEOPLE, StreamName.APPLICATIONS),
}


@transaction.atomic
def start_reading(*, connection_id: UUID, now: datetime, every_seconds: dict[str, int] | None = None) -> None:
    """Begin to read a connection's listings; `every_seconds` overrides the usual pace per listing."""
    connection = Connection.objects.get(pk=connection_id)
    for name in (*_listings_of(connection), *_queue_of(connection)):
        Stream.objects.get_or_create(
            connection=connection,
            name=name,
            defaults={
                "next_at": now,
                "every_seconds": (every_seconds or {}).get(name, 0),
                "cursor": {"since": now.isoformat()} if name == StreamName.APPLICATIONS else {},
            },
        )
    transaction.on_commit(jobs.ring)


@transaction.atomic
def read_catalogue_again(*, connection_id: UUID, now: datetime) -> bool:
    """Read an ATS's jobs now, with the lists that are otherwise read once a day; False where none are read."""
    read = Stream.objects.filter(connection_id=connection_id, name=StreamName.JOBS).update(cursor={}, next_at=now)
    transaction.on_commit(jobs.ring)
    return bool(read)


def _listings_of(connection: Connection) -> tuple[StreamName, ...]:
    """Where people come by exports there is no list of them; seats and InMail are read of a contract that is named."""
    if not connections.capabilities_of(connection).publishes:
        return LISTINGS[connections.role_of(connection)]
    named = connection.settings.get("options", {}).get("inmail_contract")
    return (StreamName.PROJECTS, StreamName.CLOSED, *((StreamName.SEATS, StreamName.MESSAGES) if named else ()))


def _queue_of(connection: Connection) -> tuple[StreamName, ...]:
    return (StreamName.EVENTS,) if connections.capabilities_of(connection).event_queue else ()


def listings_are_read(*, connection_id: UUID) -> bool:
    """True once each listing that has an end was read to it, and what is read with the jobs once a day."""
    ends = [StreamName.PROJECTS, StreamName.SEATS, StreamName.JOBS, StreamName.PEOPLE]
    unread = Q(name__in=ends, complete_at=None) | Q(name=StreamName.JOBS) & ~Q(cursor__has_key="choices")
    return not Stream.objects.filter(unread, connection_id=connection_id).exists()
