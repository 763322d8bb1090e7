"""The answer to what nobody anticipated: a page for people, problem details for programs."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views import defaults

from apps.api import problems


def internal(request: HttpRequest) -> HttpResponse:
    """Say that it is our fault, and nothing of what went wrong: that is in the log."""
    if request.path.startswith("/api/"):
        return problems.problem(500, "This is our fault. It was logged.", instance=request.path)
    return defaults.server_error(request)
