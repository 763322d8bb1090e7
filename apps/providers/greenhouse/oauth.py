"""Greenhouse's token service: client credentials, an hour at a time.

https://harvestdocs.greenhouse.io/docs/authentication
A new token may end the old one of the same credential, so whoever calls this mints for everybody.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import urlencode

from apps.core import clock, errors
from apps.providers.contract import Settings
from apps.providers.greenhouse import wire
from apps.providers.parsing import Fields, Malformed, decode
from apps.providers.provider import Minted
from apps.providers.transport import Reply, Request, ask_for_token


def mint(settings: Settings, credential: Mapping[str, str]) -> Minted:
    """Ask for a token. Raises AuthExpired where Greenhouse refuses the pair."""
    pair = f"{credential.get('client_id', '')}:{credential.get('client_secret', '')}"
    subject = credential.get("sub", "")
    form = {"grant_type": "client_credentials", **({"sub": subject} if subject else {})}
    headers = {
        "authorization": f"Basic {base64.b64encode(pair.encode()).decode()}",
        "content-type": "application/x-www-form-urlencoded",
    }
    request = Request("POST", "/token", content=urlencode(form).encode(), headers=headers)
    try:
        return _read(ask_for_token(wire.DIALECT, settings, request))
    except Malformed:
        raise errors.Transient("the token answer cannot be read", cause="malformed") from None


def _read(reply: Reply) -> Minted:
    answer = Fields(decode(reply.body, "token"), "token")
    return Minted(access_token=answer.text("access_token"), expires_at=_end(answer))


def _end(answer: Fields) -> datetime:
    """Sources show `expires_in` (seconds) or `expires_at` (a date-time)."""
    if answer.has("expires_in"):
        return clock.now() + timedelta(seconds=answer.number("expires_in"))
    return answer.instant("expires_at")
