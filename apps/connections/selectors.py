"""Reads about connections: lists, budgets, and what the plan of the day allows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import QuerySet

from apps.accounts.models import Client
from apps.connections import budget, gate, rules, tokens, windows
from apps.connections.models import Chapter, Connection, Credential, QuotaWindow, Spending
from apps.ledger import gates
from apps.ledger import selectors as ledger
from apps.ledger.selectors import FaultRow
from apps.providers import registry
from apps.providers.contract import Capabilities, Purpose, RateWindow


@dataclass(frozen=True, slots=True)
class WindowFigures:
    """One budget window, for pages and planning."""

    name: str
    limit: int
    spent: int
    starts_at: datetime
    ends_at: datetime
    by_purpose: Mapping[str, int]

    @property
    def left(self) -> int:
        return max(0, self.limit - self.spent)

    @property
    def full(self) -> bool:
        return self.left == 0

    @property
    def calls_a_poll(self) -> float:
        """How many calls stage writes and their reads made for each poll so far."""
        writing = self.by_purpose.get(Purpose.WRITE, 0) + self.by_purpose.get(Purpose.READ, 0)
        return writing / max(1, self.by_purpose.get(Purpose.POLL, 0))

    @property
    def elsewhere(self) -> int:
        """Requests that the system counted and we did not make."""
        return self.by_purpose.get("elsewhere", 0)


@dataclass(frozen=True, slots=True)
class BudgetFigures:
    account: str
    windows: tuple[WindowFigures, ...]
    elsewhere_at: datetime | None = None


def list_connections() -> QuerySet[Connection]:
    """All connections, with their client: they belong to the deployment, so admins see them."""
    return Connection.objects.select_related("client", "quota", "credential").order_by("provider", "name")


def get_connection(connection_id: UUID) -> Connection:
    """Raises Connection.DoesNotExist."""
    return Connection.objects.select_related("quota", "credential").get(pk=connection_id)


def capabilities_of(connection: Connection) -> Capabilities:
    """What its system can do, in the mode that was chosen for it."""
    return registry.get(connection.provider).capabilities_in(connection.access_mode)


def cannot_of(connection: Connection) -> tuple[str, ...]:
    """What the way that was chosen to its system cannot do, in words."""
    way = registry.get(connection.provider).mode_of(connection.access_mode)
    return way.cannot if way is not None else ()


def role_of(connection: Connection) -> str:
    """ "sourcing" or "ats"."""
    return capabilities_of(connection).role


def history_of(connection_id: UUID, *, most: int = 12) -> Sequence[Chapter]:
    """What happened to the connection, newest first."""
    return tuple(Chapter.objects.select_related("by").filter(connection=connection_id)[:most])


def closed_for(connection_id: UUID) -> list[str]:
    """Why nothing passes to this connection now, oldest reason first."""
    return gates.reasons_of(gate.gate_of(connection_id))


def why_closed(connection_id: UUID) -> str:
    """The sentence that the oldest closed gate of this connection was closed with; empty while it is open."""
    found = gates.closed_gates().get(gate.gate_of(connection_id))
    return found.detail if found else ""


def closed_gates_of(connection_ids: Iterable[UUID]) -> Mapping[UUID, list[str]]:
    """Why nothing passes to each of these now, oldest reason first; an open one is left out."""
    names = {gate.gate_of(one): one for one in connection_ids}
    found: dict[UUID, list[str]] = {}
    for row in ledger.list_closed_gates():
        if row.gate in names:
            found.setdefault(names[row.gate], []).append(row.reason)
    return found


def refusals(connection_id: UUID) -> str:
    """The name under which a connection's refused deliveries are counted."""
    return f"bad_signature:{connection_id}"


def list_refusals(connection_ids: Iterable[UUID]) -> Mapping[UUID, FaultRow]:
    """Deliveries that no live secret had signed, by connection; one that refused none is left out."""
    names = {refusals(one): one for one in connection_ids}
    return {names[name]: row for name, row in ledger.find_faults(names).items()}


def budget_figures(connection_id: UUID, *, now: datetime) -> BudgetFigures:
    """Every window of the connection's quota account as of `now`; an unused one shows as empty."""
    connection = get_connection(connection_id)
    windows = tuple(_figures(connection, rate, now) for rate in capabilities_of(connection).rate_windows)
    return BudgetFigures(str(connection.quota), windows, connection.quota.elsewhere_at)


def daily(connection_id: UUID, *, now: datetime) -> WindowFigures | None:
    """The calendar day's window; None where the system has no daily limit."""
    connection = get_connection(connection_id)
    rates = [rate for rate in capabilities_of(connection).rate_windows if rate.resets_daily]
    return _figures(connection, rates[0], now) if rates else None


def offices_of(connection_id: UUID) -> tuple[rules.Office, ...]:
    """Office hours of the connection's client, or of all clients where it serves them all."""
    chosen = Connection.objects.values_list("client", flat=True).get(pk=connection_id)
    rows = Client.objects.all() if chosen is None else Client.objects.filter(pk=chosen)
    return tuple(rules.Office(str(row.time_zone), row.office_start, row.office_end) for row in rows)


def poll_delay(connection_id: UUID, *, now: datetime) -> timedelta:
    """How long until the next poll: five or fifteen minutes, stretched by what is left of the day."""
    offices, day = offices_of(connection_id), daily(connection_id, now=now)
    if day is None:
        return rules.OFFICE_POLL if rules.is_office_time(now, offices) else rules.OTHER_POLL
    return rules.next_poll_after(
        now=now,
        spent=day.spent,
        limit=day.limit,
        reset_at=day.ends_at,
        offices=offices,
        kept_back=_plan(connection_id).kept_back,
        writing=day.calls_a_poll,
    )


UNCOUNTED_MESSAGES = timedelta(minutes=5)
"""Between two seats' InMail where the system has no daily limit."""


def messages_delay(connection_id: UUID, *, now: datetime) -> timedelta:
    """How long until the next seat's InMail is read: from what nothing else of the day needs."""
    day = daily(connection_id, now=now)
    if day is None:
        return UNCOUNTED_MESSAGES
    spare = rules.spare(
        now=now,
        spent=day.spent,
        limit=day.limit,
        reset_at=day.ends_at,
        offices=offices_of(connection_id),
        kept_back=_plan(connection_id).kept_back,
    )
    return rules.next_messages_after(spare=spare, limit=day.limit, left_of_day=day.ends_at - now)


def may_write_now(connection_id: UUID, *, now: datetime) -> bool:
    """True if a stage write goes at once; False if it travels with the next poll (RULES 7)."""
    day = daily(connection_id, now=now)
    return day is None or rules.writes_now(
        now=now,
        spent=day.spent,
        limit=day.limit,
        starts_at=day.starts_at,
        reset_at=day.ends_at,
        offices=offices_of(connection_id),
        kept_back=_plan(connection_id).kept_back,
    )


def spending(connection_id: UUID, *, since: datetime, now: datetime) -> tuple[tuple[datetime, dict[str, int]], ...]:
    """Calls by purpose of each hour from `since` to now, of the whole quota account; empty hours too."""
    account = get_connection(connection_id).quota_id
    first = since.replace(minute=0, second=0, microsecond=0)
    count = (now - first) // timedelta(hours=1) + 1
    hours: dict[datetime, dict[str, int]] = {first + timedelta(hours=place): {} for place in range(count)}
    for row in Spending.objects.filter(account_id=account, hour__gte=first, hour__lte=now, calls__gt=0):
        hours.setdefault(row.hour, {})[row.purpose] = row.calls
    return tuple(sorted(hours.items()))


def kept_back(connection_id: UUID, *, now: datetime) -> tuple[tuple[str, int], ...]:
    """Requests of the day that each purpose leaves to the others, by purpose; empty without a day."""
    connection, day = get_connection(connection_id), daily(connection_id, now=now)
    rates = [rate for rate in capabilities_of(connection).rate_windows if rate.resets_daily]
    if day is None or not rates:
        return ()
    plan = gate.plan_of(connection, None)
    kept = []
    for purpose in Purpose:
        share = rules.share_of(
            rate=rates[0], purpose=purpose, kept_back=plan.kept_back, reserve_for=plan.reserve_for or {}
        )
        kept.append((str(purpose), day.limit - rules.allowance(limit=day.limit, share=share.total)))
    return tuple(kept)


def outlook(connection_id: UUID, *, now: datetime) -> rules.Outlook | None:
    """What the rest of the day holds; None where the system has no daily limit."""
    day = daily(connection_id, now=now)
    if day is None:
        return None
    recent = spending(connection_id, since=now - timedelta(hours=1), now=now)
    return rules.outlook(
        now=now,
        spent=day.spent,
        last_hour=sum(sum(calls.values()) for _, calls in recent[-2:]) // max(1, len(recent[-2:])),
        limit=day.limit,
        reset_at=day.ends_at,
        offices=offices_of(connection_id),
        kept_back=_plan(connection_id).kept_back,
    )


def room_for_bulk(connection_id: UUID, *, now: datetime, most: int) -> int:
    """How many calls work that may wait can make at this moment, of `most`."""
    connection = get_connection(connection_id)
    plan, room = gate.plan_of(connection, None), most
    for rate, window in _short_windows(connection, now):
        share = rules.share_of(
            rate=rate, purpose=Purpose.BULK, kept_back=plan.kept_back, reserve_for=plan.reserve_for or {}
        )
        room = windows.room(window, rate, purpose=Purpose.BULK, share=share, now=now, most=room)
    return room


def room_for_checks(connection_id: UUID, *, now: datetime, most: int) -> int:
    """How many calls a reconciliation can make at this moment, of `most`: from what nothing else needs."""
    day = daily(connection_id, now=now)
    if day is not None:
        spare = rules.spare_for_checks(
            now=now,
            spent=day.spent,
            limit=day.limit,
            reset_at=day.ends_at,
            offices=offices_of(connection_id),
            kept_back=_plan(connection_id).kept_back,
        )
        most = min(most, spare)
    return room_for_bulk(connection_id, now=now, most=most) if most else 0


def changes_fit_at(connection_id: UUID, *, calls: int, now: datetime) -> datetime:
    """When `calls` that read changes are within the pace of the system's short windows; `now` where there are none."""
    found = _short_windows(get_connection(connection_id), now)
    return max(
        (windows.changes_fit_at(each, rate, calls=calls, patient=Purpose.BULK, now=now) for rate, each in found),
        default=now,
    )


def _short_windows(connection: Connection, now: datetime) -> list[tuple[RateWindow, windows.Window]]:
    rates = {rate.name: rate for rate in capabilities_of(connection).rate_windows if not rate.by_calendar}
    rows = QuotaWindow.objects.filter(account_id=connection.quota_id, name__in=rates, slot="")
    return [(rates[row.name], budget.window_of(row)) for row in rows]


def _figures(connection: Connection, rate: RateWindow, now: datetime) -> WindowFigures:
    slot = _run(rate, now).slot
    row = QuotaWindow.objects.filter(account_id=connection.quota_id, name=rate.name, slot=slot).first()
    limit = _limit(connection, rate) if rate.resets_daily or row is None else row.limit
    return _shown(rate, row, limit, now)


def _run(rate: RateWindow, now: datetime) -> windows.Stretch:
    return windows.run_at(rate, now) if rate.by_calendar else windows.stretches(rate, now)[0]


def _shown(rate: RateWindow, row: QuotaWindow | None, limit: int, now: datetime) -> WindowFigures:
    run = _run(rate, now)
    if row is None or row.ends_at <= now:
        return WindowFigures(rate.name, limit, 0, run.starts_at, run.ends_at, {})
    spent = windows.spent_now(budget.window_of(row), rate, now)
    return WindowFigures(rate.name, limit, spent, row.starts_at, row.ends_at, row.by_purpose)


def windows_of(found: Sequence[Connection], *, now: datetime) -> Mapping[UUID, tuple[WindowFigures, ...]]:
    """The windows of many connections as of `now`, in two queries however many they are."""
    accounts = {one.quota_id for one in found}
    limits: dict[int, int] = {}
    for one in Connection.objects.filter(quota__in=accounts):
        asked = gate.options_of(one).get("daily_limit")
        if asked is not None:
            limits[one.quota_id] = min(int(asked), limits.get(one.quota_id, int(asked)))
    rates = {one.pk: capabilities_of(one).rate_windows for one in found}
    slots = {_run(rate, now).slot for own in rates.values() for rate in own}
    rows = {
        (row.account_id, row.name, row.slot): row
        for row in QuotaWindow.objects.filter(account__in=accounts, slot__in=slots)
    }

    def figures(one: Connection, rate: RateWindow) -> WindowFigures:
        row = rows.get((one.quota_id, rate.name, _run(rate, now).slot))
        limit = limits.get(one.quota_id, rate.calls) if rate.resets_daily else row.limit if row else rate.calls
        return _shown(rate, row, limit, now)

    return {one.pk: tuple(figures(one, rate) for rate in rates[one.pk]) for one in found}


def _limit(connection: Connection, rate: RateWindow) -> int:
    """The strictest daily limit of the connections that share the account."""
    if not rate.resets_daily:
        return rate.calls
    sharing = Connection.objects.filter(quota_id=connection.quota_id)
    limits = [int(found) for one in sharing if (found := gate.options_of(one).get("daily_limit")) is not None]
    return min(limits, default=rate.calls)


def _plan(connection_id: UUID) -> budget.Plan:
    return gate.plan_of(get_connection(connection_id), None)


def plain_credential(connection_id: UUID) -> Mapping[str, str]:
    """What of the present credential is no secret, dead or not, so that it is typed once only."""
    row = Credential.objects.select_related("connection").filter(connection=connection_id).first()
    if row is None:
        return {}
    values, fields = tokens.open_secret(row).values, registry.get(row.connection.provider).credential_fields
    return {one.name: values.get(one.name, "") for one in fields if not one.secret}
