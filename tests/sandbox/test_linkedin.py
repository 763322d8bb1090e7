"""LinkedIn's Projects contract imitated, over real HTTP: finders, keys, batches, moves."""

from __future__ import annotations

import json
from typing import Any

import pytest

from apps.sandbox.linkedin import restli
from tests.sandbox.linkedin_client import (
    APPLICATION,
    AUTHORIZED,
    CONTRACT,
    MOVE_MANY,
    ZOE,
    add,
    changed_since,
    crowd,
    get,
    post,
    to_stage,
)
from tests.sandbox_process import Sandbox


@pytest.mark.parametrize(
    ("text", "expected"),
    [("List()", []), ("List(a)", ["a"]), ("List(urn%3Ali%3Aseat%3A5,b%2Cc)", ["urn:li:seat:5", "b,c"])],
)
def test_a_list_is_read(text: str, expected: list[str]) -> None:
    assert restli.parse_list(text) == expected


@pytest.mark.parametrize("text", ["List(a", "a", "List(urn:li:seat:5)", "List(a,,b)"])
def test_a_list_with_bare_structure_inside_is_refused(text: str) -> None:
    with pytest.raises(restli.BadQuery):
        restli.parse_list(text)


def test_keys_in_json_are_reduced_encoded_in_protocol_2_only() -> None:
    assert restli.encode_key("urn:li:seat:5 é", "2.0.0") == "urn%3Ali%3Aseat%3A5 é"
    assert restli.decode_key("urn%3Ali%3Aseat%3A5 é", "2.0.0") == "urn:li:seat:5 é"
    assert restli.encode_key("urn:li:seat:5", "1.0") == "urn:li:seat:5"


# --- finders


def test_projects_are_listed_with_their_stages_in_order(sandbox: Sandbox) -> None:
    asked = f"q=contract&contract={CONTRACT}&start=0&count=100"

    page = get(sandbox, "/v2/rscProjects", asked).json()

    names = [project["name"] for project in page["elements"]]
    assert names == ["R-1001 Staff Data Engineer", "R-1002 Product Designer"]
    assert page["elements"][0]["stages"] == ["Contacted", "Replied", "In Progress", "Hired", "Archived"]
    assert page["elements"][0]["owner"] == "urn:li:seat:51"
    assert page["paging"] == {"start": 0, "count": 100}


def test_another_contract_is_not_permitted(sandbox: Sandbox) -> None:
    answer = get(sandbox, "/v2/rscProjects", "q=contract&contract=urn:li:contract:7999")

    assert answer.status_code == 403
    assert answer.json()["message"].startswith("Not enough permissions to access: ")


def test_a_profile_has_the_contracts_fields(sandbox: Sandbox) -> None:
    (profile,) = add(sandbox, ZOE | {"company": "Contoso", "member": "AbC"})

    element = get(sandbox, f"/v2/rscsProfiles/{profile}").json()

    assert element == changed_since(sandbox)[0]
    assert element["member"] == "urn:li:person:AbC"
    assert (element["firstName"], element["lastName"]) == ("Zoë", "Müller")
    assert (element["stage"], element["emailAddress"], element["removed"]) == ("Contacted", None, False)
    assert element["addedBy"] == element["stageChangedBy"] == "urn:li:seat:55"
    assert element["project"] == "urn:li:rscProject:310"


def test_non_ascii_is_raw_or_escaped_by_a_setting(sandbox: Sandbox) -> None:
    (profile,) = add(sandbox, ZOE)
    raw = get(sandbox, f"/v2/rscsProfiles/{profile}").content
    sandbox.act("linkedin", "settings", escaped_unicode=True)

    assert "Zoë".encode() in raw
    assert b"Zo\\u00eb" in get(sandbox, f"/v2/rscsProfiles/{profile}").content


def test_the_delta_is_ordered_inclusive_and_paged(sandbox: Sandbox) -> None:
    ids = add(sandbox, *crowd(7))
    sandbox.act("linkedin", "move", profile=ids[0], stage="Replied", by="urn:li:seat:51")

    rows = changed_since(sandbox)
    pages = [changed_since(sandbox, start=start, count=3) for start in (0, 3, 6)]

    assert [row["id"] for row in rows] == [*ids[1:], ids[0]]
    assert [len(page) for page in pages] == [3, 3, 1]
    assert changed_since(sandbox, since=rows[-1]["modifiedAt"]) == [rows[-1]]
    assert changed_since(sandbox, since=rows[-1]["modifiedAt"] + 1) == []
    assert len({row["modifiedAt"] for row in rows}) == 7


def test_equal_timestamps_are_ordered_by_id(sandbox: Sandbox) -> None:
    sandbox.act("linkedin", "settings", equal_timestamps=True)
    sandbox.clock(now="2026-12-01T09:00:00Z")
    ids = add(sandbox, *crowd(5))
    sandbox.act("linkedin", "move", profile=ids[0], stage="Replied")

    rows = changed_since(sandbox)

    assert {row["modifiedAt"] for row in rows} == {1796115600000}
    assert [row["id"] for row in rows] == ids


def test_a_page_holds_a_hundred_at_most(sandbox: Sandbox) -> None:
    asked = f"q=modifiedSince&contract={CONTRACT}&since=0&count=101"

    assert get(sandbox, "/v2/rscsProfiles", asked).status_code == 400


def test_seats_need_start_and_have_no_total(sandbox: Sandbox) -> None:
    listed = "contracts=List(urn%3Ali%3Acontract%3A7001)"
    without = get(sandbox, "/v2/seatsV2", f"q=attributes&{listed}&states=List(ACTIVE)")
    page = get(sandbox, "/v2/seatsV2", f"q=attributes&{listed}&states=List(ACTIVE)&start=0").json()

    assert without.status_code == 400
    assert page["paging"] == {"start": 0, "count": 10}
    assert [seat["id"] for seat in page["elements"]] == [f"urn:li:seat:{n}" for n in range(51, 57)]
    assert page["elements"][0]["member"] == "urn:li:person:seat51"


def test_conversations_are_an_empty_page(sandbox: Sandbox) -> None:
    page = get(sandbox, "/v2/conversationEvents", "q=criteria&viewer=urn:li:seat:51&start=0&count=50").json()

    assert page == {"elements": [], "paging": {"start": 0, "count": 50}}


# --- batches and keys


def test_many_profiles_come_with_the_missing_ones_named(sandbox: Sandbox) -> None:
    ids = add(sandbox, *crowd(2))

    answer = get(sandbox, "/v2/rscsProfiles", f"ids=List({ids[0]},rp-x,{ids[1]})").json()

    assert list(answer["results"]) == ids
    assert answer["errors"]["rp-x"]["status"] == 404


def test_protocol_1_spells_its_keys_otherwise(sandbox: Sandbox) -> None:
    ids = add(sandbox, *crowd(2))
    old = {"X-RestLi-Protocol-Version": "1.0.0"}

    repeated = get(sandbox, "/v2/rscsProfiles", f"ids={ids[0]}&ids={ids[1]}", **old).json()
    indexed = get(sandbox, "/v2/rscsProfiles", f"ids[0]={ids[0]}&ids%5B1%5D={ids[1]}", **old).json()
    listed = get(sandbox, "/v2/rscsProfiles", f"ids=List({ids[0]})", **old).json()
    modern = get(sandbox, "/v2/rscsProfiles", f"ids={ids[0]}&ids={ids[1]}")

    assert list(repeated["results"]) == list(indexed["results"]) == ids
    assert list(listed["errors"]) == [f"List({ids[0]})"]
    assert modern.status_code == 400


def test_encoded_structure_is_refused(sandbox: Sandbox) -> None:
    assert get(sandbox, "/v2/rscsProfiles", "ids=List%28rp-000001%29").status_code == 400


def test_a_long_query_is_414_until_it_is_tunnelled(sandbox: Sandbox) -> None:
    (profile,) = add(sandbox, *crowd(1))
    query = f"ids=List({','.join([profile, *(f'rp-{n:060d}' for n in range(70))])})"
    tunnel = AUTHORIZED | {
        "X-HTTP-Method-Override": "GET", "Content-Type": "application/x-www-form-urlencoded",
    }  # fmt: skip

    straight = get(sandbox, "/v2/rscsProfiles", query)
    tunnelled = sandbox.http.post("/linkedin/v2/rscsProfiles", content=query, headers=tunnel)

    assert straight.status_code == straight.json()["status"] == 414
    assert list(tunnelled.json()["results"]) == [profile]
    assert len(tunnelled.json()["errors"]) == 70
    assert sandbox.calls("linkedin", write=1) == []


def test_a_batch_write_is_tunnelled_in_parts(sandbox: Sandbox) -> None:
    ids = add(sandbox, *crowd(3))
    entities = json.dumps({"entities": {key: to_stage("Replied") for key in ids}})
    body = (
        "--xyz\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\n"
        f"ids=List({','.join(ids)})\r\n--xyz\r\nContent-Type: application/json\r\n\r\n{entities}\r\n--xyz--\r\n"
    )
    headers = AUTHORIZED | MOVE_MANY | {
        "X-HTTP-Method-Override": "POST", "Content-Type": "multipart/mixed; boundary=xyz",
    }  # fmt: skip

    answer = sandbox.http.post("/linkedin/v2/rscsProfiles", content=body.encode(), headers=headers)

    assert answer.json() == {"results": {key: {"status": 204} for key in ids}, "errors": {}}
    assert {row["stage"] for row in changed_since(sandbox)} == {"Replied"}


# --- moves


def test_a_move_is_the_applications_and_changes_the_profile(sandbox: Sandbox) -> None:
    (profile,) = add(sandbox, ZOE)
    before = changed_since(sandbox)[0]

    answer = post(sandbox, f"/v2/rscsProfiles/{profile}", to_stage("Hired"), X_RestLi_Method="PARTIAL_UPDATE")
    after = changed_since(sandbox)[0]

    assert (answer.status_code, answer.content) == (204, b"")
    assert (after["stage"], after["stageChangedBy"]) == ("Hired", APPLICATION)
    assert after["modifiedAt"] == after["stageChangedAt"] > before["modifiedAt"]
    (write,) = sandbox.calls("linkedin", write=1)
    assert (write["operation"], write["response_id"]) == ("profiles.move", profile)


def test_a_person_s_move_names_the_seat(sandbox: Sandbox) -> None:
    (profile,) = add(sandbox, ZOE)

    sandbox.act("linkedin", "move", profile=profile, stage="Replied", by="urn:li:seat:53")

    assert changed_since(sandbox)[0]["stageChangedBy"] == "urn:li:seat:53"


def test_the_same_stage_again_changes_nothing(sandbox: Sandbox) -> None:
    (profile,) = add(sandbox, ZOE)
    post(sandbox, f"/v2/rscsProfiles/{profile}", to_stage("Hired"), X_RestLi_Method="partial_update")
    before = changed_since(sandbox)

    again = post(sandbox, f"/v2/rscsProfiles/{profile}", to_stage("Hired"), X_RestLi_Method="partial_update")

    assert again.status_code == 204
    assert changed_since(sandbox) == before


def test_moves_are_refused_with_their_own_status(sandbox: Sandbox) -> None:
    kept, gone = add(sandbox, *crowd(2))
    (archived,) = add(sandbox, ZOE, project=311)
    sandbox.act("linkedin", "archive_project", project="R-1002 Product Designer")
    sandbox.act("linkedin", "remove", profile=gone)

    def status(profile: str, stage: str, method: str = "partial_update") -> int:
        return post(sandbox, f"/v2/rscsProfiles/{profile}", to_stage(stage), X_RestLi_Method=method).status_code

    assert status(kept, "Nowhere") == 422
    assert status(archived, "Hired") == 409
    assert status(gone, "Hired") == 409
    assert status("rp-x", "Hired") == 404
    assert status(kept, "Hired", method="batch_partial_update") == 403


def test_a_missing_method_header_looks_like_a_permission_problem(sandbox: Sandbox) -> None:
    (profile,) = add(sandbox, ZOE)

    answer = post(sandbox, f"/v2/rscsProfiles/{profile}", to_stage("Hired"))

    assert answer.status_code == 403
    assert answer.json()["message"].startswith("Unpermitted fields present in REQUEST_BODY")


def test_only_the_stage_may_be_written(sandbox: Sandbox) -> None:
    (profile,) = add(sandbox, ZOE)

    body = {"patch": {"$set": {"firstName": "X", "stage": "Hired"}}}
    answer = post(sandbox, f"/v2/rscsProfiles/{profile}", body, X_RestLi_Method="partial_update")

    assert answer.status_code == 403
    assert changed_since(sandbox)[0]["stage"] == "Contacted"


def test_a_batch_move_answers_200_with_each_records_fate(sandbox: Sandbox) -> None:
    ids = add(sandbox, *crowd(3))
    sandbox.act("linkedin", "fail_records", profiles=[ids[2]], status=500)
    stages = {ids[0]: "Hired", ids[1]: "Nowhere", ids[2]: "Hired", "rp-x": "Hired"}
    entities = {"entities": {key: to_stage(stage) for key, stage in stages.items()}}

    first = post(sandbox, "/v2/rscsProfiles", entities, f"ids=List({','.join(stages)})", **MOVE_MANY)
    second = post(sandbox, "/v2/rscsProfiles", entities, f"ids=List({','.join(stages)})", **MOVE_MANY)

    assert first.status_code == 200
    assert first.json()["results"] == {ids[0]: {"status": 204}}
    assert {key: error["status"] for key, error in first.json()["errors"].items()} == {
        ids[1]: 422, ids[2]: 500, "rp-x": 404,
    }  # fmt: skip
    assert ids[2] in second.json()["results"]
    assert sandbox.calls("linkedin", write=1)[0]["response_id"] == [ids[0]]


def test_a_batch_must_name_the_same_keys_twice_and_a_hundred_at_most(sandbox: Sandbox) -> None:
    ids = [f"r{n}" for n in range(101)]
    many = {"entities": {key: to_stage("Hired") for key in ids}}

    unequal = post(sandbox, "/v2/rscsProfiles", {"entities": {"a": to_stage("Hired")}}, "ids=List(b)", **MOVE_MANY)
    too_many = post(sandbox, "/v2/rscsProfiles", many, f"ids=List({','.join(ids)})", **MOVE_MANY)

    assert (unequal.status_code, too_many.status_code) == (400, 400)


def test_a_seats_inmail_is_listed_from_a_time_up_to_before_another(sandbox: Sandbox) -> None:
    member = "urn:li:person:ada"
    first = sandbox.act("linkedin", "message", member=member, by=51, body="Hello")
    answer = sandbox.act("linkedin", "message", member=member, by=51, body="Yes", reply=True)
    sandbox.act("linkedin", "message", member=member, by=52, body="From another seat")

    def listed(start: int, end: int) -> list[Any]:
        query = f"q=criteria&viewer=urn%3Ali%3Aseat%3A51&timeRange.start={start}&timeRange.end={end}&start=0&count=50"
        return get(sandbox, "/v2/conversationEvents", query).json()["elements"]

    assert listed(first["createdAt"], answer["createdAt"] + 1) == [first, answer]
    assert listed(first["createdAt"], answer["createdAt"]) == [first]
    assert (answer["thread"], answer["author"]) == (first["thread"], member)
