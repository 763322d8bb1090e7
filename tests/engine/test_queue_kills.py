"""A worker that dies after Bullhorn's queue was emptied for it, before what it read was committed.

KILLS sets how often; 3 in CI, 30 for the figure in docs/connectors/bullhorn.md.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from apps.demo import agency, scenario, stack
from apps.demo.agency import Agency
from apps.demo.stack import Stack
from apps.ledger.models import Event
from apps.ledger.states import OPEN, State
from apps.sync.models import Stream, StreamName
from tests.engine.conftest import engine_env

pytestmark = pytest.mark.django_db

KILLS = int(os.environ.get("KILLS", "3"))
LEASE, CALL = 3.0, 1.0
EVERY_SECONDS = {"profiles": 1, "people": 600, "applications": 3600, "jobs": 3600, "events": 1}
READING = "GET /bullhorn/rest-services/.*/event/subscription/[^/]*$"
STATUSES = ("Interview Scheduled", "Client Submission")
SHOWN = {"Interview Scheduled": "In Progress", "Client Submission": "Replied"}
PEOPLE = 6
MOVES = 4
"""Of each six people, to and fro: a move that comes a third time after having been undone waits for a person."""


@dataclass
class Office:
    """The running agency, and the people whom a module's tests move: submissions with their profiles, by sixes."""

    stack: Stack
    agency: Agency
    sixes: list[dict[int, str]]

    def state(self) -> dict[str, Any]:
        return self.stack.sandbox.state("bullhorn")

    def stages(self) -> dict[str, str]:
        return {row["id"]: row["stage"] for row in self.stack.sandbox.state("linkedin")["profiles"]}

    def waiting(self) -> int:
        return int(self.state()["subscriptions"][0]["waiting"])

    def taken(self) -> int:
        """The number of the last batch that was taken out of the queue."""
        return int(self.state()["subscriptions"][0]["lastRequestId"])

    def wait(self, condition: Callable[[], Any], seconds: float = 40) -> None:
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                left = Event.objects.filter(state__in=OPEN).exclude(kind__startswith="poll.")
                raise AssertionError(f"Waited {seconds} s in vain. Open: {[f'{one} {one.detail}' for one in left]}")
            time.sleep(0.05)


@pytest.fixture(scope="module")
def office(engine_database: None) -> Iterator[Office]:
    with stack.running(env=engine_env(lease=LEASE, call=CALL), workers=1) as running:
        made = agency.build(
            running.sandbox,
            every_seconds=EVERY_SECONDS,
            options={"visible_after_seconds": 1},
            settings={"minute": 100_000},
        )
        project = made.desks[0].mapping.project.remote_id
        people = [scenario.person(number) for number in range(PEOPLE * -(-KILLS // MOVES))]
        added = running.sandbox.act("linkedin", "add_to_project", project=project, people=people, by="urn:li:seat:52")
        ours = Office(running, made, [])
        ours.wait(lambda: len(ours.state()["JobSubmission"]) == len(people), seconds=120)
        numbers = {row["companyURL"].rsplit("-", 1)[-1]: row["id"] for row in ours.state()["Candidate"]}
        submissions = {row["candidate"]["id"]: row["id"] for row in ours.state()["JobSubmission"]}
        pairs = [(submissions[numbers[str(number)]], profile) for number, profile in enumerate(added["profiles"])]
        ours.sixes = [dict(pairs[start : start + PEOPLE]) for start in range(0, len(pairs), PEOPLE)]
        ours.wait(lambda: not Event.objects.filter(state__in=OPEN).exclude(kind__startswith="poll.").exists())
        yield ours


@pytest.mark.parametrize("kill", range(KILLS))
def test_a_worker_killed_after_the_destructive_read_loses_no_event(office: Office, kill: int) -> None:
    """While one reading is held up, everybody is moved; the next one takes all of it out and is held up too."""
    sandbox, status = office.stack.sandbox, STATUSES[kill % len(STATUSES)]
    profiles = office.sixes[kill // MOVES]
    sandbox.fault("bullhorn", "hold_response", READING, seconds=30)
    office.wait(lambda: sandbox.faults("bullhorn")["held"] == 1)
    sandbox.fault("bullhorn", "hold_response", READING, seconds=30)
    sandbox.act("bullhorn", "move", application_ids=list(profiles), stage=status)
    sandbox.fault("bullhorn", "release", "")
    office.wait(lambda: sandbox.faults("bullhorn")["held"] == 1 and office.waiting() == 0)

    office.stack.services["worker"].kill()
    taken = office.taken()
    assert read_to() < taken
    office.stack.services["worker"].start()

    office.wait(lambda: {office.stages()[one] for one in profiles.values()} == {SHOWN[status]})
    office.wait(lambda: read_to() >= taken)
    assert not Event.objects.filter(state=State.DEAD).exists()


def read_to() -> int:
    """The number of the last batch whose events are committed."""
    cursor = Stream.objects.get(name=StreamName.EVENTS).cursor
    return int(cursor["at"].partition("@")[0])
