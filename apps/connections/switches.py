"""What a person switches at a connection: pause and stop let no call start; shadow lets nothing be written."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from apps.connections import gate, health
from apps.connections.models import Connection
from apps.ledger import gates
from apps.ledger import services as ledger
from apps.ledger.states import Reason


def pause(*, connection_id: UUID, actor_id: int | None, now: datetime) -> None:
    """No call starts until somebody resumes; what arrives is kept."""
    with transaction.atomic():
        if Connection.objects.filter(pk=connection_id, paused_at__isnull=True).update(
            paused_at=now, paused_by=actor_id
        ):
            health.note_act(connection_id, "paused", now=now, actor_id=actor_id, health="paused")
        gate.close(connection_id, Reason.PAUSED, now=now, detail="Paused by a person.")


def stop(*, connection_id: UUID, actor_id: int | None, now: datetime) -> None:
    """The stop switch: no call starts after this is committed."""
    with transaction.atomic():
        if Connection.objects.filter(pk=connection_id, stopped_at__isnull=True).update(
            stopped_at=now, stopped_by=actor_id
        ):
            health.note_act(connection_id, "stopped", now=now, actor_id=actor_id, health="paused")
        gate.close(connection_id, Reason.PAUSED, now=now, detail="Stopped by a person.")


def resume(*, connection_id: UUID, now: datetime, actor_id: int | None = None) -> bool:
    """Take pause and stop back, but not shadow; returns True if nothing else keeps the gate closed."""
    with transaction.atomic():
        held = Connection.objects.filter(pk=connection_id).exclude(paused_at__isnull=True, stopped_at__isnull=True)
        if held.update(paused_at=None, paused_by=None, stopped_at=None, stopped_by=None):
            health.note_act(connection_id, "resumed", now=now, actor_id=actor_id, health="")
        return gates.open_gate(gate=gate.gate_of(connection_id), reason=Reason.PAUSED, now=now)


@transaction.atomic
def shadow(*, connection_id: UUID, actor_id: int | None, now: datetime) -> None:
    """Read and plan as ever, and start no write after this is committed: what would be written waits, in words."""
    fresh = Connection.objects.filter(pk=connection_id, shadow_at__isnull=True)
    if fresh.update(shadow_at=now, shadow_by=actor_id):
        health.note_act(connection_id, "shadow", now=now, actor_id=actor_id, health=None)


@transaction.atomic
def end_shadow(*, connection_id: UUID, actor_id: int | None, now: datetime) -> int:
    """Let what waited be written, in its order and after a fresh look; returns how many events."""
    shadowed = Connection.objects.filter(pk=connection_id, shadow_at__isnull=False)
    if not shadowed.update(shadow_at=None, shadow_by=None):
        return 0
    health.note_act(connection_id, "shadow_ended", now=now, actor_id=actor_id, health=None)
    return ledger.release_held(hold_key=shadow_hold(connection_id), now=now)


def shadow_hold(connection_id: UUID) -> str:
    """What a write that shadow holds back waits for."""
    return f"shadow:{connection_id}"
