"""The imitated Lever against the checklist of what the real one does, over real HTTP."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.sandbox.conftest import Receiver
from tests.sandbox_process import Sandbox

KEY, PLAIN_KEY = "sandbox-lever-key", "sandbox-lever-plain-key"
CLIENT = {"client_id": "sandbox-lever-client", "client_secret": "sandbox-lever-secret"}
AUDIENCE = "https://api.lever.co/v1/"
BACK = "https://portal.test/back"
SCOPES = "offline_access opportunities:write:admin postings:read:admin"
SECRET = "s3cret"
NOBODY = "00000000-0000-4000-8000-000000000000"
UNLIMITED = {"rate": 10_000, "burst": 10_000}


class Lever:
    """A caller with a key, or with whatever header it is given."""

    def __init__(self, sandbox: Sandbox, *, key: str = KEY, header: str = "") -> None:
        self.sandbox = sandbox
        auth = {"headers": {"authorization": header}} if header else {"auth": (key, "")}
        self.http = httpx.Client(base_url=f"{sandbox.base}/lever/v1", timeout=10, trust_env=False, **auth)

    def get(self, path: str, **asked: Any) -> httpx.Response:
        return self.http.get(f"/{path}", params=asked)

    def data(self, path: str, **asked: Any) -> Any:
        answer = self.get(path, **asked)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    def post(self, path: str, body: Any, **asked: Any) -> httpx.Response:
        return self.http.post(f"/{path}", json=body, params=asked)

    def put(self, path: str, body: Any, **asked: Any) -> httpx.Response:
        return self.http.put(f"/{path}", json=body, params=asked)

    @property
    def user(self) -> str:
        return str(self.sandbox.state("lever")["users"][0]["id"])

    def create(self, name: str = "Ida Vega", **body: Any) -> dict[str, Any]:
        answer = self.post("opportunities", {"name": name, **body}, perform_as=self.user)
        assert answer.status_code == 201, answer.text
        return dict(answer.json()["data"])

    def posting(self, number: int = 0) -> str:
        return str(self.sandbox.state("lever")["postings"][number]["id"])

    def reason(self, kind: str) -> str:
        return str(self.data("archive_reasons", type=kind)[0]["id"])

    def hook(self, receiver: Receiver, *events: str) -> None:
        more = {"events": list(events)} if events else {}
        self.sandbox.act("lever", "set_webhook", url=receiver.url, secret=SECRET, **more)

    def told(self, receiver: Receiver, count: int) -> list[dict[str, Any]]:
        self.sandbox.wait_for(lambda: len(receiver.got) >= count)
        return [json.loads(body) for _, body in receiver.got]


@pytest.fixture
def lever(sandbox: Sandbox) -> Lever:
    sandbox.act("lever", "settings", **UNLIMITED)
    return Lever(sandbox)


def authorize(sandbox: Sandbox, **more: str) -> httpx.Response:
    asked = {"client_id": CLIENT["client_id"], "response_type": "code", "redirect_uri": BACK, "state": "x"}
    return sandbox.http.get("/lever/authorize", params={**asked, "scope": SCOPES, "audience": AUDIENCE, **more})


def token(sandbox: Sandbox, **form: str) -> httpx.Response:
    return sandbox.http.post("/lever/oauth/token", data={**CLIENT, **form})


def grant(sandbox: Sandbox, **more: str) -> dict[str, Any]:
    code = parse_qs(urlsplit(authorize(sandbox, **more).headers["location"]).query)["code"][0]
    return dict(token(sandbox, grant_type="authorization_code", code=code, redirect_uri=BACK).json())


# --- who asks


def test_a_key_is_the_user_of_basic_and_an_unknown_one_gets_401(lever: Lever) -> None:
    assert lever.get("stages").status_code == 200
    refused = Lever(lever.sandbox, key="another").get("stages")
    assert (refused.status_code, refused.json()["code"]) == (401, "Unauthorized")


def test_consent_needs_the_audience_and_a_code_is_good_for_once(sandbox: Sandbox) -> None:
    assert authorize(sandbox, audience="").status_code == 403
    back = authorize(sandbox)
    code = parse_qs(urlsplit(back.headers["location"]).query)["code"][0]
    asked = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK}

    first, second = token(sandbox, **asked), token(sandbox, **asked)

    assert (back.status_code, first.status_code, second.status_code) == (302, 200, 403)
    assert (first.json()["token_type"], first.json()["expires_in"]) == ("Bearer", 3600)


def test_a_refresh_token_needs_its_scope_rotates_and_dies_unused_after_90_days(sandbox: Sandbox) -> None:
    assert "refresh_token" not in grant(sandbox, scope="postings:read:admin")
    first = grant(sandbox)["refresh_token"]
    asked = {"grant_type": "refresh_token"}

    second = token(sandbox, refresh_token=first, **asked).json()["refresh_token"]
    used = token(sandbox, refresh_token=first, **asked)
    sandbox.clock(advance=91 * 86_400)
    idle = token(sandbox, refresh_token=second, **asked)

    assert second != first
    assert (used.status_code, used.json()["error"]) == (403, "invalid_grant")
    assert idle.status_code == 403


def test_an_access_token_lives_an_hour_and_holds_its_scopes(sandbox: Sandbox) -> None:
    mine = Lever(sandbox, header=f"Bearer {grant(sandbox)['access_token']}")

    assert mine.get("opportunities").status_code == 200, "a write scope reads too"
    assert mine.get("users").status_code == 403
    sandbox.clock(advance=3601)
    assert mine.get("opportunities").status_code == 401


def test_a_key_holds_only_the_permissions_that_it_was_made_with(sandbox: Sandbox) -> None:
    sandbox.reset({"lever": {"keys": [{"key": "narrow", "scopes": ["postings:read:admin"]}]}})
    narrow = Lever(sandbox, key="narrow")

    assert narrow.get("postings").status_code == 200
    assert narrow.get("opportunities").json()["code"] == "ForbiddenError"


# --- lists


def test_a_page_has_an_envelope_at_most_100_rows_and_an_opaque_offset(sandbox: Sandbox) -> None:
    people = [{"first_name": "Ann", "last_name": f"Number {number}"} for number in range(103)]
    sandbox.reset({"lever": {"candidates": people, "settings": UNLIMITED}})
    lever = Lever(sandbox)

    first = lever.get("opportunities").json()
    rest = lever.get("opportunities", offset=first["next"]).json()

    assert (len(first["data"]), first["hasNext"], len(rest["data"]), rest["hasNext"]) == (100, True, 3, False)
    assert "next" not in rest and not first["next"].isdecimal()
    assert len({row["id"] for row in [*first["data"], *rest["data"]]}) == 103
    assert lever.get("opportunities", limit=101).status_code == 400
    assert set(lever.get(f"opportunities/{first['data'][0]['id']}").json()) == {"data"}
    assert first["data"][0]["createdAt"] > 1_700_000_000_000


@pytest.mark.parametrize("spoil", ["number", "other question", "too late"])
def test_an_offset_that_is_none_is_told_in_the_words_that_clients_look_for(lever: Lever, spoil: str) -> None:
    lever.sandbox.act("lever", "settings", offset_seconds=60)
    offset = lever.get("opportunities", limit=1).json()["next"]
    asked: dict[str, Any] = {"limit": 1, "offset": "100" if spoil == "number" else offset}
    if spoil == "other question":
        asked["archived"] = "false"
    if spoil == "too late":
        assert lever.get("opportunities", **asked).status_code == 200
        lever.sandbox.clock(advance=61)

    answer = lever.get("opportunities", **asked)

    assert answer.status_code == 400
    assert "Invalid offset token" in answer.json()["message"]


def test_include_excludes_and_expand_adds_and_wins(lever: Lever) -> None:
    lever.create(postings=[lever.posting()])

    included = lever.data("opportunities", include="name")[0]
    expanded = lever.data("opportunities", expand="contact,applications")[0]
    both = lever.data("opportunities", include="name", expand="contact")[0]

    assert set(included) == {"id", "name"}
    assert expanded["contact"]["name"] == "Ida Vega" and expanded["applications"][0]["posting"] == lever.posting()
    assert "stage" in expanded and set(both) == {"id", "name", "contact"}


def test_a_filter_that_is_repeated_unites(lever: Lever) -> None:
    people = [lever.create(f"Ida {name}") for name in ("One", "Two", "Three")]
    wanted = [people[0]["contact"], people[2]["contact"]]

    found = lever.data("opportunities", contact_id=wanted)

    assert {row["contact"] for row in found} == set(wanted)


def test_what_is_confidential_is_shown_to_who_asks_with_a_key_born_with_access(lever: Lever) -> None:
    hidden = lever.sandbox.act("lever", "create_opportunity", first_name="Ida", last_name="Vega", confidential=True)
    key = hidden["opportunity"]["id"]
    plain = Lever(lever.sandbox, key=PLAIN_KEY)

    def shown(one: Lever, **asked: Any) -> bool:
        return key in {row["id"] for row in one.data("opportunities", **asked)}

    assert (shown(lever), shown(lever, confidentiality="all")) == (False, True)
    assert (shown(plain), shown(plain, confidentiality="all")) == (False, False)
    assert (lever.get(f"opportunities/{key}").status_code, plain.get(f"opportunities/{key}").status_code) == (200, 404)
    assert plain.put(f"opportunities/{key}/stage", {"stage": NOBODY}).status_code == 404


def test_postings_hide_the_internal_site_and_mix_deltas_with_confidentiality_alone(sandbox: Sandbox) -> None:
    jobs = [{"name": "Public"}, {"name": "Inside", "channels": ["internal"]}, {"name": "Secret", "confidential": True}]
    sandbox.reset({"lever": {"jobs": jobs, "settings": UNLIMITED}})
    lever = Lever(sandbox)

    def names(**asked: Any) -> set[str]:
        return {row["text"] for row in lever.data("postings", **asked)}

    assert names() == {"Public"}
    assert names(distributionChannel=["public", "internal"]) == {"Public", "Inside"}
    assert names(confidentiality="all", updated_at_start=0) == {"Public", "Secret"}
    assert names(team="product") == set(), "categories are told apart by case"
    assert lever.get("postings", updated_at_start=0, state="published").status_code == 400


def test_an_old_record_has_no_time_of_change_and_the_older_shape_until_somebody_changes_it(sandbox: Sandbox) -> None:
    sandbox.reset({"lever": {"candidates": [{"first_name": "Old", "last_name": "Hand", "old": True}]}})
    lever = Lever(sandbox)
    key = lever.data("opportunities")[0]["id"]
    assert lever.data(f"opportunities/{key}")["updatedAt"] is None
    assert lever.data("opportunities", updated_at_start=0) == []

    lever.sandbox.act("lever", "reject", opportunity_id=key)
    row = lever.data(f"opportunities/{key}")

    kept = lever.sandbox.state("lever")["opportunities"][0]["archived"]
    assert "archived" not in row
    assert (row["archivedAt"], row["archiveReason"]) == (kept["archivedAt"], kept["reason"])
    assert [one["id"] for one in lever.data("opportunities", updated_at_start=0)] == [key]


def test_an_error_has_a_code_and_a_message_and_a_malformed_id_is_a_404_too(lever: Lever) -> None:
    for key in (NOBODY, "not-an-id"):
        answer = lever.get(f"opportunities/{key}")
        assert answer.status_code == 404
        assert answer.json() == {"code": "ResourceNotFound", "message": f"opportunities {key} was not found"}


def test_deleted_opportunities_are_listed_from_a_moment_and_candidates_is_an_old_name(lever: Lever) -> None:
    one = lever.create()
    assert lever.data(f"candidates/{one['id']}") == lever.data(f"opportunities/{one['id']}")

    lever.sandbox.act("lever", "delete", opportunity_id=one["id"])
    now = lever.sandbox.state("lever")["deleted"][0]["deletedAt"]

    assert [row["id"] for row in lever.data("opportunities/deleted", deleted_at_start=now)] == [one["id"]]
    assert lever.data("opportunities/deleted", deleted_at_start=now + 1) == []


# --- the bucket


def test_ten_a_second_and_twenty_at_once_then_a_bare_429(sandbox: Sandbox) -> None:
    sandbox.clock(now="2026-11-25T09:00:00Z")
    lever = Lever(sandbox)

    statuses = [lever.get("stages") for _ in range(21)]
    sandbox.clock(advance=1)
    after = [lever.get("stages").status_code for _ in range(11)]
    sandbox.clock(mode="real")

    assert [answer.status_code for answer in statuses] == [*[200] * 20, 429]
    assert not {"retry-after", "x-ratelimit-remaining", "x-ratelimit-reset"} & {*statuses[-1].headers}
    assert after == [*[200] * 10, 429]
    assert Lever(sandbox, key=PLAIN_KEY).get("stages").status_code == 200, "each key has its own"


# --- creating


def test_a_create_names_its_user_and_one_posting_at_most(lever: Lever) -> None:
    assert lever.post("opportunities", {"name": "Ida Vega"}).status_code == 400
    assert lever.post("opportunities", {"name": "Ida"}, perform_as=NOBODY).status_code == 404
    two = {"name": "Ida", "postings": [lever.posting(0), lever.posting(1)]}
    assert lever.post("opportunities", two, perform_as=lever.user).status_code == 400
    assert lever.create()["stage"] == lever.data("stages")[0]["id"], "New Lead, unless told"


def test_a_deactivated_user_may_still_be_named(lever: Lever) -> None:
    lever.sandbox.act("lever", "deactivate_user", user_id=lever.user)

    made = lever.create()

    assert made["owner"] == lever.user
    assert lever.user not in {row["id"] for row in lever.data("users")}
    assert lever.user in {row["id"] for row in lever.data("users", includeDeactivated="true")}


def test_a_known_mail_address_is_another_opportunity_of_who_is_there_and_older_data_wins(lever: Lever) -> None:
    first = lever.create("Ida Vega", emails=["ida.vega@gmail.com"], headline="Engineer")

    second = lever.create(
        "Ida Vega-Ruiz", emails=["IDAVEGA+jobs@gmail.com"], headline="Director", links=["https://x.test"]
    )

    assert second["id"] != first["id"] and second["contact"] == first["contact"]
    assert (second["name"], second["headline"], second["links"]) == ("Ida Vega", "Engineer", [])


def test_without_a_mail_address_nobody_is_matched(lever: Lever) -> None:
    assert lever.create("Ida Vega")["contact"] != lever.create("Ida Vega")["contact"]


def test_a_contact_that_is_named_gets_what_is_sent(lever: Lever) -> None:
    first = lever.create("Ida Vega", emails=["ida@mail.test"])

    second = lever.create("Ida Vega", contact=first["contact"], emails=["vega@mail.test"], links=["https://x.test"])

    assert second["contact"] == first["contact"]
    assert second["emails"] == ["ida@mail.test", "vega@mail.test"] and second["links"] == ["https://x.test"]


def test_links_are_the_contacts_and_its_own_record_does_not_show_them(lever: Lever) -> None:
    first = lever.create("Ida Vega", emails=["ida@mail.test"])
    second = lever.create("Ida Vega", emails=["ida@mail.test"])

    lever.post(f"opportunities/{first['id']}/addLinks", {"links": ["https://x.test"]})

    assert lever.data(f"opportunities/{second['id']}")["links"] == ["https://x.test"]
    assert "links" not in lever.data(f"contacts/{first['contact']}")


# --- stages and ends


def test_a_move_is_compared_with_nothing_and_noted_with_its_user(lever: Lever) -> None:
    one, stages = lever.create(), [row["id"] for row in lever.data("stages")]

    for stage in (stages[-1], stages[1]):
        assert lever.put(f"opportunities/{one['id']}/stage", {"stage": stage}, perform_as=lever.user).status_code == 200

    changes = lever.data(f"opportunities/{one['id']}")["stageChanges"]
    assert [change["toStageId"] for change in changes] == [stages[0], stages[-1], stages[1]]
    assert {change["userId"] for change in changes} == {lever.user}


def test_one_endpoint_rejects_hires_and_brings_back_and_the_stage_stays(lever: Lever) -> None:
    one = lever.create(postings=[lever.posting()])
    requisition = lever.data("requisitions")[-1]
    path = f"opportunities/{one['id']}/archived"

    def hired() -> int:
        rows = {row["id"]: row for row in lever.data("requisitions")}
        return int(rows[requisition["id"]]["headcountHired"])

    rejected = lever.put(path, {"reason": lever.reason("non-hired"), "cleanInterviews": True}).json()["data"]
    back = lever.put(path, {"reason": None}).json()["data"]
    taken = lever.put(path, {"reason": lever.reason("hired"), "requisitionId": requisition["id"]}).json()["data"]

    assert rejected["archived"]["reason"] == lever.reason("non-hired") and back["archived"] is None
    assert taken["archived"]["archivedAt"] and hired() == 1
    assert {rejected["stage"], back["stage"], taken["stage"]} == {one["stage"]}
    assert lever.put(path, {}).status_code == 400
    lever.put(path, {"reason": None})
    assert hired() == 0


@pytest.mark.parametrize("obstacle", ["requisition closed", "offer unsigned", "several applications"])
def test_a_hire_fails_in_three_ways(lever: Lever, obstacle: str) -> None:
    one, requisition = lever.create(postings=[lever.posting()]), lever.data("requisitions")[0]["id"]
    if obstacle == "requisition closed":
        lever.sandbox.act("lever", "close_requisition", requisition_id=requisition)
    elif obstacle == "offer unsigned":
        lever.sandbox.act("lever", "offer", opportunity_id=one["id"])
    else:
        lever.sandbox.act("lever", "add_application", opportunity_id=one["id"], job_id=lever.posting(1))

    wish = {"reason": lever.reason("hired"), "requisitionId": requisition}
    answer = lever.put(f"opportunities/{one['id']}/archived", wish)

    assert answer.status_code == 400
    assert lever.data(f"opportunities/{one['id']}")["archived"] is None


# --- notes, merges


def test_only_notes_of_the_api_can_be_changed_and_an_answer_joins_its_thread(lever: Lever) -> None:
    one = lever.create()
    path = f"opportunities/{one['id']}/notes"
    by_hand = lever.sandbox.act("lever", "add_note", opportunity_id=one["id"], value="Called.")["note"]

    made = lever.post(path, {"value": "Seen.", "createdAt": 1_700_000_000_000}).json()["data"]["noteId"]
    lever.post(path, {"value": "And again."}, note_id=made)

    notes = {note["id"]: note for note in lever.data(path)}
    assert [field["value"] for field in notes[made]["fields"]] == ["Seen.", "And again."]
    assert (notes[made]["createdAt"], notes[made]["user"]) == (1_700_000_000_000, None)
    assert lever.put(f"{path}/{by_hand['id']}", {"values": ["No."]}).status_code == 403
    lever.put(f"{path}/{made}", {"values": ["Anew."]})
    assert [field["value"] for field in lever.data(path)[-1]["fields"]] in (["Anew."], ["Called."])
    assert lever.http.delete(f"/{path}/{made}").status_code == 204
    assert [note["id"] for note in lever.data(path)] == [by_hand["id"]]


def test_a_merge_by_hand_repoints_the_losers_opportunities_and_tells_nobody(lever: Lever, receiver: Receiver) -> None:
    winner, loser = lever.create("Ida Vega", emails=["ida@mail.test"]), lever.create("Ida Vega")
    lever.hook(receiver)

    lever.sandbox.act("lever", "merge", contact_id=winner["contact"], loser_contact_id=loser["contact"])
    lever.sandbox.act("lever", "move", opportunity_id=winner["id"], stage="Offer")

    assert lever.data(f"opportunities/{loser['id']}")["contact"] == winner["contact"]
    assert lever.get(f"contacts/{loser['contact']}").status_code == 404
    assert [one["event"] for one in lever.told(receiver, 1)] == ["candidateStageChange"]


# --- webhooks


def test_the_signature_is_in_the_body_and_covers_token_and_time_alone(lever: Lever, receiver: Receiver) -> None:
    one = lever.create(postings=[lever.posting()])
    lever.hook(receiver)

    lever.sandbox.act("lever", "move", opportunity_id=one["id"], stage="Offer")
    (told,) = lever.told(receiver, 1)

    message = f"{told['token']}{told['triggeredAt']}".encode()
    assert told["signature"] == hmac.new(SECRET.encode(), message, hashlib.sha256).hexdigest()
    assert len(told["token"]) == 48
    assert receiver.got[0][0]["User-Agent"] == "Lever-Webhooks"
    assert not [name for name in receiver.got[0][0] if "signature" in name.lower()]
    assert set(told["data"]) == {"opportunityId", "candidateId", "contactId", "fromStageId", "toStageId"}
    assert told["data"]["candidateId"] != told["data"]["opportunityId"] == one["id"]


def test_without_a_signing_token_there_is_no_signature_at_all(lever: Lever, receiver: Receiver) -> None:
    lever.sandbox.act("lever", "settings", signed=False)
    lever.hook(receiver)

    lever.create(postings=[lever.posting()])

    assert all("signature" not in one and "token" not in one for one in lever.told(receiver, 2))


def test_a_hire_is_told_as_a_hire_and_as_an_archive_change_and_our_own_writes_are_told(
    lever: Lever, receiver: Receiver
) -> None:
    one = lever.create(postings=[lever.posting()])
    lever.hook(receiver)

    lever.put(f"opportunities/{one['id']}/archived", {"reason": lever.reason("hired")})

    told = lever.told(receiver, 2)
    assert sorted(one["event"] for one in told) == ["candidateArchiveChange", "candidateHired"]
    change = next(one["data"] for one in told if one["event"] == "candidateArchiveChange")
    assert change["fromArchived"] is None and change["toArchived"]["reason"] == lever.reason("hired")


def test_someone_without_an_application_is_told_by_no_event_but_the_contacts(lever: Lever, receiver: Receiver) -> None:
    lever.hook(receiver)

    lever.create()
    lever.post("postings/" + lever.posting() + "/apply", {"name": "Max Roe"})

    assert [one["event"] for one in lever.told(receiver, 3)].count("applicationCreated") == 1


def test_a_webhook_made_by_the_api_answers_doubly_nested_and_is_deleted(lever: Lever, receiver: Receiver) -> None:
    conditions = {"conditions": {"origins": ["applied"]}}
    wish = {"url": receiver.url, "event": "candidateStageChange", "configuration": conditions}

    made = lever.post("webhooks", wish)
    hook = made.json()["data"]["data"]
    one = lever.create(postings=[lever.posting()])
    lever.sandbox.act("lever", "move", opportunity_id=one["id"], stage="Offer")

    assert (made.status_code, hook["event"], bool(hook["configuration"]["signatureToken"])) == (
        201,
        "candidateStageChange",
        True,
    )
    assert lever.sandbox.deliveries("lever") == [], "one who was sourced does not fit the condition"
    assert lever.http.delete(f"/webhooks/{hook['id']}").status_code == 204
    assert lever.data("webhooks") == []


def test_a_group_that_is_off_tells_nothing(lever: Lever, receiver: Receiver) -> None:
    lever.sandbox.act("lever", "settings", groups=["candidateHired"])
    lever.hook(receiver)
    one = lever.create(postings=[lever.posting()])

    lever.sandbox.act("lever", "hire", opportunity_id=one["id"])

    assert [one["event"] for one in lever.told(receiver, 1)] == ["candidateHired"]
    assert len(lever.sandbox.deliveries("lever")) == 1


def test_anything_but_a_success_is_tried_five_times_more_and_a_rerun_is_the_same_thing(
    lever: Lever, receiver: Receiver
) -> None:
    lever.sandbox.act("lever", "settings", retry_scale=0.000001)
    receiver.statuses = [302, 500, 404, 429, 301, 503]
    one = lever.create()
    lever.hook(receiver, "candidateStageChange")

    lever.sandbox.act("lever", "move", opportunity_id=one["id"], stage="Offer")
    lever.sandbox.wait_for(lambda: lever.sandbox.deliveries("lever")[0]["state"] == "given up")
    tries = len(receiver.got)
    receiver.statuses = [204]
    lever.sandbox.act("lever", "rerun")
    lever.sandbox.wait_for(lambda: lever.sandbox.deliveries("lever")[1]["state"] == "delivered")

    assert (tries, len(receiver.got)) == (6, 7)
    assert len({body for _, body in receiver.got}) == 1
