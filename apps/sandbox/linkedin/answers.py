"""LinkedIn's answers: error bodies, and the headers that its support asks for.

https://learn.microsoft.com/en-us/linkedin/shared/api-guide/concepts/error-handling
The codes 65600-65604 are seen in the wild; 102 for infrastructure protection is INVENTED.
"""

from __future__ import annotations

import base64
import json
import random
from typing import Any

from starlette.responses import Response

QUOTA = 101
INFRASTRUCTURE = 102


class Refusal(Exception):
    """A request refused: status, serviceErrorCode, message."""

    def __init__(self, status: int, message: str, code: int = 0) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code

    def body(self) -> dict[str, Any]:
        return {"message": self.message, "serviceErrorCode": self.code, "status": self.status}


class NoSuchVersion(Refusal):
    """The versions' own body: it has a `code`."""

    def __init__(self, version: str) -> None:
        super().__init__(426, f"Requested version {version} is not active")

    def body(self) -> dict[str, Any]:
        return {"status": self.status, "code": "NONEXISTENT_VERSION", "message": self.message}


def bad_request(message: str) -> Refusal:
    return Refusal(400, message, 0)


def empty_token() -> Refusal:
    return Refusal(401, "Empty oauth2_access_token", 65604)


def invalid_token() -> Refusal:
    return Refusal(401, "Invalid access token", 65600)


def revoked_token() -> Refusal:
    return Refusal(401, "The token used in the request has been revoked by the user", 65601)


def expired_token() -> Refusal:
    return Refusal(401, "The token used in the request has expired", 65602)


def not_permitted(resource: str) -> Refusal:
    return Refusal(403, f"Not enough permissions to access: {resource}", 100)


def unpermitted_fields(field: str) -> Refusal:
    """What a missing or wrong X-RestLi-Method gets, and a field that may not be written."""
    message = "Unpermitted fields present in REQUEST_BODY: Data Processing Exception while processing fields"
    return Refusal(403, f"{message} [{field}]", 100)


def not_found(what: str) -> Refusal:
    return Refusal(404, f"{what} does not exist", 0)


def quota_full() -> Refusal:
    return Refusal(429, "Resource level throttle limit for calls to this resource is reached.", QUOTA)


def infrastructure_busy() -> Refusal:
    return Refusal(429, "Too many requests; the service protects itself.", INFRASTRUCTURE)


class Stamp:
    """Makes each answer's x-li-* headers, the same ones for the same seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(f"linkedin {seed}")

    def token(self, size: int = 24) -> str:
        """An opaque url-safe text."""
        return base64.urlsafe_b64encode(self.octets(size)).decode().rstrip("=")

    def octets(self, size: int) -> bytes:
        return self._random.randbytes(size)

    def percent(self) -> float:
        return self._random.random() * 100

    def put_on(self, response: Response) -> Response:
        response.headers["x-li-uuid"] = base64.b64encode(self._random.randbytes(16)).decode()
        response.headers["x-li-fabric"] = "prod-lva1"
        response.headers["x-li-request-id"] = f"{self._random.getrandbits(64):016x}"
        return response


def render(value: Any, status: int = 200, *, escaped: bool = False, headers: dict[str, str] | None = None) -> Response:
    """A JSON answer; `escaped` writes non-ASCII as backslash-u."""
    text = json.dumps(value, ensure_ascii=escaped, separators=(",", ":"))
    return Response(text.encode(), status, headers, media_type="application/json")
