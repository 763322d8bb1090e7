"""LinkedIn's limits, faults, acts and scenarios imitated."""

from __future__ import annotations

import httpx
import pytest

from tests.sandbox.linkedin_client import MOVE_MANY, ZOE, add, changed_since, crowd, get, post, to_stage
from tests.sandbox_process import ControlRefused, Sandbox


def test_the_day_is_full_until_midnight_utc(sandbox: Sandbox) -> None:
    sandbox.clock(now="2026-12-01T23:59:00Z")
    sandbox.act("linkedin", "spend", calls=498)

    statuses = [get(sandbox, "/v2/rscContracts", query).status_code for query in ("q=wrong", "q=authorized")]
    full = get(sandbox, "/v2/rscContracts", "q=authorized")
    state = sandbox.state("linkedin")
    sandbox.clock(advance=60)

    assert statuses == [400, 200]
    assert full.status_code == 429
    assert full.json()["serviceErrorCode"] == 101
    assert full.json()["message"] == "Resource level throttle limit for calls to this resource is reached."
    assert "retry-after" not in full.headers
    assert (state["calls_today"], state["daily_limit"]) == (501, 500)
    assert state["refused_by_day"] == {"2026-12-01": 1}
    assert get(sandbox, "/v2/rscContracts", "q=authorized").status_code == 200
    assert sandbox.state("linkedin")["calls_today"] == 1


def test_refused_tokens_and_planned_faults_count_too(sandbox: Sandbox) -> None:
    sandbox.fault("linkedin", "429")
    sandbox.fault("linkedin", "5xx", status=504)

    busy = get(sandbox, "/v2/rscContracts", "q=authorized")
    broken = get(sandbox, "/v2/rscContracts", "q=authorized")
    get(sandbox, "/v2/rscContracts", "q=authorized", Authorization="Bearer x")

    assert busy.status_code == 429
    assert busy.json()["serviceErrorCode"] != 101
    assert "retry-after" not in busy.headers
    assert broken.status_code == 504
    assert sandbox.state("linkedin")["calls_today"] == 3


def test_too_many_records_in_a_minute_are_not_a_full_day(sandbox: Sandbox) -> None:
    ids = add(sandbox, *crowd(3))
    sandbox.act("linkedin", "settings", records_per_minute=2)

    body = {"entities": {key: to_stage("Hired") for key in ids}}
    answer = post(sandbox, "/v2/rscsProfiles", body, f"ids=List({','.join(ids)})", **MOVE_MANY)

    assert answer.status_code == 429
    assert answer.json()["serviceErrorCode"] != 101


def test_a_lost_response_leaves_the_move_done(sandbox: Sandbox) -> None:
    (profile,) = add(sandbox, ZOE)
    sandbox.fault("linkedin", "lose_response", match="profiles.move")

    with pytest.raises(httpx.TransportError):
        post(sandbox, f"/v2/rscsProfiles/{profile}", to_stage("Hired"), X_RestLi_Method="partial_update")

    assert changed_since(sandbox)[0]["stage"] == "Hired"


def test_every_answer_carries_linkedins_headers(sandbox: Sandbox) -> None:
    sandbox.fault("linkedin", "429", match="seatsV2")
    answers = [
        get(sandbox, "/v2/rscContracts", "q=authorized"),
        get(sandbox, "/v2/seatsV2"),
        get(sandbox, "/v2/nothing"),
        sandbox.http.post("/linkedin/oauth/v2/accessToken", data={"grant_type": ""}),
    ]

    assert [answer.status_code for answer in answers] == [200, 429, 404, 400]
    for answer in answers:
        assert {"x-li-uuid", "x-li-fabric", "x-li-request-id"} <= set(answer.headers)


# --- acts and scenarios


def test_someone_taken_out_is_marked_and_may_come_back(sandbox: Sandbox) -> None:
    (profile,) = add(sandbox, ZOE)

    sandbox.act("linkedin", "remove", profile=profile)
    gone = changed_since(sandbox)[0]
    again = add(sandbox, ZOE, by=52)
    back = changed_since(sandbox)[0]

    assert gone["removed"] is True
    assert again == [profile]
    assert (back["removed"], back["addedBy"], back["stage"]) == (False, "urn:li:seat:52", "Contacted")


def test_a_renamed_stage_takes_its_profiles_along(sandbox: Sandbox) -> None:
    add(sandbox, ZOE)

    project = sandbox.act("linkedin", "rename_stage", project=310, **{"from": "Contacted", "to": "Reached out"})

    assert project["stages"][0] == changed_since(sandbox)[0]["stage"] == "Reached out"


def test_impossible_acts_are_refused_with_a_sentence(sandbox: Sandbox) -> None:
    for do, arguments in (
        ("dance", {}), ("move", {"profile": "rp-x", "stage": "Hired"}), ("settings", {"dayly_limit": 1}),
        ("add_project", {"name": "X", "stages": ["Contacted"]}), ("add_to_project", {"project": 999, "people": []}),
    ):  # fmt: skip
        with pytest.raises(ControlRefused, match="400"):
            sandbox.act("linkedin", do, **arguments)


def test_a_scenario_brings_its_own_contracts_projects_and_tokens(sandbox: Sandbox) -> None:
    part = {
        "contracts": [
            {"id": 7001, "name": "Northwind Talent"},
            {"id": 7002, "name": "Lite", "product": "RECRUITER_LITE"},
        ],
        "projects": [{"id": 400, "name": "Elsewhere", "stages": ["New", "In Progress", "Hired", "Archived"]}],
        "tokens": {"lite-token": {"contracts": [7002]}},
        "settings": {"daily_limit": 7},
    }
    sandbox.reset({"linkedin": part})

    lite = get(sandbox, "/v2/rscContracts", "q=authorized", Authorization="Bearer lite-token").json()["elements"]
    state = sandbox.state("linkedin")

    assert [(contract["id"], contract["product"]) for contract in lite] == [("urn:li:contract:7002", "RECRUITER_LITE")]
    assert [project["id"] for project in state["projects"]] == ["urn:li:rscProject:400"]
    assert state["daily_limit"] == 7
    assert sandbox.act("linkedin", "add_project", name="Next")["id"] == "urn:li:rscProject:401"


def test_the_same_seed_gives_the_same_answers(sandbox: Sandbox) -> None:
    def run() -> list[str]:
        sandbox.reset(seed=5)
        add(sandbox, ZOE)
        return [changed_since(sandbox)[0]["member"], get(sandbox, "/v2/nothing").headers["x-li-uuid"]]

    assert run() == run()
