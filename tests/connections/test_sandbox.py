"""Connections against the sandbox over real HTTP: tokens, identities, budgets (RULES 24, 28)."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connections as databases

from apps.connections import selectors, services, tokens
from apps.connections.models import Connection, Credential, CredentialState
from apps.core import clock, errors
from tests.sandbox_process import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)

GREENHOUSE = {"client_id": "sandbox-client-1", "client_secret": "sandbox-secret"}
LINKEDIN = {"client_id": "sandbox-client-id", "client_secret": "sandbox-client-secret"}


def connect_greenhouse(sandbox: Sandbox, **values: Any) -> Connection:
    base = f"{sandbox.base}/greenhouse"
    given: dict[str, Any] = {
        "provider": "greenhouse",
        "name": "Greenhouse",
        "now": clock.now(),
        "base_urls": {"api": base, "auth": base},
        "secret": GREENHOUSE,
    }
    return services.create_connection(**(given | values))


def connect_linkedin(sandbox: Sandbox, **values: Any) -> Connection:
    base = f"{sandbox.base}/linkedin"
    given: dict[str, Any] = {
        "provider": "linkedin",
        "name": "LinkedIn",
        "now": clock.now(),
        "base_urls": {"api": base, "auth": base},
        "secret": LINKEDIN,
        "access_token": "sandbox-linkedin-token",
    }
    return services.create_connection(**(given | values))


def token_calls(sandbox: Sandbox) -> int:
    return sum(call["path"].endswith("/token") for call in sandbox.calls("greenhouse"))


def test_eight_threads_ask_the_token_service_once(sandbox: Sandbox) -> None:
    connection = connect_greenhouse(sandbox)
    failures: list[Exception] = []

    def list_jobs() -> None:
        try:
            services.open_ats(connection.pk).list_jobs()
        except errors.SyncError as error:
            failures.append(error)
        finally:
            databases.close_all()

    threads = [threading.Thread(target=list_jobs) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert token_calls(sandbox) == 1


@pytest.mark.parametrize("dies", [False, True], ids=["it lives", "it dies"])
def test_trap_8_of_lever_a_refresh_token_that_rotated_is_saved_before_its_access_token_is_used(
    sandbox: Sandbox, dies: bool
) -> None:
    base, granted = f"{sandbox.base}/lever", sandbox.act("lever", "add_grant")["refresh_token"]
    connection = services.create_connection(
        provider="lever",
        name="Lever",
        now=clock.now(),
        base_urls={"api": base, "auth": base},
        secret={
            "client_id": "sandbox-lever-client",
            "client_secret": "sandbox-lever-secret",
            "refresh_token": granted,
        },
    )
    sandbox.fault("lever", "5xx", "GET /lever/v1/users", status=503, times=-1)

    with pytest.raises(errors.Transient):
        services.open_ats(connection.pk).list_users()
    kept = tokens.read_secret(connection.pk).values["refresh_token"]
    sandbox.clear_faults("lever")
    if dies:
        sandbox.fault("lever", "expire_token", "GET /lever/v1/users")

    assert kept != granted
    assert services.open_ats(connection.pk).list_users().items
    assert (tokens.read_secret(connection.pk).values["refresh_token"] == kept) is not dies


def test_a_connection_is_bound_to_the_account_that_its_credential_speaks_for(sandbox: Sandbox) -> None:
    connection = connect_linkedin(sandbox)

    found = services.identify_and_bind(connection_id=connection.pk, now=clock.now())

    connection.refresh_from_db()
    assert connection.remote_account == found.account == "urn:li:contract:7001"
    assert connection.settings["options"]["contract"] == found.account


def test_two_connections_never_speak_for_one_account(sandbox: Sandbox) -> None:
    services.identify_and_bind(connection_id=connect_linkedin(sandbox).pk, now=clock.now())
    second = connect_linkedin(sandbox)

    with pytest.raises(services.AccountTaken):
        services.identify_and_bind(connection_id=second.pk, now=clock.now())


def test_every_call_is_counted_as_the_system_counts_it(sandbox: Sandbox) -> None:
    connection = connect_linkedin(sandbox)
    opened = services.open_sourcing(connection.pk)
    for _ in range(3):
        opened.identify()

    day = selectors.daily(connection.pk, now=clock.now())

    assert day is not None
    assert day.spent == len(sandbox.calls("linkedin")) == 3


def test_the_day_is_never_passed_at_the_system(sandbox: Sandbox) -> None:
    connection = connect_linkedin(sandbox, options={"daily_limit": 4, "kept_back": 0.0})
    opened = services.open_sourcing(connection.pk)
    refused = 0

    for _ in range(8):
        try:
            opened.identify()
        except errors.RateLimited:
            refused += 1

    assert (len(sandbox.calls("linkedin")), refused) == (4, 4)
    assert selectors.closed_for(connection.pk) == ["budget"]


def test_a_day_that_somebody_else_spent_closes_the_gate_until_the_reset(sandbox: Sandbox) -> None:
    sandbox.act("linkedin", "settings", daily_limit=2)
    connection = connect_linkedin(sandbox)
    opened = services.open_sourcing(connection.pk)
    opened.identify()
    opened.identify()

    with pytest.raises(errors.RateLimited):
        opened.identify()

    day = selectors.daily(connection.pk, now=clock.now())
    assert day is not None
    assert (day.full, day.elsewhere) == (True, 497)
    assert selectors.closed_for(connection.pk) == ["budget"]


def test_a_wrong_secret_expires_the_credential_and_a_right_one_reconnects(sandbox: Sandbox) -> None:
    connection = connect_greenhouse(sandbox, secret=GREENHOUSE | {"client_secret": "wrong"})
    with pytest.raises(errors.AuthExpired):
        services.open_ats(connection.pk).list_jobs()
    assert selectors.closed_for(connection.pk) == ["token"]
    assert Credential.objects.get(connection=connection).state == CredentialState.EXPIRED

    services.reconnect(connection_id=connection.pk, secret=GREENHOUSE, now=clock.now())

    assert selectors.closed_for(connection.pk) == []
    assert services.open_ats(connection.pk).list_jobs().items


def test_a_token_that_ends_within_the_hour_is_no_credential_that_ends(sandbox: Sandbox) -> None:
    connection = connect_greenhouse(sandbox)

    services.reconnect(connection_id=connection.pk, secret=GREENHOUSE, now=clock.now())

    assert Credential.objects.get(connection=connection).expires_at is None
    assert tokens.read_token(connection.pk).expires_at is not None


def test_a_credential_that_is_refused_replaces_nothing(sandbox: Sandbox) -> None:
    connection = connect_greenhouse(sandbox)
    services.identify_and_bind(connection_id=connection.pk, now=clock.now())

    with pytest.raises(errors.AuthExpired):
        services.reconnect(connection_id=connection.pk, secret=GREENHOUSE | {"client_secret": "wrong"}, now=clock.now())

    assert Credential.objects.get(connection=connection).version == 1
    assert services.open_ats(connection.pk).list_jobs().items


def test_an_account_other_than_the_bound_one_is_refused(sandbox: Sandbox) -> None:
    connection = connect_linkedin(sandbox)
    Connection.objects.filter(pk=connection.pk).update(remote_account="urn:li:contract:1", remote_name="Contoso")

    with pytest.raises(services.WrongAccount):
        services.reconnect(
            connection_id=connection.pk, secret=LINKEDIN, now=clock.now(), access_token="sandbox-linkedin-token"
        )


def test_where_a_system_names_no_account_its_jobs_tell_who_it_is(sandbox: Sandbox) -> None:
    connection = connect_greenhouse(sandbox)
    jobs = frozenset(job.id for job in services.open_ats(connection.pk).list_jobs().items)
    now = clock.now()

    with pytest.raises(services.AccountTaken):
        services.identify_and_bind(connection_id=connection.pk, now=now, others_jobs=jobs)
    with pytest.raises(services.WrongAccount):
        services.reconnect(connection_id=connection.pk, secret=GREENHOUSE, now=now, own_jobs=frozenset({"1"}))

    services.reconnect(connection_id=connection.pk, secret=GREENHOUSE, now=now, own_jobs=jobs)
    assert Credential.objects.get(connection=connection).version == 2
