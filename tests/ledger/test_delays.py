"""What waited, for what and how long, is known after the wait is over: each reason, with its beginning and end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apps.core import errors
from apps.ledger import delays, drain, gates, leases, outcomes, retention, services
from apps.ledger.models import Delay, Event, RetentionMark
from apps.ledger.outcomes import Decision, Outcome, Unit
from apps.ledger.services import NewEvent
from apps.ledger.states import Reason, State

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def arrive(mailbox: str = "box", *, at: datetime = NOW) -> int:
    made = services.append(NewEvent(kind="trial.event", mailbox=mailbox, gate="gate"), now=at)
    assert made is not None
    return made


def settle(outcome: Outcome, *, at: datetime) -> None:
    """Claim what is due and end all of it this way."""
    found = leases.claim(now=at)
    assert found is not None
    lease, claimed = found
    drain.settle(lease, [outcomes.settled(box, outcome) for box in claimed], now=at)


def kept() -> list[tuple[str, str, datetime, datetime | None]]:
    return list(Delay.objects.order_by("since", "pk").values_list("kind", "reason", "since", "until"))


@pytest.fixture(autouse=True)
def _no_handlers() -> Iterator[None]:
    before = dict(drain._handlers)
    yield
    drain._handlers.clear()
    drain._handlers.update(before)


def test_what_was_held_is_known_after_its_release() -> None:
    event = arrive()
    settle(outcomes.held(Reason.MAPPING, "No row.", hold_key="map:1"), at=NOW)

    services.release_held(hold_key="map:1", now=NOW + 5 * MINUTE)
    settle(outcomes.done(), at=NOW + 6 * MINUTE)

    assert kept() == [("trial.event", "mapping", NOW, NOW + 5 * MINUTE)]
    assert Event.objects.get(pk=event).reason == ""


def test_a_wait_for_something_else_is_another_one() -> None:
    arrive()
    settle(outcomes.held(Reason.INDEX, "Reading.", hold_key=services.TIMER, due_at=NOW + MINUTE), at=NOW)
    services.release_timed(now=NOW + MINUTE)
    settle(outcomes.held(Reason.DUPLICATE, "Who?", hold_key="q"), at=NOW + MINUTE)

    assert kept() == [
        ("trial.event", "index", NOW, NOW + MINUTE),
        ("trial.event", "duplicate", NOW + MINUTE, None),
    ]


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (errors.RateLimited("Spent.", cause="budget"), "budget"),
        (errors.AuthExpired("Gone."), "token"),
        (errors.Transient("HTTP 503", cause="http_503"), "outage"),
        (errors.Unknown("Lost.", cause="timeout"), "outage"),
    ],
)
def test_tries_that_fail_are_one_wait_until_one_goes_well(error: errors.SyncError, reason: str) -> None:
    arrive()

    for minute in (0, 2, 4):
        at = NOW + minute * MINUTE
        settle(drain.of_error(error, now=at), at=at)
    settle(outcomes.done(), at=NOW + 6 * MINUTE)

    assert kept() == [("trial.event", reason, NOW, NOW + 6 * MINUTE)]


def test_what_is_put_back_to_go_on_waits_for_nothing() -> None:
    arrive()

    settle(outcomes.put_back("The application comes next."), at=NOW)
    settle(outcomes.done(), at=NOW)

    assert kept() == []


def test_what_another_unit_of_the_settle_let_go_does_not_begin_to_wait() -> None:
    """A mailbox is settled as held, and the next unit of the same settle releases it."""
    one, other = arrive("a"), arrive("b")
    found = leases.claim(now=NOW)
    assert found is not None
    lease, claimed = found
    boxes = {event.pk: box for box in claimed for event in box.events}

    def let_go() -> Decision:
        services.release_held(ids=[one], now=NOW)
        return Decision(outcomes={other: outcomes.done()})

    units = [
        outcomes.settled(boxes[one], outcomes.held(Reason.CONFLICT, "Both changed.", hold_key="c")),
        Unit(mailboxes=frozenset({boxes[other].id}), decide=let_go),
    ]
    drain.settle(lease, units, now=NOW)

    assert Event.objects.get(pk=one).state == State.QUEUED
    assert kept() == []


def test_a_gate_leaves_one_delay_for_each_reason_it_was_closed_for() -> None:
    gates.close_gate(gate="gate", reason=Reason.TOKEN, now=NOW)
    gates.close_gate(gate="gate", reason=Reason.BUDGET, now=NOW + MINUTE, until=NOW + 3 * MINUTE)
    gates.close_gate(gate="gate", reason=Reason.BUDGET, now=NOW + 2 * MINUTE, until=NOW + 4 * MINUTE)

    gates.open_due_gates(now=NOW + 3 * MINUTE)
    gates.open_due_gates(now=NOW + 4 * MINUTE)
    gates.open_gate(gate="gate", reason=Reason.TOKEN, now=NOW + 9 * MINUTE)
    gates.open_gate(gate="gate", reason=Reason.TOKEN, now=NOW + 10 * MINUTE)

    assert kept() == [("", "token", NOW, NOW + 9 * MINUTE), ("", "budget", NOW + MINUTE, NOW + 4 * MINUTE)]


def listed(**values: Any) -> list[str]:
    return [one.reason for one in delays.list_delays(**values)]


def test_the_delays_of_a_stretch_are_those_that_overlap_it() -> None:
    gates.close_gate(gate="gate", reason=Reason.TOKEN, now=NOW)
    gates.open_gate(gate="gate", reason=Reason.TOKEN, now=NOW + 9 * MINUTE)
    event = arrive(at=NOW + 9 * MINUTE)
    settle(outcomes.held(Reason.PERSON, "No address."), at=NOW + 9 * MINUTE)

    assert listed(since=NOW + MINUTE, until=NOW + 2 * MINUTE, gates=["gate"]) == ["token"]
    assert listed(since=NOW + 9 * MINUTE, until=NOW + 20 * MINUTE, gates=["gate"]) == []
    assert listed(since=NOW, until=NOW + 20 * MINUTE, gates=["gate"], kinds=["trial.event"]) == ["token", "person"]
    assert listed(since=NOW, until=NOW + 20 * MINUTE, events=[event]) == ["person"]


def test_a_delay_outlives_the_reading_that_it_kept_up_and_goes_by_its_own_age() -> None:
    long_ago = NOW - timedelta(days=20)
    event = services.append(NewEvent(kind="poll.profiles", mailbox="box", gate="gate"), now=long_ago)
    settle(outcomes.put_back(due_at=long_ago, waits_for=Reason.BUDGET), at=long_ago)
    settle(outcomes.done(), at=long_ago + MINUTE)

    for now in (NOW, NOW + timedelta(days=90)):
        RetentionMark.objects.all().delete()
        for _ in range(10):
            retention.step(now)
        if now == NOW:
            assert not Event.objects.filter(pk=event).exists()
            assert kept() == [("poll.profiles", "budget", long_ago, long_ago + MINUTE)]

    assert kept() == []
