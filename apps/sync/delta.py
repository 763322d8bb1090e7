"""LinkedIn's delta: who changed in a Project since the last reading, a row each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID

from apps.candidates.models import Profile
from apps.connections import services as connections
from apps.ledger.leases import Claimed
from apps.ledger.models import Event
from apps.ledger.outcomes import Decision
from apps.ledger.services import NewEvent
from apps.ledger.states import Priority
from apps.notifications import announce
from apps.providers import contract
from apps.sync import lanes, listings, wire
from apps.sync.models import Stream

LINKEDIN_OVERLAP = timedelta(minutes=10)
"""The stored cursor stays this far behind the last row: rows of equal time, late commits there (rule 25)."""

LINKEDIN_PAGE = 100

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

BULK = 100
"""More new profiles of one Project than this in one poll are an import, whose people may wait for moves (R15)."""


def read_profiles(stream: Stream, box: Claimed, *, now: datetime) -> partial[Decision]:
    """A few pages from where the last reading ended; each row becomes an event."""
    linkedin = connections.open_sourcing(stream.connection_id)
    since = datetime.fromisoformat(stream.cursor.get("since", "1970-01-01T00:00:00+00:00"))
    newest = datetime.fromisoformat(stream.cursor.get("newest", since.isoformat()))
    found: dict[tuple[str, str], contract.Profile] = {}
    start = 0
    for _ in range(listings.PAGES_PER_POLL):
        rows = linkedin.list_profiles_since(since=since, start=start)
        found |= {(row.id, row.modified_at.isoformat()): row for row in rows}
        if len(rows) < LINKEDIN_PAGE:
            break
        last = rows[-1].modified_at
        since, start = (last, 0) if last > since else (since, start + LINKEDIN_PAGE)
    else:
        rows = ()
    newest = max([newest, *(row.modified_at for row in found.values())])
    more = not rows and bool(found)
    cursor: dict[str, object] = {
        "since": (since if more else max(newest - LINKEDIN_OVERLAP, EPOCH)).isoformat(),
        "newest": newest.isoformat(),
    }
    if not more:
        cursor["drained"] = now.isoformat()
    imported = _imported(stream.connection_id, found.values())
    follow = [
        row_event(
            stream.connection_id,
            row,
            priority=Priority.BACKFILL if row.project in imported else Priority.NEW_CANDIDATE,
        )
        for row in found.values()
    ]
    if more:
        follow.append(listings.poll_event(stream, go_on=since.isoformat()))
    detail = f"{len(found)} profile rows read."
    return partial(listings.done, stream, box, detail, now=now, cursor=cursor, follow=follow)


def row_event(
    connection_id: UUID,
    profile: contract.Profile,
    *,
    caused_by: int | None = None,
    priority: Priority = Priority.NEW_CANDIDATE,
) -> NewEvent:
    """One row of the delta; it comes again with the next poll and is the same by (id, modifiedAt)."""
    gate = lanes.arrival_gate(connection_id)
    return NewEvent(
        kind="row.profile",
        mailbox=lanes.profile_mailbox(connection_id, profile.id),
        gate=gate,
        priority=priority,
        connection=connection_id,
        payload=wire.profile_to_payload(profile),
        dedupe=f"profile:{profile.id}:{profile.modified_at.isoformat()}:{profile.stage}:{profile.removed}",
        caused_by=caused_by,
    )


def earlier_row(connection_id: UUID, row: Event, *, mapping_id: UUID) -> NewEvent:
    """A row that was skipped because its mapping was not live, to be planned now that it is; nobody is told."""
    gate = lanes.arrival_gate(connection_id)
    return NewEvent(
        kind=row.kind,
        mailbox=lanes.profile_mailbox(connection_id, row.payload["id"]),
        gate=gate,
        priority=Priority.BACKFILL,
        connection=connection_id,
        payload={**row.payload, announce.MUTED: True},
        dedupe=f"live:{mapping_id}:{row.pk}",
        caused_by=row.pk,
    )


def _imported(connection_id: UUID, rows: Iterable[contract.Profile]) -> frozenset[str]:
    """Projects to which one poll brings more new profiles than people add by hand."""
    by_id = {row.id: row.project for row in rows if not row.removed}
    known = Profile.objects.filter(connection_id=connection_id, remote_id__in=by_id)
    fresh = by_id.keys() - set(known.values_list("remote_id", flat=True))
    counts = Counter(by_id[one] for one in fresh)
    return frozenset(project for project, count in counts.items() if count > BULK)
