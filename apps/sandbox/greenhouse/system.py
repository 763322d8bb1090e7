"""Greenhouse as a system of the sandbox: /greenhouse/token and /greenhouse/v3/..."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from apps.sandbox.greenhouse import acts, scenario, tenant
from apps.sandbox.greenhouse.api import Api
from apps.sandbox.greenhouse.auth import Auth
from apps.sandbox.greenhouse.hooks import Hooks
from apps.sandbox.greenhouse.store import Settings, Store, Table, public

if TYPE_CHECKING:
    from apps.sandbox.faults import Fault
    from apps.sandbox.kernel import World

SHOWN = (
    "jobs",
    "job_interview_stages",
    "candidates",
    "applications",
    "application_stages",
    "notes",
    "openings",
    "users",
    "sources",
    "rejection_reasons",
)


class Greenhouse:
    """Greenhouse, one organisation: POST /greenhouse/token, /greenhouse/v3/...;
    client sandbox-client-1, secret sandbox-secret."""

    name = "greenhouse"
    about = f"{__doc__}\n{acts.__doc__}\n{scenario.__doc__}"

    def reset(self, world: World, scenario_part: dict[str, Any]) -> None:
        self._world = world
        self._settings = Settings()
        self._store = Store()
        self._hooks = Hooks(world, self._settings)
        self._tenant = tenant.Tenant(world, self._store, self._settings, self._hooks)
        self._auth = Auth(world, self._store, self._settings)
        self._api = Api(self._tenant, self._auth)
        self._acts = acts.Acts(self._tenant, self._auth)
        scenario.fill(self._tenant, self._auth, scenario_part)

    async def handle(self, request: Request, body: bytes) -> Response:
        path = request.state.path
        if path == "/token" and request.method == "POST":
            request.state.call.operation, request.state.call.write = "token", False
            return self._auth.mint(request, body)
        if path.startswith("/v3/"):
            return self._api.answer(request, path.removeprefix("/v3/"), body)
        return JSONResponse({"message": "Resource not found"}, 404)

    def fault_response(self, kind: str, fault: Fault) -> Response:
        now = self._world.clock.timestamp()
        if kind == "429":
            return self._api.window.refuse(self._settings.ceiling, now, fault.seconds).too_many()
        return PlainTextResponse("upstream connect error or disconnect/reset before headers", fault.status)

    def state(self) -> dict[str, Any]:
        tables = {name: [public(row) for row in self._table(name).rows.values()] for name in SHOWN}
        return {
            **tables,
            "webhooks": self._hooks.describe(),
            "settings": vars(self._settings).copy(),
            "tokens_minted": len(self._auth.minted),
        }

    def act(self, do: str, args: dict[str, Any]) -> dict[str, Any]:
        return self._acts.act(do, args)

    def _table(self, name: str) -> Table:
        table: Table = getattr(self._store, name)
        return table
