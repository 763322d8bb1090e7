"""What has come from a system that was just connected."""

from __future__ import annotations

from uuid import UUID

from apps.accounts.scope import Scope
from apps.connections import selectors as connections
from apps.ledger import selectors as ledger
from apps.ledger.selectors import EventRow, FaultRow, Wanted

SHOWN = 5


def list_deliveries(*, scope: Scope, connection_id: UUID) -> tuple[EventRow, ...]:
    """The newest deliveries that were taken, newest first."""
    wanted = Wanted(connection=connection_id, kinds=("hook.",))
    return ledger.list_events(scope=scope, wanted=wanted, limit=SHOWN).rows


def get_refusal(connection_id: UUID) -> FaultRow | None:
    """How many deliveries were refused for their signature, and when last."""
    return connections.list_refusals([connection_id]).get(connection_id)
