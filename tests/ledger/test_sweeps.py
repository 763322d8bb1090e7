"""Healing while every worker is busy, and a database that goes away under a handler (RULES 3, 4, 18)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from django.db import OperationalError

from apps.core import clock
from apps.ledger import drain, health, leases, outcomes, services, tasks
from apps.ledger.leases import Claimed, Lease
from apps.ledger.models import Event, Mailbox
from apps.ledger.outcomes import Unit
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
