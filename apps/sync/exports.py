"""Handler `export`: fetch whom a recruiter exported, within the day that LinkedIn keeps them.

What is fetched goes on as a row like any other's, so that whoever is exported arrives as whoever is added to a
Project. The place of the row is the job that they were exported to, and it has no stage in LinkedIn.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from django.db import connections as databases

from apps.connections import selectors
from apps.connections import services as connections
from apps.connections.models import Connection
from apps.core import clock, errors
from apps.ledger import drain, outcomes
from apps.ledger.leases import Claimed, Lease
from apps.ledger.models import Event
from apps.ledger.outcomes import Decision, Outcome, Tried, Unit
from apps.ledger.services import NewEvent
from apps.ledger.states import Priority, Reason
from apps.mappings import places
from apps.providers import contract, recording
from apps.providers.sharing import Export
from apps.sync import delta, lanes
from apps.sync.steps import DEADLINE

KEPT_FOR = timedelta(hours=24)
"""How long LinkedIn keeps an export (facts: LinkedIn 5.1)."""

AT_ONCE = 8
"""Exports that are fetched at the same time: LinkedIn gives them one by one."""

LATE = (
    "LinkedIn keeps an export for 24 hours, and this one was not fetched in that time. "
    "Ask the recruiter to export the person again."
)


def export_event(connection_id: UUID, hook: contract.Hook, *, dedupe: str) -> NewEvent:
    """What fetches the exported profile that a delivery names."""
    return NewEvent(
        kind="hook.export",
        handled_by="export",
        mailbox=f"export:{connection_id}:{hook.delivery_id}",
        gate=lanes.connection_gate(connection_id),
        priority=Priority.NEW_CANDIDATE,
        connection=connection_id,
        payload={
            "request": hook.delivery_id,
            "expires_at": hook.expires_at.isoformat() if hook.expires_at is not None else "",
        },
        dedupe=dedupe,
    )


def handle(lease: Lease, claimed: Sequence[Claimed], *, now: datetime) -> list[Unit]:
    """Fetch each, a few at once; one that LinkedIn keeps no more costs no call."""
    units: list[Unit] = []
    asked: list[Claimed] = []
    for box in claimed:
        stop = stopped(box.events[0], now=now) if box.events else None
        if box.events and stop is None:
            asked.append(box)
        else:
            units.append(outcomes.settled_each(box, {event.pk: stop for event in box.events if stop}))
    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        calling = [pool.submit(copy_context().run, partial(_fetch, lease, box, now=now)) for box in asked]
        units += [call.result() for call in calling]
    return units


def stopped(event: Event, *, now: datetime) -> Outcome | None:
    """Why an export is not asked for; None where it is."""
    connection = selectors.get_connection(lanes.connection_of(event))
    if not selectors.capabilities_of(connection).publishes:
        return outcomes.skipped(Reason.IRRELEVANT, f"{connection.name} reads Projects; exports are not fetched by it.")
    ends = expires_at(event)
    return outcomes.dead("export_expired", LATE) if ends is not None and ends <= now else None


def expires_at(event: Event) -> datetime | None:
    """When LinkedIn forgets the export, by its own word; None where the delivery did not say."""
    said = event.payload.get("expires_at", "")
    return datetime.fromisoformat(said) if said else None


def _fetch(lease: Lease, box: Claimed, *, now: datetime) -> Unit:
    event = box.events[0]
    connection_id = lanes.connection_of(event)
    started = clock.real_now()
    said: list[recording.Exchange] = []

    def tried(outcome: str, detail: str = "") -> list[Tried]:
        seconds = (clock.real_now() - started).total_seconds()
        shown = [one.as_json() for one in said]
        return [Tried(operation="get_export", outcome=outcome, detail=detail, seconds=seconds, exchanges=shown)]

    try:
        lease.require(DEADLINE)
        with recording.exchanges() as said:
            found = connections.open_publishing(connection_id).get_export(str(event.payload["request"]))
    except errors.NotFound as gone:
        dead = partial(_ended, event, outcomes.dead(gone.cause, LATE))
        return outcomes.with_tries(box, dead, tried(gone.code, gone.detail))
    except errors.SyncError as error:
        again = partial(_ended, event, drain.of_error(error, now=now))
        return outcomes.with_tries(box, again, tried(error.code, error.detail))
    finally:
        databases.close_all()
    return outcomes.with_tries(box, partial(plan_export, event, found, now=now), tried("done"))


def _ended(event: Event, outcome: Outcome) -> Decision:
    return Decision(outcomes={event.pk: outcome})


def plan_export(event: Event, found: Sequence[Export], *, now: datetime) -> Decision:
    """The rows of whom an export brought, inside the settling transaction; nothing is kept of another customer's."""
    connection = selectors.get_connection(lanes.connection_of(event))
    if not found:
        return _ended(event, outcomes.dead("export_empty", "LinkedIn has this export, and nobody is in it."))
    if any(one.context != _context_of(connection) for one in found):
        why = "It was made for another organization than this connection's. Nothing of it was kept."
        return _ended(event, outcomes.dead("other_context", why))
    if any(not one.job for one in found):
        why = "It names no job, so nobody can say where it belongs. Ask the recruiter to export them to a job."
        return _ended(event, outcomes.dead("export_without_job", why))
    for one in found:
        places.ensure_place(connection_id=connection.pk, job=one.job, now=now)
    rows = [delta.row_event(connection.pk, profile_of(event, one), caused_by=event.pk) for one in found]
    done = outcomes.done("Fetched. They go on as somebody who was added to the job.")
    return Decision(outcomes={event.pk: done}, follow=rows)


def _context_of(connection: Connection) -> str:
    return str(connection.settings.get("options", {}).get("organization", ""))


BETWEEN = ">"
MEMBER = "urn:li:person:"


def member_of(profile_id: str) -> str:
    """Which member a profile's id names: LinkedIn gives each customer ids of its own, so no other will do."""
    named = profile_id.partition(BETWEEN)[2]
    return named if named.startswith(MEMBER) else ""


def profile_of(event: Event, found: Export) -> contract.Profile:
    """Whom was exported, as a row: the same person's for the same job is one profile, whenever they are exported."""
    at = min(event.arrived_at, (expires_at(event) or event.arrived_at + KEPT_FOR) - KEPT_FOR)
    return contract.Profile(
        id=f"{found.job}{BETWEEN}{found.member or found.url or event.payload['request']}",
        project=found.job,
        member=found.member,
        first_name=found.first_name,
        last_name=found.last_name,
        headline=found.headline,
        company=found.company,
        title=found.headline,
        location=found.location,
        url=found.url,
        email=found.email,
        stage="",
        stage_changed_at=at,
        stage_changed_by="",
        added_at=at,
        added_by="",
        removed=False,
        modified_at=at,
    )
