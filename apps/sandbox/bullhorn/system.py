"""Bullhorn as a system of the sandbox: its three hosts below one path.

/bullhorn/rest-services/loginInfo, /bullhorn/oauth/..., /bullhorn/rest-services/<corp>/...,
/bullhorn/BullhornSTAFFING/OpenWindow.cfm
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response

from apps.sandbox.bullhorn import acts, auth, scenario, tenant
from apps.sandbox.bullhorn.api import Api
from apps.sandbox.bullhorn.limits import Limits
from apps.sandbox.bullhorn.queue import Queues
from apps.sandbox.bullhorn.schema import ENTITIES
from apps.sandbox.bullhorn.store import Refusal, Settings, Store, public

if TYPE_CHECKING:
    from apps.sandbox.faults import Fault
    from apps.sandbox.kernel import World


class Bullhorn:
    """Bullhorn, one agency: user northwind.api, password sandbox-password, client sandbox-bullhorn-client,
    secret sandbox-bullhorn-secret."""

    name = "bullhorn"
    about = f"{__doc__}\n{acts.__doc__}\n{scenario.__doc__}"

    def reset(self, world: World, scenario_part: dict[str, Any]) -> None:
        self._settings = Settings()
        self._store = Store()
        self._queues = Queues(world, self._settings)
        self._tenant = tenant.Tenant(world, self._store, self._settings, self._queues)
        self._auth = auth.Auth(world, self._settings, tenant.API_USER)
        self._limits = Limits(self._settings)
        self._api = Api(self._tenant, self._auth, self._limits)
        self._acts = acts.Acts(self._tenant, self._auth, self._limits)
        scenario.fill(self._tenant, scenario_part)

    async def handle(self, request: Request, body: bytes) -> Response:
        path, call = request.state.path, request.state.call
        if path == "/BullhornSTAFFING/OpenWindow.cfm":
            return self._window(request)
        verb = path.removeprefix("/oauth/").removeprefix("/rest-services/")
        if path in ("/oauth/authorize", "/oauth/token", "/rest-services/login", "/rest-services/loginInfo"):
            call.operation, call.write = verb, False
            return self._sign_in(verb, request, body)
        if path.startswith("/rest-services/"):
            return self._api.answer(request, path.removeprefix("/rest-services/"), body)
        return PlainTextResponse("Not Found", 404)

    def _sign_in(self, verb: str, request: Request, body: bytes) -> Response:
        try:
            if verb == "loginInfo":
                return self._auth.login_info(request)
            if (moved := self._auth.wrong_centre(request)) is not None:
                return moved
            if verb == "login":
                return self._auth.login(request)
            return self._auth.authorize(request, body) if verb == "authorize" else self._auth.token(request, body)
        except Refusal as refusal:
            return JSONResponse(refusal.body, refusal.status)

    def _window(self, request: Request) -> Response:
        """Where deep links lead: the record's page."""
        entity, number = request.query_params.get("Entity", ""), request.query_params.get("id", "")
        row = self._store[entity].get(int(number)) if entity in ENTITIES and number.isdecimal() else None
        if row is None:
            return HTMLResponse("<h1>Record not found</h1>", 404)
        title = escape(str(row.get("name") or row.get("title") or f"{entity} {number}"))
        return HTMLResponse(f"<html><body><h1>{title}</h1><p>{escape(entity)} {number}</p></body></html>")

    def fault_response(self, kind: str, fault: Fault) -> Response:
        if kind == "429":
            return self._limits.too_many()
        body = {"errorMessage": "The service is unavailable", "errorMessageKey": "errors.unavailable"}
        return JSONResponse({**body, "errorCode": fault.status}, fault.status)

    def state(self) -> dict[str, Any]:
        tables = {name: [public(row) for row in table.rows.values()] for name, table in self._store.tables.items()}
        return {
            **tables,
            "statuses": list(self._tenant.statuses),
            "subscriptions": [found.describe() for found in self._queues.subscriptions.values()],
            "settings": vars(self._settings).copy(),
            "sessions": len(self._auth.sessions),
            "logins": self._auth.logins,
            "requests": self._limits.spent(),
        }

    def act(self, do: str, args: dict[str, Any]) -> dict[str, Any]:
        return self._acts.act(do, args)
