"""Reconciliation with Lever and with Bullhorn: what no event, webhook or listing tells is found and lands once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import time, timedelta
from typing import Any

import pytest

from apps.accounts.models import Client
from apps.candidates.models import Candidacy, CandidacyState
from apps.core import clock
from apps.demo import scenario
from apps.demo.ats import all_hands
from apps.demo.ats.hands import Applied, Hands
from apps.demo.sandbox import Sandbox
from apps.demo.scenario import Company
from apps.ledger.models import Event
from apps.ledger.states import State
from apps.sync import reconcile
from apps.sync.models import Difference, Reconciliation, RunState, Stream
from tests.connections.factories import travel
from tests.sandbox_process import running_sandbox
from tests.sync.conftest import NOWHERE, step

pytestmark = pytest.mark.django_db(transaction=True)

EVERY_SECONDS = {"profiles": 10, "people": 600, "applications": 600, "jobs": 3600, "events": 30}
TELLING = ("applications", "events", "people")
DELETES = {
    "lever": lambda sandbox, one: sandbox.act("lever", "delete", opportunity_id=one.id),
    "bullhorn": lambda sandbox, one: sandbox.act("bullhorn", "delete_application", application_id=int(one.id)),
}


@dataclass
class Desk:
    sandbox: Sandbox
    company: Company
    hands: Hands

    def work(self, seconds: int) -> None:
        for _ in range(seconds // 5):
            step(self.sandbox)

    def applied(self) -> list[Applied]:
        return self.hands.seen(self.sandbox)[1]

    def stages(self) -> list[str]:
        return sorted(row["stage"] for row in self.sandbox.state("linkedin")["profiles"])

    def writes(self) -> list[dict[str, Any]]:
        calls = [call for name in ("linkedin", self.hands.key) for call in self.sandbox.calls(name, write=1)]
        return [call for call in calls if "token" not in call["path"].lower() and "rest-services" not in call["path"]]

    def check(self) -> Reconciliation:
        run = reconcile.start(mapping_id=self.company.mappings[0].pk, side=reconcile.ATS, now=clock.now())
        self.work(30)
        return Reconciliation.objects.of_everyone().get(pk=run.pk)


@pytest.fixture(params=sorted(DELETES))
def desk(request: pytest.FixtureRequest, transactional_db: None) -> Iterator[Desk]:
    """Six people in step, and from then on an ATS that tells of nothing before tomorrow."""
    hands = all_hands()[request.param]
    with running_sandbox() as running, travel(clock.real_now()):
        sandbox = Sandbox(running.base)
        company = scenario.build(
            sandbox,
            web=NOWHERE,
            names=["Data Engineer"],
            daily_limit=20_000,
            every_seconds=EVERY_SECONDS,
            system=hands.key,
            ats=dict(hands.quick),
            meanwhile=lambda: step(sandbox),
        )
        made = Desk(sandbox, company, hands)
        people = [scenario.person(number) for number in range(6)]
        project = company.mappings[0].project.remote_id
        sandbox.act("linkedin", "add_to_project", project=project, people=people, by="urn:li:seat:52")
        made.work(180)
        Client.objects.update(office_start=time(0), office_end=time(0))  # nobody is at work, whenever this runs
        Stream.objects.filter(name__in=TELLING).update(next_at=clock.now() + timedelta(days=1))
        made.work(90)
        assert len(made.applied()) == 6
        yield made


def found(run: Reconciliation) -> list[str]:
    return sorted(Difference.objects.filter(run=run).values_list("kind", flat=True))


def test_a_move_of_which_nothing_told_is_found_and_lands_once(desk: Desk) -> None:
    desk.hands.move(desk.sandbox, desk.applied()[2].id, desk.hands.talk)
    desk.work(60)
    before, written = desk.stages(), len(desk.writes())

    first, second = desk.check(), desk.check()
    desk.work(30)

    assert "In Progress" not in before, "somebody told"
    assert (first.state, first.looked_at, found(first)) == (RunState.DONE, 6, ["lost"])
    assert found(second) == [], "it was found again"
    assert desk.stages().count("In Progress") == 1
    assert len(desk.writes()) == written + 1
    assert not Event.objects.filter(state=State.DEAD).exists()


def test_somebody_taken_away_there_ends_and_stays_gone_rule_16(desk: Desk) -> None:
    gone = desk.applied()[1]
    DELETES[desk.hands.key](desk.sandbox, gone)
    written = len(desk.writes())

    run = desk.check()
    desk.work(11 * 60)

    assert len(found(run)) == 1
    (ended,) = Candidacy.objects.of_everyone().filter(state=CandidacyState.ENDED)
    assert ended.application_id == gone.id
    assert len(desk.applied()) == 5 and len(desk.writes()) == written
    assert found(desk.check()) == []


def test_nothing_is_found_or_written_where_both_sides_are_as_known(desk: Desk) -> None:
    written = len(desk.writes())

    run = desk.check()

    assert (run.state, run.looked_at, found(run)) == (RunState.DONE, 6, [])
    assert len(desk.writes()) == written
