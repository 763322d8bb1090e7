"""In each web process: a thread that looks whether a worker makes progress. No worker can tell that none does."""

from __future__ import annotations

import threading
from datetime import timedelta

import structlog
from django.db import Error, connections

from apps.core import clock
from apps.ledger import health
from apps.monitoring import services, signals

log = structlog.get_logger()

EVERY = timedelta(seconds=10)


def start() -> threading.Thread:
    """Watch for as long as the process lives."""
    thread = threading.Thread(target=_watch, name="watchdog", daemon=True)
    thread.start()
    return thread


def _watch() -> None:
    """From when a worker that was started together with this process has had its time."""
    pause = threading.Event()
    pause.wait(signals.frozen_after().total_seconds())
    while not pause.wait(EVERY.total_seconds()):
        try:
            if health.take_turn("watchdog", after=EVERY / 2):
                services.watch_workers(clock.now())
        except Error as error:
            log.warning("watchdog.database", error=type(error).__name__)
        finally:
            connections.close_all()
