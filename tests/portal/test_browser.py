"""A person's way through the screens in a real browser: sign-in, scripts, themes, phones, accessibility."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from apps.accounts import services
from apps.accounts.rights import Role
from tests.portal.factories import make_event, make_world

playwright = pytest.importorskip("playwright.sync_api")
axe = pytest.importorskip("axe_playwright_python.sync_playwright")

CHROMIUM = Path("/usr/bin/chromium")
PASSWORD = "a long enough password"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists() and "CI" not in os.environ, reason="Debian's chromium is not installed"),
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture
def tab(live_server: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    monkeypatch.setitem(os.environ, "DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        opened = browser.new_context(base_url=live_server.url, viewport={"width": 1440, "height": 900}).new_page()
        opened.complaints = []
        opened.on("console", lambda said: said.type == "error" and opened.complaints.append(said.text))
        opened.on("pageerror", lambda error: opened.complaints.append(str(error)))
        yield opened
        browser.close()


def sign_in(tab: object) -> None:
    services.create_user(email="ada@people.example", password=PASSWORD, role=Role.ADMIN, first_name="Ada")
    tab.goto("/")
    tab.get_by_label("Work e-mail").fill("ada@people.example")
    tab.get_by_label("Password").fill(PASSWORD)
    tab.get_by_role("button", name="Sign in").click()
    tab.get_by_role("heading", name="Overview").wait_for()


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


def test_every_screen_fits_its_width_and_passes_axe_in_both_themes(tab: object) -> None:
    world = make_world("Birch")
    make_event([world.client], person=world.person, state="dead", cause="source_required", detail="Refused.")
    sign_in(tab)
    screens = ["/", "/events/", f"/events/{world.event.pk}/", "/candidates/", f"/candidates/{world.person.pk}/"]

    faults = [
        fault
        for theme in ("light", "dark")
        for width in (1440, 390)
        for screen in [*screens, "/connections/", "/accounts/2fa/", "/accounts/password/change/"]
        for fault in faults_of(tab, screen, theme=theme, width=width)
    ]

    assert faults == []
    assert tab.complaints == []


def faults_of(tab: object, screen: str, *, theme: str, width: int) -> Iterator[str]:
    where = f"{screen}, {theme}, {width} px"
    tab.context.add_cookies([{"name": "theme", "value": theme, "url": tab.url}])
    tab.set_viewport_size({"width": width, "height": 900})
    tab.goto(screen)
    for violation in axe.Axe().run(tab).response["violations"]:
        yield f"{where}: {violation['id']} at {[node['target'] for node in violation['nodes']]}"
    if not tab.evaluate("document.documentElement.scrollWidth <= innerWidth"):
        yield f"{where}: wider than the screen"
