"""Sixteen processes want one token at once: it is asked for once, and a lost answer is no dead credential."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from django.conf import settings
from django.db import connection as database

from apps.connections import selectors, services
from apps.connections.models import Connection, Credential, CredentialState
from apps.core import clock
from apps.providers.contract import Settings
from apps.providers.linkedin import oauth
from tests.sandbox_process import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)

PROCESSES = 16
ROOT = Path(__file__).resolve().parents[2]
TOKEN_PATHS = ("/token", "/accessToken")


def greenhouse(sandbox: Sandbox) -> Mapping[str, str]:
    return {"client_id": "sandbox-client-1", "client_secret": "sandbox-secret"}


def lever(sandbox: Sandbox) -> Mapping[str, str]:
    granted = sandbox.act("lever", "add_grant")["refresh_token"]
    return {
        "client_id": "sandbox-lever-client",
        "client_secret": "sandbox-lever-secret",
        "refresh_token": granted,
    }


def bullhorn(sandbox: Sandbox) -> Mapping[str, str]:
    return {
        "client_id": "sandbox-bullhorn-client",
        "client_secret": "sandbox-bullhorn-secret",
        "username": "northwind.api",
        "password": "sandbox-password",
    }


def linkedin(sandbox: Sandbox) -> Mapping[str, str]:
    """The refresh token of a consent, given as a browser gives it."""
    sandbox.act("linkedin", "settings", refresh_tokens=True)
    application = {"client_id": "sandbox-linkedin-client", "client_secret": "sandbox-linkedin-secret"}
    at = Settings(base_urls={"api": f"{sandbox.base}/linkedin", "auth": f"{sandbox.base}/linkedin"})
    verifier, back = "v" * 48, "https://portal.northwind.test/back"
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    address = oauth.authorize_url(
        at, client_id=application["client_id"], redirect_uri=back, state="s", challenge=challenge, scope="r"
    )
    sent_back = httpx.get(address, trust_env=False).headers["location"]
    code = parse_qs(urlsplit(sent_back).query)["code"][0]
    minted = oauth.exchange_code(at, application, code=code, redirect_uri=back, verifier=verifier)
    assert minted.secret is not None
    return minted.secret


REPEATABLE = {"greenhouse": greenhouse, "linkedin": linkedin}
ROTATING = {"lever": lever, "bullhorn": bullhorn}


def connect(sandbox: Sandbox, provider: str, secret: Mapping[str, str]) -> Connection:
    base = f"{sandbox.base}/{provider}"
    return services.create_connection(
        provider=provider,
        name=provider,
        now=clock.now(),
        base_urls={"api": base, "auth": base},
        secret=secret,
        options={"contract": "urn:li:contract:7001"} if provider == "linkedin" else {},
    )


def ask_together(connection: Connection) -> list[str]:
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": os.environ.get("DJANGO_SETTINGS_MODULE", settings.SETTINGS_MODULE),
        "MINTERS_DATABASE": str(database.settings_dict["NAME"]),
    }
    command = [sys.executable, "-m", "tests.connections.minters", str(connection.pk), str(PROCESSES)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    heard: list[str] = json.loads(done.stdout.splitlines()[-1])
    return heard


def token_requests(sandbox: Sandbox, provider: str, *, since: int) -> int:
    return sum(call["path"].endswith(TOKEN_PATHS) for call in sandbox.calls(provider)[since:])


def state_of(connection: Connection) -> str:
    return Credential.objects.get(connection=connection).state


@pytest.mark.parametrize(("provider", "secret"), (REPEATABLE | ROTATING).items(), ids=[*REPEATABLE, *ROTATING])
def test_sixteen_processes_ask_for_one_token_once(
    sandbox: Sandbox, provider: str, secret: Callable[[Sandbox], Mapping[str, str]]
) -> None:
    connection = connect(sandbox, provider, secret(sandbox))
    before = len(sandbox.calls(provider))

    heard = ask_together(connection)

    assert heard == ["answered"] * PROCESSES
    assert token_requests(sandbox, provider, since=before) == 1
    assert state_of(connection) == CredentialState.OK


@pytest.mark.parametrize(("provider", "secret"), REPEATABLE.items(), ids=[*REPEATABLE])
def test_a_repeatable_grant_whose_answer_is_lost_is_asked_for_twice_at_most(
    sandbox: Sandbox, provider: str, secret: Callable[[Sandbox], Mapping[str, str]]
) -> None:
    connection = connect(sandbox, provider, secret(sandbox))
    before = len(sandbox.calls(provider))
    sandbox.fault(provider, "lose_response", "[tT]oken$")

    heard = ask_together(connection)

    assert heard == ["answered"] * PROCESSES
    assert token_requests(sandbox, provider, since=before) == 2
    assert state_of(connection) == CredentialState.OK


def test_a_rotating_grant_whose_answer_is_lost_is_tried_once_more_then_expired_with_its_reason(
    sandbox: Sandbox,
) -> None:
    connection = connect(sandbox, "lever", lever(sandbox))
    before = len(sandbox.calls("lever"))
    sandbox.fault("lever", "lose_response", "oauth/token$")

    heard = ask_together(connection)

    assert {answer.partition(":")[0] for answer in heard} == {"AuthExpired"}
    assert token_requests(sandbox, "lever", since=before) == 2
    assert state_of(connection) == CredentialState.EXPIRED
    assert selectors.closed_for(connection.pk) == ["token"]
    assert "next refresh token was lost" in selectors.why_closed(connection.pk)


def test_a_rotating_grant_with_a_password_beside_it_signs_in_again(sandbox: Sandbox) -> None:
    sandbox.act("bullhorn", "settings", access_seconds=20)
    connection = connect(sandbox, "bullhorn", bullhorn(sandbox))
    ask_together(connection)
    sandbox.act("bullhorn", "end_sessions")
    before = len(sandbox.calls("bullhorn"))
    sandbox.fault("bullhorn", "lose_response", "oauth/token$")

    heard = ask_together(connection)

    assert heard == ["answered"] * PROCESSES
    assert token_requests(sandbox, "bullhorn", since=before) == 3
    assert state_of(connection) == CredentialState.OK
