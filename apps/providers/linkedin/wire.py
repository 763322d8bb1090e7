"""LinkedIn's wire conventions: Rest.li queries and keys, tunnelling, error bodies, verdicts.

Protocol 2.0.0: https://learn.microsoft.com/en-us/linkedin/shared/api-guide/concepts/protocol-version
Tunnelling: https://learn.microsoft.com/en-us/linkedin/shared/api-guide/concepts/query-tunneling
Errors: https://learn.microsoft.com/en-us/linkedin/shared/api-guide/concepts/error-handling
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import quote, unquote

from apps.core import errors
from apps.providers import verdicts
from apps.providers.linkedin import capabilities
from apps.providers.transport import Dialect, Reply, Request
from apps.providers.verdicts import Case, Verdict

BASE_URLS = {"api": "https://api.linkedin.com", "auth": "https://www.linkedin.com"}

LONGEST_QUERY = 4_000
"""LinkedIn answers 414 above 4 KB; its own client (linkedin-api-js-client) tunnels above 4,000 characters."""

NONE: Mapping[str, str] = MappingProxyType({})

_BOUNDARY = "syncportal-tunnel"
_FORM = "application/x-www-form-urlencoded"
_STRUCTURE = "(),:'"

DAY_FULL = "day_full"
INFRASTRUCTURE = "infrastructure"
"""A 429 of code 101 means the day's quota; any other one is protection, and the day is not full."""

EXPORT = "exports.get"
"""The operation that fetches an exported profile, which LinkedIn keeps for 24 hours."""

ROWS: verdicts.Rows = {
    Case(429, code="101"): Verdict(errors.RateLimited, cause=DAY_FULL),
    Case(429): Verdict(errors.RateLimited, cause=INFRASTRUCTURE),
    Case(422, "profiles.set_stages"): Verdict(errors.Rejected, cause="unknown_stage"),
    Case(409, "profiles.set_stages"): Verdict(errors.Conflict, cause="project_archived"),
    Case(404, EXPORT): Verdict(errors.NotFound, cause="export_expired"),
    Case(426): Verdict(errors.Rejected, cause="version_ended"),
}


def encode(value: str) -> str:
    """A value of a query in protocol 2.0: everything that is not a letter, a digit or -._~ is escaped."""
    return quote(value, safe="")


def query(**parameters: str | int) -> str:
    """A query of plain values."""
    return "&".join(f"{name}={encode(str(value))}" for name, value in parameters.items())


def id_list(ids: Iterable[str]) -> str:
    """The `ids` of a batch."""
    return f"ids=List({','.join(encode(one) for one in ids)})"


def encode_key(key: str) -> str:
    """A key inside JSON, reduced-encoded: only structure and percent."""
    return "".join(f"%{ord(char):02X}" if char in _STRUCTURE + "%" else char for char in key)


def decode_key(key: str) -> str:
    return unquote(key)


def request(
    method: str, path: str, *, query: str = "", restli: str = "", json: Any = None, headers: Mapping[str, str] = NONE
) -> Request:
    """A Rest.li request; one whose query is too long goes through the tunnel."""
    headers = {**headers, "x-restli-method": restli} if restli else headers
    if len(query) > LONGEST_QUERY:
        return _tunnelled(method, path, query, headers, json)
    return Request(method, path, query, json=json, headers=headers)


def _tunnelled(method: str, path: str, query: str, headers: Mapping[str, str], body: Any) -> Request:
    headers = {**headers, "x-http-method-override": method}
    if body is None:
        return Request("POST", path, content=query.encode(), headers={**headers, "content-type": _FORM})
    parts = ((_FORM, query), ("application/json", json.dumps(body, separators=(",", ":"))))
    content = "".join(f"--{_BOUNDARY}\r\nContent-Type: {kind}\r\n\r\n{text}\r\n" for kind, text in parts)
    kind = f"multipart/mixed; boundary={_BOUNDARY}"
    return Request(
        "POST", path, content=f"{content}--{_BOUNDARY}--\r\n".encode(), headers={**headers, "content-type": kind}
    )


def _member(reply: Reply, name: str) -> Any:
    try:
        found = json.loads(reply.body)
    except ValueError:
        return None
    return found.get(name) if isinstance(found, dict) else None


def code_of(reply: Reply) -> str:
    """The gateway's serviceErrorCode."""
    code = _member(reply, "serviceErrorCode")
    return str(code) if isinstance(code, int) else ""


def message_of(reply: Reply) -> str:
    """The gateway's message, and the id that LinkedIn's support asks for."""
    message = _member(reply, "message")
    uuid = reply.headers.get("x-li-uuid", "")
    return (message if isinstance(message, str) else "") + (f" (x-li-uuid {uuid})" if uuid else "")


DIALECT = Dialect(
    provider="linkedin",
    hosts=capabilities.CAPABILITIES.hosts,
    base_urls=BASE_URLS,
    table=verdicts.Verdicts.with_rows(ROWS),
    code_of=code_of,
    message_of=message_of,
    headers={"x-restli-protocol-version": "2.0.0"},
)
