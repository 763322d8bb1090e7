"""Writes that wait while people go on: whoever is left beside each other fits the map, or a question says why."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from apps.mappings.rules import StageTable
from apps.sync import plan
from apps.sync.plan import Decided, Policy, Side, Verdict
from tests.sync.test_any_map import POLICIES, STAGES, TABLES, VALUES
from tests.sync.test_plan import COARSE, agreed

START = datetime(2026, 11, 24, 9, tzinfo=UTC)


class Waiting:
    """Both systems and our rows, whose writes are made when they are told to."""

    def __init__(self, start: tuple[str, str], table: StageTable, policy: str) -> None:
        self.pair, self.table, self.policy = agreed(*start), table, Policy(policy)
        self.is_held, self.now = False, START
        self.story: list[str] = []

    def act(self, side: str, value: str) -> None:
        """What waits there is written, or somebody moves them there."""
        if value == "write":
            self.write(side)
        elif value != getattr(self.pair, side).observed:
            self.move(side, value)

    def move(self, side: str, value: str) -> None:
        """A person moves them there, and we read it."""
        self.now += timedelta(minutes=5)
        see = plan.see_linkedin if side == "linkedin" else plan.see_ats
        decided = see(self.pair, value, self.now, self.table, self.policy)
        self._set(side, observed=value, changed_at=self.now)
        self._store(decided)
        self.story.append(f"{value} in {side}: {decided}")

    def write(self, side: str) -> None:
        """What is wanted on one side is made and answered."""
        value = getattr(self.pair, side).desired
        if value:
            self._set(side, observed=value, changed_at=self.now)
            self._agree((self.pair.linkedin.observed, self.pair.ats.observed))
            self.pair = replace(self.pair, asked="" if self.fits() else self.pair.asked)
            self.story.append(f"{value} written to {side}")

    def _store(self, decided: Decided) -> None:
        if decided.drop_linkedin:
            self._set("linkedin", desired="")
        if decided.drop_ats:
            self._set("ats", desired="")
        if decided.agreed is not None:
            self._agree(decided.agreed)
        if decided.write_linkedin:
            self._set("linkedin", desired=decided.write_linkedin)
        if decided.write_ats:
            self._set("ats", desired=decided.write_ats)
        stays = decided.verdict in (Verdict.ECHO, Verdict.ALREADY_TRUE) and not self.fits()
        asked = decided.verdict in (Verdict.CONFLICT, Verdict.REFUSED)
        question = decided.why if asked else self.pair.asked if stays else ""
        self.pair = replace(self.pair, asked=question, asked_map=self.table.version)
        self.is_held = decided.verdict == Verdict.UNMAPPED or (stays and self.is_held)

    def fits(self) -> bool:
        return self.table.allows(self.pair.linkedin.observed, self.pair.ats.observed)

    def _agree(self, values: tuple[str, str]) -> None:
        sides = [replace(side, desired="", sent=()) for side in (self.pair.linkedin, self.pair.ats)]
        self.pair = replace(self.pair, linkedin=sides[0], ats=sides[1], agreed_linkedin=values[0], agreed_ats=values[1])

    def _set(self, side: str, **fields: object) -> None:
        self.pair = replace(self.pair, **{side: replace(getattr(self.pair, side), **fields)})  # type: ignore[arg-type]


ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("linkedin"), STAGES),
        st.tuples(st.just("ats"), VALUES),
        st.tuples(st.sampled_from(["linkedin", "ats"]), st.just("write")),
    ),
    max_size=8,
)


@given(table=TABLES.filter(lambda table: table.rows), acts=ACTS, policy=POLICIES, data=st.data())
@settings(max_examples=800, deadline=None)
def test_whoever_stands_where_the_map_does_not_allow_it_is_asked_about_rule_9(
    table: StageTable, acts: list[tuple[str, str]], policy: str, data: st.DataObject
) -> None:
    row = data.draw(st.sampled_from(table.rows))
    assume(table.allows(row.linkedin, row.ats))
    waiting = Waiting((row.linkedin, row.ats), table, policy)

    for side, value in acts:
        waiting.act(side, value)
    for side in ("ats", "linkedin"):
        waiting.write(side)

    assert waiting.fits() or waiting.pair.asked or waiting.is_held, "\n".join([str(table.rows), *waiting.story])


@given(table=TABLES.filter(lambda table: table.rows), acts=ACTS, policy=POLICIES, data=st.data())
@settings(max_examples=800, deadline=None)
def test_what_is_read_again_unchanged_changes_nothing_rule_27(
    table: StageTable, acts: list[tuple[str, str]], policy: str, data: st.DataObject
) -> None:
    row = data.draw(st.sampled_from(table.rows))
    assume(table.allows(row.linkedin, row.ats))
    waiting = Waiting((row.linkedin, row.ats), table, policy)

    for side, value in acts:
        waiting.act(side, value)
        assert_nothing_new(waiting)
    for side in ("ats", "linkedin"):
        waiting.write(side)
    assert_nothing_new(waiting)


def assert_nothing_new(waiting: Waiting) -> None:
    """Either side read again as it stands, at any moment."""
    for see, side in ((plan.see_ats, waiting.pair.ats), (plan.see_linkedin, waiting.pair.linkedin)):
        decided = see(waiting.pair, side.observed, side.changed_at, waiting.table, waiting.policy)
        story = "\n".join([str(waiting.table.rows), *waiting.story, f"{side} again: {decided}"])
        assert not (decided.write_ats or decided.write_linkedin), story
        assert not (waiting.pair.linkedin.wants and decided.drop_linkedin), story
        assert not (waiting.pair.ats.wants and decided.drop_ats), story


@pytest.mark.parametrize("policy, verdict", [("newest", Verdict.WRITE), ("ask", Verdict.CONFLICT)])
def test_a_return_in_the_ats_agrees_to_nothing_while_linkedin_stands_elsewhere_rule_9(
    policy: str, verdict: Verdict
) -> None:
    """Moved back in LinkedIn, which the row forbids; then on in the ATS, and there back to what was agreed."""
    elsewhere = replace(agreed("In Progress", "onsite"), linkedin=Side("Contacted", START))
    on = Side("phone", START + timedelta(hours=1))
    later = START + timedelta(hours=2)

    decided = plan.see_ats(replace(elsewhere, ats=on), "onsite", later, COARSE, Policy(policy))

    assert (decided.verdict, decided.drop_linkedin) == (verdict, False)
    assert decided.write_linkedin == ("In Progress" if verdict == Verdict.WRITE else "")


def test_a_return_in_linkedin_agrees_to_nothing_while_the_ats_stands_elsewhere_rule_9() -> None:
    elsewhere = replace(agreed("In Progress", "phone"), ats=Side("offer", START), linkedin=Side("Contacted", START))

    decided = plan.see_linkedin(elsewhere, "In Progress", START + timedelta(hours=2), COARSE, Policy("ask"))

    assert decided.verdict != Verdict.ECHO


@pytest.mark.parametrize("asked, verdict", [(True, Verdict.CONFLICT), (False, Verdict.WRITE)])
def test_a_question_stays_open_while_nothing_new_is_read_rule_27(asked: bool, verdict: Verdict) -> None:
    """Both had changed, then LinkedIn went back to what was agreed: reading the ATS once more decides nothing."""
    pair = replace(agreed("Contacted", "review"), ats=Side("phone", START))
    pair = replace(pair, asked="Which one?" if asked else "", asked_map=COARSE.version)

    assert plan.see_ats(pair, "phone", START, COARSE, Policy("ask")).verdict == verdict


def test_a_write_that_waits_is_not_dropped_by_a_second_reading_of_what_asked_for_it_rule_9() -> None:
    """LinkedIn stands elsewhere, the ATS came back to what was agreed, and the newest wins: two webhooks tell of it."""
    stands = replace(agreed("In Progress", "phone"), linkedin=Side("Contacted", START))
    first = plan.see_ats(
        replace(stands, ats=Side("onsite", START)), "phone", START + timedelta(hours=1), COARSE, Policy("newest")
    )
    assert first.write_linkedin == "In Progress"

    waits = replace(stands, linkedin=replace(stands.linkedin, desired="In Progress"))
    again = plan.see_ats(waits, "phone", START + timedelta(hours=1), COARSE, Policy("newest"))

    assert (again.verdict, again.drop_linkedin) == (Verdict.ECHO, False)
