"""Sending documents to LinkedIn: what it was told already is left out, the rest goes by the hundred under intentions.

A document overwrites the one before whole, so whatever an earlier try may have brought there is sent again. That a
document is known there is committed together with its effect, so that neither is believed without the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from apps.core import errors
from apps.core.errors import SyncError
from apps.ledger import effects
from apps.ledger.effects import Intention
from apps.ledger.leases import Lease
from apps.ledger.states import EffectState
from apps.providers import recording
from apps.providers.recording import Exchange
from apps.providers.sharing import BATCH, Answers, Publishing
from apps.sync.documents import Document, Kind
from apps.sync.models import Told
from apps.sync.steps import DEADLINE

ABOUT_ALL = ("forbidden", "version_ended")
"""Refusals that are about no record: a batch is not halved to find whose they are."""


@dataclass(frozen=True, slots=True)
class Sent:
    """One document as it went: what LinkedIn said of it, beside how many others, in which exchanges."""

    document: Document
    problem: SyncError | None
    together: int
    exchanges: Sequence[Exchange]


def news(connection_id: UUID, some: Sequence[Document]) -> list[Document]:
    """Those that say something LinkedIn was not told yet, each once."""
    records = {one.record: one for one in some}
    known = _told(connection_id, list(records.values()))
    return [one for key, one in records.items() if key not in known or known[key].fingerprint != one.fingerprint]


def is_told(connection_id: UUID, kind: Kind, record: str) -> bool:
    """Whether LinkedIn was told of a record at all."""
    return Told.objects.filter(connection=connection_id, kind=kind, record=record).exclude(fingerprint="").exists()


def _told(connection_id: UUID, some: Sequence[Document]) -> dict[str, Told]:
    kinds = {one.kind for one in some}
    rows = Told.objects.filter(connection=connection_id, kind__in=kinds, record__in=[one.record for one in some])
    return {row.record: row for row in rows}


def send(
    lease: Lease,
    linkedin: Publishing,
    connection_id: UUID,
    some: Sequence[tuple[Document, int]],
    *,
    now: datetime,
) -> Iterator[Sent]:
    """Send documents of one kind, each with the event that it is sent for, as few requests as the batches allow."""
    for start in range(0, len(some), BATCH):
        yield from _send(lease, linkedin, connection_id, some[start : start + BATCH], now=now)


def _send(
    lease: Lease,
    linkedin: Publishing,
    connection_id: UUID,
    some: Sequence[tuple[Document, int]],
    *,
    now: datetime,
) -> list[Sent]:
    sending = [document for document, _ in some]
    known = _told(connection_id, sending)
    versions = {one.record: known[one.record].version + 1 if one.record in known else 1 for one in sending}
    keys = {one.record: _key(connection_id, one, versions[one.record]) for one in sending}
    lease.require(DEADLINE)
    _free(keys.values(), now=now)
    intentions = [
        Intention(key=keys[one.record], kind="share", event_id=event, marker=one.fingerprint) for one, event in some
    ]
    effects.intend(intentions, token=lease.token, now=now)
    said: list[Exchange] = []
    try:
        with recording.exchanges() as said:
            answers = _put(linkedin, sending)
    except SyncError as error:
        effects.close_many(keys=keys.values(), token=lease.token, state=EffectState.FAILED, now=now)
        if isinstance(error, errors.Rejected) and error.cause not in ABOUT_ALL and len(some) > 1:
            half = len(some) // 2
            parts = (some[:half], some[half:])
            return [one for part in parts for one in _send(lease, linkedin, connection_id, part, now=now)]
        return [Sent(one, error, len(some), said) for one in sending]
    done = [one for one in sending if answers[one.record] is None]
    failed = [keys[one.record] for one in sending if answers[one.record] is not None]
    with transaction.atomic():
        _remember(lease, connection_id, done, keys, versions, now=now)
        effects.close_many(keys=failed, token=lease.token, state=EffectState.FAILED, now=now)
    return [Sent(one, answers[one.record], len(some), said) for one in sending]


def _key(connection_id: UUID, one: Document, version: int) -> str:
    return f"share:{connection_id}:{one.kind}:{one.record}:{version}"


def _free(keys: Iterable[str], *, now: datetime) -> None:
    """What a worker that died may have sent is sent again."""
    for key, effect in effects.find(list(keys)).items():
        if effect.state in (EffectState.INTENDED, EffectState.UNKNOWN):
            effects.found_undone(key=key, now=now)


def _put(linkedin: Publishing, some: Sequence[Document]) -> Answers:
    bodies: list[Any] = [one.body for one in some]
    puts: Mapping[Kind, Callable[[list[Any]], Answers]] = {
        Kind.CANDIDATE: linkedin.put_candidates,
        Kind.MEMBER: lambda members: linkedin.match_members(
            dict(zip([one.record for one in some], members, strict=True))
        ),
        Kind.APPLICATION: linkedin.put_applications,
        Kind.STAGE: linkedin.put_stages,
        Kind.NOTE: linkedin.put_notes,
        Kind.GONE: lambda _: linkedin.delete_candidates([one.record for one in some]),
    }
    return puts[some[0].kind](bodies)


def _remember(
    lease: Lease,
    connection_id: UUID,
    done: Sequence[Document],
    keys: Mapping[str, str],
    versions: Mapping[str, int],
    *,
    now: datetime,
) -> None:
    ours = effects.close_many(
        keys=[keys[one.record] for one in done], token=lease.token, state=EffectState.DONE, now=now
    )
    Told.objects.bulk_create(
        [
            Told(
                connection_id=connection_id,
                kind=one.kind,
                record=one.record,
                fingerprint=one.fingerprint,
                version=versions[one.record],
                told_at=now,
            )
            for one in done
            if keys[one.record] in ours
        ],
        update_conflicts=True,
        unique_fields=["connection", "kind", "record"],
        update_fields=["fingerprint", "version", "told_at"],
    )


def forget(connection_id: UUID, *, candidate: str, application: str) -> None:
    """LinkedIn knows nothing of somebody any more: if they are told of again, it is anew, in versions of their own."""
    theirs = Q(record__in=[candidate, application]) | Q(record__startswith=f"{application}-")
    Told.objects.filter(theirs, connection=connection_id).update(fingerprint="")
