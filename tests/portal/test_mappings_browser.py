"""An ops lead maps Projects, edits a stage map by keyboard alone, and takes a mapping live (R6, R7, RULES.md 29)."""

from __future__ import annotations

from typing import Any

from apps.accounts.rights import Role
from apps.candidates.models import Candidacy, Profile
from apps.core import clock
from apps.ledger.models import Event
from apps.ledger.states import Reason, State
from apps.mappings.models import Job, Mapping, MappingState, Project
from tests.portal.factories import World, make_world
from tests.portal.tabs import IN_BROWSER, open_tab, sign_in
from tests.sync import letters as company
from tests.sync.letters import SEAT, Letters, add, application_of, slug

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


def test_a_job_is_chosen_by_hand_by_keyboard_alone_on_a_phone(chromium: Any, live_server: Any) -> None:
    world = make_world("Birch")
    catalogue(world, 12)
    tab = open_tab(chromium, live_server)
    tab.set_viewport_size({"width": 390, "height": 844})
    sign_in(tab, Role.OPS, world.client)
    Mapping.objects.of_everyone().filter(pk=world.mapping.pk).update(state=MappingState.DRAFT)

    tab.goto(f"/mappings/{world.mapping.pk}/")
    tab_to(tab, "Add a job")
    tab.keyboard.press("Enter")
    tab.get_by_role("searchbox", name="Title, requisition or folder").wait_for()
    tab.keyboard.type("REQ-503")
    tab.get_by_text("Specialist Ddx Grade").wait_for()
    tab.locator("#jobs li").nth(1).wait_for(state="detached")
    tab_to(tab, "pair")
    tab.keyboard.press("Space")
    tab_to(tab, "Look at those")
    tab.keyboard.press("Enter")
    tab.get_by_role("heading", name="Accept 1").wait_for()
    tab_to(tab, "Accept 1")
    tab.keyboard.press("Enter")

    tab.get_by_text("1 draft made").wait_for()
    made = Mapping.objects.of_everyone().get(job__requisition="REQ-503")
    assert (made.project_id, made.leading) == (world.mapping.project_id, False)
    wide = tab.evaluate("document.documentElement.scrollWidth")
    assert wide <= 390 and tab.complaints == []


def tab_to(tab: Any, what: str) -> None:
    """Press Tab until the named control has the focus."""
    focused = "(on => on.matches('main, body, [role=region]') ? '' : "
    focused += "on.getAttribute('aria-label') || on.textContent.trim() || on.name || on.id)(document.activeElement)"
    for _ in range(120):
        if what in str(tab.evaluate(focused)):
            return
        tab.keyboard.press("Tab")
    raise AssertionError(f"{what} is not reached by Tab")


def test_a_stage_map_is_edited_previewed_saved_and_restored_by_keyboard_alone_and_its_event_found(
    chromium: Any, live_server: Any
) -> None:
    with company.opened() as desk:
        mapping = desk.company.mappings[0]
        ada, ben = (company.scenario.person(one) for one in range(2))
        first, second = add(desk, mapping.project.remote_id, [ada, ben])
        until(desk, lambda: Profile.objects.exclude(agreed_ats="").count() == 2)
        move(desk, [first], "In Progress")
        until(desk, lambda: at(desk, ada) == "Phone Screen")
        desk.work(60)
        tab = open_tab(chromium, live_server)
        sign_in(tab, Role.OPS, desk.company.client)

        show_phone_screen_as_replied(tab, mapping)
        desk.sandbox.act("greenhouse", "move", application_id=application_of(desk)[slug(ben)], stage="Phone Screen")
        until(desk, lambda: shown(desk, second) == "Replied")
        desk.work(60)
        assert shown(desk, first) == "In Progress", "saving moves nobody who is there"
        restore(tab, mapping)
        desk.sandbox.act("greenhouse", "move", application_id=application_of(desk)[slug(ben)], stage="Onsite")
        until(desk, lambda: shown(desk, second) == "In Progress")
        desk.work(60)

        rows = [mapping.stage_map.versions.get(number=one).rows for one in (1, 2, 3)]
        assert rows[2] == rows[0] != rows[1]
        events_decided_by_the_second(tab, mapping, f"{ben['first']} {ben['last']}")
        assert desk.dead() == []
        assert tab.complaints == []


def show_phone_screen_as_replied(tab: Any, mapping: Mapping) -> None:
    """Edit the third row and save it as version 2, seeing first whom it would concern."""
    tab.goto(f"/stage-maps/{mapping.stage_map_id}/")
    tab_to(tab, "Row 3, LinkedIn stage")
    with tab.expect_response("**/draft/"):
        tab.keyboard.type("Replied")
        tab.keyboard.press("Tab")
    tab.get_by_text("What this changes for today’s 2 candidates").wait_for()
    assert tab.get_by_text("goes to Replied in LinkedIn").is_visible()
    assert tab.get_by_text("LinkedIn: In Progress").is_visible()
    tab.locator("#main").focus()
    tab_to(tab, "why")
    tab.keyboard.type("A screen is no interview")
    tab.keyboard.press("Control+s")
    tab.get_by_text("Saved as version 2").wait_for()


def restore(tab: Any, mapping: Mapping) -> None:
    """Take version 1 back as version 3."""
    tab.goto(f"/stage-maps/{mapping.stage_map_id}/")
    tab_to(tab, "Version 1")
    tab.keyboard.press("Enter")
    tab_to(tab, "Restore version 1")
    tab.keyboard.press("Enter")
    tab.get_by_role("button", name="Save as version 3").wait_for()
    tab.keyboard.press("Control+s")
    tab.get_by_text("Saved as version 3").wait_for()


def events_decided_by_the_second(tab: Any, mapping: Mapping, person: str) -> None:
    """From the version to its events, which the engine planned, and from one of them back to the version."""
    second = mapping.stage_map.versions.get(number=2)
    decided = Event.objects.filter(plan__map_version=second.pk)
    assert "write.stage" in {one.kind for one in decided}, "the engine moved somebody by it"
    tab.goto(f"/stage-maps/{mapping.stage_map_id}/versions/2/")
    tab_to(tab, f"Events of {mapping.project.name}")
    tab.keyboard.press("Enter")
    tab.get_by_role("row", name=person).first.wait_for()
    assert tab.locator("#log tbody tr").count() == decided.count()
    tab.get_by_role("row", name="Moved in LinkedIn.").get_by_role("link").first.click()
    tab.get_by_role("link", name="version 2").click()
    assert tab.get_by_role("heading", name="Version 2").is_visible()


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


def shown(desk: Letters, profile: str) -> str:
    return next(row["stage"] for row in desk.sandbox.state("linkedin")["profiles"] if row["id"] == profile)


def at(desk: Letters, person: dict[str, Any]) -> str:
    number = application_of(desk)[slug(person)]
    return next(row["stage_name"] for row in desk.sandbox.state("greenhouse")["applications"] if row["id"] == number)


def until(desk: Letters, reached: Any) -> None:
    for _ in range(120):
        if reached():
            return
        desk.work(5)
    raise AssertionError("it was not reached")
