"""The sandbox as a process of its own on a free port, and a small client for its control interface."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).resolve().parent.parent


class ControlRefused(AssertionError):
    """The control interface said no; the text is its sentence."""


class Sandbox:
    """A running sandbox: `base` is its address, the methods are its control interface."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.http = httpx.Client(base_url=base, timeout=30, trust_env=False)

    def reset(self, scenario: str | dict[str, Any] = "default", seed: int = 1) -> None:
        self._post("/_control/reset", {"scenario": scenario, "seed": seed})

    def act(self, system: str, do: str, **arguments: Any) -> dict[str, Any]:
        return self._post(f"/_control/{system}/act", {"do": do, **arguments})

    def fault(self, system: str, kind: str, match: str = "", times: int = 1, **more: Any) -> dict[str, Any]:
        return self._post(f"/_control/{system}/faults", {"kind": kind, "match": match, "times": times, **more})

    def faults(self, system: str) -> dict[str, Any]:
        return self._get(f"/_control/{system}/faults")

    def clear_faults(self, system: str) -> None:
        self.http.delete(f"/_control/{system}/faults")

    def state(self, system: str) -> dict[str, Any]:
        return self._get(f"/_control/{system}/state")

    def deliveries(self, system: str) -> list[dict[str, Any]]:
        return list(self._get(f"/_control/{system}/deliveries")["deliveries"])

    def calls(self, system: str, **asked: Any) -> list[dict[str, Any]]:
        """The call log; `write=1` for writes only, `since=n` to skip the first n of all systems."""
        return list(self._get(f"/_control/{system}/calls", **asked)["calls"])

    def clock(self, **given: Any) -> dict[str, Any]:
        """now=iso freezes, advance=seconds moves, mode="real" runs again; nothing just reads."""
        return self._post("/_control/clock", given) if given else self._get("/_control/clock")

    def wait_for(self, condition: Callable[[], Any], seconds: float = 10) -> Any:
        """Poll until `condition` is true and return it. Raises AssertionError after `seconds`."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if found := condition():
                return found
            time.sleep(0.02)
        raise AssertionError("what was waited for did not come")

    def _get(self, path: str, **asked: Any) -> dict[str, Any]:
        return _checked(self.http.get(path, params=asked))

    def _post(self, path: str, given: dict[str, Any]) -> dict[str, Any]:
        return _checked(self.http.post(path, json=given))


@contextmanager
def running_sandbox(scenario: str = "default", seed: int = 1) -> Iterator[Sandbox]:
    """Start the sandbox on a free port, wait until it answers, stop it at the end."""
    port = free_port()
    command = [sys.executable, "-m", "apps.sandbox", "--port", str(port), "--scenario", scenario, "--seed", str(seed)]
    process = subprocess.Popen(command, cwd=ROOT)
    sandbox = Sandbox(f"http://127.0.0.1:{port}")
    try:
        _await_answer(process, sandbox)
        yield sandbox
    finally:
        sandbox.http.close()
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await_answer(process: subprocess.Popen[bytes], sandbox: Sandbox) -> None:
    for _ in range(300):
        if process.poll() is not None:
            raise RuntimeError(f"the sandbox ended at once with {process.returncode}")
        try:
            sandbox.http.get("/_control/")
            return
        except httpx.TransportError:
            time.sleep(0.05)
    raise RuntimeError("the sandbox does not answer")


def _checked(answer: httpx.Response) -> dict[str, Any]:
    if answer.is_error:
        raise ControlRefused(f"{answer.status_code}: {answer.text}")
    return dict(answer.json())
