"""LinkedIn's OAuth: the consent address, the exchange of its code, the refresh, and the application's own token.

https://learn.microsoft.com/en-us/linkedin/shared/authentication/authorization-code-flow,
https://learn.microsoft.com/en-us/linkedin/shared/authentication/client-credentials-flow and
https://learn.microsoft.com/en-us/linkedin/shared/authentication/programmatic-refresh-tokens
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import urlencode

from apps.core import clock, errors
from apps.providers.contract import Settings
from apps.providers.linkedin import capabilities, wire
from apps.providers.parsing import Fields, Malformed, decode
from apps.providers.provider import Minted
from apps.providers.transport import Reply, Request, ask_for_token

_TOKEN = "/oauth/v2/accessToken"

SCOPE = "r_rsc_projects"
"""By our Projects contract; LinkedIn names the scopes of an application in its developer portal."""


def authorize_url(
    settings: Settings, *, client_id: str, redirect_uri: str, state: str, challenge: str, scope: str
) -> str:
    """Where the administrator consents; `challenge` is the PKCE S256 one."""
    base = {**wire.BASE_URLS, **settings.base_urls}["auth"].rstrip("/")
    asked = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": redirect_uri,
        "state": state,
        "scope": scope,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    return f"{base}/oauth/v2/authorization?{urlencode(asked)}"


def exchange_code(
    settings: Settings, credential: Mapping[str, str], *, code: str, redirect_uri: str, verifier: str
) -> Minted:
    """Turn a consent's code into a token, once; without a refresh token the consent ends with it.

    Raises AuthExpired where LinkedIn refuses the code.
    """
    asked = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri, "code_verifier": verifier}
    minted = _ask(settings, credential, asked)
    return minted if minted.secret is not None else replace(minted, ends_at=minted.expires_at)


def mint(settings: Settings, credential: Mapping[str, str]) -> Minted:
    """Refresh the access token; in export mode ask for the application's own, of half an hour. Raises AuthExpired
    where there is no refresh token: only the administrator can consent again."""
    if settings.options.get("access_mode") == capabilities.EXPORT_MODE:
        return _ask(settings, credential, {"grant_type": "client_credentials"})
    refresh = credential.get("refresh_token", "")
    if not refresh:
        raise errors.AuthExpired("LinkedIn gave no refresh token: sign in again.", cause="no_refresh_token")
    return _ask(settings, credential, {"grant_type": "refresh_token", "refresh_token": refresh})


def _ask(settings: Settings, credential: Mapping[str, str], asked: Mapping[str, str]) -> Minted:
    application = {name: credential.get(name, "") for name in ("client_id", "client_secret")}
    form = urlencode({**asked, **application})
    headers = {"content-type": "application/x-www-form-urlencoded"}
    request = Request("POST", _TOKEN, content=form.encode(), headers=headers)
    try:
        return _read(ask_for_token(wire.DIALECT, settings, request), credential)
    except Malformed:
        raise errors.Transient("the token answer cannot be read", cause="malformed") from None


def _read(reply: Reply, credential: Mapping[str, str]) -> Minted:
    """`expires_in` may be a number or its text; a refresh token comes only where it is new."""
    answer = Fields(decode(reply.body, "token"), "token")
    refresh = answer.text_or_empty("refresh_token")
    rotated = refresh and refresh != credential.get("refresh_token")
    return Minted(
        access_token=answer.text("access_token"),
        expires_at=clock.now() + timedelta(seconds=answer.number("expires_in")),
        secret={**credential, "refresh_token": refresh} if rotated else None,
        ends_at=_end(answer),
    )


def _end(answer: Fields) -> datetime | None:
    """When the refresh token ends: a year after the consent, and no refresh makes it longer."""
    if not answer.has("refresh_token_expires_in"):
        return None
    return clock.now() + timedelta(seconds=answer.number("refresh_token_expires_in"))
