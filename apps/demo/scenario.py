"""The demo's company: made through the same services as the screens use."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from datetime import time as clock_time
from typing import Any
from uuid import UUID

from apps.accounts import services as accounts
from apps.accounts.models import Client, User
from apps.accounts.rights import Role
from apps.accounts.scope import EVERYONE
from apps.connections import services as connections
from apps.connections.models import Connection
from apps.core import clock
from apps.demo.ats import all_hands
from apps.demo.ats.hands import Hands
from apps.demo.sandbox import Sandbox
from apps.mappings import seats
from apps.mappings import services as mappings
from apps.mappings.models import Job, Mapping, MappingState, Policy, Project, Seat
from apps.notifications import services as notifications
from apps.sync import services as sync

LINKEDIN_STAGES = ["Contacted", "Replied", "In Progress", "Hired", "Archived"]
PASSWORD = "demo-password"
PEOPLE = (
    ("admin@northwind.test", Role.ADMIN, "Ada", "Byrne"),
    ("ops@northwind.test", Role.OPS, "Ben", "Okafor"),
    ("recruiter@northwind.test", Role.RECRUITER, "Chloe", "Martin"),
    ("viewer@northwind.test", Role.VIEWER, "Deniz", "Kaya"),
)


@dataclass(frozen=True, slots=True)
class Company:
    """What the scenario made."""

    client: Client
    linkedin: Connection
    ats: Connection
    mappings: tuple[Mapping, ...]

    @property
    def greenhouse(self) -> Connection:
        """The ATS, where it is the one that is built unless another is named."""
        return self.ats


def wish(
    names: Sequence[str],
    *,
    linkedin: dict[str, Any] | None = None,
    ats: dict[str, Any] | None = None,
    system: str = "greenhouse",
) -> dict[str, Any]:
    """A sandbox scenario: one Project and one job for each requisition name."""
    return {
        "linkedin": {
            "projects": [
                {"name": f"R-{1001 + number} {name}", "stages": LINKEDIN_STAGES, "owner": "urn:li:seat:51"}
                for number, name in enumerate(names)
            ],
            "settings": linkedin or {},
        },
        system: all_hands()[system].wish(names, ats or {}),
    }


def build(
    sandbox: Sandbox,
    *,
    web: str,
    names: Sequence[str],
    daily_limit: int = 500,
    every_seconds: dict[str, int] | None = None,
    linkedin: dict[str, Any] | None = None,
    ats: dict[str, Any] | None = None,
    options: dict[str, Any] | None = None,
    policy: Policy = Policy.NEWEST,
    projects_per_job: int = 1,
    terminal: bool = False,
    parts: dict[str, dict[str, Any]] | None = None,
    system: str = "greenhouse",
    meanwhile: Callable[[], object] = lambda: time.sleep(0.1),
    seconds: float = 60,
) -> Company:
    """Reset the sandbox, connect both systems, read their catalogues, map each Project to its job, go live.

    `terminal` lets LinkedIn reject, hire and reopen, which is off by default (RULES.md 11). `parts` adds to
    a system's part of the sandbox's scenario.
    Needs a running worker, or a `meanwhile` that does its work.
    Raises TimeoutError where the catalogues are not read within `seconds`.
    """
    scenario = wish(names, linkedin={"daily_limit": daily_limit, **(linkedin or {})}, ats=ats, system=system)
    scenario["linkedin"]["projects"] = [
        {**project, "name": project["name"] + (f" ({copy + 1})" if copy else "")}
        for project in scenario["linkedin"]["projects"]
        for copy in range(projects_per_job)
    ]
    for name, part in (parts or {}).items():
        scenario[name] |= part
    sandbox.reset(scenario)
    now = clock.now()
    client = accounts.create_client(name="Northwind", time_zone="Europe/Berlin", office_start=clock_time(8))
    author = _people(client)
    linked = connect_linkedin(sandbox, daily_limit=daily_limit, now=now)
    hands = all_hands()[system]
    ats_connection = connect_ats(sandbox, hands, options=options, now=now)
    for connection in (linked, ats_connection):
        if connection is linked or hands.pushes:
            listen(sandbox, connection, web=web, now=now)
        sync.start_reading(connection_id=connection.pk, now=now, every_seconds=every_seconds)
    await_listings((linked.pk, ats_connection.pk), meanwhile=meanwhile, seconds=seconds)
    opened = connections.open_ats(ats_connection.pk)
    seats.accept_proposals(linkedin_id=linked.pk, ats_id=ats_connection.pk)
    source_id = next(found.id for found in opened.list_sources().items if "LinkedIn" in found.name)
    made = tuple(
        map_project(
            client, project, ats_connection, hands, policy=policy, terminal=terminal, author=author, source=source_id
        )
        for project in Project.objects.filter(connection=linked).order_by("pk")
    )
    return Company(client, linked, ats_connection, made)


def connect_ats(sandbox: Sandbox, hands: Hands, *, options: dict[str, Any] | None = None, now: datetime) -> Connection:
    """The sandbox's account at this system, with the settings that it cannot do without."""
    address = f"{sandbox.base}/{hands.key}"
    return connections.create_connection(
        provider=hands.key,
        name=hands.name,
        now=now,
        base_urls={"api": address, "auth": address},
        options={**hands.options(sandbox), **(options or {})},
        secret=hands.credential,
    )


def listen(sandbox: Sandbox, connection: Connection, *, web: str, now: datetime) -> None:
    secret = connections.hook_secrets(connection, now=now)[0]
    address = f"{web}/webhooks/{connection.provider}/{connection.pk}/"
    sandbox.act(connection.provider, "set_webhook", url=address, secret=secret)


def connect_linkedin(sandbox: Sandbox, *, daily_limit: int, now: datetime) -> Connection:
    """The contract that the sandbox has, with a token as a consent would have given it."""
    address = f"{sandbox.base}/linkedin"
    linked = connections.create_connection(
        provider="linkedin",
        name="LinkedIn Recruiter",
        now=now,
        base_urls={"api": address, "auth": address},
        options={"daily_limit": daily_limit, "contract": "urn:li:contract:7001"},
    )
    connections.set_credential(
        connection_id=linked.pk,
        secret={"client_id": "sandbox-linkedin-client", "client_secret": "sandbox-linkedin-secret"},
        access_token="sandbox-linkedin-token",
        now=now,
    )
    return linked


def connect_slack(sandbox: Sandbox, company: Company) -> Connection:
    """The sandbox's workspace: recruiters are known there, and #hiring is the hiring managers' channel."""
    now, address = clock.now(), f"{sandbox.base}/slack"
    slack = connections.create_connection(
        provider="slack",
        name="Slack",
        now=now,
        base_urls={"api": address, "auth": address},
        secret={"bot_token": "xoxb-sandbox-token"},
    )
    connections.identify_and_bind(connection_id=slack.pk, now=now)
    notifications.read_channels(connection_id=slack.pk, now=now)
    notifications.save_contact(scope=EVERYONE, client_id=company.client.pk, where="#hiring", now=now)
    for seat in Seat.objects.filter(connection=company.linkedin).exclude(email=""):
        sandbox.act("slack", "add_user", name=seat.name, email=seat.email)
    notifications.propose_slack_users(scope=EVERYONE)
    return slack


def _people(client: Client) -> User:
    made = [
        accounts.create_user(
            email=email,
            password=PASSWORD,
            role=role,
            clients=[client],
            all_clients=role == Role.ADMIN,
            first_name=first,
            last_name=last,
        )
        for email, role, first, last in PEOPLE
    ]
    return made[1]


def await_listings(ids: Sequence[UUID], *, meanwhile: Callable[[], object], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not all(sync.listings_are_read(connection_id=found) for found in ids):
        if time.monotonic() > end:
            raise TimeoutError("The catalogues were not read; does the worker run?")
        meanwhile()


def map_project(
    client: Client,
    project: Project,
    ats: Connection,
    hands: Hands,
    *,
    policy: Policy,
    terminal: bool = False,
    author: User,
    source: str,
) -> Mapping:
    """Map a Project to the job that has the requisition its name begins with, by the system's usual stage map."""
    requisition = project.name.split(" ", 1)[0]
    job = Job.objects.get(connection=ats, requisition=requisition)
    return mappings.create_mapping(
        client_id=client.pk,
        project=project,
        job=job,
        rows=[mappings.resolve_row(job, linkedin=left, ats=right, terminal=terminal) for left, right in hands.rows],
        policy=policy,
        source_id=source,
        state=MappingState.LIVE,
        author=author,
        now=clock.now(),
    )


def person(number: int, *, at: str = "linkedin.com/in/") -> dict[str, Any]:
    """Someone with a public profile; the same number is the same person."""
    first = FIRST[number % len(FIRST)]
    last = LAST[(number // len(FIRST)) % len(LAST)]
    return {
        "first": first,
        "last": last,
        "url": f"https://www.{at}{first.lower()}-{last.lower()}-{number}",
        "member": f"urn:li:person:demo{number}",
        "headline": "Engineer",
        "company": "Contoso",
        "title": "Engineer",
        "location": "Berlin",
    }


FIRST = ("Amara", "Bruno", "Clara", "Dario", "Elif", "Farid", "Greta", "Hugo", "Ines", "Jonas", "Kira", "Luca")
LAST = ("Abel", "Brandt", "Conti", "Duarte", "Eriksen", "Fischer", "Garcia", "Hansen", "Ibrahim", "Jansen", "Keller")
