"""What changes a connection: making it, and its credential; and opening it for calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, cast
from uuid import UUID, uuid4

from django.conf import settings as app_settings
from django.db import IntegrityError, transaction

from apps.connections import gate, tokens
from apps.connections.gate import ConnectionGate, ProbeGate, gate_of, record_error, record_success
from apps.connections.hooks import give_first_secret, hook_secrets, rotate_hook_secret, sign_by
from apps.connections.models import Connection, Credential, QuotaAccount
from apps.connections.rekey import rotate_keys
from apps.connections.selectors import capabilities_of, refusals, role_of
from apps.connections.switches import end_shadow, pause, resume, shadow, shadow_hold, stop
from apps.connections.tokens import StaleCredential
from apps.ledger import gates
from apps.ledger import services as ledger
from apps.ledger.states import Reason
from apps.providers import contract, registry
from apps.providers.provider import Minted
from apps.providers.sharing import Publishing

__all__ = [
    "AccountTaken",
    "StaleCredential",
    "Unsuitable",
    "WrongAccount",
    "capabilities_of",
    "count_refused_delivery",
    "create_connection",
    "end_shadow",
    "gate_of",
    "hook_secrets",
    "identify_and_bind",
    "mark_auth_expired",
    "open_ats",
    "open_messenger",
    "open_notes",
    "open_publishing",
    "open_queue",
    "open_sourcing",
    "pause",
    "receiver_of",
    "reconnect",
    "record_error",
    "record_success",
    "resume",
    "role_of",
    "rotate_hook_secret",
    "rotate_keys",
    "set_credential",
    "shadow",
    "shadow_hold",
    "shares_jobs",
    "stop",
]

MOST_JOB_PAGES = 40
"""So many pages of 50 are read to tell two accounts apart where the system names none."""


class AccountTaken(Exception):
    """Another connection already speaks for this account."""


class WrongAccount(Exception):
    """The credential belongs to a different account than this connection's."""


class Unsuitable(Exception):
    """No account that this credential may use can be synced; the text says what to do."""


def create_connection(
    *,
    provider: str,
    name: str,
    now: datetime,
    client_id: UUID | None = None,
    access_mode: str = "",
    base_urls: Mapping[str, str] | None = None,
    options: Mapping[str, Any] | None = None,
    secret: Mapping[str, str] | None = None,
    access_token: str = "",
    expires_at: datetime | None = None,
    ends_at: datetime | None = None,
    quota_key: str = "",
    hook_secret: str = "",
) -> Connection:
    """Make a connection with its credential and its share in a quota account; calls nothing."""
    registry.get(provider)
    connection_id = uuid4()
    key = quota_key or (secret or {}).get("client_id", "") or str(connection_id)
    with transaction.atomic():
        quota, _ = QuotaAccount.objects.get_or_create(provider=provider, key=key)
        connection = Connection.objects.create(
            id=connection_id,
            provider=provider,
            name=name,
            client_id=client_id,
            access_mode=access_mode,
            settings={"base_urls": dict(base_urls or {}), "options": dict(options or {})},
            quota=quota,
            created_at=now,
        )
        give_first_secret(connection, secret or {}, chosen=hook_secret)
        connection.refresh_from_db()
        if secret is not None:
            set_credential(
                connection_id=connection_id,
                secret=secret,
                now=now,
                access_token=access_token,
                expires_at=expires_at,
                ends_at=ends_at,
            )
    return connection


def set_credential(
    *,
    connection_id: UUID,
    secret: Mapping[str, str],
    now: datetime,
    expected_version: int | None = None,
    access_token: str = "",
    expires_at: datetime | None = None,
    ends_at: datetime | None = None,
) -> int:
    """Seal and store new credential values, and the token that came with them; returns the version.

    `expires_at` is the token's end, `ends_at` that of what further tokens are minted from.
    Another application brings another quota account. Raises StaleCredential if somebody saved a newer one.
    """
    with transaction.atomic():
        _join_quota(connection_id, secret.get("client_id", ""))
        version = tokens.save_secret(
            connection_id=connection_id,
            values=secret,
            now=now,
            expected_version=expected_version,
            expires_at=ends_at,
        )
        tokens.put_token(connection_id=connection_id, value=access_token, expires_at=expires_at)
    return version


def open_ats(connection_id: UUID) -> contract.Ats:
    """The applicant tracking system behind a connection, every call through its gate."""
    return cast(contract.Ats, _open(Connection.objects.get(pk=connection_id)))


def open_merger(connection_id: UUID) -> contract.Merger:
    """Of a connection whose capabilities say that it merges."""
    return cast(contract.Merger, _open(Connection.objects.get(pk=connection_id)))


def open_queue(connection_id: UUID) -> contract.EventQueue:
    """The event queue of a system that declares one, every call through its connection's gate."""
    return cast(contract.EventQueue, _open(Connection.objects.get(pk=connection_id)))


def open_notes(connection_id: UUID) -> contract.NoteReader:
    """The notes of a system that declares that they are read, every call through its connection's gate."""
    return cast(contract.NoteReader, _open(Connection.objects.get(pk=connection_id)))


def open_sourcing(connection_id: UUID) -> contract.Sourcing:
    """The LinkedIn side of a connection, every call through its gate."""
    return cast(contract.Sourcing, _open(Connection.objects.get(pk=connection_id)))


def open_publishing(connection_id: UUID) -> Publishing:
    """LinkedIn in a mode that publishes, every call through its gate."""
    return cast(Publishing, _open(Connection.objects.get(pk=connection_id)))


def open_messenger(connection_id: UUID) -> contract.Messenger:
    """What people read messages in, every call through its gate."""
    return cast(contract.Messenger, _open(Connection.objects.get(pk=connection_id)))


def receiver_of(connection: Connection) -> contract.Receiver:
    """What checks and reads the deliveries of this connection's system."""
    return registry.get(connection.provider).receiver


def count_refused_delivery(*, connection_id: UUID, now: datetime) -> None:
    """Somebody sent what no live secret of the connection signed: an old secret there, or a stranger."""
    ledger.count_fault(refusals(connection_id), now=now)


def change_daily_limit(*, connection_id: UUID, limit: int, now: datetime) -> None:
    """Enter how many requests a day the account has now. What was put off to the next day because the old
    number was spent is due at once; what the new one does not reach is put off again."""
    with transaction.atomic():
        connection = Connection.objects.select_for_update().get(pk=connection_id)
        options = {**connection.settings.get("options", {}), "daily_limit": limit}
        Connection.objects.filter(pk=connection_id).update(settings={**connection.settings, "options": options})
    gates.open_gate(gate=gate.gate_of(connection_id), reason=Reason.BUDGET, now=now)
    ledger.bring_all_due(gate=gate.gate_of(connection_id), now=now)


def mark_auth_expired(*, connection_id: UUID, seen_version: int | None, now: datetime, detail: str = "") -> bool:
    """Declare the credential dead and close the gate, unless it was replaced since `seen_version`."""
    said = detail or "The credential no longer works."
    return gate.expire(connection_id, seen_version=seen_version, now=now, detail=said)


def identify_and_bind(
    *, connection_id: UUID, now: datetime, account: str = "", others_jobs: frozenset[str] = frozenset()
) -> contract.Identity:
    """Ask the system whom the stored credential speaks for, and bind the connection to that account.

    `others_jobs` are ids that other connections of the provider know: where the system names no
    account, they give a second connection to the same one away (RULES 28).
    Raises Unsuitable, AccountTaken, WrongAccount, or the taxonomy of core.errors.
    """
    connection = Connection.objects.get(pk=connection_id)
    opened = _open(connection)
    found = _identify(opened, account=account or connection.remote_account)
    _refuse_other_account(connection, found)
    if not found.account and shares_jobs(opened, others_jobs):
        raise AccountTaken("Another connection already knows the jobs of this account.")
    bind(connection, found)
    return found


def reconnect(
    *,
    connection_id: UUID,
    secret: Mapping[str, str],
    now: datetime,
    access_token: str = "",
    expires_at: datetime | None = None,
    ends_at: datetime | None = None,
    own_jobs: frozenset[str] = frozenset(),
    before_opening: Callable[[], None] = lambda: None,
) -> contract.Identity:
    """Replace a credential, but only by one for the same account, and let held work go on.

    `own_jobs` are ids that this connection knows, for a system that names no account. `before_opening` is
    called with everything stored and the gate still closed, in the same transaction.
    Raises WrongAccount before anything is stored.
    """
    connection = Connection.objects.get(pk=connection_id)
    probe = ProbeGate(
        connection_id,
        capabilities=capabilities_of(connection),
        mint=_mint_of(connection),
        secret=secret,
        access_token=access_token,
    )
    opened = _open(connection, probe)
    found = _identify(opened, account=connection.remote_account)
    _refuse_other_account(connection, found)
    if not found.account and own_jobs and not shares_jobs(opened, own_jobs):
        raise WrongAccount(f"This credential sees none of the jobs of {connection.name}.")
    with transaction.atomic():
        set_credential(
            connection_id=connection_id,
            secret=probe.minted.secret or secret,
            now=now,
            access_token=probe.minted.access_token,
            expires_at=probe.minted.expires_at or expires_at,
            ends_at=probe.minted.ends_at or ends_at,
        )
        bind(connection, found)
        sign_by(connection, secret, now=now)
        before_opening()
        gates.open_gate(gate=gate_of(connection_id), reason=Reason.TOKEN, now=now)
    return found


def _open(
    connection: Connection, through: ConnectionGate | None = None
) -> contract.Ats | contract.Sourcing | contract.Messenger:
    provider = registry.get(connection.provider)
    able = capabilities_of(connection)
    made = through or ConnectionGate(connection.pk, capabilities=able, mint=_mint_of(connection))
    return provider.open(_settings_of(connection), made)


def _settings_of(connection: Connection) -> contract.Settings:
    return contract.Settings(
        base_urls=connection.settings.get("base_urls", {}),
        options={
            "connection": str(connection.pk),
            "access_mode": connection.access_mode,
            **gate.options_of(connection),
        },
        timeout=app_settings.SYNCPORTAL_CALL_SECONDS,
    )


def _mint_of(connection: Connection) -> tokens.Mint:
    settings = _settings_of(connection)

    def mint(values: Mapping[str, str]) -> Minted:
        return registry.get(connection.provider).mint(settings, values)

    return mint


def _identify(opened: contract.Ats | contract.Sourcing | contract.Messenger, *, account: str) -> contract.Identity:
    answer = opened.identify()
    offered: Sequence[contract.Identity] = (answer,) if isinstance(answer, contract.Identity) else answer
    usable = [one for one in offered if one.rsc_enabled and one.product != "RECRUITER_LITE"]
    if not usable:
        raise Unsuitable(_why_unsuitable(offered))
    if not account:
        if len(usable) > 1:
            raise Unsuitable("This sign-in may use several contracts: choose one of them.")
        return usable[0]
    return next((one for one in usable if one.account == account), usable[0])


def _why_unsuitable(offered: Sequence[contract.Identity]) -> str:
    if not offered:
        return "This sign-in may use no contract: sign in as an administrator of the Recruiter contract."
    if all(one.product == "RECRUITER_LITE" for one in offered):
        return "Recruiter Lite has no Projects access: connect a Recruiter Corporate contract."
    return "Recruiter System Connect is off for this contract: an administrator must switch it on first."


def _refuse_other_account(connection: Connection, found: contract.Identity) -> None:
    if connection.remote_account and found.account != connection.remote_account:
        raise WrongAccount(
            f"This credential speaks for {found.name or found.account}, not for {connection.remote_name}."
        )


def shares_jobs(opened: contract.Ats | contract.Sourcing | contract.Messenger, known: frozenset[str]) -> bool:
    """Whether the account holds one of these jobs."""
    if not known:
        return False
    ats, cursor = cast(contract.Ats, opened), None
    for _ in range(MOST_JOB_PAGES):
        page = ats.list_jobs(cursor=cursor)
        if any(job.id in known for job in page.items):
            return True
        cursor = page.next
        if cursor is None:
            break
    return False


def _join_quota(connection_id: UUID, application: str) -> None:
    """Count by the application that the credential names; a key that was chosen by hand stays."""
    connection = Connection.objects.select_related("quota").get(pk=connection_id)
    row = Credential.objects.filter(connection_id=connection_id).first()
    before = tokens.open_secret(row).values.get("client_id", "") if row is not None else ""
    if application and application != before and connection.quota.key in (str(connection_id), before):
        quota, _ = QuotaAccount.objects.get_or_create(provider=connection.provider, key=application)
        Connection.objects.filter(pk=connection_id).update(quota=quota)


def bind(connection: Connection, found: contract.Identity) -> None:
    """Let the connection speak for this account. Raises AccountTaken."""
    options = {**gate.options_of(connection), **found.remember}
    if role_of(connection) == "sourcing":
        options["contract"] = found.account
    try:
        with transaction.atomic():
            Connection.objects.filter(pk=connection.pk).update(
                remote_account=found.account,
                remote_name=found.name,
                settings={**connection.settings, "options": options},
            )
    except IntegrityError as error:
        raise AccountTaken(f"Another connection already speaks for {found.name or found.account}.") from error
