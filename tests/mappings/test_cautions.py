"""What is said of a stage map before it is saved."""

from __future__ import annotations

import pytest

from apps.mappings.cautions import cautions
from apps.mappings.rules import HIRED, REJECTED, Direction, MapRow, diff_rows

LINKEDIN = ("Contacted", "In Progress", "Hired", "Archived")
ATS = {"review": "Application Review", "phone": "Phone Screen", "onsite": "Onsite"}
SAFE = (
    MapRow("Contacted", "review"),
    MapRow("In Progress", "phone"),
    MapRow("In Progress", "onsite"),
    MapRow("Hired", HIRED, Direction.TO_LINKEDIN),
    MapRow("Archived", REJECTED, Direction.TO_LINKEDIN),
)


def kinds(*rows: MapRow, linkedin: tuple[str, ...] = LINKEDIN) -> dict[str, tuple[bool, tuple[int, ...]]]:
    return {one.kind: (one.grave, one.rows) for one in cautions(rows, linkedin=linkedin, ats=ATS)}


def test_a_usual_map_is_coarse_and_one_way_and_nothing_in_it_is_grave() -> None:
    assert kinds(*SAFE) == {"coarse": (False, (2, 3)), "one_way": (False, (5,))}


def test_a_map_that_shows_every_stage_as_one_is_grave() -> None:
    rows = [MapRow("Active", stage) for stage in ATS]

    assert kinds(*rows, linkedin=("Active",))["coarse"] == (True, (1, 2, 3))


@pytest.mark.parametrize(
    ("row", "kind", "words"),
    [
        (MapRow("Archived", "phone"), "ambiguous", "Archived never shows it"),
        (MapRow("Contacted", "gone"), "gone", "lists no stage gone any more"),
        (MapRow("Archived", REJECTED, terminal=True), "terminal", "rejects them"),
        (MapRow("Hired", HIRED, terminal=True), "terminal", "hires them"),
        (MapRow("Contacted", "review", terminal=True), "terminal", "reopens their application"),
    ],
)
def test_what_a_row_may_do_unlooked_for_is_grave(row: MapRow, kind: str, words: str) -> None:
    found = [one for one in cautions((*SAFE, row), linkedin=LINKEDIN, ats=ATS) if one.grave and one.kind == kind]

    assert [words in one.said for one in found] == [True]


def test_stages_without_a_row_are_named_on_both_sides() -> None:
    found = cautions(SAFE[:2], linkedin=LINKEDIN, ats=ATS)

    said = " ".join(one.said for one in found if one.kind == "unmapped")
    assert "LinkedIn’s Hired and Archived" in said and "Onsite of the ATS" in said


def test_a_row_that_only_shows_an_end_is_told_as_one_way_rule_11() -> None:
    (found,) = [one for one in cautions((MapRow("Hired", HIRED),), linkedin=(), ats={}) if one.kind == "one_way"]

    assert found.said == "Hired shows as Hired; Hired in LinkedIn does nothing in the ATS."


def test_a_row_that_changed_is_gone_and_new() -> None:
    changed = (MapRow("Contacted", "phone"), *SAFE[1:])

    assert diff_rows(SAFE, changed) == ((SAFE[0],), (changed[0],))
