"""Keeps what `make demo` and `make run` started alive: what ended is started again, a worker without
progress is replaced (its processes look alive: facts of django-q2), PostgreSQL is brought back."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import OperationalError, connections

from apps.core import clock
from apps.demo.processes import Service
from apps.ledger import health
from syncportal import database

log = structlog.get_logger()

NO_PROGRESS = timedelta(seconds=60)
"""Six missed idle beats, and longer than any single batch: then the cluster is taken for frozen."""

LOOK_EVERY = 1.0


def supervise(services: Sequence[Service], *, until: Callable[[], bool] = lambda: False) -> None:
    """Run until `until` says so or Ctrl-C; stops everything it started."""
    started = clock.real_now()
    try:
        for service in services:
            if not service.runs:
                service.start()
        while not until():
            time.sleep(LOOK_EVERY)
            _mend_database()
            for service in services:
                started = _mend(service, started)
    except KeyboardInterrupt:
        log.info("supervisor.stopping")
    finally:
        for service in reversed(services):
            service.stop()


def _mend(service: Service, worker_since: datetime) -> datetime:
    """Restart what ended or froze; returns since when the present worker runs."""
    if not service.runs:
        log.warning("supervisor.restart", service=service.name, why="it ended")
        service.kill()
        service.start()
        return clock.real_now() if service.name == "worker" else worker_since
    if service.name == "worker" and _is_frozen(worker_since):
        log.warning("supervisor.restart", service=service.name, why="no progress")
        service.kill()
        service.start()
        return clock.real_now()
    return worker_since


def _is_frozen(since: datetime) -> bool:
    try:
        last = health.last_progress()
    except OperationalError:
        return False
    return clock.real_now() - max(last or since, since) > NO_PROGRESS


def _mend_database() -> None:
    """A killed embedded server is started again; the lock keeps two supervisors from doing so at once."""
    try:
        with connections["default"].cursor() as cursor:
            cursor.execute("SELECT 1")
    except OperationalError:
        connections["default"].close()
        if not settings.PRODUCTION:
            log.warning("supervisor.restart", service="postgres", why="it does not answer")
            with contextlib.suppress(database.NotReady):
                database.start(settings.DATA_DIR / "postgres")
