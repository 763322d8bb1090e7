"""Processes that all ask for one connection's token at the same moment; run by test_many_processes."""

from __future__ import annotations

import json
import os
import sys
import time
from multiprocessing import get_context
from typing import Any
from uuid import UUID

import django


def ask(connection_id: UUID, start: Any, told: Any) -> None:
    """Wait for the others, make one call, and tell how it went."""
    from apps.connections import selectors, services
    from apps.core import errors

    connection = selectors.get_connection(connection_id)
    start.wait()
    if selectors.role_of(connection) == "ats":
        told.put(patiently(services.open_ats(connection_id).list_jobs, errors))
    else:
        told.put(patiently(services.open_sourcing(connection_id).identify, errors))


def patiently(reads: Any, errors: Any) -> str:
    """Make the call as soon as the system's pace lets it go."""
    while True:
        try:
            reads()
        except errors.RateLimited:
            time.sleep(0.2)
        except errors.SyncError as error:
            return f"{type(error).__name__}: {error.cause}"
        else:
            return "answered"


def ask_together(connection_id: UUID, processes: int) -> list[str]:
    fork = get_context("fork")
    start, told = fork.Barrier(processes), fork.Queue()
    running = [fork.Process(target=ask, args=(connection_id, start, told)) for _ in range(processes)]
    for process in running:
        process.start()
    heard = [told.get(timeout=60) for _ in running]
    for process in running:
        process.join()
    return heard


if __name__ == "__main__":
    from django.conf import settings

    settings.DATABASES["default"] |= {"NAME": os.environ["MINTERS_DATABASE"]}
    django.setup()
    print(json.dumps(ask_together(UUID(sys.argv[1]), int(sys.argv[2]))))
