"""The agency on Bullhorn beside the sandbox, worked by one worker in this process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from apps.core import clock
from apps.demo import agency, scenario
from apps.demo.agency import Agency
from apps.demo.sandbox import Sandbox
from apps.ledger import drain, tasks
from apps.ledger.models import Event
from apps.ledger.states import State
from apps.sync.models import Stream, StreamName
from tests.connections.factories import travel
from tests.sandbox_process import running_sandbox

EVERY_SECONDS = {"profiles": 10, "people": 600, "applications": 3600, "jobs": 3600, "events": 10}
QUICK = {"visible_after_seconds": 30}


STEP = timedelta(seconds=5)


@dataclass
class Office:
    """The agency, whose time moves only when told to."""

    sandbox: Sandbox
    agency: Agency

    def add(self, person: dict[str, Any], *, desk: int = 0) -> str:
        """A recruiter adds someone to a client's Project; returns the profile's id."""
        project = self.agency.desks[desk].mapping.project.remote_id
        added = self.sandbox.act("linkedin", "add_to_project", project=project, people=[person], by="urn:li:seat:52")
        return str(added["profiles"][0])

    def arrive(self, number: int, *, desk: int = 0) -> tuple[str, dict[str, Any]]:
        """Someone is added and brought in; the profile's id, and the submission."""
        profile = self.add(scenario.person(number), desk=desk)
        self.work(45)
        return profile, self.rows("JobSubmission")[-1]

    def work(self, seconds: int) -> None:
        for _ in range(seconds // 5):
            step(self.sandbox)

    def rows(self, entity: str) -> list[dict[str, Any]]:
        return list(self.sandbox.state("bullhorn")[entity])

    def move(self, submission: dict[str, Any], status: str) -> None:
        self.sandbox.act("bullhorn", "move", application_id=submission["id"], stage=status)

    def stage(self, profile: str) -> str:
        rows = self.sandbox.state("linkedin")["profiles"]
        return str(next(row["stage"] for row in rows if row["id"] == profile))

    def calls(self, operation: str, since: int = 0) -> list[dict[str, Any]]:
        return self.sandbox.calls("bullhorn", operation=operation, since=since)

    def open_events(self) -> list[str]:
        left = Event.objects.exclude(state__in=[State.DONE, State.SKIPPED, State.SUPERSEDED])
        return [
            f"{one} {one.state} {one.reason}{one.cause}: {one.detail}" for one in left.exclude(kind__startswith="poll")
        ]

    def queue(self) -> Stream:
        return Stream.objects.get(connection=self.agency.bullhorn, name=StreamName.EVENTS)


def step(sandbox: Sandbox) -> None:
    """Both clocks move together, then one sweep and one drain."""
    sandbox.clock(advance=STEP.total_seconds())
    clock.step_to(clock.now() + STEP)
    tasks.sweep()
    drain.drain(until=clock.real_now() + timedelta(seconds=10))


@contextmanager
def opened() -> Iterator[Office]:
    with running_sandbox() as running, travel(clock.real_now()):
        sandbox = Sandbox(running.base)
        made = agency.build(
            sandbox,
            every_seconds=EVERY_SECONDS,
            options=QUICK,
            settings={"index_delay": 10},
            meanwhile=lambda: step(sandbox),
        )
        yield Office(sandbox, made)
