"""Consent at a system's own sign-in page: begun in one browser session, finished once in the same.

What waits for the answer (the entered values, the PKCE verifier) is sealed into that session, so that neither the
database nor a dump of it holds a secret in clear; nothing is kept of a consent that is not given. OAuth 2.0 with
state and PKCE: https://www.rfc-editor.org/rfc/rfc7636
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings as app_settings

from apps.connections import pending, tokens, trial_gate
from apps.connections.models import Connection, Credential
from apps.core import errors
from apps.providers import contract, registry
from apps.providers.provider import Consent, Minted

WAITING = "consent"
"""The place in the session."""

LASTS = timedelta(minutes=15)
"""Less than the half hour that LinkedIn's code counts for."""


class NotAuthorized(Exception):
    """No credential came of it, and nothing was stored; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a consent is for: a new connection (`connection_id` is None), or one that is reconnected."""

    provider: str
    secret: Mapping[str, str] = field(repr=False)
    redirect_uri: str
    base_urls: Mapping[str, str] = field(default_factory=dict)
    connection_id: UUID | None = None
    entered: Mapping[str, Any] = field(default_factory=dict)  # plain values for whoever goes on with it


@dataclass(frozen=True, slots=True)
class Granted:
    """A credential, as the consent gave it, and what was asked for."""

    asked: Asked
    secret: Mapping[str, str] = field(repr=False)
    access_token: str = field(repr=False)
    expires_at: datetime | None
    ends_at: datetime | None = None


def asks_for_consent(provider: str, access_mode: str) -> bool:
    return registry.get(provider).consent_in(access_mode) is not None


def for_reconnect(*, connection_id: UUID, redirect_uri: str, entered: Mapping[str, Any] | None = None) -> Asked:
    """The same application as before, by which the administrator consents again; its old refresh token
    is left behind. Raises NotAuthorized."""
    connection = Connection.objects.get(pk=connection_id)
    row = Credential.objects.filter(connection_id=connection_id).first()
    if row is None:
        raise NotAuthorized("This connection has no credential yet: connect it anew.")
    return Asked(
        provider=connection.provider,
        secret={name: value for name, value in tokens.open_secret(row).values.items() if name != "refresh_token"},
        redirect_uri=redirect_uri,
        base_urls=connection.settings.get("base_urls", {}),
        connection_id=connection_id,
        entered=entered or {},
    )


def begin(*, session: MutableMapping[str, Any], asked: Asked, now: datetime) -> str:
    """Keep what is asked in the session and return the address where the administrator consents.

    A second begin in the same session replaces the first.
    """
    state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(48)
    kept = {
        "provider": asked.provider,
        "secret": dict(asked.secret),
        "redirect_uri": asked.redirect_uri,
        "base_urls": dict(asked.base_urls),
        "connection_id": str(asked.connection_id or ""),
        "entered": dict(asked.entered),
        "verifier": verifier,
        "mark": _mark(state),
    }
    pending.put(session, WAITING, kept, until=now + LASTS)
    consent = _consent_of(asked.provider)
    return consent.url(
        _settings(asked),
        client_id=asked.secret["client_id"],
        redirect_uri=asked.redirect_uri,
        state=state,
        challenge=_challenge(verifier),
        scope=consent.scope,
    )


def page_of(asked: Asked) -> str:
    """The sign-in page's address, without what a consent adds to it."""
    nothing = {"client_id": "", "redirect_uri": "", "state": "", "challenge": "", "scope": ""}
    return _consent_of(asked.provider).url(_settings(asked), **nothing).partition("?")[0]


def finish(*, session: MutableMapping[str, Any], answer: Mapping[str, str], now: datetime) -> Granted:
    """Turn the answer into a credential, once: whatever comes of it, the session waits no more.

    A state that this session did not send leaves what waits alone. Raises NotAuthorized.
    """
    asked, verifier = _take(session, state=answer.get("state", ""), now=now)
    name = registry.get(asked.provider).capabilities.name
    if "error" in answer:
        raise NotAuthorized(f"{name} says that the consent was not given. Start again when the administrator agrees.")
    code = answer.get("code", "")
    if not code:
        raise NotAuthorized(f"{name} sent no code. Start again.")
    minted = _exchange(asked, code=code, verifier=verifier, name=name, now=now)
    return Granted(asked, minted.secret or asked.secret, minted.access_token, minted.expires_at, minted.ends_at)


def _take(session: MutableMapping[str, Any], *, state: str, now: datetime) -> tuple[Asked, str]:
    found = pending.read(session, WAITING, now=now)
    if found is None or not hmac.compare_digest(found["mark"], _mark(state)):
        raise NotAuthorized(
            "No such sign-in waits in this browser: it was begun elsewhere, or longer than a quarter of an hour ago. "
            "Start again here."
        )
    session.pop(WAITING, None)
    asked = Asked(
        provider=found["provider"],
        secret=found["secret"],
        redirect_uri=found["redirect_uri"],
        base_urls=found["base_urls"],
        connection_id=UUID(found["connection_id"]) if found["connection_id"] else None,
        entered=found["entered"],
    )
    return asked, found["verifier"]


def _exchange(asked: Asked, *, code: str, verifier: str, name: str, now: datetime) -> Minted:
    consent = _consent_of(asked.provider)
    try:
        trial_gate.count_token_request(provider=asked.provider, secret=asked.secret, now=now)
        return consent.exchange(
            _settings(asked), asked.secret, code=code, redirect_uri=asked.redirect_uri, verifier=verifier
        )
    except errors.AuthExpired:
        raise NotAuthorized(
            f"{name} did not take the code: check the client secret, and that {asked.redirect_uri} is a redirect "
            "address of the application there. Then start again."
        ) from None
    except errors.RateLimited as limit:
        raise NotAuthorized(f"{limit.detail} Try again later.") from None
    except errors.SyncError:
        raise NotAuthorized(f"{name} gave no usable answer. Nothing was stored; start again.") from None


def _consent_of(provider: str) -> Consent:
    consent = registry.get(provider).consent
    if consent is None:
        raise NotAuthorized("This system has no sign-in page of its own.")
    return consent


def _settings(asked: Asked) -> contract.Settings:
    return contract.Settings(base_urls=asked.base_urls, timeout=app_settings.SYNCPORTAL_CALL_SECONDS)


def _mark(state: str) -> str:
    return hashlib.sha256(state.encode()).hexdigest()


def _challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
