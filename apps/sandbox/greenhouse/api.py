"""/v3: route first, then the token, the window, the scope, and only then the request itself."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response

from apps.sandbox.greenhouse import lists, writes
from apps.sandbox.greenhouse.auth import Auth
from apps.sandbox.greenhouse.limits import Window
from apps.sandbox.greenhouse.store import Refusal, Row, forbidden, not_found, public
from apps.sandbox.greenhouse.tenant import Tenant

if TYPE_CHECKING:
    from starlette.requests import Request

CREATES = frozenset({"create_candidate", "create_application"})


@dataclass(frozen=True)
class Route:
    operation: str
    scope: str
    resource: str = ""
    handler: writes.Handler | None = None
    id: int = 0


class Api:
    """Harvest v3 over one tenant."""

    def __init__(self, tenant: Tenant, auth: Auth) -> None:
        self._tenant = tenant
        self._auth = auth
        self.window = Window(30)

    def answer(self, request: Request, path: str, body: bytes) -> Response:
        now, ceiling = self._tenant.world.clock.timestamp(), self._tenant.settings.ceiling
        caller, claims, refusal = "anonymous", {}, None
        route = find_route(request.method, path)
        try:
            if route is None:
                raise not_found()
            request.state.call.operation = route.operation
            target = f"{request.method} {request.url.path}"
            claims = self._auth.check(request.headers.get("authorization", ""), target)
            caller = str(claims["client_id"])
        except Refusal as early:
            refusal = early
        spent = self.window.spend(caller, ceiling, now)
        if spent.refused:
            request.state.call.write = False
            return spent.too_many()
        response = self._try(request, route, claims, body) if refusal is None and route else _body_of(refusal)
        response.headers.update(spent.headers)
        return response

    def _try(self, request: Request, route: Route, claims: dict[str, Any], body: bytes) -> Response:
        try:
            if not self._auth.allows(claims, f"harvest:{route.scope}"):
                raise forbidden()
            if route.handler is None:
                return self._read(request, route, claims)
            return self._write(request, route, route.handler, body)
        except Refusal as refusal:
            return _body_of(refusal)

    def _write(self, request: Request, route: Route, handler: writes.Handler, body: bytes) -> Response:
        lag = None
        if route.operation in CREATES:
            fault = self._tenant.world.faults.take("greenhouse", "lag", f"{request.method} {request.url.path}")
            lag = fault.seconds if fault else None
        response, number = handler(writes.Write(self._tenant, route.id, _json(body), lag))
        request.state.call.response_id = number
        return response

    def _read(self, request: Request, route: Route, claims: dict[str, Any]) -> Response:
        admin = self._auth.is_site_admin(claims)
        if not admin and self._tenant.settings.non_admin == "403":
            raise forbidden()
        if route.resource in lists.EMPTY_LISTS or not admin:
            return JSONResponse([])
        store = self._tenant.store
        if route.id:
            row = store.rejection_reasons.get(route.id)
            if row is None:
                raise not_found()
            return JSONResponse(public(row))
        privileged = self._sees_private(claims)
        rows, cursor = lists.page(
            store, self._tenant.settings, route.resource, request.query_params.multi_items(),
            lambda row: self._tenant.visible(row) and (privileged or not self._is_hidden(route.resource, row)),
        )  # fmt: skip
        headers = {}
        if cursor:
            base = str(request.base_url).rstrip("/")
            headers["Link"] = f'<{base}/greenhouse/v3/{route.resource}?cursor={cursor}>; rel="next"'
        return JSONResponse(rows, headers=headers)

    def _sees_private(self, claims: Mapping[str, Any]) -> bool:
        user = self._tenant.store.user(int(claims["sub"]))
        return bool(user and user["_sees_private"])

    def _is_hidden(self, resource: str, row: Row) -> bool:
        """Private candidates and confidential jobs, with what hangs on them."""
        store = self._tenant.store
        person = row if resource == "candidates" else store.candidates.get(row.get("candidate_id"))
        job = row if resource == "jobs" else store.jobs.get(row.get("job_id"))
        return bool((person and person["private"]) or (job and job["confidential"]))


def find_route(method: str, path: str) -> Route | None:
    """The endpoint of a path below /v3/, None where there is none."""
    path = path.strip("/")
    if method == "GET":
        if path in lists.LISTINGS or path in lists.EMPTY_LISTS:
            return Route(f"list_{path}", f"{path}:list", path)
        if found := re.fullmatch(r"rejection_reasons/(\d+)", path):
            return Route("get_rejection_reason", "rejection_reasons:list", "rejection_reasons", id=int(found[1]))
        return None
    for operation, verb, pattern, scope, handler in writes.WRITES:
        if verb == method and (found := re.fullmatch(pattern, path)):
            return Route(operation, scope, handler=handler, id=int(found[1]) if found.groups() else 0)
    return None


def _json(body: bytes) -> Row:
    try:
        given = json.loads(body) if body.strip() else {}
    except ValueError:
        given = None
    if not isinstance(given, dict):
        raise Refusal(400, {"message": "Bad Request", "errors": ["The body must be a JSON object"]})
    return given


def _body_of(refusal: Refusal | None) -> Response:
    refused = refusal or not_found()
    return JSONResponse(refused.body, refused.status)
