"""The world that the imitated systems share, and what a system must be.

A system is a module or package of apps.sandbox that has `SYSTEM`, a callable without arguments
returning a `System`. Its name is its path: everything below /<name>/ goes to `handle`.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
import random
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

import apps.sandbox
from apps.sandbox.clock import Clock
from apps.sandbox.deliveries import Deliveries
from apps.sandbox.faults import Fault, Faults

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class ActError(Exception):
    """An act that cannot be done; the control interface answers 400 with its text."""


class System(Protocol):
    """One imitated system. `handle` should commit without awaiting, so that runs are deterministic.

    `request.state.path` is the path below /<name> (`raw_path`: still percent-encoded).
    `request.state.call` is the request's entry in the call log: set `operation`, `write`, `response_id`.
    Optional: `fault_response(kind, fault) -> Response`, the system's own body for `429` and `5xx`;
    `clock_moved()`, told when a test moved the clock.
    """

    name: str

    def reset(self, world: World, scenario: dict[str, Any]) -> None: ...

    async def handle(self, request: Request, body: bytes) -> Response: ...

    def state(self) -> dict[str, Any]: ...

    def act(self, do: str, args: dict[str, Any]) -> dict[str, Any]: ...


@dataclass
class Call:
    """One request that a system got, in the order of commit."""

    number: int
    system: str
    method: str
    path: str
    query: str
    at: str
    real_at: str
    write: bool
    body: Any = None
    status: int = 0
    operation: str = ""
    response_id: Any = None
    fault: str = ""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass
class World:
    """Everything that a reset makes anew."""

    systems: dict[str, System]
    seed: int = 1
    clock: Clock = field(default_factory=Clock)
    random: random.Random = field(default_factory=lambda: random.Random(1))
    faults: Faults = field(default_factory=Faults)
    calls: list[Call] = field(default_factory=list)
    scenario: Any = "default"
    deliveries: Deliveries = field(init=False)

    def __post_init__(self) -> None:
        self.deliveries = Deliveries(self)

    def reset(self, scenario: str | dict[str, Any] = "default", seed: int = 1) -> None:
        """Start afresh. A scenario is a name, or a dict: its keys that are systems' names are those
        systems' own parts, the others go to all. A name reaches the systems as {"scenario": name}."""
        wish: dict[str, Any] = {"scenario": scenario} if isinstance(scenario, str) else dict(scenario)
        self.deliveries.cancel_all()
        self.faults.clear_all()
        self.calls.clear()
        self.clock.run_real()
        self.scenario, self.seed, self.random = scenario, seed, random.Random(seed)
        common = {key: value for key, value in wish.items() if key not in self.systems}
        for name, system in self.systems.items():
            system.reset(self, {**common, **wish.get(name, {})})

    def deliver(self, system: str, url: str, headers: dict[str, str], body: bytes, **options: Any) -> None:
        """Send a webhook in the background; see deliveries.Deliveries.send."""
        self.deliveries.send(system, url, headers, body, **options)


def find_systems() -> dict[str, System]:
    """Make every system found in this package, by name."""
    made: list[System] = []
    for module_info in pkgutil.iter_modules(apps.sandbox.__path__):
        if module_info.name == "__main__":
            continue
        module = importlib.import_module(f"apps.sandbox.{module_info.name}")
        factory: Callable[[], System] | None = getattr(module, "SYSTEM", None)
        if factory is not None:
            made.append(factory())
    return {system.name: system for system in sorted(made, key=lambda system: system.name)}


def new_world(scenario: str | dict[str, Any] = "default", seed: int = 1) -> World:
    world = World(find_systems())
    world.reset(scenario, seed)
    return world


def readable(body: bytes) -> Any:
    """A body for the call log: JSON where it is JSON, else text, else None."""
    if not body:
        return None
    try:
        return json.loads(body)
    except ValueError:
        return body.decode("utf-8", "replace")


def fault_response(system: System, kind: str, fault: Fault) -> Response:
    """The answer of a planned `429` or `5xx`, in the system's own words where it has some."""
    own = getattr(system, "fault_response", None)
    if own is not None:
        return own(kind, fault)  # type: ignore[no-any-return]
    if kind == "429":
        return JSONResponse({"message": "Too many requests"}, 429, {"Retry-After": "1"})
    return JSONResponse({"message": "Service unavailable"}, fault.status)
