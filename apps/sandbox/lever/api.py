"""/v1: who asks, the bucket, the permission, then the request itself. /candidates is the old name of /opportunities."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response

from apps.sandbox.lever.auth import Auth, require
from apps.sandbox.lever.limits import Bucket
from apps.sandbox.lever.lists import Lists
from apps.sandbox.lever.store import Caller, Refusal, Row, bad, not_found
from apps.sandbox.lever.tenant import Tenant
from apps.sandbox.lever.writes import WRITES, Write

if TYPE_CHECKING:
    from starlette.requests import Request

ALIAS = re.compile(r"^candidates(/|$)")
CREATES = frozenset({"create_opportunity", "apply"})


class Api:
    """The Data API over one account."""

    def __init__(self, tenant: Tenant, auth: Auth) -> None:
        self._tenant = tenant
        self._auth = auth
        self._lists = Lists(tenant)
        self._bucket = Bucket()

    def answer(self, request: Request, path: str, body: bytes) -> Response:
        path = ALIAS.sub(r"opportunities\1", path)
        try:
            header = request.headers.get("authorization", "")
            if self._tenant.world.faults.take("lever", "expire_token", f"{request.method} {request.url.path}"):
                self._auth.kill(header)
            caller = self._auth.caller(header)
            settings = self._tenant.settings
            now = self._tenant.world.clock.timestamp()
            if not self._bucket.take(caller.key, rate=settings.rate, burst=settings.burst, now=now):
                return too_many()
            if request.method == "GET":
                return JSONResponse(self._read(request, path, caller))
            return self._write(request, path, caller, body)
        except Refusal as refusal:
            return JSONResponse(refusal.body, refusal.status)

    def _read(self, request: Request, path: str, caller: Caller) -> dict[str, Any]:
        asked, lists, store = request.query_params, self._lists, self._tenant.store
        found: Callable[[], dict[str, Any]]
        match path.split("/"):
            case ["opportunities"]:
                name, scope, found = "list_opportunities", "opportunities", lambda: lists.opportunities(asked, caller)
            case ["opportunities", "deleted"]:
                name, scope, found = "list_deleted", "opportunities", lambda: lists.deleted(asked)
            case ["opportunities", key]:
                name, scope = "get_opportunity", "opportunities"
                found = lambda: lists.opportunity(key, asked, caller)  # noqa: E731
            case ["opportunities", key, "notes"]:
                name, scope = "list_notes", "notes"
                found = lambda: {"data": _notes(store.notes.where(opportunityId=key)), "hasNext": False}  # noqa: E731
            case ["contacts", key]:
                name, scope = "get_contact", "contact"
                found = lambda: {"data": _contact(store.contacts.get(key))}  # noqa: E731
            case ["postings"]:
                name, scope, found = "list_postings", "postings", lambda: lists.postings(asked, caller)
            case ["requisitions"]:
                name, scope, found = (
                    "list_requisitions",
                    "requisitions",
                    lambda: lists.plain("requisitions", asked, "status"),
                )
            case ["stages"]:
                name, scope, found = "list_stages", "stages", lambda: _in_order(store.stages.rows.values())
            case ["archive_reasons"]:
                name, scope = "list_archive_reasons", "archive_reasons"
                found = lambda: lists.plain("archive_reasons", asked, "type")  # noqa: E731
            case ["users"]:
                name, scope, found = "list_users", "users", lambda: lists.users(asked)
            case ["sources"]:
                name, scope, found = "list_sources", "sources", lambda: lists.sources(asked)
            case ["webhooks"]:
                name, scope, found = "list_webhooks", "webhooks", lambda: lists.plain("webhooks", asked)
            case _:
                raise not_found("resource", path)
        request.state.call.operation = name
        require(caller, f"{scope}:read:admin")
        return found()

    def _write(self, request: Request, path: str, caller: Caller, body: bytes) -> Response:
        for name, method, pattern, scope, handler in WRITES:
            found = re.fullmatch(pattern, path) if method == request.method else None
            if found is None:
                continue
            request.state.call.operation = name
            require(caller, f"{scope}:write:admin")
            keys = found.groups()
            if keys and path.startswith("opportunities/"):
                self._lists.seen(keys[0], caller)
            lag = self._tenant.world.faults.take("lever", "lag", name) if name in CREATES else None
            write = Write(
                self._tenant, self._lists, keys, _json(body), request.query_params, lag=lag.seconds if lag else None
            )
            status, answer = handler(write)
            request.state.call.response_id = (
                (answer or {}).get("data", {}).get("id") if isinstance(answer, dict) else None
            )
            return JSONResponse(answer, status) if answer is not None else Response(status_code=status)
        raise not_found("resource", path)


def too_many() -> Response:
    """No header says when."""
    return JSONResponse({"code": "TooManyRequests", "message": "Too many requests"}, 429)


def _json(body: bytes) -> Row:
    try:
        given = json.loads(body) if body.strip() else {}
    except ValueError:
        given = None
    if not isinstance(given, dict):
        raise bad("The body must be a JSON object")
    return given


def _in_order(rows: Any) -> dict[str, Any]:
    return {"data": [{"id": row["id"], "text": row["text"]} for row in rows], "hasNext": False}


def _contact(row: Row) -> Row:
    return {name: value for name, value in row.items() if not name.startswith("_") and name != "links"}


def _notes(rows: list[Row]) -> list[Row]:
    return [{name: value for name, value in row.items() if not name.startswith("_")} for row in rows]
