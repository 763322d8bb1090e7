"""A system that fails for half an hour kills nothing: its gate holds what is for it (RULES.md 4, 6)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from apps.connections import services as connections
from apps.core import clock
from apps.ledger import drain, services, tasks
from apps.ledger.models import Event
from apps.ledger.states import Reason, State
from apps.sync import lanes
from apps.sync import services as sync
from tests.connections.factories import travel
from tests.sandbox_process import Sandbox, running_sandbox

pytestmark = pytest.mark.django_db(transaction=True)

OUTAGE = timedelta(minutes=30)
STEP = timedelta(seconds=10)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with running_sandbox() as running:
        running.reset()
        yield running


def work_until(end: datetime) -> None:
    """Step app time to `end`, with a sweep and a drain at each step."""
    while clock.now() < end:
        tasks.sweep()
        drain.drain(until=clock.real_now() + timedelta(seconds=10))
        clock.step_to(clock.now() + STEP)


def test_half_an_hour_of_failures_spends_no_events_attempts_rule_4(sandbox: Sandbox) -> None:
    began = clock.real_now()
    with travel(began):
        base = f"{sandbox.base}/greenhouse"
        connection = connections.create_connection(
            provider="greenhouse",
            name="Greenhouse",
            now=began,
            base_urls={"api": base, "auth": base},
            secret={"client_id": "sandbox-client-1", "client_secret": "sandbox-secret"},
        )
        sync.start_reading(connection_id=connection.pk, now=began)
        someone = sandbox.state("greenhouse")["candidates"][0]["id"]
        asked = services.append(lanes.refresh_person(connection.pk, str(someone)), now=began)
        sandbox.fault("greenhouse", "5xx", match="/v3/", times=100_000)

        work_until(began + OUTAGE)
        failed = len([call for call in sandbox.calls("greenhouse") if call["fault"] == "5xx"])
        sandbox.clear_faults("greenhouse")
        work_until(began + OUTAGE + timedelta(minutes=10))

    assert failed > drain.ATTEMPTS
    assert list(Event.objects.filter(state=State.DEAD).values_list("kind", "detail")) == []
    assert Event.objects.get(pk=asked).reason == Reason.IRRELEVANT
