"""What an ATS tells us as events of the ledger, whether it is sent here or read from a queue there."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from apps.ledger.services import NewEvent
from apps.ledger.states import Priority
from apps.providers import contract
from apps.providers.contract import HookKind
from apps.sync import lanes
from apps.sync.models import StreamName

KINDS = {
    HookKind.APPLICATION: "hook.application",
    HookKind.APPLICATION_DELETED: "hook.application_deleted",
    HookKind.PERSON: "hook.person",
    HookKind.PERSON_DELETED: "hook.deleted",
    HookKind.PERSON_MERGED: "hook.merged",
}

HINTS = {HookKind.PROFILES_HINT: StreamName.PROFILES, HookKind.CATALOGUE: StreamName.JOBS}
"""What only brings the next reading of a listing forward."""

LONGEST_ID = 200
"""Of a delivery's id: the senders' are UUIDs, and an index takes no endless ones."""


def event_of(connection_id: UUID, hook: contract.Hook) -> NewEvent:
    """The event of a hook whose kind is among KINDS: in order with all about that application or person."""
    about_application = hook.application_id and hook.kind != HookKind.PERSON
    return NewEvent(
        kind=KINDS[hook.kind],
        mailbox=lanes.application_mailbox(connection_id, hook.application_id)
        if about_application
        else lanes.ats_person_mailbox(connection_id, hook.person_id),
        gate=lanes.connection_gate(connection_id),
        priority=Priority.STAGE_CHANGE,
        connection=connection_id,
        payload={
            "action": hook.action,
            "person_id": hook.person_id,
            "application_id": hook.application_id if about_application else "",
            "survivor_id": hook.survivor_id,
        },
        dedupe=dedupe_of(hook),
    )


def is_export(capabilities: contract.Capabilities, hook: contract.Hook) -> bool:
    """Whether a hook tells of an export that the connection's mode fetches."""
    return hook.kind == HookKind.EXPORT and capabilities.publishes and bool(hook.delivery_id)


def dedupe_of(hook: contract.Hook) -> str:
    return f"delivery:{hook.delivery_id[:LONGEST_ID]}" if hook.delivery_id else ""


def of_person(hook: contract.Hook, person_id: str) -> contract.Hook:
    """The hook, with the person it is about: their lease is taken before it is planned."""
    return replace(hook, person_id=person_id)
