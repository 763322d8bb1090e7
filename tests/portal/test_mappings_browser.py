"""An ops lead maps Projects, edits a stage map by keyboard alone, and takes a mapping live (R6, R7, RULES.md 29)."""

from __future__ import annotations

from typing import Any

from apps.accounts.rights import Role
from apps.candidates.models import Candidacy
from apps.core import clock
from apps.ledger.models import Event
from apps.ledger.states import Reason, State
from apps.mappings.models import Job, JobStage, Mapping, MappingState, Project
from apps.mappings.rules import MapRow, rows_to_json
from tests.portal.factories import World, make_event, make_world
from tests.portal.tabs import IN_BROWSER, open_tab, sign_in
from tests.sync import letters as company
from tests.sync.letters import SEAT, Letters, add

pytestmark = IN_BROWSER

PEOPLE = 400


def catalogue(world: World, count: int) -> None:
    """As many Projects without a job as jobs that their names mean, and some that mean none."""
    now = clock.now()
    for number in range(count):
        title = f"Specialist {chr(65 + number)}{chr(97 + number)}x Grade"
        Job.objects.create(
            connection=world.ats,
            remote_id=f"j{number}",
            name=title,
            requisition=f"REQ-{500 + number}",
            seen_at=now,
            status="open",
        )
        Project.objects.create(
            connection=world.linkedin,
            remote_id=f"p{number}",
            name=f"REQ-{500 + number} {title}",
            seen_at=now,
            stages=["Contacted", "Hired"],
        )
    Project.objects.create(connection=world.linkedin, remote_id="none", name="Silver medalists", seen_at=now)


def test_twenty_suggestions_are_accepted_in_bulk(tab: Any) -> None:
    world = make_world("Birch")
    catalogue(world, 20)
    sign_in(tab, Role.OPS, world.client)

    tab.goto("/mappings/")
    tab.get_by_role("link", name="Suggestions").first.click()
    assert tab.locator("input[name=pair]:checked").count() == 20
    tab.get_by_role("button", name="Look at those that are ticked").click()
    assert Mapping.objects.of_everyone().count() == 1, "looking makes nothing"
    tab.get_by_role("button", name="Accept 20").click()

    tab.get_by_text("20 drafts made").wait_for()
    made = Mapping.objects.of_everyone().filter(state=MappingState.DRAFT)
    assert made.count() == 20
    assert all(one.project.name.startswith(one.job.requisition) for one in made.select_related("project", "job"))
    assert tab.complaints == []


def mapped(word: str) -> World:
    """A live mapping with one person, and a stage map of two rows for three stages."""
    world = make_world(word)
    for place, name in enumerate(["Review", "Phone Screen", "Onsite"]):
        JobStage.objects.create(connection=world.ats, remote_id=f"s{place}", name=name, order=place)
    Project.objects.filter(pk=world.mapping.project_id).update(stages=["Contacted", "Replied", "Hired"])
    rows = rows_to_json([MapRow("Contacted", "s0"), MapRow("Replied", "s1")])
    world.mapping.stage_map.versions.create(number=1, rows=rows, reason="First", created_at=clock.now())
    world.candidacy.ats_observed = "s0"
    world.candidacy.save()
    world.candidacy.profiles.update(observed="Contacted", agreed_linkedin="Contacted", agreed_ats="s0")
    return world


def tab_to(tab: Any, what: str) -> None:
    """Press Tab until the named control has the focus."""
    focused = "(on => on.matches('main, body, [role=region]') ? '' : "
    focused += "on.getAttribute('aria-label') || on.textContent.trim() || on.id)(document.activeElement)"
    for _ in range(120):
        if what in str(tab.evaluate(focused)):
            return
        tab.keyboard.press("Tab")
    raise AssertionError(f"{what} is not reached by Tab")


def test_a_stage_map_is_edited_previewed_saved_and_restored_by_keyboard_alone(tab: Any) -> None:
    world = mapped("Birch")
    map_id = world.mapping.stage_map_id
    sign_in(tab, Role.OPS, world.client)
    tab.goto(f"/stage-maps/{map_id}/")

    tab_to(tab, "Row 1, LinkedIn stage")
    with tab.expect_response("**/draft/"):
        tab.keyboard.type("Hired")
        tab.keyboard.press("Tab")
    tab.get_by_text("What this changes for today’s 1 candidate").wait_for()
    assert tab.get_by_text("goes to Hired in LinkedIn").is_visible()
    assert tab.get_by_text("LinkedIn: Contacted").is_visible()
    tab.locator("#main").focus()
    tab_to(tab, "Add row")
    tab.keyboard.press("Enter")
    tab.get_by_label("Row 3, LinkedIn stage").wait_for()
    tab_to(tab, "why")
    tab.keyboard.type("Hired was missing")
    tab.keyboard.press("Control+s")
    tab.get_by_text("Saved as version 2").wait_for()
    second = world.mapping.stage_map.versions.get(number=2)
    assert [row["linkedin"] for row in second.rows] == ["Hired", "Replied", "Contacted"]

    tab.locator("#main").focus()
    tab_to(tab, "Version 1")
    tab.keyboard.press("Enter")
    tab_to(tab, "Restore version 1")
    tab.keyboard.press("Enter")
    tab.get_by_role("button", name="Save as version 3").wait_for()
    tab.keyboard.press("Control+s")
    tab.get_by_text("Saved as version 3").wait_for()
    assert world.mapping.stage_map.versions.get(number=3).rows == world.mapping.stage_map.versions.get(number=1).rows

    by_second = {"plan": {"map_version": second.pk}, "detail": "It used the second."}
    make_event([world.client], person=world.person, **by_second)
    make_event([world.client], person=world.person, detail="It used none.")
    tab.goto(f"/stage-maps/{map_id}/versions/2/")
    tab_to(tab, "Project Birch")
    tab.keyboard.press("Enter")
    tab.get_by_text("It used the second.").wait_for()
    assert tab.get_by_text("It used none.").count() == 0
    tab.get_by_role("row", name="It used the second.").get_by_role("link").first.click()
    tab.get_by_role("link", name="version 2").click()
    assert tab.get_by_role("heading", name="Version 2").is_visible()
    assert tab.complaints == []


def test_a_mapping_goes_from_draft_through_shadow_to_live_and_nobody_moves_rule_29(
    chromium: Any, live_server: Any
) -> None:
    with company.opened() as desk:
        mapping = desk.company.mappings[0]
        Mapping.objects.of_everyone().filter(pk=mapping.pk).update(state=MappingState.DRAFT)
        profiles = add(desk, mapping.project.remote_id, [company.scenario.person(one) for one in range(PEOPLE)])
        noted = Event.objects.filter(kind="row.profile", state=State.SKIPPED, reason=Reason.NOT_LIVE)
        until(desk, lambda: noted.count() >= PEOPLE)
        tab = open_tab(chromium, live_server)
        sign_in(tab, Role.OPS, desk.company.client)

        tab.goto(f"/mappings/{mapping.pk}/")
        tab.get_by_role("button", name="Start shadow").click()
        tab.get_by_text("In shadow").first.wait_for()
        move(desk, profiles[:5], "In Progress")
        until(desk, lambda: Event.objects.filter(reason=Reason.SHADOW).count() == 5)
        tab.get_by_role("link", name="Go live").click()
        assert tab.get_by_role("heading", name=f"Who is in the Project already: {PEOPLE}").is_visible()
        tab.get_by_label("From now on").check()
        tab.get_by_role("button", name="Go live").click()
        tab.get_by_text("Live from now on.").wait_for()

        desk.work(15)
        move(desk, profiles[5:30], "In Progress")
        (late,) = add(desk, mapping.project.remote_id, [company.scenario.person(PEOPLE)])
        until(desk, lambda: Candidacy.objects.of_everyone().exclude(application_id="").exists())
        desk.work(60)

        assert len(desk.sandbox.state("greenhouse")["applications"]) == 1
        assert Candidacy.objects.of_everyone().get().profiles.get().remote_id == late
        shown = {row["id"]: row["stage"] for row in desk.sandbox.state("linkedin")["profiles"]}
        moved = {one for one in profiles if shown[one] != "Contacted"}
        assert moved == set(profiles[:30]), "only those whom the recruiter moved"
        assert desk.dead() == []
        assert tab.complaints == []
        print(f"going live: {PEOPLE} were there, from now on: 0 brought in, 0 moved, 1 who was added after came in")


def move(desk: Letters, profiles: list[str], stage: str) -> None:
    for profile in profiles:
        desk.sandbox.act("linkedin", "move", profile=profile, stage=stage, by=SEAT)


def until(desk: Letters, reached: Any) -> None:
    for _ in range(120):
        if reached():
            return
        desk.work(5)
    raise AssertionError("it was not reached")
