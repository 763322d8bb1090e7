"""Listings go on being read, whatever becomes of one reading (RULES.md 25)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.connections import services as connections
from apps.core import clock
from apps.ledger import drain, leases, outcomes, tasks
from apps.ledger.models import Event
from apps.ledger.states import State
from apps.providers.greenhouse import wire
from apps.sync import polls
from apps.sync import services as sync
from apps.sync.models import Stream, StreamName
from tests.connections.factories import make_connection, travel
from tests.sandbox_process import running_sandbox

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_reading_that_killed_its_worker_is_followed_by_the_next() -> None:
    now = clock.now()
    sync.start_reading(connection_id=make_connection().pk, now=now)
    Stream.objects.exclude(name=StreamName.PROFILES).delete()
    polls.append_due(now)
    found = leases.claim(now=now)
    assert found is not None
    lease, boxes = found
    drain.settle(lease, [outcomes.settled(boxes[0], outcomes.dead("killed", "A worker died."))], now=now)

    polls.append_due(now)
    polls.append_due(now + timedelta(hours=1))

    assert Event.objects.filter(state=State.QUEUED, kind="poll.profiles").count() == 1


def test_a_reading_that_waits_or_is_under_way_is_not_followed_by_another() -> None:
    now = clock.now()
    sync.start_reading(connection_id=make_connection().pk, now=now)
    Stream.objects.exclude(name=StreamName.PROFILES).delete()
    polls.append_due(now)
    leases.claim(now=now)

    polls.append_due(now + timedelta(hours=1))
    polls.append_due(now + timedelta(hours=2))

    assert Event.objects.count() == 1


def test_a_first_crawl_of_more_pages_than_a_window_allows_comes_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "PER_PAGE", 1)
    with running_sandbox() as sandbox, travel(clock.real_now()):
        sandbox.reset()
        sandbox.act("greenhouse", "settings", ceiling=2)
        base = f"{sandbox.base}/greenhouse"
        connection = connections.create_connection(
            provider="greenhouse",
            name="Greenhouse",
            now=clock.now(),
            base_urls={"api": base, "auth": base},
            secret={"client_id": "sandbox-client-1", "client_secret": "sandbox-secret"},
        )
        sync.start_reading(connection_id=connection.pk, now=clock.now())
        Stream.objects.exclude(name=StreamName.PEOPLE).delete()
        there = len(sandbox.state("greenhouse")["candidates"])

        for _ in range(40):
            tasks.sweep()
            drain.drain(until=clock.real_now() + timedelta(seconds=10))
            sandbox.clock(advance=10)
            clock.step_to(clock.now() + timedelta(seconds=10))

    assert there > 2
    assert Stream.objects.get().complete_at is not None
