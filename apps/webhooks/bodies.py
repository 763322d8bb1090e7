"""The bytes of a delivery: read up to a limit before anything is computed of them, and inflated up to the same."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

from django.http import HttpRequest

_GZIP = b"\x1f\x8b"
"""JSON never begins so; some senders compress without the header that says it (facts/icims.md)."""

_GZIP_WINDOW = 16 + zlib.MAX_WBITS


class TooLarge(Exception):
    """More bytes than a receiver takes, as sent or inflated."""


@dataclass(frozen=True, slots=True)
class Body:
    """What came over the wire, and the text it is; the same where it was not compressed."""

    raw: bytes
    text: bytes

    @property
    def signed_forms(self) -> tuple[bytes, ...]:
        """A system may sign what it sends or what it compressed; a signature over either proves the sender."""
        return (self.raw,) if self.raw == self.text else (self.raw, self.text)


def read_body(request: HttpRequest, *, most: int) -> Body:
    """Raises TooLarge, before a byte more than `most` is kept."""
    raw = _read(request, most)
    return Body(raw, _inflate(raw, most) if raw.startswith(_GZIP) else raw)


def _read(request: HttpRequest, most: int) -> bytes:
    """Django takes a body without a length for an empty one; the server says where a chunked one ends."""
    length = request.headers.get("Content-Length")
    if not length and request.META.get("wsgi.input_terminated"):
        body: bytes = request.META["wsgi.input"].read(most + 1)
        if len(body) > most:
            raise TooLarge
        return body
    if int(length or 0) > most:
        raise TooLarge
    return request.body


def _inflate(raw: bytes, most: int) -> bytes:
    """What is damaged stays as it came: well signed, it is a malformed delivery."""
    stream = zlib.decompressobj(_GZIP_WINDOW)
    try:
        text = stream.decompress(raw, most + 1)
    except zlib.error:
        return raw
    if len(text) > most:
        raise TooLarge
    return text if stream.eof and not stream.unused_data else raw
