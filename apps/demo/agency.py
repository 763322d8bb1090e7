"""An agency on Bullhorn: three clients in one ATS, each with its own client corporation, Project and people."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import time as clock_time
from typing import Any

from apps.accounts import services as accounts
from apps.accounts.models import Client, User
from apps.accounts.rights import Role
from apps.connections import services as connections
from apps.connections.models import Connection
from apps.core import clock
from apps.demo import scenario
from apps.demo.sandbox import Sandbox
from apps.mappings import seats
from apps.mappings import services as mappings
from apps.mappings.models import Job, Mapping, MappingState, Policy, Project
from apps.sync import services as sync
from apps.sync.models import Stream, StreamName

CLIENTS = (
    ("Contoso", "R-2001", "Platform Engineer", "Europe/Berlin"),
    ("Fabrikam", "R-2002", "Plant Manager", "Europe/London"),
    ("Tailspin", "R-2003", "Flight Controller", "America/New_York"),
)
"""A client, the requisition and the name of its job, and where its people work."""

CREDENTIAL = {
    "username": "northwind.api",
    "password": "sandbox-password",
    "client_id": "sandbox-bullhorn-client",
    "client_secret": "sandbox-bullhorn-secret",
}
OPTIONS = {"user_id": "7051"}
STAGES = scenario.LINKEDIN_STAGES
ROWS = [
    ("Contacted", "Submitted"),
    ("Replied", "Client Submission"),
    ("In Progress", "Interview Scheduled"),
    ("In Progress", "Offer Extended"),
    ("Hired", "!hired"),
    ("Archived", "!rejected"),
]


@dataclass(frozen=True, slots=True)
class Desk:
    """One of the agency's clients: its Project, kept in step with a job of its own corporation, and a
    recruiter who sees nobody else's."""

    client: Client
    mapping: Mapping
    recruiter: User


@dataclass(frozen=True, slots=True)
class Agency:
    """What was made."""

    linkedin: Connection
    bullhorn: Connection
    desks: tuple[Desk, ...]


def wish(*, settings: dict[str, Any] | None = None) -> dict[str, Any]:
    """The agency's part of a sandbox scenario: a corporation and a job for each client."""
    return {
        "corporations": [{"name": name} for name, _, _, _ in CLIENTS],
        "jobs": [
            {"name": job, "requisition_id": requisition, "corporation": name} for name, requisition, job, _ in CLIENTS
        ],
        "candidates": [],
        "settings": settings or {},
    }


def projects() -> list[dict[str, Any]]:
    """The agency's Projects in LinkedIn."""
    return [
        {"name": f"{requisition} {job}", "stages": STAGES, "owner": "urn:li:seat:51"}
        for _, requisition, job, _ in CLIENTS
    ]


def build(
    sandbox: Sandbox,
    *,
    every_seconds: dict[str, int] | None = None,
    options: dict[str, Any] | None = None,
    settings: dict[str, Any] | None = None,
    meanwhile: Callable[[], object] = lambda: time.sleep(0.1),
    seconds: float = 60,
) -> Agency:
    """Reset the sandbox and make the agency from nothing. Needs a running worker, or a `meanwhile` that
    does its work. Raises TimeoutError where the catalogues are not read within `seconds`."""
    linkedin = {"projects": projects(), "settings": {"daily_limit": 20_000}}
    sandbox.reset({"linkedin": linkedin, "bullhorn": wish(settings=settings)})
    linked = scenario.connect_linkedin(sandbox, daily_limit=20_000, now=clock.now())
    sync.start_reading(connection_id=linked.pk, now=clock.now(), every_seconds=every_seconds)
    return join(sandbox, linked, every_seconds=every_seconds, options=options, meanwhile=meanwhile, seconds=seconds)


def join(
    sandbox: Sandbox,
    linkedin: Connection,
    *,
    every_seconds: dict[str, int] | None = None,
    options: dict[str, Any] | None = None,
    meanwhile: Callable[[], object] = lambda: time.sleep(0.1),
    seconds: float = 60,
) -> Agency:
    """Connect Bullhorn beside a LinkedIn connection whose contract has the agency's Projects, and go live."""
    bullhorn = connect(sandbox, options=options)
    sync.start_reading(connection_id=bullhorn.pk, now=clock.now(), every_seconds=every_seconds)
    scenario.await_listings((linkedin.pk, bullhorn.pk), meanwhile=meanwhile, seconds=seconds)
    seats.accept_proposals(linkedin_id=linkedin.pk, ats_id=bullhorn.pk)
    return Agency(linkedin, bullhorn, tuple(_desk(linkedin, bullhorn, *one) for one in CLIENTS))


def open_beside(sandbox: Sandbox, linkedin: Connection, **more: Any) -> Agency:
    """Make the agency's Projects and jobs in a sandbox that is at work already, and join."""
    known = {row["name"] for row in sandbox.state("linkedin")["projects"]}
    for project in projects():
        if project["name"] not in known:
            sandbox.act("linkedin", "add_project", **project)
    for name, requisition, job, _ in CLIENTS:
        sandbox.act("bullhorn", "add_job", name=job, requisition_id=requisition, corporation=name)
    Stream.objects.filter(connection=linkedin, name=StreamName.PROJECTS).update(next_at=clock.now(), complete_at=None)
    return join(sandbox, linkedin, **more)


def connect(sandbox: Sandbox, *, options: dict[str, Any] | None = None) -> Connection:
    address = f"{sandbox.base}/bullhorn"
    return connections.create_connection(
        provider="bullhorn",
        name="Bullhorn",
        now=clock.now(),
        base_urls={"api": address, "auth": address, "app": address},
        options={**OPTIONS, **(options or {})},
        secret=CREDENTIAL,
    )


def _desk(
    linkedin: Connection, bullhorn: Connection, name: str, requisition: str, job_name: str, time_zone: str
) -> Desk:
    client = accounts.create_client(name=name, time_zone=time_zone, office_start=clock_time(8))
    recruiter = accounts.create_user(
        email=f"recruiter@{name.lower()}.test",
        password=scenario.PASSWORD,
        role=Role.RECRUITER,
        clients=[client],
        first_name="Recruiter",
        last_name=f"of {name}",
    )
    job = Job.objects.get(connection=bullhorn, requisition=requisition)
    project = Project.objects.get(connection=linkedin, name=f"{requisition} {job_name}")
    mappings.assign_folder(connection_id=bullhorn.pk, folder=job.folder, client_id=client.pk)
    mapping = mappings.create_mapping(
        client_id=client.pk,
        project=project,
        job=job,
        rows=[mappings.resolve_row(job, linkedin=left, ats=right) for left, right in ROWS],
        policy=Policy.NEWEST,
        source_id="LinkedIn",
        state=MappingState.LIVE,
        author=None,
        now=clock.now(),
    )
    return Desk(client, mapping, recruiter)
