"""Suggestions on their page: dismissed, left out, taken back; a job chosen by hand (R6, RULES.md 15, 30)."""

from __future__ import annotations

import pytest
from django.test import Client as Browser
from django.urls import reverse

from apps.accounts.rights import Role
from apps.mappings.models import Dismissal, Mapping, Project
from tests.mappings.test_accepting import a_pair
from tests.portal.factories import World, make_user, make_world
from tests.portal.test_pages import text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return make_world("Birch")


@pytest.fixture
def ops(client: Browser, world: World) -> Browser:
    client.force_login(make_user(Role.OPS, all_clients=True))
    return client


def test_a_suggestion_is_dismissed_and_undone_from_the_same_page(ops: Browser, world: World) -> None:
    project, job = a_pair(world)

    page = ops.post("/mappings/suggestions/dismiss/", {"dismiss": f"{project}:{job}"}, follow=True).content.decode()

    kept = Dismissal.objects.get()
    undo = reverse("portal:take_back_dismissal", args=[kept.pk])
    assert "Not suggested again." in page and undo in page and "1 dismissed" in page
    assert "Glass Blower" in text_of(ops, "/mappings/suggestions/dismissed/")
    ops.post(undo)
    assert not Dismissal.objects.exists()


def test_a_project_is_left_out_of_the_suggestions(ops: Browser, world: World) -> None:
    project, _ = a_pair(world)
    Project.objects.filter(pk=project).update(name="Silver medalists")
    assert "Silver medalists" in text_of(ops, "/mappings/suggestions/")

    ops.post("/mappings/suggestions/dismiss/", {"dismiss": f"{project}:"})

    assert "Silver medalists" not in text_of(ops, "/mappings/suggestions/")
    assert "feeds no job" in text_of(ops, "/mappings/suggestions/dismissed/")


@pytest.mark.parametrize("odd", ["", "x", ":", "9:9", "1:x", "9" * 30 + ":1"])
def test_an_odd_dismissal_changes_nothing(ops: Browser, world: World, odd: str) -> None:
    a_pair(world)

    assert ops.post("/mappings/suggestions/dismiss/", {"dismiss": odd}).status_code == 302

    assert not Dismissal.objects.exists()


def test_jobs_are_listed_to_choose_from_and_htmx_gets_the_list_alone(ops: Browser, world: World) -> None:
    project, job = a_pair(world)
    address = reverse("portal:choose_job", args=[project])

    page = text_of(ops, address)
    part = ops.get(f"{address}?q=blower&pair={project}:{job}", headers={"HX-Request": "true"}).content.decode()

    assert "Glass Blower" in page and "Job Birch" in page
    assert "checked" in part and "Glass Blower" in part and "<main" not in part


def test_a_projects_further_job_is_added_and_made_to_lead_on_the_mappings_page_rule_15(
    ops: Browser, world: World
) -> None:
    _, job = a_pair(world)
    pair = f"{world.mapping.project_id}:{job}"
    ops.post("/mappings/suggestions/accept/", {"pair": pair, "confirmed": "1"})
    further = Mapping.objects.of_everyone().get(job=job)
    page = text_of(ops, f"/mappings/{world.mapping.pk}/")
    assert "Glass Blower Client Birch, greenhouse Birch. People come here by a person’s decision." in page

    ops.post(reverse("portal:lead_mapping", args=[further.pk]))

    led = Mapping.objects.of_everyone().filter(project=world.mapping.project, leading=True)
    assert [one.pk for one in led] == [further.pk]
