"""Lever's webhooks. The signature is in the body and covers a token and a time, never the data.

Whoever has seen one delivery can forge another's data, so nothing of the data is believed but which
object to read again. A rerun repeats the token, which is the delivery's id here.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from typing import Any

from apps.providers.contract import Hook, HookKind, MalformedHook
from apps.providers.parsing import Fields, Malformed

KINDS = {
    "applicationCreated": HookKind.APPLICATION,
    "candidateStageChange": HookKind.APPLICATION,
    "candidateArchiveChange": HookKind.APPLICATION,
    "candidateHired": HookKind.APPLICATION,
    "candidateDeleted": HookKind.APPLICATION_DELETED,
    "contactCreated": HookKind.PERSON,
    "contactUpdated": HookKind.PERSON,
}


class LeverReceiver:
    """contract.Receiver; each webhook of an account has a signature token of its own, so that a secret here is
    one or several of them, with spaces between."""

    def verify(self, *, headers: Mapping[str, str], body: bytes, secrets: Sequence[str]) -> bool:
        """False where there is no signature: an account without a signature token sends none."""
        found = _object(body)
        given, token, at = (found.get(name) for name in ("signature", "token", "triggeredAt"))
        if not (isinstance(given, str) and isinstance(token, str) and token and isinstance(at, int)):
            return False
        message = f"{token}{at}".encode("utf-8", "replace")
        tried = [one for secret in secrets for one in secret.split()]
        fits = [hmac.compare_digest(_sign(one, message), given.strip().lower().encode()) for one in tried]
        return any(fits)

    def parse(self, *, headers: Mapping[str, str], body: bytes) -> Hook:
        try:
            found = Fields(json.loads(body), "delivery")
            event = found.word("event")
            data = found.object_or_empty("data")
            kind = KINDS.get(event, HookKind.OTHER)
            return Hook(
                kind,
                event,
                found.id_or_empty("token"),
                person_id=_person(kind, data),
                application_id=_application(kind, data),
                occurred_at=found.instant_ms("triggeredAt"),
            )
        except Malformed as malformed:
            raise MalformedHook(str(malformed)) from None
        except (ValueError, RecursionError):
            raise MalformedHook("delivery: not JSON") from None

    def answer_challenge(self, *, query: Mapping[str, str], secret: str) -> Mapping[str, str] | None:
        """Lever has none."""
        return None


def _person(kind: HookKind, data: Fields) -> str:
    """Never `candidateId`: a deprecated alias that names the person in no account and the opportunity in some."""
    return data.id("contactId") if kind == HookKind.PERSON else data.id_or_empty("contactId")


def _application(kind: HookKind, data: Fields) -> str:
    return data.id("opportunityId") if kind in (HookKind.APPLICATION, HookKind.APPLICATION_DELETED) else ""


def _sign(secret: str, message: bytes) -> bytes:
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest().encode()


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
