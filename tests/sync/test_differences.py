"""What a reconciliation finds and when it halts, for any two states of a side."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.sync import differences
from apps.sync.differences import Alike, Kind, Known, Shown

NOW = datetime(2026, 11, 25, 9, tzinfo=UTC)
STAGES = st.sampled_from(["review", "screen", "onsite", "!rejected", "!hired"])
PEOPLE = st.sampled_from(["7", "8", "9"])
SENT = st.lists(STAGES, max_size=2).map(tuple)
ALIKE = st.builds(Alike, surely=st.sampled_from(["", "8"]), perhaps=st.sampled_from(["", "8, 9"]))


@given(STAGES, PEOPLE, SENT, st.booleans(), ALIKE)
def test_what_is_as_observed_or_as_we_sent_it_is_no_difference_rule_8(
    value: str, person: str, sent: tuple[str, ...], there: bool, alike: Alike
) -> None:
    known = Known(value, person, sent)

    found = [
        differences.in_ats(known, Shown(shown, person), person_is_there=there, alike=alike) for shown in (value, *sent)
    ]

    assert set(found) == {None}


@given(STAGES, STAGES, PEOPLE, PEOPLE, SENT, st.booleans(), st.booleans(), ALIKE)
def test_anything_else_is_one_difference_and_none_once_it_is_known(
    before: str, now: str, owner: str, other: str, sent: tuple[str, ...], gone: bool, there: bool, alike: Alike
) -> None:
    known, shown = Known(before, owner, sent), None if gone else Shown(now, other)
    same_person = other == owner or there

    found = differences.in_ats(known, shown, person_is_there=there, alike=alike)

    if gone:
        assert found is not None
    else:
        assert (found is None) == (same_person and (now == before or now in sent))
    if found is not None and found.kind == Kind.LOST:
        after = Known(found.now, owner, sent)
        assert differences.in_ats(after, shown, person_is_there=there, alike=alike) is None
    if found is not None and found.kind == Kind.MERGED:
        after = Known(before, found.now, sent)
        again = differences.in_ats(after, shown, person_is_there=True, alike=alike)
        assert again is None or again.kind in (Kind.LOST, Kind.TAKEN_OFF)


@given(STAGES, PEOPLE, ALIKE)
def test_nobody_is_called_deleted_who_is_there_or_may_be_somebody_else(value: str, person: str, alike: Alike) -> None:
    there = differences.in_ats(Known(value, person), None, person_is_there=True, alike=alike)
    away = differences.in_ats(Known(value, person), None, person_is_there=False, alike=alike)

    assert there is not None and there.kind == Kind.TAKEN_OFF
    assert away is not None
    assert (away.kind == Kind.DELETED) == (not alike.surely and not alike.perhaps)
    assert (away.kind == Kind.MERGED) == bool(alike.surely)


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        pytest.param(Shown("Replied", at=NOW), Kind.LOST, id="moved"),
        pytest.param(Shown("Replied", at=NOW - timedelta(hours=2)), None, id="older than what is known"),
        pytest.param(Shown("In Progress", at=NOW), None, id="as we sent it"),
        pytest.param(Shown("Contacted", at=NOW), None, id="as it was"),
        pytest.param(Shown("Contacted", at=NOW, removed=True), Kind.LEFT, id="taken out"),
        pytest.param(None, Kind.LEFT, id="not shown any more"),
    ],
)
def test_a_profile_is_compared_with_what_was_seen_last(shown: Shown | None, expected: Kind | None) -> None:
    known = Known("Contacted", sent=("In Progress",), seen_at=NOW - timedelta(hours=1))

    found = differences.in_linkedin(known, shown)

    assert (found.kind if found else None) == expected


@given(st.integers(0, 500), st.integers(0, 500), st.floats(0.01, 1))
def test_a_run_halts_above_its_share_and_never_for_a_few(changing: int, unchanged: int, share: float) -> None:
    looked_at = changing + unchanged

    halted = differences.halts(changing=changing, looked_at=looked_at, share=share)

    assert halted == (changing >= differences.FEW and changing / looked_at > share if looked_at else False)
    if halted:
        assert differences.halts(changing=changing + 1, looked_at=looked_at + 1, share=share)
