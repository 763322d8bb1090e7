"""The `fields` parameter: a,b(c,d),e[5](x). Without it, an answer has ids only."""

from __future__ import annotations

import re
from dataclasses import dataclass

from apps.sandbox.bullhorn.schema import ENTITIES
from apps.sandbox.bullhorn.store import Row, Store, refusal

_TOKEN = re.compile(r"\s*([\w*]+|[(),\[\]])")
SUB_ROWS = 5
"""Rows of a to-many field unless [n] asks for more."""


@dataclass(frozen=True)
class Field:
    name: str
    count: int = SUB_ROWS
    inner: tuple[Field, ...] = ()


def parse(text: str) -> tuple[Field, ...]:
    """Raises Refusal on a list that cannot be read."""
    tokens = _TOKEN.findall(text)
    if "".join(tokens) != re.sub(r"\s", "", text):
        raise refusal(400, "errors.invalidFields", "Invalid field list")
    found, rest = _list(tokens)
    if rest:
        raise refusal(400, "errors.invalidFields", "Invalid field list")
    return found


def _list(tokens: list[str]) -> tuple[tuple[Field, ...], list[str]]:
    found: list[Field] = []
    while tokens and tokens[0] not in ")":
        name, tokens = tokens[0], tokens[1:]
        count = SUB_ROWS
        inner: tuple[Field, ...] = ()
        if tokens[:1] == ["["] and len(tokens) > 2 and tokens[1].isdecimal():
            count, tokens = int(tokens[1]), tokens[3:]
        if tokens[:1] == ["("]:
            inner, tokens = _list(tokens[1:])
            tokens = tokens[1:]
        found.append(Field(name, count, inner))
        if tokens[:1] == [","]:
            tokens = tokens[1:]
    return tuple(found), tokens


def show(store: Store, entity: str, row: Row, wanted: tuple[Field, ...]) -> Row:
    """The row with the wanted fields. Raises Refusal 400 on a field that the entity does not have."""
    shown: Row = {}
    for one in wanted or (Field("id"),):
        if one.name == "*":
            shown |= {name: row.get(name) for name in _plain(entity)}
        elif one.name not in ENTITIES[entity].known:
            raise refusal(400, "errors.invalidFieldName", f"Invalid field: '{one.name}' on entity {entity}")
        else:
            shown[one.name] = _value(store, entity, row, one)
    return {"id": row["id"], **shown}


def _plain(entity: str) -> tuple[str, ...]:
    return tuple(name for name in ENTITIES[entity].known if name not in ENTITIES[entity].to_many)


def _value(store: Store, entity: str, row: Row, wanted: Field) -> object:
    kind = ENTITIES[entity]
    if wanted.name in kind.to_many:
        other, back = kind.to_many[wanted.name]
        rows = [found for found in store[other].where(back, row["id"]) if not found.get("isDeleted")]
        return {"total": len(rows), "data": [show(store, other, found, wanted.inner) for found in rows[: wanted.count]]}
    value = row.get(wanted.name)
    if wanted.name in kind.to_one and value and wanted.inner:
        other = kind.to_one[wanted.name]
        there = store[other].get(value["id"])
        return show(store, other, there, wanted.inner) if there else value
    return value
