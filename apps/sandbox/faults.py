"""What can be made to go wrong, how often, and for which requests.

POST /_control/<system>/faults {"kind", "match", "times", "seconds", "status", "after", "every"}

Done by the kernel, for every system: `lose_response` (commit, then drop the connection),
`hold_response` (commit, then hang `seconds`, until {"kind": "release"}), `429`, `5xx`
(`status`, default 503; `after`: true commits first), `slow` (`seconds` before anything).
Asked for by the systems through `take`: `lag` (a create stays invisible for `seconds`),
`expire_token` (the token of the next request is dead). Asked for by deliveries: `duplicate`, `reorder`.

`match` is a substring or a regular expression of "METHOD path", or of the operation's label;
for deliveries, of "action url". `times` is 1 by default; -1 is until cleared.
`every`: 2 strikes only each second request that fits.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import asdict, dataclass, field
from typing import Any

KINDS = (
    "lose_response",
    "hold_response",
    "release",
    "429",
    "5xx",
    "slow",
    "lag",
    "duplicate",
    "reorder",
    "expire_token",
)
DEFAULT_SECONDS = {"slow": 2.0, "hold_response": 60.0, "lag": 30.0, "reorder": 1.0}


@dataclass
class Fault:
    kind: str
    match: str = ""
    times: int = 1
    seconds: float = 0.0
    status: int = 503
    every: int = 1
    met: int = 0

    def fits(self, *targets: str) -> bool:
        return self.times != 0 and any(_matches(self.match, target) for target in targets)


@dataclass
class Faults:
    """The planned faults of every system, and the responses being held at this moment."""

    planned: dict[str, list[Fault]] = field(default_factory=dict)
    held: int = 0
    held_from: list[int] = field(default_factory=list)
    _released: asyncio.Event = field(default_factory=asyncio.Event)

    def plan(self, system: str, wish: dict[str, Any]) -> Fault | None:
        """Plan a fault. Raises ValueError on an unknown kind. `release` lets held responses go."""
        kind = str(wish.get("kind", ""))
        if kind not in KINDS:
            raise ValueError(f"unknown kind {kind!r}; one of {', '.join(KINDS)}")
        if kind == "release":
            self.release()
            return None
        after = kind == "5xx" and wish.get("after")
        fault = Fault(
            kind="5xx_after" if after else kind,
            match=str(wish.get("match") or ""),
            times=int(wish.get("times", 1)),
            seconds=float(wish.get("seconds", DEFAULT_SECONDS.get(kind, 0.0))),
            status=int(wish.get("status", 503)),
            every=int(wish.get("every", 1)),
        )
        self.planned.setdefault(system, []).append(fault)
        return fault

    def take(self, system: str, kind: str, *targets: str) -> Fault | None:
        """Spend one occurrence of the first planned fault of this kind that fits."""
        for fault in self.planned.get(system, []):
            if fault.kind == kind and fault.fits(*targets):
                fault.met += 1
                if fault.met % fault.every:
                    continue
                fault.times -= 1 if fault.times > 0 else 0
                return fault
        return None

    def describe(self, system: str) -> dict[str, Any]:
        left = [asdict(fault) for fault in self.planned.get(system, []) if fault.times != 0]
        return {"planned": left, "held": self.held, "held_from": list(self.held_from)}

    def clear(self, system: str) -> None:
        self.planned.pop(system, None)

    def clear_all(self) -> None:
        self.planned.clear()
        self.release()

    def release(self) -> None:
        self._released.set()
        self._released = asyncio.Event()

    async def hold(self, seconds: float, *, port: int = 0) -> None:
        """Wait until released, at most `seconds` of real time. `port` is the caller's."""
        self.held += 1
        self.held_from.append(port)
        try:
            await asyncio.wait_for(self._released.wait(), seconds)
        except TimeoutError:
            pass
        finally:
            self.held -= 1
            self.held_from.remove(port)


def _matches(pattern: str, target: str) -> bool:
    if pattern in target:
        return True
    try:
        return re.search(pattern, target) is not None
    except re.error:
        return False
