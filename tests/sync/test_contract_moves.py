"""A LinkedIn connection moves to a new contract: all are matched by their address, nobody is created (RULES 28)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from apps.accounts.models import User
from apps.candidates.models import Candidacy, Identity, IdentityKind, Person, Profile, Transition
from apps.connections import gate, moving, services, tokens
from apps.connections.models import Connection, QuotaWindow
from apps.connections.moving import NewCredential
from apps.core import clock
from apps.demo import scenario
from apps.demo.sandbox import Sandbox
from apps.demo.scenario import Company
from apps.ledger import gates
from apps.ledger.models import Event
from apps.ledger.states import State
from apps.mappings.models import Mapping, MappingState, Project, Seat, SeatUser
from apps.sync import contract_moves, contract_reports
from apps.sync.contract_moves import NotPossible, Target
from apps.sync.contract_reports import MoveReport
from apps.sync.models import ContractMove, MovePart
from tests.connections.factories import travel
from tests.sandbox_process import running_sandbox
from tests.sync.office import step

pytestmark = pytest.mark.django_db(transaction=True)

PEOPLE = int(os.environ.get("MOVE_PEOPLE", "30"))
"""Who moves; 300 of them take minutes, nearly all of it to bring them into the ATS first."""

NOON = (clock.real_now() + timedelta(days=1)).replace(hour=12, minute=0, second=0, microsecond=0)
"""Ahead of the sandbox's own clock while the company is made, so that nothing of it lies in the future."""

NOWHERE = "http://127.0.0.1:9"
NAMES = ["Data Engineer", "Product Designer"]
NEW = "urn:li:contract:7002"
TOKEN = "token-of-the-new-contract"
SEAT, NEW_SEAT = "urn:li:seat:52", "urn:li:seat:952"
CREDENTIAL = NewCredential({"client_id": "sandbox-linkedin-client", "client_secret": "sandbox-linkedin-secret"}, TOKEN)
PARTS = {
    "linkedin": {
        "contracts": [{"id": 7001, "name": "Northwind Talent"}, {"id": 7002, "name": "Northwind Global"}],
        "seats": [
            {"id": 51, "firstName": "Ada", "lastName": "Byrne"},
            {"id": 52, "firstName": "Ben", "lastName": "Okafor"},
            {"id": 53, "firstName": "Chloe", "lastName": "Martin"},
            {"id": 951, "firstName": "Ada", "lastName": "Byrne", "contract": 7002},
            {"id": 952, "firstName": "Ben", "lastName": "Okafor", "contract": 7002},
        ],
        "tokens": {TOKEN: {"contracts": [7002]}},
    }
}


@dataclass
class Firm:
    """A company on its old contract, beside a new one."""

    sandbox: Sandbox
    company: Company
    moved: dict[int, str] = field(default_factory=dict)

    @property
    def linkedin(self) -> Connection:
        return Connection.objects.get(pk=self.company.linkedin.pk)

    def until(self, reached: Any, steps: int = 250) -> None:
        for _ in range(steps):
            if reached():
                return
            step(self.sandbox)
        raise AssertionError("it did not come to that")

    def work(self, steps: int = 8) -> None:
        for _ in range(steps):
            step(self.sandbox)

    def bring_in(self, count: int) -> None:
        """The old contract's people, all of them in the ATS."""
        project = self.company.mappings[0].project.remote_id
        people = [scenario.person(number) for number in range(count)]
        self.sandbox.act("linkedin", "add_to_project", project=project, people=people, by=SEAT)
        self.until(lambda: Profile.objects.exclude(agreed_ats="").count() == count)
        self.work(1)  # what is moved next has another time than what was made just now

    def open_new(self, *numbers: int, names: tuple[str, ...] = tuple(NAMES), **other: Any) -> None:
        """The new contract has the Projects under their names, and these people in the first, as `other` says."""
        made = [
            self.sandbox.act(
                "linkedin",
                "add_project",
                name=f"R-{1001 + place} {name}",
                contract=NEW,
                owner="urn:li:seat:951",
                stages=scenario.LINKEDIN_STAGES,
            )
            for place, name in enumerate(names)
        ]
        people = [elsewhere(number, **other) for number in numbers]
        added = self.sandbox.act("linkedin", "add_to_project", project=made[0]["id"], people=people, by=NEW_SEAT)
        self.moved |= dict(zip(numbers, added["profiles"], strict=True))

    def begin(self) -> MoveReport:
        """Sign in and read; the report that waits for a person's word."""
        target = Target(NEW, "Northwind Global", CREDENTIAL)
        admin = User.objects.get(email="admin@northwind.test")
        contract_moves.begin(connection_id=self.linkedin.pk, target=target, by=admin, now=clock.now())
        self.until(lambda: self.report().state != "reading", steps=20)
        return self.report()

    def go(self) -> MoveReport:
        assert contract_moves.go(move_id=self.report().id, now=clock.now())
        self.until(lambda: self.report().state != "moving", steps=20)
        return self.report()

    def report(self) -> MoveReport:
        found = contract_reports.newest_move(self.linkedin.pk)
        assert found is not None
        return found

    def in_ats(self) -> int:
        return len(self.sandbox.state("greenhouse")["candidates"])

    def spent(self) -> int:
        return int(self.sandbox.state("linkedin")["calls_today"])

    def linkedin_stage(self, profile: str) -> str:
        rows = self.sandbox.state("linkedin")["profiles"]
        return str(next(row["stage"] for row in rows if row["id"] == profile))

    def application(self, number: int) -> dict[str, Any]:
        profile = Profile.objects.get(remote_id=self.moved[number])
        assert profile.candidacy is not None
        rows = self.sandbox.state("greenhouse")["applications"]
        return dict(next(row for row in rows if str(row["id"]) == profile.candidacy.application_id))


def elsewhere(number: int, **other: Any) -> dict[str, Any]:
    """The same person in another contract: another member URN, the address spelt otherwise."""
    known = scenario.person(number)
    spelt = known["url"].replace("https://www.", "http://de.") + "/?trk=new"
    return {**known, "member": f"urn:li:person:new{number}", "url": spelt, **other}


@pytest.fixture
def firm(transactional_db: None) -> Iterator[Firm]:
    with running_sandbox() as running, travel(NOON):
        sandbox = Sandbox(running.base)
        company = scenario.build(
            sandbox,
            web=NOWHERE,
            names=NAMES,
            daily_limit=500,
            every_seconds={"profiles": 60, "people": 600, "applications": 60, "jobs": 3600},
            ats={"ceiling": 2000},
            parts=PARTS,
            meanwhile=lambda: step(sandbox),
        )
        sandbox.clock(now=clock.now().isoformat())
        yield Firm(sandbox, company)


def test_everybody_is_matched_by_their_address_and_nobody_is_created_rule_28(firm: Firm) -> None:
    firm.bring_in(PEOPLE)
    firm.open_new(*range(PEOPLE))
    people, in_ats, spent = Person.objects.count(), firm.in_ats(), firm.spent()
    candidacies = {one.pk: one.application_id for one in Candidacy.objects.of_everyone()}

    ready = firm.begin()
    assert (ready.state, ready.count("person", "matched"), ready.count("person", "fresh")) == ("ready", PEOPLE, 0)
    done = firm.go()
    firm.work(30)

    assert done.state == "done"
    assert set(Profile.objects.values_list("remote_id", flat=True)) == set(firm.moved.values())
    assert (Person.objects.count(), firm.in_ats()) == (people, in_ats) == (PEOPLE, PEOPLE)
    assert {one.pk: one.application_id for one in Candidacy.objects.of_everyone()} == candidacies
    assert firm.linkedin.remote_account == NEW
    assert firm.linkedin.settings["options"]["contract"] == NEW
    assert tokens.read_token(firm.linkedin.pk).value == TOKEN
    assert not Event.objects.filter(state=State.DEAD).exists()
    assert ready.calls <= 3 + PEOPLE // 100
    assert firm.spent() - spent <= ready.calls + 12
    assert max(QuotaWindow.objects.filter(name="day").values_list("spent", flat=True)) <= 500
    print(f"{ready.count('person', 'matched')} people matched, {firm.in_ats() - in_ats} created, "
          f"{ready.calls} requests to read, {firm.spent()} of 500 spent that day")  # fmt: skip


def test_mappings_maps_and_seats_are_carried_over(firm: Firm) -> None:
    firm.bring_in(2)
    firm.open_new(0, 1)
    before = list(Mapping.objects.of_everyone().order_by("pk").values("pk", "project", "job", "stage_map", "state"))
    users = set(SeatUser.objects.filter(seat__active=True).values_list("seat__name", "remote_id"))

    firm.begin()
    firm.go()

    assert list(Mapping.objects.of_everyone().order_by("pk").values(*before[0])) == before
    assert {one.remote_id for one in Project.objects.filter(active=True)} == contract_projects(firm)
    named = dict(Seat.objects.filter(active=True).values_list("name", "remote_id"))
    assert named == {"Ada Byrne": "urn:li:seat:951", "Ben Okafor": NEW_SEAT}
    kept = set(SeatUser.objects.filter(seat__active=True).values_list("seat__name", "remote_id"))
    assert kept == {one for one in users if one[0] in named}
    assert kept


def contract_projects(firm: Firm) -> set[str]:
    return {row["id"] for row in firm.sandbox.state("linkedin")["projects"] if row["contract"] == NEW}


def test_moves_travel_both_ways_in_the_new_contract_and_none_to_the_old(firm: Firm) -> None:
    firm.bring_in(2)
    old = set(Profile.objects.values_list("remote_id", flat=True))
    firm.open_new(0, 1)
    firm.begin()
    firm.go()
    since = len(firm.sandbox.calls("linkedin"))

    firm.sandbox.act("linkedin", "move", profile=firm.moved[0], stage="In Progress")
    firm.until(lambda: firm.application(0)["stage_name"] == "Phone Screen", steps=40)
    firm.sandbox.act("greenhouse", "move", application_id=firm.application(1)["id"], stage="Phone Screen")
    firm.until(lambda: firm.linkedin_stage(firm.moved[1]) == "In Progress", steps=40)

    written = [str(call) for call in firm.sandbox.calls("linkedin", write=1)[0:] if call["number"] > since]
    assert not [one for one in written for gone in old if f"'{gone}'" in one]


def test_a_stage_that_differs_there_follows_the_ats_and_nobody_is_told_rule_29(firm: Firm) -> None:
    firm.bring_in(2)
    firm.sandbox.act("greenhouse", "move", application_id=ids(firm)[0], stage="Phone Screen")
    firm.until(lambda: Profile.objects.filter(observed="In Progress", agreed_linkedin="In Progress").exists(), steps=60)
    firm.open_new(0, 1, stage="Contacted")
    told = Transition.objects.count()
    stages = {row["id"]: row["stage_name"] for row in firm.sandbox.state("greenhouse")["applications"]}

    firm.begin()
    firm.go()
    firm.until(lambda: "In Progress" in {firm.linkedin_stage(one) for one in firm.moved.values()}, steps=60)

    assert sorted(firm.linkedin_stage(one) for one in firm.moved.values()) == ["Contacted", "In Progress"]
    assert {row["id"]: row["stage_name"] for row in firm.sandbox.state("greenhouse")["applications"]} == stages
    assert Transition.objects.count() == told


def ids(firm: Firm) -> list[int]:
    return [row["id"] for row in firm.sandbox.state("greenhouse")["applications"]]


def test_what_cannot_be_matched_is_listed_and_left_as_it_is(firm: Firm) -> None:
    firm.bring_in(3)
    firm.open_new(0, 7, names=("Data Engineer",))
    firm.sandbox.act("linkedin", "add_project", name="R-9 Somewhere else", contract=NEW, owner="urn:li:seat:951")

    ready = firm.begin()
    lists = {key: [one.name for one in named] for key, named in ready.lists.items()}
    missing = {str(scenario.person(number)["first"]) for number in (1, 2)}
    assert {name.split()[0] for name in lists["person_missing"]} == missing
    assert [name.split()[0] for name in lists["person_fresh"]] == [scenario.person(7)["first"]]
    assert lists["project_missing"] == ["R-1002 Product Designer"]
    assert lists["project_fresh"] == ["R-9 Somewhere else"]
    assert lists["seat_missing"] == ["Chloe Martin"]

    firm.go()
    firm.until(lambda: firm.in_ats() == 4, steps=60)

    states = dict(Mapping.objects.of_everyone().values_list("project__name", "state"))
    assert states == {"R-1001 Data Engineer": MappingState.LIVE, "R-1002 Product Designer": MappingState.PAUSED}
    assert Candidacy.objects.of_everyone().filter(state="open").count() == 4
    assert Profile.objects.filter(removed=True).count() == 2


def test_a_member_urn_that_named_somebody_else_before_names_nobody_wrongly(firm: Firm) -> None:
    firm.bring_in(2)
    firm.open_new()
    project = next(row["id"] for row in firm.sandbox.state("linkedin")["projects"] if row["contract"] == NEW)
    swapped = [elsewhere(0, member="urn:li:person:demo1"), elsewhere(1, member="urn:li:person:demo0")]
    firm.sandbox.act("linkedin", "add_to_project", project=project, people=swapped, by=NEW_SEAT)
    whose = dict(Identity.objects.filter(kind=IdentityKind.MEMBER).values_list("value", "person"))

    firm.begin()
    firm.go()

    now = dict(Identity.objects.filter(kind=IdentityKind.MEMBER).values_list("value", "person"))
    first, second = "urn:li:person:demo0", "urn:li:person:demo1"
    assert (now[first], now[second]) == (whose[second], whose[first])


def test_the_connection_rests_while_it_is_read_and_what_arrives_is_kept(firm: Firm) -> None:
    firm.bring_in(1)
    firm.open_new(0)
    firm.begin()
    since = len(firm.sandbox.calls("linkedin"))

    application = ids(firm)[0]
    firm.sandbox.act("greenhouse", "move", application_id=application, stage="Phone Screen")
    firm.work(40)

    assert len(firm.sandbox.calls("linkedin")) == since
    assert gates.reasons_of(gate.gate_of(firm.linkedin.pk)) == ["paused"]
    assert Event.objects.filter(kind="write.stage", state=State.QUEUED).exists()

    firm.go()
    firm.until(lambda: firm.linkedin_stage(firm.moved[0]) == "In Progress", steps=40)
    assert gates.reasons_of(gate.gate_of(firm.linkedin.pk)) == []


def test_a_cancelled_move_changes_nothing_and_keeps_no_credential(firm: Firm) -> None:
    firm.bring_in(1)
    firm.open_new(0)
    before = list(Profile.objects.values("pk", "remote_id", "project", "observed"))
    report = firm.begin()

    assert contract_moves.cancel(move_id=report.id, actor_id=None, now=clock.now())

    move = ContractMove.objects.get()
    assert (move.state, bytes(move.sealed)) == ("cancelled", b"")
    assert list(Profile.objects.values("pk", "remote_id", "project", "observed")) == before
    assert firm.linkedin.settings["options"]["contract"] == "urn:li:contract:7001"
    assert firm.linkedin.paused_at is None
    assert not MovePart.objects.exclude(payload={}).exists()
    assert not contract_moves.go(move_id=report.id, now=clock.now())


def test_who_was_paused_before_stays_paused(firm: Firm) -> None:
    firm.bring_in(1)
    firm.open_new(0)
    services.pause(connection_id=firm.linkedin.pk, actor_id=None, now=clock.now())

    firm.begin()
    firm.go()

    assert firm.linkedin.paused_at is not None


def test_a_spent_day_lets_the_reading_wait_for_the_next_and_nothing_is_lost(firm: Firm) -> None:
    firm.bring_in(1)
    firm.open_new(0)
    QuotaWindow.objects.filter(name="day").update(spent=500)
    calls = firm.spent()
    target = Target(NEW, "Northwind Global", CREDENTIAL)
    admin = User.objects.get(email="admin@northwind.test")

    contract_moves.begin(connection_id=firm.linkedin.pk, target=target, by=admin, now=clock.now())
    firm.work(20)

    step_event = Event.objects.get(kind="contract.step")
    assert (firm.report().state, firm.spent()) == ("reading", calls)
    assert (step_event.state, step_event.attempts) == (State.QUEUED, 0)
    assert step_event.due_at is not None and step_event.due_at > clock.now()

    QuotaWindow.objects.filter(name="day").update(spent=calls)
    clock.step_to(step_event.due_at)
    firm.work(2)
    assert firm.report().state == "ready"


def test_the_same_contract_and_a_second_move_are_refused(firm: Firm) -> None:
    admin = User.objects.get(email="admin@northwind.test")
    same = Target("urn:li:contract:7001", "Northwind Talent", CREDENTIAL)
    with pytest.raises(NotPossible, match="already"):
        contract_moves.begin(connection_id=firm.linkedin.pk, target=same, by=admin, now=clock.now())
    firm.begin()

    with pytest.raises(NotPossible, match="on its way"):
        firm.begin()


def test_the_waiting_credential_is_sealed_for_its_move(firm: Firm) -> None:
    firm.begin()
    move = ContractMove.objects.get()

    assert TOKEN.encode() not in bytes(move.sealed)
    assert moving.unseal(move.sealed, context=f"move:{move.pk}").access_token == TOKEN
    with pytest.raises(ValueError):
        moving.unseal(move.sealed, context=f"move:{firm.linkedin.pk}")
