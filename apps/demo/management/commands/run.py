"""`make run`: web and worker on this machine, supervised, without sandbox and scenario."""

from __future__ import annotations

import os
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from apps.demo import processes, stack, supervisor


class Command(BaseCommand):
    help = "Run SyncPortal on this machine: web, worker and, without DATABASE_URL, an embedded PostgreSQL."

    def handle(self, *args: Any, **options: Any) -> None:
        port = int(os.environ.get("PORT", "8000"))
        try:
            stack.await_port(port)
        except stack.PortInUse as taken:
            raise CommandError(f"{taken} Choose another: PORT=8001 make run") from None
        services = [processes.web(port, SECURE_HTTPS="false"), processes.worker()]
        with supervisor.stopping(services):
            call_command("migrate", verbosity=0)
            self.stdout.write(
                f"SyncPortal: http://127.0.0.1:{port}/\nMake the first admin: python manage.py createsuperuser"
            )
            supervisor.supervise(services)
