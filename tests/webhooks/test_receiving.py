"""The edge: who is let in, what is stored, what is answered (RULES 1)."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.test import Client as Http

from apps.accounts.rights import Role
from apps.connections import rules
from apps.connections import services as connections
from apps.connections.models import QuotaWindow
from apps.core import clock
from apps.ledger import leases
from apps.ledger.models import Event
from apps.ledger.services import fault_count
from apps.ledger.states import State
from apps.sync import services as sync
from apps.sync.models import Stream, StreamName
from apps.webhooks import services
from tests.connections.factories import travel
from tests.portal.factories import make_user
from tests.webhooks.pages import event_page, text_of
from tests.webhooks.senders import (
    EMAIL,
    SECRET,
    WITHOUT_ID,
    address,
    connect,
    send_greenhouse,
    send_linkedin,
    sign_greenhouse,
    stage_change,
)

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
HINT = b'{"id":"hint-1","type":"RSC_PROFILES_MODIFIED","contract":"urn:li:contract:7001","modifiedAt":1767000000000}'


def refused(connection: Any) -> int:
    return fault_count(f"bad_signature:{connection.pk}")


def test_a_delivery_is_answered_with_200_and_waits_in_the_log_rule_1(client: Http) -> None:
    connection = connect()

    answer = send_greenhouse(client, connection, stage_change(application=9001, person=501))

    event = Event.objects.get()
    assert (answer.status_code, answer.json()) == (200, {"status": "stored"})
    assert (event.kind, event.state, event.connection) == ("hook.application", State.QUEUED, connection.pk)
    assert (event.payload["application_id"], event.payload["person_id"]) == ("9001", "501")


def test_a_delivery_is_stored_without_what_it_says_of_the_person(client: Http) -> None:
    send_greenhouse(client, connect(), stage_change())

    assert EMAIL["value"] not in json.dumps(Event.objects.get().payload)


BODY = stage_change()


@pytest.mark.parametrize(
    "signature",
    [
        "",
        "sha256 " + "0" * 64,
        sign_greenhouse(BODY, "another-secret"),
        sign_greenhouse(BODY + b" "),
        sign_greenhouse(BODY).replace(" ", "="),
        "sha256 é",
    ],
)
def test_a_bad_or_missing_signature_is_401_counted_and_stores_nothing(client: Http, signature: str) -> None:
    connection = connect()

    answer = send_greenhouse(client, connection, BODY, signature=signature)

    assert answer.status_code == 401
    assert "signature" in answer.json()["error"]
    assert refused(connection) == 1
    assert not Event.objects.exists()


def test_deliveries_without_a_signature_header_are_counted_each(client: Http) -> None:
    connection, other = connect(), connect()

    for _ in range(3):
        answer = client.post(address("greenhouse", connection.pk), BODY, content_type="application/json")
        assert answer.status_code == 401

    assert (refused(connection), refused(other)) == (3, 0)


def test_an_admin_sees_how_many_deliveries_were_refused(client: Http) -> None:
    connection = connect()
    for _ in range(2):
        send_greenhouse(client, connection, BODY, signature="sha256 no")
    client.force_login(make_user(Role.ADMIN))

    assert "2 deliveries refused for their signature" in text_of(client, "/connections/")


def test_the_signature_is_of_the_raw_bytes_not_of_json_written_anew(client: Http) -> None:
    connection = connect()
    spaced = json.dumps(json.loads(BODY), indent=2).encode()

    assert send_greenhouse(client, connection, spaced).status_code == 200
    assert send_greenhouse(client, connection, spaced, signature=sign_greenhouse(BODY)).status_code == 401


def test_a_replaced_secret_counts_until_its_overlap_is_over(client: Http) -> None:
    connection = connect()
    now = clock.now()
    connections.rotate_hook_secret(connection_id=connection.pk, now=now, overlap=timedelta(hours=1), secret="fresh")

    assert send_greenhouse(client, connection, BODY, signature=sign_greenhouse(BODY, SECRET)).status_code == 200
    assert send_greenhouse(client, connection, BODY, signature=sign_greenhouse(BODY, "fresh")).status_code == 200

    connections.rotate_hook_secret(connection_id=connection.pk, now=now, overlap=timedelta(0), secret="freshest")
    time.sleep(services.REMEMBERED.total_seconds())
    assert send_greenhouse(client, connection, BODY, signature=sign_greenhouse(BODY, "fresh")).status_code == 401


def test_an_unknown_connection_is_404_whatever_the_signature(client: Http) -> None:
    answer = client.post(
        address("greenhouse", uuid4()),
        BODY,
        content_type="application/json",
        headers={"signature": sign_greenhouse(BODY)},
    )

    assert answer.status_code == 404
    assert not Event.objects.exists()


@pytest.mark.parametrize("provider", ["linkedin", "lever", "nobody-knows-it"])
def test_a_connection_answers_under_its_own_system_only(client: Http, provider: str) -> None:
    connection = connect("greenhouse")

    answer = client.post(
        address(provider, connection.pk),
        BODY,
        content_type="application/json",
        headers={"signature": sign_greenhouse(BODY)},
    )

    assert answer.status_code == 404
    assert client.get(address(provider, connection.pk)).status_code == 404


def test_an_address_that_names_no_uuid_is_404(client: Http) -> None:
    assert client.post(address("greenhouse", "1"), BODY, content_type="application/json").status_code == 404


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_other_methods_are_405(client: Http, method: str) -> None:
    assert getattr(client, method)(address("greenhouse", connect().pk)).status_code == 405


def test_a_declared_size_above_the_limit_is_413_before_anything_is_checked(client: Http) -> None:
    connection = connect()
    large = b"x" * (settings.SYNCPORTAL_HOOK_BYTES + 1)

    answer = send_greenhouse(client, connection, large)

    assert answer.status_code == 413
    assert str(settings.SYNCPORTAL_HOOK_BYTES) in answer.json()["error"]
    assert not Event.objects.exists()
    assert refused(connection) == 0


def test_the_same_delivery_twice_is_200_twice_and_stored_once_rule_1(client: Http) -> None:
    connection = connect()

    answers = [send_greenhouse(client, connection, BODY, delivery="delivery-1").status_code for _ in range(2)]

    assert answers == [200, 200]
    assert Event.objects.count() == 1


def test_one_delivery_id_at_two_connections_is_two_deliveries(client: Http) -> None:
    for connection in (connect(), connect()):
        send_greenhouse(client, connection, BODY, delivery="delivery-1")

    assert Event.objects.count() == 2


def test_equal_bodies_under_two_delivery_ids_are_both_stored(client: Http) -> None:
    connection = connect()
    for delivery in ("delivery-1", "delivery-2"):
        send_greenhouse(client, connection, BODY, delivery=delivery)

    assert Event.objects.count() == 2


def stages_sent(client: Http, connection: Any, *stages: str) -> list[int]:
    bodies = [stage_change(stage=stage) for stage in stages]
    return [send_greenhouse(client, connection, body, delivery=WITHOUT_ID).status_code for body in bodies]


def test_without_a_delivery_id_a_move_there_and_back_is_three_events_rule_1(client: Http) -> None:
    assert stages_sent(client, connect(), "Phone Screen", "Onsite", "Phone Screen") == [200, 200, 200]

    assert Event.objects.count() == 3


def test_without_a_delivery_id_an_equal_body_is_one_with_the_newest_that_waits_rule_1(client: Http) -> None:
    assert stages_sent(client, connect(), "Phone Screen", "Phone Screen") == [200, 200]

    assert Event.objects.count() == 1


def test_without_a_delivery_id_an_equal_body_is_new_once_the_first_is_being_worked_on_rule_1(client: Http) -> None:
    connection = connect()
    stages_sent(client, connection, "Phone Screen")
    assert leases.claim(now=clock.now()) is not None

    stages_sent(client, connection, "Phone Screen")

    assert Event.objects.count() == 2


def test_without_a_delivery_id_two_people_are_two_events(client: Http) -> None:
    connection = connect()
    for application, person in ((1, 11), (2, 12)):
        send_greenhouse(client, connection, stage_change(application=application, person=person), delivery=WITHOUT_ID)

    assert Event.objects.count() == 2


def test_a_ping_is_acknowledged_and_shows_in_the_log(client: Http) -> None:
    send_greenhouse(client, connect(), b'{"action":"ping","payload":{"webhook_id":1}}')

    event = Event.objects.get()
    assert (event.state, event.reason) == (State.SKIPPED, "irrelevant")
    assert "ping" in event.detail


def test_what_greenhouse_sends_and_nobody_needs_shows_in_the_log_with_its_name(client: Http) -> None:
    send_greenhouse(client, connect(), b'{"action":"offer_created","payload":{"id":1}}')

    event = Event.objects.get()
    assert (event.state, event.reason) == (State.SKIPPED, "irrelevant")
    assert "offer_created" in event.detail


def test_a_change_of_jobs_brings_the_catalogue_forward(client: Http) -> None:
    connection = connect()
    later = read_later(connection, StreamName.JOBS)

    send_greenhouse(client, connection, b'{"action":"job_updated","payload":{"job":{"id":42}}}')

    assert next_read(connection, StreamName.JOBS) < later
    assert Event.objects.get().state == State.DONE


def test_linkedins_hint_brings_the_poll_forward_and_is_noted_once(client: Http) -> None:
    with travel(NOON):
        connection = connect("linkedin")
        later = read_later(connection, StreamName.PROFILES)

        answers = [send_linkedin(client, connection, HINT).status_code for _ in range(2)]

        assert answers == [200, 200]
        assert next_read(connection, StreamName.PROFILES) < later
        assert Event.objects.get().state == State.DONE


def test_a_hint_does_not_spend_a_day_that_is_ahead_of_its_plan(client: Http) -> None:
    connection = connect("linkedin")
    later = read_later(connection, StreamName.PROFILES)
    starts, ends = rules.day_of(clock.now())
    QuotaWindow.objects.create(
        account=connection.quota,
        name="day",
        slot=starts.date().isoformat(),
        limit=500,
        spent=500,
        starts_at=starts,
        ends_at=ends,
    )

    assert send_linkedin(client, connection, HINT).status_code == 200

    assert next_read(connection, StreamName.PROFILES) == later
    assert "ahead of plan" in Event.objects.get().detail


def test_a_hint_with_a_bad_signature_brings_nothing_forward(client: Http) -> None:
    connection = connect("linkedin")
    later = read_later(connection, StreamName.PROFILES)

    answer = send_linkedin(client, connection, HINT, signature="0" * 64)

    assert answer.status_code == 401
    assert next_read(connection, StreamName.PROFILES) == later
    assert refused(connection) == 1


def read_later(connection: Any, name: StreamName) -> Any:
    now = clock.now()
    sync.start_reading(connection_id=connection.pk, now=now)
    Stream.objects.filter(connection=connection).update(next_at=now + timedelta(hours=4))
    return next_read(connection, name)


def next_read(connection: Any, name: StreamName) -> Any:
    return Stream.objects.get(connection=connection, name=name).next_at


def test_a_paused_connection_keeps_what_arrives_and_the_page_says_why_it_waits(client: Http) -> None:
    connection = connect()
    connections.pause(connection_id=connection.pk, actor_id=None, now=clock.now())

    answer = send_greenhouse(client, connection, BODY)

    assert answer.status_code == 200
    assert leases.claim(now=clock.now()) is None
    client.force_login(make_user(Role.OPS, all_clients=True))
    assert "Held paused" in event_page(client, Event.objects.get())

    connections.resume(connection_id=connection.pk, now=clock.now())
    assert leases.claim(now=clock.now()) is not None


def test_a_stopped_connection_keeps_what_arrives(client: Http) -> None:
    connection = connect()
    connections.stop(connection_id=connection.pk, actor_id=None, now=clock.now())

    assert send_greenhouse(client, connection, BODY).status_code == 200

    assert Event.objects.get().state == State.QUEUED
    assert leases.claim(now=clock.now()) is None
