"""What both sides changed, decided by a person; loops and halts that wait for one (RULES.md 8-13)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.accounts.scope import Scope
from apps.candidates.models import Candidacy
from apps.core import clock
from apps.demo import scenario
from apps.ledger.models import Event
from apps.ledger.states import State
from apps.mappings.models import Mapping, Policy
from apps.mappings.rules import HIRED, REJECTED, MapRow, StageTable
from apps.reports import conflicts as reports
from apps.sync import conflicts, plan
from apps.sync.plan import Decided, Pair, Side, Verdict
from tests.sync.conftest import Desk

NOW = datetime(2026, 11, 25, 9, tzinfo=UTC)
EVERYTHING = Scope(client_ids=None)
TABLE = StageTable(
    version=1,
    rows=(
        MapRow("Contacted", "review"),
        MapRow("Replied", "reply"),
        MapRow("In Progress", "screen"),
        MapRow("Archived", REJECTED),
        MapRow("Hired", HIRED),
    ),
    order={"review": 1, "reply": 2, "screen": 3},
)


def pair(linkedin: str, ats: str) -> Pair:
    return Pair(Side(linkedin, NOW), Side(ats, NOW), agreed_linkedin="Contacted", agreed_ats="review")


def test_somebody_at_an_unmapped_linkedin_stage_who_moves_in_the_ats_waits_for_the_map() -> None:
    decided = plan.see_ats(pair("Pipeline B", "review"), "screen", NOW, TABLE, plan.Policy("ats"))

    assert decided.verdict == Verdict.UNMAPPED
    assert "Pipeline B" in decided.why


@pytest.mark.parametrize(
    ("side", "linkedin", "ats", "expected"),
    [
        pytest.param("ats", "In Progress", REJECTED, ("Archived", ""), id="the ATS counts"),
        pytest.param("linkedin", "In Progress", REJECTED, ("", "screen"), id="LinkedIn counts, and reopens"),
        pytest.param("linkedin", "Archived", "screen", ("", REJECTED), id="a person may reject from LinkedIn"),
    ],
)
def test_a_persons_choice_moves_the_other_side_rule_11(
    side: str, linkedin: str, ats: str, expected: tuple[str, str]
) -> None:
    decided = plan.choose(pair(linkedin, ats), side, TABLE)

    assert (decided.write_linkedin, decided.write_ats) == expected


@pytest.mark.parametrize(
    ("linkedin_ahead", "ats_ahead", "written"),
    [
        pytest.param(0, 0, "linkedin", id="clocks agree: the ATS was last"),
        pytest.param(0, 15, "ats", id="the ATS's clock is a quarter of an hour ahead: LinkedIn was"),
        pytest.param(0, 6, "", id="six minutes ahead: too close to tell"),
        pytest.param(15, 0, "linkedin", id="LinkedIn's ahead: the ATS was last by more"),
    ],
)
def test_newest_compares_times_by_our_clock_rule_13(linkedin_ahead: int, ats_ahead: int, written: str) -> None:
    both = replace(pair("In Progress", "review"), linkedin=Side("In Progress", NOW))
    policy = plan.Policy(
        "newest",
        linkedin_ahead=timedelta(minutes=linkedin_ahead),
        ats_ahead=timedelta(minutes=ats_ahead),
    )

    decided = plan.see_ats(both, "reply", NOW + timedelta(minutes=6), TABLE, policy)

    assert bool(decided.write_linkedin) == (written == "linkedin")
    assert bool(decided.write_ats) == (written == "ats")
    assert (decided.verdict == Verdict.CONFLICT) == (written == "")


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["linkedin", "ats"]),
            st.sampled_from(["Contacted", "In Progress", "Archived"]),
            st.integers(1, 200),
        ),
        max_size=60,
    )
)
def test_no_sequence_of_moves_makes_the_same_write_for_ever_in_ten_minutes(moves: list[tuple[str, str, int]]) -> None:
    now, written = NOW, []
    for side, stage, seconds in moves:
        now += timedelta(seconds=seconds)
        value = {"Contacted": "review", "In Progress": "screen", "Archived": REJECTED}[stage]
        wanted = (
            Decided(Verdict.WRITE, "", write_ats=value)
            if side == "linkedin"
            else Decided(Verdict.WRITE, "", write_linkedin=stage)
        )
        key = (wanted.write_ats, wanted.write_linkedin)
        lately = sum(one == key and at > now - plan.FLIP_TIME for at, one in written)
        decided = plan.calm(wanted, written=lately)
        if decided.verdict == Verdict.WRITE:
            written.append((now, key))
        else:
            assert decided.verdict == Verdict.CONFLICT and not (decided.write_ats or decided.write_linkedin)

    for at, key in written:
        assert sum(one == key and at <= moment < at + plan.FLIP_TIME for moment, one in written) <= plan.FLIPS + 1


def ask(desk: Desk) -> tuple[str, dict[str, Any]]:
    """Somebody in step whom both sides then move apart, where the policy is to ask."""
    Mapping.objects.of_everyone().update(policy=Policy.ASK)
    profile = desk.add(scenario.person(1))
    desk.work(120)
    (application,) = desk.sandbox.state("greenhouse")["applications"]
    desk.sandbox.act("greenhouse", "reject", application_id=application["id"])
    desk.sandbox.act("linkedin", "move", profile=profile, stage="In Progress", by="urn:li:seat:52")
    desk.work(120)
    return profile, application


def stage_in_linkedin(desk: Desk, profile: str) -> str:
    rows = desk.sandbox.state("linkedin")["profiles"]
    return next(str(row["stage"]) for row in rows if row["id"] == profile)


@pytest.mark.django_db(transaction=True)
def test_a_conflict_shows_both_sides_with_times_and_people_and_ends_by_choosing_one(desk: Desk) -> None:
    profile, _ = ask(desk)

    (row,) = reports.list_conflicts(scope=EVERYTHING)
    made = conflicts.choose(candidacy_ids=[row.id], side="ats", scope=EVERYTHING, actor=None, now=clock.now())
    desk.work(20)
    before = stage_in_linkedin(desk, profile)
    desk.work(120)

    assert (row.linkedin.stage, row.ats.stage) == ("In Progress", "Rejected")
    assert row.linkedin.by and row.linkedin.at and row.ats.at
    assert (row.linkedin.leads_to, row.ats.leads_to) == ("Phone Screen", "Archived")
    assert made == 1
    assert before == "In Progress", "it was written within the minute in which it can be taken back"
    assert stage_in_linkedin(desk, profile) == "Archived"
    assert Candidacy.objects.of_everyone().get().conflict == ""
    assert not Event.objects.filter(state=State.HELD).exists()


@pytest.mark.django_db(transaction=True)
def test_linkedins_side_may_be_chosen_too_and_reopens_in_the_ats(desk: Desk) -> None:
    ask(desk)
    (row,) = reports.list_conflicts(scope=EVERYTHING)

    conflicts.choose(candidacy_ids=[row.id], side="linkedin", scope=EVERYTHING, actor=None, now=clock.now())
    desk.work(150)

    (application,) = desk.sandbox.state("greenhouse")["applications"]
    assert (application["status"], application["stage_name"]) == ("in_process", "Phone Screen")
    assert reports.list_conflicts(scope=EVERYTHING) == ()


@pytest.mark.django_db(transaction=True)
def test_a_decision_can_be_taken_back_before_it_is_written(desk: Desk) -> None:
    profile, _ = ask(desk)
    (row,) = reports.list_conflicts(scope=EVERYTHING)
    conflicts.choose(candidacy_ids=[row.id], side="ats", scope=EVERYTHING, actor=None, now=clock.now())
    desk.work(10)

    (decision,) = reports.list_decisions(scope=EVERYTHING, now=clock.now())
    conflicts.undo(event_ids=[decision.event_id], scope=EVERYTHING, actor=None, now=clock.now())
    desk.work(150)

    assert decision.open
    assert stage_in_linkedin(desk, profile) == "In Progress"
    assert [one.id for one in reports.list_conflicts(scope=EVERYTHING)] == [row.id]


@pytest.mark.django_db(transaction=True)
def test_nobody_decides_for_another_client(desk: Desk) -> None:
    ask(desk)
    (row,) = reports.list_conflicts(scope=EVERYTHING)
    stranger = Scope(client_ids=frozenset())

    made = conflicts.choose(candidacy_ids=[row.id], side="ats", scope=stranger, actor=None, now=clock.now())

    assert made == 0
    assert reports.list_conflicts(scope=stranger) == ()


@pytest.mark.django_db(transaction=True)
def test_a_halted_mapping_goes_on_with_all_that_waited_once_a_person_agrees_rule_11(desk: Desk) -> None:
    version = desk.company.mappings[0].stage_map.versions.get()
    version.rows = [{**row, "terminal": True} for row in version.rows]
    version.save()
    profiles = [desk.add(scenario.person(number)) for number in range(14)]
    desk.work(180)
    for profile in profiles:
        desk.sandbox.act("linkedin", "move", profile=profile, stage="Archived", by="urn:li:seat:52")
    desk.work(60)
    (halt,) = reports.list_halts(scope=EVERYTHING)
    rejected = [row["status"] for row in desk.sandbox.state("greenhouse")["applications"]].count("rejected")

    conflicts.agree_to_halt(mapping_id=halt.mapping_id, actor=None, now=clock.now())
    desk.work(60)

    assert rejected < 14 and halt.waiting == 14 - rejected
    statuses = [row["status"] for row in desk.sandbox.state("greenhouse")["applications"]]
    assert statuses.count("rejected") == 14
    assert reports.list_halts(scope=EVERYTHING) == ()
