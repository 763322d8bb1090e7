"""The gate (RULES 5, 6, 23, 24, 29): nothing passes it that should not, and every answer teaches it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction

from apps.connections import selectors, services
from apps.connections.models import Connection, QuotaWindow
from apps.core import clock, errors
from apps.ledger import gates
from apps.providers.contract import Answer
from tests.connections import factories
from tests.connections.factories import DAILY, HEADERS, OK, POLL, READ, WRITE, make_connection, make_gate, travel

pytestmark = pytest.mark.django_db(transaction=True)

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
RESET = datetime(2026, 11, 26, tzinfo=UTC)


def spent(connection: Connection) -> list[int]:
    rows = QuotaWindow.objects.filter(account=connection.quota_id).order_by("starts_at")
    return [row.spent for row in rows]


def window(connection: Connection) -> QuotaWindow:
    return QuotaWindow.objects.get(account=connection.quota_id)


def reasons(connection: Connection) -> list[str]:
    return selectors.closed_for(connection.pk)


def test_a_call_refuses_to_start_in_a_transaction() -> None:
    gate = make_gate(make_connection())

    with transaction.atomic(), pytest.raises(RuntimeError):
        gate.enter(READ)


@travel(NOON)
def test_a_call_is_counted_by_its_purpose_before_it_is_made() -> None:
    connection = make_connection()
    gate = make_gate(connection)

    gate.enter(READ)
    gate.leave(gate.enter(POLL), OK)

    assert window(connection).by_purpose == {"read": 1, "poll": 1}
    assert window(connection).spent == 2


@travel(NOON)
@pytest.mark.parametrize(
    ("answer", "left"),
    [
        pytest.param(factories.NOT_SENT, 0, id="nothing left this machine"),
        pytest.param(factories.NO_ANSWER, 1, id="no answer came"),
        pytest.param(Answer(404, {}, sent=True), 1, id="refused"),
        pytest.param(factories.TOO_FAST, 1, id="too fast"),
    ],
)
def test_only_what_never_left_is_given_back(answer: Answer, left: int) -> None:
    connection = make_connection()
    gate = make_gate(connection)

    gate.leave(gate.enter(READ), answer)

    assert spent(connection) == [left]


@travel(NOON)
def test_a_full_day_closes_the_gate_until_past_the_reset() -> None:
    connection = make_connection(options={"daily_limit": 3})
    gate = make_gate(connection)
    for _ in range(3):
        gate.enter(WRITE)

    with pytest.raises(errors.RateLimited) as refused:
        gate.enter(WRITE)

    assert refused.value.until == RESET + timedelta(seconds=60)
    assert reasons(connection) == ["budget"]
    assert spent(connection) == [3]


@travel(NOON)
def test_polls_leave_the_last_fifth_to_writes_and_do_not_close_the_gate() -> None:
    connection = make_connection(options={"daily_limit": 10, "kept_back": 0.2})
    gate = make_gate(connection)
    for _ in range(8):
        gate.enter(POLL)

    with pytest.raises(errors.RateLimited):
        gate.enter(POLL)
    gate.enter(WRITE)

    assert reasons(connection) == []
    assert spent(connection) == [9]


def test_a_call_near_the_reset_counts_in_both_days() -> None:
    connection = make_connection()
    gate = make_gate(connection)

    with travel(RESET - timedelta(seconds=30)):
        gate.enter(READ)
    with travel(RESET + timedelta(seconds=30)):
        gate.enter(READ)
    with travel(RESET + timedelta(seconds=61)):
        gate.enter(READ)

    assert spent(connection) == [2, 3]


def test_a_full_yesterday_refuses_the_first_minute_of_today_and_takes_nothing_from_it() -> None:
    connection = make_connection(options={"daily_limit": 1})
    gate = make_gate(connection)
    with travel(NOON):
        gate.enter(WRITE)

    with travel(RESET - timedelta(seconds=5)), pytest.raises(errors.RateLimited) as refused:
        gate.enter(WRITE)

    assert refused.value.until == RESET + timedelta(seconds=60)
    assert sum(spent(connection)) == 1


@travel(NOON)
def test_connections_of_one_application_share_its_day_and_its_strictest_limit() -> None:
    ours = make_connection(quota_key="shared", options={"daily_limit": 3})
    theirs = make_connection(quota_key="shared", options={"daily_limit": 2})
    make_gate(ours).enter(WRITE)
    make_gate(theirs).enter(WRITE)

    with pytest.raises(errors.RateLimited):
        make_gate(ours).enter(WRITE)

    assert spent(ours) == [2]


@travel(NOON)
def test_code_101_fills_the_day_whatever_we_counted_and_says_that_somebody_else_spends() -> None:
    connection = make_connection()
    gate = make_gate(connection)

    gate.leave(gate.enter(READ), factories.QUOTA_SPENT)

    assert spent(connection) == [500]
    assert window(connection).by_purpose == {"read": 1, "elsewhere": 499}
    assert reasons(connection) == ["budget"]
    connection.quota.refresh_from_db()
    assert connection.quota.elsewhere_at == NOON


def test_any_other_429_pauses_twice_as_long_each_time() -> None:
    connection = make_connection()
    gate = make_gate(connection)
    refused = Answer(429, {}, sent=True, body=b"{}")
    pauses = []

    with travel(NOON):
        for _ in range(4):
            gate.leave(gate.enter(READ), refused)
            connection.refresh_from_db()
            assert connection.backoff_until is not None
            pauses.append((connection.backoff_until - clock.now()).total_seconds())
            clock.step_to(connection.backoff_until)

    assert pauses == [2, 4, 8, 16]
    assert reasons(connection) == ["outage"]
    assert window(connection).spent == 4


@travel(NOON)
def test_a_pause_is_as_long_as_the_system_asks_and_refuses_calls_meanwhile() -> None:
    connection = make_connection()
    gate = make_gate(connection, HEADERS)
    gate.leave(gate.enter(READ), factories.TOO_FAST)

    with pytest.raises(errors.RateLimited) as refused:
        gate.enter(READ)

    assert refused.value.until == NOON + timedelta(seconds=7)
    assert reasons(connection) == ["budget"]


def test_a_success_ends_the_doubling() -> None:
    connection = make_connection()
    gate = make_gate(connection)

    with travel(NOON):
        gate.leave(gate.enter(READ), Answer(429, {}, sent=True))
        clock.step_to(NOON + timedelta(seconds=3))
        gate.leave(gate.enter(READ), OK)
        connection.refresh_from_db()

    assert connection.backoff_seconds == 0
    assert connection.last_success_at == NOON + timedelta(seconds=3)


@travel(NOON)
def test_five_failures_in_a_row_close_the_gate_as_an_outage() -> None:
    connection = make_connection()
    gate = make_gate(connection)

    for _ in range(5):
        gate.leave(gate.enter(READ), Answer(503, {}, sent=True))

    assert reasons(connection) == ["outage"]
    with pytest.raises(errors.RateLimited):
        gate.enter(READ)


@travel(NOON)
def test_the_real_ceiling_and_reset_are_read_from_the_headers() -> None:
    connection = make_connection()
    gate = make_gate(connection, HEADERS)
    resets = int((NOON + timedelta(seconds=12)).timestamp())
    headers = {"X-RateLimit-Limit": "5", "X-RateLimit-Remaining": "1", "X-RateLimit-Reset": str(resets)}

    gate.leave(gate.enter(READ), Answer(200, headers, sent=True))
    gate.enter(READ)
    with pytest.raises(errors.RateLimited) as refused:
        gate.enter(READ)

    assert refused.value.until == NOON + timedelta(seconds=13)
    with travel(NOON + timedelta(seconds=13)):
        gate.enter(READ)
    assert (window(connection).limit, window(connection).spent) == (5, 1)


@pytest.mark.parametrize("switch", [services.pause, services.stop])
def test_no_call_starts_after_a_switch_is_committed(switch: object) -> None:
    connection = make_connection()
    gate = make_gate(connection)
    gate.enter(READ)

    switch(connection_id=connection.pk, actor_id=None, now=clock.now())  # type: ignore[operator]
    with pytest.raises(errors.RateLimited):
        gate.enter(READ)
    assert reasons(connection) == ["paused"]

    assert services.resume(connection_id=connection.pk, now=clock.now())
    gate.enter(READ)


def test_a_gate_with_two_reasons_stays_closed_when_one_is_gone() -> None:
    connection = make_connection()
    services.pause(connection_id=connection.pk, actor_id=None, now=clock.now())
    services.mark_auth_expired(connection_id=connection.pk, seen_version=1, now=clock.now())

    assert not services.resume(connection_id=connection.pk, now=clock.now())

    assert gates.reasons_of(services.gate_of(connection.pk)) == ["token"]


def test_a_dead_credential_waits_for_a_person() -> None:
    connection = make_connection()
    services.mark_auth_expired(connection_id=connection.pk, seen_version=1, now=clock.now())

    with pytest.raises(errors.AuthExpired):
        make_gate(connection).enter(READ)


@travel(NOON)
def test_figures_show_the_day_and_where_it_went() -> None:
    connection = make_connection()
    gate = make_gate(connection, DAILY)
    gate.enter(READ)
    rate = selectors.capabilities_of(connection).rate_windows[0]
    QuotaWindow.objects.filter(account=connection.quota_id).update(name=rate.name)

    found = selectors.daily(connection.pk, now=NOON)

    assert found is not None
    assert (found.spent, found.left, found.ends_at) == (1, found.limit - 1, RESET)
    assert found.by_purpose == {"read": 1}


def test_a_call_in_the_second_after_a_reset_begins_the_next_run_and_does_not_stretch_the_last() -> None:
    connection = make_connection(provider="greenhouse")
    gate = make_gate(connection, HEADERS)

    def call(at: datetime, *, remaining: int, reset: datetime) -> None:
        told = {"x-ratelimit-limit": "75", "x-ratelimit-remaining": str(remaining)}
        with travel(at):
            permit = gate.enter(READ)
            gate.leave(permit, Answer(200, {**told, "x-ratelimit-reset": str(int(reset.timestamp()))}, sent=True))

    for second in range(18, 30):
        call(NOON + timedelta(seconds=second), remaining=75 - second, reset=NOON + timedelta(seconds=30))
    call(NOON + timedelta(seconds=30.4), remaining=74, reset=NOON + timedelta(seconds=60))

    row = window(connection)
    assert row.spent == 1
    assert row.starts_at == NOON + timedelta(seconds=30)
    assert row.ends_at == NOON + timedelta(seconds=61)
