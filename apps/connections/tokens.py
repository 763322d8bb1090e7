"""Credentials and access tokens: sealed at rest, changed by compare-and-set, minted once for all workers."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import F, Q, QuerySet

from apps.connections.models import Credential, CredentialState, Token
from apps.core import clock, crypto, errors
from apps.providers.provider import Minted

MINT_SECONDS = 20
"""Longer than the total deadline of a token request, so that a slow minter is not doubled."""

EARLY = timedelta(seconds=60)
"""A token that ends sooner than this is renewed before it is used."""

REJECTED_IN_A_ROW = 3
"""So many new tokens refused one after the other is a credential that no longer works."""

LOST_ANSWERS = frozenset({"timeout", "connection_lost"})
"""Causes of a token request that may have been granted although nobody heard the answer."""

COOL_DOWN = 5
"""Seconds after a token request that failed in which no other worker asks: it is declared dead meanwhile,
or the system has time to recover."""

_WAIT = 0.05


class StaleCredential(Exception):
    """Somebody else saved a newer credential; read it again."""


@dataclass(frozen=True, slots=True)
class Secret:
    """An opened credential; it prints as ***."""

    values: Mapping[str, str] = field(repr=False)
    version: int

    def __repr__(self) -> str:
        return "***"

    __str__ = __repr__


@dataclass(frozen=True, slots=True)
class Held:
    """The present access token; it prints as ***."""

    value: str = field(repr=False)
    version: int
    expires_at: datetime | None
    rejections: int

    def __repr__(self) -> str:
        return "***"

    def lasts(self, now: datetime) -> bool:
        return bool(self.value) and (self.expires_at is None or self.expires_at - EARLY > now)


Mint = Callable[[Mapping[str, str]], Minted]


def seal_text(text: str, *, context: str) -> bytes:
    return crypto.seal(text.encode(), context=context)


def open_text(blob: bytes | memoryview, *, context: str) -> str:
    return crypto.open_sealed(bytes(blob), context=context).decode()


def read_secret(connection_id: uuid.UUID) -> Secret:
    """Raises AuthExpired when there is no credential, or a dead one."""
    row = Credential.objects.filter(connection_id=connection_id).first()
    if row is None or row.state == CredentialState.EXPIRED:
        raise errors.AuthExpired("This connection waits for somebody to reconnect it.")
    return open_secret(row)


def open_secret(row: Credential) -> Secret:
    return Secret(json.loads(open_text(row.sealed, context=str(row.connection_id))), row.version)


def save_secret(
    *,
    connection_id: uuid.UUID,
    values: Mapping[str, str],
    now: datetime,
    expected_version: int | None = None,
    expires_at: datetime | None = None,
) -> int:
    """Store new values and return their version; raises StaleCredential if the version moved on."""
    sealed = seal_text(json.dumps(dict(values)), context=str(connection_id))
    row, made = Credential.objects.get_or_create(
        connection_id=connection_id,
        defaults={"sealed": sealed, "changed_at": now, "expires_at": expires_at},
    )
    if made:
        return row.version
    seen = row.version if expected_version is None else expected_version
    changed = Credential.objects.filter(pk=row.pk, version=seen).update(
        sealed=sealed,
        version=F("version") + 1,
        state=CredentialState.OK,
        expires_at=expires_at,
        changed_at=now,
        warned=_still(row, expires_at),
    )
    if not changed:
        raise StaleCredential(str(connection_id))
    return seen + 1


def _still(row: Credential, ends_at: datetime | None) -> int | None:
    """A refresh token that was only replaced ends when it did: nobody is told of it again."""
    same = row.state == CredentialState.OK and row.expires_at is not None and row.expires_at == ends_at
    return row.warned if same else None


def expire_secret(*, connection_id: uuid.UUID, seen_version: int | None) -> bool:
    """Declare the credential dead, unless it was replaced since `seen_version` was read."""
    rows = Credential.objects.filter(connection_id=connection_id, state=CredentialState.OK)
    if seen_version is not None:
        rows = rows.filter(version=seen_version)
    return bool(rows.update(state=CredentialState.EXPIRED))


def read_token(connection_id: uuid.UUID) -> Held:
    row, _ = Token.objects.get_or_create(connection_id=connection_id)
    value = open_text(row.sealed, context=str(connection_id)) if row.sealed else ""
    return Held(value, row.version, row.expires_at, row.rejections)


def put_token(*, connection_id: uuid.UUID, value: str, expires_at: datetime | None) -> None:
    """Replace the token from outside a mint: a consent just gave it, or a new credential ends the old one."""
    Token.objects.get_or_create(connection_id=connection_id)
    sealed = seal_text(value, context=str(connection_id)) if value else b""
    Token.objects.filter(connection_id=connection_id).update(
        sealed=sealed, version=F("version") + 1, expires_at=expires_at, rejections=0, minting=None, minting_until=None
    )


def clear_rejections(connection_id: uuid.UUID) -> None:
    Token.objects.filter(connection_id=connection_id, rejections__gt=0).update(rejections=0)


def current(connection_id: uuid.UUID, *, rejected: str | None, mint: Mint) -> Held:
    """The token to use now. One worker mints, the others wait for it; a 401 whose token was already
    replaced just gets the new one. Raises AuthExpired, or Transient when the minter takes too long."""
    deadline = clock.real_now() + timedelta(seconds=MINT_SECONDS + 5)
    while clock.real_now() < deadline:
        held = read_token(connection_id)
        if held.lasts(clock.now()) and held.value != rejected:
            return held
        if rejected is not None and held.value == rejected and held.rejections >= REJECTED_IN_A_ROW:
            raise errors.AuthExpired("New tokens are refused one after the other.", cause="token_refused")
        lease = _lease(connection_id, held.version)
        if lease is not None:
            return _renew(connection_id, lease, refused=rejected is not None and held.value == rejected, mint=mint)
        time.sleep(_WAIT)
        read_secret(connection_id)
    raise errors.Transient("Another worker has been asking for a token for too long.", cause="token_wait")


def _lease(connection_id: uuid.UUID, version: int) -> uuid.UUID | None:
    mine, now = uuid.uuid4(), clock.real_now()
    free = Q(minting__isnull=True) | Q(minting_until__lt=now)
    taken = Token.objects.filter(free, connection_id=connection_id, version=version).update(
        minting=mine, minting_until=now + timedelta(seconds=MINT_SECONDS)
    )
    return mine if taken else None


def _renew(connection_id: uuid.UUID, lease: uuid.UUID, *, refused: bool, mint: Mint) -> Held:
    """Mint under the lease and keep what came. A request that failed keeps the others off for a while."""
    ours = Token.objects.filter(connection_id=connection_id, minting=lease)
    try:
        secret = read_secret(connection_id)
        minted = _mint_twice(secret, ours, mint)
        _keep_rotated(connection_id, secret, minted)
        ours.update(
            sealed=seal_text(minted.access_token, context=str(connection_id)),
            version=F("version") + 1,
            expires_at=minted.expires_at,
            rejections=F("rejections") + 1 if refused else F("rejections"),
            minting=None,
            minting_until=None,
        )
    except (errors.Transient, errors.AuthExpired):
        ours.update(minting_until=clock.real_now() + timedelta(seconds=COOL_DOWN))
        raise
    except BaseException:
        ours.update(minting=None, minting_until=None)
        raise
    return read_token(connection_id)


def _mint_twice(secret: Secret, ours: QuerySet[Token], mint: Mint) -> Minted:
    """Ask once more where the answer was lost. A grant that is good once may be spent by then: who refuses
    it the second time has given its successor to nobody, and only a person can get another."""
    try:
        return mint(secret.values)
    except errors.Transient as lost:
        more_time = clock.real_now() + timedelta(seconds=MINT_SECONDS)
        if lost.cause not in LOST_ANSWERS or not ours.update(minting_until=more_time):
            raise
    try:
        return mint(secret.values)
    except errors.AuthExpired as refused:
        raise errors.AuthExpired(
            "The answer that held the next refresh token was lost, and the present one is refused now.",
            cause="refresh_lost",
        ) from refused


def _keep_rotated(connection_id: uuid.UUID, seen: Secret, minted: Minted) -> None:
    """Save a refresh token that the mint replaced, and when the credential ends, where that was told; a
    person's newer credential wins over it."""
    rows = Credential.objects.filter(connection_id=connection_id, version=seen.version)
    if minted.ends_at is not None:
        rows.update(expires_at=minted.ends_at)
    if minted.secret is None:
        return
    ends_at = rows.values_list("expires_at", flat=True).first()
    try:
        save_secret(
            connection_id=connection_id,
            values=minted.secret,
            now=clock.now(),
            expected_version=seen.version,
            expires_at=ends_at,
        )
    except StaleCredential:
        return
