"""A company whose recruiters export people: LinkedIn in export mode beside Greenhouse, worked by one worker in this
process; deliveries come over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import time, timedelta
from time import sleep
from typing import Any

from apps.accounts import services as accounts
from apps.accounts.models import Client
from apps.connections import services as connections
from apps.connections.models import Connection
from apps.core import clock
from apps.demo import scenario
from apps.demo.ats import all_hands
from apps.demo.sandbox import Sandbox
from apps.ledger.models import Event
from apps.ledger.states import OPEN, Reason, State
from apps.mappings import services as mappings
from apps.mappings.models import Job, Mapping, MappingState, Project
from apps.sync import services as sync
from tests.connections.factories import travel
from tests.sandbox_process import running_sandbox
from tests.sync.office import step

ORGANIZATION = "urn:li:organization:1234"
SEAT = "urn:li:seat:51"
EVERY_SECONDS = {"people": 3600, "applications": 60, "jobs": 3600, "projects": 3600}
NAMES = ["Data Engineer", "Analyst"]


@dataclass
class Exporting:
    """Two jobs that people are exported to; time moves only when told to."""

    sandbox: Sandbox
    client: Client
    linkedin: Connection
    ats: Connection
    mappings: tuple[Mapping, ...]

    def export(self, *numbers: int, job: int = 0, seat: str = SEAT) -> list[str]:
        """A recruiter exports people to a job, one click each; returns LinkedIn's ids of the exports."""
        people = [scenario.person(one) | {"company": f"Contoso {one}"} for one in numbers]
        named = self.mappings[job].job.remote_id
        return list(self.sandbox.act("linkedin", "export", seat=seat, job=named, people=people)["requests"])

    def received(self) -> None:
        """Wait until everything that was sent here was answered."""
        end = clock.real_now().timestamp() + 60
        while left := [one for one in self._deliveries() if one["state"] not in ("delivered", "given up")]:
            assert clock.real_now().timestamp() < end, left
            sleep(0.05)

    def _deliveries(self) -> list[dict[str, Any]]:
        return [one for system in ("linkedin", "greenhouse") for one in self.sandbox.deliveries(system)]

    def work(self, seconds: int = 60) -> None:
        for _ in range(seconds // 5):
            self.received()
            step(self.sandbox)

    def settle(self, seconds: int = 1800) -> None:
        """Work until nothing is left to be done, or so much time has passed."""
        for _ in range(seconds // 5):
            self.work(5)
            self.received()
            if self.settled():
                break

    def pass_time(self, seconds: int) -> None:
        """Nobody works meanwhile."""
        self.sandbox.clock(advance=seconds)
        clock.step_to(clock.now() + timedelta(seconds=seconds))

    def told(self) -> dict[str, Any]:
        return dict(self.sandbox.state("linkedin")["rsc"])

    def calls(self, operation: str) -> list[dict[str, Any]]:
        return self.sandbox.calls("linkedin", operation=operation)

    def applications(self) -> list[dict[str, Any]]:
        return list(self.sandbox.state("greenhouse")["applications"])

    def move(self, stage: str, *applications: int) -> None:
        for one in applications:
            self.sandbox.act("greenhouse", "move", application_id=one, stage=stage)

    def left(self) -> list[str]:
        """What is open, held or dead, in words."""
        waits = Event.objects.filter(state__in=(*OPEN, State.HELD, State.DEAD)).exclude(kind__startswith="poll")
        return [f"{one.kind} {one.state} {one.reason}{one.cause}: {one.detail}" for one in waits]

    def settled(self) -> bool:
        events = Event.objects.filter(state__in=OPEN) | Event.objects.filter(state=State.HELD, reason=Reason.UNCERTAIN)
        return not events.exclude(kind__startswith="poll").exists()


def connect(sandbox: Sandbox, **options: Any) -> Connection:
    """The sandbox's organization, by its application's own credential."""
    address = f"{sandbox.base}/linkedin"
    return connections.create_connection(
        provider="linkedin",
        name="LinkedIn exports",
        now=clock.now(),
        access_mode="export",
        base_urls={"api": address, "auth": address},
        options={"daily_limit": 20_000, "organization": ORGANIZATION, **options},
        secret={"client_id": "sandbox-linkedin-client", "client_secret": "sandbox-linkedin-secret"},
    )


@contextmanager
def opened(web: str, **options: Any) -> Iterator[Exporting]:
    with running_sandbox() as running, travel(clock.real_now()):
        sandbox = Sandbox(running.base)
        hands = all_hands()["greenhouse"]
        limits = {"ceiling": 2000, "visible_after": 5}
        sandbox.reset({"greenhouse": hands.wish(NAMES, limits), "linkedin": {"settings": {"daily_limit": 20_000}}})
        sandbox.clock(now=clock.now().isoformat())  # both stand still between two steps, however busy the machine is
        client = accounts.create_client(name="Northwind", time_zone="Europe/Berlin", office_start=time(8))
        linked, ats = connect(sandbox, **options), scenario.connect_ats(sandbox, hands, now=clock.now())
        scenario.listen(sandbox, ats, web=web, now=clock.now())
        connections.open_publishing(linked.pk).configure(f"{web}/webhooks/linkedin/{linked.pk}/")
        sync.start_reading(connection_id=ats.pk, now=clock.now(), every_seconds=EVERY_SECONDS)
        scenario.await_listings([ats.pk], meanwhile=lambda: step(sandbox), seconds=60)
        sync.start_reading(connection_id=linked.pk, now=clock.now(), every_seconds=EVERY_SECONDS)
        scenario.await_listings([linked.pk], meanwhile=lambda: step(sandbox), seconds=60)
        made = [_map(client, linked, job) for job in Job.objects.filter(connection=ats).order_by("pk")]
        yield Exporting(sandbox, client, linked, ats, tuple(made))


def _map(client: Client, linked: Connection, job: Job) -> Mapping:
    return mappings.create_mapping(
        client_id=client.pk,
        project=Project.objects.get(connection=linked, remote_id=job.remote_id),
        job=job,
        rows=[],
        state=MappingState.LIVE,
        now=clock.now(),
    )
