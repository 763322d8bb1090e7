"""What the demo's recruiters and hiring teams do all day, in both systems."""

from __future__ import annotations

import itertools
import random
import time

import structlog

from apps.demo import scenario
from apps.demo.sandbox import Sandbox
from apps.demo.scenario import Company

log = structlog.get_logger()

REQUISITIONS = ("Senior Data Engineer", "Product Designer", "Account Executive")
POLL_SECONDS = 10
DAILY_LIMIT = 20_000
"""The demo shows minutes, not a day: with the true 500 a poll comes every five minutes."""

PAUSE = 6.0


def tell(sandbox: Sandbox, company: Company) -> None:
    """Go on until the process ends: add someone, move someone here, move someone there."""
    chance = random.Random(7)
    for number in itertools.count():
        try:
            _step(sandbox, company, number, chance)
        except RuntimeError as refused:
            log.info("story.refused", why=str(refused)[:200])
        time.sleep(PAUSE)


def _step(sandbox: Sandbox, company: Company, number: int, chance: random.Random) -> None:
    project = company.mappings[number % len(company.mappings)].project.remote_id
    seat = f"urn:li:seat:{51 + number % 6}"
    if number < 12 or number % 5 == 0:
        sandbox.act("linkedin", "add_to_project", project=project, people=[scenario.person(number)], by=seat)
        return
    if number % 2:
        rows = [row for row in sandbox.state("greenhouse")["applications"] if row["status"] == "in_process"]
        if rows:
            sandbox.act("greenhouse", "move", application_id=chance.choice(rows)["id"])
        return
    waiting = [row for row in sandbox.state("linkedin")["profiles"] if row["stage"] == "Contacted"]
    if waiting:
        sandbox.act("linkedin", "move", profile=chance.choice(waiting)["id"], stage="In Progress", by=seat)
