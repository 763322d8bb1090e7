"""Receiving: verify on the raw bytes, store in one statement, say 200. Nothing is worked on here."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from django.core.exceptions import ValidationError

from apps.connections import services as connections
from apps.connections.models import Connection
from apps.ledger import services as ledger
from apps.ledger.services import NewEvent
from apps.ledger.states import Priority
from apps.providers import contract
from apps.providers.contract import HookKind
from apps.sync import lanes, polls
from apps.sync.models import StreamName


class Received(StrEnum):
    STORED = "stored"
    UNKNOWN = "unknown"
    BAD_SIGNATURE = "bad_signature"


KINDS = {
    HookKind.APPLICATION: "hook.application",
    HookKind.APPLICATION_DELETED: "hook.application_deleted",
    HookKind.PERSON: "hook.person",
    HookKind.PERSON_DELETED: "hook.deleted",
    HookKind.PERSON_MERGED: "hook.merged",
}


def find_connection(*, provider: str, connection_id: UUID) -> Connection | None:
    try:
        return Connection.objects.filter(provider=provider, pk=connection_id).first()
    except ValidationError:
        return None


def receive(*, provider: str, connection_id: UUID, headers: Mapping[str, str], body: bytes, now: datetime) -> Received:
    """Store a delivery durably, once. The caller answers 200 only after this returned STORED."""
    connection = find_connection(provider=provider, connection_id=connection_id)
    if connection is None:
        return Received.UNKNOWN
    receiver = connections.receiver_of(connection)
    secrets = connections.hook_secrets(connection, now=now)
    if not secrets or not receiver.verify(headers=headers, body=body, secrets=secrets):
        ledger.count_fault(f"bad_signature:{provider}", now=now)
        return Received.BAD_SIGNATURE
    try:
        hook = receiver.parse(headers=headers, body=body)
    except contract.MalformedHook as problem:
        detail = f"Well signed, but not understood: {problem}. Its text is kept; nothing was changed."
        ledger.append_dead(_malformed(connection, body), cause="malformed", detail=detail, now=now)
        return Received.STORED
    _store(connection, hook, body, now=now)
    return Received.STORED


def _malformed(connection: Connection, body: bytes) -> NewEvent:
    gate = lanes.connection_gate(connection.pk)
    digest = hashlib.sha256(body).hexdigest()
    return NewEvent(
        kind="hook.malformed",
        mailbox=f"malformed:{connection.pk}",
        gate=gate,
        connection=connection.pk,
        payload={"body": body.decode("utf-8", "replace")[:20_000]},
        dedupe=f"malformed:{digest}",
    )


def _store(connection: Connection, hook: contract.Hook, body: bytes, *, now: datetime) -> None:
    match hook.kind:
        case HookKind.PING | HookKind.OTHER:
            return
        case HookKind.PROFILES_HINT:
            polls.bring_forward(connection_id=connection.pk, name=StreamName.PROFILES, now=now)
        case HookKind.CATALOGUE:
            polls.bring_forward(connection_id=connection.pk, name=StreamName.JOBS, now=now)
        case _:
            ledger.append(_event(connection, hook, body), now=now)


def _event(connection: Connection, hook: contract.Hook, body: bytes) -> NewEvent:
    gate = lanes.connection_gate(connection.pk)
    about_application = hook.application_id and hook.kind != HookKind.PERSON
    return NewEvent(
        kind=KINDS[hook.kind],
        mailbox=lanes.application_mailbox(connection.pk, hook.application_id)
        if about_application
        else lanes.ats_person_mailbox(connection.pk, hook.person_id),
        gate=gate,
        priority=Priority.STAGE_CHANGE,
        connection=connection.pk,
        payload={
            "action": hook.action,
            "person_id": hook.person_id,
            "application_id": hook.application_id if about_application else "",
            "survivor_id": hook.survivor_id,
        },
        dedupe=f"delivery:{hook.delivery_id or hashlib.sha256(body).hexdigest()}",
    )
