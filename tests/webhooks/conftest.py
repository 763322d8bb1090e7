"""The web process as it runs in production, on the tests' database, and a sandbox that delivers to it."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import httpx
import pytest
from django.conf import settings
from django.db import connections as databases

from apps.core import clock
from apps.demo import processes, scenario
from apps.demo.scenario import Company
from apps.ledger import drain as loop
from apps.ledger import tasks
from apps.ledger.models import Event
from apps.ledger.states import OPEN, Reason, State
from syncportal import database
from tests.sandbox_process import Sandbox, free_port

ADDED_BY = "urn:li:seat:52"
ON_REQUEST = {name: 3600 for name in ("profiles", "projects", "seats", "jobs", "people", "applications")}
"""Nothing is read by the clock while a test lasts: what is read, a delivery brought forward."""


@dataclass
class Office:
    """A connected company, whose worker works when a test says so."""

    sandbox: Sandbox
    web: str
    company: Company

    def add(self, *numbers: int, mapping: int = 0) -> list[str]:
        """A recruiter adds people to a mapped Project; returns the profiles' ids."""
        project = self.company.mappings[mapping].project.remote_id
        people = [scenario.person(number) for number in numbers]
        return list(
            self.sandbox.act("linkedin", "add_to_project", project=project, people=people, by=ADDED_BY)["profiles"]
        )

    def applications(self) -> list[dict[str, Any]]:
        return list(self.sandbox.state("greenhouse")["applications"])

    def linkedin_stage(self, profile: str) -> str:
        rows = self.sandbox.state("linkedin")["profiles"]
        return str(next(row["stage"] for row in rows if row["id"] == profile))

    def received(self) -> None:
        """Wait until everything that the systems sent was answered with 200."""
        self.sandbox.wait_for(
            lambda: all(
                one["state"] == "delivered"
                for system in ("linkedin", "greenhouse")
                for one in self.sandbox.deliveries(system)
            )
        )

    def settle(self) -> None:
        """Receive and work until nothing is left that needs no person."""
        self.sandbox.wait_for(self._is_settled, seconds=30)

    def _is_settled(self) -> bool:
        self.received()
        work()
        self.received()
        events = Event.objects.filter(state__in=OPEN) | Event.objects.filter(state=State.HELD, reason=Reason.UNCERTAIN)
        return not events.exists()


def work() -> None:
    """A sweep and a drain, as the worker makes them."""
    tasks.sweep()
    while loop.drain(until=clock.real_now() + timedelta(seconds=20)):
        tasks.sweep()


@contextmanager
def worker() -> Iterator[None]:
    """Work in the background until the block ends."""
    stop = threading.Event()

    def run() -> None:
        while not stop.wait(0.05):
            work()
        databases.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@pytest.fixture(scope="module")
def web(django_db_setup: None) -> Iterator[str]:
    """The address of a web process on the tests' database; nobody works behind it."""
    base = os.environ.get("DATABASE_URL") or database.start(settings.DATA_DIR / "postgres")
    own = urlunsplit(urlsplit(base)._replace(path=f"/{databases['default'].settings_dict['NAME']}"))
    port = free_port()
    env = {"DATABASE_URL": own, "SYNCPORTAL_LOCAL": "true", "SYNCPORTAL_DATA": str(settings.DATA_DIR)}
    service = processes.web(port, LOG_LEVEL="CRITICAL", **env)
    service.start()
    try:
        address = f"http://127.0.0.1:{port}"
        _await_answer(address)
        yield address
    finally:
        service.kill()


def _await_answer(address: str) -> None:
    transport = httpx.HTTPTransport(retries=8)
    with httpx.Client(transport=transport, timeout=30) as http:
        http.get(f"{address}/healthz").raise_for_status()


@pytest.fixture
def office(transactional_db: None, sandbox: Sandbox, web: str) -> Office:
    """Two Projects, each mapped to its job and live; everything about them has been read."""
    with worker():
        company = scenario.build(
            sandbox,
            web=web,
            names=["Data Engineer", "Product Designer"],
            daily_limit=20_000,
            every_seconds=ON_REQUEST,
            ats={"ceiling": 2000},
        )
    made = Office(sandbox, web, company)
    made.settle()
    return made
