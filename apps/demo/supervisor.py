"""Keeps what `make demo` and `make run` started alive: what ended is started again, a worker without
progress is replaced (its processes look alive: facts of django-q2), PostgreSQL is brought back."""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta

import structlog
from django.conf import settings
from django.db import OperationalError, connections

from apps.core import clock
from apps.demo.processes import Service
from apps.ledger import health
from syncportal import database

log = structlog.get_logger()

MISSED_BEATS = 6
"""Longer, in all, than any single batch: then the cluster is taken for frozen."""

STARTS_WITHIN = timedelta(minutes=1)
"""From its start to its first beat a worker has at least so long: a busy machine loads Django slowly, and killed
meanwhile it would never come up."""

LOOK_EVERY = 1.0

ENDINGS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def stopping(services: Sequence[Service]) -> Iterator[None]:
    """Stop the services and the embedded database at the end. Ctrl-C and SIGTERM are quiet ends."""
    for number in ENDINGS:
        signal.signal(number, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt:
        log.info("supervisor.stopping")
    finally:
        for number in ENDINGS:
            signal.signal(number, signal.SIG_IGN)
        for service in reversed(services):
            service.stop()
        connections.close_all()
        if settings.EMBEDDED:
            database.stop(settings.DATA_DIR / "postgres")


def supervise(services: Sequence[Service], *, until: Callable[[], bool] = lambda: False) -> None:
    """Start what does not run yet, and keep all of it running until `until` says so."""
    for service in services:
        if not service.runs:
            service.start()
    while not until():
        time.sleep(LOOK_EVERY)
        _mend_database()
        for service in services:
            _mend(service)


def _mend(service: Service) -> None:
    """Restart what ended or froze."""
    if not service.runs:
        why = "it ended"
    elif service.name == "worker" and _is_frozen(service):
        why = "no progress"
    else:
        return
    log.warning("supervisor.restart", service=service.name, why=why)
    service.kill()
    service.start()


def _is_frozen(worker: Service) -> bool:
    try:
        progress = health.last_progress()
    except OperationalError:
        return False
    most = MISSED_BEATS * timedelta(seconds=settings.SYNCPORTAL_BEAT_SECONDS)
    started = worker.started_at
    if started is not None and (progress is None or progress <= started):
        return clock.real_now() - started > max(most, STARTS_WITHIN)
    return progress is not None and clock.real_now() - progress > most


def _mend_database() -> None:
    """A killed embedded server is started again; the lock keeps two supervisors from doing so at once."""
    try:
        with connections["default"].cursor() as cursor:
            cursor.execute("SELECT 1")
    except OperationalError:
        connections["default"].close()
        if settings.EMBEDDED:
            log.warning("supervisor.restart", service="postgres", why="it does not answer")
            with contextlib.suppress(database.NotReady):
                database.start(settings.DATA_DIR / "postgres")
