"""Nobody is created twice, however little LinkedIn shows of them (RULES.md 17-20). One worker, in this process."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from apps.core import clock
from apps.demo import scenario
from apps.demo.sandbox import Sandbox
from apps.demo.scenario import Company
from apps.ledger import drain, tasks
from apps.ledger.models import Event
from apps.ledger.states import State
from tests.connections.factories import travel
from tests.sandbox_process import running_sandbox

pytestmark = pytest.mark.django_db(transaction=True)

EVERY_SECONDS = {"profiles": 10, "people": 600, "applications": 600, "jobs": 3600}
STEP = timedelta(seconds=5)
NOWHERE = "http://127.0.0.1:9"
ADA = {"first": "Ada", "last": "Byrne", "member": "urn:li:person:ada", "company": "Contoso", "title": "Engineer"}
URL = "https://www.linkedin.com/in/ada-byrne"


@dataclass
class Desk:
    """A company whose time moves only when told to."""

    sandbox: Sandbox
    company: Company

    def add(self, person: dict[str, Any], *, mapping: int = 0) -> None:
        project = self.company.mappings[mapping].project.remote_id
        self.sandbox.act("linkedin", "add_to_project", project=project, people=[person], by="urn:li:seat:52")

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


def step(sandbox: Sandbox) -> None:
    """Both clocks move together, then one sweep and one drain."""
    sandbox.clock(advance=STEP.total_seconds())
    clock.step_to(clock.now() + STEP)
    tasks.sweep()
    drain.drain(until=clock.real_now() + timedelta(seconds=10))


@pytest.fixture
def desk() -> Iterator[Desk]:
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


def test_someone_whom_only_their_member_id_tells_is_found_after_a_lost_answer_rule_19(desk: Desk) -> None:
    desk.lose("POST /greenhouse/v3/candidates$")
    desk.add(ADA | {"url": ""})

    desk.work(240)

    assert len(desk.people()) == 1
    assert len(desk.applications()) == 1
    assert desk.dead() == []


def test_an_address_learned_after_a_lost_answer_makes_no_second_person_rule_17(desk: Desk) -> None:
    desk.lose("POST /greenhouse/v3/candidates$")
    desk.add(ADA | {"url": ""})
    desk.work(20)
    desk.add(ADA | {"url": URL}, mapping=1)

    desk.work(240)

    assert len(desk.people()) == 1
    assert sorted(row["job_id"] for row in desk.applications()) == desk.jobs()
    assert desk.dead() == []
