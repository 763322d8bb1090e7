"""API keys: made and revoked by admins, opened by the API. A key is shown once; its digest is kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Q
from knox.crypto import hash_token
from knox.models import get_digest_token
from knox.settings import CONSTANTS

from apps.accounts.models import ApiKey, Client, User
from apps.accounts.rights import Role
from apps.accounts.scope import Scope

SEEN_EVERY = timedelta(minutes=1)
"""How exact "last used" is: a write for each request would cost more than the read it is about."""

LONGEST = timedelta(days=730)
"""A key that nobody has to look at for two years is one that nobody remembers."""


class UnknownClient(ValueError):
    """The client is not one that the maker may see."""


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A key as admins see it; `state` is `live`, `expired`, `revoked` or `stopped` (its maker was)."""

    id: UUID
    name: str
    starts_with: str
    role: str
    client: str
    maker: str
    state: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None


def make_key(
    *, maker: User, name: str, role: Role, client_id: UUID | None, now: datetime, lasts: timedelta
) -> tuple[ApiKey, str]:
    """Make a key and give it with its secret, which is kept nowhere. Raises UnknownClient."""
    if client_id is not None and not (maker.scope().covers([client_id]) and Client.objects.filter(pk=client_id)):
        raise UnknownClient(client_id)
    digest, secret = get_digest_token()
    key = ApiKey.objects.model(
        digest=digest,
        token_key=secret[: CONSTANTS.TOKEN_KEY_LENGTH],
        user=maker,
        name=name,
        role=role,
        client_id=client_id,
        created=now,
        expiry=now + min(lasts, LONGEST),
    )
    key.save()
    return key, secret


def revoke_key(*, key_id: UUID, actor: User, now: datetime) -> bool:
    """End a key at once; False if it had ended before."""
    for key in ApiKey.objects.filter(public_id=key_id, revoked_at=None):
        key.revoked_at, key.revoked_by = now, actor
        key.save(update_fields=["revoked_at", "revoked_by"])
        return True
    return False


def open_key(*, secret: str, now: datetime) -> ApiKey | None:
    """Find the live key that a secret is of, and note that it was used."""
    live = ApiKey.objects.select_related("user").filter(revoked_at=None, user__is_active=True)
    try:
        key = live.filter(Q(expiry=None) | Q(expiry__gt=now)).get(digest=hash_token(secret))
    except ObjectDoesNotExist:
        return None
    long_ago = Q(last_used_at=None) | Q(last_used_at__lt=now - SEEN_EVERY)
    if key.last_used_at is None or key.last_used_at < now - SEEN_EVERY:
        ApiKey.objects.filter(long_ago, pk=key.pk).update(last_used_at=now)
    return key


def list_keys(*, scope: Scope, now: datetime) -> tuple[KeyRow, ...]:
    """The keys that read nothing outside a scope, the newest first."""
    keys = ApiKey.objects.select_related("user", "client")
    if not scope.unrestricted:
        keys = keys.filter(client__in=scope.client_ids)
    return tuple(_row(key, now) for key in keys)


def key_is_visible(*, scope: Scope, key_id: UUID) -> bool:
    """Tell whether a key reads nothing outside a scope."""
    found = ApiKey.objects.filter(public_id=key_id).first()
    return found is not None and (scope.unrestricted or scope.covers(found.scope().client_ids or ()))


def _row(key: ApiKey, now: datetime) -> KeyRow:
    return KeyRow(
        id=key.public_id,
        name=key.name,
        starts_with=key.token_key,
        role=key.role,
        client=key.client.name if key.client else "",
        maker=str(key.user),
        state=_state(key, now),
        created_at=key.created,
        expires_at=key.expiry,
        last_used_at=key.last_used_at,
        revoked_at=key.revoked_at,
    )


def _state(key: ApiKey, now: datetime) -> str:
    if key.revoked_at is not None:
        return "revoked"
    if key.expiry is not None and key.expiry <= now:
        return "expired"
    return "live" if key.user.is_active else "stopped"
