"""How states and times are said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from apps.connections.health import Health
from apps.ledger.states import REASON_WORDS, Reason, State
from apps.portal import words

NOW = datetime(2026, 11, 23, 14, 32, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("age", "said"),
    [
        (timedelta(seconds=20), "just now"),
        (timedelta(seconds=-20), "in a moment"),
        (timedelta(minutes=52), "52 min ago"),
        (timedelta(hours=3), "3 h ago"),
        (timedelta(hours=-2), "16:32"),
        (timedelta(days=2), "Sat 14:32"),
        (timedelta(days=14), "9 Nov"),
        (timedelta(days=365), "23 Nov 2025"),
    ],
)
def test_a_time_is_said_as_near_as_it_is(age: timedelta, said: str) -> None:
    moment = words.moment(NOW - age, now=NOW)

    assert moment is not None
    assert moment.text == said
    assert moment.iso == (NOW - age).isoformat()


def test_the_log_says_seconds_and_the_day_once_it_is_past() -> None:
    assert words.log_time(NOW, now=NOW).text == "14:32:10"
    assert words.log_time(NOW - timedelta(days=1), now=NOW).text == "22 Nov 14:32:10"


@pytest.mark.parametrize(("seconds", "said"), [(7, "0:07"), (312, "5:12"), (3725, "1:02:05"), (None, "")])
def test_a_lag_is_said_in_minutes(seconds: float | None, said: str) -> None:
    assert words.duration(seconds) == said


@pytest.mark.parametrize("state", State.values)
def test_every_state_has_an_icon_a_word_and_a_tone(state: str) -> None:
    badge = words.state_badge(state=state, reason="echo", cause="killed", due_at=NOW)

    assert badge.word and badge.icon
    assert badge.tone in ("ok", "info", "warn", "bad", "mute")


@pytest.mark.parametrize("reason", Reason.values)
def test_every_reason_has_words(reason: str) -> None:
    assert reason in REASON_WORDS


@pytest.mark.parametrize("state", [State.HELD, State.SKIPPED, State.DEAD])
def test_what_is_held_skipped_or_dead_says_why(state: State) -> None:
    assert words.state_badge(state=state, reason="conflict", cause="source_required").small


@pytest.mark.parametrize(
    ("health", "said"),
    [
        (Health("healthy"), "Healthy "),
        (Health("failing", NOW, 12), "Failing 12 errors in a row"),
        (Health("expired", NOW - timedelta(minutes=52)), "Expired since 52 min ago"),
        (Health("expiring", NOW + timedelta(days=6, hours=1)), "Expiring in 6 days"),
        (Health("silent", NOW - timedelta(hours=26)), "Silent for 26 h"),
    ],
)
def test_health_says_since_when_until_when_or_how_often(health: Health, said: str) -> None:
    badge = words.health_badge(health, now=NOW)

    assert f"{badge.word} {badge.small}" == said
