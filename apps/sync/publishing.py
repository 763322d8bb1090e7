"""Where LinkedIn is told by documents instead of stages (export mode): whose mapping that is, and the event of it."""

from __future__ import annotations

from datetime import datetime

from apps.candidates.models import Candidacy, Person
from apps.connections import selectors as connections
from apps.ledger.models import Event
from apps.ledger.services import NewEvent
from apps.ledger.states import Priority
from apps.mappings.models import Mapping
from apps.sync import lanes, pacing


def is_told(mapping: Mapping) -> bool:
    """Whether what stands for the mapping's Project is a job that people are exported to."""
    return connections.capabilities_of(mapping.project.connection).publishes


def share_event(candidacy: Candidacy, event: Event, *, now: datetime) -> NewEvent:
    """What tells LinkedIn how somebody stands, together with whoever else is told by then."""
    connection_id = candidacy.mapping.project.connection_id
    gate = lanes.connection_gate(connection_id)
    return NewEvent(
        kind="write.share",
        handled_by="share",
        mailbox=f"share:{connection_id}:{candidacy.pk}",
        gate=gate,
        turn=f"{gate}|shares",
        priority=Priority.STAGE_CHANGE,
        connection=connection_id,
        clients=(candidacy.client_id,),
        subject=lanes.subject(candidacy.person_id),
        payload={"candidacy": str(candidacy.pk)},
        due_at=pacing.share_due(connection_id, now=now),
        caused_by=event.pk,
    )


def forgetting(person: Person, event: Event, *, now: datetime) -> list[NewEvent]:
    """What has LinkedIn forget somebody who was deleted in the ATS, wherever it was told of them."""
    theirs = Candidacy.objects.of_everyone().filter(person=person)
    found = theirs.select_related("mapping__project__connection").order_by("pk")
    return [share_event(one, event, now=now) for one in found if is_told(one.mapping)]
