"""Below a session's restUrl: entity, search, query, meta, settings, options, event, ping."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from starlette.responses import JSONResponse, Response

from apps.sandbox.bullhorn import fields, jpql, lucene
from apps.sandbox.bullhorn.auth import CORP, Auth, Session
from apps.sandbox.bullhorn.limits import Limits
from apps.sandbox.bullhorn.schema import ENTITIES, JOB_STATUSES
from apps.sandbox.bullhorn.store import Refusal, Row, refusal
from apps.sandbox.bullhorn.tenant import Tenant, find, missing

if TYPE_CHECKING:
    from starlette.requests import Request

COUNT, MOST_COUNT, MOST_OPTIONS = 20, 500, 300
LONGEST_QUERY = 7500
READING_POSTS = ("search", "query")


class Api:
    """The REST services over one tenant."""

    def __init__(self, tenant: Tenant, auth: Auth, limits: Limits) -> None:
        self._tenant = tenant
        self._store = tenant.store
        self._auth = auth
        self._limits = limits

    def answer(self, request: Request, path: str, body: bytes) -> Response:
        """One request, its path below rest-services/ with its slashes as they came."""
        target = f"{request.method} {request.url.path}"
        parts = [part for part in path.split("/") if part]
        call = request.state.call
        try:
            token, session = self._auth.check(request, target)
            if (refused := self._limits.spend(self._tenant.world.clock.timestamp())) is not None:
                call.write = False
                return refused
            if not parts or parts[0] != CORP:
                raise refusal(404, "errors.notFound", "no such corporation")
            return self._route(request, parts[1:], body, token, session)
        except Refusal as refused:
            call.write = False
            return JSONResponse(refused.body, refused.status)

    def _route(self, request: Request, parts: list[str], body: bytes, token: str, session: Session) -> Response:
        asked, call = dict(request.query_params), request.state.call
        call.operation = "_".join([request.method.lower(), *parts[:2]])
        if request.method == "POST" and parts[:1] and parts[0] in READING_POSTS:
            call.write = False
            asked |= {name: str(value) for name, value in _body_of(body).items()}
        match (request.method, *parts):
            case ("GET", "ping"):
                return JSONResponse({"sessionExpires": int(session.expires_at * 1000)})
            case ("GET", "logout"):
                self._auth.sessions.pop(token)
                return JSONResponse({"logout": "OK"})
            case ("GET" | "POST", "search", entity):
                return self._search(_known(entity), asked)
            case ("GET" | "POST", "query", entity):
                return self._query(_known(entity), asked)
            case ("GET", "meta", entity):
                return self._meta(_known(entity), asked)
            case ("GET", "settings", names):
                return JSONResponse(self._settings(names.split(","), session))
            case ("GET", "options", entity):
                return self._options(_known(entity), asked)
            case (_, "entity", entity, *rest):
                return self._entity(request, _known(entity), rest, asked, body, session)
            case (_, "event", "subscription", name, *rest):
                return self._event(request, name, rest, asked)
        raise refusal(404, "errors.notFound", "no such service")

    # --- entities

    def _entity(
        self, request: Request, entity: str, rest: list[str], asked: Row, body: bytes, session: Session
    ) -> Response:
        call, name = request.state.call, entity.lower()
        match (request.method, *rest):
            case ("GET", ids):
                return self._read(entity, _ids(ids), asked)
            case ("GET", number, association):
                return self._association(entity, find(self._store, entity, _id(number)), association, asked)
            case ("PUT",):
                call.operation = f"create_{name}"
                lagging = self._tenant.world.faults.take("bullhorn", "lag", call.operation)
                hand = self._tenant.hand(session.user, lagging.seconds if lagging else None)
                return self._told(call, self._tenant.create(entity, _body_of(body), hand), "INSERT", entity)
            case ("POST", number):
                call.operation = f"update_{name}"
                row = find(self._store, entity, _id(number))
                hand = self._tenant.hand(session.user)
                return self._told(call, self._tenant.update(entity, row, _body_of(body), hand), "UPDATE", entity)
            case ("DELETE", number):
                call.operation = f"delete_{name}"
                row = find(self._store, entity, _id(number))
                self._tenant.delete(entity, row, self._tenant.hand(session.user))
                return self._told(call, row, "DELETE", entity)
        raise refusal(405, "errors.methodNotAllowed", f"{request.method} is not allowed here")

    def _told(self, call: Any, row: Row, change: str, entity: str) -> Response:
        call.response_id = row["id"]
        return JSONResponse({"changedEntityType": entity, "changedEntityId": row["id"], "changeType": change})

    def _read(self, entity: str, ids: list[int], asked: Row) -> Response:
        """Several ids: those that are there; 404 only where none is."""
        wanted = fields.parse(asked.get("fields", ""))
        rows = [row for number in ids if (row := self._store[entity].get(number)) is not None]
        if not rows:
            raise missing(entity)
        shown = [fields.show(self._store, entity, row, wanted) for row in rows]
        return JSONResponse({"data": shown if len(ids) > 1 else shown[0]})

    def _association(self, entity: str, row: Row, name: str, asked: Row) -> Response:
        if name not in ENTITIES[entity].to_many:
            raise refusal(400, "errors.invalidAssociation", f"{entity} has no association {name}")
        other, back = ENTITIES[entity].to_many[name]
        found = self._store[other].where(back, row["id"])
        return self._page(other, found, asked, most=10_000)

    # --- lists

    def _search(self, entity: str, asked: Row) -> Response:
        """By the index, as it was when it last saw each document."""
        if not ENTITIES[entity].searchable:
            raise refusal(400, "errors.notSearchable", f"{entity} is not indexed for search")
        text = asked.get("query", "")
        test = lucene.compile_query(entity, text)
        documents = self._store.indexes[entity].documents(self._tenant.world.clock.timestamp())
        return self._page(entity, [row for row in documents if test(row)], asked, total=True, score=True)

    def _query(self, entity: str, asked: Row) -> Response:
        test = jpql.compile_where(entity, asked.get("where", ""))
        rows = [row for row in self._store[entity].rows.values() if test(row)]
        if asked.get("totalOnly") == "true":
            return JSONResponse({"total": len(rows)})
        return self._page(entity, rows, asked, total=asked.get("showTotalMatched") == "true")

    def _page(
        self, entity: str, rows: list[Row], asked: Row, *, total: bool = False, score: bool = False, most: int = 500
    ) -> Response:
        wanted = fields.parse(asked.get("fields", ""))
        start, count = _whole(asked.get("start"), 0), min(most, _whole(asked.get("count"), COUNT))
        rows = _sorted(entity, rows, asked.get("sort") or asked.get("orderBy") or "")
        shown = [fields.show(self._store, entity, row, wanted) for row in rows[start : start + count]]
        if score:
            shown = [{**row, "_score": 1.0} for row in shown]
        head = {"total": len(rows)} if total else {}
        return JSONResponse({**head, "start": start, "count": len(shown), "data": shown})

    # --- what the tenant's lists say

    def _meta(self, entity: str, asked: Row) -> Response:
        wanted = [one.name for one in fields.parse(asked.get("fields") or "*")]
        names = ENTITIES[entity].known if "*" in wanted else wanted
        return JSONResponse({"entity": entity, "label": entity, "fields": [self._field(entity, one) for one in names]})

    def _field(self, entity: str, name: str) -> Row:
        kind = ENTITIES[entity]
        if name not in kind.known:
            raise refusal(400, "errors.invalidFieldName", f"Invalid field: '{name}' on entity {entity}")
        about = {"name": name, "label": name, "type": "SCALAR", "required": name in kind.required}
        if name in kind.to_one:
            return {**about, "type": "TO_ONE", "associatedEntity": {"entity": kind.to_one[name]}}
        if name in kind.to_many:
            return {**about, "type": "TO_MANY", "associatedEntity": {"entity": kind.to_many[name][0]}}
        options = {
            ("Candidate", "source"): self._tenant.sources,
            ("JobSubmission", "status"): self._tenant.statuses,
            ("JobOrder", "status"): list(JOB_STATUSES),
            ("Note", "action"): self._tenant.actions,
        }.get((entity, name))
        listed = {"options": [{"value": one, "label": one} for one in options]} if options else {}
        return {**about, "maxLength": kind.longest.get(name, 200), **listed}

    def _settings(self, names: list[str], session: Session) -> Row:
        known: Row = {
            "jobResponseStatusList": self._tenant.statuses,
            "commentActionList": self._tenant.actions,
            "userId": session.user,
        }
        return {name: known.get(name) for name in names}

    def _options(self, entity: str, asked: Row) -> Response:
        rows = [row for row in self._store[entity].rows.values() if not row.get("isDeleted")]
        start, count = _whole(asked.get("start"), 0), min(MOST_OPTIONS, _whole(asked.get("count"), COUNT))
        named = [{"value": row["id"], "label": row.get("name") or row.get("title")} for row in rows]
        return JSONResponse({"data": named[start : start + count]})

    # --- events

    def _event(self, request: Request, name: str, rest: list[str], asked: Row) -> Response:
        queues, call = self._tenant.queues, request.state.call
        call.write = False
        call.operation = f"{request.method.lower()}_subscription"
        match (request.method, *rest):
            case ("PUT",):
                return JSONResponse(queues.subscribe(name, asked))
            case ("DELETE",):
                return JSONResponse({"result": queues.delete(name)})
            case ("GET", "lastRequestId"):
                return JSONResponse({"result": queues.named(name).last_request})
            case ("GET",):
                found = queues.fetch(name, asked)
                return JSONResponse(found) if found else Response(status_code=200, headers={"Content-Length": "0"})
        raise refusal(404, "errors.notFound", "no such service")


def _known(entity: str) -> str:
    """Names are case sensitive."""
    if entity not in ENTITIES:
        raise refusal(404, "errors.invalidEntityName", f"no such entity: {entity}")
    return entity


def _ids(text: str) -> list[int]:
    return [_id(one) for one in text.split(",")]


def _id(text: str) -> int:
    if not text.isdecimal():
        raise refusal(400, "errors.invalidId", "not an id")
    return int(text)


def _whole(text: Any, default: int) -> int:
    return int(text) if text is not None and str(text).isdecimal() else default


def _sorted(entity: str, rows: list[Row], order: str) -> list[Row]:
    """By the last key first, so that the first decides."""
    for key in reversed([one.strip() for one in order.split(",") if one.strip()]):
        name = key.lstrip("+-")
        if name.split(".")[0] not in ENTITIES[entity].known:
            raise refusal(400, "errors.invalidSort", f"cannot sort by {name}")
        pairs = [(lucene.value_of(row, name), row) for row in rows]
        present = sorted((one for one in pairs if one[0] is not None), key=_first, reverse=key.startswith("-"))
        rows = [row for _, row in present] + [row for value, row in pairs if value is None]
    return rows


def _first(pair: tuple[Any, Row]) -> Any:
    return pair[0]


def _body_of(body: bytes) -> Mapping[str, Any]:
    try:
        given = json.loads(body)
    except ValueError:
        given = dict(parse_qsl(body.decode("utf-8", "replace"))) if re.match(rb"\w+=", body) else None
    if not isinstance(given, dict):
        raise refusal(400, "errors.badBody", "the body is not a JSON object")
    return given
