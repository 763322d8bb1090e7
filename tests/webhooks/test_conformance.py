"""Every receiver keeps the same promises: one suite, run for each system that delivers here (R23, RULES 1)."""

from __future__ import annotations

import gzip
import time
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.conf import settings
from django.test import Client as Http

from apps.connections import services as connections
from apps.connections.models import Connection
from apps.core import clock
from apps.ledger.models import Event
from apps.ledger.services import fault_count
from apps.ledger.states import State
from apps.providers import registry
from apps.webhooks import services
from tests.webhooks.senders import SECRET, address, connect
from tests.webhooks.systems import SYSTEMS, System, Wire

pytestmark = pytest.mark.django_db

TEN_MEGABYTES = 10_000_000
SILENT = [key for key in registry.all_providers() if key not in {system.key for system in SYSTEMS}]


@pytest.fixture(params=SYSTEMS, ids=str)
def system(request: pytest.FixtureRequest) -> System:
    return request.param  # type: ignore[no-any-return]


@pytest.fixture
def connection(system: System) -> Connection:
    return connect(system.key)


def send(http: Http, to: Connection | UUID, system: System, wire: Wire, **headers: str) -> Any:
    place = address(system.key, to.pk if isinstance(to, Connection) else to)
    given = {**wire.headers, **headers}
    return http.post(place, wire.body, content_type="application/json", headers=given)


def refused(connection: Connection) -> int:
    return fault_count(f"bad_signature:{connection.pk}")


def other(byte: int) -> bytes:
    """A character that is not this one, and that JSON takes as well."""
    return b"8" if byte != ord("8") else b"7"


def test_every_system_that_pushes_is_in_this_suite() -> None:
    pushes = {key for key, one in registry.all_providers().items() if can(one.capabilities.push_events)}

    assert {system.key for system in SYSTEMS} == pushes


def can(declared: Any) -> bool:
    return declared if isinstance(declared, bool) else bool(declared.available)


def test_the_vector_is_taken(client: Http, system: System) -> None:
    connection = connect(system.key, hook_secret=system.vector_secret)

    assert send(client, connection, system, system.vector).status_code == 200
    assert Event.objects.count() == 1


def test_a_delivery_is_stored_once_and_answered_with_200(client: Http, system: System, connection: Connection) -> None:
    answers = [send(client, connection, system, system.wire()).status_code for _ in range(3)]

    assert answers == [200, 200, 200]
    assert Event.objects.count() == 1


def test_another_secret_is_refused(client: Http, system: System, connection: Connection) -> None:
    answer = send(client, connection, system, system.wire("another-secret"))

    assert answer.status_code == 401
    assert refused(connection) == 1
    assert not Event.objects.exists()


def test_each_changed_byte_of_what_is_signed_is_refused(system: System) -> None:
    receiver, wire = registry.get(system.key).receiver, system.wire()
    start = wire.body.index(system.covered)
    for place in range(start, start + len(system.covered)):
        changed = wire.body[:place] + other(wire.body[place]) + wire.body[place + 1 :]

        assert changed != wire.body
        assert not receiver.verify(headers=wire.headers, body=changed, secrets=[SECRET])
    assert receiver.verify(headers=wire.headers, body=wire.body, secrets=[SECRET])


def test_a_changed_byte_is_401_and_stores_nothing(client: Http, system: System, connection: Connection) -> None:
    wire = system.wire()
    changed = wire.body.replace(system.covered, other(system.covered[0]) + system.covered[1:])

    answer = send(client, connection, system, Wire(changed, wire.headers))

    assert answer.status_code == 401
    assert not Event.objects.exists()


def test_a_missing_signature_is_refused(client: Http, system: System, connection: Connection) -> None:
    answer = send(client, connection, system, system.without_signature(system.wire()))

    assert answer.status_code == 401
    assert refused(connection) == 1
    assert not Event.objects.exists()


def test_a_connection_without_a_secret_takes_nothing(client: Http, system: System, connection: Connection) -> None:
    Connection.objects.filter(pk=connection.pk).update(hook_secret=b"")

    assert send(client, connection, system, system.wire("")).status_code == 401
    assert not Event.objects.exists()


def test_ten_megabytes_are_413_before_anything_is_hashed(client: Http, system: System, connection: Connection) -> None:
    wire = system.sign({**system.delivery, "padding": "x" * TEN_MEGABYTES}, "another-secret")

    answer = send(client, connection, system, wire)

    assert answer.status_code == 413
    assert refused(connection) == 0
    assert not Event.objects.exists()


def test_both_secrets_count_during_a_rotation_and_the_new_one_after(
    client: Http, system: System, connection: Connection
) -> None:
    now = clock.now()
    connections.rotate_hook_secret(connection_id=connection.pk, now=now, overlap=timedelta(hours=1), secret="fresh-one")

    assert send(client, connection, system, system.wire(SECRET)).status_code == 200
    assert send(client, connection, system, system.wire("fresh-one")).status_code == 200
    assert refused(connection) == 0

    connections.rotate_hook_secret(connection_id=connection.pk, now=now, overlap=timedelta(0), secret="freshest-one")
    time.sleep(services.REMEMBERED.total_seconds())
    assert send(client, connection, system, system.wire("fresh-one")).status_code == 401
    assert send(client, connection, system, system.wire("freshest-one")).status_code == 200


def test_well_signed_and_senseless_is_a_dead_letter_with_its_reason(
    client: Http, system: System, connection: Connection
) -> None:
    answer = send(client, connection, system, system.sign(system.senseless, SECRET))

    event = Event.objects.get()
    assert answer.status_code == 200
    assert (event.state, event.cause) == (State.DEAD, "malformed")
    assert "Well signed" in event.detail
    assert "delivery." in event.detail


def test_a_connection_that_nobody_knows_is_404(client: Http, system: System) -> None:
    assert send(client, uuid4(), system, system.wire()).status_code == 404
    assert not Event.objects.exists()


def test_another_systems_connection_is_404_under_this_ones_name(client: Http, system: System) -> None:
    for strange in (one for one in SYSTEMS if one.key != system.key):
        assert send(client, connect(strange.key), system, system.wire()).status_code == 404
    assert not Event.objects.exists()


@pytest.mark.parametrize("headers", [{"content-encoding": "gzip"}, {}], ids=["announced", "unannounced"])
def test_a_compressed_delivery_is_taken(
    client: Http, system: System, connection: Connection, headers: dict[str, str]
) -> None:
    wire = system.wire()

    answer = send(client, connection, system, Wire(gzip.compress(wire.body), wire.headers), **headers)

    event = Event.objects.get()
    assert answer.status_code == 200
    assert event.cause != "malformed"


def test_what_inflates_beyond_the_limit_is_413(client: Http, system: System, connection: Connection) -> None:
    wire = system.sign({**system.delivery, "padding": "x" * settings.SYNCPORTAL_HOOK_BYTES}, SECRET)
    packed = gzip.compress(wire.body)
    assert len(packed) < 10_000

    answer = send(client, connection, system, Wire(packed, wire.headers), **{"content-encoding": "gzip"})

    assert answer.status_code == 413
    assert not Event.objects.exists()


def test_damaged_compression_is_refused_unless_its_bytes_were_signed(
    client: Http, system: System, connection: Connection
) -> None:
    wire = system.wire()
    torn = gzip.compress(wire.body)[:-6]

    assert send(client, connection, system, Wire(torn, wire.headers)).status_code == 401
    assert not Event.objects.exists()


@pytest.mark.parametrize("key", SILENT)
def test_a_system_that_sends_nothing_has_nothing_taken_in_its_name(client: Http, key: str) -> None:
    connection = connect(key)
    for system in SYSTEMS:
        wire = system.wire()

        answer = client.post(
            address(key, connection.pk), wire.body, content_type="application/json", headers=dict(wire.headers)
        )

        assert answer.status_code == 401
    assert not Event.objects.exists()


def test_the_connections_that_a_process_remembers_are_bounded(client: Http, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "MOST_REMEMBERED", 2)
    [system] = [one for one in SYSTEMS if one.key == "greenhouse"]

    for _ in range(5):
        assert send(client, connect("greenhouse"), system, system.wire()).status_code == 200

    assert len(services._known) <= 2
