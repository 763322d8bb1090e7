"""Webhooks: signed over token and time only, one address per event, sent again on anything but a success."""

from __future__ import annotations

import hashlib
import hmac
import json
import uuid
from typing import TYPE_CHECKING, Any

from apps.sandbox.lever.store import Row, Settings, Store

if TYPE_CHECKING:
    from apps.sandbox.kernel import World

EVENTS = (
    "applicationCreated",
    "candidateStageChange",
    "candidateArchiveChange",
    "candidateHired",
    "candidateDeleted",
    "contactCreated",
    "contactUpdated",
    "interviewCreated",
    "interviewUpdated",
    "interviewDeleted",
)
BY_ORIGIN = ("applicationCreated", "candidateArchiveChange", "candidateHired", "candidateStageChange")
"""The only events that a condition on the origin can narrow."""

RETRY_GAPS_MINUTES = (1, 5, 15, 60, 240)
"""Five more tries at growing gaps; Lever does not say which."""

SUCCESS = range(200, 300)


class Hooks:
    """The account's webhooks, and what was sent, for a rerun."""

    def __init__(self, world: World, store: Store, settings: Settings) -> None:
        self._world = world
        self._store = store
        self._settings = settings
        self.sent: list[tuple[Row, bytes]] = []

    def add(self, url: str, event: str, *, secret: str = "", origins: list[str] | None = None) -> Row:
        """Save a webhook; Lever makes the signature token."""
        token = secret or f"{self._world.random.getrandbits(192):048x}"
        conditions = {"origins": origins} if origins else {}
        configuration = {"signatureToken": token, "conditions": conditions}
        made = {"event": event, "url": url, "configuration": configuration, "createdAt": self._world.clock.millis()}
        return self._store.webhooks.add(made)

    def emit(self, event: str, data: Row, *, origin: str = "") -> None:
        groups = self._settings.groups
        if groups is not None and event not in groups:
            return
        for hook in self._store.webhooks.where(event=event):
            wanted = hook["configuration"].get("conditions", {}).get("origins")
            if not wanted or event not in BY_ORIGIN or origin in wanted:
                self._send(hook, self._body(hook, event, data))

    def rerun(self, number: int = -1) -> None:
        """Somebody presses Rerun: the same bytes again."""
        self._send(*self.sent[number])

    def _body(self, hook: Row, event: str, data: Row) -> bytes:
        at = self._world.clock.millis()
        message: dict[str, Any] = {"id": str(uuid.uuid4()), "event": event, "triggeredAt": at, "data": data}
        if self._settings.signed:
            token = uuid.uuid4().hex + uuid.uuid4().hex[:16]  # not of the seed: receivers remember it
            message |= {"token": token, "signature": sign(hook["configuration"]["signatureToken"], token, at)}
        return json.dumps(message, separators=(",", ":")).encode()

    def _send(self, hook: Row, body: bytes) -> None:
        self.sent.append((hook, body))
        headers = {"Content-Type": "application/json", "User-Agent": "Lever-Webhooks"}
        gaps = [minutes * 60 * self._settings.retry_scale for minutes in RETRY_GAPS_MINUTES]
        self._world.deliver("lever", hook["url"], headers, body, label=hook["event"], gaps=gaps, accepts=SUCCESS)


def sign(secret: str, token: str, triggered_at: int) -> str:
    return hmac.new(secret.encode(), f"{token}{triggered_at}".encode(), hashlib.sha256).hexdigest()
