"""The webhook secrets of a connection: which ones are live, and how one follows another without downtime."""

from __future__ import annotations

import secrets as random_secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from apps.connections import tokens
from apps.connections.models import Connection
from apps.connections.selectors import role_of

HOOK_OVERLAP = timedelta(days=1)
"""How long a replaced webhook secret still counts: senders are changed by hand, and retry for hours."""


def hook_secrets(connection: Connection, *, now: datetime) -> tuple[str, ...]:
    """The live webhook secrets, newest first."""
    live = [unseal(connection.pk, connection.hook_secret)] if connection.hook_secret else []
    if connection.hook_secret_previous and connection.hook_previous_until and connection.hook_previous_until > now:
        live.append(unseal(connection.pk, connection.hook_secret_previous))
    return tuple(live)


def give_first_secret(connection: Connection, values: Mapping[str, str], *, chosen: str = "") -> None:
    """Give a new connection its webhook secret: the chosen one, the one its system signs by, or a fresh one."""
    signs = chosen or _signing_secret(connection, values) or random_secrets.token_urlsafe(32)
    Connection.objects.filter(pk=connection.pk).update(hook_secret=seal(connection.pk, signs))


def rotate_hook_secret(
    *, connection_id: UUID, now: datetime, overlap: timedelta = HOOK_OVERLAP, secret: str = ""
) -> str:
    """Give the connection a new webhook secret and return it; the old one counts until `overlap` is over."""
    fresh = secret or random_secrets.token_urlsafe(32)
    with transaction.atomic():
        row = Connection.objects.select_for_update().get(pk=connection_id)
        row.hook_secret_previous = row.hook_secret
        row.hook_previous_until = now + overlap
        row.hook_secret = seal(connection_id, fresh)
        row.save(update_fields=["hook_secret", "hook_secret_previous", "hook_previous_until"])
    return fresh


def sign_by(connection: Connection, secret: Mapping[str, str], *, now: datetime) -> None:
    """Take deliveries that the application's own secret signs, where the system signs by it."""
    signs = _signing_secret(connection, secret)
    if signs and signs not in hook_secrets(connection, now=now):
        rotate_hook_secret(connection_id=connection.pk, now=now, secret=signs)


def _signing_secret(connection: Connection, values: Mapping[str, str]) -> str:
    """LinkedIn signs deliveries with the application's own secret; an ATS with one made for the webhook."""
    return values.get("client_secret", "") if role_of(connection) == "sourcing" else ""


def seal(connection_id: UUID, text: str) -> bytes:
    """The webhook secret as it is kept."""
    return tokens.seal_text(text, context=f"{connection_id}:hook")


def unseal(connection_id: UUID, blob: bytes | memoryview) -> str:
    """The webhook secret as it is used."""
    return tokens.open_text(blob, context=f"{connection_id}:hook")
