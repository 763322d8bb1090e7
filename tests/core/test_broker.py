"""The broker's wait: a bell ends it, a silence does not."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future

import pytest
from django.db import connections

from apps.core import broker, jobs

pytestmark = pytest.mark.django_db(transaction=True)

LONG = 30.0


@pytest.fixture
def waiting(monkeypatch: pytest.MonkeyPatch) -> Iterator[broker.NotifyBroker]:
    """A broker that would wait LONG for a bell; its sweeps do nothing."""
    monkeypatch.setattr(broker, "WAIT", LONG)
    monkeypatch.setattr(broker.NotifyBroker, "_sweep", lambda self: None)
    made = broker.NotifyBroker()
    made.dequeue()  # the first finds no listener, and opens it
    yield made
    made._listener.close()


def dequeued(waiting: broker.NotifyBroker) -> Future[list[object]]:
    """What a dequeue in a thread of its own returns, once it has begun to wait."""
    answer: Future[list[object]] = Future()

    def dequeue() -> None:
        try:
            answer.set_result(waiting.dequeue() or [])
        finally:
            connections.close_all()

    threading.Thread(target=dequeue, daemon=True).start()
    end = time.monotonic() + 10
    while not listens():
        assert time.monotonic() < end, "the broker does not wait"
        time.sleep(0.01)
    return answer


def listens() -> bool:
    """Whether a thread waits on the listener: its dequeue has looked at the empty queue."""
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
            "AND state = 'idle' AND query LIKE %s",
            ["%django_q_ormq%"],
        )
        return bool(cursor.fetchone()[0])


def test_a_bell_ends_the_wait_at_once(waiting: broker.NotifyBroker) -> None:
    answer = dequeued(waiting)

    rung = time.monotonic()
    jobs.ring()

    assert len(answer.result(timeout=LONG / 2)) == 1
    assert time.monotonic() - rung < LONG / 10
