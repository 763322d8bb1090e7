"""A sister company on Lever: an account of its own beside the others, with its own Projects and people."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import time as clock_time
from typing import Any

from apps.accounts import services as accounts
from apps.accounts.models import Client
from apps.accounts.rights import Role
from apps.connections.models import Connection
from apps.core import clock
from apps.demo import scenario
from apps.demo.ats import all_hands
from apps.demo.sandbox import Sandbox
from apps.mappings import seats
from apps.mappings.models import Mapping, Policy, Project
from apps.sync import services as sync

NAME, TIME_ZONE = "Woodgrove", "Europe/Paris"
RECRUITER = "recruiter@woodgrove.test"
REQUISITIONS = (("R-3001", "Store Manager"), ("R-3002", "Data Analyst"))
HANDS = all_hands()["lever"]
SOURCE = "LinkedIn"
"""Lever's sources have no ids: the text is what is written."""


@dataclass(frozen=True, slots=True)
class Sister:
    """What was made."""

    client: Client
    lever: Connection
    mappings: tuple[Mapping, ...]


def connect(sandbox: Sandbox, *, web: str, every_seconds: dict[str, int] | None = None) -> Connection:
    """Make its Projects and postings in a sandbox that is at work already, and begin to read its Lever."""
    for requisition, name in REQUISITIONS:
        project: dict[str, Any] = {"name": f"{requisition} {name}", "owner": "urn:li:seat:53"}
        sandbox.act("linkedin", "add_project", stages=scenario.LINKEDIN_STAGES, **project)
        sandbox.act("lever", "add_job", name=name, requisition_id=requisition)
    now = clock.now()
    lever = scenario.connect_ats(sandbox, HANDS, now=now)
    scenario.listen(sandbox, lever, web=web, now=now)
    sync.start_reading(connection_id=lever.pk, now=now, every_seconds=every_seconds)
    return lever


def go_live(
    linkedin: Connection,
    lever: Connection,
    *,
    meanwhile: Callable[[], object] = lambda: time.sleep(0.1),
    seconds: float = 60,
) -> Sister:
    """Map each of its Projects to its posting once both listings are read. Raises TimeoutError after `seconds`."""
    scenario.await_listings((linkedin.pk, lever.pk), meanwhile=meanwhile, seconds=seconds)
    seats.accept_proposals(linkedin_id=linkedin.pk, ats_id=lever.pk)
    client = accounts.create_client(name=NAME, time_zone=TIME_ZONE, office_start=clock_time(8))
    recruiter = accounts.create_user(
        email=RECRUITER,
        password=scenario.PASSWORD,
        role=Role.RECRUITER,
        clients=[client],
        first_name="Recruiter",
        last_name=f"of {NAME}",
    )
    names = [f"{requisition} {name}" for requisition, name in REQUISITIONS]
    made = tuple(
        scenario.map_project(client, project, lever, HANDS, policy=Policy.NEWEST, author=recruiter, source=SOURCE)
        for project in Project.objects.filter(connection=linkedin, name__in=names).order_by("pk")
    )
    return Sister(client, lever, made)
