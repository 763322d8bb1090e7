"""The day's plan (RULES 7, 23, 26): by table, and for any day by hypothesis."""

from __future__ import annotations

import random
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.connections import rules
from apps.connections.rules import Office

BERLIN = Office("Europe/Berlin", time(8), time(18))
LONDON = Office("Europe/London", time(8), time(18))
NEW_YORK = Office("America/New_York", time(8), time(18))
LOS_ANGELES = Office("America/Los_Angeles", time(8), time(18))
MIDNIGHT = datetime(2026, 11, 25, tzinfo=UTC)
TOMORROW = MIDNIGHT + timedelta(days=1)
MINUTE = timedelta(minutes=1)


def at(hour: int, minute: int = 0) -> datetime:
    return MIDNIGHT.replace(hour=hour, minute=minute)


@pytest.mark.parametrize(
    ("now", "spent", "offices", "wait"),
    [
        pytest.param(at(9), 20, [BERLIN], 5 * MINUTE, id="office hours"),
        pytest.param(at(20), 200, [BERLIN], 15 * MINUTE, id="evening"),
        pytest.param(at(23), 250, [BERLIN, LOS_ANGELES], 5 * MINUTE, id="afternoon in Los Angeles"),
        pytest.param(at(12), 0, [], 5 * MINUTE, id="no offices known"),
        pytest.param(at(23), 400, [LOS_ANGELES], 61 * MINUTE, id="nothing left for polls: after the reset"),
        pytest.param(at(23), 500, [LOS_ANGELES], 61 * MINUTE, id="nothing left at all"),
        pytest.param(at(23), 394, [LOS_ANGELES], 10 * MINUTE, id="six polls left for twelve wanted"),
    ],
)
def test_the_next_poll_keeps_to_the_pace_and_to_what_is_left(
    now: datetime, spent: int, offices: list[Office], wait: timedelta
) -> None:
    assert rules.next_poll_after(now=now, spent=spent, limit=500, reset_at=TOMORROW, offices=offices) == wait


@pytest.mark.parametrize(
    ("now", "spent", "expected"),
    [
        pytest.param(at(0), 0, True, id="first of the day"),
        pytest.param(at(9), 60, True, id="morning, little spent"),
        pytest.param(at(9), 499, False, id="morning, nearly all spent"),
        pytest.param(at(23, 30), 396, True, id="last hour may spend what its two polls leave"),
        pytest.param(at(23, 30), 397, False, id="but not one of theirs"),
        pytest.param(at(23, 30), 500, False, id="never over"),
    ],
)
def test_writes_go_at_once_while_spending_is_within_plan(now: datetime, spent: int, expected: bool) -> None:
    found = rules.writes_now(now=now, spent=spent, limit=500, starts_at=MIDNIGHT, reset_at=TOMORROW, offices=[BERLIN])

    assert found is expected


def test_an_hour_at_the_office_may_spend_more_than_one_at_night() -> None:
    def most(hour: int) -> int:
        allowed = (
            spent
            for spent in range(500)
            if rules.writes_now(
                now=at(hour), spent=spent, limit=500, starts_at=MIDNIGHT, reset_at=TOMORROW, offices=[BERLIN]
            )
        )
        return max(allowed, default=0)

    assert most(10) - most(9) > 2 * (most(3) - most(2))


@pytest.mark.parametrize(
    ("purpose", "reserve_for", "ceiling"),
    [
        ("poll", {}, 400),
        ("catalogue", {}, 400),
        ("write", {}, 500),
        ("read", {}, 500),
        ("read", {"read": 0.1}, 450),
        ("poll", {"poll": 0.0}, 500),
    ],
)
def test_a_purpose_may_be_refused_earlier_than_another(
    purpose: str, reserve_for: dict[str, float], ceiling: int
) -> None:
    assert rules.ceiling_for(purpose=purpose, limit=500, kept_back=0.2, reserve_for=reserve_for) == ceiling


@pytest.mark.parametrize(
    ("now", "days"),
    [
        pytest.param(at(12), 1, id="noon"),
        pytest.param(at(23, 59), 2, id="a minute before"),
        pytest.param(at(0), 2, id="at the reset"),
        pytest.param(at(0, 1), 1, id="a minute after"),
    ],
)
def test_a_call_near_the_reset_counts_on_both_sides(now: datetime, days: int) -> None:
    assert len(rules.days_counted(now)) == days


def test_pauses_double_up_to_the_longest() -> None:
    pauses = [0]
    for _ in range(9):
        pauses.append(rules.next_pause(pauses[-1]))

    assert pauses[1:] == [2, 4, 8, 16, 32, 64, 128, 256, 300]


@settings(max_examples=40, deadline=None)
@given(
    start=st.integers(0, 24 * 60 - 1),
    limit=st.integers(0, 600),
    spent=st.integers(0, 600),
    offices=st.lists(st.sampled_from([BERLIN, LONDON, LOS_ANGELES]), max_size=2),
)
def test_a_days_polls_never_pass_the_limit(start: int, limit: int, spent: int, offices: list[Office]) -> None:
    now, used = MIDNIGHT + start * MINUTE, spent

    while now < TOMORROW:
        wait = rules.next_poll_after(now=now, spent=used, limit=limit, reset_at=TOMORROW, offices=offices)
        assert wait >= rules.OFFICE_POLL or now + wait >= TOMORROW
        now += wait
        used += now < TOMORROW

    assert used <= max(spent, rules.allowance(limit=limit, share=0.8))


@settings(max_examples=40, deadline=None)
@given(start=st.integers(0, 22 * 60), left=st.integers(20, 400))
def test_polls_last_until_the_reset(start: int, left: int) -> None:
    now, used, longest = MIDNIGHT + start * MINUTE, 400 - left, timedelta(0)

    while now < TOMORROW:
        wait = rules.next_poll_after(now=now, spent=used, limit=500, reset_at=TOMORROW, offices=[LOS_ANGELES])
        longest = max(longest, min(wait, TOMORROW - now))
        now += wait
        used += 1

    assert longest <= timedelta(hours=3)


def live_through(offices: list[Office], moves: int) -> tuple[timedelta, int]:
    """A day of polls and of moves at random minutes of office hours: the longest gap between polls, and all calls."""
    minutes = [minute for minute in range(24 * 60) if rules.is_office_time(MIDNIGHT + minute * MINUTE, offices)]
    chance = random.Random(moves)
    to_come = sorted(MIDNIGHT + chance.choice(minutes) * MINUTE for _ in range(moves))
    polls, writes, waiting = 0, 0, 0
    last = poll_at = MIDNIGHT
    longest = timedelta(0)

    def plan(now: datetime) -> dict[str, Any]:
        writing = writes / max(1, polls)
        return {
            "now": now,
            "spent": polls + writes,
            "limit": 500,
            "reset_at": TOMORROW,
            "offices": offices,
            "writing": writing,
        }

    while poll_at < TOMORROW:
        if to_come and to_come[0] < poll_at:
            now = to_come.pop(0)
            goes = rules.writes_now(starts_at=MIDNIGHT, **plan(now))
            writes, waiting = (writes + rules.ALONE, waiting) if goes else (writes, waiting + 1)
            continue
        if polls + writes < rules.ceiling_for(purpose="poll", limit=500, kept_back=0.2, reserve_for={}):
            polls, longest, last = polls + 1, max(longest, poll_at - last), poll_at
        writes, waiting = (writes + rules.ALONE, 0) if waiting else (writes, waiting)
        poll_at += rules.next_poll_after(**plan(poll_at))
    return max(longest, TOMORROW - last), polls + writes


@pytest.mark.parametrize("moves", [0, 60, 150, 300, 900])
@pytest.mark.parametrize("offices", [[BERLIN], [LOS_ANGELES], [BERLIN, LONDON, NEW_YORK], []])
def test_however_many_moves_a_poll_comes_every_fifteen_minutes_of_the_day(offices: list[Office], moves: int) -> None:
    longest, calls = live_through(offices, moves)

    assert longest <= 15.5 * MINUTE
    assert calls <= 500


@settings(max_examples=60, deadline=None)
@given(minute=st.integers(0, 24 * 60 - 1), limit=st.integers(0, 1000), spent=st.integers(0, 1000))
def test_no_write_is_planned_over_the_limit(minute: int, limit: int, spent: int) -> None:
    now = MIDNIGHT + minute * MINUTE

    if rules.writes_now(now=now, spent=spent, limit=limit, starts_at=MIDNIGHT, reset_at=TOMORROW, offices=[BERLIN]):
        assert spent + 1 <= limit
