"""A person reconnects: the same account only, what waited goes on, the gap is read from the cursor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from apps.accounts.models import User
from apps.connections import services as connections
from apps.connections import trials
from apps.connections.models import Chapter, Connection
from apps.connections.trials import NotPassed, Own, Tried
from apps.core import errors, jobs
from apps.ledger import selectors as ledger
from apps.mappings.models import Job
from apps.providers import contract
from apps.providers.provider import Minted
from apps.sync.models import Stream

RECONNECTED = "reconnected"


@dataclass(frozen=True, slots=True)
class Landing:
    """What waited at the last reconnect, and what has become of it."""

    at: datetime
    by: str
    waited: int
    left: int
    dead: int

    @property
    def landed(self) -> int:
        return max(0, self.waited - self.left - self.dead)


def reconnect(*, connection_id: UUID, minted: Minted, actor: User, now: datetime) -> contract.Identity:
    """Replace the credential by one for the same account; due at once is what waited, and each listing.

    Raises WrongAccount, Unsuitable, AccountTaken or the taxonomy of core.errors; then nothing is stored.
    """
    found = connections.reconnect(
        connection_id=connection_id,
        secret=minted.secret or {},
        now=now,
        access_token=minted.access_token,
        expires_at=minted.expires_at,
        ends_at=minted.ends_at,
        own_jobs=_jobs_of(connection_id),
        before_opening=lambda: _note(connection_id, actor, now),
    )
    _read_the_gap(connection_id, now)
    return found


def try_keys(*, connection_id: UUID, secret: Mapping[str, str]) -> Tried:
    """Test a credential that a person typed; nothing is stored. Raises RateLimited while the connection is stopped."""
    connection = Connection.objects.select_related("quota").get(pk=connection_id)
    if connection.stopped_at is not None:
        raise errors.RateLimited("This connection is stopped: resume it first.", cause="paused")
    return trials.try_again(Own(connection, _jobs_of(connection_id)), secret)


def replace_by(tried: Tried, *, connection_id: UUID, actor: User, now: datetime) -> contract.Identity:
    """Replace the credential by one that passed its test. Raises NotPassed, or what `reconnect` raises."""
    if not tried.passed:
        raise NotPassed("The test did not pass; nothing was stored.")
    wanted = tried.wanted
    minted = Minted(wanted.access_token, wanted.expires_at, wanted.secret, wanted.ends_at)
    return reconnect(connection_id=connection_id, minted=minted, actor=actor, now=now)


def last_landing(connection_id: UUID) -> Landing | None:
    """How far what waited at the last reconnect has come; None where nobody reconnected yet."""
    chapter = Chapter.objects.select_related("by").filter(connection=connection_id, word=RECONNECTED).first()
    if chapter is None:
        return None
    left, dead, _ = ledger.count_arrived(connection=connection_id, up_to=chapter.newest_event)
    return Landing(
        chapter.at, str(chapter.by or ""), chapter.waited, min(left, chapter.waited), max(0, dead - chapter.dead)
    )


def _jobs_of(connection_id: UUID) -> frozenset[str]:
    return frozenset(Job.objects.filter(connection=connection_id).values_list("remote_id", flat=True))


def _note(connection_id: UUID, actor: User, now: datetime) -> None:
    Connection.objects.filter(pk=connection_id).update(health="")
    waited, dead, newest = ledger.count_arrived(connection=connection_id)
    Chapter.objects.create(
        connection_id=connection_id,
        word=RECONNECTED,
        at=now,
        by=actor,
        waited=waited,
        newest_event=newest,
        dead=dead,
    )


@transaction.atomic
def _read_the_gap(connection_id: UUID, now: datetime) -> None:
    """Each listing goes on from its cursor, at once rather than when its pace would have it."""
    Stream.objects.filter(connection=connection_id, next_at__gt=now).update(next_at=now)
    transaction.on_commit(jobs.ring)
