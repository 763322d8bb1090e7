"""The whole app as it runs: sandbox, web and qcluster as processes, on the tests' database.

A module makes one company and uses other people in each test. A test only reads the database: it
runs in a transaction of its own (pytest-django), which the processes would not see.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connections

from apps.core import clock
from apps.demo import invariants, scenario, stack
from apps.demo.processes import Service
from apps.demo.scenario import Company
from apps.demo.stack import Stack
from apps.ledger.models import Effect, Event
from apps.ledger.states import OPEN, Reason, State
from syncportal import database

VISIBLE_AFTER = 1.0
LEASE = 2.0
CALL = 0.8
EVERY_SECONDS = {"profiles": 1, "people": 30, "applications": 30, "jobs": 30}
ADDED_BY = "urn:li:seat:52"


@dataclass
class Engine:
    """A running SyncPortal with one company, and what a test does there and asks of it."""

    stack: Stack
    company: Company
    named: int = field(default=0)

    @property
    def sandbox(self) -> Any:
        return self.stack.sandbox

    def people(self, count: int) -> list[int]:
        """Numbers of people whom no other test of this module has used."""
        self.named += count
        return list(range(self.named - count, self.named))

    def add(self, numbers: list[int], *, mapping: int = 0) -> list[str]:
        """A recruiter adds them to the mapping's Project; returns the profiles' ids."""
        project = self.company.mappings[mapping].project.remote_id
        wanted = [scenario.person(number) for number in numbers]
        added = self.sandbox.act("linkedin", "add_to_project", project=project, people=wanted, by=ADDED_BY)
        return list(added["profiles"])

    def arrive(self, numbers: list[int], *, mapping: int = 0) -> list[str]:
        """Add them and wait until everything about them has settled."""
        profiles = self.add(numbers, mapping=mapping)
        self.wait(lambda: all(self.applications(number) for number in numbers))
        self.settle()
        return profiles

    def candidates(self, number: int) -> list[dict[str, Any]]:
        """The people in Greenhouse who bear this person's LinkedIn address."""
        slug = scenario.person(number)["url"].rsplit("/", 1)[-1]
        return [row for row in self.greenhouse["candidates"] if slug in invariants.slugs_of(row)]

    def applications(self, number: int) -> list[dict[str, Any]]:
        ids = {row["id"] for row in self.candidates(number)}
        return [row for row in self.greenhouse["applications"] if row["candidate_id"] in ids]

    @property
    def greenhouse(self) -> dict[str, Any]:
        return self.sandbox.state("greenhouse")

    def linkedin_stage(self, profile: str) -> str:
        rows = self.sandbox.state("linkedin")["profiles"]
        return next(row["stage"] for row in rows if row["id"] == profile)

    def move_in_linkedin(self, profile: str, stage: str) -> None:
        self.sandbox.act("linkedin", "move", profile=profile, stage=stage, by=ADDED_BY)

    def calls(self, label: str, *, since: int = 0) -> list[dict[str, Any]]:
        """The call log's writes of one kind, in order of commit."""
        system = "linkedin" if label.startswith("profiles.") else "greenhouse"
        return [call for call in self.sandbox.calls(system, write=1, since=since) if call["operation"] == label]

    def writes(self) -> list[dict[str, Any]]:
        """Every write that either system took; tokens are none."""
        calls = [*self.sandbox.calls("greenhouse", write=1), *self.sandbox.calls("linkedin", write=1)]
        return [call for call in calls if "oken" not in call["path"] and call["status"] < 400]

    def wait(self, condition: Callable[[], Any], seconds: float = 30) -> None:
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                raise AssertionError(f"Waited {seconds} s in vain. Open: {self.unsettled()}")
            time.sleep(0.05)

    def unsettled(self) -> list[str]:
        """What has yet to be done by itself: open events and what waits for a read-back."""
        events = Event.objects.exclude(kind__startswith="poll.")
        rows = events.filter(state__in=OPEN) | events.filter(state=State.HELD, reason=Reason.UNCERTAIN)
        return [f"{event} {event.state} {event.payload}: {event.detail}" for event in rows.order_by("pk")[:20]]

    def settle(self, seconds: float = 30) -> None:
        """Wait until two polls in a row found nothing left to do: what we did has been read back as an echo."""
        quiet_since = time.monotonic()
        end = quiet_since + seconds
        while time.monotonic() - quiet_since < 2 * EVERY_SECONDS["profiles"] + 0.5:
            if unsettled := self.unsettled():
                quiet_since = time.monotonic()
            if time.monotonic() > end:
                raise AssertionError(f"Not settled after {seconds} s: {unsettled}")
            time.sleep(0.1)

    def check(self) -> None:
        """DESIGN.md's invariants, and that nothing died."""
        assert invariants.broken(self.sandbox) == []
        assert [f"{event}: {event.detail}" for event in Event.objects.filter(state=State.DEAD)] == []

    def worker(self, number: int) -> Service:
        """One of the qclusters."""
        return self.stack.services[f"worker{number or ''}"]

    def held(self) -> int:
        """How many responses Greenhouse is holding back at this moment."""
        return int(self.sandbox.faults("greenhouse")["held"])

    def effects(self, kind: str) -> list[Effect]:
        return list(Effect.objects.filter(kind=kind).order_by("pk"))


def address_of_test_database() -> str:
    """The embedded server's address with the name of this test process's database."""
    base = os.environ.get("DATABASE_URL") or database.start(settings.DATA_DIR / "postgres")
    name = connections["default"].settings_dict["NAME"]
    return urlunsplit(urlsplit(base)._replace(path=f"/{name}"))


def engine_env(*, lease: float = LEASE, call: float = CALL) -> dict[str, str]:
    """What the processes of a test are told: the tests' database, short leases and calls (in seconds)."""
    return {
        "DATABASE_URL": address_of_test_database(),
        "SYNCPORTAL_LOCAL": "true",
        "SYNCPORTAL_DATA": str(settings.DATA_DIR),
        "SYNCPORTAL_LEASE_SECONDS": str(lease),
        "SYNCPORTAL_CALL_SECONDS": str(call),
        "LOG_LEVEL": "ERROR",
    }


@contextmanager
def running_engine(
    *, workers: int = 4, clusters: int = 1, lease: float = LEASE, call: float = CALL, **built: Any
) -> Iterator[Engine]:
    """Short leases and calls (in seconds), a Greenhouse that hides new records for a second, and LinkedIn
    allowed to end candidacies."""
    wish: dict[str, Any] = {
        "names": ["Data Engineer"],
        "daily_limit": 20_000,
        "every_seconds": EVERY_SECONDS,
        "ats": {"ceiling": 2000, "visible_after": VISIBLE_AFTER},
        "options": {"visible_after_seconds": VISIBLE_AFTER},
        "terminal": True,
    }
    with stack.running(env=engine_env(lease=lease, call=call), workers=workers, clusters=clusters) as running:
        yield Engine(running, scenario.build(running.sandbox, web=running.web, **(wish | built)))


class AppClock:
    """App time that runs with the wall clock, and can be moved ahead of it."""

    def __init__(self) -> None:
        self._ahead = timedelta(0)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def skip(self, time: timedelta) -> None:
        self._ahead += time

    def start(self) -> None:
        self._tick()
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(0.1):
            self._tick()

    def _tick(self) -> None:
        clock.step_to(clock.real_now() + self._ahead)


@pytest.fixture(scope="module")
def app_clock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppClock]:
    """Moves the app time of this process and of those it starts."""
    ticking = AppClock()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(clock.STEPPED_BY, str(tmp_path_factory.mktemp("clock") / "now"))
        ticking.start()
        yield ticking
        ticking.stop()


@pytest.fixture(scope="module")
def engine_database(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """The tests' database, shared by a module's tests and by the processes; emptied afterwards."""
    with django_db_blocker.unblock():
        yield
        call_command("flush", interactive=False, verbosity=0)
        connections.close_all()
