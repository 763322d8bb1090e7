"""`make demo`: everything on one machine, with a sandbox of each system and a story that goes on."""

from __future__ import annotations

import os
import signal
import threading
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from apps.accounts.models import Client
from apps.connections.models import Connection
from apps.demo import processes, scenario, story, supervisor
from apps.demo.sandbox import Sandbox
from apps.demo.smoke import wait_until
from syncportal import database


class Command(BaseCommand):
    help = "Run the demo: sandbox, web, worker, an embedded PostgreSQL and people who move."

    def handle(self, *args: Any, **options: Any) -> None:
        port = int(os.environ.get("PORT", "8000"))
        sandbox_port = int(os.environ.get("SANDBOX_PORT", "9000"))
        refuse_production()
        call_command("migrate", verbosity=0)
        refuse_real_work()
        if Client.objects.exists():
            call_command("flush", interactive=False, verbosity=0)
        services = [processes.sandbox(sandbox_port), processes.web(port), processes.worker()]
        for service in services:
            service.start()
        sandbox = Sandbox(f"http://127.0.0.1:{sandbox_port}")
        wait_until(sandbox.answers, 30)
        company = scenario.build(
            sandbox,
            web=f"http://127.0.0.1:{port}",
            names=story.REQUISITIONS,
            every_seconds={"profiles": story.POLL_SECONDS, "applications": 120},
            daily_limit=story.DAILY_LIMIT,
            ats={"ceiling": 500},
        )
        self.stdout.write(_welcome(port, sandbox_port))
        threading.Thread(target=story.tell, args=(sandbox, company), daemon=True).start()
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # a service manager's stop is a Ctrl-C
        supervisor.supervise(services)
        database.stop(settings.DATA_DIR / "postgres")


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


def _welcome(port: int, sandbox_port: int) -> str:
    people = "\n".join(f"  {role.label:<10} {email}" for email, role, _, _ in scenario.PEOPLE)
    return (
        f"\nSyncPortal runs at http://127.0.0.1:{port}/  (sandbox: http://127.0.0.1:{sandbox_port}/_control/)\n"
        f"Sign in, password {scenario.PASSWORD!r}:\n{people}\n"
        "Recruiters add people and move them from now on; watch the sync log. Ctrl-C stops everything.\n"
    )
