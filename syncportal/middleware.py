"""The web's request log."""

from __future__ import annotations

from django.http import HttpRequest
from django.urls import Resolver404, resolve
from django_structlog.middlewares import RequestMiddleware


class RequestLog(RequestMiddleware):
    """Logs a request without its query, which holds whom somebody looked for, and without a key in its path."""

    def format_request(self, request: HttpRequest) -> str:
        try:
            key = str(resolve(request.path_info).kwargs.get("key", ""))
        except Resolver404:
            key = ""
        path = request.path.replace(key, "***") if key else request.path
        return f"{request.method} {path}"
