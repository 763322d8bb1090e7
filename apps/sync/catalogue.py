"""What a system offers to map: LinkedIn's Projects and seats, an ATS's jobs, stages, lists and users."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from apps.connections import selectors as budgets
from apps.connections import services as connections
from apps.core import errors
from apps.ledger.leases import Claimed
from apps.ledger.outcomes import Decision
from apps.mappings import choices, places, seats
from apps.mappings import services as mappings
from apps.mappings.models import ChoiceKind
from apps.providers import contract
from apps.sync import leading, reading
from apps.sync.listings import all_pages, done
from apps.sync.models import Stream


def read_projects(stream: Stream, box: Claimed, *, now: datetime) -> Callable[[], Decision]:
    """Every Project of the contract, with its stages."""
    if budgets.capabilities_of(stream.connection).publishes:
        return partial(_keep_places, stream, box, now=now)
    linkedin = connections.open_sourcing(stream.connection_id)
    projects = all_pages(lambda cursor: linkedin.list_projects(cursor=cursor))

    def decide() -> Decision:
        mappings.store_projects(connection_id=stream.connection_id, projects=projects, now=now)
        return done(stream, box, f"{len(projects)} Projects read.", now=now, complete=True)

    return decide


def _keep_places(stream: Stream, box: Claimed, *, now: datetime) -> Decision:
    """LinkedIn lists no Projects: the jobs that people may be exported to stand for them, which costs no call."""
    count = places.store_places(connection_id=stream.connection_id, now=now)
    return done(stream, box, f"{count} open jobs that people may be exported to.", now=now, complete=True)


def read_seats(stream: Stream, box: Claimed, *, now: datetime) -> Callable[[], Decision]:
    """Every seat of the contract."""
    linkedin = connections.open_sourcing(stream.connection_id)
    listed = all_pages(lambda cursor: linkedin.list_seats(cursor=cursor))

    def decide() -> Decision:
        mappings.store_seats(connection_id=stream.connection_id, seats=listed)
        return done(stream, box, f"{len(listed)} seats read.", now=now, complete=True)

    return decide


def read_jobs(stream: Stream, box: Claimed, *, now: datetime) -> Callable[[], Decision]:
    """Every job with its stages; once a day also what is chosen from lists, and who works there."""
    ats = connections.open_ats(stream.connection_id)
    jobs = all_pages(lambda cursor: ats.list_jobs(cursor=cursor))
    stages: list[contract.Stage] = []
    ids = [job.id for job in jobs if job.status == "open"]
    wanted = [ids[:1]] if ats.capabilities.stage_scope == "account" else reading.chunks(ids)
    for some in wanted:
        stages += ats.list_stages(some)
    lists = _read_lists(ats) if _lists_due(stream, now=now) else None
    cursor = {**stream.cursor, "choices": now.isoformat()} if lists else None

    def decide() -> Decision:
        if lists is not None:
            lists.store(stream.connection_id)
        turned = mappings.store_jobs(connection_id=stream.connection_id, jobs=jobs, stages=stages, now=now)
        vanished = mappings.end_vanished_jobs(connection_id=stream.connection_id, seen=[job.id for job in jobs])
        detail = f"{len(jobs)} jobs and {len(stages)} stages read." + (f" {vanished} vanished." if vanished else "")
        follow = leading.read_again(stream.connection_id, jobs=turned) if turned else []
        return done(stream, box, detail, now=now, cursor=cursor, follow=follow, complete=True)

    return decide


LISTS_EVERY = timedelta(days=1)
"""Folders, reasons and users change rarely; somebody who waits for a new one reads the connection at once."""


def _lists_due(stream: Stream, *, now: datetime) -> bool:
    read = stream.cursor.get("choices")
    return read is None or now - datetime.fromisoformat(read) >= LISTS_EVERY


@dataclass(frozen=True, slots=True)
class _Lists:
    """What the ATS lets people choose from, and who works in it."""

    choices: Mapping[ChoiceKind, Sequence[contract.Choice]]
    users: Sequence[contract.User]

    def store(self, connection_id: UUID) -> None:
        for kind, found in self.choices.items():
            choices.store_choices(connection_id=connection_id, kind=kind, choices=found)
        seats.store_users(connection_id=connection_id, users=self.users)


def _read_lists(ats: contract.Ats) -> _Lists | None:
    """None where the ATS is busy: the next reading of jobs asks again."""
    try:
        return _Lists(
            choices={
                ChoiceKind.FOLDER: _allowed(ats.list_folders),
                ChoiceKind.REASON: _allowed(ats.list_reject_reasons),
            },
            users=_allowed(lambda: all_pages(lambda cursor: ats.list_users(cursor=cursor))),
        )
    except (errors.RateLimited, errors.Transient):
        return None


def _allowed(read: Callable[[], Sequence[contract.T]]) -> Sequence[contract.T]:
    """A list; empty where the credential may not read it."""
    try:
        return read()
    except (errors.Rejected, errors.NotFound):
        return ()
