"""The ledger against a small model, by any order of arrive, claim, settle, hold, loss, release and requeue."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from apps.core import clock
from apps.ledger import drain, leases, outcomes, services
from apps.ledger.leases import Claimed, Lease
from apps.ledger.models import Event, KeyLease, Mailbox
from apps.ledger.outcomes import Outcome
from apps.ledger.states import OPEN, Reason, State
from tests.ledger.test_ledger import arrive

pytestmark = pytest.mark.django_db(transaction=True)

ENDS: dict[str, Outcome] = {
    "done": outcomes.done(),
    "superseded": outcomes.superseded("A newer one is wanted."),
    "held": outcomes.held(Reason.PERSON, "Asked.", hold_key="asked"),
    "dead": outcomes.dead("refused", "No."),
    "put back": outcomes.put_back(),
}


class Ledger(RuleBasedStateMachine):
    """`model` is each event's state; `running` the leases that count, `lost` those that ran out."""

    def __init__(self) -> None:
        super().__init__()
        for table in (Event, KeyLease, Mailbox):
            table.objects.all().delete()
        self.model: dict[int, str] = {}
        self.box_of: dict[int, str] = {}
        self.running: list[tuple[Lease, list[Claimed]]] = []
        self.lost: list[tuple[Lease, list[Claimed]]] = []

    @rule(box=st.sampled_from("abc"))
    def arrives(self, box: str) -> None:
        made = arrive(box)
        assert made is not None
        self.model[made], self.box_of[made] = State.QUEUED, box

    @rule()
    def claims(self) -> None:
        found = leases.claim(now=clock.now())
        taken = {box.key for _, boxes in self.running for box in boxes}
        waiting = {self.box_of[pk] for pk, state in self.model.items() if state in OPEN} - taken
        if found is None:
            assert not waiting
            return
        for box in found[1]:
            assert box.key not in taken
            wanted = [pk for pk, state in self.model.items() if state in OPEN and self.box_of[pk] == box.key]
            assert [event.pk for event in box.events] == sorted(wanted)[: leases.EVENTS_PER_MAILBOX]
        self.running.append(found)

    @precondition(lambda self: self.running)
    @rule(data=st.data(), end=st.sampled_from(sorted(ENDS)))
    def settles(self, data: Any, end: str) -> None:
        lease, boxes = self.running.pop(data.draw(st.integers(0, len(self.running) - 1)))
        drain.settle(lease, [outcomes.settled(box, ENDS[end]) for box in boxes], now=clock.now())
        self.model |= {event.pk: ENDS[end].state for box in boxes for event in box.events}

    @precondition(lambda self: self.running)
    @rule(data=st.data())
    def runs_out(self, data: Any) -> None:
        found = self.running.pop(data.draw(st.integers(0, len(self.running) - 1)))
        past = clock.real_now() - timedelta(seconds=1)
        Mailbox.objects.filter(lease_token=found[0].token).update(lease_until=past, claims=1)
        leases.heal_expired(now=clock.now())
        self.lost.append(found)

    @precondition(lambda self: self.lost)
    @rule()
    def settles_too_late(self) -> None:
        lease, boxes = self.lost.pop()
        assert drain.settle(lease, [outcomes.settled(box, ENDS["done"]) for box in boxes], now=clock.now()) == 0

    @rule()
    def is_released(self) -> None:
        services.release_held(hold_key="asked", now=clock.now())
        self.model = {pk: State.QUEUED if state == State.HELD else state for pk, state in self.model.items()}

    @rule()
    def is_queued_again(self) -> None:
        dead = [pk for pk, state in self.model.items() if state == State.DEAD]
        assert sorted(services.requeue_dead(ids=dead, now=clock.now())) == sorted(dead)
        self.model |= dict.fromkeys(dead, State.QUEUED)

    @invariant()
    def every_event_is_where_the_model_has_it(self) -> None:
        assert dict(Event.objects.values_list("pk", "state")) == self.model

    @invariant()
    def nothing_is_stranded(self) -> None:
        assert not Event.objects.filter(
            state__in=OPEN, mailbox__due_at__isnull=True, mailbox__lease_token__isnull=True
        ).exists()


def test_any_order_of_steps_loses_strands_and_doubles_nothing_rules_2_to_5() -> None:
    profile = settings(
        max_examples=15, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck), database=None
    )
    run_state_machine_as_test(Ledger, settings=profile)  # type: ignore[no-untyped-call]
