"""Webhooks: the exact signature over escaped bytes, the ping, the retry schedule, what supersedes what."""

from __future__ import annotations

import hashlib
import hmac
import json
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from apps.sandbox.greenhouse.store import Settings

if TYPE_CHECKING:
    from apps.sandbox.kernel import World

RETRY_GAPS_MINUTES = (1, 15, 60, 120, 240, 480)
ESCAPES = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


@dataclass
class Hook:
    """One configured webhook; `actions` None means every action."""

    id: int
    url: str
    secret: str
    actions: frozenset[str] | None = None
    enabled: bool = True
    authorization: str = ""

    def wants(self, action: str) -> bool:
        return self.enabled and (self.actions is None or action in self.actions)


class Hooks:
    """The organisation's webhooks."""

    def __init__(self, world: World, settings: Settings) -> None:
        self._world = world
        self._settings = settings
        self.hooks: dict[int, Hook] = {}

    def add(self, hook: Hook, *, ping: bool = True) -> None:
        """Save a webhook and ping it once; one whose ping fails stays disabled until saved again."""
        self.hooks[hook.id] = hook
        if not ping:
            return

        def pinged(delivered: bool) -> None:
            hook.enabled = delivered

        self._send(hook, "ping", {"webhook_id": hook.id}, retried=False, done=pinged)

    def emit(self, action: str, payload: dict[str, Any]) -> None:
        """Send an event to every webhook that wants it."""
        for hook in self.hooks.values():
            if hook.wants(action):
                self._send(hook, action, payload)

    def emit_merge(self, merged: dict[str, Any], deleted: dict[str, Any]) -> None:
        """A merge: where a merge hook exists the delete hooks stay silent, else they fire for the loser."""
        if any(hook.wants("merge_candidate") for hook in self.hooks.values()):
            self.emit("merge_candidate", merged)
        else:
            self.emit("delete_candidate", deleted)

    def describe(self) -> list[dict[str, Any]]:
        return [
            {"id": hook.id, "url": hook.url, "enabled": hook.enabled, "actions": sorted(hook.actions or ["*"])}
            for hook in self.hooks.values()
        ]

    def _send(
        self, hook: Hook, action: str, payload: dict[str, Any], *, retried: bool = True, done: Any = None
    ) -> None:
        body = encode({"action": action, "payload": payload})
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Greenhouse Webhooks",
            "Signature": sign(hook.secret, body),
            "Greenhouse-Event-ID": str(uuid.uuid4()),  # not of the seed: receivers remember it
        }
        if hook.authorization:
            headers["Authorization"] = hook.authorization
        gaps = [minutes * 60 * self._settings.retry_scale for minutes in RETRY_GAPS_MINUTES] if retried else []
        known_by = headers["Greenhouse-Event-ID"]
        self._world.deliver("greenhouse", hook.url, headers, body, label=action, id=known_by, gaps=gaps, done=done)


def encode(message: dict[str, Any]) -> bytes:
    """Compact JSON with the characters escaped that Rails escapes; these bytes are what is signed."""
    text = json.dumps(message, ensure_ascii=False, separators=(",", ":"))
    for plain, escaped in ESCAPES.items():
        text = text.replace(plain, escaped)
    return text.encode()


def sign(secret: str, body: bytes) -> str:
    """`sha256 <hex>`: a space, not an equals sign."""
    return "sha256 " + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
