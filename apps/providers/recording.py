"""What was said to a system and what it answered, for whoever asks to keep it: redacted, short, one list a try.

The transport tells the recording that is open in its context of each exchange; without one nothing is kept.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from apps.providers import redaction

MOST = 20
"""Exchanges of one try; a crawl's hundred pages say no more than its first twenty."""

LONGEST_BODY = 4_000
"""Characters of a redacted body. The largest stage move of 100 profiles is cut to one profile before this counts."""

LARGEST_READ = 256_000
"""Bytes of an answer that are worth reading for its shape; a listing's page may be megabytes."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer. `status` is None where no answer came; then `outcome` says why."""

    method: str
    path: str
    query: str
    status: int | None
    outcome: str
    seconds: float
    asked: Mapping[str, str] = field(default_factory=dict)
    answered: Mapping[str, str] = field(default_factory=dict)
    request: Any = None
    response: Any = None

    def of_one(self, own: str, members: Collection[str]) -> Exchange:
        """The part of a batch that is about one record: the others' readers may be others (rule 30)."""
        others = {one for one in members if one != own}
        return Exchange(
            self.method,
            self.path,
            redaction.query(self.query, only=[own]),
            self.status,
            self.outcome,
            self.seconds,
            self.asked,
            self.answered,
            redaction.without(self.request, others),
            redaction.without(self.response, others),
        )

    def bare(self) -> Exchange:
        """The exchange without bodies: of a listing, what was asked and how it ended."""
        return Exchange(
            self.method, self.path, self.query, self.status, self.outcome, self.seconds, self.asked, self.answered
        )

    def as_json(self) -> dict[str, Any]:
        """As it is kept; a body that is still too long is cut and says so."""
        return {
            "method": self.method,
            "path": redaction.path(self.path),
            "query": redaction.query(self.query),
            "status": self.status,
            "outcome": self.outcome,
            "ms": round(self.seconds * 1000),
            "asked": redaction.headers(self.asked),
            "answered": redaction.headers(self.answered),
            "request": _text(self.request),
            "response": _text(self.response),
        }


_open: ContextVar[list[Exchange] | None] = ContextVar("exchanges", default=None)


@contextmanager
def exchanges() -> Iterator[list[Exchange]]:
    """Keep what is said meanwhile in this context; the list fills as the calls are made."""
    kept: list[Exchange] = []
    before = _open.set(kept)
    try:
        yield kept
    finally:
        _open.reset(before)


def note(exchange: Exchange) -> None:
    """Tell the open recording of an exchange."""
    kept = _open.get()
    if kept is not None and len(kept) < MOST:
        kept.append(exchange)


def is_open() -> bool:
    return _open.get() is not None


def read(body: bytes | None) -> Any:
    """A body as JSON, or a word about it where it is none or too large to be worth reading."""
    if not body:
        return None
    if len(body) > LARGEST_READ:
        return f"{len(body):,} bytes, not kept"
    try:
        return json.loads(body)
    except ValueError:
        return f"{len(body):,} bytes that are not JSON, not kept"


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value if value.endswith("not kept") else redaction.MASKED
    text = json.dumps(redaction.body(value), indent=2, ensure_ascii=False)
    return text if len(text) <= LONGEST_BODY else f"{text[:LONGEST_BODY]}\n… cut"
