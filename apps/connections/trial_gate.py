"""The gate of a credential that belongs to no connection yet: it counts, and keeps nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection as database

from apps.connections import budget, gate, tokens
from apps.connections.models import QuotaAccount
from apps.core import clock, errors
from apps.providers import registry
from apps.providers.contract import Answer, Call, Purpose, RateWindow
from apps.providers.provider import Minted


def count_token_request(*, provider: str, secret: Mapping[str, str], now: datetime) -> None:
    """A token request counts in a day's quota, also one for a connection that is not there yet (RULES 23).

    Raises RateLimited.
    """
    account = _account_of(provider, secret)
    daily = [rate for rate in registry.get(provider).capabilities.rate_windows if rate.resets_daily]
    if account is not None:
        _reserve(account, daily, Purpose.TOKEN, now)


def _account_of(provider: str, secret: Mapping[str, str]) -> QuotaAccount | None:
    """Whom the system counts against: the application that the credential names. A key that names none is its
    own account, and nothing was spent from it."""
    key = secret.get("client_id", "")
    return QuotaAccount.objects.get_or_create(provider=provider, key=key)[0] if key else None


def _reserve(
    account: QuotaAccount, rates: Sequence[RateWindow], purpose: Purpose, now: datetime
) -> tuple[budget.Reserved, ...]:
    limits = [gate.options_of(one).get("daily_limit") for one in account.connections.all()]
    plan = budget.Plan(daily_limit=min((one for one in limits if one is not None), default=None))
    got = budget.reserve(account_id=account.pk, rates=rates, purpose=purpose, plan=plan, now=now)
    if isinstance(got, budget.Refused):
        raise errors.RateLimited("The requests of this application are spent for now.", cause="budget", until=got.until)
    return got


@dataclass(frozen=True, slots=True)
class _Permit:
    purpose: Purpose
    reserved: tuple[budget.Reserved, ...]


class TrialGate:
    """`contract.Gate` for a credential that belongs to no connection yet; what it spends counts all the same.

    `account` is whom it counts against where the credential itself names nobody.
    """

    def __init__(
        self,
        provider: str,
        *,
        secret: Mapping[str, str],
        access_token: str,
        mint: tokens.Mint,
        account: QuotaAccount | None = None,
    ) -> None:
        self._provider = registry.get(provider)
        self._secret = secret
        self._mint = mint
        self._account = _account_of(provider, secret) or account
        self.minted = Minted(access_token)

    def enter(self, call: Call) -> object:
        """Raises RuntimeError in a transaction, RateLimited when the account's budget is spent."""
        if database.in_atomic_block:
            raise RuntimeError("A remote call must not start inside a database transaction.")
        if self._account is None:
            return _Permit(call.purpose, ())
        rates = self._provider.capabilities.rate_windows
        return _Permit(call.purpose, _reserve(self._account, rates, call.purpose, clock.now()))

    def leave(self, permit: object, answer: Answer) -> None:
        """Give back what never left, and learn the limits."""
        if not isinstance(permit, _Permit):
            raise TypeError("leave() takes what enter() returned")
        if not answer.sent:
            budget.refund(permit.reserved, purpose=permit.purpose)
        for unit in permit.reserved:
            if unit.rate.from_headers:
                budget.learn(unit, answer.headers)

    def token(self, *, rejected: str | None = None) -> str:
        """Raises AuthExpired where the system refuses the credential, or the token that it just gave for it."""
        if rejected is not None and rejected == self.minted.access_token:
            raise errors.AuthExpired("The system refuses this credential.", cause="token_refused")
        if not self.minted.access_token:
            count_token_request(provider=self._provider.key, secret=self._secret, now=clock.now())
            self.minted = self._mint(self._secret)
        return self.minted.access_token
