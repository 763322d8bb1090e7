"""`make screenshots`: every page at both widths and in both themes, of a company at work.

The pages are read from the URL conf, so a new one is in without an edit here. Starts a stack of its own;
the pictures land in var/screenshots/.
"""

from __future__ import annotations

import argparse
import base64
import os
import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from apps.demo import stack

FOLDER = Path("var/screenshots")
WIDTHS = (1440, 390)
THEMES = ("light", "dark")
STEPS = 44
"""Of the demo's story: enough for moves both ways, someone held and someone refused."""

PAUSE = 1.0
CHROMIUM = "/usr/bin/chromium"

KEPT = {
    "overview": ("dashboard", 1440, "light"),
    "overview-dark": ("dashboard", 1440, "dark"),
    "overview-phone": ("dashboard", 390, "light"),
    "sync-log": ("events", 1440, "light"),
    "event": ("event", 1440, "light"),
    "candidate": ("candidate", 1440, "light"),
    "candidate-phone": ("candidate", 390, "dark"),
    "who-is-missing": ("why", 1440, "light"),
    "mapping": ("mapping", 1440, "light"),
    "connection": ("connection", 1440, "dark"),
    "search": ("search", 1440, "light"),
    "people": ("people", 1440, "light"),
}
"""The pictures that docs/images keeps, by `--keep`: the top of a page, as WebP."""

IMAGES = Path("docs/images")
TO_WEBP = """async (address) => {
  const image = new Image();
  image.src = address;
  await image.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [image.width, image.height];
  canvas.getContext("2d").drawImage(image, 0, 0);
  return canvas.toDataURL("image/webp", 0.85);
}"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="names of routes that contain this")
    parser.add_argument("--keep", action="store_true", help="renew docs/images too")
    asked = parser.parse_args()
    FOLDER.mkdir(parents=True, exist_ok=True)
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # an address may ask the database while the browser's loop runs
    with stack.own_database("screenshots"), stack.running(workers=2) as running:
        world = _live(running)
        taken = list(_take_all(running.web, world, asked.only, keep=asked.keep))
    print(f"{len(taken)} pictures in {FOLDER}/")
    return 0


def _live(running: stack.Stack) -> Any:
    """Let the demo's company work for a while; returns one of everything that a page may be about."""
    from apps.candidates.models import Candidacy
    from apps.demo import scenario, story
    from apps.ledger.models import Event

    company = scenario.build(
        running.sandbox,
        web=running.web,
        names=story.REQUISITIONS,
        every_seconds={"profiles": 5, "applications": 60},
        daily_limit=story.DAILY_LIMIT,
        ats={"ceiling": 500},
    )
    chance = random.Random(7)
    for number in range(STEPS):
        try:
            story._step(running.sandbox, company, number, chance)
        except RuntimeError:
            continue
        time.sleep(PAUSE)
    time.sleep(10)
    moved = Event.objects.filter(kind="write.move", state="done").order_by("-pk")
    event = moved.first() or Event.objects.order_by("-pk").first()
    candidacy = Candidacy.objects.of_everyone().get(pk=event.payload["candidacy"])
    return SimpleNamespace(
        word="",
        client=company.client,
        linkedin=company.linkedin,
        ats=company.greenhouse,
        mapping=candidacy.mapping,
        person=candidacy.person,
        candidacy=candidacy,
        event=event,
        asked={"search": "?q=an", "why": f"?q={_missing()}"},
    )


def _missing() -> str:
    """Somebody who is wanted in a job and is not there, else somebody whom nobody knows."""
    from apps.candidates.models import Candidacy

    candidacy = Candidacy.objects.of_everyone().filter(application_id="").select_related("person").first()
    return str(candidacy.person) if candidacy else "Somebody Else"


def _take_all(web: str, world: Any, only: str, *, keep: bool) -> Iterator[Path]:
    from playwright.sync_api import sync_playwright

    from apps.demo import scenario

    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        tab = browser.new_context(base_url=web).new_page()
        tab.goto("/accounts/login/")
        yield from _in_each_shape(tab, "sign-in", "/accounts/login/")
        tab.get_by_label("Work e-mail").fill(scenario.PEOPLE[0][0])
        tab.get_by_label("Password").fill(scenario.PASSWORD)
        tab.get_by_role("button", name="Sign in").click()
        for name, address in addresses(world):
            if only in name:
                yield from _in_each_shape(tab, name, address)
        if keep:
            _keep(tab, browser.new_page(), dict(addresses(world)))
        browser.close()


def _keep(tab: Any, desk: Any, pages: dict[str, str]) -> None:
    """Renew the kept dozen; `desk` is a bare page that draws the pictures anew."""
    for file, (name, width, theme) in KEPT.items():
        _go(tab, pages[name], width=width, theme=theme)
        taken = base64.b64encode(tab.screenshot()).decode()
        webp = desk.evaluate(TO_WEBP, f"data:image/png;base64,{taken}")
        (IMAGES / f"{file}.webp").write_bytes(base64.b64decode(webp.partition(",")[2]))


def _go(tab: Any, address: str, *, width: int, theme: str) -> None:
    tab.context.add_cookies([{"name": "theme", "value": theme, "domain": "127.0.0.1", "path": "/"}])
    tab.set_viewport_size({"width": width, "height": 900})
    tab.goto(address)


def addresses(world: Any) -> Iterator[tuple[str, str]]:
    """Each page of ours with its address in this company; one whose object it lacks is said and left out."""
    from tests.portal.test_routes import OURS

    for route in OURS:
        if "GET" not in route.door.methods or not route.name.startswith("portal:"):
            continue
        try:
            name = route.name.partition(":")[2]
            yield name, route.address(world) + world.asked.get(name, "")
        except (AttributeError, LookupError) as lacking:
            print(f"left out: {route.path} ({lacking})", file=sys.stderr)


def _in_each_shape(tab: Any, name: str, address: str) -> Iterator[Path]:
    for theme in THEMES:
        for width in WIDTHS:
            _go(tab, address, width=width, theme=theme)
            path = FOLDER / f"{name.replace('_', '-')}-{width}-{theme}.png"
            tab.screenshot(path=path, full_page=True)
            yield path


if __name__ == "__main__":
    sys.exit(main())
