"""LinkedIn's sign-in host imitated: consent, tokens, introspection, and what a bad token gets."""

from __future__ import annotations

import base64
import hashlib
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.sandbox.linkedin_client import CONTRACT, get
from tests.sandbox_process import Sandbox

CLIENT = {"client_id": "sandbox-linkedin-client", "client_secret": "sandbox-linkedin-secret"}
VERIFIER = "a-verifier-that-is-long-enough-for-the-rfc-1234567890"


def consent(sandbox: Sandbox, **changed: str) -> dict[str, str]:
    """Walk through the authorization and return what the redirect carries."""
    digest = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
    asked = {
        "response_type": "code", "client_id": CLIENT["client_id"], "redirect_uri": "https://portal.test/back",
        "state": "s-1", "code_challenge": digest, "code_challenge_method": "S256", **changed,
    }  # fmt: skip
    answer = sandbox.http.get("/linkedin/oauth/v2/authorization", params=asked)
    assert answer.status_code == 302, answer.text
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}


def exchange(sandbox: Sandbox, **form: str) -> httpx.Response:
    return sandbox.http.post("/linkedin/oauth/v2/accessToken", data=CLIENT | form)


def exchange_code(sandbox: Sandbox, code: str, verifier: str = VERIFIER) -> httpx.Response:
    back = "https://portal.test/back"
    return exchange(sandbox, grant_type="authorization_code", code=code, redirect_uri=back, code_verifier=verifier)


def test_consent_gives_a_token_that_works(sandbox: Sandbox) -> None:
    back = consent(sandbox)
    given = exchange_code(sandbox, back["code"]).json()

    answer = get(sandbox, "/v2/rscContracts", "q=authorized", Authorization=f"Bearer {given['access_token']}")

    assert back["state"] == "s-1"
    assert given["expires_in"] == 60 * 86400
    assert "refresh_token" not in given
    assert answer.json()["elements"] == [
        {
            "id": CONTRACT, "name": "Northwind Talent", "product": "RECRUITER", "rscEnabled": True,
            "organization": "urn:li:organization:1234",
        }
    ]  # fmt: skip


def test_a_code_serves_once_and_only_with_its_verifier(sandbox: Sandbox) -> None:
    wrong = exchange_code(sandbox, consent(sandbox)["code"], verifier="another")
    code = consent(sandbox)["code"]

    assert wrong.status_code == 400
    assert exchange_code(sandbox, code).status_code == 200
    assert exchange_code(sandbox, code).json()["error"] == "invalid_request"


def test_consent_without_state_or_pkce_comes_back_as_an_error(sandbox: Sandbox) -> None:
    assert consent(sandbox, state="")["error"] == "invalid_request"
    assert consent(sandbox, code_challenge_method="plain")["error"] == "invalid_request"


def test_the_administrator_may_refuse(sandbox: Sandbox) -> None:
    sandbox.act("linkedin", "settings", consent="deny")

    assert consent(sandbox)["error"] == "user_cancelled_authorize"


def test_a_refresh_token_is_given_by_a_setting_and_not_extended_by_use(sandbox: Sandbox) -> None:
    sandbox.act("linkedin", "settings", refresh_tokens=True, expires_in_as_text=True)
    given = exchange_code(sandbox, consent(sandbox)["code"]).json()
    sandbox.clock(advance=86400)

    renewed = exchange(sandbox, grant_type="refresh_token", refresh_token=given["refresh_token"]).json()

    assert given["expires_in"] == "5184000"
    assert renewed["refresh_token"] == given["refresh_token"]
    assert int(renewed["refresh_token_expires_in"]) <= 364 * 86400


def test_an_application_token_lives_thirty_minutes_and_does_not_open_projects(sandbox: Sandbox) -> None:
    token = exchange(sandbox, grant_type="client_credentials").json()
    bearer = f"Bearer {token['access_token']}"
    asked = f"q=attributes&contracts={CONTRACT}&start=0"

    assert token["expires_in"] == 1800
    assert get(sandbox, "/v2/seatsV2", asked, Authorization=bearer).status_code == 200
    projects = get(sandbox, "/v2/rscProjects", f"q=contract&contract={CONTRACT}", Authorization=bearer)
    assert projects.status_code == 403
    sandbox.clock(advance=1801)
    assert get(sandbox, "/v2/seatsV2", asked, Authorization=bearer).json()["message"].endswith("has expired")


def test_wrong_clients_and_missing_parameters_are_refused_as_documented(sandbox: Sandbox) -> None:
    stranger = exchange(sandbox, grant_type="client_credentials", client_secret="wrong")
    empty = exchange(sandbox)

    assert (stranger.status_code, stranger.json()["error"]) == (401, "invalid_client_id")
    assert empty.json()["error_description"] == 'A required parameter "grant_type" is missing'


def test_introspection_tells_a_tokens_state(sandbox: Sandbox) -> None:
    def introspect() -> dict[str, Any]:
        form = CLIENT | {"token": "sandbox-linkedin-token"}
        return dict(sandbox.http.post("/linkedin/oauth/v2/introspectToken", data=form).json())

    before = introspect()
    sandbox.act("linkedin", "expire_token")

    assert (before["active"], before["status"], before["auth_type"]) == (True, "active", "3L")
    assert (introspect()["active"], introspect()["status"]) == (False, "expired")


@pytest.mark.parametrize(
    ("header", "message"),
    [("", "Empty oauth2_access_token"), ("Bearer", "Empty oauth2_access_token"), ("Bearer x", "Invalid access token")],
)
def test_bad_tokens_get_401_in_linkedins_words(sandbox: Sandbox, header: str, message: str) -> None:
    answer = get(sandbox, "/v2/rscContracts", "q=authorized", Authorization=header)

    assert answer.status_code == answer.json()["status"] == 401
    assert answer.json()["message"] == message


def test_an_expired_token_works_again_once_renewed(sandbox: Sandbox) -> None:
    sandbox.fault("linkedin", "expire_token")

    expired = get(sandbox, "/v2/rscContracts", "q=authorized")
    sandbox.act("linkedin", "renew_token")

    assert expired.json()["message"] == "The token used in the request has expired"
    assert get(sandbox, "/v2/rscContracts", "q=authorized").status_code == 200
