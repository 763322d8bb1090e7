"""A connection's health in words, and its history: each change once (R17)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apps.connections import gate, health, selectors, services
from apps.connections.gate import ConnectionGate
from apps.connections.models import Chapter, Connection
from apps.core import clock
from apps.ledger.states import Reason
from tests.connections.factories import OK, POLL, WRITE, make_connection, make_gate, travel

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def noon() -> Iterator[None]:
    with travel(NOON):
        yield


@pytest.fixture
def connection() -> Connection:
    return make_connection(now=NOON)


def sweep_twice(**changes: Any) -> None:
    Connection.objects.update(**changes)
    for _ in range(2):
        health.note_changes(clock.now())


def words(connection: Connection) -> list[str]:
    return list(Chapter.objects.filter(connection=connection).order_by("pk").values_list("word", flat=True))


def test_that_a_new_connection_is_well_is_no_change(connection: Connection) -> None:
    sweep_twice()

    assert words(connection) == []
    assert Connection.objects.get(pk=connection.pk).health == "healthy"


def test_failing_and_well_again_are_noted_once_each_with_the_last_error(connection: Connection) -> None:
    sweep_twice()
    sweep_twice(consecutive_errors=11, last_error="HTTP 503", last_error_at=NOON)
    sweep_twice(consecutive_errors=0)

    assert words(connection) == ["failing", "healthy"]
    assert Chapter.objects.get(word="failing").detail == "HTTP 503"


def test_a_day_without_an_answer_is_silence(connection: Connection) -> None:
    sweep_twice(last_success_at=NOON)
    clock.step_to(NOON + timedelta(hours=25))
    sweep_twice()

    assert words(connection) == ["silent"]


def test_an_outage_is_failing(connection: Connection) -> None:
    sweep_twice()
    gate.close(connection.pk, Reason.OUTAGE, now=NOON, until=NOON + timedelta(minutes=5))
    sweep_twice()

    assert words(connection) == ["failing"]


def test_who_pauses_and_resumes_is_noted_and_the_health_that_follows_is_not_repeated(connection: Connection) -> None:
    sweep_twice()
    services.pause(connection_id=connection.pk, actor_id=None, now=NOON)
    services.pause(connection_id=connection.pk, actor_id=None, now=NOON)
    sweep_twice()
    services.resume(connection_id=connection.pk, now=NOON)
    services.resume(connection_id=connection.pk, now=NOON)
    sweep_twice()

    assert words(connection) == ["paused", "resumed"]


def test_an_expiry_is_noted_at_once_with_its_reason(connection: Connection) -> None:
    services.mark_auth_expired(connection_id=connection.pk, seen_version=None, now=NOON, detail="LinkedIn refuses it.")
    sweep_twice()

    assert words(connection) == ["expired"]
    assert Chapter.objects.get().detail == "LinkedIn refuses it."


def test_a_credential_that_ends_within_two_weeks_is_expiring(connection: Connection) -> None:
    ends_at = NOON + timedelta(days=15)
    services.set_credential(connection_id=connection.pk, secret={"client_id": "a"}, now=NOON, ends_at=ends_at)
    sweep_twice()
    clock.step_to(NOON + timedelta(days=2))
    sweep_twice()

    assert words(connection) == ["expiring"]
    assert Chapter.objects.get().detail == "Ends on 10 Dec 2026, 12:00 UTC."
    assert selectors.closed_for(connection.pk) == []


@pytest.mark.django_db(transaction=True)
def test_the_last_success_is_kept_for_each_way(connection: Connection) -> None:
    door: ConnectionGate = make_gate(connection)

    door.leave(door.enter(POLL), OK)
    clock.step_to(NOON + timedelta(seconds=10))
    door.leave(door.enter(WRITE), OK)
    clock.step_to(NOON + timedelta(seconds=20))
    door.leave(door.enter(POLL), OK)

    found = Connection.objects.get(pk=connection.pk)
    assert (found.last_read_at, found.last_write_at) == (NOON, NOON + timedelta(seconds=10))
