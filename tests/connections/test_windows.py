"""Windows of every kind at once (RULES 23): by table, and for any order of calls by hypothesis."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from apps.connections import budget, windows
from apps.connections.budget import Plan, Refused, Reserved
from apps.connections.models import QuotaAccount, QuotaWindow, Spending
from apps.connections.windows import Full, Share, Window
from apps.providers.contract import Purpose, RateWindow

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
DAY = RateWindow("day", calls=40, seconds=86_400, resets_daily=True)
PACIFIC = RateWindow("day in California", calls=60, seconds=86_400, resets_daily=True, time_zone="America/Los_Angeles")
MONTH = RateWindow("month", calls=90, seconds=31 * 86_400, resets_monthly=True)
HOUR = RateWindow("hour", calls=30, seconds=3600)
MINUTE = RateWindow("minute", calls=15, seconds=60)
BUCKET = RateWindow("bucket", calls=10, seconds=1, burst=20)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("rate", "now", "slot", "hours"),
    [
        pytest.param(DAY, at("2026-11-25T12:00"), "2026-11-25", 24, id="a UTC day"),
        pytest.param(PACIFIC, at("2026-11-25T07:59"), "2026-11-24", 24, id="evening in California"),
        pytest.param(PACIFIC, at("2026-03-08T20:00"), "2026-03-08", 23, id="a day that loses an hour"),
        pytest.param(PACIFIC, at("2026-11-01T20:00"), "2026-11-01", 25, id="a day that gains one"),
        pytest.param(MONTH, at("2026-12-31T23:00"), "2026-12-01", 31 * 24, id="a month"),
    ],
)
def test_a_calendar_run_starts_and_ends_where_the_systems_does(
    rate: RateWindow, now: datetime, slot: str, hours: int
) -> None:
    run = windows.run_at(rate, now)

    assert run.slot == slot
    assert run.ends_at - run.starts_at == timedelta(hours=hours)
    assert run.starts_at <= now < run.ends_at
    assert run.starts_at.astimezone(ZoneInfo(rate.time_zone)).hour == 0


@pytest.mark.parametrize(
    ("now", "runs"),
    [
        pytest.param(at("2026-11-25T12:00"), 1, id="noon"),
        pytest.param(at("2026-11-25T23:59"), 2, id="a minute before"),
        pytest.param(at("2026-11-25T00:00"), 2, id="at the reset"),
        pytest.param(at("2026-11-25T00:01"), 1, id="a minute after"),
    ],
)
def test_a_call_near_the_reset_counts_on_both_sides(now: datetime, runs: int) -> None:
    assert len(windows.stretches(DAY, now)) == runs


def take_all(rate: RateWindow, *, now: datetime) -> tuple[int, Full]:
    """How many calls fit at one moment, and what the next one is told."""
    run = windows.stretches(rate, now)[-1]
    window = Window(rate.calls, 0, run.starts_at, run.ends_at)
    for count in range(rate.calls + 1):
        after = windows.take(window, rate, purpose="write", share=Share(), now=now)
        if isinstance(after, Full):
            return count, after
        window = after
    raise AssertionError("it has no end")


@pytest.mark.parametrize(
    ("rate", "fits", "wait"),
    [
        pytest.param(DAY, 40, timedelta(days=1, seconds=60), id="until the reset and its edge"),
        pytest.param(MINUTE, 15, timedelta(seconds=66), id="until the oldest tenth is gone"),
        pytest.param(RateWindow("bucket", calls=30, seconds=10, burst=20), 20, SECOND / 3, id="until it drips"),
    ],
)
def test_so_many_fit_at_once_and_the_next_is_told_when(rate: RateWindow, fits: int, wait: timedelta) -> None:
    now = NOON.replace(hour=0) if rate is DAY else NOON

    count, full = take_all(rate, now=now)

    assert count == fits
    assert full.for_all
    assert abs(full.until - now - wait) < SECOND / 10


def test_bulk_has_its_first_step_where_the_systems_clock_is_ahead_of_ours() -> None:
    told = RateWindow("told", calls=50, seconds=30, from_headers=True)
    later = NOON + 40 * SECOND
    window = Window(50, 1, starts_at=later, ends_at=later + 30 * SECOND)

    fits = windows.room(window, told, purpose=Purpose.BULK, share=Share(0.5, least=0.25), now=NOON, most=20)

    assert fits == 4


def test_bulk_is_spread_over_a_window_has_what_others_leave_and_a_quarter_whatever_they_spend() -> None:
    rate = RateWindow("30s", calls=60, seconds=30, from_headers=True)
    bulk = Share(total=0.9, least=0.25)

    def taken(others_each_second: int) -> list[int]:
        window, steps = Window(60, 0, NOON, NOON + 30 * SECOND), [0] * 5
        for second in range(30):
            now = NOON + second * SECOND
            for purpose, share, calls in (("write", Share(), others_each_second), ("bulk", bulk, 60)):
                for _ in range(calls):
                    after = windows.take(window, rate, purpose=purpose, share=share, now=now)
                    if isinstance(after, Window):
                        window = after
                        steps[second // 6] += purpose == "bulk"
        return steps

    assert taken(0) == [10, 11, 11, 11, 11]
    assert sum(taken(1)) >= 24
    assert 12 <= sum(taken(2)) <= 15


@pytest.mark.parametrize(
    ("spent", "bulk", "elapsed", "wait"),
    [
        pytest.param(0, 0, 0, 0, id="a fresh window"),
        pytest.param(4, 0, 0, 0, id="a few at once"),
        pytest.param(24, 0, 15, 0, id="within the pace"),
        pytest.param(24, 0, 3, 12.4, id="ahead of it"),
        pytest.param(24, 20, 3, 0, id="what bulk spent does not count"),
        pytest.param(60, 0, 3, 27, id="until the window ends"),
    ],
)
def test_changes_are_read_at_a_pace_that_lasts_the_window(spent: int, bulk: int, elapsed: int, wait: float) -> None:
    rate = RateWindow("30s", calls=60, seconds=30, from_headers=True)
    window = Window(60, spent, NOON, NOON + 30 * SECOND, {"bulk": bulk})
    now = NOON + elapsed * SECOND

    fits_at = windows.changes_fit_at(window, rate, calls=2, patient="bulk", now=now)

    assert (fits_at - now).total_seconds() == pytest.approx(wait, abs=0.7)


class Account(RuleBasedStateMachine):
    """One account with every kind of window, against the system's own counts.

    `left` are the calls that left this machine: the truth that the system counts by.
    """

    def __init__(self) -> None:
        super().__init__()
        self.account = QuotaAccount.objects.create(provider="test", key=str(QuotaAccount.objects.count()))
        self.now = NOON - timedelta(minutes=5)
        self.left: list[tuple[datetime, str]] = []
        self.in_flight: list[tuple[tuple[Reserved, ...], str]] = []
        self.background = 0

    def reserve(self, purpose: Purpose) -> tuple[Reserved, ...] | Refused:
        rates = (DAY, PACIFIC, MONTH, HOUR, MINUTE, BUCKET)
        return budget.reserve(
            account_id=self.account.pk, rates=rates, purpose=purpose, plan=Plan(kept_back=0.2), now=self.now
        )

    @rule(purpose=st.sampled_from(list(Purpose)))
    def call(self, purpose: Purpose) -> None:
        got = self.reserve(purpose)
        if isinstance(got, Refused):
            assert got.until > self.now
            assert got.full or purpose in ("poll", "catalogue", "index", "bulk", "messages"), (
                "only the patient are refused early"
            )
        else:
            self.left.append((self.now, purpose))
            self.in_flight.append((got, purpose))

    @rule(burst=st.integers(2, 40), purpose=st.sampled_from([Purpose.WRITE, Purpose.BULK, Purpose.POLL]))
    def call_often(self, burst: int, purpose: Purpose) -> None:
        for _ in range(burst):
            self.call(purpose)

    @precondition(lambda self: self.in_flight)
    @rule()
    def nothing_left_the_machine(self) -> None:
        reserved, purpose = self.in_flight.pop()
        budget.refund(reserved, purpose=purpose)
        self.left.remove((reserved[0].at, purpose))

    @rule(purpose=st.sampled_from(list(Purpose)))
    def killed_while_reserving(self, purpose: Purpose) -> None:
        before = self.counts()
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            self.reserve(purpose)
            raise ZeroDivisionError
        assert self.counts() == before

    @rule(
        wait=st.sampled_from([0.05, 0.3, 1, 5.9, 6.1, 20, 61, 400, 3700, 30_000, 90_000]),
    )
    def time_goes_on(self, wait: float) -> None:
        self.now += timedelta(seconds=wait)
        self.in_flight.clear()  # killed with their call made: what was taken stays taken

    @invariant()
    def no_system_ever_counts_more_than_its_limit(self) -> None:
        for rate in (DAY, PACIFIC, MONTH):
            runs = [windows.run_at(rate, moment).slot for moment, _ in self.left]
            assert max(map(runs.count, runs), default=0) <= rate.calls
        for rate in (HOUR, MINUTE):
            length = timedelta(seconds=rate.seconds)
            assert sum(self.now - length < moment for moment, _ in self.left) <= rate.calls
        tokens, last = float(BUCKET.burst), NOON - timedelta(days=1)
        for moment, _ in self.left:
            tokens = min(BUCKET.burst, tokens + (moment - last).total_seconds() * BUCKET.calls) - 1
            last = moment
            assert tokens > -1e-3

    @invariant()
    def what_waits_leaves_the_rest_its_share(self) -> None:
        today = windows.run_at(DAY, self.now).slot
        mine = [purpose for moment, purpose in self.left if windows.run_at(DAY, moment).slot == today]
        patient = [purpose for purpose in mine if purpose in ("poll", "catalogue", "index", "bulk", "messages")]
        assert len(patient) <= 0.8 * DAY.calls
        assert mine.count("bulk") <= 0.7 * DAY.calls

    @invariant()
    def our_count_is_theirs(self) -> None:
        row = QuotaWindow.objects.filter(account=self.account, name=MONTH.name, slot="2026-11-01").first()
        november = sum(moment < datetime(2026, 12, 1, tzinfo=UTC) for moment, _ in self.left)
        if self.now < datetime(2026, 11, 30, 23, 58, tzinfo=UTC):
            assert (row.spent if row else 0) == november == sum(self.noted().values())

    def counts(self) -> list[tuple[str, str, int]]:
        rows = QuotaWindow.objects.filter(account=self.account).order_by("pk")
        return list(rows.values_list("name", "slot", "spent"))

    def noted(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for row in Spending.objects.filter(account=self.account):
            found[row.purpose] = found.get(row.purpose, 0) + row.calls
        return found


@pytest.mark.django_db
def test_an_account_is_never_over_starves_nobody_and_leaks_nothing_when_killed() -> None:
    run_state_machine_as_test(Account, settings=settings(max_examples=30, stateful_step_count=25, deadline=None))


@pytest.fixture
def account() -> Iterator[QuotaAccount]:
    yield QuotaAccount.objects.create(provider="test", key="alone")


@pytest.mark.django_db
def test_a_call_that_fits_one_window_and_not_the_other_takes_from_neither(account: QuotaAccount) -> None:
    narrow = RateWindow("a minute", calls=1, seconds=60)
    wide = RateWindow("a day", calls=10, seconds=86_400, resets_daily=True)
    plan = Plan()

    first = budget.reserve(account_id=account.pk, rates=[wide, narrow], purpose="write", plan=plan, now=NOON)
    second = budget.reserve(account_id=account.pk, rates=[wide, narrow], purpose="write", plan=plan, now=NOON)

    assert isinstance(first, tuple)
    assert isinstance(second, Refused) and second.full
    assert QuotaWindow.objects.get(account=account, name="a day").spent == 1
    assert Spending.objects.get(account=account).calls == 1
