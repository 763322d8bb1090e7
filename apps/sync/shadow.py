"""What would be written to a connection that is in shadow: said in words, and kept until shadow ends."""

from __future__ import annotations

from apps.candidates.models import Candidacy
from apps.connections import services as connections
from apps.connections.models import Connection
from apps.ledger import outcomes
from apps.ledger.models import Event
from apps.ledger.outcomes import Outcome
from apps.ledger.states import Reason
from apps.sync import pairs


def held(event: Event, connection: Connection, candidacy: Candidacy) -> Outcome | None:
    """None where the connection is not in shadow."""
    return kept(connection, _would(event, candidacy)) if connection.shadow_at is not None else None


def kept(connection: Connection, would: str) -> Outcome | None:
    """The same, of a write that is said in words already."""
    if connection.shadow_at is None:
        return None
    why = f"{connection.name} is in shadow. {would}; it is done once shadow ends."
    return outcomes.held(Reason.PAUSED, why, hold_key=connections.shadow_hold(connection.pk))


def _would(event: Event, candidacy: Candidacy) -> str:
    match event.kind:
        case "write.arrive" if not candidacy.person.remote_id:
            return f"They would be looked up there, and created for {candidacy.job.name}"
        case "write.arrive":
            return f"They would be added to {candidacy.job.name}"
        case "write.move":
            stage = pairs.table_of(candidacy.mapping).name_of(event.payload["value"])
            return f"They would be moved to {stage}"
        case "write.stage":
            return f"They would be moved to {event.payload['value']}"
        case "write.share":
            return "LinkedIn would be told how they stand"
        case "write.fill":
            return "What is empty of them there would be filled"
    return "A note would be written"
