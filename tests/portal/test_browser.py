"""A person's way through the screens in a real browser: sign-in, scripts, themes, phones, accessibility."""

from __future__ import annotations

from datetime import timedelta

from apps.accounts.rights import Role
from apps.core import clock
from apps.ledger.models import Event
from apps.sync.models import Stream
from tests.portal.factories import make_event, make_world
from tests.portal.tabs import IN_BROWSER, open_tab, sign_in

pytestmark = IN_BROWSER


def test_a_person_finds_why_something_happened(tab: object) -> None:
    world = make_world("Birch")
    make_event([world.client], person=world.person, state="held", reason="conflict", detail="Both changed.")
    sign_in(tab)

    tab.get_by_role("link", name="Sync log").first.click()
    tab.locator("summary", has_text="State").click()
    tab.get_by_label("Held").check()
    tab.get_by_role("button", name="Apply").click()
    tab.get_by_role("row", name="Both changed.").get_by_role("link", name="Ada Birch").click()
    tab.get_by_role("link", name="Ada Birch").click()

    assert tab.get_by_role("heading", name="Ada Birch").is_visible()
    assert tab.get_by_text("Moved Birch").is_visible()
    assert tab.complaints == []


def test_the_search_narrows_while_typing_and_the_log_lives(tab: object) -> None:
    make_world("Birch")
    cedar = make_world("Cedar")
    sign_in(tab)

    tab.goto("/candidates/")
    tab.get_by_label("Name, profile URL, e-mail or id").press_sequentially("birch")
    tab.get_by_role("link", name="Ada Cedar").wait_for(state="detached")
    assert "q=birch" in tab.url

    tab.goto("/events/")
    make_event([cedar.client], person=cedar.person, detail="It came by itself.")
    tab.get_by_text("It came by itself.").wait_for(timeout=10_000)
    assert tab.complaints == []


def test_the_fields_of_all_forms_look_the_same(tab: object) -> None:
    look = "field => { const its = getComputedStyle(field); return [its.borderRadius, its.padding] }"

    tab.goto("/accounts/login/")
    ours = tab.get_by_label("Work e-mail").evaluate(look)
    tab.goto("/accounts/password/reset/")

    assert tab.locator("input[type=email]").evaluate(look) == ours


def test_an_ops_lead_finds_why_someone_is_missing_and_syncs_them(tab: object) -> None:
    """R18b: from the search in the bar to the reason, the next reading and the button."""
    world = make_world("Birch")
    world.candidacy.application_id = ""
    world.candidacy.save()
    make_event(
        [world.client], person=world.person, state="held", reason="duplicate", detail="Two people fit.", settled_at=None
    )
    next_at = clock.now() + timedelta(minutes=4)
    Stream.objects.create(connection=world.linkedin, name="profiles", read_at=clock.now(), next_at=next_at)
    sign_in(tab, Role.OPS, world.client)

    tab.keyboard.press("Control+k")
    tab.keyboard.type("Xanthippe")
    tab.keyboard.press("Enter")
    tab.get_by_role("link", name="Why is this person not in the ATS?").click()
    assert tab.get_by_text("Never received from LinkedIn").is_visible()
    assert tab.get_by_role("button", name="Read LinkedIn now").is_visible()

    tab.get_by_label("Name, LinkedIn address, profile id or e-mail").fill("Ada Birch")
    tab.get_by_role("button", name="Ask").click()
    assert tab.get_by_text("Two people fit.").is_visible()
    tab.get_by_role("button", name="Sync this person now").click()

    tab.get_by_text("On its way:").wait_for()
    assert Event.objects.filter(kind="look.profile").exists()
    assert tab.complaints == []


def test_a_recruiter_follows_one_candidates_timeline(tab: object) -> None:
    world = make_world("Birch")
    make_event([world.client], person=world.person, kind="write.arrive", detail="Created in the ATS.")
    sign_in(tab, Role.RECRUITER, world.client)

    tab.get_by_role("link", name="Candidates").click()
    tab.get_by_role("link", name="Ada Birch").click()
    assert tab.get_by_text("Moved Birch").is_visible()
    assert tab.get_by_text("Created in the ATS.").is_visible()
    tab.get_by_role("navigation", name="Timeline").get_by_role("link", name="Stages").click()
    assert tab.get_by_text("Created in the ATS.").count() == 0
    tab.get_by_text("Seen, wanted and agreed on each side").click()

    assert tab.get_by_role("row", name="LinkedIn Project Birch").get_by_text("Stage Birch").is_visible()
    assert tab.complaints == []


def test_a_viewer_of_one_client_sees_nothing_of_another(tab: object) -> None:
    """R22, rule 30: neither in lists, nor by search, nor by address."""
    birch, cedar = make_world("Birch"), make_world("Cedar")
    sign_in(tab, Role.VIEWER, birch.client)

    for screen in (
        "/",
        "/events/",
        "/candidates/",
        "/connections/",
        "/mappings/",
        "/search/?q=ada",
        "/candidates/why/",
    ):
        tab.goto(screen)
        assert "Cedar" not in tab.content(), screen
    for hidden in (f"/candidates/{cedar.person.pk}/", f"/events/{cedar.event.pk}/", f"/mappings/{cedar.mapping.pk}/"):
        tab.goto(hidden)
        assert tab.get_by_role("heading", name="Nothing here").is_visible()
    tab.goto("/people/")
    assert tab.get_by_role("heading", name="Not yours to open").is_visible()


def test_everything_is_reached_by_keyboard(tab: object) -> None:
    make_world("Birch")
    make_world("Cedar")
    sign_in(tab)
    tab.goto("/events/")
    focused = "document.activeElement.textContent.trim() || document.activeElement.name"

    tab.keyboard.press("Tab")
    assert tab.evaluate(focused) == "Skip to content"
    tab.keyboard.press("Enter")
    assert tab.evaluate("document.activeElement.id") == "main"
    tab.keyboard.press("Tab")
    assert tab.evaluate(focused) == "Pause"

    tab.locator("summary", has_text="State").focus()
    tab.keyboard.press("Enter")
    assert tab.get_by_role("button", name="Apply").first.is_visible()
    tab.keyboard.press("Escape")
    assert "State" in tab.evaluate(focused) and not tab.get_by_role("button", name="Apply").first.is_visible()

    tab.locator("#main").focus()
    tab.keyboard.press("?")
    assert tab.get_by_role("heading", name="Keyboard").is_visible()
    tab.keyboard.press("Escape")
    assert not tab.get_by_role("heading", name="Keyboard").is_visible()
    assert tab.complaints == []


def test_the_phones_navigation_opens_and_closes(tab: object) -> None:
    sign_in(tab)
    tab.set_viewport_size({"width": 390, "height": 800})
    tab.goto("/")

    tab.get_by_role("link", name="Open menu").click()
    assert tab.get_by_role("link", name="Sync log").first.is_visible()
    tab.keyboard.press("Escape")

    assert not tab.get_by_role("navigation", name="Main").is_visible()
    assert tab.evaluate("document.activeElement.textContent.trim()") == "Open menu"


def test_a_live_list_waits_while_somebody_is_in_it(tab: object) -> None:
    world = make_world("Birch")
    sign_in(tab)
    tab.goto("/events/")
    tab.locator(f"#event-{world.event.pk}").focus()

    make_event([world.client], person=world.person, detail="It came by itself.")
    tab.wait_for_timeout(5_000)
    assert tab.evaluate("document.activeElement.id") == f"event-{world.event.pk}"
    assert tab.get_by_text("It came by itself.").count() == 0

    tab.locator("#main").focus()
    tab.get_by_text("It came by itself.").wait_for(timeout=10_000)


def test_the_overview_renews_what_needs_somebody_by_itself(tab: object) -> None:
    world = make_world("Birch")
    sign_in(tab)
    assert tab.get_by_text("Needs you").count() == 0 or not tab.get_by_text("Needs you").is_visible()

    make_event([world.client], state="dead", cause="source_required")

    tab.get_by_text("1 dead letter from 1 cause", exact=True).wait_for(timeout=10_000)
    assert tab.complaints == []


def test_it_all_works_with_scripts_off(chromium: object, live_server: object) -> None:
    birch, cedar = make_world("Birch"), make_world("Cedar")
    make_event([birch.client], person=birch.person, state="dead", cause="source_required", detail="Refused.")
    tab = open_tab(chromium, live_server, java_script_enabled=False)
    sign_in(tab)

    tab.get_by_role("link", name="Sync log").first.click()
    tab.locator("summary", has_text="State").click()
    tab.get_by_label("Dead").check()
    tab.get_by_role("button", name="Apply").first.click()
    assert tab.get_by_text("Refused.").is_visible() and tab.get_by_text("Detail Birch").count() == 0

    tab.locator("summary", has_text="All clients").click()
    tab.get_by_role("button", name="Client Cedar").click()
    tab.goto("/candidates/")
    assert tab.get_by_role("link", name="Ada Cedar").is_visible() and tab.get_by_text("Ada Birch").count() == 0

    tab.get_by_role("button", name="Switch between light and dark").click()
    assert tab.locator("html").get_attribute("data-theme") == "dark"
    tab.get_by_label("Search people, profile URLs, ids, jobs").fill("cedar")
    tab.keyboard.press("Enter")
    tab.get_by_role("link", name="Ada Cedar").click()
    tab.get_by_role("button", name="Sync now").click()
    assert tab.get_by_text("On its way:").is_visible()
    assert Event.objects.filter(kind="look.profile", clients=[cedar.client.pk]).count() == 1
