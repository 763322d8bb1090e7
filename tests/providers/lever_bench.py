"""Lever on the sandbox, for the contract suite and for the tests of its own."""

from __future__ import annotations

import dataclasses

import pytest

from apps.providers.contract import Application, Ats, NewApplication, NewPerson, RateWindow
from tests.providers import bench as benches
from tests.providers.bench import CountingGate
from tests.sandbox_process import Sandbox

IDA = NewPerson(first_name="Ida", last_name="Vega", title="Engineer", emails=("ida@mail.test",))
REQUESTS = {
    "create": r"POST /lever/v1/opportunities$",
    "attach": r"POST /lever/v1/opportunities$",
    "update": r"PUT /lever/v1/contacts/",
    "move": r"PUT .*/stage$",
    "reject": r"PUT .*/archived$",
    "reopen": r"PUT .*/archived$",
    "hire": r"PUT .*/archived$",
    "note": r"POST .*/notes$",
}


@dataclasses.dataclass
class LeverBench:
    sandbox: Sandbox
    ats: Ats
    gate: CountingGate
    note_author: str
    key: str = "lever"
    page_size: int = 100
    unknown_id: str = "00000000-0000-4000-8000-000000000000"
    requests: dict[str, str] = dataclasses.field(default_factory=lambda: dict(REQUESTS))

    def add_people(self, count: int) -> None:
        people = [{"first_name": "Ann", "last_name": f"Number {number}"} for number in range(count)]
        self.sandbox.reset({"lever": {"candidates": people}})

    def move_by_hand(self, application: Application, stage_id: str) -> None:
        self.sandbox.act("lever", "move", opportunity_id=application.id, stage=stage_id)

    def merge_by_hand(self, survivor: str, loser: str) -> None:
        self.sandbox.act("lever", "merge", contact_id=survivor, loser_contact_id=loser)

    def delete_by_hand(self, person: str) -> None:
        for row in self.sandbox.state("lever")["opportunities"]:
            if row["contact"] == person:
                self.sandbox.act("lever", "delete", opportunity_id=row["id"])

    def hide(self, seconds: float) -> None:
        self.sandbox.act("lever", "settings", visible_after=seconds)

    def expire(self) -> None:
        """A partner's access token ends; a key has none that could."""
        granted = [self.sandbox.act("lever", "add_grant")["access_token"] for _ in range(2)]
        self.gate.tokens = [f"Bearer {one}" for one in granted]
        self.sandbox.fault("lever", "expire_token")

    def listen(self, url: str, secret: str) -> None:
        self.sandbox.act("lever", "set_webhook", url=url, secret=secret)

    def enforce(self, window: RateWindow) -> int:
        self.sandbox.act("lever", "settings", rate=10, burst=20)
        benches.stop_at_a_minute(self.sandbox)
        return 20

    def count_people(self) -> int:
        return len(self.sandbox.state("lever")["contacts"])

    def count(self, what: str) -> int:
        return len(self.sandbox.state("lever")[what])


@pytest.fixture
def bench(sandbox: Sandbox) -> LeverBench:
    ats, gate = benches.open_lever(sandbox)
    return LeverBench(sandbox, ats, gate, note_author=sandbox.state("lever")["users"][0]["id"])


def apply(bench: LeverBench, person: NewPerson = IDA) -> Application:
    job = bench.ats.list_jobs().items[0]
    made = bench.ats.create_person(person, NewApplication(job.id))
    return bench.ats.get_applications(ids=[made.application_id])[0]
