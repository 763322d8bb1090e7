"""The sandbox's kernel over real HTTP: control, clock, call log, faults."""

from __future__ import annotations

import threading
import time

import httpx
import pytest

from tests.sandbox_process import ControlRefused, Sandbox


def token_of(sandbox: Sandbox) -> str:
    answer = sandbox.http.post(
        "/greenhouse/token",
        data={"grant_type": "client_credentials"},
        auth=("sandbox-client-1", "sandbox-secret"),
    )
    return str(answer.json()["access_token"])


def create(sandbox: Sandbox, name: str = "Ida", timeout: float = 10) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token_of(sandbox)}"}
    body = {"first_name": name, "last_name": "Vega"}
    with httpx.Client(trust_env=False, timeout=timeout) as client:
        return client.post(f"{sandbox.base}/greenhouse/v3/candidates", json=body, headers=headers)


def names(sandbox: Sandbox) -> list[str]:
    return [row["first_name"] for row in sandbox.state("greenhouse")["candidates"]]


def test_the_root_describes_interface_faults_and_systems(sandbox: Sandbox) -> None:
    described = sandbox.http.get("/_control/").json()

    assert "greenhouse" in described["systems"]
    assert any("lose_response" in line for line in described["faults"])


def test_an_unknown_system_act_or_fault_is_refused_with_a_sentence(sandbox: Sandbox) -> None:
    with pytest.raises(ControlRefused, match="no act 'fly'"):
        sandbox.act("greenhouse", "fly")
    with pytest.raises(ControlRefused, match="unknown kind"):
        sandbox.fault("greenhouse", "gremlins")

    assert sandbox.http.get("/nowhere/v3/jobs").status_code == 404


def test_the_same_seed_makes_the_same_world(sandbox: Sandbox) -> None:
    worlds = []
    for seed in (7, 7, 8):
        sandbox.reset("default", seed)
        people = sandbox.state("greenhouse")["candidates"]
        worlds.append([(row["first_name"], row["company"]) for row in people])

    assert worlds[0] == worlds[1] != worlds[2]


def test_the_clock_freezes_steps_and_runs_again(sandbox: Sandbox) -> None:
    sandbox.clock(now="2026-11-24T08:00:00Z")
    assert sandbox.clock(advance=90)["now"] == "2026-11-24T08:01:30.000Z"
    time.sleep(0.05)
    assert sandbox.clock()["now"] == "2026-11-24T08:01:30.000Z"

    assert sandbox.clock(mode="real")["mode"] == "real"


def test_a_lost_response_commits_and_drops_the_connection(sandbox: Sandbox) -> None:
    sandbox.fault("greenhouse", "lose_response", match=r"POST /greenhouse/v3/candidates$")

    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        create(sandbox)

    assert "Ida" in names(sandbox)
    logged = sandbox.calls("greenhouse", write=1)[-1]
    assert (logged["operation"], logged["status"], logged["fault"]) == ("create_candidate", 201, "lose_response")
    assert create(sandbox, "Second").status_code == 201


def test_a_held_response_has_committed_and_waits_for_release(sandbox: Sandbox) -> None:
    sandbox.fault("greenhouse", "hold_response", match="create_candidate", seconds=20)
    answers: list[httpx.Response] = []
    thread = threading.Thread(target=lambda: answers.append(create(sandbox)))
    thread.start()

    sandbox.wait_for(lambda: sandbox.faults("greenhouse")["held"] == 1)
    assert "Ida" in names(sandbox)
    assert not answers
    sandbox.fault("greenhouse", "release")
    thread.join(5)

    assert answers[0].status_code == 201


def test_a_held_response_does_not_outlive_its_caller(sandbox: Sandbox) -> None:
    sandbox.fault("greenhouse", "hold_response", match="create_candidate", seconds=20)

    with pytest.raises(httpx.ReadTimeout):
        create(sandbox, timeout=0.3)

    sandbox.wait_for(lambda: sandbox.faults("greenhouse")["held"] == 0, seconds=2)
    assert "Ida" in names(sandbox)


def test_refusing_faults_commit_nothing_and_5xx_after_does(sandbox: Sandbox) -> None:
    sandbox.fault("greenhouse", "429", match="POST /greenhouse/v3/candidates")
    sandbox.fault("greenhouse", "5xx", match="POST /greenhouse/v3/candidates", status=502)
    sandbox.fault("greenhouse", "5xx", match="create_candidate", after=True)

    refused, broken, late = create(sandbox, "A"), create(sandbox, "B"), create(sandbox, "C")

    assert (refused.status_code, refused.text.strip()) == (429, "Retry later")
    assert int(refused.headers["Retry-After"]) >= 1
    assert (broken.status_code, late.status_code) == (502, 503)
    assert {"A", "B"}.isdisjoint(names(sandbox))
    assert "C" in names(sandbox)


def test_slow_answers_late_and_times_counts_down(sandbox: Sandbox) -> None:
    sandbox.fault("greenhouse", "slow", match="GET", times=1, seconds=0.3)

    began = time.monotonic()
    sandbox.http.get("/greenhouse/v3/jobs")
    slow = time.monotonic() - began

    assert slow >= 0.3
    assert sandbox.faults("greenhouse")["planned"] == []


def test_the_call_log_tells_writes_and_continues_from_where_it_was_read(sandbox: Sandbox) -> None:
    create(sandbox)
    first = sandbox.http.get("/_control/greenhouse/calls").json()
    create(sandbox, "Later")

    writes = sandbox.calls("greenhouse", write=1, since=first["last"])

    assert [call["body"]["first_name"] for call in writes] == ["Later"]
    assert writes[0]["response_id"] == sandbox.state("greenhouse")["candidates"][-1]["id"]


def test_an_inline_scenario_gives_each_system_its_own_part(sandbox: Sandbox) -> None:
    sandbox.reset({"greenhouse": {"jobs": [{"name": "Welder", "requisition_id": "W-1"}]}, "linkedin": {}})

    assert [job["name"] for job in sandbox.state("greenhouse")["jobs"]] == ["Welder"]
    sandbox.reset({"scenario": "many", "jobs": 12})
    assert len(sandbox.state("greenhouse")["jobs"]) == 12
