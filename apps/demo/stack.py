"""A whole SyncPortal on one machine for the smoke and the tests: sandbox, web and worker on ports of their own."""

from __future__ import annotations

import os
import socket
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from apps.demo import processes
from apps.demo.processes import Service
from apps.demo.sandbox import Sandbox

PORT_WAIT = 5.0
"""Seconds to wait for a port: a killed supervisor's children end by themselves, but not at once."""


class PortInUse(RuntimeError):
    """Another program listens there. The text says which port."""


@dataclass
class Stack:
    """The running processes and their addresses."""

    sandbox: Sandbox
    web: str
    services: dict[str, Service]


@contextmanager
def own_database(name: str) -> Iterator[Path]:
    """Django on an embedded database of this run only, migrated; yields its folder, which goes at the end.

    Models can be imported within it, not before.
    """
    with tempfile.TemporaryDirectory(prefix=f"syncportal-{name}-") as folder:
        os.environ.pop("DATABASE_URL", None)
        os.environ["SYNCPORTAL_DATA"] = folder
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "syncportal.settings")
        os.environ.setdefault("LOG_LEVEL", "WARNING")
        os.environ.setdefault("SYNCPORTAL_LEASE_SECONDS", "30")
        import django

        django.setup()
        from django.core.management import call_command

        from syncportal import database

        try:
            call_command("migrate", verbosity=0)
            yield Path(folder)
        finally:
            database.stop(Path(folder) / "postgres")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def await_port(port: int) -> None:
    """Wait until the port is free. Raises PortInUse after PORT_WAIT."""
    end = time.monotonic() + PORT_WAIT
    while not _is_free(port):
        if time.monotonic() > end:
            raise PortInUse(f"Port {port} is in use by another program.")
        time.sleep(0.1)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


@contextmanager
def running(
    *, env: dict[str, str] | None = None, workers: int = 4, clusters: int = 1, logs: Path | None = None
) -> Iterator[Stack]:
    """Start everything, wait until it answers, stop it at the end. The database is the caller's. With `logs`
    each service writes to a file in that folder."""
    sandbox_port, web_port = free_port(), free_port()
    common = {"Q_WORKERS": str(workers), **(env or {})}
    services = {
        "sandbox": processes.sandbox(sandbox_port, **common),
        "web": processes.web(web_port, **common),
    }
    for number in range(clusters):
        services[f"worker{number or ''}"] = processes.worker(**common)
    stack = Stack(Sandbox(f"http://127.0.0.1:{sandbox_port}"), f"http://127.0.0.1:{web_port}", services)
    try:
        for name, service in services.items():
            service.log = logs / f"{name}.log" if logs else None
            service.start()
        _await(stack)
        yield stack
    finally:
        for service in reversed(services.values()):
            service.kill()


def _await(stack: Stack, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if stack.sandbox.answers() and answers(f"{stack.web}/healthz"):
            return
        time.sleep(0.1)
    raise TimeoutError("The sandbox or the web process does not answer.")


def answers(address: str) -> bool:
    """Whether a web process answers there, with success."""
    try:
        return httpx.get(address, timeout=2, trust_env=False).is_success
    except httpx.TransportError:
        return False
