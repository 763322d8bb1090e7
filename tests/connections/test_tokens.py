"""Secrets: sealed, never printed, changed by compare-and-set; tokens minted once (STYLE 17)."""

from __future__ import annotations

import base64
import threading
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection as database
from django.db import connections as databases

from apps.connections import services, tokens
from apps.connections.models import Connection, Credential, CredentialState, Token
from apps.core import clock, errors
from apps.ledger import gates
from apps.providers.provider import Minted
from tests.connections.factories import OK, READ, CountingMint, make_connection, make_gate

pytestmark = pytest.mark.django_db(transaction=True)


def everything_stored() -> bytes:
    found = b""
    for table in ("connection", "credential", "token", "quotaaccount"):
        with database.cursor() as cursor:
            cursor.execute(f"SELECT * FROM connections_{table}")
            for row in cursor.fetchall():
                for value in row:
                    found += bytes(value) if isinstance(value, memoryview | bytes) else str(value).encode()
    return found


def test_no_secret_is_readable_in_the_database() -> None:
    connection = make_connection(hook_secret="h00k-value")
    make_gate(connection).token()

    stored = everything_stored()

    for secret in (b"s3cret-value", b"r3fresh-value", b"h00k-value", b"token-1"):
        assert secret not in stored


def test_a_sealed_credential_opens_for_its_own_connection_only() -> None:
    ours, theirs = make_connection(), make_connection()
    Credential.objects.filter(connection=theirs).update(sealed=Credential.objects.get(connection=ours).sealed)

    assert tokens.read_secret(ours.pk).values["client_secret"] == "s3cret-value"
    with pytest.raises(Exception, match=r"^(?!.*s3cret)"):
        tokens.read_secret(theirs.pk)


def test_credentials_print_as_stars() -> None:
    connection = make_connection()
    secret = tokens.read_secret(connection.pk)
    held = tokens.read_token(connection.pk)
    rows = (Credential.objects.get(connection=connection), Token.objects.get(connection=connection))

    assert {repr(one) for one in (secret, held, *rows)} == {"***"}
    assert {str(one) for one in (secret, *rows)} == {"***"}
    assert "abc" not in repr(Minted("abc", None, {"refresh_token": "abc"}))


def test_a_newer_credential_is_not_overwritten() -> None:
    connection = make_connection()
    services.set_credential(connection_id=connection.pk, secret={"v": "2"}, now=clock.now(), expected_version=1)

    with pytest.raises(services.StaleCredential):
        services.set_credential(connection_id=connection.pk, secret={"v": "x"}, now=clock.now(), expected_version=1)

    assert tokens.read_secret(connection.pk).values == {"v": "2"}


def test_a_token_is_minted_once_and_kept() -> None:
    mint = CountingMint()
    gate = make_gate(make_connection(), mint=mint)

    assert [gate.token(), gate.token(), gate.token()] == ["token-1"] * 3
    assert mint.count == 1


def test_a_token_about_to_end_is_renewed_before_it_is_used() -> None:
    mint = CountingMint(lasts=timedelta(seconds=30))
    gate = make_gate(make_connection(), mint=mint)

    assert [gate.token(), gate.token()] == ["token-1", "token-2"]


def test_eight_threads_mint_one_token() -> None:
    connection, mint = make_connection(), CountingMint(seconds=0.3)

    got = in_threads(8, lambda: make_gate(connection, mint=mint).token())

    assert got == ["token-1"] * 8
    assert mint.count == 1


def test_eight_threads_whose_token_was_refused_mint_one_new_token() -> None:
    connection, mint = make_connection(), CountingMint(seconds=0.2)
    old = make_gate(connection, mint=mint).token()

    got = in_threads(8, lambda: make_gate(connection, mint=mint).token(rejected=old))

    assert got == ["token-2"] * 8
    assert mint.count == 2


def test_a_late_401_gets_the_token_that_replaced_its_own() -> None:
    mint = CountingMint()
    gate = make_gate(make_connection(), mint=mint)
    old = gate.token()
    gate.token(rejected=old)

    assert gate.token(rejected=old) == "token-2"
    assert mint.count == 2


def test_a_refused_mint_expires_the_credential_and_closes_the_gate() -> None:
    connection = make_connection()

    with pytest.raises(errors.AuthExpired):
        make_gate(connection, mint=refuse).token()

    assert Credential.objects.get(connection=connection).state == CredentialState.EXPIRED
    assert gates.reasons_of(services.gate_of(connection.pk)) == ["token"]


def test_new_tokens_refused_one_after_the_other_are_a_dead_credential() -> None:
    gate = make_gate(make_connection(), mint=CountingMint())
    token = gate.token()
    for _ in range(tokens.REJECTED_IN_A_ROW):
        token = gate.token(rejected=token)

    with pytest.raises(errors.AuthExpired):
        gate.token(rejected=token)


def test_a_token_that_worked_starts_the_count_of_refusals_again() -> None:
    gate = make_gate(make_connection(), mint=CountingMint())
    token = gate.token()

    for _ in range(2 * tokens.REJECTED_IN_A_ROW):
        token = gate.token(rejected=token)
        gate.leave(gate.enter(READ), OK)

    assert token == f"token-{2 * tokens.REJECTED_IN_A_ROW + 1}"


def test_an_old_failure_does_not_expire_a_new_credential() -> None:
    connection = make_connection()
    services.set_credential(connection_id=connection.pk, secret={"v": "2"}, now=clock.now())

    assert not services.mark_auth_expired(connection_id=connection.pk, seen_version=1, now=clock.now())

    assert gates.reasons_of(services.gate_of(connection.pk)) == []


def test_a_minter_that_died_is_replaced_when_its_time_is_over() -> None:
    connection, mint = make_connection(), CountingMint()
    held = tokens.read_token(connection.pk)
    assert tokens._lease(connection.pk, held.version)
    Token.objects.filter(connection=connection).update(minting_until=clock.real_now() - timedelta(seconds=1))

    assert make_gate(connection, mint=mint).token() == "token-1"


def test_a_refresh_token_that_the_mint_replaced_is_kept() -> None:
    connection = make_connection()

    def mint(secret: Mapping[str, str]) -> Minted:
        return Minted("t", None, {**secret, "refresh_token": "next"})

    make_gate(connection, mint=mint).token()

    assert tokens.read_secret(connection.pk).values["refresh_token"] == "next"


def test_webhook_secrets_overlap_while_they_are_rotated() -> None:
    connection, now = make_connection(hook_secret="old"), clock.now()

    fresh = services.rotate_hook_secret(connection_id=connection.pk, now=now)

    connection = Connection.objects.get(pk=connection.pk)
    assert services.hook_secrets(connection, now=now) == (fresh, "old")
    assert services.hook_secrets(connection, now=now + timedelta(days=2)) == (fresh,)


def test_after_rotating_keys_the_old_key_may_go(settings: Any, capsys: pytest.CaptureFixture[str]) -> None:
    connection = make_connection(hook_secret="h00k-value")
    token = make_gate(connection).token()
    fresh = "next:" + base64.b64encode(bytes(range(32))).decode()
    settings.SYNCPORTAL_KEYS = f"{fresh},{settings.SYNCPORTAL_KEYS}"

    call_command("rotate_credentials_key")
    settings.SYNCPORTAL_KEYS = fresh

    assert "Sealed 3 rows" in capsys.readouterr().out
    assert tokens.read_secret(connection.pk).values["client_secret"] == "s3cret-value"
    assert tokens.read_token(connection.pk).value == token
    assert services.hook_secrets(Connection.objects.get(pk=connection.pk), now=clock.now()) == ("h00k-value",)


def test_a_credential_of_another_application_counts_in_its_own_quota_account() -> None:
    connection = make_connection(secret=None)
    chosen = make_connection(quota_key="by hand")

    for one in (connection, chosen):
        services.set_credential(connection_id=one.pk, secret={"client_id": "app-2"}, now=clock.now())
        one.refresh_from_db()

    assert (connection.quota.key, chosen.quota.key) == ("app-2", "by hand")


def refuse(secret: Mapping[str, str]) -> Minted:
    raise errors.AuthExpired("invalid_client")


def in_threads(count: int, work: object) -> list[str]:
    got: list[str] = []

    def run() -> None:
        try:
            got.append(work())  # type: ignore[operator]
        finally:
            databases.close_all()

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return got
