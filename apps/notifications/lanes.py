"""The lanes of messages: one gate and one mailbox for each channel or address, closed with their connection."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from apps.connections.gate import gate_of
from apps.ledger import gates
from apps.ledger.models import ClosedGate
from apps.ledger.states import Reason
from apps.notifications.models import Lane

ANNOUNCEMENTS = "announcements"
"""The gate of what decides whom to tell; it needs no call."""

PREFIX = "lane:"


@dataclass(frozen=True, slots=True)
class Address:
    """Where a message goes: a Slack channel or person, or an e-mail address (then `connection` is empty)."""

    target: str
    label: str
    connection: UUID | None = None

    @property
    def lane(self) -> str:
        """Opaque: an e-mail address is a person's."""
        if self.connection is not None:
            return f"{PREFIX}slack:{self.connection}:{self.target}"
        return f"{PREFIX}mail:{hashlib.sha256(self.target.lower().encode()).hexdigest()[:32]}"

    @property
    def kind(self) -> str:
        return "notify.slack" if self.connection is not None else "notify.mail"


def ensure(address: Address) -> None:
    Lane.objects.get_or_create(key=address.lane, defaults={"connection_id": address.connection})


def follow_connections(now: datetime) -> None:
    """Close the lanes of a connection whose gate is closed, for its reasons, and open them with it.

    A lane's own closing has an end, so only those without one are opened here.
    """
    rows = list(ClosedGate.objects.all())
    if not rows:
        return
    closed = {(row.gate, row.reason): row for row in rows}
    for lane in Lane.objects.filter(connection__isnull=False):
        gate = gate_of(lane.connection_id)  # type: ignore[arg-type]
        for (name, reason), row in closed.items():
            if name == gate and (lane.key, reason) not in closed:
                gates.close_gate(gate=lane.key, reason=Reason(reason), now=now, until=row.until, detail=row.detail)
            if name == lane.key and row.until is None and (gate, reason) not in closed:
                gates.open_gate(gate=lane.key, reason=Reason(reason), now=now)
