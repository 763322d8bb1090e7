"""Healing while every worker is busy, and a database that goes away under a handler (RULES 3, 4, 18)."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial

import pytest
from django.db import InternalError, OperationalError, connection, transaction

from apps.core import clock
from apps.ledger import drain, health, leases, outcomes, services, tasks
from apps.ledger.leases import Claimed, Lease
from apps.ledger.models import Event, Mailbox
from apps.ledger.outcomes import Decision, Unit
from apps.ledger.services import NewEvent
from apps.ledger.states import State

pytestmark = pytest.mark.django_db(transaction=True)


def arrive(mailbox: str) -> None:
    services.append(NewEvent(kind="trial.event", mailbox=mailbox, gate="gate"), now=clock.now())


def states() -> list[str]:
    return list(Event.objects.order_by("pk").values_list("state", flat=True))


def test_a_drain_sweeps_where_the_broker_is_late_rule_3() -> None:
    def work(lease: Lease, claimed: Sequence[Claimed], *, now: datetime) -> list[Unit]:
        return [outcomes.settled(box, outcomes.done()) for box in claimed]

    drain.register("trial", work)
    arrive("of a killed worker")
    assert leases.claim(now=clock.now()) is not None
    Mailbox.objects.update(lease_until=clock.real_now() - timedelta(seconds=1))

    tasks.drain()

    assert states() == [State.DONE]


def test_one_of_several_takes_the_turn_to_sweep() -> None:
    assert health.take_turn("sweep", after=timedelta(seconds=1))

    assert not health.take_turn("sweep", after=timedelta(seconds=1))
    assert health.take_turn("sweep", after=timedelta(0))


def test_an_event_does_not_die_of_a_database_that_goes_away_rule_4() -> None:
    tries: list[int] = []

    def work(lease: Lease, claimed: Sequence[Claimed], *, now: datetime) -> list[Unit]:
        tries.append(len(claimed))
        if len(tries) == 1:
            raise OperationalError("server closed the connection unexpectedly")
        return [outcomes.settled(box, outcomes.done()) for box in claimed]

    drain.register("trial", work)
    arrive("one")
    arrive("other")

    with pytest.raises(OperationalError):
        tasks.drain()
    assert states() == [State.QUEUED, State.QUEUED]
    Mailbox.objects.update(lease_until=clock.real_now() - timedelta(seconds=1))
    tasks.sweep()
    tasks.drain()

    assert states() == [State.DONE, State.DONE]


@pytest.fixture
def impatient(transactional_db: None) -> Iterator[None]:
    """A database that ends the session of whoever does nothing within a transaction for a moment."""
    with connection.cursor() as cursor:
        cursor.execute("SET idle_in_transaction_session_timeout = 50")
    yield
    connection.close()


def stand_still() -> None:
    """As a process does that is stopped within a transaction; the next query finds the session ended."""
    time.sleep(0.3)
    Event.objects.exists()


def test_an_event_does_not_die_of_a_worker_that_stood_still_in_a_transaction_rule_4(impatient: None) -> None:
    tries: list[int] = []

    def work(lease: Lease, claimed: Sequence[Claimed], *, now: datetime) -> list[Unit]:
        tries.append(len(claimed))
        if len(tries) == 1:
            with transaction.atomic():
                Event.objects.update(detail="lost with the session")
                stand_still()
        return [outcomes.settled(box, outcomes.done()) for box in claimed]

    drain.register("trial", work)
    arrive("one")

    with pytest.raises(InternalError):
        tasks.drain()
    assert list(Event.objects.values_list("state", "detail")) == [(State.QUEUED, "")]
    Mailbox.objects.update(lease_until=clock.real_now() - timedelta(seconds=1))
    tasks.sweep()
    tasks.drain()

    assert states() == [State.DONE]


def test_a_settle_that_lost_its_session_is_made_again_rule_3(impatient: None) -> None:
    decided: list[Claimed] = []

    def work(lease: Lease, claimed: Sequence[Claimed], *, now: datetime) -> list[Unit]:
        def decide(box: Claimed) -> Decision:
            decided.append(box)
            if len(decided) == 1:
                stand_still()
            return Decision(outcomes={event.pk: outcomes.done() for event in box.events})

        return [Unit(mailboxes=frozenset({box.id}), decide=partial(decide, box)) for box in claimed]

    drain.register("trial", work)
    arrive("one")
    arrive("other")

    tasks.drain()

    assert states() == [State.DONE, State.DONE]
    assert len(decided) == 3
