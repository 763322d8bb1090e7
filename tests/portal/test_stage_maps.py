"""The stage map editor: rows by form, warnings, preview, versions, restore (R7)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client as Browser
from django.urls import reverse

from apps.accounts.rights import Role
from apps.accounts.scope import of_clients
from apps.core import clock
from apps.ledger.models import Event
from apps.mappings import choices, map_services, stage_maps
from apps.mappings.models import ChoiceKind, JobStage, Mapping, MappingState, Project, StageMap, StageMapVersion
from apps.mappings.rules import REJECTED, Direction, MapRow, rows_to_json
from apps.providers import contract
from apps.sync import map_reports
from apps.sync.models import MapRun
from tests.portal.factories import World, make_event, make_map_run, make_user, make_world
from tests.portal.test_pages import text_of

pytestmark = pytest.mark.django_db

ROWS = (MapRow("Stage Birch", "s0"), MapRow("Replied", "s1"))


@pytest.fixture
def world() -> World:
    world = make_world("Birch")
    for place, name in enumerate(["Review", "Phone Screen", "Onsite"]):
        JobStage.objects.create(connection=world.ats, remote_id=f"s{place}", name=name, order=place)
    world.mapping.project.stages = ["Stage Birch", "Replied", "Hired"]
    world.mapping.project.save()
    rows = rows_to_json(ROWS)
    world.mapping.stage_map.versions.create(number=1, rows=rows, reason="First", created_at=clock.now())
    settled(world, "Stage Birch", "s0")
    return world


@pytest.fixture
def ops(client: Browser, world: World) -> Browser:
    client.force_login(make_user(Role.OPS, world.client))
    return client


def settled(world: World, linkedin: str, ats: str) -> None:
    world.candidacy.ats_observed = ats
    world.candidacy.save()
    world.candidacy.profiles.update(observed=linkedin, agreed_linkedin=linkedin, agreed_ats=ats)


def address(world: World, name: str = "stage_map") -> str:
    return reverse(f"portal:{name}", args=[world.mapping.stage_map_id])


def posted(*rows: MapRow, **more: Any) -> dict[str, Any]:
    """What the form sends for these rows."""
    found = {"after": "1", "why": "Because"}
    for place, row in enumerate(rows, 1):
        mean = "back" if row.backward else "reject" if row.terminal else "move"
        found |= {f"li-{place}": row.linkedin, f"ats-{place}": row.ats, f"dir-{place}": row.direction.value}
        found |= {f"mean-{place}": mean, f"reason-{place}": row.reason}
    return found | more


def numbers(world: World) -> list[int]:
    return list(world.mapping.stage_map.versions.order_by("number").values_list("number", flat=True))


def test_the_editor_shows_both_sides_stages_in_their_order_and_who_is_where(ops: Browser, world: World) -> None:
    page = ops.get(address(world)).content.decode()

    assert page.index(">Review<") < page.index(">Phone Screen<") < page.index(">Onsite<")
    assert 'aria-label="Row 1, LinkedIn stage"' in page and 'aria-label="Row 2, Greenhouse Birch stage"' not in page
    assert "No row names Onsite of the ATS" in page and "stays where they are" in page


def test_a_draft_says_what_it_would_do_and_saves_nothing(ops: Browser, world: World) -> None:
    rows = (MapRow("Replied", "s0"), MapRow("Stage Birch", "s1"))

    page = ops.post(address(world, "draft_map"), posted(*rows, do="preview")).content.decode()

    assert "What this changes for today’s 1 candidate" in page
    assert "goes to Replied in LinkedIn" in page and "Ada Birch" in page
    assert numbers(world) == [1]


@pytest.mark.parametrize(
    ("do", "shown"),
    [("add", 3), ("remove:1", 1), ("add-ats:s2", 3), ("add-linkedin:Hired", 3), ("up:2", 2), ("up:99", 2), ("?", 2)],
)
def test_rows_are_added_moved_and_removed_by_buttons_alone(ops: Browser, world: World, do: str, shown: int) -> None:
    page = ops.post(address(world, "draft_map"), posted(*ROWS, do=do)).content.decode()

    assert page.count(", LinkedIn stage") == shown


def test_the_order_of_rows_is_kept_since_the_first_counts(ops: Browser, world: World) -> None:
    ops.post(address(world, "save_map"), posted(*reversed(ROWS)))

    assert [row["ats"] for row in world.mapping.stage_map.versions.get(number=2).rows] == ["s1", "s0"]


def test_saving_makes_a_version_with_author_and_reason(ops: Browser, world: World) -> None:
    rows = (*ROWS, MapRow("Hired", "s2", backward=True))

    answer = ops.post(address(world, "save_map"), posted(*rows, why="Onsite was missing"))

    version = world.mapping.stage_map.versions.get(number=2)
    assert answer.status_code == 302
    assert (version.reason, version.author is not None) == ("Onsite was missing", True)
    assert version.rows == rows_to_json(rows)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"why": " "}, "Say in a few words why"),
        ({"after": "0"}, "Version 1 was saved meanwhile"),
        ({"ats-1": "elsewhere"}, "Row 1 names a stage that is not there"),
        ({"li-1": "Nowhere"}, "Row 1 names a stage that is not there"),
        ({"li-2": "Stage Birch", "ats-2": "s2"}, "Row 2 is there twice"),
    ],
)
def test_what_cannot_be_saved_says_why_and_keeps_the_rows(
    ops: Browser, world: World, more: dict[str, str], said: str
) -> None:
    rows = (MapRow("Stage Birch", "s2"), MapRow("Replied", "s1"))

    page = ops.post(address(world, "save_map"), posted(*rows, **more)).content.decode()

    assert said in page and page.count(", LinkedIn stage") == 2
    assert numbers(world) == [1]


def test_the_same_rows_again_are_no_version(ops: Browser, world: World) -> None:
    assert "Nothing differs from version 1" in ops.post(address(world, "save_map"), posted(*ROWS)).content.decode()


def list_reasons(world: World, **names: str) -> None:
    listed = [contract.Choice(key[1:], name) for key, name in names.items()]
    choices.store_choices(connection_id=world.ats.pk, kind=ChoiceKind.REASON, choices=listed)


def test_a_rejection_from_linkedin_has_to_be_said_and_may_have_a_reason_rule_11(ops: Browser, world: World) -> None:
    list_reasons(world, r77="Too junior", r78="Withdrew")
    plain = posted(*ROWS, MapRow("Hired", "!rejected"))
    ops.post(address(world, "save_map"), plain)
    assert world.mapping.stage_map.versions.get(number=2).rows[2]["terminal"] is False

    said = posted(*ROWS, MapRow("Hired", "!rejected", terminal=True, reason="77"), after="2")
    ops.post(address(world, "save_map"), said)

    saved = world.mapping.stage_map.versions.get(number=3).rows[2]
    assert (saved["terminal"], saved["reason"]) == (True, "77")
    assert "reason Too junior" in text_of(ops, reverse("portal:map_version", args=[world.mapping.stage_map_id, 3]))


def test_a_reason_is_chosen_from_the_ats_own_list_and_one_that_went_is_said(ops: Browser, world: World) -> None:
    list_reasons(world, r77="Too junior", r78="Withdrew")
    row = MapRow("Hired", "!rejected", terminal=True, reason="77")
    unknown = ops.post(address(world, "save_map"), posted(*ROWS, replace(row, reason="99"))).content.decode()
    assert "Row 3 names a reason that is not there" in unknown
    ops.post(address(world, "save_map"), posted(*ROWS, row))

    list_reasons(world, r78="Withdrew")
    page = ops.get(address(world)).content.decode()

    assert '<option value="77" selected>Too junior (gone)</option>' in page
    assert '<option value="78">Withdrew</option>' in page


def test_an_older_version_is_opened_to_be_restored(ops: Browser, world: World) -> None:
    ops.post(address(world, "save_map"), posted(ROWS[0]))

    page = ops.get(f"{address(world)}?restore=1").content.decode()

    assert page.count(", LinkedIn stage") == 2
    assert "Version 1 again" in page and "Save as version 3" in page


def test_another_maps_rows_are_found_by_name_and_what_has_no_like_is_said(ops: Browser, world: World) -> None:
    other = make_world("Cedar")
    other.mapping.client = world.client
    other.mapping.job.connection = world.ats
    other.mapping.job.remote_id = "2"
    other.mapping.job.save()
    other.mapping.save()
    for key, name in (("c1", "Onsite"), ("c2", "Take Home")):
        JobStage.objects.create(connection=world.ats, scope="2", remote_id=key, name=name)
    rows = rows_to_json([MapRow("Replied", "c1"), MapRow("Hired", "c2")])
    other.mapping.stage_map.versions.create(number=1, rows=rows, created_at=clock.now())

    page = text_of(ops, f"{address(world)}?copy={other.mapping.stage_map_id}")

    assert "has no stage here that is called Take Home" in page and "Found by name: Onsite." in page
    assert "Replied ⇄ Onsite, Move" in page


def test_a_version_leads_to_the_events_that_it_decided_and_they_to_it(ops: Browser, world: World) -> None:
    version = world.mapping.stage_map.versions.get(number=1)
    make_event([world.client], person=world.person, detail="By version 1.", plan={"map_version": version.pk})
    make_event([world.client], person=world.person, detail="By another.", plan={"map_version": version.pk + 1})
    page = ops.get(reverse("portal:map_version", args=[version.stage_map_id, 1])).content.decode()
    log = page.split('href="/events/?')[1].split('"')[0].replace("&amp;", "&")

    found = text_of(ops, f"/events/?{log}")

    assert "By version 1." in found and "By another." not in found
    event = Event.objects.get(plan__map_version=version.pk)
    shown = ops.get(reverse("portal:event", args=[event.pk])).content.decode()
    assert reverse("portal:map_version", args=[version.stage_map_id, 1]) in shown


def test_who_works_for_one_client_does_not_change_a_map_that_others_use(client: Browser, world: World) -> None:
    other = make_world("Cedar")
    Mapping.objects.of_everyone().filter(pk=other.mapping.pk).update(stage_map=world.mapping.stage_map)
    client.force_login(make_user(Role.OPS, world.client))

    page = client.get(address(world)).content.decode()

    assert "Other clients use this map too" in page and "Save as version" not in page
    assert "Cedar" not in page and "First" not in page
    assert client.post(address(world, "save_map"), posted(ROWS[0])).status_code == 404


def test_a_mapping_gets_a_map_of_its_own_and_goes_back_to_the_default(world: World) -> None:
    default = world.mapping.stage_map
    StageMap.objects.filter(pk=default.pk).update(connection=world.ats)
    map_services.make_default(map_id=default.pk, now=clock.now())

    own = map_services.give_own_map(mapping_id=world.mapping.pk, author=None, now=clock.now())

    assert own.pk != default.pk
    assert own.versions.get().rows == default.versions.get().rows
    assert map_services.give_own_map(mapping_id=world.mapping.pk, author=None, now=clock.now()).pk == own.pk
    assert map_services.use_default(mapping_id=world.mapping.pk, now=clock.now())
    assert Mapping.objects.of_everyone().get(pk=world.mapping.pk).stage_map_id == default.pk


def test_the_mappings_page_says_which_rows_differ_from_the_default_and_goes_back(ops: Browser, world: World) -> None:
    default = StageMap.objects.create(connection=world.ats, name="Usual", default=True)
    usual = rows_to_json([ROWS[0], MapRow("Replied", "s2")])
    default.versions.create(number=1, rows=usual, created_at=clock.now())
    address = reverse("portal:mapping", args=[world.mapping.pk])

    page = text_of(ops, address)
    assert "1 row differs from the default of greenhouse Birch" in page
    assert "Replied ⇄ Onsite, Move Replied ⇄ Phone Screen, Move" in page and "Stage Birch ⇄" not in page

    ops.post(reverse("portal:choose_map", args=[world.mapping.pk]), {"map": "default"})
    assert "It is the default of greenhouse Birch" in text_of(ops, address)


def test_where_each_job_has_its_own_stages_the_page_says_what_new_mappings_copy_by_name(
    ops: Browser, world: World
) -> None:
    JobStage.objects.filter(connection=world.ats).update(scope="1")
    other = make_world("Cedar")
    Mapping.objects.of_everyone().filter(pk=other.mapping.pk).update(client=world.client)
    other.mapping.job.connection, other.mapping.job.remote_id = world.ats, "2"
    other.mapping.job.save()
    for key, name in (("c1", "Onsite"), ("c2", "Take Home")):
        JobStage.objects.create(connection=world.ats, scope="2", remote_id=key, name=name)
    rows = rows_to_json([MapRow("Replied", "c1"), MapRow("Hired", "c2")])
    other.mapping.stage_map.versions.create(number=1, rows=rows, created_at=clock.now() + timedelta(seconds=1))

    page = text_of(ops, reverse("portal:mapping", args=[world.mapping.pk]))

    assert "2 rows differ from what new mappings copy" in page and "the rows of Map Cedar" in page
    assert "This job has no stage that is called Take Home" in page and "Replied ⇄ Onsite, Move" in page


def test_a_run_and_a_version_are_nobodys_outside_of_their_clients_rule_30(world: World) -> None:
    run, cedar = make_map_run(world), make_world("Cedar")
    scope = of_clients(cedar.client.pk)

    with pytest.raises(MapRun.DoesNotExist):
        map_reports.get_run(scope=scope, map_run_id=run.pk)
    assert map_reports.list_items(scope=scope, map_run_id=run.pk) == ((), 0)
    assert stage_maps.list_versions(scope=scope, map_id=run.stage_map_id) == ()
    with pytest.raises(StageMapVersion.DoesNotExist):
        stage_maps.get_version(scope=scope, map_id=run.stage_map_id, number=1)


def test_a_map_of_one_jobs_stages_is_no_default(ops: Browser, world: World) -> None:
    JobStage.objects.filter(connection=world.ats).update(scope="1")

    page = ops.post(address(world, "make_default_map"), follow=True).content.decode()

    assert "Its stages are those of one job" in page
    assert not StageMap.objects.filter(default=True).exists()


def test_a_run_shows_each_person_and_is_started_and_stopped(ops: Browser, world: World) -> None:
    settled(world, "Stage Birch", "s1")
    page = text_of(ops, address(world))
    assert "Apply version 1 to those already there" in page

    shown = ops.post(address(world, "open_map_run"), follow=True).content.decode()
    assert "Ada Birch" in shown and "Goes to Replied in LinkedIn" in shown and "Apply, moving 1" in shown
    run = MapRun.objects.get()

    ops.post(reverse("portal:start_map_run", args=[run.pk]))
    assert MapRun.objects.get().state == "running"
    ops.post(reverse("portal:cancel_map_run", args=[run.pk]))
    assert MapRun.objects.get().state == "cancelled"


def test_a_run_of_nobody_says_so(ops: Browser, world: World) -> None:
    Mapping.objects.of_everyone().update(state="draft")

    page = ops.post(address(world, "open_map_run"), follow=True).content.decode()

    assert "nobody to apply it to" in page


def test_a_viewer_reads_the_map_and_has_no_form(client: Browser, world: World) -> None:
    make_map_run(world)
    client.force_login(make_user(Role.VIEWER, world.client))

    page = client.get(address(world)).content.decode()

    assert "Phone Screen" in page and "<select" not in page.split("<main")[1]


def test_going_live_asks_to_look_at_all_that_is_to_know_of_the_map_first(ops: Browser, world: World) -> None:
    Mapping.objects.of_everyone().filter(pk=world.mapping.pk).update(state=MappingState.DRAFT)
    Project.objects.filter(pk=world.mapping.project_id).update(stages=["Contacted", "Replied", "Archived", "Lost"])
    rows = [
        MapRow("Contacted", "s1"),
        MapRow("Replied", "s1", Direction.TO_ATS),
        MapRow("Contacted", "s2"),
        MapRow("Replied", "s2"),
        MapRow("Archived", REJECTED, terminal=True),
    ]
    world.mapping.stage_map.versions.create(number=9, rows=rows_to_json(rows), reason="", created_at=clock.now())

    asked = text_of(ops, f"/mappings/{world.mapping.pk}/activate/?to=live")
    page = text_of(ops, f"/mappings/{world.mapping.pk}/")

    for shown in (asked, page):
        for word in ("Ambiguous rows 3 and 4", "Without a row No row names", "Coarse rows 1", "One way row 2"):
            assert word in shown, shown
        assert "Ends and reopens row 5 A recruiter who moves somebody to Archived rejects them" in shown
    assert "4 to look at" in asked


def test_an_end_that_linkedin_may_not_make_is_shown_one_way_rule_11(ops: Browser, world: World) -> None:
    rows = rows_to_json([MapRow("Archived", REJECTED)])
    world.mapping.stage_map.versions.create(number=9, rows=rows, reason="", created_at=clock.now())

    page = text_of(ops, f"/mappings/{world.mapping.pk}/")

    assert "Archived To LinkedIn Rejected" in page and "Both ways" not in page
