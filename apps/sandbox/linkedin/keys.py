"""Compound keys on the wire: in a batch's query, in `entities`, in a path, and in the answer. Pure.

Protocol 1.0: ids[0].a=1&ids[0].b=x, and a=1&b=x as a key. Protocol 2.0: ids=List((a:1,b:x)), and
($params:(),a:1,b:x) as a key, which an answer gives back without $params.
https://learn.microsoft.com/en-us/linkedin/shared/api-guide/concepts/protocol-version
"""

from __future__ import annotations

import re
from urllib.parse import unquote, unquote_plus

from apps.sandbox.linkedin import restli

Parts = tuple[tuple[str, str], ...]
"""A key's parts by name, sorted: the order in which they were sent says nothing."""

_OF_BATCH = re.compile(r"^ids\[(?P<place>\d+)\]\.(?P<part>\w+)$")
_TUPLE = re.compile(r"\((?P<inside>[^()]*)\)")
_NO_PARAMS = "$params:(),"


def of_query(query: restli.Query) -> list[Parts]:
    """The compound `ids` of a batch, each once. Raises BadQuery."""
    found = _indexed(query) if query.protocol == "1.0" else _listed(query)
    if not found:
        raise restli.BadQuery("Parameter 'ids' is required")
    return list(dict.fromkeys(found))


def of_entity(text: str, protocol: str) -> Parts:
    """A key of `entities`, or of a path. Raises BadQuery."""
    if protocol == "1.0":
        return _parts(part.partition("=")[::2] for part in text.split("&"))
    if not (text.startswith("(") and text.endswith(")")):
        raise restli.BadQuery(f"{text[:40]!r} is no compound key")
    return _inside(text[1:-1].removeprefix(_NO_PARAMS))


def in_answer(parts: Parts, names: tuple[str, ...], protocol: str) -> str:
    """The key as an answer spells it, its parts in the resource's own order."""
    found = dict(parts)
    if protocol == "1.0":
        return "&".join(f"{name}={_plain(found[name])}" for name in names)
    return "(" + ",".join(f"{name}:{restli.encode_key(found[name], protocol)}" for name in names) + ")"


def _plain(value: str) -> str:
    return value.replace("%", "%25").replace("&", "%26").replace("=", "%3D")


def _indexed(query: restli.Query) -> list[Parts]:
    places: dict[str, list[tuple[str, str]]] = {}
    for name, value in query.pairs:
        if found := _OF_BATCH.match(name):
            places.setdefault(found["place"], []).append((found["part"], unquote_plus(value)))
    return [tuple(sorted(one)) for one in places.values()]


def _listed(query: restli.Query) -> list[Parts]:
    raw = next((value for name, value in query.pairs if name == "ids"), "")
    if raw and not (raw.startswith("List(") and raw.endswith(")")):
        raise restli.BadQuery("Invalid query parameters passed to request: 'ids' must be List(...)")
    return [_inside(found["inside"]) for found in _TUPLE.finditer(raw.removeprefix("List(").removesuffix(")"))]


def _inside(text: str) -> Parts:
    return _parts(part.partition(":")[::2] for part in text.split(","))


def _parts(found: object) -> Parts:
    made = tuple(sorted((name, unquote(value)) for name, value in found))  # type: ignore[attr-defined]
    if not all(name and value for name, value in made):
        raise restli.BadQuery("a compound key needs a name and a value in each part")
    return made
