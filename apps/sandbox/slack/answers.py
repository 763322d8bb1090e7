"""Slack's envelopes: HTTP 200 with ok true or false, and 429 for limits.

https://docs.slack.dev/apis/web-api/#evaluating-responses, https://docs.slack.dev/apis/web-api/rate-limits
"""

from __future__ import annotations

from typing import Any

from starlette.responses import JSONResponse, Response


class Refusal(Exception):
    """A call that Slack turns down: its error name, and what else the envelope says."""

    def __init__(self, error: str, **more: Any) -> None:
        super().__init__(error)
        self.error = error
        self.more = more


class Limited(Exception):
    """Too many calls of one method; `seconds` until the next may come."""

    def __init__(self, seconds: int) -> None:
        super().__init__(str(seconds))
        self.seconds = seconds


def accepted(**values: Any) -> Response:
    return JSONResponse({"ok": True, **values})


def refused(refusal: Refusal) -> Response:
    return JSONResponse({"ok": False, "error": refusal.error, **refusal.more})


def limited(seconds: int) -> Response:
    return JSONResponse({"ok": False, "error": "ratelimited"}, 429, {"Retry-After": str(seconds)})


def unavailable(status: int) -> Response:
    return JSONResponse({"ok": False, "error": "service_unavailable"}, status)
