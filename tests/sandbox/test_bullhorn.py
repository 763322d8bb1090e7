"""The imitated Bullhorn against the checklist of what the real one does, over real HTTP."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.sandbox_process import Sandbox

USER, PASSWORD = "northwind.api", "sandbox-password"
CLIENT = {"client_id": "sandbox-bullhorn-client", "client_secret": "sandbox-bullhorn-secret"}
API_USER, RECRUITER = "7050", "7052"
ENGINEER, DESIGNER = 4001, 4002
ALL = "id:[1 TO *]"
EVENTS = {
    "type": "entity",
    "names": "Candidate,JobSubmission,JobOrder,Note",
    "eventTypes": "INSERTED,UPDATED,DELETED",
}


class Rest:
    """A session, from the login dance."""

    def __init__(self, sandbox: Sandbox, ttl: int = 60) -> None:
        self.sandbox = sandbox
        self.grant = token(sandbox, grant_type="authorization_code", code=code_of(authorize(sandbox))).json()
        self.session = login(sandbox, self.grant["access_token"], ttl=ttl).json()
        self.http = httpx.Client(timeout=10, trust_env=False)

    def call(self, method: str, path: str, **more: Any) -> httpx.Response:
        headers = {"BhRestToken": self.session["BhRestToken"]}
        return self.http.request(method, f"{self.session['restUrl']}{path}", headers=headers, **more)

    def data(self, path: str, **params: Any) -> Any:
        answer = self.call("GET", path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    def put(self, entity: str, **body: Any) -> httpx.Response:
        return self.call("PUT", f"entity/{entity}", json=body)

    def create(self, first: str = "Ida", **more: Any) -> int:
        answer = self.put("Candidate", firstName=first, lastName="Vega", name=f"{first} Vega", **more)
        assert answer.status_code == 200, answer.text
        return int(answer.json()["changedEntityId"])

    def submit(self, candidate: int, job: int = ENGINEER) -> httpx.Response:
        return self.put(
            "JobSubmission",
            candidate={"id": candidate},
            jobOrder={"id": job},
            status="Submitted",
            sendingUser={"id": int(RECRUITER)},
            dateWebResponse=1795600000000,
        )

    def search(self, entity: str, query: str, **params: Any) -> list[dict[str, Any]]:
        return list(self.data(f"search/{entity}", query=query, **params))

    def where(self, entity: str, where: str, **params: Any) -> list[dict[str, Any]]:
        return list(self.data(f"query/{entity}", where=where, **params))

    def fetch(self, **params: Any) -> dict[str, Any] | None:
        answer = self.call("GET", "event/subscription/ours", params={"maxEvents": 100, **params})
        assert answer.status_code == 200, answer.text
        return dict(answer.json()) if answer.content else None


def authorize(sandbox: Sandbox, base: str = "", password: str = PASSWORD, **more: str) -> httpx.Response:
    form = {"client_id": CLIENT["client_id"], "response_type": "code", "action": "Login"}
    form |= {"username": USER, "password": password, **more}
    return httpx.post(f"{base or sandbox.base}/bullhorn/oauth/authorize", data=form, trust_env=False)


def code_of(answer: httpx.Response) -> str:
    assert answer.status_code == 302, answer.text
    return parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]


def token(sandbox: Sandbox, **given: str) -> httpx.Response:
    return sandbox.http.post("/bullhorn/oauth/token", params={**CLIENT, **given})


def login(sandbox: Sandbox, access_token: str, ttl: int = 60) -> httpx.Response:
    asked = {"version": "*", "access_token": access_token, "ttl": ttl}
    return sandbox.http.post("/bullhorn/rest-services/login", params=asked)


@pytest.fixture
def rest(sandbox: Sandbox) -> Rest:
    return Rest(sandbox)


def empty(sandbox: Sandbox) -> Rest:
    sandbox.reset({"bullhorn": {"candidates": []}})
    return Rest(sandbox)


def watch(rest: Rest) -> None:
    answer = rest.call("PUT", "event/subscription/ours", params=EVENTS)
    assert answer.status_code == 200, answer.text


# --- the login dance


def test_login_info_names_the_hosts_of_the_users_data_centre(sandbox: Sandbox) -> None:
    found = sandbox.http.get("/bullhorn/rest-services/loginInfo", params={"username": USER}).json()

    assert {"oauthUrl", "restUrl", "atsUrl", "coreUrl", "novoUrl"} <= set(found)
    assert found["restUrl"].endswith("/rest-services/")


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_right_form_is_redirected_with_a_code(sandbox: Sandbox, method: str) -> None:
    form = {"client_id": CLIENT["client_id"], "response_type": "code", "action": "Login", "state": "s-1"}
    form |= {"username": USER, "password": PASSWORD}
    sent: dict[str, Any] = {"params": form} if method == "GET" else {"data": form}

    answer = sandbox.http.request(method, "/bullhorn/oauth/authorize", **sent)

    told = parse_qs(urlsplit(answer.headers["location"]).query)
    assert answer.status_code == 302
    assert told["client_id"] == [CLIENT["client_id"]] and told["state"] == ["s-1"] and told["code"]


def test_a_wrong_password_unread_terms_and_a_strange_redirect_get_a_page_with_200(sandbox: Sandbox) -> None:
    wrong = authorize(sandbox, password="guess")
    strange = authorize(sandbox, redirect_uri="https://elsewhere.test/")
    sandbox.act("bullhorn", "settings", terms_accepted=False)
    terms = authorize(sandbox)

    for answer in (wrong, strange, terms):
        assert answer.status_code == 200
        assert "location" not in answer.headers
        assert answer.headers["content-type"].startswith("text/html")


def test_another_data_centre_is_a_307_that_names_it(sandbox: Sandbox) -> None:
    sandbox.act("bullhorn", "settings", wrong_data_centre=True)

    moved = authorize(sandbox)
    there = moved.headers["location"]

    assert moved.status_code == 307
    assert urlsplit(there).hostname == "localhost"
    assert authorize(sandbox, base=there.partition("/bullhorn")[0]).status_code == 302


def test_a_code_and_a_refresh_token_are_good_for_once(sandbox: Sandbox) -> None:
    code = code_of(authorize(sandbox))
    first = token(sandbox, grant_type="authorization_code", code=code)
    refreshed = token(sandbox, grant_type="refresh_token", refresh_token=first.json()["refresh_token"])

    assert first.json()["expires_in"] == 600 and first.json()["token_type"] == "Bearer"
    assert token(sandbox, grant_type="authorization_code", code=code).status_code == 400
    assert refreshed.json()["refresh_token"] != first.json()["refresh_token"]
    assert token(sandbox, grant_type="refresh_token", refresh_token=first.json()["refresh_token"]).status_code == 400


def test_an_access_token_lives_ten_minutes(rest: Rest) -> None:
    rest.sandbox.clock(advance=601)

    answer = login(rest.sandbox, rest.grant["access_token"])

    assert answer.status_code == 400
    assert answer.json()["errorMessage"] == "Invalid or expired OAuth access token."


def test_a_session_is_told_by_query_header_or_cookie_and_ends(rest: Rest) -> None:
    address, session = f"{rest.session['restUrl']}ping", rest.session["BhRestToken"]

    by_query = httpx.get(address, params={"BhRestToken": session}, trust_env=False)
    by_cookie = httpx.get(address, headers={"cookie": f"BhRestToken={session}"}, trust_env=False)
    nothing = httpx.get(address, trust_env=False)
    rest.sandbox.clock(advance=3601)
    late = rest.call("GET", "ping")

    assert by_query.json()["sessionExpires"] == by_cookie.json()["sessionExpires"] > 10**12
    assert nothing.status_code == 412
    assert late.status_code == 401
    assert late.json() == {
        "errorMessage": "Bad 'BhRestToken' or timed-out.",
        "errorMessageKey": "errors.authentication.invalidRestToken",
        "errorCode": 401,
    }


def test_a_ttl_is_cut_to_two_days_and_expire_token_ends_a_session_early(sandbox: Sandbox) -> None:
    rest = Rest(sandbox, ttl=100_000)
    sandbox.clock(advance=2880 * 60 + 1)
    assert rest.call("GET", "ping").status_code == 401

    fresh = Rest(sandbox)
    sandbox.fault("bullhorn", "expire_token")
    assert fresh.call("GET", "ping").status_code == 401
    assert fresh.call("GET", "ping").status_code == 401


# --- entities


def test_put_creates_and_post_updates(rest: Rest) -> None:
    made = rest.put("Candidate", name="Ida Vega", firstName="Ida", lastName="Vega")
    number = made.json()["changedEntityId"]
    changed = rest.call("POST", f"entity/Candidate/{number}", json={"occupation": "Pilot"})

    assert made.json()["changeType"] == "INSERT"
    assert changed.json()["changeType"] == "UPDATE"
    assert rest.data(f"entity/Candidate/{number}", fields="occupation,name")["occupation"] == "Pilot"
    assert rest.call("POST", "entity/Candidate", json={"name": "x"}).status_code == 405


def test_without_fields_there_are_ids_only_and_to_one_fields_are_ids(rest: Rest) -> None:
    job = rest.data(f"entity/JobOrder/{ENGINEER}")
    named = rest.data(f"entity/JobOrder/{ENGINEER}", fields="clientCorporation,owner(id,lastName),submissions[1](id)")

    assert job == {"id": ENGINEER}
    assert set(named["clientCorporation"]) == {"id"}
    assert named["owner"]["lastName"]
    assert set(named["submissions"]) == {"total", "data"}


def test_several_ids_give_those_that_are_there_and_404_only_where_none_is(rest: Rest) -> None:
    number = rest.create()

    assert [row["id"] for row in rest.data(f"entity/Candidate/{number},99999")] == [number]
    assert rest.call("GET", "entity/Candidate/99998,99999").status_code == 404
    assert rest.call("GET", "entity/candidate/1").status_code == 404


def test_the_api_never_looks_for_doubles(rest: Rest) -> None:
    first, second = (rest.create(email="ida@mail.test") for _ in range(2))

    assert first != second


def test_a_second_submission_is_a_500_even_where_the_first_was_deleted(rest: Rest) -> None:
    person = rest.create()
    number = rest.submit(person).json()["changedEntityId"]
    again = rest.submit(person)
    rest.call("DELETE", f"entity/JobSubmission/{number}")
    deleted = rest.submit(person)
    restored = rest.call("POST", f"entity/JobSubmission/{number}", json={"isDeleted": False})

    for answer in (again, deleted):
        assert answer.status_code == 500
        assert answer.json()["errors"][0]["type"] == "IMPROPERLY_STRUCTURED_ASSOCIATION"
    assert restored.status_code == 200
    assert rest.submit(person, DESIGNER).status_code == 200


def test_a_delete_only_marks_and_can_be_taken_back(rest: Rest) -> None:
    person = rest.create()

    rest.call("DELETE", f"entity/Candidate/{person}")
    gone = rest.data(f"entity/Candidate/{person}", fields="isDeleted")
    rest.call("POST", f"entity/Candidate/{person}", json={"isDeleted": False})

    assert gone["isDeleted"] is True
    assert rest.data(f"entity/Candidate/{person}", fields="isDeleted")["isDeleted"] is False
    assert rest.call("DELETE", "entity/ClientCorporation/101").status_code == 400


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"firstName": "Ida", "lastName": "Vega"}, "name"),
        ({"name": "Ida Vega", "firstName": "Ida", "lastName": "Vega", "companyURL": "x" * 101}, "companyURL"),
        ({"name": "Ida Vega", "firstName": "Ida", "lastName": "Vega", "owner": {"id": 1}}, "owner"),
        ({"name": "Ida Vega", "firstName": "Ida", "lastName": "Vega", "submissions": [1]}, "submissions"),
    ],
)
def test_what_is_wrong_with_a_record_comes_in_an_envelope(rest: Rest, body: dict[str, Any], field: str) -> None:
    answer = rest.put("Candidate", **body)

    assert answer.status_code == 400
    assert answer.json()["entityName"] == "Candidate"
    assert [one["propertyName"] for one in answer.json()["errors"]] == [field]


def test_unknown_fields_and_a_status_off_the_list_are_refused(rest: Rest) -> None:
    number = rest.submit(rest.create()).json()["changedEntityId"]

    assert rest.put("Candidate", nonsense=1).status_code == 400
    assert rest.call("GET", f"entity/Candidate/{number}", params={"fields": "nonsense"}).status_code in (400, 404)
    assert rest.call("POST", f"entity/JobSubmission/{number}", json={"status": "Sumbitted"}).status_code == 400


def test_a_submission_keeps_the_history_of_its_statuses(rest: Rest) -> None:
    number = rest.submit(rest.create()).json()["changedEntityId"]
    rest.call("POST", f"entity/JobSubmission/{number}", json={"status": "Interview Scheduled"})
    rest.call("POST", f"entity/JobSubmission/{number}", json={"comments": "Called"})

    found = rest.where(
        "JobSubmissionHistory",
        f"jobSubmission.id={number}",
        fields="id,status,dateAdded,modifyingUser(id),transactionID",
        orderBy="dateAdded",
    )

    assert [row["status"] for row in found] == ["Submitted", "Interview Scheduled"]
    assert {str(row["modifyingUser"]["id"]) for row in found} == {API_USER}


def test_the_tenants_lists_are_in_settings_meta_and_options(rest: Rest) -> None:
    settings = rest.call("GET", "settings/jobResponseStatusList,commentActionList").json()
    meta = rest.call("GET", "meta/Candidate", params={"fields": "source", "meta": "full"}).json()

    assert "Submitted" in settings["jobResponseStatusList"] and settings["commentActionList"]
    assert meta["fields"][0]["options"][0]["value"] == "LinkedIn"
    assert rest.data("options/ClientCorporation", count=2)[0]["label"] == "Contoso"


# --- Lucene


def test_lucene_finds_by_field_quotes_groups_wildcards_and_negation(sandbox: Sandbox) -> None:
    rest = empty(sandbox)
    ida = rest.create("Ida", email="ida@mail.test", occupation="Data Engineer")
    ivo = rest.create("Ivo", email2="ivo@mail.test", occupation="Pilot")
    rest.call("DELETE", f"entity/Candidate/{ivo}")

    def found(query: str) -> list[int]:
        return [row["id"] for row in rest.search("Candidate", query, sort="id")]

    assert found('email:"ida@mail.test" AND isDeleted:0') == [ida]
    assert found('(email:"ivo@mail.test" OR email2:"ivo@mail.test") AND isDeleted:false') == []
    assert found('email:("ivo@mail.test" OR "ida@mail.test")') == [ida]
    assert found("firstName:I* NOT occupation:Pilot") == [ida]
    assert found('occupation:"data engineer"') == [ida]
    assert found(f"id:[{ida} TO {ida}]") == [ida]
    assert found(f"id:{{{ida} TO *]") == [ivo]


def test_a_query_of_negations_alone_finds_nothing(rest: Rest) -> None:
    assert rest.search("Candidate", "NOT isDeleted:1") == []
    assert len(rest.search("Candidate", f"{ALL} AND NOT isDeleted:1")) == 3


def test_a_lucene_range_of_milliseconds_is_silently_ignored(rest: Rest) -> None:
    late = rest.search("Candidate", "dateLastModified:[20990101 TO *]")
    ignored = rest.search("Candidate", "dateLastModified:[4070908800000 TO *]")

    assert late == []
    assert len(ignored) == 3


@pytest.mark.parametrize("query", ["email:", "(a", "nonsense:1", "dateAdded:[soon TO *]", ""])
def test_a_bad_lucene_query_is_a_400(rest: Rest, query: str) -> None:
    assert rest.call("GET", "search/Candidate", params={"query": query}).status_code == 400


def test_search_sees_a_write_only_after_the_index_has(sandbox: Sandbox) -> None:
    rest = empty(sandbox)
    sandbox.act("bullhorn", "settings", index_delay=30)
    person = rest.create(email="ida@mail.test")

    assert rest.search("Candidate", 'email:"ida@mail.test"') == []
    assert [row["id"] for row in rest.where("Candidate", "email='ida@mail.test'")] == [person]
    assert rest.data(f"entity/Candidate/{person}")["id"] == person
    sandbox.clock(advance=31)
    assert [row["id"] for row in rest.search("Candidate", 'email:"ida@mail.test"')] == [person]
    rest.call("POST", f"entity/Candidate/{person}", json={"email": "new@mail.test"})
    assert [row["id"] for row in rest.search("Candidate", 'email:"ida@mail.test"')] == [person]


def test_lists_have_20_rows_unless_more_are_asked_for_and_never_more_than_500(sandbox: Sandbox) -> None:
    people = [{"first_name": "Ann", "last_name": f"Number {number}"} for number in range(510)]
    sandbox.reset({"bullhorn": {"candidates": people}})
    rest = Rest(sandbox)

    usual = rest.call("GET", "search/Candidate", params={"query": ALL}).json()
    most = rest.call("GET", "search/Candidate", params={"query": ALL, "count": 1000, "start": 5}).json()

    assert (usual["total"], usual["count"], len(usual["data"])) == (510, 20, 20)
    assert usual["data"][0]["_score"] == 1.0
    assert (most["start"], len(most["data"])) == (5, 500)


# --- JPQL


def test_jpql_compares_lists_and_negates(rest: Rest) -> None:
    people = [rest.create(f"P{number}") for number in range(3)]
    numbers = [rest.submit(person).json()["changedEntityId"] for person in people]

    def found(where: str) -> list[int]:
        return [row["id"] for row in rest.where("JobSubmission", where, orderBy="-id", count=500)]

    assert found(f"candidate.id={people[0]}") == [numbers[0]]
    assert found(f"id IN ({numbers[0]},{numbers[2]}) AND isDeleted=false") == [numbers[2], numbers[0]]
    assert found(f"id >= {numbers[1]} AND NOT (status <> 'Submitted')") == [numbers[2], numbers[1]]
    assert numbers[0] not in found("source IS NOT NULL")
    assert found("dateLastModified > 4070908800000") == []


def test_a_query_has_its_total_only_where_it_is_asked_for(rest: Rest) -> None:
    plain = rest.call("GET", "query/JobSubmission", params={"where": "id>0", "orderBy": ""}).json()
    told = rest.call("GET", "query/JobSubmission", params={"where": "id>0", "showTotalMatched": "true"}).json()
    posted = rest.call("POST", "query/JobSubmission", params={"fields": "id"}, json={"where": "id>0"}).json()

    assert "total" not in plain and "_score" not in plain["data"][0]
    assert told["total"] == len(posted["data"]) == 3
    assert rest.call("GET", "query/JobSubmission", params={"where": "nonsense=1"}).status_code == 400
    assert rest.call("GET", "search/JobSubmission", params={"query": ALL}).status_code == 400


# --- events


def test_a_fetch_empties_the_queue_and_a_request_id_gives_it_again(rest: Rest) -> None:
    watch(rest)
    person = rest.create()

    first = rest.fetch()
    nothing = rest.fetch()

    assert first is not None
    assert first["requestId"] == 1
    assert first["events"][0] | {"eventTimestamp": 0, "eventMetadata": {}} == {
        "eventId": first["events"][0]["eventId"],
        "eventType": "ENTITY",
        "eventTimestamp": 0,
        "eventMetadata": {},
        "entityName": "Candidate",
        "entityId": person,
        "entityEventType": "INSERTED",
    }
    assert nothing is None
    assert rest.fetch(requestId=1) == first
    assert rest.call("GET", "event/subscription/ours/lastRequestId").json() == {"result": 1}


def test_an_empty_fetch_has_no_body_and_says_so(rest: Rest) -> None:
    watch(rest)

    answer = rest.call("GET", "event/subscription/ours", params={"maxEvents": 100})

    assert (answer.status_code, answer.content, answer.headers["content-length"]) == (200, b"", "0")


def test_a_batch_is_at_most_a_hundred_events(rest: Rest) -> None:
    watch(rest)
    person = rest.create()
    for number in range(119):
        rest.call("POST", f"entity/Candidate/{person}", json={"occupation": f"Pilot {number}"})

    first, second = rest.fetch(maxEvents=500), rest.fetch()

    assert first is not None and second is not None
    assert [len(first["events"]), len(second["events"])] == [100, 20]
    assert (second["requestId"], second["events"][0]["updatedProperties"]) == (2, ["occupation"])


def test_own_writes_are_told_with_the_api_users_id_and_other_peoples_with_theirs(rest: Rest) -> None:
    watch(rest)
    number = rest.submit(rest.create()).json()["changedEntityId"]
    rest.sandbox.act("bullhorn", "move", application_id=number)

    events = (rest.fetch() or {})["events"]

    assert [event["eventMetadata"]["PERSON_ID"] for event in events] == [API_USER, API_USER, RECRUITER]
    assert events[-1]["updatedProperties"] == ["status"]
    assert all(event["eventMetadata"]["TRANSACTION_ID"] for event in events)


def test_events_can_come_twice_and_out_of_order(rest: Rest) -> None:
    watch(rest)
    rest.sandbox.fault("bullhorn", "duplicate", "INSERTED Candidate")
    first = rest.create()
    rest.sandbox.fault("bullhorn", "reorder", "INSERTED Candidate")
    second = rest.create()

    events = (rest.fetch() or {})["events"]

    assert [event["entityId"] for event in events] == [second, first, first]
    assert events[1]["eventId"] == events[2]["eventId"]


def test_a_queue_unread_for_a_week_is_gone(rest: Rest) -> None:
    watch(rest)
    rest.create()
    rest.sandbox.clock(advance=7 * 86_400 + 1)
    fresh = Rest(rest.sandbox)

    assert fresh.call("GET", "event/subscription/ours").status_code == 404
    watch(fresh)
    assert fresh.fetch() is None


def test_there_are_fifteen_subscriptions_and_one_that_is_deleted_is_gone(rest: Rest) -> None:
    made = [rest.call("PUT", f"event/subscription/q{number}", params=EVENTS) for number in range(16)]

    assert [answer.status_code for answer in made] == [200] * 15 + [400]
    assert made[0].json()["subscriptionId"] == "q0" and made[0].json()["lastRequestId"] == 0
    assert rest.call("DELETE", "event/subscription/q0").json() == {"result": True}
    assert rest.call("GET", "event/subscription/q0").status_code == 404


def test_a_merge_moves_the_children_and_no_event_says_merge(rest: Rest) -> None:
    survivor, loser = rest.create("Ida"), rest.create("Ada")
    moved = rest.submit(loser).json()["changedEntityId"]
    rest.submit(survivor, DESIGNER)
    doubled = rest.submit(loser, DESIGNER).json()["changedEntityId"]
    watch(rest)

    rest.sandbox.act("bullhorn", "merge", candidate_id=survivor, secondary_candidate_id=loser)

    kinds = [(event["entityName"], event["entityEventType"]) for event in (rest.fetch() or {})["events"]]
    fields = "candidate(id),isDeleted"
    assert rest.data(f"entity/JobSubmission/{moved}", fields=fields)["candidate"]["id"] == survivor
    assert rest.data(f"entity/JobSubmission/{doubled}", fields=fields)["isDeleted"] is True
    assert rest.data(f"entity/Candidate/{loser}", fields="isDeleted")["isDeleted"] is True
    assert set(kinds) == {
        ("JobSubmission", "UPDATED"),
        ("JobSubmission", "DELETED"),
        ("Candidate", "UPDATED"),
        ("Candidate", "DELETED"),
    }


# --- limits, links, clients' habits


def test_a_full_minute_is_a_429_that_names_no_pause(rest: Rest) -> None:
    rest.sandbox.clock(now="2026-11-25T09:00:10Z")
    fresh = Rest(rest.sandbox)
    rest.sandbox.act("bullhorn", "settings", minute=2)

    answers = [fresh.call("GET", "ping") for _ in range(3)]
    rest.sandbox.clock(advance=60)

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert "retry-after" not in answers[2].headers
    assert fresh.call("GET", "ping").status_code == 200


def test_a_full_month_and_a_429_within_another_status_can_be_had(rest: Rest) -> None:
    rest.sandbox.act("bullhorn", "settings", month=1, limit_status=503)
    rest.call("GET", "ping")

    answer = rest.call("GET", "ping")

    assert (answer.status_code, answer.json()["errorCode"]) == (503, 429)


def test_a_deep_link_opens_the_records_page(rest: Rest) -> None:
    person = rest.create("Ida")
    asked = {"Entity": "Candidate", "id": person}

    found = rest.sandbox.http.get("/bullhorn/BullhornSTAFFING/OpenWindow.cfm", params=asked)
    missing = rest.sandbox.http.get("/bullhorn/BullhornSTAFFING/OpenWindow.cfm", params={"Entity": "Note", "id": 1})

    assert "Ida Vega" in found.text
    assert missing.status_code == 404


def test_a_second_slash_and_a_stranger_corporation_are_borne(rest: Rest) -> None:
    assert rest.call("GET", f"/entity/JobOrder/{ENGINEER}").status_code == 200
    address = rest.session["restUrl"].replace("e9n0rw", "zzzzzz")
    headers = {"BhRestToken": rest.session["BhRestToken"]}
    assert httpx.get(f"{address}ping", headers=headers, trust_env=False).status_code == 404
