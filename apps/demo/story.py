"""What the demo's recruiters and hiring teams do all day, in both systems."""

from __future__ import annotations

import itertools
import random
import time

import structlog

from apps.demo import scenario
from apps.demo.agency import Agency
from apps.demo.sandbox import Sandbox
from apps.demo.scenario import Company
from apps.demo.sister import HANDS as LEVER
from apps.demo.sister import Sister

log = structlog.get_logger()

REQUISITIONS = ("Senior Data Engineer", "Product Designer", "Account Executive")
POLL_SECONDS = 10
DAILY_LIMIT = 20_000
"""The demo shows minutes, not a day: with the true 500 a poll comes every five minutes."""

PAUSE = 6.0

FIRST_PEOPLE = 9
UNMAPPED_AT, REFUSED_AT = 4, 6
"""The steps with someone whom the stage map, and someone whom Greenhouse, does not take: both end in a reason."""

IN_PLAY = 30
"""With more people than this in play, someone is rejected for everyone who is added."""

UNMAPPED = "Silver medalist"
"""A stage that a recruiter made up: no row of the stage map has it, so whoever is moved there is held."""


def tell(sandbox: Sandbox, company: Company, agency: Agency, sister: Sister) -> None:
    """Go on until the process ends: add someone, move someone here, move someone there."""
    chance = random.Random(7)
    for number in itertools.count():
        try:
            _step(sandbox, company, number, chance)
            _step_at_agency(sandbox, agency, number, chance)
            _step_at_sister(sandbox, sister, number, chance)
        except RuntimeError as refused:
            log.info("story.refused", why=str(refused)[:200])
        time.sleep(PAUSE)


def _step(sandbox: Sandbox, company: Company, number: int, chance: random.Random) -> None:
    project = company.mappings[number % len(company.mappings)].project.remote_id
    seat = f"urn:li:seat:{51 + number % 6}"
    if number == 0:
        for place, mapping in enumerate(company.mappings):
            people = [scenario.person(each) for each in range(place, FIRST_PEOPLE, len(company.mappings))]
            sandbox.act("linkedin", "add_to_project", project=mapping.project.remote_id, people=people, by=seat)
    elif number == UNMAPPED_AT:
        sandbox.act("linkedin", "add_stage", project=project, stage=UNMAPPED)
        _move_in_linkedin(sandbox, chance, seat, to=UNMAPPED, project=project)
    elif number == REFUSED_AT or number % 5 == 0:
        if number == REFUSED_AT:
            sandbox.fault("greenhouse", "5xx", "POST /greenhouse/v3/candidates", status=422)
        someone = scenario.person(FIRST_PEOPLE + number)
        sandbox.act("linkedin", "add_to_project", project=project, people=[someone], by=seat)
    elif number % 2:
        _act_in_greenhouse(sandbox, chance, end=number % 20 == 13)
    else:
        _move_in_linkedin(sandbox, chance, seat, to="In Progress")


AGENCY_EVERY = 3
"""Steps of the story for one at the agency: its clients are small."""


def _step_at_agency(sandbox: Sandbox, agency: Agency, number: int, chance: random.Random) -> None:
    """Someone for one client, in turn; every sixth time for two of them; between, somebody goes on in Bullhorn."""
    turn, left = divmod(number, AGENCY_EVERY)
    if left:
        return
    if turn % 2:
        rows = [row for row in sandbox.state("bullhorn")["JobSubmission"] if row["status"] in GOING_ON]
        if rows:
            sandbox.act("bullhorn", "move", application_id=chance.choice(rows)["id"])
        return
    desks = [agency.desks[(turn // 2 + step) % len(agency.desks)] for step in range(2 if turn % 6 == 0 else 1)]
    for desk in desks:
        people = [scenario.person(AGENCY_PEOPLE + number)]
        sandbox.act("linkedin", "add_to_project", project=desk.mapping.project.remote_id, people=people, by=AGENCY_SEAT)


GOING_ON = ("Submitted", "Client Submission", "Interview Scheduled")
AGENCY_SEAT = "urn:li:seat:52"
AGENCY_PEOPLE = 5_000
"""Numbers of people whom nobody else in the story uses."""


SISTER_EVERY = 4
SISTER_FIRST = 3
SISTER_SEAT = "urn:li:seat:53"
SISTER_PEOPLE = 9_000
SISTER_STAGES = [ats for _, ats in LEVER.rows if not ats.startswith("!")]


def _step_at_sister(sandbox: Sandbox, sister: Sister, number: int, chance: random.Random) -> None:
    """A few people at first; then, in turn, someone goes one stage on in Lever, and someone new is added."""
    turn, left = divmod(number, SISTER_EVERY)
    if left:
        return
    if turn % 2:
        rows = [row for row in LEVER.seen(sandbox)[1] if row.job and row.stage in SISTER_STAGES[:-1]]
        if rows:
            row = chance.choice(rows)
            LEVER.move(sandbox, row.id, SISTER_STAGES[SISTER_STAGES.index(row.stage) + 1])
        return
    mapping = sister.mappings[turn // 2 % len(sister.mappings)]
    people = [scenario.person(SISTER_PEOPLE + number + one) for one in range(1 if turn else SISTER_FIRST)]
    sandbox.act("linkedin", "add_to_project", project=mapping.project.remote_id, people=people, by=SISTER_SEAT)


def _act_in_greenhouse(sandbox: Sandbox, chance: random.Random, *, end: bool) -> None:
    """Someone goes one stage on, or to an `end`: also wherever too many are in play."""
    rows = [row for row in sandbox.state("greenhouse")["applications"] if row["status"] == "in_process"]
    if rows:
        do = "reject" if end or len(rows) > IN_PLAY else "move"
        sandbox.act("greenhouse", do, application_id=chance.choice(rows)["id"])


def _move_in_linkedin(sandbox: Sandbox, chance: random.Random, seat: str, *, to: str, project: str = "") -> None:
    rows = sandbox.state("linkedin")["profiles"]
    waiting = [row for row in rows if row["stage"] == "Contacted" and project in ("", row["project"])]
    if waiting:
        sandbox.act("linkedin", "move", profile=chance.choice(waiting)["id"], stage=to, by=seat)
