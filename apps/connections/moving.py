"""Another account behind the same connection: its credential waits sealed, reads by a gate of its own, and is taken."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from django.conf import settings as app_settings
from django.db import transaction

from apps.connections import gate, hooks, services, tokens
from apps.connections.models import Chapter, Connection
from apps.connections.trial_gate import TrialGate
from apps.ledger import gates
from apps.ledger.states import Reason
from apps.providers import contract, registry

MOVED = "moved"


@dataclass(frozen=True, slots=True)
class NewCredential:
    """A consent for another account, as it is now; prints without itself."""

    secret: Mapping[str, str] = field(repr=False)
    access_token: str = field(repr=False)
    expires_at: datetime | None = None
    ends_at: datetime | None = None


def seal(credential: NewCredential, *, context: str) -> bytes:
    ends = [one.isoformat() if one else "" for one in (credential.expires_at, credential.ends_at)]
    text = json.dumps({"secret": dict(credential.secret), "token": credential.access_token, "ends": ends})
    return tokens.seal_text(text, context=context)


def unseal(blob: bytes | memoryview, *, context: str) -> NewCredential:
    """Raises Unsealable."""
    found = json.loads(tokens.open_text(blob, context=context))
    expires_at, ends_at = (datetime.fromisoformat(one) if one else None for one in found["ends"])
    return NewCredential(found["secret"], found["token"], expires_at, ends_at)


class Reader:
    """Reads the new account while the connection itself is paused; what it spends counts in the same budget."""

    def __init__(self, connection_id: UUID, credential: NewCredential, *, account: str) -> None:
        connection = Connection.objects.get(pk=connection_id)
        provider = registry.get(connection.provider)
        settings = contract.Settings(
            base_urls=connection.settings.get("base_urls", {}),
            options={**gate.options_of(connection), "contract": account},
            timeout=app_settings.SYNCPORTAL_CALL_SECONDS,
        )
        self._credential = credential
        self._gate = TrialGate(
            connection.provider,
            secret=credential.secret,
            access_token=credential.access_token,
            mint=lambda values: provider.mint(settings, values),
        )
        self.linkedin = cast(contract.Sourcing, provider.open(settings, self._gate))

    @property
    def credential(self) -> NewCredential:
        """As it is now: a mint may have replaced parts of it."""
        minted = self._gate.minted
        return replace(
            self._credential,
            secret=minted.secret or self._credential.secret,
            access_token=minted.access_token,
            expires_at=minted.expires_at or self._credential.expires_at,
        )


@transaction.atomic
def take_account(
    *, connection_id: UUID, account: contract.Identity, credential: NewCredential, actor_id: int | None, now: datetime
) -> None:
    """Give the connection the other account and its credential, for good. Raises AccountTaken."""
    connection = Connection.objects.select_for_update().get(pk=connection_id)
    services.set_credential(
        connection_id=connection_id,
        secret=credential.secret,
        now=now,
        access_token=credential.access_token,
        expires_at=credential.expires_at,
        ends_at=credential.ends_at,
    )
    services.bind(connection, account)
    hooks.sign_by(connection, credential.secret, now=now)
    note: dict[str, Any] = {"detail": f"From {connection.remote_name or 'the old contract'} to {account.name}."}
    Chapter.objects.create(connection_id=connection_id, word=MOVED, at=now, by_id=actor_id, **note)
    gates.open_gate(gate=gate.gate_of(connection_id), reason=Reason.TOKEN, now=now)
