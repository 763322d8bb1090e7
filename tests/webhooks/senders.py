"""What the outside systems send, signed as they sign; written from their documentation, not from our receivers."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any
from uuid import UUID, uuid4

from django.test import Client as Http

from apps.connections.models import Connection
from tests.connections.factories import make_connection

SECRET = "a-secret-of-the-webhook"
WITHOUT_ID = ""


def connect(provider: str = "greenhouse", **values: Any) -> Connection:
    given = {"provider": provider, "name": f"{provider} of Northwind", "hook_secret": SECRET}
    return make_connection(**(given | values))


def address(provider: str, connection_id: UUID | str) -> str:
    return f"/webhooks/{provider}/{connection_id}/"


def sign_greenhouse(body: bytes, secret: str = SECRET) -> str:
    return "sha256 " + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def sign_linkedin(body: bytes, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), b"hmacsha256=" + body, hashlib.sha256).hexdigest()


def sign_lever(token: str, triggered_at: int, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), f"{token}{triggered_at}".encode(), hashlib.sha256).hexdigest()


def send_greenhouse(
    http: Http, connection: Connection, body: bytes, *, signature: str | None = None, delivery: str | None = None
) -> Any:
    """POST raw bytes; a delivery id of its own unless one is given (`WITHOUT_ID` sends none)."""
    headers = {"signature": sign_greenhouse(body) if signature is None else signature}
    if delivery != WITHOUT_ID:
        headers["greenhouse-event-id"] = delivery or str(uuid4())
    return http.post(address("greenhouse", connection.pk), body, content_type="application/json", headers=headers)


def send_linkedin(http: Http, connection: Connection, body: bytes, *, signature: str | None = None) -> Any:
    headers = {"x-li-signature": sign_linkedin(body) if signature is None else signature}
    return http.post(address("linkedin", connection.pk), body, content_type="application/json", headers=headers)


def stage_change(*, application: Any = 9001, person: Any = 501, stage: str = "Phone Screen", **more: Any) -> bytes:
    """A move in Greenhouse, in the shape of its documentation."""
    told = {
        "id": application,
        "status": "active",
        "last_activity_at": "2026-11-20T10:00:00Z",
        "current_stage": {"id": 3003, "name": stage, "interviews": []},
        "candidate": {"id": person, "first_name": "Ada", "last_name": "Lund", "email_addresses": [EMAIL]},
        "jobs": [{"id": 42, "name": "Engineer"}],
        **more,
    }
    return json.dumps({"action": "candidate_stage_change", "payload": {"application": told}}).encode()


EMAIL = {"value": "ada.lund@home.example", "type": "personal"}
