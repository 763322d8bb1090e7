"""Who closed their LinkedIn account: read twice a day, and handler `closed`, which asks what becomes of their data.

LinkedIn asks for it once in 30 days at least. Whether the data stays is the customer's to say, as its controller:
nothing is deleted by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from uuid import UUID

from apps.candidates.models import Candidacy, Person, PersonState
from apps.connections import services as connections
from apps.ledger import outcomes
from apps.ledger.leases import Claimed, Lease
from apps.ledger.models import Event
from apps.ledger.outcomes import Decision, Outcome, Unit
from apps.ledger.services import NewEvent
from apps.ledger.states import Priority, Reason
from apps.providers.sharing import BATCH, ClosedProfile
from apps.sync import lanes

MOST_PAGES = 50
"""Five thousand people who closed their accounts; more than a customer exports in a year."""

ASKED = "asked"


def read(connection_id: UUID) -> tuple[ClosedProfile, ...]:
    """Everybody of ours who closed their account. Raises SyncError."""
    linkedin, found = connections.open_publishing(connection_id), list[ClosedProfile]()
    for page in range(MOST_PAGES):
        some = linkedin.list_closed(start=page * BATCH)
        found += some
        if len(some) < BATCH:
            break
    return tuple(found)


def events_of(connection_id: UUID, found: Sequence[ClosedProfile]) -> list[NewEvent]:
    """A question for each who is known here; it comes once, whatever the number of readings that show it."""
    told = Candidacy.objects.of_everyone().filter(mapping__project__connection=connection_id)
    ids = {one.candidate_id: one for one in found}
    people: dict[UUID, tuple[ClosedProfile, set[UUID]]] = {}
    for person, remote_id, client in told.filter(person__remote_id__in=ids).values_list(
        "person", "person__remote_id", "client"
    ):
        people.setdefault(person, (ids[remote_id], set()))[1].add(client)
    return [
        NewEvent(
            kind="hook.closed",
            handled_by="closed",
            mailbox=f"closed:{connection_id}:{person}",
            gate=lanes.arrival_gate(connection_id),
            priority=Priority.NOTE,
            connection=connection_id,
            clients=tuple(sorted(clients)),
            subject=lanes.subject(person),
            payload={"person": str(person), "closed_at": one.closed_at.isoformat()},
            dedupe=f"closed:{person}:{one.closed_at.isoformat()}",
        )
        for person, (one, clients) in people.items()
    ]


def handle(lease: Lease, claimed: Sequence[Claimed], *, now: datetime) -> list[Unit]:
    return [Unit(mailboxes=frozenset({box.id}), decide=partial(_ask_each, box)) for box in claimed]


def _ask_each(box: Claimed) -> Decision:
    return Decision(outcomes={event.pk: _ask(event) for event in box.events})


def _ask(event: Event) -> Outcome:
    """Ask, unless they are gone; whoever lets it go on has decided that the data stays."""
    person = Person.objects.filter(pk=event.payload["person"]).first()
    if person is None or person.state != PersonState.ACTIVE:
        return outcomes.done("They are not in the ATS any more.")
    if event.plan.get(ASKED):
        return outcomes.done("Somebody decided that their data stays.")
    when = datetime.fromisoformat(event.payload["closed_at"])
    why = (
        f"They closed their LinkedIn account on {when:%d %B %Y}. Whether what you have of them stays is yours to "
        "decide: delete them in the ATS, and LinkedIn forgets them too; or plan this again, and it stays."
    )
    return outcomes.held(Reason.PERSON, why, plan={ASKED: True})
