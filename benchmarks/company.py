"""A company for a benchmark: a recruiter's Projects in LinkedIn's sandbox, people in them, no remote limit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from apps.candidates.models import Profile
from apps.demo import scenario
from apps.demo.scenario import Company
from apps.demo.smoke import wait_until
from apps.demo.stack import Stack

BY = "urn:li:seat:52"
NO_LIMIT = 1_000_000
AT_ONCE = 500


def start(
    running: Stack,
    *,
    every_seconds: Mapping[str, int],
    projects: Sequence[str] = ("Data Engineer",),
    shows_after: float = 0,
) -> Company:
    """Connect both systems; a record that Greenhouse has made shows after so many seconds."""
    return scenario.build(
        running.sandbox,
        web=running.web,
        names=list(projects),
        daily_limit=NO_LIMIT,
        every_seconds=dict(every_seconds),
        ats={"ceiling": NO_LIMIT, "visible_after": shows_after},
        options={"visible_after_seconds": shows_after},
    )


def add(sandbox: Any, company: Company, numbers: range, *, mapping: int = 0) -> None:
    """Save so many people to a Project, some hundreds at once."""
    project = company.mappings[mapping].project.remote_id
    for first in range(numbers.start, numbers.stop, AT_ONCE):
        people = [scenario.person(number) for number in range(first, min(first + AT_ONCE, numbers.stop))]
        sandbox.act("linkedin", "add_to_project", project=project, people=people, by=BY)


def bring_in(sandbox: Any, company: Company, people: int, *, within: float) -> dict[str, int]:
    """Save them to the first Project and wait until all are in step; the application of each profile."""
    add(sandbox, company, range(people))
    wait_until(lambda: len(in_step()) == people, within)
    return in_step()


def in_step() -> dict[str, int]:
    """The application of each profile that both sides agree about."""
    agreed = Profile.objects.exclude(agreed_ats="").values_list("remote_id", "candidacy__application_id")
    return {profile: int(application) for profile, application in agreed if application}
