"""A bot token does not end by itself: to mint one is to ask whether it still counts.

https://docs.slack.dev/reference/methods/auth.test
"""

from __future__ import annotations

from collections.abc import Mapping

from apps.core import errors
from apps.providers.contract import Settings
from apps.providers.provider import Minted
from apps.providers.slack import wire
from apps.providers.transport import Request, ask_for_token


def mint(settings: Settings, credential: Mapping[str, str]) -> Minted:
    """The token of the credential. Raises AuthExpired where Slack no longer takes it."""
    token = credential.get("bot_token", "")
    request = Request("POST", "/api/auth.test", headers={"authorization": f"Bearer {token}"})
    reply = ask_for_token(wire.DIALECT, settings, request)
    code = wire.code_of(reply)
    if code in wire.DEAD_TOKEN:
        raise errors.AuthExpired(f"Slack no longer takes this token: {code}.", cause="token_refused")
    if wire.status_of(reply) != 200 or wire.member(reply, "ok") is not True:
        raise errors.Transient("the token could not be tested", cause=code or "malformed")
    return Minted(access_token=token)
