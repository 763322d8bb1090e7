"""Every page of the URL conf, both themes, 1440 and 390 px: no violation of axe, and never wider than the screen."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.urls import reverse

from apps.core import clock
from apps.ledger.models import Event
from apps.mappings.models import JobStage
from apps.sync.models import Stream
from tests.portal.factories import (
    World,
    make_alert,
    make_event,
    make_key,
    make_pilot,
    make_replay,
    make_run,
    make_world,
)
from tests.portal.tabs import IN_BROWSER, sign_in
from tests.portal.test_routes import OURS

axe = pytest.importorskip("axe_playwright_python.sync_playwright")

pytestmark = IN_BROWSER

ACCOUNT = ("/accounts/2fa/", "/accounts/password/change/", "/accounts/password/reset/")
NOT_HTML = ("portal:schema", "portal:pilot_evidence")


def addresses(world: World) -> list[str]:
    """Every page that may be asked for, as the URL conf has it: a new one is in without an edit here."""
    pages = [route for route in OURS if "GET" in route.door.methods and route.name not in NOT_HTML]
    letter = Event.objects.get(kind="write.note", state="dead")
    export = f"{reverse('portal:connect_system')}?system=linkedin&mode=export"
    asked = ["/search/?q=ada", "/candidates/why/?q=ada", reverse("portal:edit_letter", args=[letter.pk]), export]
    return [*(route.address(world) for route in pages), *asked, *ACCOUNT]


def full_world() -> World:
    """Something of every state that a page may show."""
    world = make_world("Birch")
    own = [world.client]
    make_event(own, person=world.person, state="dead", cause="source_required", detail="Refused.")
    make_event(own, person=world.person, state="held", reason="conflict", detail="Both changed.", settled_at=None)
    make_event(own, person=world.person, state="retrying", detail="No answer.", settled_at=None, connection=world.ats)
    make_event(own, state="skipped", reason="not_live", kind="row.profile", payload={"first_name": "Ada", "id": "p"})
    note = {"candidacy": str(world.candidacy.pk), "body": "Hello [m1]", "marker": "[m1]", "user": ""}
    make_event(own, person=world.person, state="dead", cause="rejected", kind="write.note", payload=note)
    make_replay(world, state="running", started_at=clock.now())
    said = {"method": "POST", "path": "/v3/x", "query": "", "status": 422, "outcome": "", "ms": 8}
    said |= {"asked": {"authorization": "masked"}, "answered": {}, "request": "{}", "response": "{}"}
    world.event.tries.update(exchanges=[said, said])
    JobStage.objects.create(connection=world.ats, remote_id="s1", name="Phone Screen")
    rows = [{"linkedin": "Stage Birch", "ats": "s1"}, {"linkedin": "Stage Birch", "ats": "gone"}]
    world.mapping.stage_map.versions.create(number=1, rows=rows, created_at=clock.now())
    make_run(world)
    make_run(world, state="halted", looked_at=5, changing=2, detail="2 of 5 people would change at once.")
    Stream.objects.create(connection=world.linkedin, name="profiles", next_at=clock.now())
    world.candidacy.conflict, world.candidacy.ats_observed = "Both sides changed.", "s1"
    world.candidacy.save()
    world.mapping.halted_at = clock.now()
    world.mapping.save()
    make_key(world)
    make_alert(world)
    make_pilot(world)
    make_alert(world, kind="silent", connection=world.ats, state="snoozed", snoozed_until=clock.now())
    make_alert(world, kind="worker", state="resolved", resolved_at=clock.now())
    make_world("Cedar")
    return world


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_page_violates_axe_or_is_wider_than_the_screen(tab: object, theme: str, width: int) -> None:
    world = full_world()
    sign_in(tab)
    host = tab.url.split("//")[1].split(":")[0]
    tab.context.add_cookies([{"name": "theme", "value": theme, "domain": host, "path": "/"}])
    tab.set_viewport_size({"width": width, "height": 900})
    pages = addresses(world)

    faults = [fault for page in pages for fault in faults_of(tab, page, theme)]

    assert faults == []
    assert tab.complaints == []
    print(f"axe: {len(pages)} pages, {theme}, {width} px: 0 violations")


def faults_of(tab: object, page: str, theme: str) -> Iterator[str]:
    answer = tab.goto(page)
    if answer.status != 200:
        yield f"{page}: answered {answer.status}"
        return
    if tab.locator("html").get_attribute("data-theme") != theme:
        yield f"{page}: is not {theme}"
    for violation in axe.Axe().run(tab).response["violations"]:
        yield f"{page}: {violation['id']} at {[node['target'] for node in violation['nodes']]}"
    if not tab.evaluate("document.documentElement.scrollWidth <= innerWidth"):
        yield f"{page}: wider than the screen"
