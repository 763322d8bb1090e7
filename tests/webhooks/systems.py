"""Each system that delivers here: what it sends, signed as its documentation says, and a vector worked out beforehand.

Vectors without a published one were made with `openssl dgst -sha256 -hmac`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.webhooks.senders import SECRET, sign_greenhouse, sign_lever, sign_linkedin


@dataclass(frozen=True, slots=True)
class Wire:
    """A delivery as it is sent."""

    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class System:
    """One that delivers: how it signs, a delivery of its own, one that it would never send, and a vector."""

    key: str
    sign: Callable[[dict[str, Any], str], Wire]
    delivery: dict[str, Any]
    senseless: dict[str, Any]
    without_signature: Callable[[Wire], Wire]
    covered: bytes
    vector: Wire
    vector_secret: str

    def __str__(self) -> str:
        return self.key

    def wire(self, secret: str = SECRET) -> Wire:
        return self.sign(self.delivery, secret)


def _linkedin(told: dict[str, Any], secret: str) -> Wire:
    body = json.dumps(told).encode()
    return Wire(body, {"x-li-signature": sign_linkedin(body, secret)})


def _greenhouse(told: dict[str, Any], secret: str) -> Wire:
    body = json.dumps(told).encode()
    return Wire(body, {"signature": sign_greenhouse(body, secret), "greenhouse-event-id": "delivery-1"})


def _lever(told: dict[str, Any], secret: str) -> Wire:
    """The signature is in the body, of the token and the time alone."""
    signature = sign_lever(told["token"], told["triggeredAt"], secret)
    return Wire(json.dumps({**told, "signature": signature}).encode(), {})


def _without_headers(wire: Wire) -> Wire:
    return Wire(wire.body, {})


def _without_field(wire: Wire) -> Wire:
    told = json.loads(wire.body)
    del told["signature"]
    return Wire(json.dumps(told).encode(), {})


_PUSHED = {"id": "exp-000123", "type": "EXPORT_CANDIDATE_PROFILE", "expiresAt": 1767312000000}
_MOVED = {
    "id": 9001,
    "last_activity_at": "2026-11-20T10:00:00Z",
    "candidate": {"id": 501},
    "jobs": [{"id": 42}],
}
_TRIGGERED = {"event": "candidateStageChange", "triggeredAt": 1763640000000, "token": "t" * 48}

SYSTEMS = (
    System(
        key="linkedin",
        sign=_linkedin,
        delivery={**_PUSHED},
        senseless={"type": 7},
        without_signature=_without_headers,
        covered=b"exp-000123",
        vector=Wire(
            json.dumps(_PUSHED, separators=(",", ":")).encode(),
            {"x-li-signature": "91e4170d66e072aa353e4777b5141cfbd2bb6f7aa52e164d7306596e93fa7f83"},
        ),
        vector_secret="sandbox-client-secret",
    ),
    System(
        key="greenhouse",
        sign=_greenhouse,
        delivery={"action": "candidate_stage_change", "payload": {"application": _MOVED}},
        senseless={"action": "candidate_stage_change", "payload": []},
        without_signature=_without_headers,
        covered=b"9001",
        vector=Wire(
            b'{"action":"ping","payload":{"text":"\\u003cp\\u003e"}}',
            {"signature": "sha256 92d5988588121ab16d6e46efd2d274071f9fdaa5d2ab96ff4f03587f02c2d32c"},
        ),
        vector_secret="sandbox-hook-secret",
    ),
    System(
        key="lever",
        sign=_lever,
        delivery={**_TRIGGERED, "id": "e-1", "data": {"opportunityId": "o-1", "contactId": "p-1"}},
        senseless={**_TRIGGERED, "event": ["candidateStageChange"]},
        without_signature=_without_field,
        covered=b"t" * 48,
        vector=Wire(
            b'{"id":"e1","event":"candidateHired","triggeredAt":1763640000000,"token":"0123456789abcdef",'
            b'"signature":"8ee2e96aa4949924e9ea6409ddf4446b304bc365eac59294efbb9b35f79baedf",'
            b'"data":{"opportunityId":"o-1","contactId":"p-1"}}',
            {},
        ),
        vector_secret="sandbox-signature-token",
    ),
)
