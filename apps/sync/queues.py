"""Reading an ATS's event queue, which reading empties.

That a question is about to be asked is committed before it is asked, and the answer's place together with its
events: a reader who dies in between leaves the next one `unsure`, who asks for what was taken out again. A
queue that was lost with its events is followed by a listing of what changed since it was last read.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.candidates import services as candidates
from apps.connections import services as connections
from apps.ledger.services import NewEvent
from apps.mappings import services as mappings
from apps.providers import contract
from apps.providers.contract import HookKind
from apps.sync import deliveries, index, reading
from apps.sync.models import Stream

MOST_BATCHES = 10
"""Batches, or pages of a gap, of one reading; the rest is a new event, within a lease of its own."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What one reading came to: the stream's new cursor, and the events to commit with it. `go_on` is not
    empty where more is to be read at once; `jobs`: a mapped job changed."""

    detail: str
    cursor: dict[str, Any]
    events: list[NewEvent]
    go_on: str = ""
    jobs: bool = False


def read(stream: Stream, *, now: datetime) -> Reading:
    """Take out what waits, or list some more of a gap. Raises SyncError."""
    return _fill_gap(stream) if "gap" in stream.cursor else _take_out(stream, now=now)


def _take_out(stream: Stream, *, now: datetime) -> Reading:
    queue = connections.open_queue(stream.connection_id)
    at, unsure = stream.cursor.get("at", ""), bool(stream.cursor.get("asking"))
    Stream.objects.filter(pk=stream.pk).update(cursor={**stream.cursor, "asking": True})
    hooks: list[contract.Hook] = []
    for _ in range(MOST_BATCHES):
        pulled = queue.pull_events(cursor=at, unsure=unsure)
        at, unsure = pulled.cursor, False
        hooks += pulled.hooks
        if pulled.gap or not pulled.more:
            break
    cursor: dict[str, Any] = {"at": at, "seen": now.isoformat()}
    detail = f"{len(hooks)} events read."
    go_on = at if pulled.more else ""
    if pulled.gap:
        since = datetime.fromisoformat(stream.cursor.get("seen", now.isoformat())) - index.OVERLAP
        cursor["gap"] = {"since": since.isoformat()}
        detail = f"{detail} Events since {since:%d %B %H:%M} were lost there; what changed since is listed instead."
        go_on = f"gap:{at}"
    return _reading(stream.connection_id, detail, cursor, hooks, go_on)


def _fill_gap(stream: Stream) -> Reading:
    queue = connections.open_queue(stream.connection_id)
    gap = stream.cursor["gap"]
    since, page_at = datetime.fromisoformat(gap["since"]), gap.get("page")
    hooks: list[contract.Hook] = []
    for _ in range(MOST_BATCHES):
        page = queue.list_changes(since=since, cursor=page_at)
        hooks += page.items
        page_at = page.next
        if page_at is None:
            break
    cursor = {name: value for name, value in stream.cursor.items() if name != "gap"}
    if page_at is not None:
        cursor["gap"] = {**gap, "page": page_at}
    detail = f"{len(hooks)} changes listed for a gap in the events."
    return _reading(stream.connection_id, detail, cursor, hooks, f"gap:{gap['since']}:{page_at}" if page_at else "")


def _reading(
    connection_id: UUID, detail: str, cursor: dict[str, Any], hooks: Sequence[contract.Hook], go_on: str
) -> Reading:
    mapped = mappings.mapped_jobs(connection_id=connection_id)
    ours = [*_about_applications(connection_id, hooks, mapped), *_about_people(connection_id, hooks)]
    jobs = any(hook.kind == HookKind.CATALOGUE and hook.job_id in mapped for hook in hooks)
    told = f"{detail} {len(ours)} are about people here." if hooks else detail
    return Reading(told, cursor, [deliveries.event_of(connection_id, hook) for hook in ours], go_on, jobs)


def _about_applications(
    connection_id: UUID, hooks: Sequence[contract.Hook], mapped: frozenset[str]
) -> Iterable[contract.Hook]:
    """Those for mapped jobs or of our candidacies. A queue names ids alone, so each is read once to learn
    whose it is: the engine leases the person before it plans (rule 2)."""
    named = {hook.application_id for hook in hooks if hook.kind == HookKind.APPLICATION}
    gone = {hook.application_id for hook in hooks if hook.kind == HookKind.APPLICATION_DELETED}
    known = candidates.known_applications(connection_id=connection_id, ids=named | gone)
    found = reading.applications(connections.open_ats(connection_id), dict.fromkeys(named, "")) if named else {}
    for hook in hooks:
        there = found.get(hook.application_id)
        if hook.kind == HookKind.APPLICATION and there is not None and there.job_id in mapped:
            yield deliveries.of_person(hook, there.person_id)
        elif hook.kind in (HookKind.APPLICATION, HookKind.APPLICATION_DELETED) and hook.application_id in known:
            yield hook


def _about_people(connection_id: UUID, hooks: Sequence[contract.Hook]) -> Iterable[contract.Hook]:
    """Changes of people we have; deletions also of those whom only the index has. The rest the index's own
    crawl notes, which is read forward before anybody is created."""
    kinds = (HookKind.PERSON, HookKind.PERSON_DELETED)
    ids = {hook.person_id for hook in hooks if hook.kind in kinds}
    ours = candidates.known_people(connection_id=connection_id, ids=ids)
    indexed = candidates.indexed_people(connection_id=connection_id, ids=ids - ours)
    for hook in hooks:
        deleted = hook.kind == HookKind.PERSON_DELETED and hook.person_id in indexed
        if hook.kind in kinds and (hook.person_id in ours or deleted):
            yield hook
