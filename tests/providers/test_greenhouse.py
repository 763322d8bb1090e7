"""Greenhouse against the sandbox: the contract suite, and what is Greenhouse's own."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import pytest

from apps.core import errors
from apps.providers import registry
from apps.providers.contract import Application, Ats, NewApplication, PersonUpdate, RateWindow
from tests.providers import bench as benches
from tests.providers import raw_server
from tests.providers.ats_suite import ADA, AtsSuite
from tests.providers.bench import CountingGate
from tests.sandbox_process import Sandbox


@dataclasses.dataclass
class GreenhouseBench:
    sandbox: Sandbox
    ats: Ats
    gate: CountingGate
    note_author: str = "7051"
    key: str = "greenhouse"
    page_size: int = 500
    unknown_id: str = "999999999"
    requests: dict[str, str] = dataclasses.field(default_factory=lambda: dict(REQUESTS))

    def add_people(self, count: int) -> None:
        people = [{"first_name": "Ann", "last_name": f"Number {number}"} for number in range(count)]
        self.sandbox.reset({"greenhouse": {"candidates": people}})
        self.gate.tokens = [benches.mint("greenhouse", self.sandbox, benches.GREENHOUSE)]

    def move_by_hand(self, application: Application, stage_id: str) -> None:
        self.sandbox.act("greenhouse", "move", application_id=int(application.id), stage=int(stage_id))

    def merge_by_hand(self, survivor: str, loser: str) -> None:
        self.sandbox.act("greenhouse", "merge", candidate_id=int(survivor), secondary_candidate_id=int(loser))

    def delete_by_hand(self, person: str) -> None:
        self.sandbox.act("greenhouse", "delete", candidate_id=int(person))

    def hide(self, seconds: float) -> None:
        self.sandbox.act("greenhouse", "settings", visible_after=seconds)

    def expire(self) -> None:
        self.gate.tokens.append(benches.mint("greenhouse", self.sandbox, benches.GREENHOUSE))
        self.sandbox.fault("greenhouse", "expire_token")

    def listen(self, url: str, secret: str) -> None:
        self.sandbox.act("greenhouse", "set_webhook", url=url, secret=secret, ping=False)

    def enforce(self, window: RateWindow) -> int:
        benches.stop_at_a_minute(self.sandbox)
        return 75  # the sandbox's ceiling; nobody publishes the true one

    def count_people(self) -> int:
        return len(self.sandbox.state("greenhouse")["candidates"])

    def count(self, what: str) -> int:
        return len(self.sandbox.state("greenhouse")[what])


REQUESTS = {
    "create": r"POST /greenhouse/v3/candidates$",
    "attach": r"POST /greenhouse/v3/applications$",
    "update": r"PATCH /greenhouse/v3/candidates/\d+$",
    "move": "/move",
    "reject": "/reject",
    "reopen": "/unreject",
    "hire": "/hire",
    "note": "/v3/notes",
}


@pytest.fixture
def bench(sandbox: Sandbox) -> GreenhouseBench:
    ats, gate = benches.open_greenhouse(sandbox)
    return GreenhouseBench(sandbox, ats, gate)


class TestGreenhouse(AtsSuite):
    """The contract suite."""


@pytest.mark.parametrize("reading", ["row", "definition"])
def test_a_move_names_the_stage_that_it_comes_from_as_the_tenant_reads_it(sandbox: Sandbox, reading: str) -> None:
    sandbox.act("greenhouse", "settings", cas=reading)
    ats, _ = benches.open_greenhouse(sandbox, from_stage_id=reading)
    application, stages = _apply(ats)

    ats.move(application, to_stage_id=stages[1])

    assert ats.get_applications(ids=[application.id])[0].stage_id == stages[1]


def test_a_move_read_the_other_way_round_is_a_conflict(sandbox: Sandbox) -> None:
    sandbox.act("greenhouse", "settings", cas="definition", cas_status=409)
    ats, _ = benches.open_greenhouse(sandbox)
    application, stages = _apply(ats)

    with pytest.raises(errors.Conflict):
        ats.move(application, to_stage_id=stages[1])


def test_the_stage_token_is_the_history_row_and_the_stage_id_its_definition(bench: GreenhouseBench) -> None:
    application, stages = _apply(bench.ats)

    rows = {str(row["id"]): row for row in bench.sandbox.state("greenhouse")["application_stages"]}

    assert application.stage_id == stages[0]
    assert str(rows[application.stage_token]["job_interview_stage_id"]) == stages[0]


def test_jobs_bring_their_open_openings_and_the_folder_that_is_asked_for(sandbox: Sandbox) -> None:
    ats, _ = benches.open_greenhouse(sandbox, client_folder="department")

    jobs = ats.list_jobs().items

    assert {len(job.open_openings) for job in jobs} == {1, 2}
    assert all(job.folder and job.requisition for job in jobs)


def test_every_folder_that_a_job_names_is_on_the_list_of_folders(sandbox: Sandbox) -> None:
    for kind in ("department", "office"):
        ats, _ = benches.open_greenhouse(sandbox, client_folder=kind)

        names = {one.id: one.name for one in ats.list_folders()}

        assert {part for job in ats.list_jobs().items for part in job.folder.split(",") if part} <= set(names)
    assert benches.open_greenhouse(sandbox)[0].list_folders() == ()


def test_types_of_mail_addresses_survive_an_update(bench: GreenhouseBench) -> None:
    person = bench.ats.create_person(ADA, None).person_id
    typed = [{"value": "ada@mail.test", "type": "work"}]
    bench.sandbox.act("greenhouse", "update_candidate", candidate_id=int(person), email_addresses=typed)

    bench.ats.update_person(person, PersonUpdate(emails=("ada@mail.test", "new@mail.test")))

    held = next(row for row in bench.sandbox.state("greenhouse")["candidates"] if str(row["id"]) == person)
    assert held["email_addresses"] == [*typed, {"value": "new@mail.test", "type": "personal"}]


def test_an_expired_token_is_minted_once_more_and_the_call_repeated(bench: GreenhouseBench) -> None:
    bench.gate.tokens.append(benches.mint("greenhouse", bench.sandbox, benches.GREENHOUSE))
    first = bench.gate.tokens[0]
    bench.sandbox.fault("greenhouse", "expire_token")

    assert bench.ats.list_users().items

    assert bench.gate.rejected == [first]
    assert [answer.status for answer in bench.gate.left] == [401, 200]


def test_a_token_that_is_refused_twice_is_a_dead_credential(bench: GreenhouseBench) -> None:
    bench.gate.tokens = ["not-a-token", "neither"]

    with pytest.raises(errors.AuthExpired):
        bench.ats.list_users()

    assert [answer.status for answer in bench.gate.left] == [401, 401]


@pytest.mark.parametrize(
    "credential",
    [
        {"client_id": "sandbox-client-1", "client_secret": "wrong"},
        {"client_id": "no suffix", "client_secret": "sandbox-secret"},
        {},
    ],
)
def test_a_refused_pair_of_keys_waits_for_a_person_and_is_not_told(
    sandbox: Sandbox, credential: Mapping[str, str]
) -> None:
    with pytest.raises(errors.AuthExpired) as refused:
        benches.mint("greenhouse", sandbox, credential)

    assert not any(value in str(refused.value) for value in credential.values())


def test_a_429_names_the_moment_that_the_system_asked_for(bench: GreenhouseBench) -> None:
    bench.sandbox.fault("greenhouse", "429", seconds=7)

    with pytest.raises(errors.RateLimited) as refused:
        bench.ats.list_users()

    assert refused.value.until is not None
    assert "x-ratelimit-limit" in bench.gate.left[0].headers


@pytest.mark.parametrize("after", [False, True], ids=["before commit", "after commit"])
def test_a_503_to_a_create_is_unknown(bench: GreenhouseBench, after: bool) -> None:
    bench.sandbox.fault("greenhouse", "5xx", "POST /greenhouse/v3/candidates", after=after)

    with pytest.raises(errors.Unknown):
        bench.ats.create_person(ADA, None)


def test_a_merge_gives_all_to_the_survivor_and_cannot_be_repeated(bench: GreenhouseBench) -> None:
    mine, _ = _apply(bench.ats)
    loser = bench.ats.create_person(dataclasses.replace(ADA, emails=("else@mail.example",)), None).person_id

    bench.ats.merge_people(survivor_id=mine.person_id, loser_id=loser)

    assert [one.id for one in bench.ats.get_people([mine.person_id, loser])] == [mine.person_id]
    with pytest.raises(errors.Conflict):
        bench.ats.merge_people(survivor_id=mine.person_id, loser_id=loser)
    with pytest.raises(errors.NotFound):
        bench.ats.merge_people(survivor_id=loser, loser_id=mine.person_id)


@pytest.mark.parametrize("after", [False, True], ids=["before commit", "after commit"])
def test_a_503_to_a_merge_is_unknown(bench: GreenhouseBench, after: bool) -> None:
    ids = [bench.ats.create_person(dataclasses.replace(ADA, emails=()), None).person_id for _ in range(2)]
    bench.sandbox.fault("greenhouse", "5xx", "/merge$", after=after)

    with pytest.raises(errors.Unknown):
        bench.ats.merge_people(survivor_id=ids[0], loser_id=ids[1])

    assert len(bench.ats.get_people(ids)) == (1 if after else 2)


def test_a_503_to_a_read_is_transient(bench: GreenhouseBench) -> None:
    bench.sandbox.fault("greenhouse", "5xx")

    with pytest.raises(errors.Transient):
        bench.ats.list_users()


def test_a_missing_scope_is_rejected_by_cause(bench: GreenhouseBench) -> None:
    bench.sandbox.act("greenhouse", "settings", scopes=["harvest:users:list"])

    with pytest.raises(errors.Rejected) as refused:
        bench.ats.create_person(ADA, None)

    assert refused.value.cause == "forbidden"


def test_a_person_not_visible_yet_is_attached_later(bench: GreenhouseBench) -> None:
    bench.sandbox.act("greenhouse", "settings", visible_after=60)
    person = bench.ats.create_person(ADA, None).person_id

    with pytest.raises(errors.Transient):
        bench.ats.attach(person, NewApplication(_job(bench.ats)))

    assert bench.ats.get_people([person]) == ()


def test_a_refusal_tells_the_field_and_not_what_we_sent(bench: GreenhouseBench) -> None:
    broken = dataclasses.replace(ADA, emails=("ada.lovelace(at)mail",))

    with pytest.raises(errors.Rejected) as refused:
        bench.ats.create_person(broken, None)

    assert "email_addresses" in refused.value.detail
    assert "lovelace" not in refused.value.detail.lower()


def test_ids_that_are_not_greenhouses_never_leave(bench: GreenhouseBench) -> None:
    with pytest.raises(errors.Rejected) as refused:
        bench.ats.attach("../users", NewApplication("1"))

    assert refused.value.cause == "bad_id"
    assert bench.gate.entered == []


def test_an_application_without_its_stage_is_completed_from_the_history() -> None:
    rows: dict[str, Any] = {
        "/greenhouse/v3/applications": [{**APPLICATION, "job_interview_stage_id": None}],
        "/greenhouse/v3/application_stages": [
            {
                "id": 800001,
                "application_id": 9001,
                "job_interview_stage_id": 30003,
                "current": True,
                "entered_at": "2026-11-01T09:00:00Z",
                "exited_at": None,
            }
        ],
    }
    with raw_server.serve_json(rows) as (base, asked):
        gate = CountingGate(["token"])
        ats: Any = registry.get("greenhouse").open(benches.settings_of("greenhouse", base), gate)

        found = ats.get_applications(ids=["9001"])

    assert (found[0].stage_id, found[0].stage_token) == ("30003", "800001")
    assert "application_ids=9001&current=true" in asked[1]


def test_notes_that_anybody_there_may_read_are_listed_and_linkedins_own_are_not(bench: GreenhouseBench) -> None:
    application, _ = _apply(bench.ats)
    told = {"candidate_id": int(application.person_id), "body": "Met them."}
    bench.sandbox.act("greenhouse", "add_note", **told, application_id=int(application.id))
    for more in ({"type": "LINKEDIN_NOTE"}, {"visibility": "privately_visible"}, {"visibility": "admin_only_visible"}):
        bench.sandbox.act("greenhouse", "add_note", **told, **more)
    reader: Any = bench.ats

    (found,) = reader.list_public_notes([application.person_id])

    assert (found.person_id, found.application_id, found.body) == (application.person_id, application.id, "Met them.")
    assert found.by_id


APPLICATION: Mapping[str, Any] = {
    "id": 9001,
    "candidate_id": 5001,
    "job_id": 4001,
    "status": "in_process",
    "stage_id": 800001,
    "stage_name": "Phone Screen",
    "source_id": None,
    "recruiter_id": None,
    "created_at": "2026-11-01T09:00:00Z",
    "updated_at": "2026-11-01T09:00:00Z",
}


def _job(ats: Ats) -> str:
    return ats.list_jobs().items[0].id


def _apply(ats: Ats) -> tuple[Application, list[str]]:
    job = _job(ats)
    person = ats.create_person(ADA, NewApplication(job)).person_id
    return ats.get_applications(person_ids=[person])[0], [stage.id for stage in ats.list_stages([job])]
