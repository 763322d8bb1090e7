"""An ops lead's way through the notifications, in a real browser, with Slack and a mail server at the other end."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from apps.accounts import services as accounts
from apps.accounts.rights import Role
from apps.notifications.models import Rule
from tests.notifications.conftest import Mailbox, Office

playwright = pytest.importorskip("playwright.sync_api")
axe = pytest.importorskip("axe_playwright_python.sync_playwright")

CHROMIUM = Path("/usr/bin/chromium")
PASSWORD = "a long enough password"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists() and "CI" not in os.environ, reason="Debian's chromium is not installed"),
]


@pytest.fixture
def tab(live_server: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setitem(os.environ, "DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        opened = browser.new_context(base_url=live_server.url, viewport={"width": 1440, "height": 900}).new_page()
        opened.complaints = []
        opened.on("console", lambda said: said.type == "error" and opened.complaints.append(said.text))
        yield opened
        browser.close()


def sign_in(tab: Any, office: Office) -> None:
    accounts.create_user(
        email="ben@people.example", password=PASSWORD, role=Role.OPS, all_clients=True, first_name="Ben"
    )
    tab.goto("/")
    tab.get_by_label("Work e-mail").fill("ben@people.example")
    tab.get_by_label("Password").fill(PASSWORD)
    tab.get_by_role("button", name="Sign in").click()
    tab.get_by_role("heading", name="Overview").wait_for()


def test_an_ops_lead_writes_a_rule_previews_it_and_sees_its_test_arrive(
    tab: Any, office: Office, mailbox: Mailbox
) -> None:
    office.move("s2", before="s1")
    sign_in(tab, office)

    tab.get_by_role("link", name="Notifications").first.click()
    tab.get_by_role("link", name="New rule").first.click()
    tab.get_by_label("Name", exact=True).fill("Offers of Birch")
    tab.get_by_label("Stages in words").fill("Offer*")
    tab.get_by_label("Slack channel 1").fill("#hiring")
    tab.get_by_label("E-mail address 1").fill("manager@people.example")
    tab.get_by_label("Sentence").fill("{candidate} has an offer for {role}")
    tab.get_by_label("On", exact=True).select_option(index=1)
    tab.get_by_role("button", name="Show preview").click()
    assert tab.get_by_text("Ada Birch has an offer for Job Birch").is_visible()
    assert tab.get_by_text("This rule names the stage of that move.").is_visible()
    tab.get_by_role("button", name="Save and send test").click()
    tab.get_by_text("a test is on its way to").wait_for()
    office.work()

    (there,) = office.read()
    assert "Test: Offers of Birch" in there["text"]
    assert "Ada Birch has an offer for Job Birch" in there["text"]
    ((to, mail),) = mailbox.taken
    assert (to, mail["Subject"]) == (["manager@people.example"], "Test: Ada Birch has an offer for Job Birch")
    tab.goto("/notifications/deliveries/")
    assert tab.get_by_role("row", name="Offers of Birch").count() == 2
    assert tab.get_by_role("row", name="#hiring").get_by_text("Done").is_visible()
    assert tab.complaints == []
    assert Rule.objects.of_everyone().filter(name="Offers of Birch", stages=["Offer*"]).exists()


def test_the_pages_pass_axe_and_fit_in_both_themes(
    tab: Any, live_server: Any, office: Office, mailbox: Mailbox
) -> None:
    rule = office.rule(("channel", "#hiring"), ("address", "manager@people.example"))
    office.sandbox.fault("slack", "lose_response", "chat.postMessage")
    office.move("s2", before="s1")
    office.work()
    sign_in(tab, office)
    pages = ["", "rules/", f"rules/{rule.pk}/", "deliveries/", "contacts/"]
    shots = os.environ.get("NOTIFICATION_SHOTS")

    faults = []
    for theme in ("light", "dark"):
        for width in (1440, 390):
            for place, page in enumerate(pages):
                tab.context.add_cookies([{"name": "theme", "value": theme, "url": f"{live_server.url}/"}])
                tab.set_viewport_size({"width": width, "height": 900})
                tab.goto(f"/notifications/{page}")
                where = f"{page} {theme} {width}"
                found = axe.Axe().run(tab).response["violations"]
                faults += [f"{where}: {one['id']} {[node['target'] for node in one['nodes']]}" for one in found]
                if not tab.evaluate("document.documentElement.scrollWidth <= innerWidth"):
                    faults.append(f"{where}: wider than the screen")
                if shots:
                    tab.screenshot(path=f"{shots}/{place}-{theme}-{width}.png", full_page=True)

    assert faults == []
