"""The opaque keys that the engine gives to the ledger: gates, turns, mailboxes, leases, subjects."""

from __future__ import annotations

from uuid import UUID

from apps.ledger.models import Event
from apps.ledger.services import NewEvent
from apps.ledger.states import Priority, priority_after


def connection_of(event: Event) -> UUID:
    """The connection an arrival came from. Raises ValueError where it names none."""
    if event.connection is None:
        raise ValueError("the event names no connection")
    return event.connection


def connection_gate(connection_id: UUID) -> str:
    return f"connection:{connection_id}"


def arrival_gate(connection_id: UUID) -> str:
    """Planning what LinkedIn rows say needs no call: it goes on while the connection's own gate is closed."""
    return f"arrivals:{connection_id}"


def turn(gate: str, client_id: UUID | None) -> str:
    return f"{gate}|{client_id or ''}"


def person_key(person_id: UUID) -> str:
    return f"person:{person_id}"


def subject(person_id: UUID) -> str:
    return f"person:{person_id}"


def profile_mailbox(connection_id: UUID, profile_id: str) -> str:
    return f"profile:{connection_id}:{profile_id}"


def application_mailbox(connection_id: UUID, application_id: str) -> str:
    return f"application:{connection_id}:{application_id}"


def poll_mailbox(connection_id: UUID, name: str) -> str:
    return f"poll:{connection_id}:{name}"


def ats_person_mailbox(connection_id: UUID, person_id: str) -> str:
    return f"ats_person:{connection_id}:{person_id}"


def candidacy_hold(candidacy_id: UUID) -> str:
    return f"candidacy:{candidacy_id}"


def decision_mailbox(candidacy_id: UUID) -> str:
    return f"decide:{candidacy_id}"


def map_hold(stage_map_id: int) -> str:
    return f"map:{stage_map_id}"


def job_hold(job_id: int) -> str:
    return f"job:{job_id}"


def index_hold(connection_id: UUID) -> str:
    return f"index:{connection_id}"


def refresh_person(
    connection_id: UUID,
    remote_person_id: str,
    *,
    expects_application: bool = False,
    caused_by: Event | None = None,
) -> NewEvent:
    """Read a person and their applications again and plan from what is seen."""
    gate = connection_gate(connection_id)
    return NewEvent(
        kind="hook.refresh",
        mailbox=ats_person_mailbox(connection_id, remote_person_id),
        gate=gate,
        priority=priority_after(caused_by.priority if caused_by else 0, Priority.STAGE_CHANGE),
        connection=connection_id,
        payload={"person_id": remote_person_id, "expects_application": expects_application},
        caused_by=caused_by.pk if caused_by else None,
    )


def merged_person(connection_id: UUID, loser: str, survivor: str, *, caused_by: int) -> NewEvent:
    """A merge that was seen by what it left, not told."""
    return NewEvent(
        kind="hook.merged",
        mailbox=ats_person_mailbox(connection_id, loser),
        gate=connection_gate(connection_id),
        priority=Priority.STAGE_CHANGE,
        connection=connection_id,
        payload={"person_id": loser, "survivor_id": survivor},
        dedupe=f"merged:{loser}:{survivor}",
        caused_by=caused_by,
    )
