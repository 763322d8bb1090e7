"""Lever's two credentials: a customer's API key, which is its own token, and a partner's OAuth grant.

Every refresh gives a new refresh token and ends the old one; one that is unused for 90 days is dead.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import urlencode

from apps.core import clock, errors
from apps.providers.contract import Settings
from apps.providers.lever import wire
from apps.providers.parsing import Fields, Malformed, decode
from apps.providers.provider import Minted
from apps.providers.transport import Reply, Request, ask_for_token

AUDIENCE = "https://api.lever.co/v1/"
SCOPES = (
    "offline_access opportunities:write:admin contact:write:admin notes:write:admin postings:read:admin "
    "stages:read:admin archive_reasons:read:admin requisitions:read:admin sources:read:admin users:read:admin "
    "confidential:access:admin"
)


def authorize_url(settings: Settings, *, client_id: str, redirect_uri: str, state: str) -> str:
    """Where a Super Admin consents. Without the audience Lever gives a token that its API refuses."""
    base = {**wire.BASE_URLS, **settings.base_urls}["auth"].rstrip("/")
    asked = {
        "client_id": client_id,
        "redirect_uri": redirect_uri,
        "response_type": "code",
        "state": state,
        "scope": SCOPES,
        "audience": str(settings.options.get("audience", AUDIENCE)),
    }
    return f"{base}/authorize?{urlencode(asked)}"


def exchange_code(settings: Settings, credential: Mapping[str, str], *, code: str, redirect_uri: str) -> Minted:
    """Turn a consent's code into a token, once. Raises AuthExpired where Lever refuses it."""
    asked = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
    return _ask(settings, credential, asked)


def mint(settings: Settings, credential: Mapping[str, str]) -> Minted:
    """The key itself, which costs no request, or a refreshed grant. Raises AuthExpired where there is neither."""
    key = credential.get("api_key", "")
    if key:
        return Minted(f"Basic {base64.b64encode(f'{key}:'.encode()).decode()}")
    refresh = credential.get("refresh_token", "")
    if not refresh:
        raise errors.AuthExpired("There is neither an API key nor a refresh token.", cause="no_refresh_token")
    return _ask(settings, credential, {"grant_type": "refresh_token", "refresh_token": refresh})


def _ask(settings: Settings, credential: Mapping[str, str], asked: Mapping[str, str]) -> Minted:
    application = {name: credential.get(name, "") for name in ("client_id", "client_secret")}
    form = urlencode({**asked, **application}).encode()
    headers = {"content-type": "application/x-www-form-urlencoded"}
    try:
        reply = ask_for_token(wire.DIALECT, settings, Request("POST", "/oauth/token", content=form, headers=headers))
        return _read(reply, credential)
    except Malformed:
        raise errors.Transient("the token answer cannot be read", cause="malformed") from None


def _read(reply: Reply, credential: Mapping[str, str]) -> Minted:
    answer = Fields(decode(reply.body, "token"), "token")
    refresh = answer.text_or_empty("refresh_token")
    return Minted(
        access_token=f"Bearer {answer.text('access_token')}",
        expires_at=clock.now() + timedelta(seconds=answer.number("expires_in")),
        secret={**credential, "refresh_token": refresh} if refresh else None,
    )
