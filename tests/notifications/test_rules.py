"""When a rule speaks, when it is quiet, what it says: by table."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.notifications import rules
from apps.notifications.rules import EXAMPLE, Moved

BERLIN = "Europe/Berlin"


@pytest.mark.parametrize(
    ("pattern", "stage", "named"),
    [
        ("Phone Screen*", "Phone Screen", True),
        ("Phone Screen*", "phone  screen scheduled", True),
        ("Offer", "Offer declined", False),
        ("*offer*", "Verbal Offer (sent)", True),
        ("Onsite [panel]", "Onsite [panel]", True),
        ("Onsite?", "Onsite1", False),
        ("Hired", "", False),
    ],
)
def test_a_pattern_names_a_stage(pattern: str, stage: str, named: bool) -> None:
    assert rules.names_stage([pattern], [stage]) is named


@pytest.mark.parametrize(
    ("stage", "key"),
    [
        ("Phone Screen", "phone_screen"),
        ("Phone Interview", "phone_screen"),
        ("Offer Sent", "offer"),
        ("Hired", "hired"),
    ],
)
def test_the_usual_rules_name_the_usual_stages(stage: str, key: str) -> None:
    assert [one.key for one in rules.USUAL_RULES if rules.names_stage(one.stages, [stage])] == [key]


@pytest.mark.parametrize(
    ("clock", "until"),
    [("21:00", "2026-11-26T08:00"), ("03:00", "2026-11-25T08:00"), ("08:00", None), ("12:00", None), ("19:59", None)],
)
def test_quiet_hours_pass_midnight_in_the_clients_zone(clock: str, until: str | None) -> None:
    now = datetime.fromisoformat(f"2026-11-25T{clock}:00+01:00").astimezone(UTC)

    found = rules.quiet_until(now, start=time(20), end=time(8), time_zone=BERLIN)

    assert found == (datetime.fromisoformat(f"{until}:00+01:00") if until else None)


@given(st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)), st.times(), st.times())
def test_quiet_hours_end_within_a_day_and_not_before_now(moment: datetime, start: time, end: time) -> None:
    now = moment.replace(tzinfo=UTC)

    until = rules.quiet_until(now, start=start, end=end, time_zone=BERLIN)

    assert until is None or timedelta(hours=-1) <= until - now <= timedelta(hours=25)
    assert start != end or until is None


def test_a_value_is_never_read_as_a_placeholder() -> None:
    moved = Moved("{role}", "Engineer", "", "", "Offer", "")

    assert rules.word("{candidate}: {to} from {from}", moved) == "{role}: Offer from no stage"
    assert rules.word("", EXAMPLE) == "Ada Example moved to Phone Screen"
    assert rules.unknown_placeholders("{candidate} {salary}") == ("salary",)
