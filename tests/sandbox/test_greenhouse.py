"""The imitated Greenhouse against the checklist of what the real one does, over real HTTP."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import httpx
import pytest

from tests.sandbox.conftest import Receiver
from tests.sandbox_process import Sandbox

SECRET = "hook-secret"
PAIR = ("sandbox-client-1", "sandbox-secret")
TWO_JOBS = {
    "jobs": [
        {"name": "Engineer", "requisition_id": "R-1", "openings": 1},
        {"name": "Designer", "requisition_id": "R-2", "openings": 2},
    ]
}
ENGINEER, DESIGNER = 4001, 4002


class Harvest:
    """A bearer of one token."""

    def __init__(self, sandbox: Sandbox, sub: str = "") -> None:
        self.sandbox = sandbox
        self.token = mint(sandbox, {"grant_type": "client_credentials", **({"sub": sub} if sub else {})}).json()[
            "access_token"
        ]

    def call(self, method: str, path: str, **more: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token}"}
        return self.sandbox.http.request(method, f"/greenhouse/v3/{path}", headers=headers, **more)

    def get(self, path: str, **params: Any) -> list[dict[str, Any]]:
        answer = self.call("GET", path, params=params)
        assert answer.status_code == 200, answer.text
        return list(answer.json())

    def post(self, path: str, **body: Any) -> httpx.Response:
        return self.call("POST", path, json=body)

    def create(self, first_name: str = "Ida", **more: Any) -> int:
        return int(self.post("candidates", first_name=first_name, last_name="Vega", **more).json()["id"])

    def apply(self, candidate_id: int, job_id: int = ENGINEER, **more: Any) -> dict[str, Any]:
        answer = self.post("applications", candidate_id=candidate_id, job_id=job_id, **more)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    def application(self, number: int) -> dict[str, Any]:
        return self.get("applications", ids=number)[0]


def mint(sandbox: Sandbox, form: dict[str, str], auth: tuple[str, str] | None = PAIR) -> httpx.Response:
    return sandbox.http.post("/greenhouse/token", data=form, auth=auth or httpx.USE_CLIENT_DEFAULT)


@pytest.fixture
def harvest(sandbox: Sandbox) -> Harvest:
    sandbox.reset({"greenhouse": {**TWO_JOBS, "settings": {"ceiling": 1000, "token_ceiling": 1000}}})
    return Harvest(sandbox)


def stages(harvest: Harvest, job_id: int = ENGINEER) -> dict[str, int]:
    return {row["name"]: row["id"] for row in harvest.get("job_interview_stages", job_ids=job_id, active="true")}


def hooked(sandbox: Sandbox, receiver: Receiver, **more: Any) -> None:
    sandbox.act("greenhouse", "set_webhook", url=receiver.url, secret=SECRET, ping=False, **more)


def actions(receiver: Receiver) -> list[str]:
    return [json.loads(body)["action"] for _, body in receiver.got]


# --- the token service


def test_the_token_service_has_five_error_shapes(sandbox: Sandbox) -> None:
    granted = {"grant_type": "client_credentials"}

    nothing, unsuffixed = mint(sandbox, {}, None), mint(sandbox, granted, ("plain", "x"))
    unknown, missing = mint(sandbox, granted, ("plain-2", "x")), mint(sandbox, {})
    strange = mint(sandbox, {"grant_type": "password"})

    assert nothing.status_code == 401
    assert nothing.json()["message"] == "Unauthorized"
    assert nothing.json()["errorId"].startswith("err-")
    assert unsuffixed.status_code == 400
    assert "client_id=plain does not contain a valid client ID suffix" in unsuffixed.text
    assert (unknown.status_code, unknown.json()) == (401, {"error": "invalid_client"})
    assert missing.status_code == strange.status_code == 400
    assert "grant_type" in missing.json()["message"]


def test_a_token_lives_an_hour_and_then_cannot_be_decoded(harvest: Harvest) -> None:
    harvest.sandbox.clock(advance=3601)

    answer = harvest.call("GET", "jobs")

    assert answer.status_code == 401
    assert answer.json()["message"] == "Unauthorized"
    assert answer.json()["errors"][0].startswith("Token could not be decoded.")


def test_a_new_token_can_revoke_the_old_one(harvest: Harvest) -> None:
    fresh = Harvest(harvest.sandbox)
    assert harvest.call("GET", "jobs").status_code == 200

    harvest.sandbox.act("greenhouse", "settings", revoke_old_token=True)
    newest = Harvest(harvest.sandbox)

    assert fresh.call("GET", "jobs").status_code == 401
    assert newest.call("GET", "jobs").status_code == 200


def test_the_token_limiter_counts_apart_in_sixty_seconds(harvest: Harvest) -> None:
    harvest.sandbox.act("greenhouse", "settings", token_ceiling=1)
    harvest.sandbox.clock(now="2026-11-24T08:00:00Z")
    mint(harvest.sandbox, {"grant_type": "client_credentials"})

    refused = mint(harvest.sandbox, {"grant_type": "client_credentials"})
    harvest.sandbox.clock(advance=60)

    assert refused.status_code == 429
    assert mint(harvest.sandbox, {"grant_type": "client_credentials"}).status_code == 200


def test_expire_token_kills_the_token_of_the_next_request(harvest: Harvest) -> None:
    harvest.sandbox.fault("greenhouse", "expire_token", match="GET /greenhouse/v3/jobs")

    assert harvest.call("GET", "jobs").status_code == 401
    assert harvest.call("GET", "users").status_code == 401
    assert Harvest(harvest.sandbox).call("GET", "jobs").status_code == 200


def test_a_missing_scope_and_a_subject_that_is_no_site_admin_get_403(sandbox: Sandbox) -> None:
    plain = {"id": 7061, "name": "Pat Lee", "email": "pat.lee@northwind.test", "site_admin": False}
    narrow = {"id": "narrow-5", "secret": "s", "scopes": ["harvest:jobs:list"]}
    wide = {"id": PAIR[0], "secret": PAIR[1]}
    sandbox.reset({"greenhouse": {**TWO_JOBS, "users": [plain], "clients": [narrow, wide]}})
    token = mint(sandbox, {"grant_type": "client_credentials"}, ("narrow-5", "s")).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}

    assert sandbox.http.get("/greenhouse/v3/jobs", headers=headers).status_code == 200
    assert sandbox.http.get("/greenhouse/v3/users", headers=headers).status_code == 403
    pat = Harvest(sandbox, sub="7061")
    assert pat.call("GET", "jobs").status_code == 403
    sandbox.act("greenhouse", "settings", non_admin="empty")
    assert pat.get("jobs") == []


# --- routing, paging, filters, limits


def test_routing_comes_before_authentication(sandbox: Sandbox) -> None:
    unknown = sandbox.http.get("/greenhouse/v3/candidates/5001")
    known = sandbox.http.get("/greenhouse/v3/candidates")

    assert (unknown.status_code, unknown.json()) == (404, {"message": "Resource not found"})
    assert known.status_code == 401
    assert "X-RateLimit-Remaining" in unknown.headers


def test_pages_follow_a_lone_opaque_cursor_newest_first(harvest: Harvest) -> None:
    made = [harvest.create(f"P{n}") for n in range(5)]

    answer = harvest.call("GET", "candidates", params={"per_page": 2})
    seen = [row["id"] for row in answer.json()]
    while "next" in answer.links:
        link = httpx.URL(answer.links["next"]["url"])
        assert list(link.params) == ["cursor"]
        answer = harvest.call("GET", "candidates", params=link.params)
        seen += [row["id"] for row in answer.json()]
    crowded = harvest.call("GET", "candidates", params={"per_page": 2, "cursor": "abc"})

    assert seen == sorted(made, reverse=True)
    assert crowded.status_code == 422
    assert crowded.json()["errors"][0].startswith("When passing a cursor, ")


def test_sizes_and_lists_have_their_limits(harvest: Harvest) -> None:
    ids = ",".join(str(n) for n in range(1, 52))

    too_many = harvest.call("GET", "jobs", params={"per_page": 501})
    too_long = harvest.call("GET", "candidates", params={"ids": ids})
    bad_status = harvest.call("GET", "applications", params={"status": "in_process"})
    mixed = {"created_at": "gte|2026-01-01T00:00:00Z", "updated_at": "gte|2026-01-01T00:00:00Z"}

    assert "number is greater than: 500" in too_many.json()["errors"][0]["per_page"]
    assert too_long.status_code == bad_status.status_code == 422
    assert harvest.call("GET", "candidates", params=mixed).status_code == 422
    assert harvest.get("jobs", fields="id,name")[0].keys() == {"id", "name"}


def test_dates_filter_with_a_pipe_and_with_brackets(harvest: Harvest) -> None:
    harvest.sandbox.clock(now="2026-11-24T08:00:00Z")
    fresh = Harvest(harvest.sandbox)
    early, late = fresh.create("Early"), 0
    harvest.sandbox.clock(now="2026-11-24T08:10:00Z")
    late = fresh.create("Late")

    piped = fresh.get("candidates", updated_at="gte|2026-11-24T08:05:00Z")
    bracketed = fresh.get("candidates", **{"updated_at[lt]": "2026-11-24T08:05:00Z"})

    assert [row["id"] for row in piped] == [late]
    assert [row["id"] for row in bracketed] == [early]


def test_people_are_found_by_email_but_never_by_a_linkedin_address(harvest: Harvest) -> None:
    number = harvest.create(email_addresses=[{"value": "Ida@Mail.test", "type": "personal"}])
    harvest.create("Other", social_media_addresses=[{"value": "https://www.linkedin.com/in/ida"}])

    assert [row["id"] for row in harvest.get("candidates", email="ida@mail.test")] == [number]
    assert len(harvest.get("candidates", linkedin_url="https://www.linkedin.com/in/ida")) == 2
    harvest.sandbox.act("greenhouse", "settings", strict_params=True)
    assert harvest.call("GET", "candidates", params={"linkedin_url": "x"}).status_code == 422


def test_the_window_is_fixed_and_told_on_every_reply(harvest: Harvest) -> None:
    harvest.sandbox.clock(now="2026-11-24T08:00:00Z")
    fresh = Harvest(harvest.sandbox)
    harvest.sandbox.act("greenhouse", "settings", ceiling=2)

    first, second, third = (fresh.call("GET", "jobs") for _ in range(3))
    harvest.sandbox.clock(advance=30)

    assert [first.headers["X-RateLimit-Remaining"], second.headers["X-RateLimit-Remaining"]] == ["1", "0"]
    assert (third.status_code, third.text.strip(), third.headers["Retry-After"]) == (429, "Retry later", "30")
    assert third.headers["X-RateLimit-Reset"] == str(int(first.headers["X-RateLimit-Reset"]))
    assert fresh.call("GET", "jobs").status_code == 200


def test_lists_that_nobody_needs_yet_are_empty(harvest: Harvest) -> None:
    assert harvest.get("job_owners") == harvest.get("rejection_details") == []


def test_reference_lists_hold_what_an_agency_maps(harvest: Harvest) -> None:
    users = harvest.get("users", primary_email="deniz.kaya@northwind.test")

    assert [(row["id"], row["name"]) for row in users] == [(7054, "Deniz Kaya")]
    assert "LinkedIn (Prospecting)" in [row["name"] for row in harvest.get("sources")]
    assert len(harvest.get("rejection_reasons")) < len(harvest.get("rejection_reasons", include_defaults="true"))
    assert harvest.call("GET", "rejection_reasons/401").json()["id"] == 401
    assert {row["name"] for row in harvest.get("departments", parent_id=101)} == {"Platform"}
    assert len(harvest.get("users", show_service_accounts="true")) == len(harvest.get("users")) + 1


# --- people and applications


def test_nothing_is_idempotent(harvest: Harvest) -> None:
    assert harvest.create() != harvest.create()


def test_an_array_in_a_patch_replaces_the_whole(harvest: Harvest) -> None:
    number = harvest.create(email_addresses=[{"value": "a@x.test"}, {"value": "b@x.test"}], company="Contoso")

    harvest.call("PATCH", f"candidates/{number}", json={"email_addresses": [{"value": "c@x.test"}]})

    person = harvest.get("candidates", ids=number)[0]
    assert [entry["value"] for entry in person["email_addresses"]] == ["c@x.test"]
    assert person["company"] == "Contoso"


def test_an_application_names_its_history_row_and_beside_it_the_definition(harvest: Harvest) -> None:
    screen = stages(harvest)["Phone Screen"]
    made = harvest.apply(harvest.create(), initial_stage_id=screen, source_id=301, recruiter_id=7051)

    row = harvest.get("application_stages", application_ids=made["id"], current="true")[0]

    assert made["stage_id"] == row["id"] != screen
    assert (made["job_interview_stage_id"], made["stage_name"]) == (screen, "Phone Screen")
    assert (made["status"], made["source_id"], made["recruiter_id"]) == ("in_process", 301, 7051)
    assert [row["id"] for row in harvest.get("applications", status="active")] == [made["id"]]


@pytest.mark.parametrize("cas", ["row", "definition", "either"])
def test_a_move_compares_and_swaps(harvest: Harvest, cas: str) -> None:
    harvest.sandbox.act("greenhouse", "settings", cas=cas)
    by_name = stages(harvest)
    made = harvest.apply(harvest.create())
    present = {"row": made["stage_id"], "definition": made["job_interview_stage_id"], "either": made["stage_id"]}[cas]

    stale = harvest.post(f"applications/{made['id']}/move", from_stage_id=1, to_stage_id=by_name["Onsite"])
    moved = harvest.post(f"applications/{made['id']}/move", from_stage_id=present, to_stage_id=by_name["Onsite"])
    again = harvest.post(f"applications/{made['id']}/move", from_stage_id=present, to_stage_id=by_name["Offer"])

    assert (stale.status_code, moved.status_code, moved.content) == (422, 204, b"")
    assert again.status_code == 422
    assert harvest.application(made["id"])["stage_name"] == "Onsite"
    history = harvest.get("application_stages", application_ids=made["id"])
    assert [row["current"] for row in history] == [True, False]


def test_reject_unreject_and_hire_guard_themselves(harvest: Harvest) -> None:
    made = harvest.apply(harvest.create(), job_id=DESIGNER)
    path = f"applications/{made['id']}"

    assert harvest.post(f"{path}/reject", rejection_reason_id=401).status_code == 204
    assert harvest.post(f"{path}/reject").status_code == 422
    assert harvest.application(made["id"])["stage_name"] == "Application Review"
    assert harvest.post(f"{path}/unreject").status_code == 204
    assert harvest.post(f"{path}/hire").status_code == 422
    opening = harvest.get("openings", job_ids=DESIGNER, open="true")[0]["id"]
    assert harvest.post(f"{path}/hire", opening_id=opening).status_code == 204
    assert harvest.application(made["id"])["status"] == "hired"
    assert len(harvest.get("openings", job_ids=DESIGNER, open="true")) == 1


def test_a_merge_deletes_the_loser_and_collapses_the_same_job(harvest: Harvest, receiver: Receiver) -> None:
    survivor, loser = harvest.create("Ida"), harvest.create("Ida", email_addresses=[{"value": "i@x.test"}])
    kept, lost = harvest.apply(survivor), harvest.apply(loser)
    moved = harvest.apply(loser, job_id=DESIGNER)
    hooked(harvest.sandbox, receiver)

    merged = harvest.post(f"candidates/{survivor}/merge", secondary_candidate_id=loser)

    assert merged.status_code == 200
    assert merged.json()["email_addresses"][0]["value"] == "i@x.test"
    assert harvest.get("candidates", ids=loser) == []
    assert {row["id"] for row in harvest.get("applications", candidate_ids=survivor)} == {kept["id"], moved["id"]}
    harvest.sandbox.wait_for(lambda: len(receiver.got) == 2)
    assert sorted(actions(receiver)) == ["delete_application", "merge_candidate"]
    payloads = {json.loads(body)["action"]: json.loads(body)["payload"] for _, body in receiver.got}
    assert payloads["merge_candidate"]["person"]["new_candidate_id"] == survivor
    assert payloads["delete_application"]["application"]["id"] == lost["id"]


def test_without_a_merge_hook_the_delete_hook_speaks_for_the_loser(harvest: Harvest, receiver: Receiver) -> None:
    survivor, loser = harvest.create(), harvest.create()
    harvest.apply(loser)
    hooked(harvest.sandbox, receiver, actions=["delete_candidate"])

    harvest.post(f"candidates/{survivor}/merge", secondary_candidate_id=loser)

    harvest.sandbox.wait_for(lambda: receiver.got)
    person = json.loads(receiver.got[0][1])["payload"]["person"]
    assert (person["id"], person["deleted_application_ids"]) == (loser, [])


def test_delete_takes_the_applications_and_anonymize_wipes(harvest: Harvest, receiver: Receiver) -> None:
    gone, hidden = harvest.create(), harvest.create(company="Contoso")
    application = harvest.apply(gone)
    hooked(harvest.sandbox, receiver)

    assert harvest.call("DELETE", f"candidates/{gone}").status_code == 204
    wiped = harvest.call("PATCH", f"candidates/{hidden}/anonymize", json={"fields": ["full_name", "email_addresses"]})

    assert wiped.json()["first_name"] == "Anonymized"
    assert harvest.get("applications", ids=application["id"]) == []
    harvest.sandbox.wait_for(lambda: len(receiver.got) == 2)
    assert sorted(actions(receiver)) == ["candidate_anonymized", "delete_candidate"]


def test_a_new_person_is_invisible_for_a_while(harvest: Harvest) -> None:
    harvest.sandbox.act("greenhouse", "settings", visible_after=30)
    number = harvest.create()

    assert harvest.get("candidates", ids=number) == []
    assert harvest.post("applications", candidate_id=number, job_id=ENGINEER).status_code == 403
    harvest.sandbox.clock(advance=30)
    assert [row["id"] for row in harvest.get("candidates", ids=number)] == [number]
    assert harvest.post("applications", candidate_id=number, job_id=ENGINEER).status_code == 201


def test_the_lag_fault_hides_one_create(harvest: Harvest) -> None:
    harvest.sandbox.fault("greenhouse", "lag", match="POST /greenhouse/v3/candidates", seconds=60)

    hidden, seen = harvest.create("A"), harvest.create("B")

    assert [row["id"] for row in harvest.get("candidates", ids=f"{hidden},{seen}")] == [seen]


def test_notes_have_their_own_spellings_and_are_written_once(harvest: Harvest) -> None:
    body = {"candidate_id": harvest.create(), "user_id": 7051, "body": "Met at the fair"}

    note = harvest.post("notes", **body, visibility="private")

    assert note.json()["visibility"] == "privately_visible"
    assert harvest.post("notes", **body, note_type="LINKEDIN_NOTE").status_code == 422
    assert harvest.post("notes", **body, note_type="EMAIL").status_code == 422
    assert harvest.post("notes", **body, subject="Hello").status_code == 422
    assert harvest.call("DELETE", f"notes/{note.json()['id']}").status_code == 404


def test_private_people_and_confidential_jobs_hide_from_who_may_not_see(sandbox: Sandbox) -> None:
    admin = {"id": 7061, "name": "Pat Lee", "email": "pat@northwind.test", "sees_private": False}
    jobs = [*TWO_JOBS["jobs"], {"name": "Secret", "requisition_id": "R-3", "confidential": True}]
    sandbox.reset({"greenhouse": {"jobs": jobs, "users": [admin]}})
    whole, pat = Harvest(sandbox), Harvest(sandbox, sub="7061")
    whole.create(is_private=True)

    assert (len(whole.get("jobs")), len(pat.get("jobs"))) == (3, 2)
    assert (len(whole.get("candidates")), len(pat.get("candidates"))) == (1, 0)


# --- webhooks


def test_the_signature_covers_the_exact_escaped_bytes(harvest: Harvest, receiver: Receiver) -> None:
    hooked(harvest.sandbox, receiver)
    person = harvest.create("Zoë <b>")
    harvest.apply(person)

    harvest.sandbox.wait_for(lambda: receiver.got)
    headers, body = receiver.got[0]

    assert b"Zo\xc3\xab \\u003cb\\u003e" in body
    expected = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    assert headers["Signature"] == f"sha256 {expected}"
    assert headers["Greenhouse-Event-ID"]
    told = json.loads(body)
    assert told["action"] == "new_candidate_application"
    application = told["payload"]["application"]
    assert (application["status"], application["current_stage"]["name"]) == ("active", "Application Review")
    assert application["candidate"]["id"] == person


def test_api_writes_and_hands_echo_alike(harvest: Harvest, receiver: Receiver) -> None:
    made = harvest.apply(harvest.create())
    hooked(harvest.sandbox, receiver)

    target = stages(harvest)["Onsite"]
    harvest.post(f"applications/{made['id']}/move", from_stage_id=made["stage_id"], to_stage_id=target)
    harvest.sandbox.act("greenhouse", "reject", application_id=made["id"])
    harvest.sandbox.act("greenhouse", "unreject", application_id=made["id"])
    harvest.sandbox.act("greenhouse", "hire", application_id=made["id"])

    harvest.sandbox.wait_for(lambda: len(receiver.got) == 4)
    assert sorted(actions(receiver)) == [
        "candidate_stage_change", "hire_candidate", "reject_candidate", "unreject_candidate",
    ]  # fmt: skip


def test_a_failed_ping_disables_the_hook(harvest: Harvest, receiver: Receiver) -> None:
    receiver.statuses = [202]

    harvest.sandbox.act("greenhouse", "set_webhook", url=receiver.url, secret=SECRET)

    harvest.sandbox.wait_for(lambda: not harvest.sandbox.state("greenhouse")["webhooks"][0]["enabled"])
    assert actions(receiver) == ["ping"]
    harvest.sandbox.act("greenhouse", "set_webhook", url=receiver.url, secret=SECRET)
    harvest.sandbox.wait_for(lambda: len(receiver.got) == 2)
    assert harvest.sandbox.state("greenhouse")["webhooks"][0]["enabled"]


def test_anything_but_200_is_tried_seven_times(harvest: Harvest, receiver: Receiver) -> None:
    harvest.sandbox.act("greenhouse", "settings", retry_scale=0.000001)
    receiver.statuses = [204, 500, 202, 401, 503, 302, 500]
    hooked(harvest.sandbox, receiver)

    harvest.sandbox.act("greenhouse", "apply", first_name="Ida", last_name="Vega")

    harvest.sandbox.wait_for(lambda: harvest.sandbox.deliveries("greenhouse")[0]["state"] == "given up")
    assert len(receiver.got) == 7
    assert len({headers["Greenhouse-Event-ID"] for headers, _ in receiver.got}) == 1


def test_deliveries_can_come_twice_and_out_of_order(harvest: Harvest, receiver: Receiver) -> None:
    hooked(harvest.sandbox, receiver)
    harvest.sandbox.fault("greenhouse", "duplicate", match="new_candidate_application")
    harvest.sandbox.fault("greenhouse", "reorder", match="new_candidate_application", seconds=0.3)

    done = harvest.sandbox.act("greenhouse", "apply", first_name="Ida", last_name="Vega")
    harvest.sandbox.act("greenhouse", "move", application_id=done["application"]["id"], stage="Onsite")

    harvest.sandbox.wait_for(lambda: len(receiver.got) == 3)
    assert actions(receiver) == ["candidate_stage_change", *["new_candidate_application"] * 2]


# --- what people do in the catalogue


def test_stages_are_renamed_added_removed_and_jobs_closed(harvest: Harvest, receiver: Receiver) -> None:
    made = harvest.apply(harvest.create())
    hooked(harvest.sandbox, receiver)

    harvest.sandbox.act("greenhouse", "rename_stage", job_id=ENGINEER, stage="Onsite", name="On-site day")
    harvest.sandbox.act("greenhouse", "add_stage", job_id=ENGINEER, name="Board")
    harvest.sandbox.act("greenhouse", "remove_stage", job_id=ENGINEER, stage="Application Review")
    harvest.sandbox.act("greenhouse", "close_job", job_id=ENGINEER)

    assert {"On-site day", "Board"} <= set(stages(harvest))
    assert "Application Review" not in stages(harvest)
    assert harvest.application(made["id"])["stage_name"] == "Phone Screen"
    assert harvest.get("jobs", status="closed")[0]["id"] == ENGINEER
    assert harvest.post("applications", candidate_id=made["candidate_id"], job_id=ENGINEER).status_code == 422
    harvest.sandbox.wait_for(lambda: len(receiver.got) == 3)
    assert sorted(actions(receiver)) == ["candidate_stage_change", "job_interview_stage_deleted", "job_updated"]


def test_the_default_scenario_has_two_jobs_and_three_people(sandbox: Sandbox) -> None:
    state = sandbox.state("greenhouse")

    assert len(state["jobs"]) == 2
    assert len(state["candidates"]) == len(state["applications"]) == 3
    per_job = [row["name"] for row in state["job_interview_stages"] if row["job_id"] == state["jobs"][0]["id"]]
    assert len(per_job) == 6
    assert {"Application Review", "Phone Screen", "Onsite", "Offer"} <= set(per_job)
    assert [row["primary_email"] for row in state["users"] if row["id"] == 7051] == ["ada.byrne@northwind.test"]
