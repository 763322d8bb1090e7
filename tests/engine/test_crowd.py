"""Fifty people, each in ten Projects of one job under ten spellings, some announced by Greenhouse meanwhile.

One person and one application each (RULES.md 2, 15, 17): whoever comes first makes the identity.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from apps.candidates.models import Candidacy, Person, Profile
from apps.demo import scenario
from tests.engine.conftest import ADDED_BY, Engine, running_engine

pytestmark = pytest.mark.django_db

PEOPLE = 50
PROJECTS = 10
APPLICANTS = 10


@pytest.fixture(scope="module")
def engine(engine_database: None) -> Iterator[Engine]:
    with running_engine(workers=4, projects_per_job=PROJECTS, lease=10, call=3) as running:
        yield running


def spelt(url: str, way: int) -> str:
    """The same public profile as people paste it (facts on LinkedIn's addresses)."""
    slug = url.rsplit("/", 1)[-1]
    return (
        f"https://www.linkedin.com/in/{slug}",
        f"https://www.linkedin.com/in/{slug}/",
        f"http://linkedin.com/in/{slug}",
        f"linkedin.com/in/{slug}",
        f"https://de.linkedin.com/in/{slug}/",
        f"https://www.linkedin.com/in/{slug.upper()}",
        f"https://www.linkedin.com/in/{slug}?trk=people-guest",
        f"https://m.linkedin.com/in/{slug}#experience",
        f"https://uk.linkedin.com/in/{slug}/en",
        f"  https://www.linkedin.com/in/{slug}/overlay/contact-info/ ",
    )[way]


def apply_in_greenhouse(engine: Engine, number: int) -> None:
    """They apply by themselves; Greenhouse's word of it takes a second, so that it meets the polls."""
    applicant = scenario.person(number)
    engine.sandbox.fault("greenhouse", "reorder", "new_candidate_application", seconds=1.0)
    engine.sandbox.act(
        "greenhouse",
        "apply",
        first_name=applicant["first"],
        last_name=applicant["last"],
        linkedin_url=spelt(applicant["url"], number % PROJECTS),
        job_id=int(engine.company.mappings[0].job.remote_id),
    )


def add_everywhere(engine: Engine, numbers: list[int]) -> None:
    """In each Project under another spelling; LinkedIn names the member of every other person only."""
    for way, mapping in enumerate(engine.company.mappings):
        people = [scenario.person(number) for number in numbers]
        engine.sandbox.act(
            "linkedin",
            "add_to_project",
            project=mapping.project.remote_id,
            people=[
                {**person, "url": spelt(person["url"], way), "member": person["member"] if number % 2 else ""}
                for number, person in zip(numbers, people, strict=True)
            ],
            by=ADDED_BY,
        )


def test_one_person_and_one_application_each(engine: Engine) -> None:
    numbers = engine.people(PEOPLE)

    for number in numbers[:APPLICANTS]:
        apply_in_greenhouse(engine, number)
    add_everywhere(engine, numbers)

    engine.wait(lambda: Profile.objects.filter(candidacy__isnull=False).count() == PEOPLE * PROJECTS, 120)
    engine.wait(lambda: len(engine.greenhouse["applications"]) >= PEOPLE, 120)
    engine.settle(180)

    assert len(engine.greenhouse["candidates"]) == PEOPLE
    assert len(engine.greenhouse["applications"]) == PEOPLE
    assert Person.objects.count() == PEOPLE
    assert Candidacy.objects.of_everyone().count() == PEOPLE
    assert not Candidacy.objects.of_everyone().filter(application_id="").exists()
    engine.check()
