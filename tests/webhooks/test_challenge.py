"""LinkedIn asks an address to prove that it has the application's secret."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client as Http

from apps.connections import services as connections
from apps.connections.models import Connection
from apps.core import clock
from apps.ledger.models import Event
from tests.webhooks.senders import address, connect

pytestmark = pytest.mark.django_db

APPLICATION = "app-of-northwind"
SECRET = "sandbox-client-secret"
CODE = "2f1c6f0e-6c0b-4b6e-9a53-0b7f7d2a9c11"
ANSWER = "221c3732b04e87fc10160269d84d2935a8dfba4b1a3380c48c86cd188ddffcde"
"""An example worked out beforehand: the code, and its HMAC with that secret."""


@pytest.fixture
def connection() -> Connection:
    return connect("linkedin", secret={"client_id": APPLICATION, "client_secret": SECRET}, hook_secret="")


def test_the_challenge_is_answered_with_the_applications_secret(client: Http, connection: Connection) -> None:
    answer = client.get(address("linkedin", connection.pk), {"challengeCode": CODE})

    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/json"
    assert answer.json() == {"challengeCode": CODE, "challengeResponse": ANSWER}
    assert not Event.objects.exists()


def test_the_challenge_may_name_the_connections_application(client: Http, connection: Connection) -> None:
    asked = {"challengeCode": CODE, "applicationId": APPLICATION}

    assert client.get(address("linkedin", connection.pk), asked).json()["challengeResponse"] == ANSWER


def test_after_a_rotation_the_newest_secret_answers(client: Http, connection: Connection) -> None:
    connections.rotate_hook_secret(
        connection_id=connection.pk, now=clock.now(), overlap=timedelta(days=1), secret="another"
    )

    answer = client.get(address("linkedin", connection.pk), {"challengeCode": CODE})

    assert answer.status_code == 200
    assert answer.json()["challengeResponse"] != ANSWER


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"challengeCode": ""},
        {"challengeCode": "not-a-uuid"},
        {"challengeCode": 'hmacsha256={"id":"1","type":"RSC_PROFILES_MODIFIED"}'},
        {"code": CODE},
    ],
)
def test_a_code_that_is_none_is_refused_and_nothing_is_signed(
    client: Http, connection: Connection, asked: dict[str, str]
) -> None:
    answer = client.get(address("linkedin", connection.pk), asked)

    assert answer.status_code == 400
    assert "challengeResponse" not in answer.json()
    assert "POST" in answer.json()["error"]


def test_an_unknown_connection_is_not_challenged(client: Http) -> None:
    assert client.get(address("linkedin", uuid4()), {"challengeCode": CODE}).status_code == 404


def test_another_systems_connection_is_not_challenged_under_linkedins_name(client: Http) -> None:
    greenhouse = connect("greenhouse")

    assert client.get(address("linkedin", greenhouse.pk), {"challengeCode": CODE}).status_code == 404


def test_greenhouse_pings_and_has_no_challenge(client: Http) -> None:
    assert client.get(address("greenhouse", connect("greenhouse").pk), {"challengeCode": CODE}).status_code == 400
