"""A lease that is extended while its batch runs, and one that is lost without a kill (RULES 4, 5)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from apps.core import clock, errors
from apps.ledger import drain, leases
from apps.ledger.leases import Claimed, Lease
from apps.ledger.models import Event, KeyLease, Mailbox
from apps.ledger.outcomes import Unit
from apps.ledger.states import State
from tests.ledger.test_ledger import arrive, claim, finish

pytestmark = pytest.mark.django_db(transaction=True)


def nearly_over(lease: Lease) -> None:
    """As after a long call: less is left than the next one needs."""
    lease.until = clock.real_now() + timedelta(seconds=1)
    Mailbox.objects.filter(lease_token=lease.token).update(lease_until=lease.until)
    KeyLease.objects.filter(token=lease.token).update(until=lease.until)


def test_a_lease_that_runs_is_extended_by_its_token_with_its_keys_rule_5() -> None:
    arrive()
    lease, claimed = claim()
    assert leases.take_keys(lease, {"person:1"}, mailboxes=[claimed[0].id])
    nearly_over(lease)

    lease.require(2)

    later = clock.real_now() + timedelta(seconds=2)
    assert lease.until > later
    assert Mailbox.objects.get().lease_until == lease.until
    assert KeyLease.objects.get().until == lease.until
    assert finish(lease, claimed) == 1


def test_a_lease_that_ran_out_is_not_extended_rule_5() -> None:
    arrive()
    lease, _ = claim()
    lease.until = clock.real_now() - timedelta(seconds=1)
    Mailbox.objects.update(lease_until=lease.until)

    with pytest.raises(leases.LeaseLost):
        lease.require(0.1)


def test_a_lease_that_somebody_else_has_is_not_extended_rule_5() -> None:
    arrive()
    lease, _ = claim()
    nearly_over(lease)
    Mailbox.objects.update(lease_token=uuid.uuid4())

    with pytest.raises(leases.LeaseLost):
        lease.require(2)


def test_a_lease_lost_in_mid_batch_is_no_kill_rule_4() -> None:
    event = arrive()
    losses = 0

    def handler(lease: Lease, boxes: Sequence[Claimed], *, now: datetime) -> list[Unit]:
        nonlocal losses
        losses += 1
        if losses <= 2 * leases.LONE_CLAIMS:
            raise leases.LeaseLost
        return [drain.outcomes.settled(box, drain.outcomes.done()) for box in boxes]

    drain.register("trial", handler)
    drain.drain(until=clock.real_now() + timedelta(seconds=10))

    assert Event.objects.get(pk=event).state == State.DONE


def test_a_lost_lease_leaves_what_others_hold_alone_rule_5() -> None:
    arrive()
    lease, claimed = claim()
    Mailbox.objects.update(lease_until=clock.real_now() - timedelta(seconds=1))
    leases.heal_expired(now=clock.now())
    second, again = claim()

    leases.give_up(lease, [claimed[0].id], now=clock.now())

    assert Mailbox.objects.get().lease_token == second.token
    assert finish(second, again) == 1


def test_a_system_that_says_when_to_come_back_is_asked_then() -> None:
    event = arrive()
    named = clock.now() + timedelta(minutes=7)

    def handler(lease: Lease, boxes: Sequence[Claimed], *, now: datetime) -> list[Unit]:
        raise errors.Transient("upgrading", cause="http_503", until=named)

    drain.register("trial", handler)
    drain.drain(until=clock.real_now() + timedelta(seconds=5))

    waiting = Event.objects.get(pk=event)
    assert (waiting.state, waiting.due_at) == (State.RETRYING, named)
