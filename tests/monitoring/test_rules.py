"""What a look makes of an alarm that is open (R17)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from apps.monitoring.rules import KINDS, SETTLES, AlertState, Step, step

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
AT_ONCE = KINDS["worker"]
SETTLING = replace(AT_ONCE, over_after=SETTLES)
OPEN = st.sampled_from([AlertState.FIRING, AlertState.ACKNOWLEDGED, AlertState.SNOOZED])


def taken(state: AlertState, *, still: bool, seen: timedelta = timedelta(0), snoozed: timedelta | None = None) -> Step:
    return step(
        state=state,
        is_signalled=still,
        last_seen=NOON - seen,
        snoozed_until=NOON + snoozed if snoozed is not None else None,
        kind=SETTLING,
        now=NOON,
    )


@given(state=OPEN, seconds=st.integers(0, 3600))
def test_it_is_over_once_it_stayed_away_long_enough_whatever_people_decided(state: AlertState, seconds: int) -> None:
    away = timedelta(seconds=seconds)

    assert (taken(state, still=False, seen=away) == Step.RESOLVE) == (away >= SETTLES)


@given(minutes=st.integers(-600, 600))
def test_a_snoozed_one_fires_again_after_its_time_and_only_then(minutes: int) -> None:
    again = taken(AlertState.SNOOZED, still=True, snoozed=timedelta(minutes=minutes)) == Step.FIRE_AGAIN

    assert again == (minutes <= 0)


def test_an_acknowledged_one_stays_quiet_while_it_lasts() -> None:
    assert taken(AlertState.ACKNOWLEDGED, still=True) == Step.SEEN
