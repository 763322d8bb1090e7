"""Deliveries over the wire, to the web process as it runs: sizes, streams, real senders."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from django.conf import settings

from apps.connections.models import Connection
from apps.ledger.models import Event
from apps.ledger.services import fault_count
from apps.ledger.states import State
from tests.sandbox_process import Sandbox
from tests.webhooks.senders import SECRET, address, connect, sign_greenhouse, stage_change

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def connection() -> Connection:
    return connect("greenhouse")


def in_pieces(body: bytes, size: int = 65_536) -> Iterator[bytes]:
    """A body that httpx sends in chunks, without announcing its length."""
    for start in range(0, len(body), size):
        yield body[start : start + size]


def send(web: str, connection: Connection, body: bytes, content: bytes | Iterator[bytes]) -> httpx.Response:
    headers = {"signature": sign_greenhouse(body), "content-type": "application/json"}
    return httpx.post(web + address("greenhouse", connection.pk), content=content, headers=headers, timeout=30)


def test_a_delivery_is_durable_when_it_is_answered(web: str, connection: Connection) -> None:
    body = stage_change()

    answer = send(web, connection, body, body)

    assert (answer.status_code, answer.json()) == (200, {"status": "stored"})
    assert Event.objects.get().state == State.QUEUED


def test_one_delivery_sent_many_times_at_once_is_one_event_rule_1(web: str, connection: Connection) -> None:
    body = stage_change()
    headers = {"signature": sign_greenhouse(body), "greenhouse-event-id": "delivery-1"}
    url = web + address("greenhouse", connection.pk)

    with ThreadPoolExecutor(8) as pool:
        answers = [pool.submit(httpx.post, url, content=body, headers=headers, timeout=30) for _ in range(40)]

    assert {answer.result().status_code for answer in answers} == {200}
    assert Event.objects.count() == 1


def test_a_streamed_delivery_without_a_length_is_stored(web: str, connection: Connection) -> None:
    body = stage_change()

    answer = send(web, connection, body, in_pieces(body, size=50))

    assert "content-length" not in answer.request.headers
    assert answer.status_code == 200
    assert Event.objects.get().payload["application_id"] == "9001"


def test_a_streamed_body_above_the_limit_is_413_although_it_announced_nothing(web: str, connection: Connection) -> None:
    body = stage_change(padding="x" * settings.SYNCPORTAL_HOOK_BYTES)

    answer = send(web, connection, body, in_pieces(body))

    assert answer.status_code == 413
    assert not Event.objects.exists()


def test_an_announced_body_above_the_limit_is_413(web: str, connection: Connection) -> None:
    body = stage_change(padding="x" * settings.SYNCPORTAL_HOOK_BYTES)

    assert send(web, connection, body, body).status_code == 413
    assert not Event.objects.exists()


def test_a_body_of_just_the_limit_is_taken(web: str, connection: Connection) -> None:
    short = stage_change(padding="")
    body = stage_change(padding="x" * (settings.SYNCPORTAL_HOOK_BYTES - len(short)))
    assert len(body) == settings.SYNCPORTAL_HOOK_BYTES

    assert send(web, connection, body, body).status_code == 200
    assert send(web, connection, body, in_pieces(body)).status_code == 200


def test_greenhouse_enables_its_webhook_because_the_ping_was_answered(
    sandbox: Sandbox, web: str, connection: Connection
) -> None:
    sandbox.act("greenhouse", "set_webhook", url=web + address("greenhouse", connection.pk), secret=SECRET)

    sandbox.wait_for(lambda: sandbox.deliveries("greenhouse")[0]["state"] == "delivered")
    assert "ping" in Event.objects.get().detail
    assert fault_count(f"bad_signature:{connection.pk}") == 0


def test_a_webhook_with_another_secret_is_refused_and_counted(
    sandbox: Sandbox, web: str, connection: Connection
) -> None:
    sandbox.act("greenhouse", "set_webhook", url=web + address("greenhouse", connection.pk), secret="another")

    sandbox.wait_for(lambda: sandbox.deliveries("greenhouse")[0]["state"] == "given up")
    assert [one["status"] for one in sandbox.deliveries("greenhouse")[0]["attempts"]] == [401]
    assert fault_count(f"bad_signature:{connection.pk}") == 1
    assert not Event.objects.exists()


@pytest.mark.parametrize(("theirs", "challenge"), [(SECRET, "passed"), ("another", "failed")])
def test_linkedin_registers_the_address_that_has_its_secret(
    sandbox: Sandbox, web: str, theirs: str, challenge: str
) -> None:
    url = web + address("linkedin", connect("linkedin").pk)

    sandbox.act("linkedin", "set_webhook", url=url, secret=theirs, challenge=True)

    [webhook] = sandbox.wait_for(
        lambda: [one for one in sandbox.state("linkedin")["webhooks"] if one["challenge"] != "waiting"]
    )
    assert (webhook["challenge"], webhook["registered"]) == (challenge, challenge == "passed")


def test_linkedins_challenge_is_answered_in_three_seconds_now_and_every_two_hours(sandbox: Sandbox, web: str) -> None:
    """The sandbox waits no longer than LinkedIn does, three seconds, and blocks an address that failed thrice."""
    connection = connect("linkedin")
    url = web + address("linkedin", connection.pk)
    sandbox.act("linkedin", "set_webhook", url=url, secret=SECRET, challenge=True)

    for asked in range(1, 6):
        sandbox.wait_for(lambda asked=asked: webhook_of(sandbox)["asked"] == asked and not is_waiting(sandbox))
        assert (webhook_of(sandbox)["challenge"], webhook_of(sandbox)["failures"]) == ("passed", 0)
        sandbox.clock(advance=7_200)


def webhook_of(sandbox: Sandbox) -> dict[str, Any]:
    return dict(sandbox.state("linkedin")["webhooks"][0])


def is_waiting(sandbox: Sandbox) -> bool:
    return bool(webhook_of(sandbox)["challenge"] == "waiting")


def test_a_dead_worker_makes_no_delivery_bounce(web: str, connection: Connection) -> None:
    body = stage_change()

    assert httpx.get(f"{web}/healthz/worker").status_code == 503
    assert httpx.get(f"{web}/readyz").status_code == 200
    assert send(web, connection, body, body).status_code == 200
    assert Event.objects.get().state == State.QUEUED
