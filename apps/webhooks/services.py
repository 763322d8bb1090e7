"""Receiving: verify on the raw bytes, store in one statement, say 200. Nothing is worked on here."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError

from apps.connections import services as connections
from apps.connections.models import Connection
from apps.core import clock
from apps.ledger import services as ledger
from apps.ledger.services import NewEvent
from apps.ledger.states import Reason, State
from apps.providers import contract
from apps.sync import deliveries, exports, lanes, polls
from apps.sync.models import StreamName
from apps.webhooks.bodies import Body


class Received(StrEnum):
    STORED = "stored"
    UNKNOWN = "unknown"
    BAD_SIGNATURE = "bad_signature"


HINTED = {
    StreamName.PROFILES: "The next reading of the profiles was brought forward.",
    StreamName.JOBS: "The next reading of the jobs was brought forward.",
}

AS_PLANNED = "The day's requests are spent ahead of plan, so it is read when that was planned."


NEEDED = (
    "provider",
    "name",
    "client_id",
    "access_mode",
    "settings",
    "hook_secret",
    "hook_secret_previous",
    "hook_previous_until",
)
"""Of a connection, by a receiver: reading the rest would cost a third of its answer."""


REMEMBERED = timedelta(seconds=1)
"""For so long a connection that signed well is not read again, in real time: a burst comes from one system,
and reading it costs more than storing its delivery. A secret that is taken back counts so much longer."""

MOST_REMEMBERED = 200
"""Connections that a process remembers at once: more than one customer has, and a bound on its memory."""

_known: dict[tuple[str, UUID], tuple[datetime, Connection]] = {}


def find_connection(*, provider: str, connection_id: UUID) -> Connection | None:
    try:
        return Connection.objects.only(*NEEDED).get(provider=provider, pk=connection_id)
    except (Connection.DoesNotExist, ValidationError):
        return None


def _remembered(provider: str, connection_id: UUID) -> Connection | None:
    read_at, connection = _known.get((provider, connection_id), (None, None))
    now = clock.real_now()
    return connection if read_at is not None and read_at <= now < read_at + REMEMBERED else None


def _remember(provider: str, connection: Connection) -> None:
    if len(_known) >= MOST_REMEMBERED:
        _known.clear()
    _known[provider, connection.pk] = clock.real_now(), connection


def receive(*, provider: str, connection_id: UUID, headers: Mapping[str, str], body: Body, now: datetime) -> Received:
    """Store a delivery durably, once. The caller answers 200 only after this returned STORED."""
    is_signed = partial(_is_signed, headers=headers, forms=body.signed_forms, now=now)
    connection = _remembered(provider, connection_id)
    if connection is None or not is_signed(connection):
        connection = find_connection(provider=provider, connection_id=connection_id)
        if connection is None:
            return Received.UNKNOWN
        if not is_signed(connection):
            connections.count_refused_delivery(connection_id=connection.pk, now=now)
            return Received.BAD_SIGNATURE
        _remember(provider, connection)
    try:
        hook = connections.receiver_of(connection).parse(headers=headers, body=body.text)
    except contract.MalformedHook as problem:
        _store_malformed(connection, body.text, problem, now=now)
        return Received.STORED
    _store(connection, hook, body.text, now=now)
    return Received.STORED


def _is_signed(connection: Connection, *, headers: Mapping[str, str], forms: tuple[bytes, ...], now: datetime) -> bool:
    secrets, receiver = connections.hook_secrets(connection, now=now), connections.receiver_of(connection)
    return bool(secrets) and any(receiver.verify(headers=headers, body=form, secrets=secrets) for form in forms)


def _store_malformed(connection: Connection, body: bytes, problem: contract.MalformedHook, *, now: datetime) -> None:
    text = body.decode("utf-8", "replace").replace("\x00", "\N{REPLACEMENT CHARACTER}")
    event = _noted(connection, "hook.malformed", {"body": text}, dedupe=f"malformed:{_digest(body)}")
    detail = (
        f"Well signed by {connection.name}, but not understood: {problem}. Nothing was changed. The next reading of "
        f"{connection.name} brings most changes all the same; look there for a deletion or a merge. "
        "The text is kept with this event, masked on its page; a superuser reads it in the admin."
    )
    ledger.append_settled(event, state=State.DEAD, cause="malformed", detail=detail, now=now)


def _store(connection: Connection, hook: contract.Hook, body: bytes, *, now: datetime) -> None:
    if hook.kind in deliveries.KINDS:
        event = deliveries.event_of(connection.pk, hook)
        if hook.delivery_id:
            ledger.append(event, now=now)
        else:
            ledger.append_unless_waiting(event, digest=_digest(body), now=now)
        return
    if deliveries.is_export(connections.capabilities_of(connection), hook):
        ledger.append(exports.export_event(connection.pk, hook, dedupe=deliveries.dedupe_of(hook)), now=now)
        return
    if hook.kind in deliveries.HINTS:
        stream = deliveries.HINTS[hook.kind]
        soon = polls.bring_forward(connection_id=connection.pk, name=stream, now=now)
        event = _noted(connection, "hook.hint", {"action": hook.action}, dedupe=deliveries.dedupe_of(hook))
        ledger.append_settled(event, state=State.DONE, detail=HINTED[stream] if soon else AS_PLANNED, now=now)
        return
    event = _noted(connection, "hook.other", {"action": hook.action}, dedupe=deliveries.dedupe_of(hook))
    detail = f"{connection.name} sent {hook.action}; nothing here depends on it."
    ledger.append_settled(event, state=State.SKIPPED, reason=Reason.IRRELEVANT, detail=detail, now=now)


def _noted(connection: Connection, kind: str, payload: Mapping[str, Any], *, dedupe: str) -> NewEvent:
    """A delivery that needs no work; it is its client's to see where the connection serves one client."""
    return NewEvent(
        kind=kind,
        mailbox=f"noted:{connection.pk}",
        gate=lanes.connection_gate(connection.pk),
        connection=connection.pk,
        clients=(connection.client_id,) if connection.client_id else (),
        payload=payload,
        dedupe=dedupe,
    )


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
