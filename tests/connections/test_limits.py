"""Each ATS's limits through the real gate, against a sandbox that enforces them (R5, RULES 23 and 24).

Time moves only where a call is told to wait, in both clocks at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

import pytest

from apps.connections import selectors, services
from apps.connections.models import Connection
from apps.core import clock, errors
from apps.ledger import tasks
from apps.providers import registry
from apps.providers.contract import Ats
from tests.connections.factories import travel
from tests.providers import bench as benches
from tests.sandbox_process import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)

CREDENTIALS = {"greenhouse": benches.GREENHOUSE, "lever": benches.LEVER, "bullhorn": benches.BULLHORN}


@dataclass
class Caller:
    system: str
    sandbox: Sandbox
    connection: Connection
    ats: Ats

    def call(self) -> None:
        assert self.ats.list_users().items

    def wait_until(self, moment: datetime) -> None:
        clock.step_to(moment)
        self.sandbox.clock(now=moment.isoformat())
        tasks.sweep()

    def refusals(self) -> int:
        return sum(call["status"] == 429 for call in self.sandbox.calls(self.system))

    def spend_elsewhere(self, calls: int) -> None:
        """Another program with the same credential; for a system with one count for all, by its act."""
        if self.system == "bullhorn":
            self.sandbox.act("bullhorn", "spend", requests=calls)
            return
        open_other: Callable[..., tuple[Ats, object]] = getattr(benches, f"open_{self.system}")
        other, _ = open_other(self.sandbox)
        self.sandbox.act("lever", "settings", rate=10, burst=20)
        for _ in range(calls):
            other.list_users()


def opened(system: str, sandbox: Sandbox) -> Caller:
    address = f"{sandbox.base}/{system}"
    connection = services.create_connection(
        provider=system,
        name=system,
        now=clock.now(),
        base_urls={"api": address, "auth": address},
        secret=CREDENTIALS[system],
    )
    return Caller(system, sandbox, connection, services.open_ats(connection.pk))


@pytest.fixture
def standing(sandbox: Sandbox) -> Iterator[Sandbox]:
    benches.stop_at_a_minute(sandbox)
    with travel(datetime.fromisoformat(sandbox.clock()["now"])):
        yield sandbox


@pytest.mark.parametrize(("system", "at_once"), [("greenhouse", 75), ("lever", 20)])
def test_who_calls_without_a_pause_never_meets_the_systems_limit(standing: Sandbox, system: str, at_once: int) -> None:
    """Windows of any size, Bullhorn's too, are asked the same of in test_windows.py, purely."""
    caller, began, waits = opened(system, standing), clock.now(), 0

    for _ in range(2 * at_once):
        try:
            caller.call()
        except errors.RateLimited as refused:
            assert refused.until is not None
            waits += 1
            caller.wait_until(refused.until)

    assert caller.refusals() == 0
    assert waits > 0 and (clock.now() - began).total_seconds() < 120


@pytest.mark.parametrize(("system", "at_once"), [("greenhouse", 75), ("lever", 20), ("bullhorn", 1_500)])
def test_a_limit_that_others_used_up_closes_the_gate_and_is_over_by_itself(
    standing: Sandbox, system: str, at_once: int
) -> None:
    caller = opened(system, standing)
    caller.call()
    caller.spend_elsewhere(at_once - 1)
    waited: list[float] = []

    while len(waited) < 10:
        try:
            caller.call()
            break
        except errors.RateLimited:
            assert selectors.closed_for(caller.connection.pk) == ["budget"]
        with pytest.raises(errors.RateLimited) as held:
            caller.call()
        assert held.value.until is not None
        waited.append((held.value.until - clock.now()).total_seconds())
        caller.wait_until(held.value.until)

    assert waited and 0 < caller.refusals() <= len(waited), "one call finds it out, and none leaves meanwhile"
    assert sum(waited) < 2 * 60
    assert system == "greenhouse" or waited == sorted(waited), "longer each time, where the system names no pause"
    assert selectors.closed_for(caller.connection.pk) == []


@pytest.mark.parametrize(
    ("system", "windows"),
    [
        ("linkedin", {"day": {"calls": 500, "seconds": 86_400, "resets_daily": True, "time_zone": "UTC"}}),
        ("greenhouse", {"30s": {"seconds": 30, "from_headers": True}}),
        ("lever", {"second": {"calls": 10, "seconds": 1, "burst": 20}}),
        (
            "bullhorn",
            {
                "minute": {"calls": 1_500, "seconds": 60, "resets_monthly": False},
                "month": {"calls": 100_000, "resets_monthly": True},
            },
        ),
    ],
)
def test_each_declared_window_is_that_of_the_facts(system: str, windows: dict[str, dict[str, object]]) -> None:
    declared = {window.name: window for window in registry.get(system).capabilities.rate_windows}

    assert set(declared) == set(windows)
    for name, facts in windows.items():
        assert {field: getattr(declared[name], field) for field in facts} == facts
