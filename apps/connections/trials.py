"""Try a credential before anything is stored: whom it speaks for, and what it may read, permission by permission."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from django.conf import settings as app_settings
from django.db import IntegrityError, transaction

from apps.connections import services
from apps.connections.models import Connection
from apps.connections.trial_gate import TrialGate
from apps.core import errors
from apps.providers import contract, registry
from apps.providers.provider import Provider

OK, WARN, BAD, UNTRIED = "ok", "warn", "bad", "untried"

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


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was tried, what came of it, and what to do where it is wrong."""

    name: str
    label: str
    outcome: str
    said: str
    todo: str = ""


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


READINGS = {
    "projects": "Read Projects",
    "seats": "Read recruiter seats",
    "jobs": "Read jobs",
    "stages": "Read the stages of a job",
    "users": "Read users",
    "sources": "Read sources",
    "people": "Read people",
    "applications": "Read applications",
    "channels": "Read channels",
}


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
    signed_in = Check("identity", "Sign in", OK, f"{provider.capabilities.name} takes this credential.")
    checks = (signed_in, *_tier(provider, accounts, chosen))
    if chosen is None:
        return Tried(_minted(wanted, gate), checks, accounts)
    asked = _settings(wanted, contract_id=chosen.account if provider.capabilities.role == "sourcing" else "")
    opened = provider.open(asked, gate)
    trial = _Reading(provider, opened, frozenset() if chosen.account else others_jobs)
    checks += tuple(_taken(wanted.provider, chosen) if own is None else _same(own, chosen, opened))
    checks += tuple(trial.checks())
    return Tried(_minted(wanted, gate), checks, accounts, _account(chosen), chosen.remember, trial.users)


class _Reading:
    """The first pages of what a system holds; `users` are there once they were read."""

    def __init__(self, provider: Provider, opened: Any, others_jobs: frozenset[str]) -> None:
        self._provider = provider
        self._opened = opened
        self._others = others_jobs
        self._jobs: tuple[contract.Job, ...] = ()
        self.users: tuple[tuple[str, str], ...] = ()

    def checks(self) -> Iterator[Check]:
        role = self._provider.capabilities.role
        if role == "sourcing":
            yield self._read("projects", lambda: cast(contract.Sourcing, self._opened).list_projects().items)
            yield self._read("seats", lambda: cast(contract.Sourcing, self._opened).list_seats().items)
            yield _written("Move people's stages")
        elif role == "messaging":
            yield self._read("channels", lambda: cast(contract.Messenger, self._opened).list_channels().items)
        else:
            yield from self._ats(cast(contract.Ats, self._opened))

    def _ats(self, ats: contract.Ats) -> Iterator[Check]:
        yield self._read("jobs", lambda: self._keep_jobs(ats))
        if any(job.id in self._others for job in self._jobs):
            yield Check("account", "One connection for each account", BAD, "Another connection knows these jobs.")
        yield self._read("stages", lambda: ats.list_stages([job.id for job in self._jobs[:1]]))
        yield self._read("users", lambda: self._keep_users(ats))
        yield self._read("sources", lambda: ats.list_sources().items)
        people: list[contract.Person] = []
        yield self._read("people", lambda: _collect(people, ats.list_people().items))
        yield self._read("applications", lambda: ats.list_applications().items)
        yield _private(self._provider, people)
        yield _written("Create, attach, move and note")

    def _read(self, name: str, ask: Callable[[], Sequence[Any]]) -> Check:
        connecting = self._provider.connecting
        permission = connecting.permissions.get(name, "")
        try:
            found = len(ask())
        except errors.SyncError as error:
            todo = f"Allow it there: {permission}." if permission else "Allow it there, and try again."
            return Check(name, READINGS[name], BAD, refusal_of(error), todo)
        if not found:
            return Check(name, READINGS[name], WARN, "Allowed, and nothing is seen.", connecting.empty)
        return Check(name, READINGS[name], OK, f"Allowed: {found} on the first page.")

    def _keep_jobs(self, ats: contract.Ats) -> Sequence[contract.Job]:
        self._jobs = tuple(ats.list_jobs().items)
        return self._jobs

    def _keep_users(self, ats: contract.Ats) -> Sequence[contract.User]:
        found = ats.list_users().items
        self.users = tuple((one.id, one.name) for one in found if one.active)
        return found


def _collect(into: list[contract.Person], found: Sequence[contract.Person]) -> Sequence[contract.Person]:
    into.extend(found)
    return found


def refusal_of(error: errors.SyncError) -> str:
    """A refused call in words; the vendor's own were scrubbed of what was sent."""
    match error:
        case errors.AuthExpired():
            return "Refused: the system does not take this credential."
        case errors.RateLimited():
            return "The system asks to wait, or the day's requests are spent. Try again later."
        case errors.Transient() | errors.Unknown():
            return "The system gave no usable answer. Try again in a minute."
    return f"Refused: {error.detail}."


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


def _tier(provider: Provider, accounts: Sequence[Account], chosen: contract.Identity | None) -> Iterator[Check]:
    """R1: Recruiter with RSC access, not Recruiter Lite; with what to do where it is wrong."""
    if provider.capabilities.role != "sourcing":
        return
    label = "Recruiter contract with RSC"
    if chosen is not None:
        yield Check("tier", label, OK, f"{chosen.name or chosen.account} is a Recruiter contract with RSC on.")
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


def _private(provider: Provider, people: Sequence[contract.Person]) -> Check:
    """RULES 20: who is blind to private records would create such people twice."""
    label = "See private candidates and confidential jobs"
    if any(one.private for one in people):
        return Check("private", label, OK, "Private candidates are seen.")
    said = (
        f"None of the {len(people)} people on the first page is private. If there are any, this key cannot see private "
        "candidates or confidential jobs: such people will be created twice."
    )
    return Check("private", label, WARN, said, provider.connecting.private)


def _written(label: str) -> Check:
    said = "Not tried: it would change something there. The first write tells, and a refusal waits as a dead letter."
    return Check("writes", label, UNTRIED, said)


def _settings(wanted: Wanted, *, contract_id: str = "") -> contract.Settings:
    options = {**wanted.options, "contract": contract_id} if contract_id else wanted.options
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
    if registry.get(wanted.provider).capabilities.role == "sourcing":
        found["contract"] = account.id
    try:
        with transaction.atomic():
            made = services.create_connection(
                provider=wanted.provider,
                name=name,
                now=now,
                client_id=client_id,
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
