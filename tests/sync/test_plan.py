"""The stage planner, by table and by property (RULES 8-13)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.mappings.rules import HIRED, REJECTED, MapRow, StageTable
from apps.sync import plan
from apps.sync.plan import Decided, Pair, Policy, Side, Verdict

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
ORDER = {"review": 0, "phone": 1, "onsite": 2, "offer": 3}
COARSE = StageTable(
    version=1,
    rows=(
        MapRow("Contacted", "review"),
        MapRow("In Progress", "phone"),
        MapRow("In Progress", "onsite"),
        MapRow("Hired", HIRED),
        MapRow("Archived", REJECTED),
    ),
    order=ORDER,
)


def agreed(linkedin: str, ats: str) -> Pair:
    return Pair(linkedin=Side(linkedin, NOW), ats=Side(ats, NOW), agreed_linkedin=linkedin, agreed_ats=ats)


def test_a_move_in_the_ats_is_written_to_linkedin() -> None:
    decided = plan.see_ats(agreed("Contacted", "review"), "phone", NOW, COARSE, Policy())

    assert (decided.verdict, decided.write_linkedin, decided.transition) == (Verdict.WRITE, "In Progress", True)


def test_a_move_within_a_coarse_row_is_agreed_without_a_write() -> None:
    decided = plan.see_ats(agreed("In Progress", "phone"), "onsite", NOW, COARSE, Policy())

    assert (decided.verdict, decided.agreed) == (Verdict.AGREED, ("In Progress", "onsite"))


def test_the_agreed_value_is_an_echo_rule_8() -> None:
    pair = agreed("In Progress", "onsite")

    assert plan.see_linkedin(pair, "In Progress", NOW, COARSE, Policy()).verdict == Verdict.ECHO
    assert plan.see_ats(pair, "onsite", NOW, COARSE, Policy()).verdict == Verdict.ECHO


def test_a_value_that_was_sent_is_an_echo_even_before_it_is_agreed_rule_8() -> None:
    pair = replace(agreed("Contacted", "review"), ats=Side("review", NOW, desired="phone", sent=("phone",)))

    assert plan.see_ats(pair, "phone", NOW, COARSE, Policy()).verdict == Verdict.ECHO


def test_an_agreement_reached_while_a_write_is_unknown_forgets_no_echo_of_it_rule_8() -> None:
    """LinkedIn went on to In Progress, the ATS write is on its way; now they are put among those whom the
    stage before shows as, which is not the one that was agreed."""
    unknown = replace(agreed("Uncontacted", "review"), ats=Side("review", NOW, desired="phone", sent=("phone",)))

    decided = plan.see_linkedin(replace(unknown, linkedin=Side("In Progress", NOW)), "Contacted", NOW, COARSE, Policy())

    assert (decided.verdict, decided.agreed, decided.write_ats) == (Verdict.WRITE, None, "review")
    assert decided.transition


def test_nor_does_one_that_the_ats_reaches_while_linkedin_is_unknown_rule_8() -> None:
    unknown = replace(
        agreed("In Progress", "phone"),
        linkedin=Side("In Progress", NOW, desired="Contacted", sent=("Contacted",)),
        ats=Side("review", NOW),
    )

    decided = plan.see_ats(unknown, "onsite", NOW, COARSE, Policy())

    assert (decided.verdict, decided.agreed, decided.write_linkedin) == (Verdict.WRITE, None, "In Progress")


def test_who_is_moved_back_is_followed_though_the_write_shows_already_rule_9() -> None:
    """Its answer was lost, a webhook showed it, and nothing was agreed yet when they were moved back."""
    shown = replace(agreed("Contacted", "review"), ats=Side("phone", NOW, desired="phone", sent=("phone",)))

    decided = plan.see_linkedin(replace(shown, linkedin=Side("In Progress", NOW)), "Contacted", NOW, COARSE, Policy())

    assert (decided.verdict, decided.write_ats, decided.transition) == (Verdict.WRITE, "review", True)


def test_the_same_in_the_ats_rule_9() -> None:
    moved = Side("In Progress", NOW, desired="In Progress", sent=("In Progress",))
    shown = replace(agreed("Contacted", "review"), linkedin=moved, ats=Side("phone", NOW))

    decided = plan.see_ats(shown, "review", NOW, COARSE, Policy())

    assert (decided.verdict, decided.write_linkedin, decided.transition) == (Verdict.WRITE, "Contacted", True)


def test_a_person_who_was_faster_than_our_write_made_it_true_rule_8() -> None:
    pair = replace(agreed("Contacted", "review"), linkedin=Side("Contacted", NOW, desired="In Progress"))

    decided = plan.see_linkedin(pair, "In Progress", NOW, COARSE, Policy())

    assert (decided.verdict, decided.transition, decided.drop_linkedin) == (Verdict.ALREADY_TRUE, True, True)


def test_linkedin_moves_nobody_who_is_shown_that_way_already_rule_10() -> None:
    pair = replace(agreed("Contacted", "onsite"))

    decided = plan.see_linkedin(pair, "In Progress", NOW, COARSE, Policy())

    assert (decided.verdict, decided.write_ats) == (Verdict.AGREED, "")


def test_linkedin_moves_nobody_back_unless_the_row_allows_it_rule_10() -> None:
    pair = agreed("In Progress", "onsite")

    assert plan.see_linkedin(pair, "Contacted", NOW, COARSE, Policy()).verdict == Verdict.REFUSED

    open_ = replace(COARSE, rows=tuple(replace(row, backward=True) for row in COARSE.rows))
    assert plan.see_linkedin(pair, "Contacted", NOW, open_, Policy()).write_ats == "review"


@pytest.mark.parametrize(("stage", "ats"), [("Hired", "offer"), ("Archived", "phone"), ("In Progress", REJECTED)])
def test_reject_hire_and_reopen_from_linkedin_are_off_by_default_rule_11(stage: str, ats: str) -> None:
    shown = COARSE.shown_as(ats) or ""

    decided = plan.see_linkedin(agreed(shown, ats), stage, NOW, COARSE, Policy())

    assert (decided.verdict, decided.write_ats) == (Verdict.REFUSED, "")


def test_when_both_changed_the_default_asks() -> None:
    pair = replace(agreed("Contacted", "review"), ats=Side("phone", NOW))

    assert plan.see_linkedin(pair, "Archived", NOW, COARSE, Policy()).verdict == Verdict.CONFLICT


@pytest.mark.parametrize(
    ("apart", "policy", "verdict"),
    [
        (timedelta(minutes=1), "newest", Verdict.CONFLICT),
        (timedelta(hours=1), "newest", Verdict.WRITE),
        (timedelta(minutes=1), "ats", Verdict.WRITE),
    ],
)
def test_newest_asks_where_the_times_are_too_close_rule_13(apart: timedelta, policy: str, verdict: Verdict) -> None:
    pair = replace(agreed("Contacted", "review"), linkedin=Side("Hired", NOW - apart))

    assert plan.see_ats(pair, "phone", NOW, COARSE, Policy(policy)).verdict == verdict


@pytest.mark.parametrize("policy", ["ask", "ats", "linkedin"])
def test_a_write_that_waits_never_undoes_a_move_that_came_first_rule_9(policy: str) -> None:
    waits = Side("Contacted", NOW, desired="In Progress")
    pair = replace(agreed("Contacted", "review"), linkedin=waits, ats=Side("phone", NOW))
    assert plan.see_linkedin(pair, "Replied", NOW, COARSE, Policy(policy)).drop_linkedin

    pair = replace(
        agreed("Contacted", "review"), linkedin=Side("In Progress", NOW), ats=Side("review", desired="phone")
    )
    assert plan.see_ats(pair, "offer", NOW, COARSE, Policy(policy)).drop_ats


def test_someone_moved_back_while_the_answer_to_our_write_is_lost_is_brought_back_rule_12() -> None:
    lost = Side("review", NOW, desired="phone", sent=("phone",))
    pair = replace(agreed("Contacted", "review"), linkedin=Side("In Progress", NOW), ats=lost)
    back = plan.see_linkedin(pair, "Contacted", NOW, COARSE, Policy())
    assert (back.verdict, back.write_ats, back.transition) == (Verdict.WRITE, "review", True)

    lost = Side("Contacted", NOW, desired="In Progress", sent=("In Progress",))
    pair = replace(agreed("Contacted", "review"), linkedin=lost, ats=Side("phone", NOW))
    back = plan.see_ats(pair, "review", NOW, COARSE, Policy())
    assert (back.verdict, back.write_linkedin, back.transition) == (Verdict.WRITE, "Contacted", True)


ENDS = StageTable(version=1, rows=(*COARSE.rows[:3], MapRow("Archived", REJECTED, terminal=True)), order=ORDER)
REOPENS = replace(ENDS, rows=tuple(replace(row, terminal=True) for row in ENDS.rows))


@pytest.mark.parametrize("value, wanted", [("In Progress", "phone"), ("Contacted", "onsite")])
def test_a_move_after_a_rejection_that_waits_reopens_rule_12(value: str, wanted: str) -> None:
    waits = Side("onsite", NOW, desired=REJECTED)
    pair = replace(agreed("Contacted", "onsite"), linkedin=Side("Archived", NOW), ats=waits)

    decided = plan.see_linkedin(pair, value, NOW, REOPENS, Policy())
    assert (decided.verdict, decided.write_ats, decided.drop_ats) == (Verdict.WRITE, wanted, False)

    decided = plan.see_linkedin(pair, value, NOW, ENDS, Policy())
    assert (decided.verdict, decided.write_ats, decided.drop_ats) == (Verdict.REFUSED, "", False)


def test_another_row_of_whom_a_rejection_waits_for_drops_nothing_rule_12() -> None:
    waits = Side("phone", NOW, desired=REJECTED)
    pair = replace(agreed("In Progress", "phone"), linkedin=Side("Archived", NOW), ats=waits)

    again = plan.see_linkedin(pair, "Archived", NOW, ENDS, Policy())
    assert (again.verdict, again.write_ats, again.drop_ats) == (Verdict.ECHO, "", False)


def test_an_unmapped_stage_waits_for_a_row() -> None:
    pair = agreed("Contacted", "review")

    assert plan.see_linkedin(pair, "Negotiating", NOW, COARSE, Policy()).verdict == Verdict.UNMAPPED
    assert plan.see_ats(pair, "9999", NOW, COARSE, Policy()).verdict == Verdict.UNMAPPED


def test_our_own_application_goes_to_the_mapped_stage_and_a_found_one_is_shown() -> None:
    pair = Pair(linkedin=Side("In Progress", NOW), ats=Side("review", NOW))

    assert plan.meet(pair, COARSE, ours=True).write_ats == "phone"
    assert plan.meet(pair, COARSE, ours=False).write_linkedin == "Contacted"


def test_our_own_application_that_somebody_moved_on_before_it_was_read_stays_where_it_is() -> None:
    pair = Pair(linkedin=Side("Contacted", NOW), ats=Side("phone", NOW, sent=("review",)))

    decided = plan.meet(pair, COARSE, ours=True)

    assert (decided.write_ats, decided.write_linkedin, decided.transition) == ("", "In Progress", True)


STAGES = st.sampled_from(["Contacted", "Replied", "In Progress", "Hired", "Archived", "Other"])
VALUES = st.sampled_from([*ORDER, REJECTED, HIRED])
ROWS = st.lists(
    st.builds(MapRow, linkedin=STAGES, ats=VALUES, backward=st.booleans(), terminal=st.booleans()), max_size=8
)


def settle(pair: Pair, decided: Decided) -> Pair:
    """What the two systems and our rows look like after the decision was carried out."""
    if decided.write_ats:
        value = (pair.linkedin.observed, decided.write_ats)
    elif decided.write_linkedin:
        value = (decided.write_linkedin, pair.ats.observed)
    elif decided.agreed is not None:
        value = decided.agreed
    else:
        return pair
    return Pair(Side(value[0], NOW), Side(value[1], NOW), agreed_linkedin=value[0], agreed_ats=value[1])


@given(rows=ROWS, start=st.tuples(STAGES, VALUES), moves=st.lists(st.tuples(st.booleans(), STAGES, VALUES), max_size=6))
@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
def test_no_move_travels_a_second_hop_whatever_the_map(
    rows: list[MapRow], start: tuple[str, str], moves: list[tuple[bool, str, str]]
) -> None:
    table = StageTable(version=1, rows=tuple(rows), order=ORDER)
    pair = agreed(*start)

    for in_linkedin, stage, value in moves:
        see = plan.see_linkedin if in_linkedin else plan.see_ats
        decided = see(pair, stage if in_linkedin else value, NOW, table, Policy("newest"))
        if in_linkedin:
            pair = replace(pair, linkedin=replace(pair.linkedin, observed=stage))
        else:
            pair = replace(pair, ats=replace(pair.ats, observed=value))
        written = settle(pair, decided)
        if decided.write_ats:
            echo = plan.see_ats(written, written.ats.observed, NOW, table, Policy("newest"))
            assert (echo.verdict, echo.write_linkedin, echo.write_ats) == (Verdict.ECHO, "", "")
        if decided.write_linkedin:
            echo = plan.see_linkedin(written, written.linkedin.observed, NOW, table, Policy("newest"))
            assert (echo.verdict, echo.write_linkedin, echo.write_ats) == (Verdict.ECHO, "", "")
        pair = written


@given(rows=ROWS, stage=STAGES, ats=VALUES, other=STAGES)
def test_no_row_moves_anyone_back_that_does_not_say_so(rows: list[MapRow], stage: str, ats: str, other: str) -> None:
    table = StageTable(version=1, rows=tuple(replace(row, backward=False) for row in rows), order=ORDER)

    decided = plan.see_linkedin(agreed(stage, ats), other, NOW, table, Policy("ask"))

    assert not (decided.write_ats and table.is_backward(from_ats=ats, to_ats=decided.write_ats))


@pytest.mark.parametrize("profiles", [1, 2, 5])
@pytest.mark.parametrize("value", [REJECTED, HIRED, "stage-2"])
def test_rule_15_one_of_several_projects_ends_nobody_unasked(profiles: int, value: str) -> None:
    decided = plan.ask_before_ending(Decided(Verdict.WRITE, "", transition=True, write_ats=value), profiles=profiles)
    asks = profiles > 1 and value in (REJECTED, HIRED)
    assert (decided.verdict == Verdict.CONFLICT, decided.write_ats) == (asks, "" if asks else value)
    assert decided.transition
