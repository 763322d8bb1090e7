"""The processes of one machine: sandbox, web, worker. Each is a group of its own, stopped as a whole."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from apps.core import clock

GRACE = 10
"""Seconds a process has to end by itself; a drain in flight finishes its batch well within."""

PR_SET_PDEATHSIG = 1


@dataclass
class Service:
    """One supervised process with its command and environment."""

    name: str
    command: list[str]
    env: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    started_at: datetime | None = None
    log: Path | None = None

    def start(self) -> None:
        """Start it in a session of its own, which ends with the process that started it. What it says goes
        to `log`, if there is one."""
        with contextlib.ExitStack() as stack:
            said = stack.enter_context(self.log.open("ab")) if self.log else None
            self.process = subprocess.Popen(
                self.command,
                env={**os.environ, **self.env},
                start_new_session=True,
                preexec_fn=_end_with_parent,
                stdout=said,
                stderr=said,
            )
        self.started_at = clock.real_now()

    @property
    def runs(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def signal_group(self, number: signal.Signals) -> None:
        """To every process of the group: a killed qcluster leaves none of its workers behind."""
        if self.process is None:
            return
        try:
            os.killpg(self.process.pid, number)
        except ProcessLookupError:
            return

    def stop(self) -> None:
        """Let the first process end the others in their order; kill what is left after GRACE."""
        if self.process is None:
            return
        self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(GRACE)
        self.kill()

    def kill(self) -> None:
        self.signal_group(signal.SIGKILL)
        if self.process is not None:
            self.process.wait()


_libc = ctypes.CDLL(None)


def _end_with_parent() -> None:
    """Linux: SIGTERM to the child when its parent is killed, so that no orphan keeps the ports."""
    if sys.platform == "linux":
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def sandbox(port: int, **env: str) -> Service:
    return Service("sandbox", [sys.executable, "-m", "apps.sandbox", "--port", str(port)], env)


def web(port: int, **env: str) -> Service:
    command = [sys.executable, "-m", "gunicorn", "syncportal.wsgi", "--bind", f"127.0.0.1:{port}"]
    return Service("web", [*command, "--workers", "2", "--threads", "4", "--log-level", "warning"], env)


def worker(**env: str) -> Service:
    return Service("worker", [sys.executable, "manage.py", "qcluster"], env)
