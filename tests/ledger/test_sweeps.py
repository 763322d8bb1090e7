"""Healing while every worker is busy, and a database that goes away under a handler (RULES 3, 4, 18)."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial

import psycopg
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


@pytest.fixture
def frozen(transactional_db: None) -> Iterator[psycopg.Connection]:
    """The session of a process that was frozen within a transaction."""
    wanted = connection.get_connection_params()
    known = {key: wanted[key] for key in ("dbname", "user", "password", "host", "port") if wanted.get(key)}
    with psycopg.connect(**known) as other:
        yield other


def test_a_sweep_passes_by_what_a_frozen_process_has_locked_rule_3(frozen: psycopg.Connection) -> None:
    for name in ("locked", "free", "of a killed worker"):
        arrive(name)
    held = Event.objects.filter(mailbox__key__in=["locked", "free"])
    held.update(state=State.HELD, reason="uncertain", hold_key=services.TIMER, due_at=clock.now())
    Mailbox.objects.filter(key="of a killed worker").update(
        lease_token=uuid.uuid4(), lease_until=clock.real_now() - timedelta(seconds=1), due_at=None
    )
    frozen.execute("SELECT 1 FROM ledger_mailbox WHERE key = 'locked' FOR UPDATE")

    began = time.monotonic()
    tasks.sweep()

    assert time.monotonic() - began < 2
    assert states() == [State.HELD, State.QUEUED, State.QUEUED]
    assert not Mailbox.objects.filter(lease_token__isnull=False).exists()
    frozen.rollback()
    tasks.sweep()
    assert states() == [State.QUEUED, State.QUEUED, State.QUEUED]


def test_a_step_that_wants_a_locked_row_or_fails_stops_no_other(
    frozen: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[str] = []

    def locked(now: datetime) -> None:
        Mailbox.objects.filter(key="locked").update(claims=1)
        ran.append("locked")

    def failing(now: datetime) -> None:
        raise ValueError("a fault of ours")

    monkeypatch.setattr(tasks, "_sweepers", [locked, failing, lambda now: ran.append("last")])
    arrive("locked")
    frozen.execute("SELECT 1 FROM ledger_mailbox WHERE key = 'locked' FOR UPDATE")

    tasks.sweep()
    assert ran == ["last"]
    assert services.fault_count("sweep") == 1
    frozen.rollback()
    tasks.sweep()

    assert ran == ["last", "locked", "last"]
    with connection.cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        assert cursor.fetchone() == ("0",), "what the sweep set for itself holds for nobody else"
