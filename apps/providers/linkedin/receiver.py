"""LinkedIn's deliveries: signature, challenge, the push hint, and the envelope of an export.

https://learn.microsoft.com/en-us/linkedin/shared/api-guide/webhook-validation
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import uuid
from collections.abc import Mapping, Sequence

from apps.providers.contract import Hook, HookKind, MalformedHook
from apps.providers.parsing import Fields, Malformed
from apps.providers.provider import Addressee

_PREFIX = b"hmacsha256="
_KINDS = {"RSC_PROFILES_MODIFIED": HookKind.PROFILES_HINT, "EXPORT_CANDIDATE_PROFILE": HookKind.EXPORT}
_NOT_ASCII = re.compile("[^\x00-\x7f]")


class LinkedInReceiver:
    """contract.Receiver; the secret is the application's client secret."""

    def verify(self, *, headers: Mapping[str, str], body: bytes, secrets: Sequence[str]) -> bool:
        """`X-LI-Signature` is the hex HMAC of `hmacsha256=` and the body, raw or in its escaped-Unicode form."""
        given = headers.get("x-li-signature", "").strip().lower().encode()
        fits = [
            hmac.compare_digest(_sign(secret, _PREFIX + text), given)
            for secret in secrets
            if secret
            for text in _forms(body)
        ]
        return any(fits)

    def parse(self, *, headers: Mapping[str, str], body: bytes) -> Hook:
        try:
            found = Fields(json.loads(body), "delivery")
            action = found.word("type")
            return Hook(
                kind=_KINDS.get(action, HookKind.OTHER),
                action=action,
                delivery_id=found.id("id"),
                occurred_at=found.instant_ms("modifiedAt") if found.has("modifiedAt") else None,
                expires_at=found.instant_ms("expiresAt") if found.has("expiresAt") else None,
            )
        except Malformed as malformed:
            raise MalformedHook(str(malformed)) from None
        except (ValueError, RecursionError):
            raise MalformedHook("delivery: not JSON") from None

    def answer_challenge(self, *, query: Mapping[str, str], secret: str) -> Mapping[str, str] | None:
        """Sign the challenge code. Anything but a UUID is refused: a code of the asker's choosing
        would have us sign a delivery for them."""
        code = query.get("challengeCode", "")
        if not secret or not _is_uuid(code):
            return None
        return {"challengeCode": code, "challengeResponse": _sign(secret, code.encode()).decode()}


def addressing(*, query: Mapping[str, str], body: bytes) -> Addressee:
    """A challenge names the application whose secret is asked for, a delivery its contract or the application."""
    if "applicationId" in query:
        return Addressee(application=query["applicationId"])
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return Addressee()
    told = found if isinstance(found, dict) else {}
    account, application = (told.get(name) for name in ("contract", "developerApplicationUrn"))
    return Addressee(
        account=account if isinstance(account, str) else "",
        application=application if isinstance(application, str) else "",
    )


def _sign(secret: str, message: bytes) -> bytes:
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest().encode()


def _forms(body: bytes) -> tuple[bytes, ...]:
    if body.isascii():
        return (body,)
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return (body,)
    escaped = _NOT_ASCII.sub(lambda found: json.dumps(found[0])[1:-1], text)
    return (body, escaped.encode())


def _is_uuid(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False
