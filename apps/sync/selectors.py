"""Reads about the listings of each connection: when each was read, and when it is next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from apps.sync.models import Stream


@dataclass(frozen=True, slots=True)
class StreamRow:
    """One listing. `complete_at` is empty until its first full reading has ended."""

    connection_id: UUID
    name: str
    read_at: datetime | None
    next_at: datetime | None
    complete_at: datetime | None
    every_seconds: int


def list_streams(connection_ids: list[UUID]) -> tuple[StreamRow, ...]:
    """The listings of connections that were already given to the reader."""
    found = Stream.objects.filter(connection__in=connection_ids).order_by("connection", "pk")
    return tuple(
        StreamRow(one.connection_id, one.name, one.read_at, one.next_at, one.complete_at, one.every_seconds)
        for one in found
    )
