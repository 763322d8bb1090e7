"""Rest.li on the wire: query parameters, keys of protocol 1.0 and 2.0, tunnelled requests. Pure.

Conventions: https://learn.microsoft.com/en-us/linkedin/shared/api-guide/concepts/protocol-version
Tunnelling: https://learn.microsoft.com/en-us/linkedin/shared/api-guide/concepts/query-tunneling
"""

from __future__ import annotations

import email.message
import email.parser
import email.policy
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote, unquote_plus

MAX_QUERY = 4096
MAX_URL = 8192
MAX_SEGMENT = 4096
MAX_HEAD = 28 * 1024

RESERVED = "(),:'"
"""What carries structure in protocol 2.0; inside a value it is percent-encoded."""

_ONE_INDEXED = re.compile(r"^(?P<name>\w+)\[\d+\]$")


class BadQuery(ValueError):
    """The parameters break the protocol's syntax; the text says how."""


class BadTunnel(ValueError):
    """A tunnelled request that cannot be unpacked; the text says why."""


@dataclass(frozen=True)
class Message:
    """A request after unpacking: its real method, raw query and body."""

    method: str
    query: str
    body: bytes
    tunnelled: bool = False


@dataclass(frozen=True)
class Query:
    """Parameters by name, still percent-encoded, in the order sent."""

    protocol: str
    pairs: tuple[tuple[str, str], ...] = field(default=())

    def has(self, name: str) -> bool:
        return bool(self._raw(name))

    def text(self, name: str, default: str = "") -> str:
        """The decoded value of a plain parameter; the first one if it is repeated."""
        found = self._raw(name)
        return unquote_plus(found[0]) if found else default

    def number(self, name: str, default: int) -> int:
        """Raises BadQuery for anything but a whole number from 0."""
        value = self.text(name)
        if not value:
            return default
        if not value.isascii() or not value.isdigit():
            raise BadQuery(f"Parameter '{name}' is invalid")
        return int(value)

    def many(self, name: str) -> list[str]:
        """An array: List(a,b) in protocol 2.0; name=a&name=b or name[0]=a&name[1]=b in 1.0.

        A single value without List is an array of one in both. Raises BadQuery.
        """
        found = self._raw(name)
        if self.protocol == "1.0":
            return [unquote_plus(value) for value in found]
        if len(found) == 1 and found[0].startswith("List("):
            return parse_list(found[0])
        if any(unquote(value).startswith("List(") for value in found):
            raise BadQuery(f"Invalid query parameters passed to request: '{name}' has encoded structure")
        return [unquote_plus(value) for value in found]

    def keys(self) -> list[str]:
        """The `ids` of a batch; in protocol 2.0 only a List will do. Raises BadQuery."""
        if self.protocol != "1.0" and not self._raw("ids")[0].startswith("List("):
            raise BadQuery("Invalid query parameters passed to request: 'ids' must be List(...)")
        return list(dict.fromkeys(self.many("ids")))

    def _raw(self, name: str) -> list[str]:
        return [value for key, value in self.pairs if key == name]


def parse_query(raw: str, protocol: str) -> Query:
    """Split a raw query. In protocol 1.0 an index (ids[0]) is dropped from the name."""
    pairs = []
    for part in filter(None, raw.split("&")):
        name, _, value = part.partition("=")
        name = unquote_plus(name)
        indexed = _ONE_INDEXED.match(name) if protocol == "1.0" else None
        pairs.append((indexed["name"] if indexed else name, value))
    return Query(protocol, tuple(pairs))


def parse_list(text: str) -> list[str]:
    """Read List(a,b): elements percent-encoded, structural characters not. Raises BadQuery."""
    if not (text.startswith("List(") and text.endswith(")")):
        raise BadQuery(f"Invalid query parameters passed to request: {text[:40]!r} is no List")
    inside = text[len("List(") : -1]
    if not inside:
        return []
    return [_element(part) for part in inside.split(",")]


def encode_key(key: str, protocol: str) -> str:
    """A key of a JSON map: reduced encoding in 2.0 (only `( ) , : '` and percent), plain in 1.0."""
    if protocol == "1.0":
        return key
    return "".join(f"%{ord(char):02X}" if char in RESERVED or char == "%" else char for char in key)


def decode_key(key: str, protocol: str) -> str:
    """Read a key of `entities`."""
    return key if protocol == "1.0" else unquote(key)


def unpack(method: str, query: str, headers: Mapping[str, str], body: bytes) -> Message:
    """Undo query tunnelling, in both its forms. Raises BadTunnel."""
    override = headers.get("x-http-method-override", "").strip().upper()
    if not override or method != "POST":
        return Message(method, query, body)
    kind = headers.get("content-type", "")
    if kind.lower().startswith("application/x-www-form-urlencoded"):
        return Message(override, _ascii(body), b"", tunnelled=True)
    if kind.lower().startswith("multipart/mixed"):
        found, inner = _parts(kind, body)
        return Message(override, found, inner, tunnelled=True)
    raise BadTunnel("X-HTTP-Method-Override needs a form or a multipart/mixed body")


def too_long(path: str, query: str, head: int) -> str:
    """Why a request is 414, or an empty text. `head` is the size of the request less its body."""
    if len(query) > MAX_QUERY:
        return f"Query string of {len(query)} bytes exceeds {MAX_QUERY}"
    if len(path) + len(query) + 1 > MAX_URL:
        return f"URL exceeds {MAX_URL} bytes"
    if any(len(segment) > MAX_SEGMENT for segment in path.split("/")):
        return f"Path segment exceeds {MAX_SEGMENT} bytes"
    return f"Request less body exceeds {MAX_HEAD} bytes" if head > MAX_HEAD else ""


def _element(part: str) -> str:
    if not part or any(char in RESERVED for char in part):
        raise BadQuery(f"Invalid query parameters passed to request: {part[:40]!r} is not an encoded value")
    return unquote(part)


def _parts(kind: str, body: bytes) -> tuple[str, bytes]:
    """The query and the entity of a multipart/mixed tunnel."""
    head = f"Content-Type: {kind}\r\nMIME-Version: 1.0\r\n\r\n".encode("latin-1", "replace")
    parsed = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + body)
    parts = [part for part in parsed.walk() if not part.is_multipart()] if parsed.is_multipart() else []
    form = [part for part in parts if part.get_content_type() == "application/x-www-form-urlencoded"]
    entity = [part for part in parts if part.get_content_type() == "application/json"]
    if len(form) != 1 or len(entity) != 1:
        raise BadTunnel("multipart/mixed needs one form part and one JSON part")
    return _ascii(_content(form[0])), _content(entity[0])


def _content(part: email.message.Message) -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def _ascii(body: bytes) -> str:
    try:
        return body.decode("ascii").strip()
    except UnicodeDecodeError:
        raise BadTunnel("the tunnelled query is not ASCII") from None
