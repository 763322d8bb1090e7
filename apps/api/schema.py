"""How the API describes itself: keys, parameters that every list has, and the problems that it may answer."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter

from apps.api import parameters
from apps.api.serializers import names_of

PROBLEM = {
    "type": "object",
    "description": "RFC 9457 problem details.",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["parameter", "detail"],
                "properties": {"parameter": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
    },
}
PROBLEMS = {
    "400": "A parameter was not understood.",
    "401": "There is no key, or it does not exist, has expired or was revoked.",
    "403": "The key or the person may not read this.",
    "404": "It is not there, or it is another client's.",
    "406": "The form that `Accept` names is not offered.",
    "429": "Too many requests; `Retry-After` says when to go on.",
}


class KeyScheme(OpenApiAuthenticationExtension):  # type: ignore[misc,no-untyped-call]
    target_class = "apps.api.authentication.KeyAuthentication"
    name = "key"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "A key that an admin made at /people/keys/."}


class SignedInScheme(OpenApiAuthenticationExtension):  # type: ignore[misc,no-untyped-call]
    target_class = "apps.api.authentication.SignedInAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "apiKey", "in": "cookie", "name": "sessionid", "description": "Somebody who is signed in."}


class ProblemSchema(AutoSchema):  # type: ignore[misc]
    """Adds to each operation its problems and the parameters that all of its kind have."""

    def get_operation_id(self) -> str:
        name = type(self.view).__name__.removesuffix("View")
        return f"{'list' if self._is_list_view() else 'get'}_{name.strip('_').lower()}"

    def get_tags(self) -> list[str]:
        return [self.path.removeprefix("/api/v1/").split("/")[0]]

    def get_description(self) -> str:
        return str(type(self.view).__doc__ or "").strip()

    def get_override_parameters(self) -> list[OpenApiParameter]:
        view = self.view
        known = parameters.known_to(view)
        found = [_fields(view)]
        if "ordering" in known:
            found.append(OpenApiParameter("ordering", str, enum=list(view.orders), default=view.orders[0]))
        if "format" in known:
            says = "`csv` gives all rows as a file; `Accept: text/csv` does too."
            found.append(OpenApiParameter("format", str, enum=["json", "csv"], description=says))
        if "since" in known:
            week = "The last week, where neither is given."
            found += [OpenApiParameter(name, OpenApiTypes.DATETIME, description=week) for name in ("since", "until")]
            found += [OpenApiParameter(name, OpenApiTypes.UUID) for name in view.narrows]
        return found

    def _is_list_view(self, serializer: Any = None) -> bool:
        return bool(getattr(self.view, "many", hasattr(self.view, "orders")))

    def _get_response_bodies(self, direction: str = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        for answer in bodies.values():
            if "text/csv" in answer.get("content", {}):
                answer["content"]["text/csv"] = {"schema": {"type": "string"}}
        reference = {"$ref": "#/components/schemas/Problem"}
        for status, says in PROBLEMS.items():
            bodies[status] = {"description": says, "content": {"application/problem+json": {"schema": reference}}}
        return bodies


def add_problem(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Put the shape of a problem beside the rows."""
    result["components"]["schemas"]["Problem"] = PROBLEM
    return result


def _fields(view: Any) -> OpenApiParameter:
    names = ", ".join(f"`{name}`" for name in names_of(view.row))
    says = f"Only these, with commas: {names}."
    pattern = f"^({'|'.join(names_of(view.row))})(,({'|'.join(names_of(view.row))}))*$"
    return OpenApiParameter("fields", {"type": "string", "pattern": pattern}, description=says)
