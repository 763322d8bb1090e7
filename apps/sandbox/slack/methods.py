"""The Web API's methods: /slack/api/<method>. https://docs.slack.dev/reference/methods"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response

from apps.sandbox.slack import answers, blocks
from apps.sandbox.slack.answers import Refusal
from apps.sandbox.slack.workspace import Token, Workspace

Arguments = dict[str, Any]
Method = Callable[[Workspace, Token, Arguments], dict[str, Any]]

TIERS = {"conversations.list": 20, "conversations.join": 50, "users.lookupByEmail": 50}
"""Calls a minute: tiers 2 and 3."""

SCOPES = {
    "chat.postMessage": ("chat:write",),
    "conversations.list": ("channels:read", "groups:read"),
    "conversations.join": ("channels:join",),
    "users.lookupByEmail": ("users:read.email",),
}
"""One of these is needed; auth.test needs none."""

MOST_A_PAGE = 200


def answer(workspace: Workspace, request: Request, name: str, body: bytes) -> Response:
    """One call of a method: token, scope, limit, then the method itself."""
    call = request.state.call
    call.operation, call.write = name, name in ("chat.postMessage", "conversations.join")
    method = METHODS.get(name)
    try:
        if method is None:
            raise Refusal("unknown_method", req_method=name)
        token = workspace.token(request.headers.get("authorization", ""))
        given = _arguments(request, body)
        target = str(given.get("channel", ""))
        if planned := workspace.take_refusal(name, target, after=False):
            raise Refusal(planned.error)
        _check_scope(token, name)
        if name in TIERS:
            workspace.count_call(name, TIERS[name])
        found = method(workspace, token, given)
        if planned := workspace.take_refusal(name, target, after=True):
            raise Refusal(planned.error)
    except Refusal as refusal:
        return answers.refused(refusal)
    except answers.Limited as over:
        return answers.limited(over.seconds)
    call.response_id = found.get("ts")
    return answers.accepted(**found)


def _check_scope(token: Token, name: str) -> None:
    needed = SCOPES.get(name, ())
    if needed and not set(needed) & set(token.scopes):
        raise Refusal("missing_scope", needed=needed[0], provided=",".join(token.scopes))


def _arguments(request: Request, body: bytes) -> Arguments:
    given: Arguments = dict(request.query_params)
    kind = request.headers.get("content-type", "").partition(";")[0]
    if kind == "application/json" and body:
        try:
            given |= json.loads(body)
        except ValueError:
            raise Refusal("invalid_json") from None
    elif body:
        given |= dict(parse_qsl(body.decode()))
    for name in ("blocks", "attachments"):
        if isinstance(given.get(name), str):
            given[name] = _list(given[name])
    return given


def _list(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        raise Refusal("invalid_blocks_format") from None


def _test(workspace: Workspace, token: Token, given: Arguments) -> dict[str, Any]:
    return {
        "url": "https://northwind.slack.com/",
        "team": workspace.name,
        "team_id": workspace.id,
        "user": "syncportal",
        "user_id": "U0SYNCPORTAL",
        "bot_id": "B0SYNCPORTAL",
    }


def _post(workspace: Workspace, token: Token, given: Arguments) -> dict[str, Any]:
    channel = workspace.find(str(given.get("channel", "")))
    if channel.is_archived:
        raise Refusal("is_archived")
    if not channel.is_member and channel.is_private:
        raise Refusal("channel_not_found")
    if not channel.is_member and "chat:write.public" not in token.scopes:
        raise Refusal("not_in_channel")
    blocks.check(given)
    workspace.count_post(channel)
    kept = workspace.post(channel, given)
    return {"channel": channel.id, "ts": kept["ts"], "message": kept}


def _list_channels(workspace: Workspace, token: Token, given: Arguments) -> dict[str, Any]:
    kinds = str(given.get("types") or "public_channel").split(",")
    live = str(given.get("exclude_archived", "")).lower() in ("true", "1")
    seen = [
        one
        for one in workspace.channels.values()
        if not one.user
        and ("private_channel" if one.is_private else "public_channel") in kinds
        and (one.is_member or not one.is_private)
        and not (live and one.is_archived)
    ]
    cursor = str(given.get("cursor") or "0")
    if not cursor.isdecimal():
        raise Refusal("invalid_cursor")
    start, size = int(cursor), min(int(given.get("limit") or 100), MOST_A_PAGE)
    more = str(start + size) if len(seen) > start + size else ""
    shown = [one.shown() for one in seen[start : start + size]]
    return {"channels": shown, "response_metadata": {"next_cursor": more}}


def _join(workspace: Workspace, token: Token, given: Arguments) -> dict[str, Any]:
    channel = workspace.find(str(given.get("channel", "")))
    if channel.is_private:
        raise Refusal("method_not_supported_for_channel_type")
    if channel.is_archived:
        raise Refusal("is_archived")
    channel.is_member = True
    return {"channel": channel.shown()}


def _look_up(workspace: Workspace, token: Token, given: Arguments) -> dict[str, Any]:
    email = str(given.get("email", "")).lower()
    for person in workspace.people.values():
        if person.email.lower() == email and not person.deleted:
            return {"user": {"id": person.id, "name": person.name, "profile": {"email": person.email}}}
    raise Refusal("users_not_found")


METHODS: Mapping[str, Method] = {
    "auth.test": _test,
    "chat.postMessage": _post,
    "conversations.list": _list_channels,
    "conversations.join": _join,
    "users.lookupByEmail": _look_up,
}
