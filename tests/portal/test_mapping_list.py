"""The list of mappings: narrowed by client, system and job from its address; what it proposes (R6, RULES.md 15, 30)."""

from __future__ import annotations

import re

import pytest
from django.test import Client as Browser

from apps.accounts.rights import Role
from apps.core import clock
from apps.mappings import lifecycle
from apps.mappings.models import Job, Mapping, MappingState, Project, Seat
from apps.mappings.rules import HIRED, Direction, MapRow, rows_to_json
from tests.portal.factories import World, make_user, make_world
from tests.portal.test_pages import text_of

pytestmark = pytest.mark.django_db

LIST = "/mappings/"


@pytest.fixture
def worlds(client: Browser) -> tuple[World, World]:
    client.force_login(make_user(Role.OPS, all_clients=True))
    return make_world("Birch"), make_world("Cedar")


def rows(browser: Browser, query: str) -> list[str]:
    """The words of the worlds whose mapping is listed."""
    shown = text_of(browser, f"{LIST}{query}", **{"HX-Request": "true"})
    return [word for word in ("Birch", "Cedar") if f"Project {word}" in shown]


def test_mappings_are_narrowed_by_client_and_by_system_from_the_address(
    client: Browser, worlds: tuple[World, World]
) -> None:
    birch, cedar = worlds

    assert rows(client, "") == ["Birch", "Cedar"]
    assert rows(client, f"?client={cedar.client.pk}") == ["Cedar"]
    assert rows(client, f"?client={cedar.client.pk}&client={birch.client.pk}") == ["Birch", "Cedar"]
    assert rows(client, f"?system={birch.ats.pk}") == ["Birch"]
    assert rows(client, f"?system={birch.ats.pk}&client={cedar.client.pk}") == []


def test_each_filter_is_a_chip_that_takes_itself_away_and_leaves_the_others(
    client: Browser, worlds: tuple[World, World]
) -> None:
    birch, _ = worlds

    page = client.get(f"{LIST}?client={birch.client.pk}&system={birch.ats.pk}&state=live").content.decode()

    assert f'href="?state=live&amp;system={birch.ats.pk}"' in page
    assert f'href="?state=live&amp;client={birch.client.pk}"' in page
    assert f'href="?client={birch.client.pk}&amp;system={birch.ats.pk}"' in page


@pytest.mark.parametrize("odd", ["?client=x", "?system=x", "?client=&system=", "?shut=maybe", "?after=-1"])
def test_an_odd_filter_narrows_nothing(client: Browser, worlds: tuple[World, World], odd: str) -> None:
    assert rows(client, odd) == ["Birch", "Cedar"]


def test_another_clients_id_narrows_nothing_for_who_may_not_see_it_rule_30(
    client: Browser, worlds: tuple[World, World]
) -> None:
    birch, cedar = worlds
    client.force_login(make_user(Role.OPS, birch.client))

    assert rows(client, f"?client={cedar.client.pk}") == ["Birch"]
    assert "Cedar" not in client.get(f"{LIST}?system={cedar.ats.pk}").content.decode()


def test_mappings_whose_job_is_not_open_are_told_and_shown(client: Browser, worlds: tuple[World, World]) -> None:
    birch, _ = worlds
    Job.objects.filter(pk=birch.mapping.job_id).update(status="closed")

    assert "1 mapping feeds a job that is not open" in text_of(client, LIST)
    assert rows(client, "?shut=1") == ["Birch"]
    Mapping.objects.of_everyone().filter(pk=birch.mapping.pk).update(state=MappingState.ENDED)
    assert "not open" not in text_of(client, LIST)


def test_a_mapping_whose_job_is_filled_proposes_and_changes_nothing(
    client: Browser, worlds: tuple[World, World]
) -> None:
    birch, _ = worlds
    Job.objects.filter(pk=birch.mapping.job_id).update(status="closed")

    page = text_of(client, f"{LIST}{birch.mapping.pk}/")

    assert "1 person is in play; whoever is added meanwhile waits." in page
    assert page.index("Pause") < page.index("Choose another job") < page.index("End")
    assert Mapping.objects.of_everyone().get(pk=birch.mapping.pk).state == MappingState.LIVE


def test_another_open_job_of_the_project_is_proposed_to_lead(client: Browser, worlds: tuple[World, World]) -> None:
    birch, cedar = worlds
    Job.objects.filter(pk=birch.mapping.job_id).update(status="closed")
    Mapping.objects.of_everyone().filter(pk=cedar.mapping.pk).update(project=birch.mapping.project, leading=False)

    assert "Let Job Cedar lead" in text_of(client, f"{LIST}{birch.mapping.pk}/")


@pytest.mark.parametrize(
    ("facts", "proposed"),
    [
        ({"people": 3}, ("paused", "another", "ended")),
        ({"people": 0}, ("ended", "paused", "another")),
        ({"people": 3, "other": True}, ("lead", "paused", "another", "ended")),
        ({"people": 0, "vanished": True}, ("another", "ended")),
        ({"shut": False}, ()),
        ({"state": "ended"}, ()),
        ({"state": "draft", "people": 0}, ("ended", "another")),
    ],
)
def test_what_is_proposed_once_a_job_is_not_open(facts: dict[str, object], proposed: tuple[str, ...]) -> None:
    kept = {"state": "live", "shut": True, "vanished": False, "people": 1, "other": False, **facts}

    assert lifecycle.proposals(kept.pop("state"), **kept) == proposed


def test_a_recruiter_who_left_and_owns_a_project_is_named_with_the_way_to_hand_over(
    client: Browser, worlds: tuple[World, World]
) -> None:
    birch, _ = worlds
    gone = Seat.objects.create(connection=birch.linkedin, remote_id="g", name="Grace", active=False)
    Project.objects.filter(pk=birch.mapping.project_id).update(owner_seat="g", seen_at=clock.now())

    page = client.get(LIST).content.decode()

    assert "Grace left LinkedIn and is named as owner still" in page
    assert f"/mappings/hand-over/?from={gone.pk}" in page


def looked_at(browser: Browser, **posted: object) -> str:
    """The preview of what is done to many, as text."""
    return re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", browser.post("/mappings/bulk/", posted).content.decode()))


def test_all_that_fit_the_lists_filters_are_looked_at_together(client: Browser, worlds: tuple[World, World]) -> None:
    _, cedar = worlds

    everything = looked_at(client, do="paused", every="")
    fitting = looked_at(client, do="paused", every=f"?client={cedar.client.pk}")

    assert "Pause: 2" in everything and "Project Birch" in everything and "Project Cedar" in everything
    assert "Pause: 1" in fitting and "Project Birch" not in fitting
    assert set(Mapping.objects.of_everyone().values_list("state", flat=True)) == {MappingState.LIVE}, "looking"


def test_all_that_fit_are_those_of_ones_own_clients_rule_30(client: Browser, worlds: tuple[World, World]) -> None:
    birch, cedar = worlds
    client.force_login(make_user(Role.OPS, birch.client))

    for every in ("", f"?client={cedar.client.pk}", "?client=x\0"):
        shown = looked_at(client, do="paused", every=every)
        assert "Pause: 1" in shown and "Cedar" not in shown


def test_before_many_go_live_each_says_what_its_stage_map_asks_to_look_at(
    client: Browser, worlds: tuple[World, World]
) -> None:
    birch, cedar = worlds
    gone, safe = MapRow("Contacted", "gone"), MapRow("Contacted", HIRED, Direction.TO_LINKEDIN)
    for world, row in ((birch, gone), (cedar, safe)):
        Mapping.objects.of_everyone().filter(pk=world.mapping.pk).update(state=MappingState.DRAFT)
        Project.objects.filter(pk=world.mapping.project_id).update(stages=["Contacted"])
        versions = world.mapping.stage_map.versions
        versions.create(number=1, rows=rows_to_json([row]), reason="First", created_at=clock.now())

    shown = looked_at(client, do="live", every="")

    assert "Go live: 2" in shown and "The stage maps of 1 ask for a look first" in shown
    assert "1 to look at in the stage map of Project Birch" in shown
    assert "nothing to worry about in the stage map of Project Cedar" in shown


def test_a_page_tells_how_many_fit_in_all(client: Browser, worlds: tuple[World, World]) -> None:
    birch, _ = worlds
    page = text_of(client, LIST)
    narrowed = client.get(f"{LIST}?client={birch.client.pk}").content.decode()

    assert "2 shown" in page and "all 2" in page
    assert "1 shown" in narrowed and 'name="every"' not in narrowed, "one is ticked as quickly"
