"""Bullhorn against the sandbox: what is Bullhorn's own, each trap of the vendor's by name."""

from __future__ import annotations

import dataclasses
import socket
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from apps.core import errors
from apps.providers import registry
from apps.providers.bullhorn import wire
from apps.providers.contract import (
    Application,
    ApplicationStatus,
    Ats,
    EventQueue,
    HookKind,
    NewApplication,
    PersonUpdate,
    RateWindow,
)
from apps.providers.provider import Minted
from tests.providers import bench as benches
from tests.providers import raw_server
from tests.providers.ats_suite import ADA, AtsSuite
from tests.providers.bench import CountingGate
from tests.sandbox_process import Sandbox

REQUESTS = {
    "create": r"PUT .*/entity/Candidate$",
    "attach": r"PUT .*/entity/JobSubmission$",
    "update": r"POST .*/entity/Candidate/\d+$",
    "move": r"POST .*/entity/JobSubmission/\d+$",
    "reject": r"POST .*/entity/JobSubmission/\d+$",
    "reopen": r"POST .*/entity/JobSubmission/\d+$",
    "hire": r"POST .*/entity/JobSubmission/\d+$",
    "note": r"PUT .*/entity/Note$",
}
TABLES = {"applications": "JobSubmission", "notes": "Note"}


@dataclasses.dataclass
class SuiteBench:
    """ats_suite.Bench."""

    sandbox: Sandbox
    ats: Ats
    gate: CountingGate
    note_author: str = benches.BULLHORN_USER
    key: str = "bullhorn"
    page_size: int = 500
    unknown_id: str = "999999999"
    requests: dict[str, str] = dataclasses.field(default_factory=lambda: dict(REQUESTS))

    def add_people(self, count: int) -> None:
        people = [{"first_name": "Ann", "last_name": f"Number {number}"} for number in range(count)]
        self.sandbox.reset({"bullhorn": {"candidates": people}})
        self.gate.tokens = [benches.mint("bullhorn", self.sandbox, benches.BULLHORN)]

    def move_by_hand(self, application: Application, stage_id: str) -> None:
        self.sandbox.act("bullhorn", "move", application_id=int(application.id), stage=stage_id)

    def merge_by_hand(self, survivor: str, loser: str) -> None:
        self.sandbox.act("bullhorn", "merge", candidate_id=int(survivor), secondary_candidate_id=int(loser))

    def delete_by_hand(self, person: str) -> None:
        self.sandbox.act("bullhorn", "delete", candidate_id=int(person))

    def hide(self, seconds: float) -> None:
        self.sandbox.act("bullhorn", "settings", index_delay=seconds)

    def expire(self) -> None:
        self.gate.tokens.append(benches.mint("bullhorn", self.sandbox, benches.BULLHORN))
        self.sandbox.fault("bullhorn", "expire_token")

    def listen(self, url: str, secret: str) -> None:
        """Bullhorn sends nothing."""

    def enforce(self, window: RateWindow) -> int:
        """1,500 requests are made; of a month's 100,000 others have made all but five."""
        benches.stop_at_a_minute(self.sandbox, before_the_month_ends=window.resets_monthly)
        self.gate.tokens = [benches.mint("bullhorn", self.sandbox, benches.BULLHORN)]
        self.sandbox.act("bullhorn", "settings", month=100_000)
        if not window.resets_monthly:
            return 1_500
        self.sandbox.act("bullhorn", "spend", requests=99_995 - self.sandbox.state("bullhorn")["requests"])
        self.sandbox.clock(advance=60)
        return 5

    def count_people(self) -> int:
        return len(self.sandbox.state("bullhorn")["Candidate"])

    def count(self, what: str) -> int:
        return len(self.sandbox.state("bullhorn")[TABLES[what]])


class TestBullhorn(AtsSuite):
    """The contract suite."""

    @pytest.fixture
    def bench(self, sandbox: Sandbox) -> SuiteBench:
        ats, gate = benches.open_bullhorn(sandbox, cluster="45")
        return SuiteBench(sandbox, ats, gate)


@dataclasses.dataclass
class Bench:
    sandbox: Sandbox
    ats: Ats
    gate: CountingGate

    @property
    def queue(self) -> EventQueue:
        return cast(EventQueue, self.ats)

    def state(self, entity: str, number: str) -> dict[str, Any]:
        return next(row for row in self.sandbox.state("bullhorn")[entity] if str(row["id"]) == number)

    def asked(self, since: int, operation: str = "") -> list[dict[str, Any]]:
        return self.sandbox.calls("bullhorn", since=since, operation=operation)

    @property
    def spent(self) -> int:
        return len(self.sandbox.calls("bullhorn"))


@pytest.fixture
def bench(sandbox: Sandbox) -> Bench:
    ats, gate = benches.open_bullhorn(sandbox)
    return Bench(sandbox, ats, gate)


def job_of(bench: Bench) -> str:
    return bench.ats.list_jobs().items[0].id


def arrive(bench: Bench, *, stage: str = "") -> Application:
    person = bench.ats.create_person(ADA, None).person_id
    return again(bench, bench.ats.attach(person, NewApplication(job_of(bench), stage_id=stage)))


def again(bench: Bench, application_id: str) -> Application:
    return bench.ats.get_applications(ids=[application_id])[0]


# --- signing in


def sign_in(sandbox: Sandbox, **changed: str) -> Minted:
    settings = benches.settings_of("bullhorn", sandbox.base)
    return registry.get("bullhorn").mint(settings, {**benches.BULLHORN, **changed})


def rungs(sandbox: Sandbox, since: int) -> list[str]:
    return [call["operation"] for call in sandbox.calls("bullhorn", since=since)]


def test_a_first_sign_in_climbs_the_whole_ladder(sandbox: Sandbox) -> None:
    minted = sign_in(sandbox)

    assert rungs(sandbox, 0) == ["loginInfo", "authorize", "token", "login"]
    assert minted.expires_at is not None and minted.expires_at > datetime.now(UTC) + timedelta(hours=23)
    assert minted.secret is not None and minted.secret["password"] == benches.BULLHORN["password"]


def test_a_dead_session_costs_one_request_while_the_access_token_lives(sandbox: Sandbox) -> None:
    first = sign_in(sandbox)

    sign_in(sandbox, **dict(first.secret or {}))

    assert rungs(sandbox, 4) == ["login"]


def test_a_dead_access_token_is_refreshed_and_the_refresh_token_rotates(sandbox: Sandbox) -> None:
    first = dict(sign_in(sandbox).secret or {})
    expired = {**first, "access_ends": "2020-01-01T00:00:00+00:00"}

    second = dict(sign_in(sandbox, **expired).secret or {})

    assert rungs(sandbox, 4) == ["token", "login"]
    assert second["refresh_token"] != first["refresh_token"]


def test_trap_8_a_refresh_whose_answer_was_lost_ends_in_a_sign_in_by_password(sandbox: Sandbox) -> None:
    first = dict(sign_in(sandbox).secret or {})
    expired = {**first, "access_ends": "2020-01-01T00:00:00+00:00"}
    sandbox.fault("bullhorn", "lose_response", "token")
    with pytest.raises(errors.Transient):
        sign_in(sandbox, **expired)
    before = len(sandbox.calls("bullhorn"))

    sign_in(sandbox, **expired)

    assert rungs(sandbox, before) == ["token", "loginInfo", "authorize", "token", "login"]


def test_an_access_token_that_died_early_is_climbed_past(sandbox: Sandbox) -> None:
    first = dict(sign_in(sandbox).secret or {})
    sandbox.act("bullhorn", "revoke_tokens")

    sign_in(sandbox, **first)

    assert rungs(sandbox, 4) == ["login", "token", "loginInfo", "authorize", "token", "login"]


@pytest.mark.parametrize(
    "wrong", [{"password": "guess"}, {"client_id": "unknown"}, {"client_secret": "unknown"}, {"username": "nobody"}]
)
def test_trap_7_a_page_with_200_is_a_refusal_and_nothing_of_the_credential_is_told(
    sandbox: Sandbox, wrong: dict[str, str]
) -> None:
    with pytest.raises(errors.AuthExpired) as refused:
        sign_in(sandbox, **wrong)

    assert not any(value in str(refused.value) for value in wrong.values())


def test_terms_that_nobody_accepted_wait_for_a_person(sandbox: Sandbox) -> None:
    sandbox.act("bullhorn", "settings", terms_accepted=False)

    with pytest.raises(errors.AuthExpired) as refused:
        sign_in(sandbox)

    assert "terms" in refused.value.detail


@pytest.mark.parametrize("suffix", ["", "/", "/authorize"])
def test_the_sign_in_address_is_taken_in_each_form_that_it_comes_in(sandbox: Sandbox, suffix: str) -> None:
    sandbox.act("bullhorn", "settings", oauth_suffix=suffix)

    assert sign_in(sandbox).access_token


def test_a_307_to_another_data_centre_is_followed_with_method_and_body(sandbox: Sandbox) -> None:
    sandbox.act("bullhorn", "settings", wrong_data_centre=True)

    session = wire.Session.read(sign_in(sandbox).access_token)

    assert "//localhost:" in session.rest_url
    assert rungs(sandbox, 0) == ["loginInfo", *["authorize"] * 2, *["token"] * 2, *["login"] * 2]


def test_a_data_centre_that_is_no_host_of_bullhorns_is_not_called() -> None:
    strange = {"oauthUrl": "https://auth.evil.test/oauth", "restUrl": "https://rest.evil.test/rest-services/"}
    info = {"/bullhorn/rest-services/loginInfo": strange}
    with raw_server.serve_json(info) as (base, asked), pytest.raises(errors.Rejected) as refused:
        registry.get("bullhorn").mint(benches.settings_of("bullhorn", base), benches.BULLHORN)

    assert refused.value.cause == "egress"
    assert len(asked) == 1


def test_a_session_that_ended_is_signed_in_anew_once_and_the_call_repeated(bench: Bench) -> None:
    bench.gate.tokens.append(benches.mint("bullhorn", bench.sandbox, benches.BULLHORN))
    first = bench.gate.tokens[0]
    bench.sandbox.fault("bullhorn", "expire_token")

    assert bench.ats.list_users().items

    assert bench.gate.rejected == [first]
    assert [answer.status for answer in bench.gate.left] == [401, 200]


def test_the_agency_is_named_and_its_cluster_remembered(bench: Bench) -> None:
    found = bench.ats.identify()

    assert found.account == "e9n0rw"
    assert found.remember == {}
    assert wire.Session("t", "https://rest45.bullhornstaffing.com/rest-services/e9n0rw").cluster == "45"
    assert wire.Session("t", "https://rest.bullhornstaffing.com/rest-services/e9n0rw").cluster == ""


def test_only_bullhorns_own_hosts_are_called() -> None:
    gate = CountingGate(["https://rest45.bullhornstaffing.com.evil.test/rest-services/x token"])
    ats: Any = registry.get("bullhorn").open(benches.settings_of("bullhorn", "http://127.0.0.1:9"), gate)

    with pytest.raises(errors.Rejected) as refused:
        ats.list_users()

    assert refused.value.cause == "egress"


# --- catalogue


def test_jobs_carry_their_client_corporation_and_closed_ones_are_seen_for_a_while(bench: Bench) -> None:
    bench.sandbox.act("bullhorn", "add_job", name="Analyst", corporation="Fabrikam", requisition_id="R-9", openings=2)
    first = job_of(bench)
    bench.sandbox.act("bullhorn", "close_job", job_id=int(first))

    jobs = {job.name: job for job in bench.ats.list_jobs().items}

    analyst = jobs["Analyst"]
    assert (analyst.folder_name, analyst.requisition, analyst.status) == ("Fabrikam", "R-9", "open")
    assert analyst.folder and len(analyst.open_openings) == 2
    closed = jobs["Senior Backend Engineer"]
    assert (closed.status, closed.open_openings) == ("closed", ())


def test_an_archived_job_is_closed_and_a_deleted_one_is_gone(bench: Bench) -> None:
    archived, deleted = (job.id for job in bench.ats.list_jobs().items)
    bench.sandbox.act("bullhorn", "archive_job", job_id=int(archived))
    bench.sandbox.act("bullhorn", "delete_job", job_id=int(deleted))

    assert [(job.id, job.status) for job in bench.ats.list_jobs().items] == [(archived, "closed")]


def test_stages_are_the_tenants_list_without_its_ends(bench: Bench) -> None:
    stages = bench.ats.list_stages([job_of(bench)])

    assert {stage.scope for stage in stages} == {""}
    assert [stage.name for stage in stages] == [
        "New Lead",
        "Submitted",
        "Client Submission",
        "Interview Scheduled",
        "Offer Extended",
    ]


def test_the_ends_of_a_tenant_with_words_of_its_own_are_named_by_options(sandbox: Sandbox) -> None:
    sandbox.reset({"bullhorn": {"statuses": ["Sent", "Talked", "Won", "Lost"], "candidates": []}})
    ats, gate = benches.open_bullhorn(sandbox, rejected_statuses=["Lost"], hired_statuses=["Won"])
    bench = Bench(sandbox, ats, gate)

    application = arrive(bench)
    ats.reject(application)

    assert application.stage_id == "Sent"
    assert again(bench, application.id).status == ApplicationStatus.REJECTED
    assert bench.state("JobSubmission", application.id)["status"] == "Lost"


def test_trap_9_a_status_that_the_list_does_not_have_is_never_written(sandbox: Sandbox) -> None:
    ats, gate = benches.open_bullhorn(sandbox, rejected_statuses=["Lost"])
    bench = Bench(sandbox, ats, gate)
    application = arrive(bench)

    with pytest.raises(errors.Rejected) as refused:
        ats.reject(application)
    with pytest.raises(errors.Rejected) as too_long:
        ats.move(application, to_stage_id="S" * 31)

    assert refused.value.cause == "no_such_status"
    assert too_long.value.cause == "bad_request" and "status" in too_long.value.detail
    assert again(bench, application.id).stage_id == "Submitted"


# --- search and query


def test_trap_2_a_crawl_since_a_moment_writes_the_date_as_lucene_reads_it(bench: Bench) -> None:
    since = datetime(2026, 9, 1, 12, 30, 15, 999_000, tzinfo=UTC)
    before = bench.spent

    bench.ats.list_people(updated_since=since)
    bench.ats.list_applications(updated_since=since)

    search, query = bench.asked(before)
    assert "20260901123015" in search["query"]
    assert str(int(since.timestamp() * 1000)) in query["query"]


def test_trap_3_each_search_is_anchored(bench: Bench) -> None:
    before = bench.spent

    bench.ats.list_people()
    bench.ats.list_jobs()
    bench.ats.find_people(email="ada@mail.test")

    assert all("query=id%3A%5B1+TO+%2A%5D" in call["query"] for call in bench.asked(before))


def test_trap_4_someone_just_created_is_read_by_id_while_the_index_is_behind(bench: Bench) -> None:
    bench.sandbox.act("bullhorn", "settings", index_delay=60)

    person = bench.ats.create_person(ADA, None).person_id
    submission = bench.ats.attach(person, NewApplication(job_of(bench)))

    assert bench.ats.find_people(email="ada@mail.test") == ()
    assert [found.id for found in bench.ats.get_people([person])] == [person]
    assert [found.id for found in bench.ats.get_applications(person_ids=[person])] == [submission]
    assert bench.ats.capabilities.visible_after == timedelta(seconds=60)


def test_the_index_may_be_told_to_be_further_behind(sandbox: Sandbox) -> None:
    ats, _ = benches.open_bullhorn(sandbox, visible_after_seconds=300)

    assert ats.capabilities.visible_after == timedelta(minutes=5)


def test_trap_5_each_reading_names_its_fields(bench: Bench) -> None:
    application = arrive(bench)
    before = bench.spent

    bench.ats.list_people()
    bench.ats.list_jobs()
    bench.ats.list_users()
    bench.ats.get_people([application.person_id])
    bench.ats.list_stage_changes([application.id])
    again(bench, application.id)

    assert all("fields=" in call["query"] for call in bench.asked(before))


def test_an_application_brings_its_person(bench: Bench) -> None:
    application = arrive(bench)

    assert application.person == bench.ats.get_people([application.person_id])[0]


def test_trap_14_a_long_crawl_goes_by_id_and_meets_everybody_though_people_come_and_go(sandbox: Sandbox) -> None:
    people = [{"first_name": "Ann", "last_name": f"Number {number}"} for number in range(1001)]
    sandbox.reset({"bullhorn": {"candidates": people}})
    ats, _ = benches.open_bullhorn(sandbox)

    first = ats.list_people()
    sandbox.act("bullhorn", "delete", candidate_id=int(first.items[0].id))
    second = ats.list_people(cursor=first.next)
    third = ats.list_people(cursor=second.next)

    found = [person.id for page in (first, second, third) for person in page.items]
    assert len(found) == len(set(found)) == 1001
    assert third.next is None


def test_an_address_with_quotes_stays_within_its_phrase(bench: Bench) -> None:
    assert bench.ats.find_people(email='x" OR id:[1 TO *] OR email:"y') == ()


def test_someone_is_found_by_any_of_three_addresses(bench: Bench) -> None:
    person = bench.ats.create_person(dataclasses.replace(ADA, emails=("a@m.test", "b@m.test", "c@m.test")), None)

    found = [bench.ats.find_people(email=email) for email in ("a@m.test", "b@m.test", "c@m.test")]

    assert [[one.id for one in people] for people in found] == [[person.person_id]] * 3


def test_deleted_people_and_submissions_are_not_there(bench: Bench) -> None:
    application = arrive(bench)
    bench.sandbox.act("bullhorn", "delete_application", application_id=int(application.id))
    bench.sandbox.act("bullhorn", "delete", candidate_id=int(application.person_id))

    assert bench.ats.get_people([application.person_id]) == ()
    assert bench.ats.get_applications(ids=[application.id]) == ()
    assert application.person_id not in {person.id for person in bench.ats.list_people().items}


def test_a_submission_of_a_deleted_candidate_is_not_there_either(bench: Bench) -> None:
    application = arrive(bench)

    bench.sandbox.act("bullhorn", "delete", candidate_id=int(application.person_id))

    assert bench.ats.get_applications(ids=[application.id]) == ()
    assert not bench.state("JobSubmission", application.id)["isDeleted"]


# --- writes


def test_trap_1_put_creates_and_post_updates(bench: Bench) -> None:
    before = bench.spent

    application = arrive(bench)
    bench.ats.move(application, to_stage_id="Interview Scheduled")

    writes = [call for call in bench.asked(before) if call["write"]]
    assert [(call["method"], call["operation"]) for call in writes] == [
        ("PUT", "create_candidate"),
        ("PUT", "create_jobsubmission"),
        ("POST", "update_jobsubmission"),
    ]


def test_a_create_takes_source_and_owner_and_leaves_the_submission_to_its_own_call(bench: Bench) -> None:
    source, owner = bench.ats.list_sources().items[0], bench.ats.list_users().items[2]

    made = bench.ats.create_person(ADA, NewApplication(job_of(bench), source_id=source.id, owner_id=owner.id))

    held = bench.state("Candidate", made.person_id)
    assert (held["name"], held["source"], held["owner"]) == ("Ada Lovelace", "LinkedIn", {"id": int(owner.id)})
    assert made.application_id == ""
    assert bench.ats.get_applications(person_ids=[made.person_id]) == ()


def test_trap_6_a_deleted_submission_is_restored_at_the_stage_asked_for(bench: Bench) -> None:
    application = arrive(bench)
    bench.sandbox.act("bullhorn", "delete_application", application_id=int(application.id))

    restored = bench.ats.attach(application.person_id, NewApplication(application.job_id, stage_id="Offer Extended"))

    assert restored == application.id
    assert again(bench, restored).stage_id == "Offer Extended"


def test_a_submission_that_is_there_is_the_answer_of_an_attachment(bench: Bench) -> None:
    application = arrive(bench)

    assert bench.ats.attach(application.person_id, NewApplication(application.job_id)) == application.id


def test_a_submission_that_somebody_made_meanwhile_is_a_conflict() -> None:
    empty = b'{"start": 0, "count": 0, "data": []}'
    refusal = b'{"errorMessage": "x", "errors": [{"type": "IMPROPERLY_STRUCTURED_ASSOCIATION"}]}'

    def answer(client: socket.socket, head: str) -> None:
        status, body = ("200 OK", empty) if head.startswith("GET") else ("500 Error", refusal)
        client.sendall(f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body)

    with raw_server.serve(answer) as (base, _):
        gate = CountingGate([f"{base}/rest-services/e9n0rw token"])
        ats: Any = registry.get("bullhorn").open(benches.settings_of("bullhorn", base, user_id="7"), gate)
        with pytest.raises(errors.Conflict) as refused:
            ats.attach("1", NewApplication("2", stage_id="Submitted"))

    assert refused.value.cause == "already_submitted"


def test_a_lost_answer_to_an_attachment_is_unknown_and_the_submission_is_there_once(bench: Bench) -> None:
    person = bench.ats.create_person(ADA, None).person_id
    bench.sandbox.fault("bullhorn", "lose_response", "create_jobsubmission")

    with pytest.raises(errors.Unknown):
        bench.ats.attach(person, NewApplication(job_of(bench)))

    assert len(bench.ats.get_applications(person_ids=[person])) == 1


def test_a_second_create_makes_a_second_person(bench: Bench) -> None:
    first, second = (bench.ats.create_person(ADA, None).person_id for _ in range(2))

    assert first != second


def test_a_submission_needs_a_user_of_bullhorns(sandbox: Sandbox) -> None:
    ats, _ = benches.open_bullhorn(sandbox, user_id="")
    person = ats.create_person(ADA, None).person_id

    with pytest.raises(errors.Rejected) as refused:
        ats.attach(person, NewApplication("4001"))

    assert refused.value.cause == "no_sending_user"


def test_who_is_promoted_out_of_new_lead_is_dated(bench: Bench) -> None:
    lead = arrive(bench, stage="New Lead")
    bench.sandbox.clock(advance=3600)
    before = bench.state("JobSubmission", lead.id)["dateAdded"]

    bench.ats.move(lead, to_stage_id="Submitted")

    assert bench.state("JobSubmission", lead.id)["dateAdded"] != before


def test_an_end_keeps_the_stage_that_they_came_from_and_a_reopening_goes_back_to_it(bench: Bench) -> None:
    application = arrive(bench)
    bench.ats.move(application, to_stage_id="Interview Scheduled")
    bench.ats.reject(again(bench, application.id))

    rejected = again(bench, application.id)
    bench.ats.reopen(rejected)

    assert (rejected.status, rejected.stage_id) == (ApplicationStatus.REJECTED, "Interview Scheduled")
    assert again(bench, application.id).stage_id == "Interview Scheduled"


def test_a_hire_sets_the_status_that_means_it(bench: Bench) -> None:
    application = arrive(bench)

    bench.ats.hire(application)

    assert again(bench, application.id).status == ApplicationStatus.HIRED
    assert bench.state("JobSubmission", application.id)["status"] == "Placed"


def test_trap_10_an_external_id_is_told_and_never_trusted(bench: Bench) -> None:
    twins = [bench.sandbox.act("bullhorn", "add_job", name=f"J{n}", requisition_id="R-7")["job"] for n in range(2)]

    found = [job for job in bench.ats.list_jobs().items if job.requisition == "R-7"]

    assert {job.id for job in found} == {str(twin["id"]) for twin in twins}


def test_trap_11_an_address_that_the_field_would_cut_is_refused_before_any_call(bench: Bench) -> None:
    long = dataclasses.replace(ADA, social_urls=("https://www.linkedin.com/in/ada?trk=" + "x" * 100,))
    before = bench.spent

    with pytest.raises(errors.Rejected) as refused:
        bench.ats.create_person(long, None)

    assert refused.value.cause == "url_too_long"
    assert bench.spent == before


def test_the_linkedin_address_is_kept_where_the_tenant_keeps_it(sandbox: Sandbox) -> None:
    ats, gate = benches.open_bullhorn(sandbox, linkedin_field="customText7")
    bench = Bench(sandbox, ats, gate)

    person = ats.create_person(ADA, None).person_id

    assert bench.state("Candidate", person)["customText7"] == ADA.social_urls[0]
    assert ats.get_people([person])[0].social_urls == ADA.social_urls


def test_what_has_no_place_is_left_out_and_what_is_there_stays(bench: Bench) -> None:
    website = dataclasses.replace(ADA, social_urls=("https://ada.test/",), emails=("a@m.test", "b@m.test", "c@m.test"))
    person = bench.ats.create_person(website, None).person_id
    merged = PersonUpdate(social_urls=(*website.social_urls, *ADA.social_urls), emails=(*website.emails, "d@m.test"))

    bench.ats.update_person(person, merged)

    found = bench.ats.get_people([person])[0]
    assert (found.social_urls, found.emails) == (website.social_urls, website.emails)


def test_a_note_is_linked_to_person_author_and_job(bench: Bench) -> None:
    application = arrive(bench)

    number = bench.ats.add_note(
        person_id=application.person_id, application_id=application.id, body="Said <yes> & more\nCall him"
    )

    note = bench.state("Note", number)
    assert note["comments"] == "Said &lt;yes&gt; &amp; more<br>Call him"
    assert note["personReference"] == {"id": int(application.person_id)}
    assert note["commentingPerson"] == {"id": int(benches.BULLHORN_USER)}
    assert note["jobOrder"] == {"id": int(application.job_id)}


def test_trap_15_addresses_are_written_in_bullhorns_own_case(bench: Bench) -> None:
    application = arrive(bench)
    before = bench.spent

    bench.ats.get_people([application.person_id])
    bench.ats.move(application, to_stage_id="Submitted")

    assert [call["path"].split("/entity/")[1].split("/")[0] for call in bench.asked(before)] == [
        "Candidate",
        "JobSubmission",
    ]


def test_ids_that_are_not_bullhorns_never_leave(bench: Bench) -> None:
    before = bench.spent

    for ask in (
        lambda: bench.ats.attach("../ping", NewApplication("1")),
        lambda: bench.ats.get_people(["1) OR (1"]),
        lambda: bench.ats.get_applications(person_ids=["1) OR (id>0"]),
    ):
        with pytest.raises(errors.Rejected) as refused:
            ask()
        assert refused.value.cause == "bad_id"
    assert bench.spent == before


def test_links_open_the_record_in_the_agencys_own_cluster(sandbox: Sandbox) -> None:
    ats, _ = benches.open_bullhorn(sandbox, cluster="45")
    unknown, _ = benches.open_bullhorn(sandbox)

    person, application = ats.deep_link(person_id="501"), ats.deep_link(person_id="501", application_id="9001")

    window = "https://cls45.bullhornstaffing.com/BullhornSTAFFING/OpenWindow.cfm"
    assert (person, application) == (f"{window}?Entity=Candidate&id=501", f"{window}?Entity=JobSubmission&id=9001")
    assert unknown.deep_link(person_id="501") == ""


# --- limits and errors


def test_a_429_names_no_pause(bench: Bench) -> None:
    bench.sandbox.fault("bullhorn", "429")

    with pytest.raises(errors.RateLimited) as refused:
        bench.ats.list_users()

    assert refused.value.until is None


@pytest.mark.parametrize("status", [200, 400, 403, 503])
def test_a_429_that_comes_in_the_body_of_another_status_is_one(bench: Bench, status: int) -> None:
    bench.sandbox.act("bullhorn", "settings", month=1, limit_status=status)
    bench.ats.list_users()

    with pytest.raises(errors.RateLimited):
        bench.ats.list_users()


def test_trap_13_the_months_requests_are_a_window_of_the_budget(bench: Bench) -> None:
    month = next(rate for rate in bench.ats.capabilities.rate_windows if rate.name == "month")

    assert (month.calls, month.resets_monthly) == (100_000, True)


@pytest.mark.parametrize("after", [False, True], ids=["before commit", "after commit"])
def test_a_503_to_a_create_is_unknown(bench: Bench, after: bool) -> None:
    bench.sandbox.fault("bullhorn", "5xx", "PUT .*/entity/Candidate", after=after)

    with pytest.raises(errors.Unknown):
        bench.ats.create_person(ADA, None)


def test_a_refusal_tells_the_property_and_not_what_we_sent(bench: Bench) -> None:
    broken = dataclasses.replace(ADA, emails=("ada.lovelace@" + "x" * 100,))

    with pytest.raises(errors.Rejected) as refused:
        bench.ats.create_person(broken, None)

    assert "email TOO_LONG" in refused.value.detail
    assert "lovelace" not in refused.value.detail.lower()


def test_a_field_that_the_tenant_does_not_have_is_told_as_such(sandbox: Sandbox) -> None:
    ats, _ = benches.open_bullhorn(sandbox, linkedin_field="linkedInURL")

    with pytest.raises(errors.Rejected):
        ats.list_people()


def test_a_404_of_a_listing_is_a_field_and_not_a_record() -> None:
    found = wire.DIALECT.table.find(status=404, operation=wire.CANDIDATES)

    assert (found.error, found.cause) == (errors.Rejected, "unknown_field")


# --- the event queue


def test_events_are_told_from_the_first_question_on(bench: Bench) -> None:
    arrive(bench)
    start = bench.queue.pull_events()
    application = arrive(bench)
    bench.ats.move(application, to_stage_id="Interview Scheduled")

    told = bench.queue.pull_events(cursor=start.cursor)

    kinds = [(hook.kind, hook.person_id or hook.application_id) for hook in told.hooks]
    assert start.hooks == ()
    assert kinds == [
        (HookKind.PERSON, application.person_id),
        (HookKind.APPLICATION, application.id),
        (HookKind.APPLICATION, application.id),
    ]
    assert len({hook.delivery_id for hook in told.hooks}) == 3
    assert not told.gap and not told.more
    assert bench.queue.pull_events(cursor=told.cursor).hooks == ()


def test_a_quiet_question_costs_one_request(bench: Bench) -> None:
    start = bench.queue.pull_events()
    before = bench.spent

    bench.queue.pull_events(cursor=start.cursor)

    assert len(bench.asked(before)) == 1


def test_deletions_merges_and_jobs_are_told_as_what_they_mean(bench: Bench) -> None:
    application = arrive(bench)
    start = bench.queue.pull_events()
    bench.sandbox.act("bullhorn", "delete_application", application_id=int(application.id))
    bench.sandbox.act("bullhorn", "delete", candidate_id=int(application.person_id))
    bench.sandbox.act("bullhorn", "close_job", job_id=int(application.job_id))

    told = bench.queue.pull_events(cursor=start.cursor)

    assert [hook.kind for hook in told.hooks] == [
        HookKind.APPLICATION_DELETED,
        HookKind.PERSON_DELETED,
        HookKind.CATALOGUE,
    ]


def test_a_batch_whose_reader_died_is_told_again(bench: Bench) -> None:
    start = bench.queue.pull_events()
    arrive(bench)
    lost = bench.queue.pull_events(cursor=start.cursor)

    again_told = bench.queue.pull_events(cursor=start.cursor, unsure=True)

    assert [hook.delivery_id for hook in again_told.hooks] == [hook.delivery_id for hook in lost.hooks]
    assert again_told.cursor.split("@")[0] == lost.cursor.split("@")[0]


def test_a_batch_that_was_skipped_is_fetched_with_the_next_one_though_nobody_was_unsure(bench: Bench) -> None:
    start = bench.queue.pull_events()
    first = arrive(bench)
    bench.queue.pull_events(cursor=start.cursor)
    bench.ats.move(first, to_stage_id="Interview Scheduled")

    told = bench.queue.pull_events(cursor=start.cursor)

    assert [hook.kind for hook in told.hooks] == [HookKind.PERSON, HookKind.APPLICATION, HookKind.APPLICATION]


def test_a_lost_answer_to_a_reading_loses_nothing(bench: Bench) -> None:
    start = bench.queue.pull_events()
    arrive(bench)
    bench.sandbox.fault("bullhorn", "lose_response", "get_subscription")
    with pytest.raises(errors.Transient):
        bench.queue.pull_events(cursor=start.cursor)

    told = bench.queue.pull_events(cursor=start.cursor, unsure=True)

    assert len(told.hooks) == 2


def test_more_than_a_batch_is_read_at_once(bench: Bench) -> None:
    start = bench.queue.pull_events()
    person = int(arrive(bench).person_id)
    for number in range(120):
        bench.sandbox.act("bullhorn", "update_candidate", candidate_id=person, fields={"occupation": f"P {number}"})

    first = bench.queue.pull_events(cursor=start.cursor)
    second = bench.queue.pull_events(cursor=first.cursor)

    assert (len(first.hooks), first.more, len(second.hooks), second.more) == (100, True, 22, False)


def test_trap_12_a_queue_unread_for_a_week_is_opened_again_and_the_gap_is_told(bench: Bench) -> None:
    start = bench.queue.pull_events()
    arrive(bench)
    bench.sandbox.act("bullhorn", "expire_subscription", id="syncportal-")

    told = bench.queue.pull_events(cursor=start.cursor)
    arrive(bench)

    assert (told.hooks, told.gap) == ((), True)
    assert len(bench.queue.pull_events(cursor=told.cursor).hooks) == 2


def test_a_queue_that_was_made_anew_by_a_reader_who_died_is_a_gap_too(bench: Bench) -> None:
    arrive(bench)
    old = "57@2026-11-25T00:00:00+00:00"
    bench.queue.pull_events()
    arrive(bench)

    assert bench.queue.pull_events(cursor=old, unsure=True).gap
    arrive(bench)
    assert bench.queue.pull_events(cursor=old).gap


def test_a_queue_that_waited_almost_too_long_is_a_gap_though_it_is_there(bench: Bench) -> None:
    bench.queue.pull_events()
    week_ago = datetime.now(UTC) - timedelta(days=6, hours=1)

    assert bench.queue.pull_events(cursor=f"0@{week_ago.isoformat()}").gap


def test_a_gap_is_listed_with_its_deletions_past_its_pages(bench: Bench) -> None:
    since = datetime.now(UTC) - timedelta(seconds=1)
    kept, deleted = arrive(bench), arrive(bench)
    bench.sandbox.act("bullhorn", "delete_application", application_id=int(deleted.id))
    bench.sandbox.act("bullhorn", "close_job", job_id=int(kept.job_id))

    page = bench.queue.list_changes(since=since)
    hooks, pages = list(page.items), 1
    while page.next is not None:
        page = bench.queue.list_changes(since=since, cursor=page.next)
        hooks, pages = [*hooks, *page.items], pages + 1

    told = {(hook.kind, hook.application_id) for hook in hooks}
    assert pages == 3
    assert (HookKind.APPLICATION, kept.id) in told
    assert (HookKind.APPLICATION_DELETED, deleted.id) in told
    assert {hook.kind for hook in hooks} >= {HookKind.PERSON, HookKind.CATALOGUE}
    assert len({hook.delivery_id for hook in hooks}) == len(hooks)


def test_no_delivery_is_ever_bullhorns() -> None:
    receiver = registry.get("bullhorn").receiver

    assert not receiver.verify(headers={}, body=b"{}", secrets=["secret"])
    assert receiver.answer_challenge(query={"challenge": "x"}, secret="s") is None
