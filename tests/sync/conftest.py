"""A company beside the sandbox, worked by one worker in this process, whose time moves only when told to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from apps.core import clock
from apps.demo import scenario
from apps.demo.sandbox import Sandbox
from apps.demo.scenario import Company
from apps.ledger.models import Event
from apps.ledger.states import State
from tests.connections.factories import travel
from tests.notifications.conftest import mailbox
from tests.sandbox_process import running_sandbox
from tests.sync import clients
from tests.sync import office as offices
from tests.sync.office import STEP, Office, step

__all__ = ["mailbox"]

EVERY_SECONDS = {"profiles": 10, "people": 600, "applications": 60, "jobs": 3600}
NOWHERE = "http://127.0.0.1:9"

ADA = {
    "first": "Ada",
    "last": "Byrne",
    "member": "urn:li:person:ada",
    "company": "Contoso",
    "title": "Engineer",
    "url": "https://www.linkedin.com/in/ada-byrne",
}


@dataclass
class Desk:
    """A company whose time moves only when told to."""

    sandbox: Sandbox
    company: Company

    def add(self, person: dict[str, Any], *, mapping: int = 0) -> str:
        """A recruiter adds someone to the mapping's Project; returns the profile's id."""
        project = self.company.mappings[mapping].project.remote_id
        added = self.sandbox.act("linkedin", "add_to_project", project=project, people=[person], by="urn:li:seat:52")
        return str(added["profiles"][0])

    def lose(self, write: str) -> None:
        self.sandbox.fault("greenhouse", "lose_response", write)

    def work(self, seconds: int) -> None:
        for _ in range(seconds // int(STEP.total_seconds())):
            step(self.sandbox)

    def people(self) -> list[dict[str, Any]]:
        return [row for row in self.sandbox.state("greenhouse")["candidates"] if row["last_name"] == "Byrne"]

    def applications(self) -> list[dict[str, Any]]:
        people = {person["id"] for person in self.people()}
        return [row for row in self.sandbox.state("greenhouse")["applications"] if row["candidate_id"] in people]

    def jobs(self) -> list[int]:
        return sorted(int(mapping.job.remote_id) for mapping in self.company.mappings)

    def dead(self) -> list[str]:
        return [f"{event}: {event.detail}" for event in Event.objects.filter(state=State.DEAD)]


@pytest.fixture
def desk(transactional_db: None) -> Iterator[Desk]:
    with running_sandbox() as running, travel(clock.real_now()):
        sandbox = Sandbox(running.base)
        company = scenario.build(
            sandbox,
            web=NOWHERE,
            names=["Data Engineer", "Analyst"],
            daily_limit=20_000,
            every_seconds=EVERY_SECONDS,
            ats={"visible_after": 30},
            meanwhile=lambda: step(sandbox),
        )
        yield Desk(sandbox, company)


@pytest.fixture
def office(transactional_db: None) -> Iterator[Office]:
    with offices.opened() as made:
        yield made


@pytest.fixture
def staffed(office: Office) -> Office:
    clients.staff(office)
    return office
