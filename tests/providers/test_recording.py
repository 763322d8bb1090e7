"""What is kept of a request and its answer (R19): what happened, and nothing of a person."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from apps.core import errors
from apps.providers import recording, redaction
from apps.providers.contract import Call, Purpose
from apps.providers.transport import Request
from tests.providers import raw_server
from tests.providers.test_transport import OK, READ, answering, make, parse

PERSON = {
    "id": 64410227,
    "first_name": "Ada",
    "email_addresses": [{"value": "ada@people.example", "type": "work"}],
    "current_stage": {"id": 5580124, "name": "Phone Screen"},
    "phone": "+49 30 1234567",
    "custom": {"note": "prefers mornings"},
    "updated_at": "2026-11-25T14:31:52Z",
    "status": "active",
}


def test_of_a_person_stay_ids_stages_states_and_times() -> None:
    assert redaction.body(PERSON) == {
        "id": 64410227,
        "first_name": "masked",
        "email_addresses": [{"value": "masked", "type": "work"}],
        "current_stage": {"id": 5580124, "name": "Phone Screen"},
        "phone": "masked",
        "custom": {"note": "masked"},
        "updated_at": "2026-11-25T14:31:52Z",
        "status": "active",
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("status", "ada@people.example"),
        ("id", "ada@people.example"),
        ("client_id", "a1b2c3"),
        ("session_key", "a1b2c3"),
        ("since", "<b>Ada</b>"),
        ("updated_at", "when Ada called"),
        ("stage", "x" * 200),
    ],
)
def test_a_value_that_is_not_what_its_name_says_is_masked(name: str, value: str) -> None:
    assert redaction.body({name: value}) == {name: "masked"}


@given(
    some.recursive(
        some.just("Ada Lovelace <ada@people.example>"),
        lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(max_size=8), inner, max_size=3),
    ),
)
def test_no_text_of_a_person_gets_through_at_any_depth_or_name(value: Any) -> None:
    assert "Lovelace" not in json.dumps(redaction.body(value), ensure_ascii=False)


def test_addresses_and_tokens_in_a_path_and_a_query_are_masked() -> None:
    assert redaction.path("/people/ada%40people.example/notes") == "/people/masked/notes"
    assert redaction.path("/rest/4f8a7c1d9e2b4f8a7c1d9e2b/entity/1") == "/rest/masked/entity/1"
    assert redaction.path("/v1/opportunities/0c1e2d3f-1111-4222-8333-444455556666") == (
        "/v1/opportunities/0c1e2d3f-1111-4222-8333-444455556666"
    )
    assert redaction.query("email=ada%40people.example&per_page=50") == "email=masked&per_page=50"


def test_of_a_batch_one_record_sees_its_own_part_alone() -> None:
    """Rule 30: the other profiles of one request may be another client's."""
    exchange = recording.Exchange(
        "POST",
        "/v2/rscsProfiles",
        "ids=List(one,two)",
        200,
        "",
        0.1,
        request={"entities": {"one": {"patch": {"$set": {"stage": "Replied"}}}, "two": {}}},
        response={"results": {"one": {"status": 204}, "two": {"status": 422}}},
    )

    kept = json.dumps(exchange.of_one("one", ["one", "two"]).as_json())

    assert "two" not in kept
    assert "Replied" in kept and "204" in kept and "ids=one" in kept


def test_the_transport_tells_the_open_recording_and_no_token_gets_in() -> None:
    with raw_server.serve(answering(OK)) as (base, _), recording.exchanges() as said:
        make(base).call(READ, Request("GET", "/things", "page=1"), parse)

    (kept,) = [one.as_json() for one in said]
    assert (kept["method"], kept["path"], kept["query"], kept["status"]) == ("GET", "/things", "page=1", 200)
    assert kept["asked"]["authorization"] == "masked"
    assert "token-1" not in json.dumps(kept)


def test_an_answer_that_never_came_is_kept_with_its_cause() -> None:
    call = Call("things.create", Purpose.WRITE, repeatable=False)
    with raw_server.serve(answering(b"")) as (base, _), recording.exchanges() as said, pytest.raises(errors.Unknown):
        make(base).call(call, Request("POST", "/things", json={"first_name": "Ada"}), parse)

    kept = said[0].as_json()
    assert kept["status"] is None and kept["outcome"] == "connection_lost"
    assert "Ada" not in json.dumps(kept)


def test_nothing_is_kept_without_a_recording_and_a_long_one_ends() -> None:
    with raw_server.serve(answering(OK)) as (base, _):
        make(base).call(READ, Request("GET", "/"), parse)
        assert not recording.is_open()

    one = recording.Exchange("GET", "/", "", 200, "", 0.1)
    with recording.exchanges() as said:
        for _ in range(recording.MOST + 5):
            recording.note(one)
    assert len(said) == recording.MOST


def test_a_long_body_is_cut_and_a_huge_one_not_read() -> None:
    many = {f"id_{number}": {"stage": "Replied " * 14} for number in range(200)}
    exchange = recording.Exchange("GET", "/", "", 200, "", 0.1, response=[many, many, many])

    assert len(exchange.as_json()["response"]) <= recording.LONGEST_BODY + 10
    assert recording.read(b"x" * (recording.LARGEST_READ + 1)) == "256,001 bytes, not kept"
