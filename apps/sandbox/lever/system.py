"""Lever as a system of the sandbox: /lever/authorize, /lever/oauth/token and /lever/v1/..."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from apps.sandbox.lever import acts, api, scenario
from apps.sandbox.lever.auth import Auth
from apps.sandbox.lever.hooks import Hooks
from apps.sandbox.lever.store import Settings, Store, public
from apps.sandbox.lever.tenant import Tenant

if TYPE_CHECKING:
    from apps.sandbox.faults import Fault
    from apps.sandbox.kernel import World

SHOWN = ("users", "stages", "archive_reasons", "postings", "requisitions", "contacts", "opportunities", "applications",
         "notes", "webhooks")  # fmt: skip


class Lever:
    """Lever, one account: keys sandbox-lever-key and sandbox-lever-plain-key."""

    name = "lever"
    about = f"{__doc__}\n{acts.__doc__}\n{scenario.__doc__}"

    def reset(self, world: World, scenario_part: dict[str, Any]) -> None:
        self._settings = Settings()
        self._store = Store(random.Random(world.seed))
        self._tenant = Tenant(world, self._store, self._settings, Hooks(world, self._store, self._settings))
        self._auth = Auth(world, self._settings)
        self._api = api.Api(self._tenant, self._auth)
        self._acts = acts.Acts(self._tenant, self._auth)
        scenario.fill(self._tenant, self._auth, scenario_part)

    async def handle(self, request: Request, body: bytes) -> Response:
        path = request.state.path
        if path == "/authorize" and request.method == "GET":
            request.state.call.operation = "authorize"
            return self._auth.authorize(request)
        if path == "/oauth/token" and request.method == "POST":
            request.state.call.operation, request.state.call.write = "token", False
            return self._auth.mint(body)
        if path.startswith("/v1/"):
            return self._api.answer(request, path.removeprefix("/v1/").rstrip("/"), body)
        return JSONResponse({"code": "ResourceNotFound", "message": "Not found"}, 404)

    def fault_response(self, kind: str, fault: Fault) -> Response:
        if kind == "429":
            return api.too_many()
        return JSONResponse({"code": "ServiceUnavailable", "message": "Try again later"}, fault.status)

    def state(self) -> dict[str, Any]:
        tables = {name: [public(row) for row in getattr(self._store, name).rows.values()] for name in SHOWN}
        return {**tables, "deleted": self._store.deleted, "settings": vars(self._settings).copy()}

    def act(self, do: str, args: dict[str, Any]) -> dict[str, Any]:
        return self._acts.act(do, args)
