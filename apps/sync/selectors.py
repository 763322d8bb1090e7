"""Reads about the listings of each connection: when each was read, and when it is next."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from apps.accounts.scope import Scope
from apps.candidates import linkedin_urls
from apps.ledger import selectors as ledger
from apps.ledger.models import Event
from apps.ledger.selectors import EventRow
from apps.sync.models import Stream, StreamName

UNPLANNED = 20
"""Rows of people who were received and not planned, that one search shows at most."""


@dataclass(frozen=True, slots=True)
class StreamRow:
    """One listing. `complete_at` is empty until its first full reading has ended."""

    connection_id: UUID
    name: str
    read_at: datetime | None
    next_at: datetime | None
    complete_at: datetime | None
    every_seconds: int


@dataclass(frozen=True, slots=True)
class ReceivedRow:
    """Somebody whom LinkedIn showed and who became no candidate: the newest row about them."""

    event: EventRow
    profile_id: str
    name: str
    project: str
    stage: str


def find_received(*, scope: Scope, text: str) -> tuple[ReceivedRow, ...]:
    """Who was read from LinkedIn and never planned, by name, address or profile id; each profile once."""
    rows = ledger.events_within(scope).filter(kind="row.profile", subject="").filter(_names(text)).order_by("-id")
    key = linkedin_urls.identity_key(text)
    newest: dict[str, Event] = {}
    for event in rows[: 10 * UNPLANNED]:
        if key is None or linkedin_urls.identity_key(str(event.payload.get("url", ""))) == key:
            newest.setdefault(str(event.payload.get("id", event.pk)), event)
    found = list(newest.values())[:UNPLANNED]
    return tuple(_received(event, row) for event, row in zip(found, ledger.show_rows(found), strict=True))


def _names(text: str) -> Q:
    key = linkedin_urls.canonicalise(text)
    if isinstance(key, linkedin_urls.LinkedInKey):
        return Q(payload__url__icontains=key.key)
    by_name = Q()
    for word in text.split()[:6]:
        by_name &= Q(payload__first_name__icontains=word) | Q(payload__last_name__icontains=word)
    return Q(payload__id=text) | Q(payload__member=text) | by_name


def _received(event: Event, row: EventRow) -> ReceivedRow:
    said = event.payload
    name = f"{said.get('first_name', '')} {said.get('last_name', '')}".strip()
    return ReceivedRow(
        event=row,
        profile_id=str(said.get("id", "")),
        name=name,
        project=str(said.get("project", "")),
        stage=str(said.get("stage", "")),
    )


def list_readings(connection_ids: Iterable[UUID]) -> dict[UUID, StreamRow]:
    """The reading of people in Projects, by connection."""
    return {one.connection_id: one for one in list_streams(list(connection_ids)) if one.name == StreamName.PROFILES}


def list_streams(connection_ids: list[UUID]) -> tuple[StreamRow, ...]:
    """The listings of connections that were already given to the reader."""
    found = Stream.objects.filter(connection__in=connection_ids).order_by("connection", "pk")
    return tuple(
        StreamRow(one.connection_id, one.name, one.read_at, one.next_at, one.complete_at, one.every_seconds)
        for one in found
    )
