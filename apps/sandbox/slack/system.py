"""Slack as a system of the sandbox: /slack/api/<method> and /slack/services/<secret path>."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from apps.sandbox.kernel import ActError
from apps.sandbox.slack import acts, answers, blocks, methods
from apps.sandbox.slack.workspace import Workspace

if TYPE_CHECKING:
    from apps.sandbox.faults import Fault
    from apps.sandbox.kernel import World

HOOK_ERRORS = {"channel_not_found": 404, "is_archived": 410}


class Slack:
    """Slack, one workspace: /slack/api/..., bot token xoxb-sandbox-token; an incoming webhook at
    /slack/services/T0NORTHWIND/B0HIRING/secret."""

    name = "slack"
    about = f"{__doc__}\n{acts.__doc__}"

    def reset(self, world: World, scenario: dict[str, Any]) -> None:
        self._world = world
        self._workspace = acts.fill(Workspace(world), scenario)

    async def handle(self, request: Request, body: bytes) -> Response:
        base, _, rest = request.state.path.strip("/").partition("/")
        if base == "api":
            return methods.answer(self._workspace, request, rest, body)
        if base == "services" and request.method == "POST":
            return self._hook(request, rest, body)
        return PlainTextResponse("not found", 404)

    def fault_response(self, kind: str, fault: Fault) -> Response:
        if kind == "429":
            return answers.limited(max(1, round(fault.seconds)))
        return answers.unavailable(fault.status)

    def state(self) -> dict[str, Any]:
        kept = self._workspace
        return {
            "team": {"id": kept.id, "name": kept.name},
            "channels": [{**one.shown(), "messages": len(one.messages)} for one in kept.channels.values()],
            "users": [vars(one) for one in kept.people.values()],
            "messages": sum(len(one.messages) for one in kept.channels.values()),
            "rate_limited": kept.limited,
            "closest_posts_seconds": None if kept.closest == float("inf") else round(kept.closest, 3),
            "settings": vars(kept.settings).copy(),
        }

    def act(self, do: str, args: dict[str, Any]) -> dict[str, Any]:
        try:
            return acts.perform(self._workspace, do, args)
        except answers.Refusal as refusal:
            raise ActError(refusal.error) from None

    def _hook(self, request: Request, path: str, body: bytes) -> Response:
        """An incoming webhook: plain text, HTTP statuses (facts: Slack, A.4)."""
        request.state.call.operation, request.state.call.path = "hook", "/slack/services/***"
        channel = self._workspace.hooks.get(path)
        if channel is None:
            return PlainTextResponse("no_service", 404)
        try:
            message = json.loads(body)
            found = self._workspace.find(channel)
            if found.is_archived:
                return PlainTextResponse("channel_is_archived", 410)
            blocks.check(message)
            self._workspace.count_post(found)
            self._workspace.post(found, message)
        except (ValueError, AttributeError):
            return PlainTextResponse("invalid_payload", 400)
        except answers.Refusal as refusal:
            return PlainTextResponse(refusal.error, HOOK_ERRORS.get(refusal.error, 400))
        except answers.Limited as over:
            return PlainTextResponse("rate_limited", 429, {"Retry-After": str(over.seconds)})
        return PlainTextResponse("ok")
