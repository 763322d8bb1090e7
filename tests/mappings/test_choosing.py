"""A job chosen by hand, and suggestions dismissed and taken back (R6, RULES 15, 30)."""

from __future__ import annotations

import pytest

from apps.accounts.scope import EVERYONE, Scope, of_clients
from apps.core import clock
from apps.mappings import choosing, selectors, suggestions
from apps.mappings.models import ClientFolder, Dismissal, Job, Project
from tests.mappings.test_accepting import a_pair, accept
from tests.portal.factories import World, make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return make_world("Birch")


def jobs(project: int, text: str = "", scope: Scope = EVERYONE) -> list[str]:
    return [one.name for one in choosing.list_jobs(scope=scope, project_id=project, text=text)]


def offered(scope: Scope = EVERYONE) -> dict[str, list[str]]:
    found = suggestions.list_suggestions(scope=scope)
    return {one.name: [offer.job for offer in one.offers] for one in found}


def dismiss(project: int, job: int | None, scope: Scope = EVERYONE) -> Dismissal | None:
    return choosing.dismiss(scope=scope, project_id=project, job_id=job, by=None, now=clock.now())


def test_open_jobs_are_found_by_words_of_title_requisition_and_folder(world: World) -> None:
    project, _ = a_pair(world, 1, name="Glass Blower", folder_name="Fabrikam")
    a_pair(world, 2, name="Glass Cutter")
    a_pair(world, 3, name="Glass Seller", status="closed")

    assert jobs(project) == ["Glass Blower", "Glass Cutter", "Job Birch"]
    assert jobs(project, "glass 702") == ["Glass Cutter"]
    assert jobs(project, "fabri") == ["Glass Blower"]
    assert jobs(project, "seller") == []


def test_a_job_that_the_project_feeds_already_is_not_offered_again(world: World) -> None:
    assert jobs(world.mapping.project_id) == []


def test_what_is_ticked_stays_in_the_list_whatever_is_searched_for(world: World) -> None:
    project, first = a_pair(world, 1, name="Glass Blower")
    a_pair(world, 2, name="Glass Cutter")

    found = choosing.list_jobs(scope=EVERYONE, project_id=project, text="cutter", chosen={first})

    assert [one.name for one in found] == ["Glass Blower", "Glass Cutter"]


def test_a_job_is_mapped_by_hand_to_a_project_whose_name_means_none(world: World) -> None:
    _, job = a_pair(world)
    medalists = Project.objects.create(
        connection=world.linkedin, remote_id="m", name="Silver medalists", seen_at=clock.now()
    )

    assert accept((medalists.pk, job)) == []

    (made,) = choosing.list_jobs_of(scope=EVERYONE, project_id=medalists.pk)
    assert (made.job, made.leading, made.state) == ("Glass Blower", True, "draft")


def test_who_works_for_one_client_chooses_among_its_jobs_for_its_projects_rule_30(world: World) -> None:
    make_world("Cedar")
    _, mine = a_pair(world, 1, folder="8", name="Glass Blower")
    other, _ = a_pair(world, 2, folder="9", name="Glass Cutter")
    ClientFolder.objects.create(connection=world.ats, folder="8", client=world.client)
    scope = of_clients(world.client.pk)

    assert jobs(world.mapping.project_id, scope=scope) == ["Glass Blower"]
    assert choosing.project_is_visible(scope=scope, project_id=world.mapping.project_id)
    Project.objects.filter(pk=other).update(name="Something else")
    assert not choosing.project_is_visible(scope=scope, project_id=other)
    assert Job.objects.filter(pk=mine).exists()


def test_a_dismissed_suggestion_stays_away_until_it_is_taken_back(world: World) -> None:
    project, job = a_pair(world)
    other = a_pair(world, 2, name="Fitter")[0]
    before = offered()

    made = dismiss(project, job)

    assert before["REQ-701 Glass Blower"] == ["Glass Blower"] and offered()["REQ-701 Glass Blower"] == []
    assert [(one.project, one.job) for one in choosing.list_dismissed(scope=EVERYONE)] == [
        ("REQ-701 Glass Blower", "Glass Blower")
    ]
    assert dismiss(project, job) is None and dismiss(other, job) is None, "neither is suggested"
    assert made is not None and choosing.take_back(scope=EVERYONE, dismissal_id=made.pk)
    assert offered() == before


def test_a_project_that_is_to_feed_no_job_is_left_out_and_not_counted(world: World) -> None:
    project, _ = a_pair(world)
    assert selectors.count_unmapped(scope=EVERYONE) == 1

    dismiss(project, None)

    assert offered() == {} and selectors.count_unmapped(scope=EVERYONE) == 0


def test_who_works_for_one_client_dismisses_what_is_offered_to_them_alone_rule_30(world: World) -> None:
    cedar = make_world("Cedar")
    ClientFolder.objects.create(connection=world.ats, folder="9", client=cedar.client)
    project, job = a_pair(world, 1, folder="9")

    assert dismiss(project, job, of_clients(world.client.pk)) is None
    assert dismiss(project, None, of_clients(cedar.client.pk)) is None
    made = dismiss(project, job, of_clients(cedar.client.pk))

    assert made is not None
    assert choosing.list_dismissed(scope=of_clients(world.client.pk)) == ()
    assert not choosing.take_back(scope=of_clients(world.client.pk), dismissal_id=made.pk)
    assert len(choosing.list_dismissed(scope=of_clients(cedar.client.pk))) == 1
