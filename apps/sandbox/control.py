"""The control interface, JSON throughout.

GET  /_control/                    this text, the systems, their acts
POST /_control/reset               {"scenario": name or object, "seed": 1}; an object's keys that are
                                   systems' names are those systems' own parts, the others go to all
GET  /_control/clock               {"now", "mode"}
POST /_control/clock               {"now": iso} freezes | {"advance": seconds} | {"mode": "real"}
GET  /_control/calls               every system's calls, as below
GET  /_control/<system>/state      what it holds, and its webhook deliveries
POST /_control/<system>/act        {"do": name, ...}: what a person would do there; 400 where impossible
GET  /_control/<system>/faults     {"planned", "held", "held_from": the callers' ports}
POST /_control/<system>/faults     {"kind", "match", "times", "seconds", "status", "after", "every"}
DELETE /_control/<system>/faults   forget the planned ones and let held responses go
GET  /_control/<system>/calls      {"calls": [...], "last": n}; ?write=1&since=n&operation=text
GET  /_control/<system>/deliveries the webhooks sent and each attempt; ?state=waiting|retrying|delivered
"""

from __future__ import annotations

import json
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from apps.sandbox import clock as clocks
from apps.sandbox import faults, kernel


class Refused(Exception):
    """A control request that makes no sense; answered 400 with its text."""


async def answer(world: kernel.World, request: Request, path: str, body: bytes) -> Response:
    """Route one control request. Mistakes are answered 400 with a sentence, unknown paths 404."""
    try:
        found = _route(world, request, path.strip("/").split("/"), _arguments(body))
    except (Refused, kernel.ActError, ValueError) as mistake:
        return JSONResponse({"error": str(mistake)}, 400)
    except KeyError as missing:
        return JSONResponse({"error": f"missing or unknown: {missing}"}, 400)
    return JSONResponse({"error": "no such control path; see GET /_control/"}, 404) if found is None else found


def _route(world: kernel.World, request: Request, parts: list[str], given: dict[str, Any]) -> Response | None:
    match (request.method, *parts):
        case ("GET", ""):
            return JSONResponse(_describe(world))
        case ("POST", "reset"):
            world.reset(given.get("scenario", "default"), int(given.get("seed", 1)))
            return JSONResponse({"seed": world.seed, "scenario": world.scenario})
        case ("GET", "clock"):
            return JSONResponse(_clock(world))
        case ("POST", "clock"):
            return JSONResponse(_set_clock(world, given))
        case ("GET", "calls"):
            return JSONResponse(_calls(world, None, request))
        case (_, name, what) if name in world.systems:
            return _route_system(world, world.systems[name], request, what, given)
    return None


def _route_system(
    world: kernel.World, system: kernel.System, request: Request, what: str, given: dict[str, Any]
) -> Response | None:
    match (request.method, what):
        case ("GET", "state"):
            return JSONResponse({**system.state(), "deliveries": world.deliveries.of(system.name)})
        case ("POST", "act"):
            do = str(given.pop("do", ""))
            return JSONResponse(system.act(do, given))
        case ("GET", "faults"):
            return JSONResponse(world.faults.describe(system.name))
        case ("POST", "faults"):
            world.faults.plan(system.name, given)
            return JSONResponse(world.faults.describe(system.name))
        case ("DELETE", "faults"):
            world.faults.clear(system.name)
            world.faults.release()
            return JSONResponse(world.faults.describe(system.name))
        case ("GET", "calls"):
            return JSONResponse(_calls(world, system.name, request))
        case ("GET", "deliveries"):
            return JSONResponse({"deliveries": world.deliveries.of(system.name, request.query_params.get("state", ""))})
    return None


def _calls(world: kernel.World, system: str | None, request: Request) -> dict[str, Any]:
    asked = request.query_params
    since = int(asked.get("since", 0))
    found = [
        call.as_dict()
        for call in world.calls[since:]
        if (system is None or call.system == system)
        and ("write" not in asked or call.write == (asked["write"] == "1"))
        and asked.get("operation", "") in call.operation
    ]
    return {"calls": found, "last": len(world.calls)}


def _clock(world: kernel.World) -> dict[str, Any]:
    return {"now": clocks.iso(world.clock.now()), "mode": world.clock.mode}


def _set_clock(world: kernel.World, given: dict[str, Any]) -> dict[str, Any]:
    if "now" in given:
        world.clock.set(clocks.parse(str(given["now"])))
    elif "advance" in given:
        world.clock.advance(float(given["advance"]))
    elif given.get("mode") == "real":
        world.clock.run_real()
    else:
        raise Refused('give {"now": iso}, {"advance": seconds} or {"mode": "real"}')
    for system in world.systems.values():
        moved = getattr(system, "clock_moved", None)
        if moved is not None:
            moved()
    return _clock(world)


def _describe(world: kernel.World) -> dict[str, Any]:
    return {
        "interface": (__doc__ or "").splitlines(),
        "faults": (faults.__doc__ or "").splitlines(),
        "systems": {name: _about(system) for name, system in world.systems.items()},
        "scenario": world.scenario,
        "seed": world.seed,
    }


def _about(system: kernel.System) -> list[str]:
    text = getattr(system, "about", None) or type(system).__doc__ or ""
    return [line for line in text.splitlines() if line.strip()]


def _arguments(body: bytes) -> dict[str, Any]:
    if not body.strip():
        return {}
    given = json.loads(body)
    if not isinstance(given, dict):
        raise Refused("the body must be a JSON object")
    return given
