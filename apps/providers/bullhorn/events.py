"""Bullhorn's event subscription: reading empties it, `requestId` gives a batch again.

https://bullhorn.github.io/REST-API-Event-Subscriptions/
Batches are counted up by one, so one that was read and lost shows as a number that was skipped. The cursor
is the number of the last batch and when it was read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from apps.core import clock, errors
from apps.providers.bullhorn import capabilities, translate, wire
from apps.providers.bullhorn.reads import Reads
from apps.providers.bullhorn.translate import Batch
from apps.providers.contract import Call, Hook, Page, Pulled, Purpose
from apps.providers.transport import Http, Request

NAMES = ("Candidate", "JobSubmission", "JobOrder")
KINDS = ("INSERTED", "UPDATED", "DELETED")

SURE_FOR = capabilities.KEEPS_EVENTS - timedelta(days=1)
"""Events that wait longer go one by one and without a word; a day's margin for clocks and habits."""


@dataclass(frozen=True, slots=True)
class Place:
    """How far the queue was read."""

    batch: int
    read_at: datetime

    @classmethod
    def read(cls, cursor: str) -> Place:
        """Raises ValueError."""
        batch, _, read_at = cursor.partition("@")
        return cls(int(batch), datetime.fromisoformat(read_at))

    def text(self) -> str:
        return f"{self.batch}@{self.read_at.astimezone(UTC).isoformat()}"


class Queue:
    """The subscription of one connection. There are fifteen for an agency's whole database."""

    def __init__(self, http: Http, reads: Reads, name: str) -> None:
        self._http = http
        self._reads = reads
        self._path = f"/event/subscription/{quote(name, safe='')}"

    def pull(self, cursor: str, *, unsure: bool) -> Pulled:
        """Read one batch more. A queue that is gone, or was made anew since, is opened, and a gap is told."""
        now = clock.now()
        if not cursor:
            return Pulled((), Place(self._open(), now).text())
        place = Place.read(cursor)
        try:
            batches = list(self._batches(place, unsure=unsure))
        except errors.NotFound:
            return Pulled((), Place(self._open(), now).text(), gap=True)
        hooks = tuple(hook for batch in batches for hook in batch.hooks)
        last = max([place.batch, *(batch.number for batch in batches)])
        full = any(len(batch.hooks) >= wire.MOST_EVENTS for batch in batches)
        return Pulled(hooks, Place(last, now).text(), more=full, gap=now - place.read_at > SURE_FOR)

    def _batches(self, place: Place, *, unsure: bool) -> Iterator[Batch]:
        """First those that were taken out and never committed, then the next. Raises NotFound."""
        known = place.batch
        if unsure:
            taken = self._last_taken()
            if taken < known:
                raise errors.NotFound("the event queue was made anew")
            yield from self._again(known + 1, taken)
            known = taken
        batch = self._read(maxEvents=wire.MOST_EVENTS)
        if batch is not None:
            if batch.number <= known:
                raise errors.NotFound("the event queue was made anew")
            yield from self._again(known + 1, batch.number - 1)
            yield batch

    def _again(self, first: int, last: int) -> Iterator[Batch]:
        for number in range(first, last + 1):
            batch = self._read(requestId=number)
            if batch is not None:
                yield batch

    def _open(self) -> int:
        """Safe to repeat: Bullhorn gives a subscription that is there, with its last batch's number."""
        query = wire.query(type="entity", names=",".join(NAMES), eventTypes=",".join(KINDS))
        call = Call("events.subscribe", Purpose.POLL, repeatable=True)
        return self._http.call(call, Request("PUT", self._path, query), translate.subscribed)

    def _last_taken(self) -> int:
        path = f"{self._path}/lastRequestId".removeprefix("/")
        return self._reads.get("events.last", Purpose.POLL, path, "", translate.last_request)

    def _read(self, **asked: int) -> Batch | None:
        """The next batch is taken out by being read; a lost answer is had again by its number."""
        call = Call(wire.EVENTS, Purpose.POLL, repeatable=True)
        return self._http.call(call, Request("GET", self._path, wire.query(**asked)), translate.batch)

    def list_changes(self, since: datetime, cursor: str | None) -> Page[Hook]:
        """One type after the other; the cursor is the type and the last id of it."""
        entity, _, last = (cursor or f"{NAMES[0]} ").partition(" ")
        page = self._reads.list_changed(entity, since, last or None)
        if page.next is not None:
            return Page(page.items, f"{entity} {page.next}")
        following = NAMES[NAMES.index(entity) + 1 :]
        return Page(page.items, f"{following[0]} " if following else None)
