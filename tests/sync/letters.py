"""A company with dead letters of every cause, whose causes are gone again; worked by one worker in this process."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from apps.core import clock
from apps.demo import invariants, scenario
from apps.demo.sandbox import Sandbox
from apps.ledger import drain, tasks
from apps.ledger.models import Event
from apps.ledger.states import State
from apps.sync import replay_runs
from apps.sync.models import ReplayRun, ReplayState
from tests.connections.factories import travel
from tests.sandbox_process import running_sandbox
from tests.sync.conftest import EVERY_SECONDS, NOWHERE, Desk
from tests.sync.office import STEP


def step(sandbox: Sandbox) -> None:
    """Both clocks stand at the next moment, however long the last step took; then one sweep and one drain."""
    clock.step_to(clock.now() + STEP)
    sandbox.clock(now=clock.now().isoformat())
    tasks.sweep()
    drain.drain(until=clock.real_now() + timedelta(seconds=10))


@dataclass
class Letters(Desk):
    """A company with as many dead letters of each cause as wanted, whose causes are gone again."""

    def work(self, seconds: int) -> None:
        for _ in range(seconds // int(STEP.total_seconds())):
            step(self.sandbox)

    def preview(self) -> ReplayRun:
        letters = list(Event.objects.filter(state=State.DEAD).values_list("pk", flat=True))
        run = replay_runs.open_run(letters=letters, title="all", by=None, now=clock.now())
        self.until(run, ReplayState.READY)
        return run

    def replay(self, run: ReplayRun) -> None:
        assert replay_runs.start(run_id=run.pk, now=clock.now())
        self.until(run, ReplayState.FINISHED)

    def until(self, run: ReplayRun, state: ReplayState) -> None:
        for _ in range(200):
            run.refresh_from_db()
            if run.state == state:
                return
            step(self.sandbox)
        raise AssertionError(f"{run}: {Counter(run.items.values_list('state', flat=True))}")

    def writes(self) -> list[dict[str, Any]]:
        return [
            call
            for system in ("greenhouse", "linkedin")
            for call in self.sandbox.calls(system, write=1)
            if "oken" not in call["path"] and call["status"] < 400
        ]


def make_letters(desk: Letters, each: int) -> None:
    """Moves that both systems refuse, then people whom the ATS refuses to create or to attach."""
    project = [mapping.project.remote_id for mapping in desk.company.mappings]
    people = [scenario.person(number) for number in range(4 * each)]
    movers, shown, attached, new = (people[start : start + each] for start in range(0, 4 * each, each))
    profiles = add(desk, project[0], [*movers, *shown, *attached])
    desk.work(60)
    applications = application_of(desk)
    assert len(applications) == 3 * each

    desk.sandbox.fault("greenhouse", "5xx", "POST .*/move$", times=-1, status=422)
    desk.sandbox.fault("linkedin", "5xx", "POST /linkedin/v2/rscsProfiles", times=-1, status=400)
    for profile in profiles[:each]:
        desk.sandbox.act("linkedin", "move", profile=profile, stage="In Progress", by=SEAT)
    for person in shown:
        desk.sandbox.act("greenhouse", "move", application_id=applications[slug(person)], stage="Phone Screen")
    until_dead(desk, 2 * each)
    desk.sandbox.clear_faults("linkedin")
    desk.sandbox.fault("greenhouse", "5xx", "POST .*/(candidates|applications)$", times=-1, status=422)
    add(desk, project[1], [*attached, *new])
    until_dead(desk, 4 * each)
    desk.sandbox.clear_faults("greenhouse")


def until_dead(desk: Letters, count: int) -> None:
    for _ in range(100):
        if Event.objects.filter(state=State.DEAD).count() == count:
            return
        desk.work(5)
    raise AssertionError(f"{Event.objects.filter(state=State.DEAD).count()} dead letters instead of {count}")


SEAT = "urn:li:seat:52"


def add(desk: Letters, project: str, people: list[dict[str, Any]]) -> list[str]:
    return list(desk.sandbox.act("linkedin", "add_to_project", project=project, people=people, by=SEAT)["profiles"])


def slug(person: dict[str, Any]) -> str:
    return str(person["url"]).rsplit("/", 1)[-1]


def application_of(desk: Letters) -> dict[str, int]:
    state = desk.sandbox.state("greenhouse")
    owners = {row["id"]: row for row in state["candidates"]}
    return {
        found: row["id"] for row in state["applications"] for found in invariants.slugs_of(owners[row["candidate_id"]])
    }


@contextmanager
def opened(*, web: str = NOWHERE, at: datetime | None = None) -> Iterator[Letters]:
    """The company without a dead letter yet; its webhooks go to `web`."""
    with running_sandbox() as running, travel(at or clock.real_now()):
        sandbox = Sandbox(running.base)
        company = scenario.build(
            sandbox,
            web=web,
            names=["Data Engineer", "Analyst"],
            daily_limit=20_000,
            every_seconds=EVERY_SECONDS,
            ats={"visible_after": 5, "ceiling": 5000},
            options={"visible_after_seconds": 5},
            meanwhile=lambda: step(sandbox),
        )
        yield Letters(sandbox, company)
