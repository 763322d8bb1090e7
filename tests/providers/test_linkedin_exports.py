"""The documented Recruiter System Connect against the sandbox, on both of its bases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apps.core import errors
from apps.providers import registry
from apps.providers.contract import HookKind
from apps.providers.linkedin import oauth
from apps.providers.linkedin.exports import RecruiterExports
from apps.providers.sharing import SharedApplication, SharedCandidate, SharedNote, SharedStage
from tests.providers import bench as benches
from tests.providers.bench import CountingGate
from tests.sandbox.conftest import Receiver
from tests.sandbox_process import ControlRefused, Sandbox

ORGANIZATION = "urn:li:organization:1234"
THEN = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
ADA = {
    "first": "Ada", "last": "Byrne", "member": "ada", "headline": "Engineer at Contoso", "company": "Contoso",
    "location": "Berlin", "url": "https://www.linkedin.com/in/ada-byrne",
}  # fmt: skip


def open_exports(sandbox: Sandbox, base: str = "rest", **options: Any) -> tuple[RecruiterExports, CountingGate]:
    wanted = {"access_mode": "export", "organization": ORGANIZATION, "rsc_base": base, **options}
    settings = benches.settings_of("linkedin", sandbox.base, **wanted)
    gate = CountingGate([oauth.mint(settings, benches.LINKEDIN).access_token])
    opened: Any = registry.get("linkedin").open(settings, gate)
    return opened, gate


@pytest.fixture(params=["rest", "v2"])
def rsc(request: pytest.FixtureRequest, sandbox: Sandbox) -> RecruiterExports:
    return open_exports(sandbox, request.param)[0]


def candidate(number: int = 1, **more: Any) -> SharedCandidate:
    return SharedCandidate(
        id=f"900{number:04d}", first_name="Ada", last_name=f"B{number}", created_at=THEN, changed_at=THEN, **more
    )


def application(number: int = 1) -> SharedApplication:
    return SharedApplication(
        id=f"700{number:04d}", candidate_id=candidate(number).id, job_id="4001", job_name="Engineer", first_name="Ada",
        last_name=f"B{number}", created_at=THEN, changed_at=THEN,
    )  # fmt: skip


def stage(number: int = 1, name: str = "Phone Screen", at: datetime = THEN) -> SharedStage:
    return SharedStage(f"s{number:04d}-{name[:3]}", application(number).id, name, at)


def shared(sandbox: Sandbox) -> dict[str, Any]:
    return dict(sandbox.state("linkedin")["rsc"])


def last_call(sandbox: Sandbox) -> dict[str, Any]:
    return dict(sandbox.calls("linkedin")[-1])


# --- whom it speaks for


def test_it_speaks_for_the_organization_once_its_administrator_enabled_the_integration(
    sandbox: Sandbox, rsc: RecruiterExports
) -> None:
    (on,) = rsc.identify()
    sandbox.act("linkedin", "set_integration", enabled=False)
    (off,) = rsc.identify()

    assert (on.account, on.rsc_enabled, off.rsc_enabled) == (ORGANIZATION, True, False)
    with pytest.raises(errors.Rejected) as refused:
        rsc.put_candidates([candidate()])
    assert refused.value.cause == "forbidden"


def test_another_organization_is_not_shown(sandbox: Sandbox) -> None:
    rsc, _ = open_exports(sandbox, organization="urn:li:organization:9999")

    assert [one.rsc_enabled for one in rsc.identify()] == [False]


def test_the_applications_own_token_lasts_half_an_hour_and_is_asked_for_again(sandbox: Sandbox) -> None:
    sandbox.act("linkedin", "settings", expires_in_as_text=True)
    settings = benches.settings_of("linkedin", sandbox.base, access_mode="export")

    first = oauth.mint(settings, benches.LINKEDIN)
    second = oauth.mint(settings, benches.LINKEDIN)

    assert first.access_token != second.access_token
    assert first.expires_at is not None
    left = first.expires_at - datetime.now(UTC)
    assert timedelta(minutes=29) < left <= timedelta(minutes=30)


def test_a_parent_application_may_not_touch_data(sandbox: Sandbox) -> None:
    sandbox.reset({"linkedin": {"applications": [{"parent": True}]}})
    rsc, _ = open_exports(sandbox)

    with pytest.raises(errors.Rejected, match="Not enough permissions"):
        rsc.get_export("exp-000001")


def test_a_version_that_ended_is_named_as_such(sandbox: Sandbox) -> None:
    rsc, _ = open_exports(sandbox, linkedin_version="20240401")

    with pytest.raises(errors.Rejected) as refused:
        rsc.put_candidates([candidate()])

    assert refused.value.cause == "version_ended"


# --- exports


def test_an_export_is_pushed_signed_and_fetched_by_its_id(
    sandbox: Sandbox, rsc: RecruiterExports, hook_receiver: Receiver
) -> None:
    rsc.configure(hook_receiver.url)
    made = sandbox.act("linkedin", "export", seat=51, job="4001", people=[ADA])
    sandbox.wait_for(lambda: hook_receiver.got)
    headers, body = hook_receiver.got[0]
    receiver = registry.get("linkedin").receiver
    lower = {name.lower(): value for name, value in headers.items()}

    hook = receiver.parse(headers=lower, body=body)
    (found,) = rsc.get_export(hook.delivery_id)

    assert receiver.verify(headers=lower, body=body, secrets=[benches.LINKEDIN["client_secret"]])
    assert (hook.kind, hook.delivery_id) == (HookKind.EXPORT, made["requests"][0])
    assert hook.expires_at is not None and hook.expires_at > datetime.now(UTC) + timedelta(hours=23)
    assert (found.context, found.job, found.member) == (ORGANIZATION, "4001", "urn:li:person:ada")
    assert (found.first_name, found.last_name, found.company, found.location) == ("Ada", "Byrne", "Contoso", "Berlin")
    assert found.email == ""


@pytest.mark.parametrize("spelt", ["text", "absent"])
def test_the_end_of_an_export_may_be_a_text_or_missing(sandbox: Sandbox, hook_receiver: Receiver, spelt: str) -> None:
    sandbox.act("linkedin", "settings", export_expires_at=spelt)
    sandbox.act("linkedin", "set_webhook", url=hook_receiver.url)
    sandbox.act("linkedin", "export", seat=51, job="4001", people=[ADA])
    sandbox.wait_for(lambda: hook_receiver.got)

    hook = registry.get("linkedin").receiver.parse(headers={}, body=hook_receiver.got[0][1])

    assert (hook.expires_at is None) == (spelt == "absent")


def test_an_export_is_gone_after_a_day(sandbox: Sandbox, rsc: RecruiterExports) -> None:
    (request,) = sandbox.act("linkedin", "export", seat=51, job="4001", people=[ADA])["requests"]

    sandbox.clock(advance=24 * 3600 - 60)
    kept = rsc.get_export(request) if _token_lives(rsc) else None
    sandbox.clock(advance=120)

    assert kept is None or kept[0].member == "urn:li:person:ada"
    with pytest.raises(errors.NotFound) as gone:
        open_exports(sandbox)[0].get_export(request)
    assert gone.value.cause == "export_expired"


def _token_lives(rsc: RecruiterExports) -> bool:
    """After a day the half hour of the first token is over."""
    try:
        rsc.list_closed()
    except errors.AuthExpired:
        return False
    return True


def test_a_seat_has_three_hundred_exports_a_month(sandbox: Sandbox) -> None:
    people = [{"first": "P", "last": str(number)} for number in range(300)]
    made = sandbox.act("linkedin", "export", seat=51, job="4001", people=people)["requests"]

    with pytest.raises(ControlRefused, match="300 profile exports"):
        sandbox.act("linkedin", "export", seat=51, job="4001", people=[ADA])
    other = sandbox.act("linkedin", "export", seat=52, job="4001", people=[ADA])["requests"]
    sandbox.clock(advance=32 * 86_400)
    next_month = sandbox.act("linkedin", "export", seat=51, job="4001", people=[ADA])["requests"]

    assert (len(made), len(other), len(next_month)) == (300, 1, 1)


def test_an_old_stub_names_its_addresses_in_a_list() -> None:
    from apps.providers.linkedin import translate
    from apps.providers.parsing import Fields

    stub = {"firstName": "Ada", "emailAddress": ["ada@example.test"]}

    found = translate.export(Fields({"integrationContext": ORGANIZATION, "candidate": stub}, "export"))

    assert found.email == "ada@example.test"


# --- what LinkedIn is told


def test_a_candidate_is_sent_whole_and_bound_to_their_member(sandbox: Sandbox, rsc: RecruiterExports) -> None:
    full = candidate(emails=("ada@example.test",), company="Contoso", title="Engineer")

    sent = rsc.put_candidates([full])
    matched = rsc.match_members({full.id: "urn:li:person:ada"})
    (row,) = shared(sandbox)["candidates"]
    rsc.put_candidates([candidate()])
    (again,) = shared(sandbox)["candidates"]

    assert sent == matched == {full.id: None}
    assert (row["id"], row["manualMatchedMember"], row["emailAddresses"]) == (
        full.id, "urn:li:person:ada", ["ada@example.test"],
    )  # fmt: skip
    assert (again["emailAddresses"], again["currentCompanyName"]) == ([], "")


def test_an_application_its_stages_and_notes_are_sent(sandbox: Sandbox, rsc: RecruiterExports) -> None:
    one = application()
    rsc.put_candidates([candidate()])
    notes = [
        SharedNote("n-1", candidate().id, "Met them.", ("Ben", "Okafor"), THEN),
        SharedNote("n-2", candidate().id, "Good.", ("Ben", "Okafor"), THEN, application_id=one.id),
    ]

    applied = rsc.put_applications([one])
    moved = rsc.put_stages([stage(), stage(name="Onsite", at=THEN + timedelta(days=1))])
    noted = rsc.put_notes(notes)

    assert applied == {one.id: None}
    assert list(moved.values()) == [None, None]
    assert noted == {"n-1": None, "n-2": None}
    assert [row["stage"] for row in shared(sandbox)["stages"]] == ["Phone Screen", "Onsite"]
    assert [(row["of"], row["note"]) for row in shared(sandbox)["notes"]] == [
        (candidate().id, "Met them."), (one.id, "Good."),
    ]  # fmt: skip


def test_a_hundred_stage_rows_travel_in_one_tunnelled_request(sandbox: Sandbox) -> None:
    rsc, gate = open_exports(sandbox)
    _put_people(rsc, 100)
    before = len(gate.operations)

    answers = rsc.put_stages([stage(number) for number in range(100)])

    call = last_call(sandbox)
    assert (len(answers), set(answers.values())) == (100, {None})
    assert gate.operations[before:] == ["stages.batch_update"]
    assert (call["method"], call["operation"], call["query"]) == ("POST", "stages.batch_update", "")
    assert len(shared(sandbox)["stages"]) == 100


def test_on_v2_a_hundred_rows_of_one_application_are_one_request(sandbox: Sandbox) -> None:
    rsc, gate = open_exports(sandbox, "v2")
    _put_people(rsc, 1)
    rows = [
        SharedStage(f"{THEN.isoformat()}-an-identifier-of-a-row-{number:03d}", application(0).id, f"S{number}", THEN)
        for number in range(100)
    ]

    answers = rsc.put_stages(rows)

    assert (len(answers), set(answers.values())) == (100, {None})
    assert gate.operations.count("stages.batch_update") == 1
    assert (last_call(sandbox)["method"], last_call(sandbox)["query"]) == ("POST", "")


def test_untunnelled_a_hundred_keys_are_refused(sandbox: Sandbox) -> None:
    """What makes the tunnel needed."""
    _, gate = open_exports(sandbox)
    keys = ",".join(
        f"(externalCandidateId:{candidate(number).id},integrationContext:urn%3Ali%3Aorganization%3A1234)"
        for number in range(100)
    )

    refused = sandbox.http.get(
        f"/linkedin/rest/candidates?ids=List({keys})",
        headers={"Authorization": f"Bearer {gate.tokens[0]}", "LinkedIn-Version": "202603"},
    )

    assert refused.status_code == 414


def test_one_failed_record_says_nothing_about_the_others(sandbox: Sandbox, rsc: RecruiterExports) -> None:
    people = [candidate(number) for number in range(100)]
    sandbox.act("linkedin", "fail_records", records=[people[41].id])

    first = rsc.put_candidates(people)
    again = rsc.put_candidates([people[41]])

    failed = {one: problem for one, problem in first.items() if problem is not None}
    assert list(failed) == [people[41].id]
    assert isinstance(failed[people[41].id], errors.Transient)
    assert again == {people[41].id: None}
    assert len(shared(sandbox)["candidates"]) == 100


def test_a_record_that_cannot_be_is_refused_by_its_field(sandbox: Sandbox, rsc: RecruiterExports) -> None:
    rsc.put_candidates([candidate()])
    rsc.put_applications([application()])

    bad = rsc.put_stages([stage(name="Not Available"), stage()])

    refused = bad[stage(name="Not Available").id]
    assert isinstance(refused, errors.Rejected) and "/stage" in refused.detail
    assert bad[stage().id] is None


def test_a_stage_needs_its_application_and_goes_with_the_candidate(sandbox: Sandbox, rsc: RecruiterExports) -> None:
    rsc.put_candidates([candidate()])
    before = rsc.put_stages([stage()])
    rsc.put_applications([application()])
    rsc.put_stages([stage()])

    gone = rsc.delete_candidates([candidate().id])

    assert isinstance(before[stage().id], errors.NotFound)
    assert gone == {candidate().id: None}
    left = shared(sandbox)
    assert (left["candidates"], left["applications"], left["stages"]) == ([], [], [])


def test_candidates_whose_members_closed_their_profiles_are_listed(sandbox: Sandbox, rsc: RecruiterExports) -> None:
    rsc.put_candidates([candidate(1), candidate(2)])
    rsc.match_members({candidate(1).id: "urn:li:person:ada", candidate(2).id: "urn:li:person:eve"})

    sandbox.act("linkedin", "close_profile", member="eve")

    assert [(one.candidate_id, one.member) for one in rsc.list_closed()] == [(candidate(2).id, "urn:li:person:eve")]


def test_ids_with_structure_in_them_come_through(sandbox: Sandbox, rsc: RecruiterExports) -> None:
    odd = SharedCandidate("a(1),b:2&c=3%", "Ada", "Byrne", THEN, THEN)

    assert rsc.put_candidates([odd]) == {odd.id: None}
    assert [row["id"] for row in shared(sandbox)["candidates"]] == [odd.id]


def test_what_the_mode_cannot_do_is_not_tried(sandbox: Sandbox) -> None:
    rsc, gate = open_exports(sandbox)

    assert rsc.list_projects().items == rsc.list_seats().items == ()
    assert rsc.list_profiles_since(since=THEN) == () == rsc.list_messages(seat="s", since=THEN, until=THEN)
    assert rsc.get_profiles(["rp-1"]) == {}
    assert isinstance(rsc.set_stages({"rp-1": "Hired"})["rp-1"], errors.Rejected)
    assert gate.operations == []


def test_seats_and_inmail_are_read_of_the_contract_that_is_named(sandbox: Sandbox) -> None:
    rsc, _ = open_exports(sandbox, inmail_contract=benches.CONTRACT)

    assert len(rsc.list_seats().items) == 6


def _put_people(rsc: RecruiterExports, count: int) -> None:
    rsc.put_candidates([candidate(number) for number in range(count)])
    rsc.put_applications([application(number) for number in range(count)])
