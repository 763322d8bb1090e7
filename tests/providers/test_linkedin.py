"""LinkedIn Projects against the sandbox (facts of the contract: docs/connectors/linkedin.md)."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from apps.core import errors
from apps.providers import registry
from apps.providers.contract import Sourcing
from apps.providers.linkedin import oauth, wire
from tests.providers import bench as benches
from tests.providers.bench import CountingGate
from tests.sandbox_process import Sandbox

BEGINNING = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def opened(sandbox: Sandbox) -> tuple[Sourcing, CountingGate]:
    return benches.open_linkedin(sandbox)


@pytest.fixture
def linkedin(opened: tuple[Sourcing, CountingGate]) -> Sourcing:
    return opened[0]


def test_it_names_every_contract_that_the_token_may_use(sandbox: Sandbox) -> None:
    contracts = [
        {"id": 7001, "name": "Northwind Talent"},
        {"id": 7002, "name": "Northwind Lite", "product": "RECRUITER_LITE", "rscEnabled": False},
    ]
    sandbox.reset({"linkedin": {"contracts": contracts, "projects": []}})
    linkedin, _ = benches.open_linkedin(sandbox)

    found = linkedin.identify()

    assert [(one.account, one.product, one.rsc_enabled) for one in found] == [
        ("urn:li:contract:7001", "RECRUITER", True),
        ("urn:li:contract:7002", "RECRUITER_LITE", False),
    ]


def test_projects_and_seats_are_listed_with_their_pages(sandbox: Sandbox) -> None:
    projects = [{"id": 400 + number, "name": f"Project {number}"} for number in range(205)]
    sandbox.reset({"linkedin": {"projects": projects}})
    linkedin, gate = benches.open_linkedin(sandbox)

    page = linkedin.list_projects()
    names = [project.name for project in page.items]
    while page.next is not None:
        page = linkedin.list_projects(cursor=page.next)
        names += [project.name for project in page.items]

    assert len(set(names)) == len(names) == 205
    assert gate.operations == ["projects.list"] * 3
    assert {"In Progress", "Archived", "Hired"} <= set(page.items[0].stages)
    assert all(seat.active and seat.id.startswith("urn:li:seat:") for seat in linkedin.list_seats().items)


def test_the_delta_brings_every_change_of_all_projects_in_order(sandbox: Sandbox, linkedin: Sourcing) -> None:
    ids = _add(sandbox, 150)

    first = linkedin.list_profiles_since(since=BEGINNING)
    second = linkedin.list_profiles_since(since=first[-1].modified_at)

    assert len(first) == 100
    assert second[0] == first[-1]
    assert {profile.id for profile in (*first, *second)} == set(ids)
    assert list(first) == sorted(first, key=lambda profile: (profile.modified_at, profile.id))
    assert linkedin.list_profiles_since(since=second[-1].modified_at + timedelta(milliseconds=1)) == ()


def test_a_timestamp_with_more_than_a_page_is_read_by_start(sandbox: Sandbox) -> None:
    sandbox.act("linkedin", "settings", equal_timestamps=True)
    sandbox.clock(now="2026-11-24T09:00:00+00:00")
    linkedin, _ = benches.open_linkedin(sandbox)
    ids = _add(sandbox, 130)

    moment = linkedin.list_profiles_since(since=BEGINNING)[-1].modified_at
    found = [*linkedin.list_profiles_since(since=moment), *linkedin.list_profiles_since(since=moment, start=100)]
    sandbox.clock(mode="real")

    assert sorted(profile.id for profile in found) == sorted(ids)


def test_a_profile_is_read_with_everything_it_says(sandbox: Sandbox, linkedin: Sourcing) -> None:
    person = {
        "first": "Zoë", "last": "Müller", "headline": "Staff Data Engineer", "company": "Contoso",
        "title": "Staff Data Engineer", "location": "Berlin", "url": "https://de.linkedin.com/in/zo%C3%AB-m%C3%BCller",
    }  # fmt: skip
    added = sandbox.act("linkedin", "add_to_project", project=310, people=[person])["profiles"][0]

    found = linkedin.get_profiles([added])[added]

    assert (found.first_name, found.last_name, found.company, found.location) == ("Zoë", "Müller", "Contoso", "Berlin")
    assert (found.project, found.email, found.removed) == ("urn:li:rscProject:310", "", False)
    assert found.stage_changed_at.tzinfo is not None


def test_profiles_that_are_not_there_are_absent(sandbox: Sandbox, linkedin: Sourcing) -> None:
    added = _add(sandbox, 1)[0]

    assert set(linkedin.get_profiles([added, "rp-999999"])) == {added}


def test_a_hundred_moves_travel_in_one_request(sandbox: Sandbox, opened: tuple[Sourcing, CountingGate]) -> None:
    linkedin, gate = opened
    ids = _add(sandbox, 100)

    outcome = linkedin.set_stages(dict.fromkeys(ids, "Hired"))

    assert set(outcome.values()) == {None}
    assert gate.operations == ["profiles.set_stages"]
    assert {profile.stage for profile in linkedin.get_profiles(ids).values()} == {"Hired"}


def test_each_record_of_a_batch_has_its_own_verdict(sandbox: Sandbox, linkedin: Sourcing) -> None:
    fine, unknown, failing = _add(sandbox, 3)
    archived = _add(sandbox, 1, project=311)[0]
    sandbox.act("linkedin", "archive_project", project=311)
    sandbox.act("linkedin", "fail_records", profiles=[failing], status=500)

    outcome = linkedin.set_stages(
        {fine: "Hired", unknown: "Phone Screen", archived: "Hired", failing: "Hired", "rp-999999": "Hired"}
    )

    assert outcome[fine] is None
    assert {one: type(outcome[one]) for one in (unknown, archived, failing, "rp-999999")} == {
        unknown: errors.Rejected,
        archived: errors.Conflict,
        failing: errors.Transient,
        "rp-999999": errors.NotFound,
    }
    assert outcome[unknown].cause == "unknown_stage"  # type: ignore[union-attr]


def test_a_move_whose_answer_is_lost_may_be_repeated(sandbox: Sandbox, linkedin: Sourcing) -> None:
    added = _add(sandbox, 1)[0]
    sandbox.fault("linkedin", "lose_response", "POST")

    with pytest.raises(errors.Transient):
        linkedin.set_stages({added: "Hired"})

    assert linkedin.set_stages({added: "Hired"}) == {added: None}


def test_long_ids_go_through_the_tunnel_both_ways(sandbox: Sandbox, linkedin: Sourcing) -> None:
    added = _add(sandbox, 1)[0]
    strangers = [f"rp-{'x' * 60}-{number:02d}" for number in range(99)]

    found = linkedin.get_profiles([added, *strangers])
    outcome = linkedin.set_stages(dict.fromkeys([added, *strangers], "Hired"))

    assert set(found) == {added}
    assert outcome[added] is None
    assert all(isinstance(outcome[one], errors.NotFound) for one in strangers)


def test_keys_with_structure_in_them_come_back_as_they_went(sandbox: Sandbox, linkedin: Sourcing) -> None:
    odd = "urn:li:rscProfile:(7,8)"

    outcome = linkedin.set_stages({odd: "Hired"})

    assert isinstance(outcome[odd], errors.NotFound)
    assert wire.decode_key(wire.encode_key(odd)) == odd


def test_a_full_day_and_protection_are_told_apart(sandbox: Sandbox, linkedin: Sourcing) -> None:
    sandbox.fault("linkedin", "429")
    with pytest.raises(errors.RateLimited) as protection:
        linkedin.list_seats()

    sandbox.act("linkedin", "spend", calls=500)
    with pytest.raises(errors.RateLimited) as full:
        linkedin.list_seats()

    assert (protection.value.cause, protection.value.until) == ("infrastructure", None)
    assert (full.value.cause, full.value.until) == ("day_full", None)


@pytest.mark.parametrize("act", ["expire_token", "revoke_token"])
def test_a_dead_token_waits_for_a_person(sandbox: Sandbox, linkedin: Sourcing, act: str) -> None:
    sandbox.act("linkedin", act)

    with pytest.raises(errors.AuthExpired):
        linkedin.list_projects()


def test_without_a_refresh_token_only_a_person_can_sign_in_again(sandbox: Sandbox) -> None:
    with pytest.raises(errors.AuthExpired) as refused:
        benches.mint("linkedin", sandbox, benches.LINKEDIN)

    assert refused.value.cause == "no_refresh_token"


def test_consent_gives_a_token_and_its_refresh_token_another(sandbox: Sandbox) -> None:
    sandbox.act("linkedin", "settings", refresh_tokens=True, expires_in_as_text=True)
    settings = benches.settings_of("linkedin", sandbox.base)
    verifier, back = "v" * 43, "https://sync.example/callback"
    asked = {"client_id": "sandbox-linkedin-client", "redirect_uri": back, "state": "s", "scope": "r_projects"}
    code = _consent(sandbox, oauth.authorize_url(settings, **asked, challenge=_challenge(verifier)))

    first = oauth.exchange_code(settings, benches.LINKEDIN, code=code, redirect_uri=back, verifier=verifier)
    assert first.secret is not None
    second = oauth.mint(settings, first.secret)

    assert first.expires_at is not None and first.expires_at > datetime.now(UTC) + timedelta(days=59)
    assert second.access_token != first.access_token
    assert first.access_token not in repr(first) and first.secret["refresh_token"] not in repr(first)


def test_a_tunnel_is_used_from_4000_characters_on() -> None:
    short = wire.request("GET", "/v2/x", query="ids=List(" + "a" * 3_900 + ")")
    long = wire.request("POST", "/v2/x", query="ids=List(" + "a" * 4_000 + ")", json={"a": 1})

    assert (short.method, short.content) == ("GET", None)
    assert (long.query, long.headers["x-http-method-override"]) == ("", "POST")
    assert long.headers["content-type"].startswith("multipart/mixed; boundary=")


def test_the_registry_finds_both_and_says_what_they_can() -> None:
    found = registry.all_providers()

    assert {"greenhouse", "linkedin"} <= set(found)
    assert found["linkedin"].capabilities.role == "sourcing"
    assert found["greenhouse"].capabilities.visible_after == timedelta(seconds=30)
    with pytest.raises(registry.UnknownProvider):
        registry.get("nobody")


def _add(sandbox: Sandbox, count: int, project: int = 310) -> list[str]:
    people = [{"first": "Ann", "last": f"Number {number}"} for number in range(count)]
    return list(sandbox.act("linkedin", "add_to_project", project=project, people=people)["profiles"])


def _challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def _consent(sandbox: Sandbox, address: str) -> str:
    answer = sandbox.http.get(address, follow_redirects=False)
    return parse_qs(urlsplit(str(answer.headers["location"])).query)["code"][0]
