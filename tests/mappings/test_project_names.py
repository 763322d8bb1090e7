"""The set of Projects' names is what it says it is."""

from __future__ import annotations

from tests.mappings.project_names import JOBS, PROJECTS


def test_sixty_names_of_which_many_fit_none_or_two() -> None:
    fits = [len(jobs) for _, jobs in PROJECTS]

    assert len(PROJECTS) == len({name for name, _ in PROJECTS}) == 60
    assert fits.count(0) >= 15 and fits.count(2) >= 15
    assert {job for _, jobs in PROJECTS for job in jobs} <= {key for key, *_ in JOBS}
