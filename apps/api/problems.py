"""Every error as RFC 9457 problem details."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from rest_framework import exceptions

CONTENT_TYPE = "application/problem+json"


def problem(
    status: int, detail: str = "", *, instance: str = "", errors: list[dict[str, str]] | None = None
) -> HttpResponse:
    """Make an answer of a status; `about:blank` says that the status is all there is to know of its kind."""
    body: dict[str, Any] = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status}
    body |= {name: value for name, value in (("detail", detail), ("instance", instance), ("errors", errors)) if value}
    return HttpResponse(json.dumps(body), status=status, content_type=CONTENT_TYPE)


def handle_problem(exc: Exception, context: Mapping[str, Any]) -> HttpResponse | None:
    """Answer what was anticipated; what was not goes on to Django, which logs it and answers 500."""
    known = _known(exc)
    if known is None:
        return None
    errors = list(_errors(known.detail)) if isinstance(known, exceptions.ValidationError) else None
    detail = "Some parameters were not understood." if errors else str(known.detail)
    answer = problem(known.status_code, detail, instance=context["request"].path, errors=errors)
    if auth := getattr(known, "auth_header", None):
        answer["WWW-Authenticate"] = auth
    if wait := getattr(known, "wait", None):
        answer["Retry-After"] = str(int(wait))
    return answer


def missing(request: HttpRequest, **_address: Any) -> HttpResponse:
    """Answer an address below /api/ that is none."""
    return problem(404, "There is nothing at this address.", instance=request.path)


def _known(exc: Exception) -> exceptions.APIException | None:
    if isinstance(exc, Http404):
        return exceptions.NotFound("There is nothing here that you may see.")
    if isinstance(exc, PermissionDenied):
        return exceptions.PermissionDenied()
    return exc if isinstance(exc, exceptions.APIException) else None


def _errors(detail: Any) -> Iterator[dict[str, str]]:
    """Each complaint with the parameter it is about."""
    for name, complaints in detail.items() if isinstance(detail, dict) else {"": detail}.items():
        for one in complaints if isinstance(complaints, list) else [complaints]:
            yield {"parameter": str(name), "detail": str(one)}
