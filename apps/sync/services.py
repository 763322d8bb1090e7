"""Set-up verbs of the engine: which listings of a connection are read, and reading them first."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from apps.candidates.models import Profile
from apps.connections import services as connections
from apps.connections.models import Connection
from apps.core import jobs
from apps.ledger import services as ledger
from apps.ledger.models import Event
from apps.ledger.states import Reason, State
from apps.mappings.models import Mapping
from apps.sync import polls
from apps.sync.models import Stream, StreamName

LISTINGS = {
    "sourcing": (StreamName.PROJECTS, StreamName.SEATS, StreamName.PROFILES, StreamName.MESSAGES),
    "ats": (StreamName.JOBS, StreamName.PEOPLE, StreamName.APPLICATIONS),
}


@transaction.atomic
def start_reading(*, connection_id: UUID, now: datetime, every_seconds: dict[str, int] | None = None) -> None:
    """Begin to read a connection's listings; `every_seconds` overrides the usual pace per listing."""
    connection = Connection.objects.get(pk=connection_id)
    for name in (*LISTINGS[connections.role_of(connection)], *_queue_of(connection)):
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


def _queue_of(connection: Connection) -> tuple[StreamName, ...]:
    return (StreamName.EVENTS,) if connections.capabilities_of(connection).event_queue else ()


BEFORE_LIVE = (Reason.IRRELEVANT, Reason.NOT_LIVE, Reason.SHADOW)


@transaction.atomic
def bring_in_earlier(*, mapping_id: UUID, now: datetime) -> int:
    """Plan those who were in the Project before its mapping went live (rule 29); returns how many.

    The delta poll has noted each of them as they are now, so no request is spent. Without this call a
    mapping that goes live begins with whoever is added or changed from then on.
    """
    mapping = Mapping.objects.of_everyone().select_related("project").get(pk=mapping_id)
    connection_id = mapping.project.connection_id
    seen = Event.objects.filter(kind="row.profile", connection=connection_id, state=State.SKIPPED)
    rows = seen.filter(reason__in=BEFORE_LIVE, payload__project=mapping.project.remote_id).order_by("pk")
    newest = {event.payload["id"]: event for event in rows}
    known = Profile.objects.filter(connection_id=connection_id, candidacy__isnull=False, remote_id__in=newest)
    synced = set(known.values_list("remote_id", flat=True))
    return len(
        ledger.append_many(
            [
                polls.earlier_row(connection_id, event, mapping_id=mapping.pk)
                for remote_id, event in newest.items()
                if remote_id not in synced
            ],
            now=now,
        )
    )


def listings_are_read(*, connection_id: UUID) -> bool:
    """True once each listing that has an end was read to it."""
    ends = [StreamName.PROJECTS, StreamName.SEATS, StreamName.JOBS, StreamName.PEOPLE]
    return not Stream.objects.filter(connection_id=connection_id, name__in=ends, complete_at__isnull=True).exists()
