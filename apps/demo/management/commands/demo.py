"""`make demo`: everything on one machine, with a sandbox of each system and a story that goes on."""

from __future__ import annotations

import fcntl
import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from apps.accounts.models import Client
from apps.connections.models import Connection
from apps.demo import agency, backlog, processes, scenario, sister, stack, story, supervisor
from apps.demo.sandbox import Sandbox
from apps.demo.smoke import wait_until

START_SECONDS = 60


class Command(BaseCommand):
    help = "Run the demo: sandbox, web, worker, an embedded PostgreSQL and people who move."

    def handle(self, *args: Any, **options: Any) -> None:
        port = int(os.environ.get("PORT", "8000"))
        sandbox_port = int(os.environ.get("SANDBOX_PORT", "9000"))
        refuse_production()
        logging.getLogger().setLevel(os.environ.setdefault("LOG_LEVEL", "WARNING"))
        imitated = f"http://127.0.0.1:{sandbox_port}"
        web = processes.web(port, SYNCPORTAL_SANDBOX_URL=imitated)
        services = [processes.sandbox(sandbox_port), web, processes.worker()]
        with _own_folder(), supervisor.stopping(services):
            _await_ports(port, sandbox_port)
            _empty_database()
            for service in services:
                service.start()
            self.stdout.write(_tell_story(port, sandbox_port))
            supervisor.supervise(services)


def refuse_production() -> None:
    """Raise CommandError where the database is a server of its own: the demo empties what it uses."""
    if settings.PRODUCTION:
        raise CommandError("The demo starts from an empty database and would delete yours. Unset DATABASE_URL.")


def refuse_real_work() -> None:
    """Raise CommandError where the database that the demo would empty is connected to real systems."""
    sandboxed = Connection.objects.filter(settings__base_urls__api__startswith="http://127.0.0.1:")
    real = Connection.objects.exclude(pk__in=sandboxed).values_list("name", flat=True)
    if real:
        names = ", ".join(real)
        raise CommandError(
            f"This database is connected to {names}; the demo would empty it. Set another SYNCPORTAL_DATA."
        )


@contextmanager
def _own_folder() -> Iterator[None]:
    """Keep a second demo off this one's database."""
    with (settings.DATA_DIR / "demo.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CommandError(f"A demo already runs on {settings.DATA_DIR}. Ctrl-C there stops it.") from None
        yield


def _await_ports(port: int, sandbox_port: int) -> None:
    try:
        stack.await_port(port)
        stack.await_port(sandbox_port)
    except stack.PortInUse as taken:
        raise CommandError(f"{taken} Choose others: PORT=8001 SANDBOX_PORT=9001 make demo") from None


def _empty_database() -> None:
    call_command("migrate", verbosity=0)
    refuse_real_work()
    if Client.objects.exists():
        call_command("flush", interactive=False, verbosity=0)


def _tell_story(port: int, sandbox_port: int) -> str:
    """Wait for the processes, make the company, and let its people move from now on. Returns the welcome."""
    web = f"http://127.0.0.1:{port}"
    sandbox = Sandbox(f"http://127.0.0.1:{sandbox_port}")
    try:
        wait_until(lambda: sandbox.answers() and stack.answers(f"{web}/healthz"), START_SECONDS)
        company = scenario.build(
            sandbox,
            web=web,
            names=story.REQUISITIONS,
            every_seconds={"profiles": story.POLL_SECONDS, "applications": 120},
            daily_limit=story.DAILY_LIMIT,
            ats={"ceiling": 500},
            options={"client_folder": backlog.FOLDER},
            seconds=START_SECONDS,
        )
        scenario.connect_slack(sandbox, company)
        backlog.open_beside(sandbox, company)
        lever = sister.connect(sandbox, web=web, every_seconds={"applications": 120})
        beside = agency.open_beside(
            sandbox, company.linkedin, every_seconds={"events": story.POLL_SECONDS}, seconds=START_SECONDS
        )
        woodgrove = sister.go_live(company.linkedin, lever, seconds=START_SECONDS)
    except TimeoutError:
        raise CommandError(
            f"The demo did not come up within {START_SECONDS} s. LOG_LEVEL=INFO make demo says more."
        ) from None
    threading.Thread(target=story.tell, args=(sandbox, company, beside, woodgrove), daemon=True).start()
    return _welcome(web, sandbox.base)


def _client_people() -> str:
    """The recruiters of the agency's clients and of the sister company, each of whom sees one client."""
    agency_people = [(name, f"recruiter@{name.lower()}.test") for name, _, _, _ in agency.CLIENTS]
    return "\n".join(f"  {name:<10} {email}" for name, email in [*agency_people, (sister.NAME, sister.RECRUITER)])


def _welcome(web: str, sandbox: str) -> str:
    people = "\n".join(f"  {role.label:<10} {email}" for email, role, _, _ in scenario.PEOPLE)
    return (
        f"\nSyncPortal runs at {web}/  (sandbox: {sandbox}/_control/)\n"
        f"Sign in, password {scenario.PASSWORD!r}:\n{people}\n{_client_people()}\n"
        "Recruiters add people and move them from now on; watch the sync log. Ctrl-C stops everything.\n"
    )
