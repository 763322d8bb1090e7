"""LinkedIn imitated, over real HTTP against the sandbox as its own process."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest

from apps.sandbox.linkedin import hooks, restli
from tests.sandbox_process import ControlRefused, Sandbox, running_sandbox

CONTRACT = "urn:li:contract:7001"
APPLICATION = "urn:li:developerApplication:9001"
CLIENT = {"client_id": "sandbox-client-id", "client_secret": "sandbox-client-secret"}
AUTHORIZED = {"Authorization": "Bearer sandbox-linkedin-token", "X-RestLi-Protocol-Version": "2.0.0"}
ZOE = {"first": "Zoë", "last": "Müller", "url": "https://de.linkedin.com/in/zo%C3%AB-m%C3%BCller"}
VERIFIER = "a-verifier-that-is-long-enough-for-the-rfc-1234567890"
MOVE_MANY = {"X-RestLi-Method": "batch_partial_update"}


@pytest.fixture(scope="module")
def process() -> Iterator[Sandbox]:
    with running_sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(process: Sandbox) -> Sandbox:
    process.reset()
    return process


def get(sandbox: Sandbox, path: str, query: str = "", **headers: str) -> httpx.Response:
    """GET with the query as written, nothing encoded again."""
    return sandbox.http.get(httpx.URL(f"{sandbox.base}/linkedin{path}", query=query.encode()), headers=AUTHORIZED | headers)


def post(sandbox: Sandbox, path: str, value: Any, query: str = "", **headers: str) -> httpx.Response:
    url = httpx.URL(f"{sandbox.base}/linkedin{path}", query=query.encode())
    spelt = {name.replace("_", "-"): text for name, text in headers.items()}
    return sandbox.http.post(url, json=value, headers=AUTHORIZED | spelt)


def to_stage(stage: str) -> dict[str, Any]:
    return {"patch": {"$set": {"stage": stage}}}


def add(sandbox: Sandbox, *people: dict[str, Any], project: int = 310, by: int = 55) -> list[str]:
    return list(sandbox.act("linkedin", "add_to_project", project=project, by=by, people=list(people))["profiles"])


def crowd(size: int) -> list[dict[str, Any]]:
    return [
        {"first": "P", "last": f"{n}", "url": f"https://www.linkedin.com/in/p-{n}", "member": f"m{n}"}
        for n in range(size)
    ]


def changed_since(sandbox: Sandbox, since: int = 0, start: int = 0, count: int = 100) -> list[dict[str, Any]]:
    asked = f"q=modifiedSince&contract={CONTRACT}&since={since}&start={start}&count={count}"
    return list(get(sandbox, "/v2/rscsProfiles", asked).json()["elements"])


def consent(sandbox: Sandbox, **changed: str) -> dict[str, str]:
    """Walk through the authorization and return what the redirect carries."""
    digest = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
    asked = {
        "response_type": "code", "client_id": CLIENT["client_id"], "redirect_uri": "https://portal.test/back",
        "state": "s-1", "code_challenge": digest, "code_challenge_method": "S256", **changed,
    }  # fmt: skip
    answer = sandbox.http.get("/linkedin/oauth/v2/authorization", params=asked)
    assert answer.status_code == 302, answer.text
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}


def exchange(sandbox: Sandbox, **form: str) -> httpx.Response:
    return sandbox.http.post("/linkedin/oauth/v2/accessToken", data=CLIENT | form)


def exchange_code(sandbox: Sandbox, code: str, verifier: str = VERIFIER) -> httpx.Response:
    back = "https://portal.test/back"
    return exchange(sandbox, grant_type="authorization_code", code=code, redirect_uri=back, code_verifier=verifier)


# --- Rest.li, pure


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


def test_the_signature_has_the_prefix_in_the_signed_text() -> None:
    body = b'{"id":"exp-000123","type":"EXPORT_CANDIDATE_PROFILE","expiresAt":1767312000000}'

    signed = hooks.sign(body, "sandbox-client-secret")

    assert signed == "91e4170d66e072aa353e4777b5141cfbd2bb6f7aa52e164d7306596e93fa7f83"


def test_the_challenge_is_answered_as_documented() -> None:
    answer = hooks.answer_to("2f1c6f0e-6c0b-4b6e-9a53-0b7f7d2a9c11", "sandbox-client-secret")

    assert answer == "221c3732b04e87fc10160269d84d2935a8dfba4b1a3380c48c86cd188ddffcde"


# --- OAuth


def test_consent_gives_a_token_that_works(sandbox: Sandbox) -> None:
    back = consent(sandbox)
    given = exchange_code(sandbox, back["code"]).json()

    answer = get(sandbox, "/v2/rscContracts", "q=authorized", Authorization=f"Bearer {given['access_token']}")

    assert back["state"] == "s-1"
    assert given["expires_in"] == 60 * 86400
    assert "refresh_token" not in given
    assert answer.json()["elements"] == [
        {
            "id": CONTRACT, "name": "Northwind Talent", "product": "RECRUITER", "rscEnabled": True,
            "organization": "urn:li:organization:1234",
        }
    ]  # fmt: skip


def test_a_code_serves_once_and_only_with_its_verifier(sandbox: Sandbox) -> None:
    wrong = exchange_code(sandbox, consent(sandbox)["code"], verifier="another")
    code = consent(sandbox)["code"]

    assert wrong.status_code == 400
    assert exchange_code(sandbox, code).status_code == 200
    assert exchange_code(sandbox, code).json()["error"] == "invalid_request"


def test_consent_without_state_or_pkce_comes_back_as_an_error(sandbox: Sandbox) -> None:
    assert consent(sandbox, state="")["error"] == "invalid_request"
    assert consent(sandbox, code_challenge_method="plain")["error"] == "invalid_request"


def test_the_administrator_may_refuse(sandbox: Sandbox) -> None:
    sandbox.act("linkedin", "settings", consent="deny")

    assert consent(sandbox)["error"] == "user_cancelled_authorize"


def test_a_refresh_token_is_given_by_a_setting_and_not_extended_by_use(sandbox: Sandbox) -> None:
    sandbox.act("linkedin", "settings", refresh_tokens=True, expires_in_as_text=True)
    given = exchange_code(sandbox, consent(sandbox)["code"]).json()
    sandbox.clock(advance=86400)

    renewed = exchange(sandbox, grant_type="refresh_token", refresh_token=given["refresh_token"]).json()

    assert given["expires_in"] == "5184000"
    assert renewed["refresh_token"] == given["refresh_token"]
    assert int(renewed["refresh_token_expires_in"]) <= 364 * 86400


def test_an_application_token_lives_thirty_minutes_and_does_not_open_projects(sandbox: Sandbox) -> None:
    token = exchange(sandbox, grant_type="client_credentials").json()
    bearer = f"Bearer {token['access_token']}"
    asked = f"q=attributes&contracts={CONTRACT}&start=0"

    assert token["expires_in"] == 1800
    assert get(sandbox, "/v2/seatsV2", asked, Authorization=bearer).status_code == 200
    projects = get(sandbox, "/v2/rscProjects", f"q=contract&contract={CONTRACT}", Authorization=bearer)
    assert projects.status_code == 403
    sandbox.clock(advance=1801)
    assert get(sandbox, "/v2/seatsV2", asked, Authorization=bearer).json()["message"].endswith("has expired")


def test_wrong_clients_and_missing_parameters_are_refused_as_documented(sandbox: Sandbox) -> None:
    stranger = exchange(sandbox, grant_type="client_credentials", client_secret="wrong")
    empty = exchange(sandbox)

    assert (stranger.status_code, stranger.json()["error"]) == (401, "invalid_client_id")
    assert empty.json()["error_description"] == 'A required parameter "grant_type" is missing'


def test_introspection_tells_a_tokens_state(sandbox: Sandbox) -> None:
    def introspect() -> dict[str, Any]:
        form = CLIENT | {"token": "sandbox-linkedin-token"}
        return dict(sandbox.http.post("/linkedin/oauth/v2/introspectToken", data=form).json())

    before = introspect()
    sandbox.act("linkedin", "expire_token")

    assert (before["active"], before["status"], before["auth_type"]) == (True, "active", "3L")
    assert (introspect()["active"], introspect()["status"]) == (False, "expired")


@pytest.mark.parametrize(
    ("header", "message"),
    [("", "Empty oauth2_access_token"), ("Bearer", "Empty oauth2_access_token"), ("Bearer x", "Invalid access token")],
)
def test_bad_tokens_get_401_in_linkedins_words(sandbox: Sandbox, header: str, message: str) -> None:
    answer = get(sandbox, "/v2/rscContracts", "q=authorized", Authorization=header)

    assert answer.status_code == answer.json()["status"] == 401
    assert answer.json()["message"] == message


def test_an_expired_token_works_again_once_renewed(sandbox: Sandbox) -> None:
    sandbox.fault("linkedin", "expire_token")

    expired = get(sandbox, "/v2/rscContracts", "q=authorized")
    sandbox.act("linkedin", "renew_token")

    assert expired.json()["message"] == "The token used in the request has expired"
    assert get(sandbox, "/v2/rscContracts", "q=authorized").status_code == 200


# --- finders


def test_projects_are_listed_with_their_stages_in_order(sandbox: Sandbox) -> None:
    asked = f"q=contract&contract={CONTRACT}&start=0&count=100"

    page = get(sandbox, "/v2/rscProjects", asked).json()

    assert [project["name"] for project in page["elements"]] == ["R-1001 Staff Data Engineer", "R-1002 Product Designer"]
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


# --- limits and faults


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
        exchange(sandbox),
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


# --- the push hint and the challenge


class Callback:
    """A small receiver: keeps what came, answers the challenge with its secret."""

    def __init__(self, secret: str) -> None:
        self.secret = secret
        self.hints: list[tuple[str, bytes]] = []

    def answer(self, path: str) -> dict[str, str]:
        code = parse_qs(urlsplit(path).query)["challengeCode"][0]
        digest = hmac.new(self.secret.encode(), code.encode(), hashlib.sha256).hexdigest()
        return {"challengeCode": code, "challengeResponse": digest}


@contextmanager
def callback(secret: str) -> Iterator[tuple[Callback, str]]:
    kept = Callback(secret)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            kept.hints.append((self.headers["X-LI-Signature"], body))
            self._reply(b"{}")

        def do_GET(self) -> None:
            self._reply(json.dumps(kept.answer(self.path)).encode())

        def _reply(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *ignored: Any) -> None:
            return

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield kept, f"http://127.0.0.1:{server.server_address[1]}/hook?{urlencode({'c': '1'})}"
    finally:
        server.shutdown()
        server.server_close()


def test_a_change_is_hinted_with_a_true_signature_and_no_data(sandbox: Sandbox) -> None:
    with callback("hook-secret") as (kept, url):
        sandbox.act("linkedin", "set_webhook", url=url, secret="hook-secret")
        before = sandbox.state("linkedin")["calls_today"]
        add(sandbox, ZOE, *crowd(3))
        sandbox.wait_for(lambda: kept.hints)
        ((signature, body),) = kept.hints
        latest = sandbox.state("linkedin")["profiles"][-1]["modifiedAt"]

    expected = hmac.new(b"hook-secret", b"hmacsha256=" + body, hashlib.sha256).hexdigest()
    told = json.loads(body)
    assert signature == expected
    assert told.pop("id").startswith("hint-")
    assert told == {"type": "RSC_PROFILES_MODIFIED", "contract": CONTRACT, "modifiedAt": latest}
    assert sandbox.state("linkedin")["calls_today"] == before


def test_an_address_that_passes_the_challenge_gets_hints(sandbox: Sandbox) -> None:
    with callback("hook-secret") as (kept, url):
        sandbox.act("linkedin", "set_webhook", url=url, secret="hook-secret", challenge=True)
        sandbox.wait_for(lambda: sandbox.state("linkedin")["webhooks"][0]["challenge"] == "passed")
        add(sandbox, ZOE)

        assert sandbox.wait_for(lambda: kept.hints)


def test_three_failed_challenges_block_the_address(sandbox: Sandbox) -> None:
    with callback("another-secret") as (kept, url):
        sandbox.act("linkedin", "set_webhook", url=url, secret="hook-secret", challenge=True)
        for failures in (1, 2, 3):
            sandbox.wait_for(lambda seen=failures: sandbox.state("linkedin")["webhooks"][0]["failures"] == seen)
            if failures < 3:
                sandbox.act("linkedin", "challenge")
        add(sandbox, ZOE)

        assert sandbox.state("linkedin")["webhooks"][0]["blocked"] is True
        assert sandbox.deliveries("linkedin") == []
        assert kept.hints == []
