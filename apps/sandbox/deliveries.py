"""Webhooks on their way: sent in the background, tried again on anything but a success, logged.

The faults `duplicate` (sent twice) and `reorder` (held back `seconds`, a copy twice as long, so that
the next one overtakes it) are planned per system, matched against "label url".
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import httpx

from apps.sandbox.clock import iso

if TYPE_CHECKING:
    from apps.sandbox.kernel import World

ONLY_200 = range(200, 201)
TIMEOUT = httpx.Timeout(10.0, pool=None)


@dataclass
class Delivery:
    number: int
    system: str
    label: str
    url: str
    queued_at: str
    id: str = ""
    state: str = "waiting"
    attempts: list[dict[str, Any]] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


class Deliveries:
    """The deliveries of one world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._tasks: set[asyncio.Task[None]] = set()
        self._client: httpx.AsyncClient | None = None
        self.log: list[Delivery] = []

    def send(
        self,
        system: str,
        url: str,
        headers: dict[str, str],
        body: bytes,
        *,
        label: str = "",
        id: str = "",
        gaps: Sequence[float] = (),
        accepts: range = ONLY_200,
        done: Callable[[bool], None] | None = None,
    ) -> Delivery:
        """Queue a delivery: a first attempt now and one after each gap (real seconds) until a success.

        `id` is what the receiver is told to know it by. `done` is told whether it succeeded in the end.
        Needs a running event loop.
        """
        delivery = Delivery(len(self.log) + 1, system, label, url, iso(self._world.clock.now()), id)
        self.log.append(delivery)
        target = f"{label} {url}"
        copies = 2 if self._world.faults.take(system, "duplicate", target) else 1
        late = self._world.faults.take(system, "reorder", target)
        for copy in range(1, copies + 1):
            wait = late.seconds * copy if late else 0.0
            self._start(self._try_all(delivery, headers, body, (wait, *gaps), accepts, done))
        return delivery

    def of(self, system: str, state: str = "") -> list[dict[str, Any]]:
        """A system's deliveries, or those of them in one state."""
        return [one.as_dict() for one in self.log if one.system == system and state in ("", one.state)]

    def cancel_all(self) -> None:
        for task in self._tasks:
            task.cancel()
        self._tasks.clear()
        self.log.clear()

    def _start(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _try_all(
        self,
        delivery: Delivery,
        headers: dict[str, str],
        body: bytes,
        waits: Sequence[float],
        accepts: range,
        done: Callable[[bool], None] | None,
    ) -> None:
        for wait in waits:
            if wait:
                await asyncio.sleep(wait)
            if await self._try_once(delivery, headers, body) in accepts:
                delivery.state = "delivered"
                break
            delivery.state = "retrying"
        else:
            delivery.state = "given up"
        if done is not None:
            done(delivery.state == "delivered")

    async def _try_once(self, delivery: Delivery, headers: dict[str, str], body: bytes) -> int | None:
        """The status that was answered; None where nothing was."""
        attempt: dict[str, Any] = {"real_at": iso(datetime.now(UTC)), "status": None, "error": ""}
        delivery.attempts.append(attempt)
        try:
            answer = await self._http().post(delivery.url, content=body, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL) as failure:
            attempt["error"] = type(failure).__name__
            return None
        attempt["status"] = answer.status_code
        return answer.status_code

    def _http(self) -> httpx.AsyncClient:
        if self._client is None:
            self._client = httpx.AsyncClient(timeout=TIMEOUT, follow_redirects=False, trust_env=False)
        return self._client
