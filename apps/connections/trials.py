"""Try a credential before anything is stored: whom it speaks for, and what it may read, permission by permission."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings as app_settings
from django.db import IntegrityError, transaction

from apps.connections import services
from apps.connections.models import Connection
from apps.connections.readings import BAD, OK, WARN, Check, Reading, refusal_of
from apps.connections.trial_gate import TrialGate
from apps.core import errors
from apps.providers import contract, registry
from apps.providers.provider import Provider

LITE = "RECRUITER_LITE"

SAME = "The same account"
SAME_TODO = "Take one of the same account, which may read its jobs."

ENDS = ("expires_at", "ends_at")


class NotPassed(Exception):
    """Nothing is stored of what did not pass its test."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be connected, as it was entered; prints without the credential."""

    provider: str
    secret: Mapping[str, str] = field(repr=False)
    base_urls: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    access_token: str = field(default="", repr=False)
    expires_at: datetime | None = None
    ends_at: datetime | None = None
    account: str = ""  # which of several contracts
    access_mode: str = ""  # which of several ways to the system


@dataclass(frozen=True, slots=True)
class Account:
    """One that the credential may use; `refusal` says why it cannot be synced."""

    id: str
    name: str
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class Tried:
    """What a trial found. `wanted` holds the credential as it is now: a mint may have replaced parts of it."""

    wanted: Wanted
    checks: tuple[Check, ...]
    accounts: tuple[Account, ...] = ()
    account: Account | None = None
    remember: Mapping[str, str] = field(default_factory=dict)
    users: tuple[tuple[str, str], ...] = ()

    @property
    def passed(self) -> bool:
        return self.account is not None and all(one.outcome != BAD for one in self.checks)

    @property
    def must_choose(self) -> bool:
        """The credential may use several contracts, and none is chosen yet."""
        return self.account is None and sum(not one.refusal for one in self.accounts) > 1


@dataclass(frozen=True, slots=True)
class Own:
    """The connection that gets a new credential, and the ids of jobs that it knows."""

    connection: Connection
    jobs: frozenset[str]


def try_again(own: Own, secret: Mapping[str, str]) -> Tried:
    """Try a new credential of a connection that is there, which has to speak for the same account (RULES 28)."""
    connection = own.connection
    return try_out(
        Wanted(
            provider=connection.provider,
            secret=secret,
            base_urls=connection.settings.get("base_urls", {}),
            options=connection.settings.get("options", {}),
            access_mode=connection.access_mode,
        ),
        own=own,
    )


def try_out(wanted: Wanted, *, others_jobs: frozenset[str] = frozenset(), own: Own | None = None) -> Tried:
    """Ask the system whom the credential speaks for, then read a first page of everything that is needed.

    Changes nothing, here or there. `others_jobs` are known to other connections of the system: where it names no
    account, they give a second connection to the same one away (RULES 28).
    """
    provider = registry.get(wanted.provider)
    settings = _settings(wanted)
    gate = TrialGate(
        wanted.provider,
        secret=wanted.secret,
        access_token=wanted.access_token,
        mint=lambda values: provider.mint(settings, values),
        account=own.connection.quota if own is not None else None,
    )
    try:
        answer = provider.open(settings, gate).identify()
    except errors.SyncError as error:
        return Tried(wanted, (Check("identity", "Sign in", BAD, refusal_of(error), _todo_sign_in(error, provider)),))
    offered = (answer,) if isinstance(answer, contract.Identity) else tuple(answer)
    accounts = tuple(_account(one) for one in offered)
    chosen = _choose(offered, wanted.account)
    able = provider.capabilities_in(wanted.access_mode)
    signed_in = Check("identity", "Sign in", OK, f"{able.name} takes this credential.")
    checks = (signed_in, *_tier(able, accounts, chosen))
    if chosen is None:
        return Tried(_minted(wanted, gate), checks, accounts)
    asked = _settings(wanted, contract_id=chosen.account if _has_contract(able) else "")
    opened = provider.open(asked, gate)
    trial = Reading(provider, able, opened, frozenset() if chosen.account else others_jobs)
    checks += tuple(_taken(wanted.provider, chosen) if own is None else _same(own, chosen, opened))
    checks += tuple(trial.checks())
    return Tried(_minted(wanted, gate), checks, accounts, _account(chosen), chosen.remember, trial.users)


def _has_contract(able: contract.Capabilities) -> bool:
    """Whether the account that a connection speaks for is a Recruiter contract; exports are an organization's."""
    return able.role == "sourcing" and not able.publishes


def _todo_sign_in(error: errors.SyncError, provider: Provider) -> str:
    """An ATS that names no account is asked for a job: the permission may be all that is missing."""
    if isinstance(error, errors.AuthExpired):
        return "Compare each value with what the system shows, and look that it was not revoked there."
    permission = provider.connecting.permissions.get("jobs", "")
    return f"Allow it there: {permission}." if permission and isinstance(error, errors.Rejected) else ""


def _account(one: contract.Identity) -> Account:
    refusal = ""
    if one.product == LITE:
        refusal = "Recruiter Lite has no Projects access: connect a Recruiter Corporate contract."
    elif not one.rsc_enabled:
        refusal = (
            "Recruiter System Connect is off for this contract. A Recruiter administrator turns it on in Recruiter, "
            "Product settings, ATS and CRM integrations; LinkedIn must have approved the partnership."
        )
    return Account(one.account, one.name or one.account, refusal)


def _choose(offered: Sequence[contract.Identity], account: str) -> contract.Identity | None:
    usable = [one for one in offered if not _account(one).refusal]
    if account:
        return next((one for one in usable if one.account == account), None)
    return usable[0] if len(usable) == 1 else None


def _tier(
    able: contract.Capabilities, accounts: Sequence[Account], chosen: contract.Identity | None
) -> Iterator[Check]:
    """R1: Recruiter with RSC access, not Recruiter Lite; with what to do where it is wrong."""
    if able.role != "sourcing":
        return
    label = "Recruiter contract with RSC" if _has_contract(able) else "Organization with RSC"
    if chosen is not None:
        yield Check("tier", label, OK, f"RSC is on for {chosen.name or chosen.account}.")
    elif not accounts:
        yield Check(
            "tier",
            label,
            BAD,
            "This sign-in may use no contract.",
            "Sign in as an administrator of the Recruiter contract.",
        )
    elif all(one.refusal for one in accounts):
        for one in accounts:
            yield Check("tier", label, BAD, f"{one.name} cannot be synced.", one.refusal)
    else:
        yield Check("tier", label, WARN, f"This sign-in may use {len(accounts)} contracts.", "Choose one of them.")


def _taken(provider: str, chosen: contract.Identity) -> Iterator[Check]:
    rows = Connection.objects.filter(provider=provider, remote_account=chosen.account)
    if chosen.account and rows.exists():
        said = f"Another connection already speaks for {chosen.name or chosen.account}."
        yield Check("account", "One connection for each account", BAD, said, "Reconnect that one instead.")


def _same(own: Own, found: contract.Identity, opened: Any) -> Iterator[Check]:
    """Where a system names no account, a job that the connection knows tells that it is the same one."""
    known, name = own.connection.remote_account, own.connection.remote_name or own.connection.name
    if known and found.account != known:
        said = f"This credential speaks for {found.name or found.account}, not for {name}."
        yield Check("account", SAME, BAD, said, SAME_TODO)
    elif not found.account and own.jobs and not _sees_one(opened, own.jobs):
        yield Check("account", SAME, BAD, f"This credential sees none of the jobs of {name}.", SAME_TODO)
    else:
        yield Check("account", SAME, OK, f"It speaks for {name}.")


def _sees_one(opened: Any, jobs: frozenset[str]) -> bool:
    try:
        return services.shares_jobs(opened, jobs)
    except errors.SyncError:
        return False


def _settings(wanted: Wanted, *, contract_id: str = "") -> contract.Settings:
    named = {"contract": contract_id} if contract_id else {}
    options = {**wanted.options, "access_mode": wanted.access_mode, **named}
    return contract.Settings(base_urls=wanted.base_urls, options=options, timeout=app_settings.SYNCPORTAL_CALL_SECONDS)


def _minted(wanted: Wanted, gate: TrialGate) -> Wanted:
    minted = gate.minted
    return replace(
        wanted,
        secret=minted.secret or wanted.secret,
        access_token=minted.access_token,
        expires_at=minted.expires_at or wanted.expires_at,
        ends_at=minted.ends_at or wanted.ends_at,
    )


def choosing(wanted: Wanted, account: str) -> Wanted:
    """The same for one of several contracts."""
    return replace(wanted, account=account)


def to_plain(tried: Tried) -> dict[str, Any]:
    """As JSON holds it; whoever keeps it seals it, for it holds the credential."""
    plain = asdict(tried)
    for name in ENDS:
        ends = getattr(tried.wanted, name)
        plain["wanted"][name] = ends.isoformat() if ends else None
    return plain


def from_plain(plain: Mapping[str, Any]) -> Tried:
    wanted = plain["wanted"]
    ends = {name: datetime.fromisoformat(wanted[name]) if wanted[name] else None for name in ENDS}
    return Tried(
        wanted=Wanted(**{**wanted, **ends}),
        checks=tuple(Check(**one) for one in plain["checks"]),
        accounts=tuple(Account(**one) for one in plain["accounts"]),
        account=Account(**plain["account"]) if plain["account"] else None,
        remember=plain["remember"],
        users=tuple((one[0], one[1]) for one in plain["users"]),
    )


def keep(tried: Tried, *, name: str, client_id: UUID | None, options: Mapping[str, Any], now: datetime) -> Connection:
    """Make the connection that the trial was for, whole or not at all. Raises NotPassed, AccountTaken."""
    if not tried.passed or tried.account is None:
        raise NotPassed("The test did not pass; nothing was stored.")
    wanted, account = tried.wanted, tried.account
    found = {**wanted.options, **options, **tried.remember}
    if _has_contract(registry.get(wanted.provider).capabilities_in(wanted.access_mode)):
        found["contract"] = account.id
    try:
        with transaction.atomic():
            made = services.create_connection(
                provider=wanted.provider,
                name=name,
                now=now,
                client_id=client_id,
                access_mode=wanted.access_mode,
                base_urls=wanted.base_urls,
                options=found,
                secret=wanted.secret,
                access_token=wanted.access_token,
                expires_at=wanted.expires_at,
                ends_at=wanted.ends_at,
            )
            Connection.objects.filter(pk=made.pk).update(remote_account=account.id, remote_name=account.name)
    except IntegrityError as error:
        raise services.AccountTaken(f"Another connection already speaks for {account.name}.") from error
    return made
