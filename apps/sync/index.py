"""The local index of an ATS: complete before the first create, read forward before each (rule 20)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from apps.candidates import duplicates
from apps.candidates import services as candidates
from apps.providers import contract
from apps.sync import survivors
from apps.sync.models import Stream, StreamName

OVERLAP = timedelta(minutes=10)
"""Kept behind the crawl's start: rows written while the crawl ran, and clocks that differ (rule 25)."""


def read_forward(connection_id: UUID, ats: contract.Ats, *, now: datetime) -> None:
    """Bring the index up to now; the watermark is saved after the last page."""
    stream = Stream.objects.get(connection_id=connection_id, name=StreamName.PEOPLE)
    since = datetime.fromisoformat(stream.cursor["since"])
    cursor: str | None = None
    while True:
        page = ats.list_people(updated_since=since, cursor=cursor)
        candidates.index_people(connection_id=connection_id, people=page.items)
        forget(connection_id, merged_away(connection_id, ats, page.items))
        duplicates.notice(connection_id=connection_id, remote_ids=[one.id for one in page.items], now=now)
        cursor = page.next
        if cursor is None:
            break
    Stream.objects.filter(pk=stream.pk).update(cursor={"since": (now - OVERLAP).isoformat()}, read_at=now)


def merged_away(connection_id: UUID, ats: contract.Ats, people: Iterable[contract.Person]) -> set[str]:
    """Whom the ATS shows no more and whose LinkedIn address one of these people bears now. Most systems tell of no
    merge of people whom nobody here follows; left in the index they would make one person look like two. Those too of
    whom a person is asked whether they are one of these."""
    people = list(people)
    asked = duplicates.asked_with(connection_id=connection_id, remote_ids=[one.id for one in people])
    return survivors.missing(ats, asked | candidates.others_alike(connection_id=connection_id, people=people))


def forget(connection_id: UUID, gone: Iterable[str]) -> None:
    for remote_id in gone:
        candidates.forget_index(connection_id=connection_id, remote_person_id=remote_id)
