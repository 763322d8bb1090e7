"""A connection's health in one word, and its history: each change is noted once, whoever sees it first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from apps.connections import selectors
from apps.connections.models import Chapter, Connection, CredentialState

EXPIRES_SOON = timedelta(days=14)
"""The first of the warnings; it leaves an admin time to reconnect before anything waits."""

FAILING_FROM = 10
"""More errors in a row than this is an alert (MISSION.md, R17)."""

SILENT_AFTER = timedelta(hours=24)
"""The catalogue alone is read more often than this, so silence means that nothing runs."""


@dataclass(frozen=True, slots=True)
class Health:
    """A word of `healthy expiring expired failing paused silent`, and since or until when."""

    word: str
    at: datetime | None = None
    count: int = 0


def health_of(one: Connection, *, now: datetime, outage: bool) -> Health:
    """The worst that is true, and that a person can do something about."""
    stopped = one.stopped_at or one.paused_at
    if stopped is not None:
        return Health("paused", stopped)
    credential = getattr(one, "credential", None)
    if credential is not None and credential.state == CredentialState.EXPIRED:
        return Health("expired", credential.changed_at)
    if outage or one.consecutive_errors > FAILING_FROM:
        return Health("failing", one.last_error_at, one.consecutive_errors)
    if credential is not None and credential.expires_at is not None and credential.expires_at - now < EXPIRES_SOON:
        return Health("expiring", credential.expires_at)
    if one.last_success_at is not None and now - one.last_success_at > SILENT_AFTER:
        return Health("silent", one.last_success_at)
    return Health("healthy")


def note_changes(now: datetime) -> None:
    """Write down whose health is another than when it was last noted; called by the sweep."""
    found = list(selectors.list_connections())
    closed = selectors.closed_gates_of([one.pk for one in found])
    for one in found:
        health = health_of(one, now=now, outage="outage" in closed.get(one.pk, ()))
        if health.word != one.health:
            _note(one, health, now)


def _note(one: Connection, health: Health, now: datetime) -> None:
    """Of several workers that see the change one notes it. That a new connection is well is no change."""
    changed = Connection.objects.filter(pk=one.pk, health=one.health).update(health=health.word)
    if changed and (one.health or health.word != "healthy"):
        Chapter.objects.create(connection_id=one.pk, word=health.word, at=now, detail=_detail(one, health))


def _detail(one: Connection, health: Health) -> str:
    match health.word:
        case "failing":
            return one.last_error
        case "expiring":
            return f"Ends on {health.at:%d %b %Y, %H:%M} UTC." if health.at else ""
        case "silent":
            return f"The last answer came on {health.at:%d %b %Y, %H:%M} UTC." if health.at else ""
    return ""


def note_act(connection_id: UUID, word: str, *, now: datetime, actor_id: int | None, health: str | None) -> None:
    """Write down what somebody did; `health` is what it makes of the connection: empty where that will show,
    None where it makes nothing of it."""
    if health is not None:
        Connection.objects.filter(pk=connection_id).update(health=health)
    Chapter.objects.create(connection_id=connection_id, word=word, at=now, by_id=actor_id)
