"""Arrival, claim, settle, leases (RULES 1-6), on the real database with several connections."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from django.db import connection as database

from apps.core import clock, errors
from apps.ledger import drain, effects, gates, leases, outcomes, services
from apps.ledger.effects import Intention
from apps.ledger.leases import Claimed, Lease
from apps.ledger.models import Event, Mailbox
from apps.ledger.outcomes import Unit
from apps.ledger.services import NewEvent
from apps.ledger.states import EffectState, Priority, Reason, State

pytestmark = pytest.mark.django_db(transaction=True)


def arrive(
    mailbox: str = "box", *, dedupe: str = "", gate: str = "gate", priority: int = 20, due: datetime | None = None
) -> int | None:
    event = NewEvent(kind="trial.event", mailbox=mailbox, gate=gate, dedupe=dedupe, priority=priority, due_at=due)
    return services.append(event, now=clock.now())


def claim() -> tuple[Lease, list[Claimed]]:
    found = leases.claim(now=clock.now())
    assert found is not None
    return found


def finish(lease: Lease, claimed: Sequence[Claimed]) -> int:
    return drain.settle(lease, [outcomes.settled(box, outcomes.done()) for box in claimed], now=clock.now())


def test_a_delivery_arrives_once_rule_1() -> None:
    first, again = arrive(dedupe="d-1"), arrive(dedupe="d-1")

    assert first is not None
    assert again is None
    assert Event.objects.count() == 1


def test_a_mailbox_is_leased_to_one_worker_and_keeps_its_order() -> None:
    ids = [arrive(), arrive(), arrive()]

    _, claimed = claim()

    assert [event.pk for box in claimed for event in box.events] == ids
    assert leases.claim(now=clock.now()) is None


def test_the_best_priority_of_a_turn_goes_first() -> None:
    arrive("later", priority=Priority.BACKFILL)
    arrive("first", priority=Priority.STAGE_CHANGE)

    found = leases.claim(now=clock.now(), limit=1)

    assert found is not None
    assert [box.key for box in found[1]] == ["first"]


def test_turns_rotate_rule_6() -> None:
    for number in range(3):
        arrive(f"a{number}", gate="a")
    arrive("b0", gate="b")

    served = []
    for _ in range(2):
        found = leases.claim(now=clock.now(), limit=1)
        assert found is not None
        served.append(found[1][0].key[0])

    assert sorted(served) == ["a", "b"]


def test_nothing_passes_a_closed_gate_and_its_events_are_not_rewritten_rule_6() -> None:
    arrive()
    gates.close_gate(gate="gate", reason=Reason.TOKEN, now=clock.now())

    assert leases.claim(now=clock.now()) is None
    assert Event.objects.get().state == State.QUEUED

    assert gates.open_gate(gate="gate", reason=Reason.TOKEN, now=clock.now())
    assert leases.claim(now=clock.now()) is not None


def test_an_arrival_during_the_work_is_due_after_the_settle_rule_3() -> None:
    arrive()
    lease, claimed = claim()
    arrive()

    assert finish(lease, claimed) == 1

    _, again = claim()
    assert [event.state for event in again[0].events] == [State.QUEUED]


def test_a_settle_without_the_lease_changes_no_row_rule_5() -> None:
    arrive()
    lease, claimed = claim()
    Mailbox.objects.update(lease_until=clock.real_now() - timedelta(seconds=1))
    leases.heal_expired(now=clock.now())
    second, again = claim()

    assert finish(lease, claimed) == 0
    assert Event.objects.get().state == State.QUEUED
    assert finish(second, again) == 1


def test_a_lease_refuses_a_call_that_it_does_not_outlive_rule_5() -> None:
    lease = Lease(uuid.uuid4(), clock.real_now() + timedelta(seconds=3))

    lease.require(1)
    with pytest.raises(leases.LeaseLost):
        lease.require(4)


def test_what_kills_its_worker_is_dead_after_five_lone_claims_rule_4() -> None:
    arrive("poison")
    for _ in range(leases.LONE_CLAIMS):
        claim()
        Mailbox.objects.update(lease_until=clock.real_now() - timedelta(seconds=1))
        leases.heal_expired(now=clock.now())

    drain.register("trial", lambda lease, boxes, *, now: pytest.fail("it must not be handled again"))
    drain.drain(until=clock.real_now() + timedelta(seconds=5))

    event = Event.objects.get()
    assert (event.state, event.cause) == (State.DEAD, "killed")


def test_keys_are_taken_all_or_none_and_the_loser_is_woken_rule_2() -> None:
    arrive("one")
    arrive("two")
    found = leases.claim(now=clock.now(), limit=1)
    other = leases.claim(now=clock.now(), limit=1)
    assert found is not None and other is not None
    (lease, boxes), (loser, lost) = found, other

    assert leases.take_keys(lease, {"person:1"}, mailboxes=[boxes[0].id])
    assert not leases.take_keys(loser, {"person:1", "person:2"}, mailboxes=[lost[0].id])
    drain.settle(loser, [outcomes.waiting(lost[0])], now=clock.now())
    assert leases.claim(now=clock.now()) is None

    finish(lease, boxes)
    _, woken = claim()
    assert woken[0].key == lost[0].key
    assert woken[0].events[0].attempts == 0


def test_a_mailbox_that_loses_a_key_keeps_those_of_its_batch_rule_2() -> None:
    arrive("other")
    other = leases.claim(now=clock.now(), limit=1)
    assert other is not None and leases.take_keys(other[0], {"person:2"}, mailboxes=[other[1][0].id])
    arrive("first")
    arrive("second")
    lease, boxes = claim()
    keys = frozenset({"person:1"})

    assert leases.take_keys(lease, keys, mailboxes=[boxes[0].id])
    assert not leases.take_keys(lease, {"person:1", "person:2"}, mailboxes=[boxes[1].id])

    done = {event.pk: outcomes.done() for event in boxes[0].events}
    unit = Unit(mailboxes=frozenset({boxes[0].id}), keys=keys, decide=lambda: outcomes.Decision(outcomes=done))
    assert drain.settle(lease, [unit, outcomes.waiting(boxes[1])], now=clock.now()) == 1


def test_stranded_events_are_revived_and_counted_rule_3() -> None:
    arrive()
    Mailbox.objects.update(due_at=None)

    assert leases.revive_stranded(now=clock.now()) == 1
    assert leases.claim(now=clock.now()) is not None


def test_arrivals_into_hot_mailboxes_during_a_drain_strand_nothing() -> None:
    drain.register("trial", lambda lease, boxes, *, now: [outcomes.settled(box, outcomes.done()) for box in boxes])

    def pour(worker: int) -> None:
        for number in range(60):
            arrive(f"hot{number % 3}")
        database.close()

    def work() -> None:
        drain.drain(until=clock.real_now() + timedelta(seconds=20))
        database.close()

    threads = [threading.Thread(target=pour, args=(number,)) for number in range(2)]
    workers = [threading.Thread(target=work) for _ in range(2)]
    for thread in [*threads, *workers]:
        thread.start()
    for thread in threads:
        thread.join()
    for thread in workers:
        thread.join()
    drain.drain(until=clock.real_now() + timedelta(seconds=20))

    assert Event.objects.filter(state=State.DONE).count() == 120
    assert not Mailbox.objects.filter(lease_token__isnull=False).exists()


def test_an_intention_is_never_fresh_twice_rule_18() -> None:
    event = arrive()
    assert event is not None
    intention = Intention(key="create:x", kind="create", event_id=event)
    token = uuid.uuid4()

    assert effects.intend([intention], token=token, now=clock.now()) == {"create:x"}
    assert effects.intend([intention], token=uuid.uuid4(), now=clock.now()) == set()

    effects.close(key="create:x", token=token, state=EffectState.FAILED, now=clock.now())
    assert effects.intend([intention], token=token, now=clock.now()) == {"create:x"}

    effects.close(key="create:x", token=token, state=EffectState.DONE, now=clock.now())
    assert effects.intend([intention], token=token, now=clock.now()) == set()


def test_a_second_look_corrects_one_that_came_too_early_but_no_answer_rule_19() -> None:
    event, token = arrive(), uuid.uuid4()
    assert event is not None
    lost, refused = (Intention(key=f"move:{name}", kind="move", event_id=event) for name in ("lost", "refused"))
    effects.intend([lost, refused], token=token, now=clock.now())
    effects.close(key=lost.key, token=token, state=EffectState.UNKNOWN, now=clock.now())
    effects.close(key=refused.key, token=token, state=EffectState.FAILED, now=clock.now())

    effects.found_undone(key=lost.key, now=clock.now())
    for key in (lost.key, refused.key):
        effects.found_done(key=key, now=clock.now(), result={})

    found = effects.find([lost.key, refused.key])
    assert {key: effect.state for key, effect in found.items()} == {
        lost.key: EffectState.DONE,
        refused.key: EffectState.FAILED,
    }


def test_a_handler_that_fails_buries_its_event_alone() -> None:
    arrive("good")
    arrive("bad")

    def handler(lease: Lease, boxes: Sequence[Claimed], *, now: datetime) -> list[Unit]:
        if any(box.key == "bad" for box in boxes):
            raise ZeroDivisionError
        return [outcomes.settled(box, outcomes.done()) for box in boxes]

    drain.register("trial", handler)
    drain.drain(until=clock.real_now() + timedelta(seconds=5))

    states = dict(Event.objects.values_list("mailbox__key", "state"))
    assert states == {"good": State.DONE, "bad": State.DEAD}


def test_what_a_system_refuses_buries_its_event_alone() -> None:
    for mailbox in ("good", "bad", "better"):
        arrive(mailbox)

    def handler(lease: Lease, boxes: Sequence[Claimed], *, now: datetime) -> list[Unit]:
        if any(box.key == "bad" for box in boxes):
            raise errors.Rejected("no such id", cause="invalid")
        return [outcomes.settled(box, outcomes.done()) for box in boxes]

    drain.register("trial", handler)
    drain.drain(until=clock.real_now() + timedelta(seconds=5))

    ends = {key: (state, cause) for key, state, cause in Event.objects.values_list("mailbox__key", "state", "cause")}
    assert ends == {"good": (State.DONE, ""), "better": (State.DONE, ""), "bad": (State.DEAD, "invalid")}


def test_a_timed_hold_comes_back_by_itself() -> None:
    event_id = arrive()
    Event.objects.filter(pk=event_id).update(
        state=State.HELD, reason=Reason.UNCERTAIN, hold_key=services.TIMER, due_at=clock.now() - timedelta(seconds=1)
    )

    assert services.release_timed(now=clock.now()) == 1
    assert Event.objects.get().state == State.QUEUED
