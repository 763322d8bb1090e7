"""The gate of one connection: stands before and after every request its provider makes.

It checks the stop switch, the pause and the credential, takes the request's cost from the budget
before the call, and reads what the answer says about limits after it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection as database
from django.db import transaction
from django.db.models import Q

from apps.connections import budget, rules, tokens, windows
from apps.connections.models import Chapter, Connection, CredentialState
from apps.core import clock, errors
from apps.ledger import gates, leases
from apps.ledger.states import Reason
from apps.providers.contract import Answer, Call, Capabilities, Purpose
from apps.providers.provider import Minted

FULL_FOR_THE_DAY = 101
"""LinkedIn's serviceErrorCode of a 429 that means the day's quota (facts/linkedin.md, section 9)."""

CLOCKS_AGREE = 3.0
"""Seconds: the header's resolution, and the way that the answer took."""

_SUCCESS_EVERY = timedelta(seconds=30)
_DEAD = "This connection waits for somebody to reconnect it."


@dataclass(frozen=True, slots=True)
class Permit:
    """What `enter` gave and `leave` settles."""

    call: Call
    purpose: Purpose
    reserved: tuple[budget.Reserved, ...]
    state: Connection


class ConnectionGate:
    """`contract.Gate` for one connection; cheap to make, safe to use from several threads."""

    def __init__(self, connection_id: UUID, *, capabilities: Capabilities, mint: tokens.Mint) -> None:
        self._id = connection_id
        self._capabilities = capabilities
        self._mint_raw = mint
        self._unproven = False

    def enter(self, call: Call) -> Permit:
        """Raises RuntimeError in a transaction; LeaseLost when the worker's lease would not outlive
        the call; RateLimited when paused, in shadow, backing off or out of budget;
        AuthExpired when a person must reconnect."""
        if database.in_atomic_block:
            raise RuntimeError("A remote call must not start inside a database transaction.")
        leases.require_time(settings.SYNCPORTAL_CALL_SECONDS)
        now = clock.now()
        state, plan = self._read_state()
        self._refuse_if_closed(state, now)
        if state.shadow_at is not None and call.purpose == Purpose.WRITE:
            raise errors.RateLimited("This connection is in shadow: nothing is written there.", cause="paused")
        purpose = Purpose.BULK if leases.is_for_bulk() else call.purpose
        return Permit(call, purpose, self._reserve(state, plan, purpose, now), state)

    def leave(self, permit: object, answer: Answer) -> None:
        """Give back what never left, learn the limits, count failures and open or close the gate."""
        if not isinstance(permit, Permit):
            raise TypeError("leave() takes what enter() returned")
        now = clock.now()
        if not answer.sent:
            budget.refund(permit.reserved, purpose=permit.purpose)
        for unit in permit.reserved:
            if unit.rate.from_headers:
                budget.learn(unit, answer.headers)
        if not answer.called:
            return
        self._compare_clocks(permit.state, answer, now)
        if answer.status == 429:
            self._slow_down(permit, answer, now)
        elif answer.status is None or answer.status >= 500:
            self._count_failure(answer, now)
        elif answer.status < 400:
            self._count_success(permit, now)

    def token(self, *, rejected: str | None = None) -> str:
        """The bearer token, minted anew once if `rejected` is the present one. Raises AuthExpired."""
        if database.in_atomic_block:
            raise RuntimeError("A token must not be asked for inside a database transaction.")
        held = tokens.read_token(self._id)
        if not held.lasts(clock.now()) or held.value == rejected:
            held = self._renew(rejected)
        self._unproven = held.rejections > 0
        return held.value

    def _renew(self, rejected: str | None) -> tokens.Held:
        seen: int | None = None
        try:
            seen = tokens.read_secret(self._id).version
            return tokens.current(self._id, rejected=rejected, mint=self._mint)
        except errors.AuthExpired as error:
            if seen is not None:
                expire(self._id, seen_version=seen, now=clock.now(), detail=error.detail)
            raise

    def _mint(self, secret: Mapping[str, str]) -> Minted:
        """A token request counts in a day's quota; a system that counts them apart has no day here."""
        state, plan = self._read_state()
        daily = [rate for rate in self._capabilities.rate_windows if rate.resets_daily]
        got = budget.reserve(account_id=state.quota_id, rates=daily, purpose=Purpose.TOKEN, plan=plan, now=clock.now())
        if isinstance(got, budget.Refused):
            raise errors.RateLimited("The day's requests are spent.", cause="budget", until=got.until)
        return self._mint_raw(secret)

    def _read_state(self) -> tuple[Connection, budget.Plan]:
        """This connection as last committed, and the strictest plan of those that share its account."""
        account = Connection.objects.filter(pk=self._id).values("quota")
        sharing = list(Connection.objects.filter(quota__in=account).select_related("credential"))
        state = next(one for one in sharing if one.pk == self._id)
        limits = [one.settings["options"]["daily_limit"] for one in sharing if "daily_limit" in options_of(one)]
        return state, plan_of(state, min(limits, default=None))

    def _refuse_if_closed(self, state: Connection, now: datetime) -> None:
        if state.stopped_at is not None:
            raise errors.RateLimited("This connection is stopped.", cause="paused")
        if state.paused_at is not None:
            raise errors.RateLimited("This connection is paused.", cause="paused")
        credential = getattr(state, "credential", None)
        if credential is None or credential.state == CredentialState.EXPIRED:
            raise errors.AuthExpired(_DEAD)
        if state.backoff_until is not None and state.backoff_until > now:
            raise errors.RateLimited("Waiting as the system asked.", cause="backoff", until=state.backoff_until)

    def _reserve(
        self, state: Connection, plan: budget.Plan, purpose: Purpose, now: datetime
    ) -> tuple[budget.Reserved, ...]:
        rates = self._capabilities.rate_windows
        got = budget.reserve(account_id=state.quota_id, rates=rates, purpose=purpose, plan=plan, now=now)
        if not isinstance(got, budget.Refused):
            return got
        if got.full:
            close(self._id, Reason.BUDGET, now=now, until=got.until, detail="The budget of this window is spent.")
        raise errors.RateLimited("The budget of this window is spent.", cause="budget", until=got.until)

    def _slow_down(self, permit: Permit, answer: Answer, now: datetime) -> None:
        daily = [unit for unit in permit.reserved if unit.daily]
        if daily and _service_code(answer.body) == FULL_FOR_THE_DAY:
            unit = daily[0]
            budget.mark_full(unit, now=now)
            until = max(unit.ends_at + windows.RESET_EDGE, now)
            close(self._id, Reason.BUDGET, now=now, until=until, detail="The system says that today's quota is spent.")
            return
        headers = {name.lower(): value for name, value in answer.headers.items()}
        asked = headers.get("retry-after", "")
        reason = Reason.OUTAGE if daily else Reason.BUDGET
        self._back_off(now, reason, least=int(asked) if asked.isdigit() else 0, detail="The system answered 429.")

    def _count_failure(self, answer: Answer, now: datetime) -> None:
        detail = f"HTTP {answer.status}" if answer.status is not None else "no answer"
        if record_error(connection_id=self._id, now=now, detail=detail) >= rules.ERRORS_BEFORE_PAUSE:
            self._back_off(now, Reason.OUTAGE, least=0, detail=f"The system fails: {detail}.")

    def _back_off(self, now: datetime, reason: Reason, *, least: int, detail: str) -> None:
        """Pause twice as long as last time; answers to calls that were already on their way change nothing."""
        state = Connection.objects.get(pk=self._id)
        if state.backoff_until is not None and state.backoff_until > now:
            return
        seconds = max(least, rules.next_pause(state.backoff_seconds))
        until = now + timedelta(seconds=seconds)
        changed = Connection.objects.filter(
            Q(backoff_until__isnull=True) | Q(backoff_until__lte=now), pk=self._id
        ).update(backoff_until=until, backoff_seconds=min(seconds, rules.LONGEST_PAUSE))
        if changed:
            close(self._id, reason, now=now, until=until, detail=detail)

    def _compare_clocks(self, seen: Connection, answer: Answer, now: datetime) -> None:
        """Note how far the system's clock is ahead, by its Date header; a second or two is the header's own
        (RULES 13). A clock that is stepped here says nothing about theirs."""
        ahead = rules.clock_ahead(answer.headers, now=now)
        if ahead is None or abs(ahead - seen.clock_ahead) < CLOCKS_AGREE or clock.is_stepped():
            return
        Connection.objects.filter(pk=self._id).update(clock_ahead=ahead)

    def _count_success(self, permit: Permit, now: datetime) -> None:
        if self._unproven:
            tokens.clear_rejections(self._id)
            self._unproven = False
        seen, way = permit.state, "last_write_at" if permit.call.purpose == Purpose.WRITE else "last_read_at"
        noted = getattr(seen, way)
        fresh = noted is not None and now - noted < _SUCCESS_EVERY
        if fresh and not seen.consecutive_errors and not seen.backoff_seconds:
            return
        record_success(connection_id=self._id, now=now, way=way)


class ProbeGate(ConnectionGate):
    """The same gate with a credential that is not saved yet, to see whom it speaks for."""

    def __init__(
        self,
        connection_id: UUID,
        *,
        capabilities: Capabilities,
        mint: tokens.Mint,
        secret: Mapping[str, str],
        access_token: str = "",
    ) -> None:
        super().__init__(connection_id, capabilities=capabilities, mint=mint)
        self._secret = secret
        self.minted = Minted(access_token)

    def token(self, *, rejected: str | None = None) -> str:
        if rejected is not None and rejected == self.minted.access_token:
            raise errors.AuthExpired("The new credential is refused.", cause="token_refused")
        if not self.minted.access_token:
            self.minted = self._mint(self._secret)
        return self.minted.access_token

    def _refuse_if_closed(self, state: Connection, now: datetime) -> None:
        """Only the stop switch holds up a person who reconnects: the rest is what reconnecting cures."""
        if state.stopped_at is not None:
            raise errors.RateLimited("This connection is stopped.", cause="paused")


def gate_of(connection_id: UUID) -> str:
    """The ledger's gate of a connection."""
    return f"connection:{connection_id}"


def close(
    connection_id: UUID, reason: Reason, *, now: datetime, until: datetime | None = None, detail: str = ""
) -> None:
    gates.close_gate(gate=gate_of(connection_id), reason=reason, now=now, until=until, detail=detail)


def expire(connection_id: UUID, *, seen_version: int | None, now: datetime, detail: str) -> bool:
    """Declare the credential dead and close the gate, unless it was replaced since `seen_version`."""
    with transaction.atomic():
        expired = tokens.expire_secret(connection_id=connection_id, seen_version=seen_version)
        if expired:
            close(connection_id, Reason.TOKEN, now=now, detail=detail)
            Connection.objects.filter(pk=connection_id, paused_at=None, stopped_at=None).update(health="expired")
            Chapter.objects.create(connection_id=connection_id, word="expired", at=now, detail=detail)
    return expired


def record_success(*, connection_id: UUID, now: datetime, way: str = "last_read_at") -> None:
    """`way` names what succeeded: `last_read_at` or `last_write_at`."""
    Connection.objects.filter(pk=connection_id).update(
        **{"last_success_at": now, way: now, "consecutive_errors": 0, "backoff_seconds": 0}
    )


def record_error(*, connection_id: UUID, now: datetime, detail: str) -> int:
    """Count a failure; returns how many came one after the other."""
    with database.cursor() as cursor:
        cursor.execute(
            "UPDATE connections_connection SET consecutive_errors = consecutive_errors + 1, last_error_at = %s,"
            " last_error = %s WHERE id = %s RETURNING consecutive_errors",
            [now, detail, connection_id],
        )
        row = cursor.fetchone()
    return 0 if row is None else int(row[0])


def options_of(connection: Connection) -> Mapping[str, Any]:
    found: Mapping[str, Any] = connection.settings.get("options", {})
    return found


def plan_of(connection: Connection, daily_limit: int | None) -> budget.Plan:
    options = options_of(connection)
    return budget.Plan(
        daily_limit=daily_limit,
        kept_back=float(options.get("kept_back", rules.KEPT_BACK)),
        reserve_for=options.get("reserve_for", {}),
    )


def _service_code(body: bytes) -> int | None:
    try:
        found = json.loads(body)
    except ValueError:
        return None
    code = found.get("serviceErrorCode") if isinstance(found, dict) else None
    return code if isinstance(code, int) else None
