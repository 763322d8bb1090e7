"""The five methods that telling people needs."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from apps.core import errors
from apps.providers.contract import Call, Channel, Gate, Identity, Message, Page, Posted, Purpose, Settings
from apps.providers.slack import capabilities, translate, wire
from apps.providers.transport import Http, Request

PAGE = 200

_TEST = Call("auth.test", Purpose.READ, repeatable=True)
_CHANNELS = Call("conversations.list", Purpose.CATALOGUE, repeatable=True)
_JOIN = Call("conversations.join", Purpose.WRITE, repeatable=True)
_FIND = Call("users.lookupByEmail", Purpose.READ, repeatable=True)
_POST = Call("chat.postMessage", Purpose.WRITE, repeatable=False)


class Workspace:
    """contract.Messenger for one workspace."""

    capabilities = capabilities.CAPABILITIES

    def __init__(self, settings: Settings, gate: Gate) -> None:
        self._http = Http(wire.DIALECT, settings, gate)

    def identify(self) -> Identity:
        return self._http.call(_TEST, Request("POST", "/api/auth.test"), translate.identity)

    def list_channels(self, *, cursor: str | None = None) -> Page[Channel]:
        """Live public channels, and the private ones that the app is in."""
        asked = {"types": "public_channel,private_channel", "exclude_archived": "true", "limit": str(PAGE)}
        query = urlencode({**asked, **({"cursor": cursor} if cursor else {})})
        return self._http.call(_CHANNELS, Request("GET", "/api/conversations.list", query), translate.channels)

    def find_user(self, email: str) -> str:
        query = urlencode({"email": email})
        return self._http.call(_FIND, Request("GET", "/api/users.lookupByEmail", query), translate.user_id)

    def post(self, destination: str, message: Message) -> Posted:
        """NOT safe to repeat. A public channel that the app is not in is joined; a shape that Slack refuses
        is said once more as plain text: both were refused before, so nothing is posted twice."""
        said = {
            "channel": destination,
            "text": translate.text_of(message),
            "unfurl_links": False,
            "unfurl_media": False,
        }
        whole = {**said, "blocks": translate.blocks_of(message)}
        try:
            return self._post(whole)
        except errors.Rejected as refused:
            if refused.cause in wire.OUR_FAULT:
                return self._post(said)
            if refused.cause != wire.NOT_THERE or not self._joined(destination):
                raise
        return self._post(whole)

    def _post(self, said: dict[str, Any]) -> Posted:
        return self._http.call(_POST, Request("POST", "/api/chat.postMessage", json=said), translate.posted)

    def _joined(self, channel: str) -> bool:
        try:
            self._http.call(
                _JOIN, Request("POST", "/api/conversations.join", json={"channel": channel}), lambda _: None
            )
        except (errors.Rejected, errors.NotFound):
            return False
        return True
