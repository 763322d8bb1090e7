"""Listings go on being read, whatever becomes of one reading (RULES.md 25)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.core import clock
from apps.ledger import drain, leases, outcomes
from apps.ledger.models import Event
from apps.ledger.states import State
from apps.sync import polls
from apps.sync import services as sync
from apps.sync.models import Stream, StreamName
from tests.connections.factories import make_connection

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
