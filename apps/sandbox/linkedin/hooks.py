"""The push hint (INVENTED by the Projects contract), the push of an export, their signature and the challenge.

https://learn.microsoft.com/en-us/linkedin/shared/api-guide/webhook-validation
X-LI-Signature is hex(HMAC-SHA256(client secret, "hmacsha256=" + body)).
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx

from apps.sandbox.linkedin.answers import Stamp
from apps.sandbox.linkedin.settings import Settings

if TYPE_CHECKING:
    from apps.sandbox.kernel import World

TYPE = "RSC_PROFILES_MODIFIED"
EXPORTED = "EXPORT_CANDIDATE_PROFILE"
CHALLENGE_SECONDS = 3.0
REVALIDATION_SECONDS = 2 * 3600
FAILURES_THAT_BLOCK = 3


@dataclass
class Webhook:
    """A registered callback address."""

    url: str
    secret: str
    contract: str
    challenge: str = "none"  # none, waiting, passed, failed
    registered: bool = True
    failures: int = 0
    error: str = ""
    asked: int = 0
    asked_at: float = 0.0

    @property
    def open(self) -> bool:
        return self.registered and self.failures < FAILURES_THAT_BLOCK

    def as_dict(self) -> dict[str, Any]:
        return {
            "url": self.url, "contract": self.contract, "challenge": self.challenge, "failures": self.failures,
            "registered": self.registered, "error": self.error, "blocked": self.failures >= FAILURES_THAT_BLOCK,
            "asked": self.asked,
        }  # fmt: skip


@dataclass
class Hooks:
    """The registered addresses, one per contract, and what is sent there."""

    world: World
    settings: Settings
    stamp: Stamp
    webhooks: dict[str, Webhook] = field(default_factory=dict)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def hint(self, contract: str, modified_at: int) -> None:
        """Tell that profiles of a contract changed. It carries no data."""
        webhook = self.webhooks.get(contract)
        if webhook is None or not webhook.open or not self.settings.hints:
            return
        told = {"id": f"hint-{self.stamp.token(9)}", "type": TYPE, "contract": contract, "modifiedAt": modified_at}
        self._send(webhook, told)

    def export(self, contract: str, request: str, expires_at: int) -> None:
        """Tell that a profile was exported: a thin envelope, whose id is what to ask for. Its retries are INVENTED."""
        webhook = self.webhooks.get(contract)
        if webhook is None or not webhook.open:
            return
        told: dict[str, Any] = {"id": request, "type": EXPORTED}
        if self.settings.export_expires_at != "absent":
            as_text = self.settings.export_expires_at == "text"
            told["expiresAt"] = str(expires_at) if as_text else expires_at
        self._send(webhook, told)

    def _send(self, webhook: Webhook, told: dict[str, Any]) -> None:
        body = json.dumps(told, separators=(",", ":")).encode()
        headers = {"Content-Type": "application/json", "X-LI-Signature": sign(body, webhook.secret)}
        gaps = tuple(self.settings.hook_gaps)
        self.world.deliver("linkedin", webhook.url, headers, body, label=told["type"], id=told["id"], gaps=gaps)

    def challenge(self, webhook: Webhook, application: str) -> None:
        """Ask the address to prove that it has the secret; the outcome is on the webhook."""
        webhook.challenge, webhook.asked = "waiting", webhook.asked + 1
        webhook.asked_at = self.world.clock.timestamp()
        task = asyncio.get_running_loop().create_task(self._challenge(webhook, application))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def revalidate(self, application: str) -> None:
        """Ask again every address that was asked two hours ago or longer; a blocked one is left alone."""
        due = self.world.clock.timestamp() - REVALIDATION_SECONDS
        for webhook in self.webhooks.values():
            settled = webhook.asked and webhook.challenge != "waiting" and webhook.failures < FAILURES_THAT_BLOCK
            if settled and webhook.asked_at <= due:
                self.challenge(webhook, application)

    async def _challenge(self, webhook: Webhook, application: str) -> None:
        code = str(uuid.UUID(bytes=self.stamp.octets(16), version=4))
        webhook.error = await _ask(webhook, code, application)
        webhook.challenge = "failed" if webhook.error else "passed"
        webhook.failures = webhook.failures + 1 if webhook.error else 0
        webhook.registered = webhook.registered or not webhook.error


def sign(body: bytes, secret: str) -> str:
    """The prefix is part of the signed text, not of the header."""
    return hmac.new(secret.encode(), b"hmacsha256=" + body, hashlib.sha256).hexdigest()


def answer_to(code: str, secret: str) -> str:
    return hmac.new(secret.encode(), code.encode(), hashlib.sha256).hexdigest()


async def _ask(webhook: Webhook, code: str, application: str) -> str:
    """Why the challenge failed, or an empty text."""
    asked = {"challengeCode": code, "applicationId": application}
    try:
        async with httpx.AsyncClient(timeout=CHALLENGE_SECONDS, trust_env=False) as client:
            answer = await client.get(webhook.url, params=asked)
        told = answer.json()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as failure:
        return f"This URL did not pass the security challenge check ({type(failure).__name__})"
    expected = {"challengeCode": code, "challengeResponse": answer_to(code, webhook.secret)}
    if answer.status_code != 200 or told != expected:
        return f"This URL did not pass the security challenge check (status {answer.status_code})"
    return ""
