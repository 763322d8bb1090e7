"""The set of Projects' names is what it says it is."""

from __future__ import annotations

import pytest

from apps.mappings.naming import SURE, USUAL, JobNamed, Jobs
from tests.mappings.project_names import JOBS, PROJECTS


def test_sixty_names_of_which_many_fit_none_or_two() -> None:
    fits = [len(jobs) for _, jobs in PROJECTS]

    assert len(PROJECTS) == len({name for name, _ in PROJECTS}) == 60
    assert fits.count(0) >= 15 and fits.count(2) >= 15
    assert {job for _, jobs in PROJECTS for job in jobs} <= {key for key, *_ in JOBS}


SCORED = Jobs([JobNamed(*job) for job in JOBS])


def test_precision_and_recall_over_the_sixty_names() -> None:
    """R6: recall at least 0.8; no wrong job first with a score over 0.9."""
    right = suggested = wanted = 0
    wrong = []
    for name, jobs in PROJECTS:
        found = SCORED.suggest(name, USUAL)
        right += sum(one.key in jobs for one in found)
        suggested += len(found)
        wanted += len(jobs)
        if found and found[0].key not in jobs and found[0].score > SURE:
            wrong.append((name, found[0]))

    precision, recall = right / suggested, right / wanted
    print(f"suggestions: {suggested} for {len(PROJECTS)} names, precision {precision:.2f}, recall {recall:.2f}")
    assert wrong == []
    assert recall >= 0.8
    assert precision >= 0.8


@pytest.mark.parametrize(("name", "jobs"), PROJECTS)
def test_what_is_ticked_for_a_person_is_right(name: str, jobs: tuple[str, ...]) -> None:
    for one in SCORED.suggest(name, USUAL):
        assert not one.sure or one.key in jobs, one
