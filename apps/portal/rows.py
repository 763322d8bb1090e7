"""Rows of the log as plain values, for every screen that lists events."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse

from apps.portal import words
from apps.portal.words import Badge, Kind, Moment
from apps.reports.sync_log import LogRow


@dataclass(frozen=True, slots=True)
class EventLine:
    id: int
    href: str
    at: Moment
    ago: Moment | None
    person: str
    person_href: str
    detail: str
    kind: Kind
    connection: str
    mark: str
    clients: str
    state: Badge
    lag: str
    tries: int


def line_of(row: LogRow, *, now: datetime) -> EventLine:
    """Say one event."""
    event = row.event
    lag = ((event.settled_at or now) - event.arrived_at).total_seconds() if event.state != "skipped" else None
    subject_id = event.subject.removeprefix("person:")
    return EventLine(
        id=event.id,
        href=reverse("portal:event", args=[event.id]),
        at=words.log_time(event.arrived_at, now=now),
        ago=words.moment(event.settled_at or event.arrived_at, now=now),
        person=row.person,
        person_href=reverse("portal:candidate", args=[subject_id]) if row.person else "",
        detail=event.detail,
        kind=words.kind_of(event.kind),
        connection=row.connection,
        mark=words.mark_of(row.provider) if row.provider else "",
        clients=", ".join(row.clients),
        state=words.state_badge(state=event.state, reason=event.reason, cause=event.cause, due_at=event.due_at),
        lag=words.duration(lag),
        tries=event.attempts,
    )
