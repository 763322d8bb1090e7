"""More requests than before: what waited for the next day goes on at once (RULES.md 6, 23)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.connections import services as connections
from apps.core import clock
from apps.ledger import gates, leases
from apps.ledger import services as ledger
from apps.ledger.services import NewEvent
from apps.ledger.states import Reason

pytestmark = pytest.mark.django_db(transaction=True)


def test_what_was_put_off_to_the_next_day_is_due_when_more_requests_are_entered() -> None:
    now = clock.now()
    linkedin = connections.create_connection(
        provider="linkedin",
        name="LinkedIn",
        now=now,
        base_urls={"api": "http://127.0.0.1:9"},
        options={"daily_limit": 5},
    )
    gate = connections.gate_of(linkedin.pk)
    ledger.append(NewEvent(kind="poll.profiles", mailbox="poll", gate=gate, due_at=now + timedelta(hours=5)), now=now)
    ledger.append(NewEvent(kind="hook.person", mailbox="other", gate="other", due_at=now + timedelta(hours=5)), now=now)
    gates.close_gate(gate=gate, reason=Reason.BUDGET, now=now, until=now + timedelta(hours=5))
    assert leases.claim(now=now) is None

    connections.change_daily_limit(connection_id=linkedin.pk, limit=50, now=now)

    found = leases.claim(now=now)
    assert found is not None
    assert [box.key for box in found[1]] == ["poll"]
    linkedin.refresh_from_db()
    assert linkedin.settings["options"] == {"daily_limit": 50}


def test_other_reasons_keep_the_gate_closed() -> None:
    now = clock.now()
    linkedin = connections.create_connection(
        provider="linkedin", name="LinkedIn", now=now, base_urls={"api": "http://127.0.0.1:9"}
    )
    connections.pause(connection_id=linkedin.pk, actor_id=None, now=now)

    connections.change_daily_limit(connection_id=linkedin.pk, limit=50, now=now)

    assert gates.reasons_of(connections.gate_of(linkedin.pk)) == [Reason.PAUSED]
