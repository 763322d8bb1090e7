"""One address for each application, as LinkedIn's developer portal has it: the request names whom it is for."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client as Http

from apps.connections.models import Connection
from apps.ledger.models import Event
from apps.ledger.services import fault_count
from tests.webhooks.senders import connect, sign_greenhouse, sign_linkedin, stage_change

pytestmark = pytest.mark.django_db

ADDRESS = "/webhooks/linkedin/"
CODE = "2f1c6f0e-6c0b-4b6e-9a53-0b7f7d2a9c11"
NORTH = "urn:li:developerApplication:9001"
SOUTH = "urn:li:developerApplication:9002"


@pytest.fixture
def north() -> Connection:
    return application("north", NORTH, contract="urn:li:contract:7001")


@pytest.fixture
def south(north: Connection) -> Connection:
    return application("south", SOUTH, contract="urn:li:contract:7002")


def application(name: str, urn: str, *, contract: str) -> Connection:
    return connect(
        "linkedin",
        name=name,
        secret={"client_id": f"client-of-{name}", "client_secret": f"secret-of-{name}"},
        hook_secret="",
        options={"application": urn, "contract": contract},
    )


def answered(http: Http, **asked: str) -> Any:
    return http.get(ADDRESS, {"challengeCode": CODE, **asked})


def send(http: Http, told: dict[str, Any], *, secret: str) -> int:
    body = json.dumps({"id": "h-1", "type": "RSC_PROFILES_MODIFIED", "modifiedAt": 1767000000000, **told}).encode()
    headers = {"x-li-signature": sign_linkedin(body, secret)}
    return int(http.post(ADDRESS, body, content_type="application/json", headers=headers).status_code)


@pytest.mark.parametrize("named", [SOUTH, "client-of-south"])
def test_the_challenge_is_answered_with_the_secret_of_the_application_it_names(
    client: Http, north: Connection, south: Connection, named: str
) -> None:
    own = client.get(f"{ADDRESS}{south.pk}/", {"challengeCode": CODE}).json()

    answer = answered(client, applicationId=named)

    assert (answer.status_code, answer.json()) == (200, own)
    assert answer.json() != client.get(f"{ADDRESS}{north.pk}/", {"challengeCode": CODE}).json()


def test_the_only_application_answers_by_whatever_name_linkedin_has_for_it(client: Http, north: Connection) -> None:
    assert answered(client, applicationId="urn:li:developerApplication:77").status_code == 200


def test_an_application_that_nobody_entered_is_404_where_there_are_several(
    client: Http, north: Connection, south: Connection
) -> None:
    assert answered(client, applicationId="urn:li:developerApplication:77").status_code == 404
    assert answered(client).status_code == 404


def test_a_delivery_goes_to_the_connection_of_its_contract(client: Http, north: Connection, south: Connection) -> None:
    assert send(client, {"contract": "urn:li:contract:7002"}, secret="secret-of-south") == 200

    assert Event.objects.get().connection == south.pk


def test_a_delivery_that_names_its_application_goes_there(client: Http, north: Connection, south: Connection) -> None:
    assert send(client, {"type": "RESYNC_JOBS", "developerApplicationUrn": SOUTH}, secret="secret-of-south") == 200

    assert Event.objects.get().connection == south.pk


def test_naming_a_contract_proves_nothing(client: Http, north: Connection, south: Connection) -> None:
    assert send(client, {"contract": "urn:li:contract:7002"}, secret="secret-of-north") == 401

    assert fault_count(f"bad_signature:{south.pk}") == 1
    assert not Event.objects.exists()


@pytest.mark.parametrize(
    "told",
    [{}, {"contract": "urn:li:contract:1"}, {"contract": 7}, {"contract": "a\x00b"}, {"contract": "x" * 5_000}],
)
def test_a_delivery_that_names_nobody_here_is_404(client: Http, north: Connection, told: dict[str, Any]) -> None:
    assert send(client, told, secret="secret-of-north") == 404
    assert not Event.objects.exists()


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b"[" * 100_000])
def test_what_is_no_delivery_at_all_is_404(client: Http, north: Connection, body: bytes) -> None:
    assert client.post(ADDRESS, body, content_type="application/json").status_code == 404


@pytest.mark.parametrize("system", ["greenhouse", "lever", "nobody-knows-it"])
def test_a_system_without_such_an_address_is_404(client: Http, system: str) -> None:
    connect("greenhouse")
    body = stage_change()

    answer = client.post(
        f"/webhooks/{system}/", body, content_type="application/json", headers={"signature": sign_greenhouse(body)}
    )

    assert answer.status_code == 404
    assert client.get(f"/webhooks/{system}/").status_code == 404
