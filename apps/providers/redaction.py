"""What may be kept of a request and its answer: ids, stages, states, times and numbers of pages; nothing of a person.

An allow list: a value is kept only where the name it stands under says what it is. Plain Python.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote

MASKED = "masked"

DEEPEST = 8
MOST_ITEMS = 20
"""Of a list or an object: the log is for what happened, not a second store of the answer."""

LONGEST_VALUE = 120

# fmt: off
KEPT = frozenset({
    "type", "kind", "state", "status", "stage", "stages", "stagename", "operation", "method", "count", "start",
    "page", "perpage", "limit", "total", "offset", "since", "before", "after", "fields", "sort", "order", "code",
    "errorcode", "servicecode", "serviceerrorcode", "active", "removed", "archived", "deleted", "rejected", "hired",
    "success", "ok", "skip", "next", "hasmore", "current",
})
# fmt: on
"""Names, without case and underscores, whose values are no one's: what a stage is called, which page was asked for."""

_ID_NAME = re.compile(r"(^|_)(id|ids|urn|key)$|[a-z](Id|Ids|Urn)$")
_TIME_NAME = re.compile(r"(_at|_on|At)$|^(created|updated|modified|date[A-Z]\w*)$")
_SECRET = re.compile(r"token|secret|password|authorization|signature|api_?key|client_id|cookie|session", re.IGNORECASE)
_ID = re.compile(r"[\w:.,()!+/=~-]{1,120}")
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[T ]?[\d:.+Z-]*|\d{9,14}")
_WORDS = re.compile(r"[^@\"<>{}]{0,120}")
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{24,}")

HEADERS = ("content-type", "retry-after", "x-restli-method", "x-restli-id", "x-li-uuid", "x-request-id")
LIMITS = re.compile(r"x-ratelimit-\w+")


def body(value: Any, name: str = "", *, depth: int = 0) -> Any:
    """The shape of a JSON value, with every value masked that is not known to be nobody's."""
    if isinstance(value, Mapping):
        return _object(value, name, depth) if depth < DEEPEST else MASKED
    if isinstance(value, list | tuple):
        kept = [body(one, name, depth=depth + 1) for one in value[:MOST_ITEMS]] if depth < DEEPEST else [MASKED]
        return [*kept, f"and {len(value) - MOST_ITEMS:,} more"] if len(value) > MOST_ITEMS else kept
    if value is None or isinstance(value, bool) or value == "":
        return value
    return value if _harmless(name, str(value)) else MASKED


def path(text: str) -> str:
    """A path without what is an address or a token."""
    return "/".join(_segment(part) for part in text.split("/"))


def query(text: str, *, only: Collection[str] = ()) -> str:
    """A query's names, with the values of those that name nobody; of a batch's ids those in `only`, if given."""
    pairs = parse_qsl(text, keep_blank_values=True)
    return "&".join(f"{name}={_asked(name, value, only)}" for name, value in pairs)


def headers(found: Mapping[str, str]) -> dict[str, str]:
    """The headers that explain an exchange; authorization shows as masked, so that it is seen to be there."""
    kept: dict[str, str] = {}
    for name, value in found.items():
        lower = name.lower()
        if lower in HEADERS or LIMITS.fullmatch(lower):
            kept[lower] = value[:LONGEST_VALUE]
        elif lower == "authorization":
            kept[lower] = MASKED
    return kept


def without(value: Any, others: Collection[str]) -> Any:
    """A batch's body without the entries of other records, whose readers may be others."""
    if isinstance(value, Mapping):
        return {key: without(inner, others) for key, inner in value.items() if unquote(str(key)) not in others}
    if isinstance(value, list):
        return [without(one, others) for one in value if not (isinstance(one, str) and unquote(one) in others)]
    return value


def _object(value: Mapping[Any, Any], name: str, depth: int) -> dict[str, Any]:
    shown = list(value.items())[:MOST_ITEMS]
    kept = {_key(str(key)): body(inner, _named(str(key), name), depth=depth + 1) for key, inner in shown}
    if len(value) > MOST_ITEMS:
        kept["…"] = f"and {len(value) - MOST_ITEMS:,} more"
    return kept


def _key(key: str) -> str:
    """A key is a name or an id; anything else tells of somebody."""
    return key if _ID.fullmatch(key) or key.startswith("$") else MASKED


def _named(key: str, around: str) -> str:
    """What a key is about: a stage's `name` is a stage; `$set` is about what it stands in."""
    if key == "name" and "stage" in around.lower():
        return "stage"
    return around if key.startswith("$") else key


def _harmless(name: str, value: str) -> bool:
    if _SECRET.search(name) or len(value) > LONGEST_VALUE:
        return False
    if _ID_NAME.search(name):
        return bool(_ID.fullmatch(value)) and "@" not in value
    if _TIME_NAME.search(name):
        return bool(_TIME.fullmatch(value))
    return name.lower().replace("_", "") in KEPT and bool(_WORDS.fullmatch(value))


def _segment(part: str) -> str:
    plain = unquote(part)
    if "@" in plain or (_TOKEN.fullmatch(plain) and not _UUID.fullmatch(plain)):
        return MASKED
    return part if _ID.fullmatch(part) or not part or "%" in part else MASKED


def _asked(name: str, value: str, only: Collection[str]) -> str:
    if only and _ID_NAME.search(name):
        return ",".join(sorted(one for one in only if one in unquote(value))) or MASKED
    return value if _harmless(name, value) else MASKED
