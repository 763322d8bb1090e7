"""`make run`: web and worker on this machine, supervised, without sandbox and scenario."""

from __future__ import annotations

import os
import signal
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand

from apps.demo import processes, supervisor
from syncportal import database


class Command(BaseCommand):
    help = "Run SyncPortal on this machine: web, worker and, without DATABASE_URL, an embedded PostgreSQL."

    def handle(self, *args: Any, **options: Any) -> None:
        port = int(os.environ.get("PORT", "8000"))
        call_command("migrate", verbosity=0)
        self.stdout.write(
            f"SyncPortal: http://127.0.0.1:{port}/\nMake the first admin: python manage.py createsuperuser"
        )
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # a service manager's stop is a Ctrl-C
        supervisor.supervise([processes.web(port, SECURE_HTTPS="false"), processes.worker()])
        database.stop(settings.DATA_DIR / "postgres")
