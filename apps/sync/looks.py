"""Handler `look`: read one person again because somebody asked, and plan from what is seen (R18b)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from uuid import UUID

from apps.connections import services as connections
from apps.core import errors
from apps.ledger import drain, outcomes
from apps.ledger.leases import Claimed, Lease
from apps.ledger.models import Event
from apps.ledger.outcomes import Decision, Tried, Unit
from apps.ledger.services import NewEvent
from apps.ledger.states import Priority
from apps.providers import contract, recording
from apps.sync import delta, lanes


def look_event(
    connection_id: UUID,
    profile_id: str,
    *,
    asked_by: int | None,
    clients: tuple[UUID, ...] = (),
    subject: str = "",
    caused_by: int | None = None,
) -> NewEvent:
    """One request to LinkedIn, ahead of what waits: somebody is looking at the page."""
    gate = lanes.connection_gate(connection_id)
    return NewEvent(
        kind="look.profile",
        mailbox=f"look:{connection_id}:{profile_id}",
        gate=gate,
        turn=f"{gate}|looks",
        priority=Priority.INTERACTIVE,
        connection=connection_id,
        clients=clients,
        subject=subject,
        payload={"id": profile_id, "asked_by": asked_by},
        caused_by=caused_by,
    )


def handle(lease: Lease, claimed: Sequence[Claimed], *, now: datetime) -> list[Unit]:
    """Read each profile; several asked for at once travel in one request."""
    units = [outcomes.settled_each(box, {}) for box in claimed if not box.events]
    by_connection: dict[UUID, list[Claimed]] = {}
    for box in claimed:
        if box.events:
            by_connection.setdefault(lanes.connection_of(box.events[0]), []).append(box)
    for connection_id, boxes in by_connection.items():
        units += _look(connection_id, boxes, now=now)
    return units


def _look(connection_id: UUID, boxes: Sequence[Claimed], *, now: datetime) -> list[Unit]:
    ids = sorted({str(box.events[0].payload["id"]) for box in boxes})
    said: list[recording.Exchange] = []
    try:
        with recording.exchanges() as said:
            found = connections.open_sourcing(connection_id).get_profiles(ids)
    except errors.SyncError as error:
        outcome = drain.of_error(error, now=now)
        return [_unit(box, replace(outcome, tried=_tried(box, ids, said, error.code, error.detail))) for box in boxes]
    return [_seen(box, ids, found, said) for box in boxes]


def _tried(
    box: Claimed, ids: Sequence[str], said: Sequence[recording.Exchange], outcome: str, detail: str = ""
) -> list[Tried]:
    own = str(box.events[0].payload["id"])
    shown = [one.of_one(own, ids).as_json() for one in said]
    seconds = sum(one.seconds for one in said)
    return [Tried(operation="get_profiles", outcome=outcome, detail=detail, seconds=seconds, exchanges=shown)]


def _seen(
    box: Claimed, ids: Sequence[str], found: Mapping[str, contract.Profile], said: Sequence[recording.Exchange]
) -> Unit:
    there = found.get(str(box.events[0].payload["id"]))
    tried = _tried(box, ids, said, "done" if there else "not_found")
    if there is None:
        why = "LinkedIn does not show this profile: it was taken out of the Project, or the Project is gone."
        return _unit(box, outcomes.done(why, tried=tried))
    outcome = outcomes.done(f"Read again: they stand at {there.stage}.", tried=tried)
    return _unit(box, outcome, [_row(box.events[0], there)])


def _row(asked: Event, there: contract.Profile) -> NewEvent:
    """The row as if it had just come; that it came before is no reason to leave it out."""
    row = delta.row_event(lanes.connection_of(asked), there, caused_by=asked.pk)
    return replace(row, dedupe=f"look:{asked.pk}", priority=Priority.INTERACTIVE)


def _unit(box: Claimed, outcome: outcomes.Outcome, follow: Sequence[NewEvent] = ()) -> Unit:
    decided = partial(Decision, outcomes={event.pk: outcome for event in box.events}, follow=follow)
    return Unit(mailboxes=frozenset({box.id}), decide=decided)
