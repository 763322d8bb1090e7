"""Deliveries: signatures by the vendors' own vectors, and every shape of body."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from apps.providers.contract import Hook, HookKind, MalformedHook
from apps.providers.greenhouse.receiver import APPLICATION_ACTIONS, CATALOGUE_ACTIONS, GreenhouseReceiver
from apps.providers.linkedin.receiver import LinkedInReceiver

SECRET = "sandbox-client-secret"
CODE = "2f1c6f0e-6c0b-4b6e-9a53-0b7f7d2a9c11"
EXPORT = b'{"id":"exp-000123","type":"EXPORT_CANDIDATE_PROFILE","expiresAt":1767312000000}'
SIGNED = "91e4170d66e072aa353e4777b5141cfbd2bb6f7aa52e164d7306596e93fa7f83"
WITHOUT_PREFIX = "2b4c5178487200ca942b09e926566b66c5bbb1510fa03cc2fb544a4ad3fd43d3"

linkedin = LinkedInReceiver()
greenhouse = GreenhouseReceiver()


def test_linkedins_signature_is_over_the_prefix_and_the_body() -> None:
    assert linkedin.verify(headers={"x-li-signature": SIGNED}, body=EXPORT, secrets=[SECRET])
    assert linkedin.verify(headers={"x-li-signature": SIGNED}, body=EXPORT, secrets=["older", SECRET])


@pytest.mark.parametrize(
    ("headers", "body", "secrets"),
    [
        ({"x-li-signature": WITHOUT_PREFIX}, EXPORT, [SECRET]),
        ({"x-li-signature": SIGNED}, EXPORT + b" ", [SECRET]),
        ({"x-li-signature": SIGNED}, EXPORT, ["another"]),
        ({"x-li-signature": SIGNED}, EXPORT, []),
        ({"x-li-signature": ""}, EXPORT, [SECRET]),
        ({"x-li-signature": "é"}, EXPORT, [SECRET]),
        ({}, EXPORT, [SECRET]),
        ({}, EXPORT, [""]),
    ],
)
def test_anything_else_is_not_linkedins(headers: dict[str, str], body: bytes, secrets: list[str]) -> None:
    assert not linkedin.verify(headers=headers, body=body, secrets=secrets)


def test_linkedin_may_sign_the_escaped_form_of_a_name() -> None:
    raw = '{"name":"Zoë 😀"}'.encode()
    escaped = b'{"name":"Zo\\u00eb \\ud83d\\ude00"}'
    signature = hmac.new(SECRET.encode(), b"hmacsha256=" + escaped, hashlib.sha256).hexdigest()

    assert linkedin.verify(headers={"x-li-signature": signature}, body=raw, secrets=[SECRET])


def test_linkedins_challenge_is_answered_with_the_vector() -> None:
    assert linkedin.answer_challenge(query={"challengeCode": CODE}, secret=SECRET) == {
        "challengeCode": CODE,
        "challengeResponse": "221c3732b04e87fc10160269d84d2935a8dfba4b1a3380c48c86cd188ddffcde",
    }


@pytest.mark.parametrize("code", ["", "hmacsha256=" + EXPORT.decode(), CODE[:-1], CODE + "\n", "{" + CODE + "}"])
def test_a_challenge_that_is_no_uuid_is_not_signed(code: str) -> None:
    assert linkedin.answer_challenge(query={"challengeCode": code}, secret=SECRET) is None


def test_a_challenge_without_a_secret_is_not_answered() -> None:
    assert linkedin.answer_challenge(query={"challengeCode": CODE}, secret="") is None


def test_linkedins_hint_brings_the_poll_forward() -> None:
    body = b'{"id":"h-1","type":"RSC_PROFILES_MODIFIED","contract":"urn:li:contract:7001","modifiedAt":1767000000000}'

    hook = linkedin.parse(headers={}, body=body)

    moment = datetime.fromtimestamp(1_767_000_000, UTC)
    assert hook == Hook(HookKind.PROFILES_HINT, "RSC_PROFILES_MODIFIED", "h-1", occurred_at=moment)


def test_linkedins_export_says_what_to_fetch_and_no_more() -> None:
    hook = linkedin.parse(headers={}, body=EXPORT)

    assert (hook.kind, hook.delivery_id) == (HookKind.EXPORT, "exp-000123")


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"type":"X"}', b'{"id":true,"type":"X"}', b"\xff", b"[" * 100_000]
)
def test_a_misshapen_delivery_of_linkedin_is_named(body: bytes) -> None:
    with pytest.raises(MalformedHook):
        linkedin.parse(headers={}, body=body)


def sign(body: bytes, secret: str = "hook-secret") -> str:
    return "sha256 " + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def test_greenhouses_signature_is_over_the_raw_bytes_with_a_space() -> None:
    body = b'{"action":"ping","payload":{"text":"\\u003cp\\u003e"}}'

    assert greenhouse.verify(headers={"signature": sign(body)}, body=body, secrets=["hook-secret"])
    assert greenhouse.verify(headers={"signature": sign(body, "old")}, body=body, secrets=["hook-secret", "old"])


@pytest.mark.parametrize(
    "signature",
    [
        sign(b'{"a":"<p>"}'),
        sign(b'{"a":"\\u003cp\\u003e"}').replace(" ", "="),
        sign(b'{"a":"\\u003cp\\u003e"}').removeprefix("sha256 "),
        sign(b'{"a":"\\u003cp\\u003e"}').replace("sha256", "sha1"),
        sign(b'{"a":"\\u003cp\\u003e"}', ""),
        "",
    ],
)
def test_anything_else_is_not_greenhouses(signature: str) -> None:
    body = b'{"a":"\\u003cp\\u003e"}'

    assert not greenhouse.verify(headers={"signature": signature}, body=body, secrets=["hook-secret", ""])


APPLICATION: dict[str, Any] = {
    "id": 9001,
    "status": "active",
    "last_activity_at": "2026-11-20T10:00:00Z",
    "current_stage": {"id": 3003, "name": "Phone Screen", "interviews": []},
    "candidate": {"id": 501, "first_name": "Ada", "last_name": "L"},
    "jobs": [{"id": 42, "name": "Engineer"}],
}


def read(action: str, payload: Any) -> Hook:
    body = json.dumps({"action": action, "payload": payload}).encode()
    return greenhouse.parse(headers={"greenhouse-event-id": "ev-1"}, body=body)


@pytest.mark.parametrize("action", APPLICATION_ACTIONS)
def test_every_event_of_an_application_names_it_with_its_person_and_job(action: str) -> None:
    assert read(action, {"application": APPLICATION}) == Hook(
        HookKind.APPLICATION,
        action,
        "ev-1",
        person_id="501",
        application_id="9001",
        job_id="42",
        occurred_at=datetime(2026, 11, 20, 10, tzinfo=UTC),
    )


@pytest.mark.parametrize("jobs", [[], [{"id": 1}, {"id": 2}]])
def test_a_prospect_belongs_to_no_one_job(jobs: list[dict[str, int]]) -> None:
    prospect = {**APPLICATION, "current_stage": None, "jobs": jobs, "last_activity_at": None}

    hook = read("new_prospect_application", {"application": prospect})

    assert (hook.job_id, hook.occurred_at) == ("", None)


def test_a_deleted_application_is_flat() -> None:
    flat = {"id": 9002, "candidate_id": 502, "job_id": 42, "source_id": None, "rejected_at": None, "prospect": False}

    assert read("delete_application", {"application": flat}) == Hook(
        HookKind.APPLICATION_DELETED, "delete_application", "ev-1", person_id="502", application_id="9002", job_id="42"
    )


def test_events_of_a_person() -> None:
    merged = {"id": 502, "first_name": "Ada", "last_name": "L", "new_candidate_id": 501}
    deleted = {"id": 502, "first_name": "Ada", "last_name": "L", "deleted_application_ids": [9002]}
    anonymized = {"candidate_id": 503, "anonymized_fields": ["full_name", "email_addresses"]}

    assert read("update_candidate", {"candidate": {"id": 501}}).person_id == "501"
    assert read("merge_candidate", {"person": merged}) == Hook(
        HookKind.PERSON_MERGED, "merge_candidate", "ev-1", person_id="502", survivor_id="501"
    )
    assert read("delete_candidate", {"person": deleted}) == Hook(
        HookKind.PERSON_DELETED, "delete_candidate", "ev-1", person_id="502"
    )
    assert read("candidate_anonymized", anonymized) == Hook(
        HookKind.PERSON, "candidate_anonymized", "ev-1", person_id="503"
    )


@pytest.mark.parametrize("action", CATALOGUE_ACTIONS)
def test_a_change_of_jobs_or_stages_refreshes_the_catalogue(action: str) -> None:
    assert read(action, {}).kind == HookKind.CATALOGUE


def test_catalogue_events_name_their_job() -> None:
    assert read("job_updated", {"job": {"id": 42}}).job_id == "42"
    assert read("job_interview_stage_deleted", {"job_interview_stage": {"id": 3, "job_id": 42}}).job_id == "42"


def test_a_ping_and_what_nobody_knows_are_kept_apart() -> None:
    assert read("ping", {"webhook_id": 1}).kind == HookKind.PING
    assert read("offer_created", {"id": 1}).kind == HookKind.OTHER
    assert read("something_of_next_year", None).kind == HookKind.OTHER


@pytest.mark.parametrize(
    ("action", "payload"),
    [
        ("candidate_stage_change", {}),
        ("candidate_stage_change", {"application": {"id": 1}}),
        ("candidate_stage_change", {"application": {**APPLICATION, "candidate": None}}),
        ("delete_application", {"application": {"candidate_id": 1}}),
        ("candidate_stage_change", {"application": {**APPLICATION, "id": "9001,9002"}}),
        ("candidate_stage_change", {"application": {**APPLICATION, "id": "9\x00"}}),
        ("candidate_stage_change", {"application": {**APPLICATION, "id": 10**600}}),
        ("update_candidate", {"candidate": {"id": "\ud800"}}),
        ("an action with a \x00", {}),
        ("merge_candidate", {"person": {"id": 502}}),
        ("delete_candidate", {"person": []}),
        ("update_candidate", [1]),
    ],
)
def test_a_misshapen_delivery_of_greenhouse_is_named_without_its_values(action: str, payload: Any) -> None:
    with pytest.raises(MalformedHook) as malformed:
        read(action, payload)

    assert "Ada" not in str(malformed.value)


@pytest.mark.parametrize("body", [b"", b"null", b"{}", b'{"action":1}', b"\xff\xfe"])
def test_a_body_that_is_no_event_is_named(body: bytes) -> None:
    with pytest.raises(MalformedHook):
        greenhouse.parse(headers={}, body=body)
