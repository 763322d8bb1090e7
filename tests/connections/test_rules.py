"""The day's plan (RULES 7, 23, 26): by table, and for any day by hypothesis."""

from __future__ import annotations

import math
import random
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.connections import rules
from apps.connections.rules import Office
from apps.connections.windows import Share
from apps.providers.contract import RateWindow

BERLIN = Office("Europe/Berlin", time(8), time(18))
LONDON = Office("Europe/London", time(8), time(18))
NEW_YORK = Office("America/New_York", time(8), time(18))
SYDNEY = Office("Australia/Sydney", time(8), time(18))
LOS_ANGELES = Office("America/Los_Angeles", time(8), time(18))
MIDNIGHT = datetime(2026, 11, 25, tzinfo=UTC)
TOMORROW = MIDNIGHT + timedelta(days=1)
MINUTE = timedelta(minutes=1)


def at(hour: int, minute: int = 0) -> datetime:
    return MIDNIGHT.replace(hour=hour, minute=minute)


@pytest.mark.parametrize(
    ("now", "spent", "offices", "wait"),
    [
        pytest.param(at(9), 20, [BERLIN], rules.OFFICE_POLL, id="office hours"),
        pytest.param(at(20), 200, [BERLIN], rules.OTHER_POLL, id="evening"),
        pytest.param(at(23), 250, [BERLIN, LOS_ANGELES], rules.OFFICE_POLL, id="afternoon in Los Angeles"),
        pytest.param(at(12), 0, [], rules.OFFICE_POLL, id="no offices known"),
        pytest.param(at(23), 475, [LOS_ANGELES], 61 * MINUTE, id="nothing left for polls: after the reset"),
        pytest.param(at(23), 500, [LOS_ANGELES], 61 * MINUTE, id="nothing left at all"),
        pytest.param(at(22), 473, [LOS_ANGELES], 60 * MINUTE, id="two polls left for two hours"),
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
        pytest.param(at(23, 30), 464, True, id="last hour may spend what its two polls leave"),
        pytest.param(at(23, 30), 465, False, id="but not one of theirs"),
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


DAY = RateWindow("day", calls=500, seconds=86_400, resets_daily=True)
SHORT = RateWindow("30s", calls=50, seconds=30, from_headers=True)


@pytest.mark.parametrize(
    ("purpose", "reserve_for", "total"),
    [
        ("poll", {}, 0.8),
        ("catalogue", {}, 0.8),
        ("bulk", {}, 0.7),
        ("write", {}, 1.0),
        ("read", {}, 1.0),
        ("read", {"read": 0.1}, 0.9),
        ("poll", {"poll": 0.0}, 1.0),
    ],
)
def test_a_purpose_may_be_refused_earlier_than_another(
    purpose: str, reserve_for: dict[str, float], total: float
) -> None:
    share = rules.share_of(rate=DAY, purpose=purpose, kept_back=0.2, reserve_for=reserve_for)

    assert share == Share(total=pytest.approx(total))


def test_bulk_has_what_others_leave_of_a_short_window_and_moves_have_a_tenth_alone() -> None:
    def share(purpose: str) -> Share:
        return rules.share_of(rate=SHORT, purpose=purpose, kept_back=0.2, reserve_for={})

    assert share("bulk") == Share(total=0.9, least=0.25)
    assert share("poll") == Share(total=0.9)
    assert share("write") == share("anything") == Share()


@pytest.mark.parametrize(
    ("now", "spent", "spare"),
    [
        pytest.param(at(0, 5), 0, 156, id="a day of one office leaves a quarter"),
        pytest.param(at(0, 5), 100, 56, id="less what was spent early"),
        pytest.param(at(23, 30), 340, 10, id="at its end up to what bulk leaves to others"),
        pytest.param(at(23, 30), 400, 0, id="and no more"),
    ],
)
def test_what_is_spare_is_what_the_plan_of_the_day_does_not_need(now: datetime, spent: int, spare: int) -> None:
    found = rules.spare(now=now, spent=spent, limit=500, reset_at=TOMORROW, offices=[BERLIN], kept_back=0.05)

    assert found == spare


@settings(max_examples=200, deadline=None)
@given(
    minute=st.integers(0, 24 * 60 - 1),
    limit=st.integers(0, 1000),
    spent=st.integers(0, 1000),
    writing=st.floats(0, 3),
    offices=st.lists(st.sampled_from([BERLIN, LONDON, NEW_YORK, SYDNEY, LOS_ANGELES]), max_size=3),
)
def test_what_a_reconciliation_spends_makes_no_poll_late(
    minute: int, limit: int, spent: int, writing: float, offices: list[Office]
) -> None:
    now = MIDNIGHT + minute * MINUTE
    day: dict[str, Any] = {"limit": limit, "reset_at": TOMORROW, "offices": offices, "kept_back": 0.05}

    room = rules.spare_for_checks(now=now, spent=spent, **day)

    assert room == 0 or not rules.is_office_time(now, offices)
    assert spent + room <= max(spent, rules.allowance(limit=limit, share=1 - rules.BULK_LEAVES))
    at_every = [now, *(now + hours * 60 * MINUTE for hours in range(1, 24) if now + hours * 60 * MINUTE < TOMORROW)]
    for moment in at_every[:1] if room == 0 else at_every:
        polled = math.ceil(rules.need_until(now, moment, offices, writing).all) if room else 0
        without = rules.next_poll_after(now=moment, spent=spent + polled, writing=writing, **day)
        assert rules.next_poll_after(now=moment, spent=spent + polled + room, writing=writing, **day) == without


@pytest.mark.parametrize(
    ("now", "room"),
    [
        pytest.param(at(0, 5), 56, id="before the office opens a fifth of the day is left to moves"),
        pytest.param(at(12), 0, id="none while it is open"),
        pytest.param(at(18), 250, id="after it has closed all that is spare"),
    ],
)
def test_a_reconciliation_spends_what_is_spare_while_no_office_is_open(now: datetime, room: int) -> None:
    found = rules.spare_for_checks(
        now=now, spent=0 if now.hour == 0 else 100, limit=500, reset_at=TOMORROW, offices=[BERLIN], kept_back=0.05
    )

    assert found == room


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

    assert used <= max(spent, rules.allowance(limit=limit, share=0.95))


@settings(max_examples=40, deadline=None)
@given(start=st.integers(0, 22 * 60), left=st.integers(20, 400))
def test_polls_last_until_the_reset(start: int, left: int) -> None:
    now, used, longest = MIDNIGHT + start * MINUTE, 475 - left, timedelta(0)

    while now < TOMORROW:
        wait = rules.next_poll_after(now=now, spent=used, limit=500, reset_at=TOMORROW, offices=[LOS_ANGELES])
        longest = max(longest, min(wait, TOMORROW - now))
        now += wait
        used += 1

    assert longest <= timedelta(hours=3)


def live_through(offices: list[Office], moves: int) -> tuple[timedelta, timedelta, int]:
    """A day of polls and of moves at random minutes of office hours, which travel with them or alone: the
    longest gap between polls, the longest in office hours, and all calls."""
    minutes = [minute for minute in range(24 * 60) if rules.is_office_time(MIDNIGHT + minute * MINUTE, offices)]
    chance = random.Random(moves)
    to_come = sorted(MIDNIGHT + chance.choice(minutes) * MINUTE for _ in range(moves))
    polls, writes, waiting = 0, 0, 0
    last = poll_at = MIDNIGHT
    longest = in_office = timedelta(0)

    def plan(now: datetime) -> dict[str, Any]:
        return {"now": now, "spent": polls + writes, "limit": 500, "reset_at": TOMORROW, "offices": offices}

    while poll_at < TOMORROW:
        if to_come and to_come[0] < poll_at:
            now = to_come.pop(0)
            goes = rules.writes_now(starts_at=MIDNIGHT, **plan(now))
            writes, waiting = (writes + rules.ALONE, waiting) if goes else (writes, waiting + 1)
            continue
        if polls + writes < 475:
            gap = poll_at - last
            longest = max(longest, gap)
            in_office = max(in_office, gap) if rules.is_office_time(last, offices) else in_office
            polls, last = polls + 1, poll_at
        writes, waiting = (writes + rules.WITH_A_POLL, 0) if waiting else (writes, waiting)
        poll_at += rules.next_poll_after(**plan(poll_at), writing=writes / max(1, polls))
    return max(longest, TOMORROW - last), in_office, polls + writes


OFFICES = [[BERLIN], [LOS_ANGELES], [BERLIN, LONDON, NEW_YORK], [BERLIN, NEW_YORK, SYDNEY], []]


@pytest.mark.parametrize("moves", [0, 60, 150, 300, 900])
@pytest.mark.parametrize("offices", OFFICES)
def test_however_many_moves_a_poll_comes_every_fifteen_minutes_of_the_day(offices: list[Office], moves: int) -> None:
    longest, _, calls = live_through(offices, moves)

    assert longest <= 15 * MINUTE
    assert calls <= 500


@pytest.mark.parametrize("moves", [0, 60, 300, 1200])
@pytest.mark.parametrize("offices", [[BERLIN], [BERLIN, LONDON, NEW_YORK]])
def test_offices_from_berlin_to_new_york_are_polled_within_five_minutes_whatever_moves(
    offices: list[Office], moves: int
) -> None:
    _, in_office, _ = live_through(offices, moves)

    assert in_office <= 5 * MINUTE


@settings(max_examples=60, deadline=None)
@given(minute=st.integers(0, 24 * 60 - 1), limit=st.integers(0, 1000), spent=st.integers(0, 1000))
def test_no_write_is_planned_over_the_limit(minute: int, limit: int, spent: int) -> None:
    now = MIDNIGHT + minute * MINUTE

    if rules.writes_now(now=now, spent=spent, limit=limit, starts_at=MIDNIGHT, reset_at=TOMORROW, offices=[BERLIN]):
        assert spent + 1 <= limit


@pytest.mark.parametrize(
    ("now", "spent", "last_hour", "holds", "office", "late_from"),
    [
        pytest.param(at(12), 150, 20, True, True, None, id="a usual noon"),
        pytest.param(at(12), 150, 65, True, True, at(17), id="at this pace it is spent at five"),
        pytest.param(at(12), 400, 10, True, False, at(19, 30), id="slower polls, and the promise holds"),
        pytest.param(at(12), 450, 0, False, False, None, id="not even that"),
    ],
)
def test_the_outlook_says_what_the_rest_of_the_day_holds(
    now: datetime, spent: int, last_hour: int, holds: bool, office: bool, late_from: datetime | None
) -> None:
    seen = rules.outlook(
        now=now, spent=spent, last_hour=last_hour, limit=500, reset_at=TOMORROW, offices=[BERLIN], kept_back=0.05
    )

    assert (seen.promise_holds, seen.office_pace_holds, seen.spent_at) == (holds, office, late_from)


def test_one_more_project_costs_only_where_the_list_gets_a_page_more() -> None:
    assert [rules.cost_of_one_more(projects) for projects in (0, 8, 99, 100, 101)] == [0, 0, 0, 6, 0]
