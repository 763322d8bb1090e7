"""Any stage map that an editor can save: no sequence of moves makes the two sides ping-pong (RULES 8, 10, 14)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from apps.mappings.rules import HIRED, REJECTED, Direction, MapRow, StageTable
from apps.sync import plan, reapply
from apps.sync.plan import Decided, Pair, Policy, Side

START = datetime(2026, 11, 24, 9, tzinfo=UTC)
ORDER = {"review": 0, "phone": 1, "onsite": 2, "offer": 3}
STAGES = st.sampled_from(["Contacted", "Replied", "In Progress", "Hired", "Archived", "Other"])
VALUES = st.sampled_from([*ORDER, REJECTED, HIRED])
ROW = st.builds(
    MapRow,
    linkedin=STAGES,
    ats=VALUES,
    direction=st.sampled_from(Direction),
    backward=st.booleans(),
    terminal=st.booleans(),
)
TABLES = st.lists(ROW, max_size=10).map(lambda rows: StageTable(version=1, rows=tuple(rows), order=ORDER))
MOVES = st.lists(st.one_of(st.tuples(st.just("linkedin"), STAGES), st.tuples(st.just("ats"), VALUES)), max_size=8)
POLICIES = st.sampled_from(["newest", "ats", "linkedin", "ask"])


class Systems:
    """Both systems and our rows: each move is read, what is decided is written, what was written is read."""

    def __init__(self, start: tuple[str, str], table: StageTable, policy: str) -> None:
        linkedin, ats = start
        self.pair = Pair(Side(linkedin, START), Side(ats, START), agreed_linkedin=linkedin, agreed_ats=ats)
        self.table, self.policy = table, Policy(policy)
        self.writes: list[tuple[str, str]] = []
        self.now = START

    def read(self, side: str, value: str) -> Decided:
        """One reading of one side, and all that follows from it at once."""
        self.now += timedelta(minutes=5)
        see = plan.see_linkedin if side == "linkedin" else plan.see_ats
        decided = see(self.pair, value, self.now, self.table, self.policy)
        seen = replace(getattr(self.pair, side), observed=value, changed_at=self.now)
        self.pair = replace(self.pair, **{side: seen})
        self.carry_out(decided)
        return decided

    def carry_out(self, decided: Decided) -> None:
        linkedin, ats = self.pair.linkedin.observed, self.pair.ats.observed
        if decided.write_ats:
            self._written("ats", decided.write_ats, (linkedin, decided.write_ats))
        elif decided.write_linkedin:
            self._written("linkedin", decided.write_linkedin, (decided.write_linkedin, ats))
        elif decided.agreed is not None:
            self._agree(decided.agreed)

    def _written(self, side: str, value: str, pair: tuple[str, str]) -> None:
        self.writes.append((side, value))
        self._agree(pair)

    def _agree(self, pair: tuple[str, str]) -> None:
        self.pair = Pair(Side(pair[0], self.now), Side(pair[1], self.now), agreed_linkedin=pair[0], agreed_ats=pair[1])

    def look_again(self) -> None:
        """Both sides are polled twice more, in turn, though nobody moved."""
        for side in ("ats", "linkedin", "ats", "linkedin"):
            self.read(side, getattr(self.pair, side).observed)


@given(table=TABLES, start=st.tuples(STAGES, VALUES), moves=MOVES, policy=POLICIES)
@settings(max_examples=400, deadline=None)
def test_one_move_of_a_person_is_one_write_at_most_whatever_the_map(
    table: StageTable, start: tuple[str, str], moves: list[tuple[str, str]], policy: str
) -> None:
    systems = Systems(start, table, policy)

    for side, value in moves:
        before = len(systems.writes)
        if value != getattr(systems.pair, side).observed:
            systems.read(side, value)
        once = len(systems.writes)
        assert once - before <= 1
        systems.look_again()
        late = len(systems.writes)
        assert late - once <= 1, "a move that could not travel before may do so now"
        systems.look_again()
        assert systems.writes[late:] == [], "nobody moved since"


@given(table=TABLES, start=st.tuples(STAGES, VALUES), stage=STAGES, policy=POLICIES)
@settings(max_examples=400, deadline=None)
def test_no_coarse_row_moves_anyone_back_rule_10(
    table: StageTable, start: tuple[str, str], stage: str, policy: str
) -> None:
    systems = Systems(start, table, policy)
    here = systems.pair.ats.observed

    decided = systems.read("linkedin", stage)

    row = table.target_of(stage)
    if table.shown_as(here) == stage:
        assert decided.write_ats == "", "they are shown as that already"
    if decided.write_ats and table.is_backward(from_ats=here, to_ats=decided.write_ats):
        assert row is not None and row.backward


@given(old=TABLES, new=TABLES, start=st.tuples(STAGES, VALUES), linkedin_leads=st.booleans(), policy=POLICIES)
@settings(max_examples=400, deadline=None)
def test_applying_a_version_twice_writes_once_and_nothing_comes_back_rule_14(
    old: StageTable, new: StageTable, start: tuple[str, str], linkedin_leads: bool, policy: str
) -> None:
    systems = Systems(start, old, policy)
    here = systems.pair.ats.observed
    systems.table = replace(new, version=2)

    systems.carry_out(reapply.reapply(systems.pair, systems.table, linkedin_leads=linkedin_leads))
    first = list(systems.writes)
    again = reapply.reapply(systems.pair, systems.table, linkedin_leads=linkedin_leads)
    systems.look_again()

    assert len(first) <= 1
    assert systems.writes == first
    assert not (first and (again.write_ats or again.write_linkedin))
    for side, value in first:
        row = new.target_of(systems.pair.linkedin.observed)
        back = side == "ats" and new.is_backward(from_ats=here, to_ats=value)
        assert not back or (row is not None and row.backward)
