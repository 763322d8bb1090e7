"""The ASGI application: one request to one system, with the planned faults around it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from apps.sandbox import control, kernel
from apps.sandbox.clock import iso


class Server:
    """Plain ASGI over one world, single event loop."""

    def __init__(self, world: kernel.World) -> None:
        self.world = world

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _live(receive, send)
            return
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        body = await request.body()
        response = await self._answer(request, body)
        if response is None:
            await drop_connection(receive, send)
            return
        await response(scope, receive, send)

    async def _answer(self, request: Request, body: bytes) -> Response | None:
        name, _, rest = request.url.path.lstrip("/").partition("/")
        if name == "_control":
            return await control.answer(self.world, request, rest, body)
        system = self.world.systems.get(name)
        if system is None:
            return JSONResponse({"message": f"no system {name!r} here"}, 404)
        request.state.path = f"/{rest}"
        request.state.raw_path = _raw_path(request, name)
        return await self._pass(system, request, body)

    async def _pass(self, system: kernel.System, request: Request, body: bytes) -> Response | None:
        """Hand a request to its system. None: the answer is lost, drop the connection."""
        world, faults = self.world, self.world.faults
        target = f"{request.method} {request.url.path}"
        if slow := faults.take(system.name, "slow", target):
            await asyncio.sleep(slow.seconds)
        call = _new_call(world, system, request, body)
        request.state.call = call
        planned = _refusal(world, system, target, call)
        response = planned or await system.handle(request, body)
        call.status = response.status_code
        call.number = len(world.calls) + 1
        world.calls.append(call)
        if planned is not None:
            return response
        targets = (target, call.operation) if call.operation else (target,)
        if hold := faults.take(system.name, "hold_response", *targets):
            call.fault = "hold_response"
            port = request.client.port if request.client else 0
            await _first(faults.hold(hold.seconds, port=port), _disconnected(request.receive))
        if faults.take(system.name, "lose_response", *targets):
            call.fault = "lose_response"
            return None
        if fault := faults.take(system.name, "5xx_after", *targets):
            call.fault = "5xx_after"
            return kernel.fault_response(system, "5xx", fault)
        return response


async def drop_connection(receive: Receive, send: Send) -> None:
    """Close the TCP connection with no byte of an answer.

    ASGI has no word for it; `send` is a method of uvicorn's request cycle, which holds the transport.
    """
    send.__self__.transport.abort()  # type: ignore[attr-defined]
    await _disconnected(receive)


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _first(*waits: Coroutine[Any, Any, None]) -> None:
    """Return as soon as one of them has; a held response need not outlive its killed caller."""
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    _, late = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in late:
        task.cancel()
    await asyncio.gather(*late, return_exceptions=True)


def _refusal(world: kernel.World, system: kernel.System, target: str, call: kernel.Call) -> Response | None:
    for kind in ("429", "5xx"):
        if fault := world.faults.take(system.name, kind, target):
            call.fault, call.write = kind, False
            return kernel.fault_response(system, kind, fault)
    return None


def _new_call(world: kernel.World, system: kernel.System, request: Request, body: bytes) -> kernel.Call:
    return kernel.Call(
        number=0,
        system=system.name,
        method=request.method,
        path=request.url.path,
        query=request.url.query,
        at=iso(world.clock.now()),
        real_at=iso(datetime.now(UTC)),
        write=request.method not in kernel.SAFE_METHODS,
        body=kernel.readable(body),
    )


def _raw_path(request: Request, name: str) -> str:
    raw: bytes = request.scope.get("raw_path") or request.url.path.encode()
    path = raw.decode("ascii", "replace").split("?")[0]
    head = f"/{name}"
    return path[len(head) :] if unquote(path).startswith(head) else path


async def _live(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
