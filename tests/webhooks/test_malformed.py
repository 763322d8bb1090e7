"""Well signed and not understood: acknowledged, kept as a dead letter, and said in a sentence."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client as Http
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.accounts import services as accounts
from apps.accounts.models import User
from apps.accounts.rights import Role
from apps.ledger.models import DedupeKey, Event
from apps.ledger.states import State
from tests.portal.factories import make_user
from tests.webhooks.pages import event_page, text_of
from tests.webhooks.senders import EMAIL, connect, send_greenhouse, send_linkedin, stage_change

pytestmark = pytest.mark.django_db


def told(action: str, payload: Any) -> bytes:
    return json.dumps({"action": action, "payload": payload}).encode()


MALFORMED = {
    "no JSON": (b'{"action": "candidate_stage_change", ', "delivery: not JSON"),
    "nothing": (b"", "delivery: not JSON"),
    "no text": (b"\xff\xfe\x00{", "delivery: not JSON"),
    "a NUL": (b'{"action": "ping"}\x00', "delivery: not JSON"),
    "far too deep": (b"[" * 100_000, "delivery: not JSON"),
    "a list": (b"[]", "delivery: not an object"),
    "null": (b"null", "delivery: not an object"),
    "a number": (b"7", "delivery: not an object"),
    "no action": (b"{}", "delivery.action: not a text"),
    "an action of another type": (b'{"action": 7}', "delivery.action: not a text"),
    "an action with a NUL": (told("ping\x00", {}), "delivery.action: not a name"),
    "a payload that is a list": (told("update_candidate", [1]), "delivery.payload: not an object"),
    "no application": (told("candidate_stage_change", {}), "delivery.payload.application: not an object"),
    "an application that is a text": (
        told("reject_candidate", {"application": "9001"}),
        "delivery.payload.application: not an object",
    ),
    "no person": (stage_change(candidate=None), "delivery.payload.application.candidate: not an object"),
    "an id that is true": (stage_change(application=True), "delivery.payload.application.id: not an id"),
    "an id that is a list": (stage_change(application=[9001]), "delivery.payload.application.id: not an id"),
    "an id that is empty": (stage_change(application=""), "delivery.payload.application.id: not an id"),
    "an id with a NUL": (stage_change(application="9\x00"), "delivery.payload.application.id: not an id"),
    "an id of half a character": (stage_change(application="\ud800"), "delivery.payload.application.id: not an id"),
    "an id that is a list of ids": (
        stage_change(application="9001,9002"),
        "delivery.payload.application.id: not an id",
    ),
    "an endless id": (stage_change(application=10**3000), "delivery.payload.application.id: not an id"),
    "a time that is none": (
        stage_change(last_activity_at="yesterday"),
        "delivery.payload.application.last_activity_at: not a date-time",
    ),
    "a time before all times": (
        stage_change(last_activity_at="0001-01-01T00:00:00+14:00"),
        "delivery.payload.application.last_activity_at: not a date-time",
    ),
    "jobs that are numbers": (stage_change(jobs=[42]), "delivery.payload.application.jobs[0]: not an object"),
}


@pytest.mark.parametrize(("body", "problem"), MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_delivery_is_acknowledged_and_dead_with_a_sentence(client: Http, body: bytes, problem: str) -> None:
    connection = connect()

    answer = send_greenhouse(client, connection, body)

    event = Event.objects.get()
    assert answer.status_code == 200
    assert (event.kind, event.state, event.cause) == ("hook.malformed", State.DEAD, "malformed")
    assert problem in event.detail
    assert connection.name in event.detail
    assert event.settled_at is not None


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(["candidate_stage_change", "merge_candidate", "job_updated", "RSC_PROFILES_MODIFIED", "9001"]),
)
WORDS = (
    "action payload application candidate person jobs id candidate_id new_candidate_id last_activity_at type modifiedAt"
)
NAMES = st.sampled_from(WORDS.split())
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES | st.text(max_size=5), inner, max_size=5),
    max_leaves=15,
)
ACTIONS = st.sampled_from(["candidate_stage_change", "delete_application", "update_candidate", "merge_candidate"])
BODIES = st.one_of(
    st.binary(max_size=200),
    ANYTHING.map(lambda value: json.dumps(value).encode()),
    st.tuples(ACTIONS, ANYTHING).map(lambda pair: told(pair[0], {"application": pair[1], "person": pair[1]})),
)


@given(body=BODIES)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_well_signed_is_acknowledged_and_is_one_event(client: Http, db: None, body: bytes) -> None:
    Event.objects.all().delete()
    DedupeKey.objects.all().delete()

    assert send_greenhouse(client, connect("greenhouse"), body).status_code == 200
    assert send_linkedin(client, connect("linkedin"), body).status_code == 200

    assert Event.objects.count() == 2


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"type":"RSC_PROFILES_MODIFIED"}', b'{"id":"h-1","type":7}'])
def test_a_malformed_hint_is_acknowledged_and_dead_with_a_sentence(client: Http, body: bytes) -> None:
    answer = send_linkedin(client, connect("linkedin"), body)

    event = Event.objects.get()
    assert answer.status_code == 200
    assert (event.state, event.cause) == (State.DEAD, "malformed")
    assert "not understood" in event.detail


def test_the_whole_text_is_kept_for_whoever_finds_out(client: Http) -> None:
    body = b'{"action": "' + "é".encode() * 30_000

    send_greenhouse(client, connect(), body)

    assert Event.objects.get().payload["body"] == body.decode()


def test_the_same_malformed_text_is_one_dead_letter(client: Http) -> None:
    connection = connect()

    answers = [send_greenhouse(client, connection, b"{").status_code for _ in range(3)]

    assert answers == [200, 200, 200]
    assert Event.objects.count() == 1


def test_a_malformed_delivery_holds_up_no_other(client: Http) -> None:
    connection = connect()

    send_greenhouse(client, connection, b"{")
    send_greenhouse(client, connection, stage_change())

    assert sorted(Event.objects.values_list("state", flat=True)) == [State.DEAD, State.QUEUED]


def test_an_ops_lead_reads_what_is_wrong_and_what_to_do_and_no_address(client: Http) -> None:
    connection = connect()
    send_greenhouse(client, connection, stage_change(candidate=None, email_addresses=[EMAIL]))
    client.force_login(make_user(Role.OPS, all_clients=True))

    shown = event_page(client, Event.objects.get())

    assert "Dead malformed" in shown
    assert "delivery.payload.application.candidate: not an object" in shown
    assert "Nothing was changed" in shown
    assert EMAIL["value"] not in shown


def test_a_superuser_reads_the_text_in_the_admin(client: Http) -> None:
    send_greenhouse(client, connect(), b'{"action": "half of')
    client.force_login(User.objects.create_superuser("root@northwind.test"))

    assert "half of" in text_of(client, f"/admin/ledger/event/{Event.objects.get().pk}/change/")


def test_what_came_for_one_client_is_read_by_that_clients_ops_lead_alone(client: Http) -> None:
    own, other = accounts.create_client(name="Birch"), accounts.create_client(name="Cedar")
    send_greenhouse(client, connect(client_id=own.pk), b"{")
    event = Event.objects.get()

    client.force_login(make_user(Role.OPS, own))
    assert "not JSON" in event_page(client, event)

    client.force_login(make_user(Role.OPS, other))
    assert client.get(f"/events/{event.pk}/").status_code == 404
