"""The verdict on a pilot, purely (R18)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.reports import verdicts
from apps.reports.verdicts import BREACHES, Case, Cause, Fate, Outcome, Wait

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
LIMIT = 15 * MINUTE

MINUTES = st.integers(0, 60)
REASONS = st.sampled_from(list(verdicts.CAUSES))
WAITS = st.lists(
    st.builds(
        lambda reason, since, took: Wait(reason, NOON + since * MINUTE, NOON + (since + took) * MINUTE),
        REASONS,
        st.integers(-60, 60),
        st.integers(0, 60),
    ),
    max_size=5,
)


def arrival(took: int | None, *, now: int = 0) -> Case:
    shown = NOON + took * MINUTE if took is not None else None
    fate = verdicts.fate_of(began=NOON, shown=shown, limit=LIMIT, now=NOON + now * MINUTE)
    return Case(NOON, shown, fate)


def change(side: str, took: int = 1) -> Case:
    shown = NOON + took * MINUTE
    return Case(NOON, shown, verdicts.fate_of(began=NOON, shown=shown, limit=LIMIT, now=shown), side)


BOTH_WAYS = [change("linkedin"), change("ats")]


@given(took=st.one_of(st.none(), MINUTES), now=MINUTES)
def test_who_shows_within_the_limit_is_no_breach_and_who_may_still_is_none_yet(took: int | None, now: int) -> None:
    case = arrival(took, now=now)

    assert case.is_breach == ((took if took is not None else now) > 15)
    assert (case.fate == Fate.WAITING) == (took is None and now <= 15)


@given(waits=WAITS, took=MINUTES)
def test_a_cause_is_one_that_lasted_within_the_time_and_the_longest_of_them(waits: list[Wait], took: int) -> None:
    until = NOON + took * MINUTE

    found = verdicts.cause_of(waits, since=NOON, until=until)

    lasted: dict[Cause, timedelta] = {}
    for wait in waits:
        inside = min(wait.until or until, until) - max(wait.since, NOON)
        if inside > timedelta(0):
            cause = verdicts.CAUSES[wait.reason]
            lasted[cause] = lasted.get(cause, timedelta(0)) + inside
    if not lasted:
        assert found == Cause.UNKNOWN
    else:
        assert lasted[found] == max(lasted.values())


def test_a_wait_that_goes_on_counts_to_the_end() -> None:
    waits = [Wait("outage", NOON, NOON + 10 * MINUTE), Wait("token", NOON + 10 * MINUTE, None)]

    assert verdicts.cause_of(waits, since=NOON, until=NOON + 30 * MINUTE) == Cause.TOKEN


@given(late=st.integers(0, 4), allowed=st.integers(0, 4), duplicates=st.integers(0, 1), over=st.booleans())
def test_it_passes_with_as_many_late_as_were_agreed_and_nobody_made_twice(
    late: int, allowed: int, duplicates: int, over: bool
) -> None:
    arrivals = [arrival(1), *[arrival(16)] * late]

    verdict = verdicts.judge(arrivals, BOTH_WAYS, duplicates=duplicates, late_allowed=allowed, over=over)

    holds = late <= allowed and not duplicates
    wanted = (Outcome.PASSED if holds else Outcome.FAILED) if over else (Outcome.RUNNING if holds else Outcome.FAILING)
    assert verdict.outcome == wanted


@pytest.mark.parametrize(
    "arrivals, changes",
    [([], BOTH_WAYS), ([arrival(1)], [change("ats")]), ([arrival(1)], [])],
)
def test_nothing_seen_proves_nothing(arrivals: list[Case], changes: list[Case]) -> None:
    over = verdicts.judge(arrivals, changes, duplicates=0, late_allowed=0, over=True)
    running = verdicts.judge(arrivals, changes, duplicates=0, late_allowed=0, over=False)

    assert (over.outcome, running.outcome) == (Outcome.FAILED, Outcome.RUNNING)


def test_every_day_has_a_line() -> None:
    late = Case(NOON + timedelta(days=2), None, Fate.MISSING, "", Cause.OUTAGE)
    days = verdicts.days_of(
        [arrival(1), late],
        BOTH_WAYS,
        first=NOON.date(),
        last=NOON.date() + timedelta(days=2),
        day_of=lambda at: at.date(),
    )

    assert [(one.arrived, one.arrived_late, one.changes) for one in days] == [(1, 0, 2), (0, 0, 0), (1, 1, 0)]
    assert Fate.MISSING in BREACHES
