"""The part of JPQL's where clause that clients of Bullhorn use: comparisons, IN, IS NULL, AND, OR, NOT."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import Any

from apps.sandbox.bullhorn.lucene import value_of
from apps.sandbox.bullhorn.schema import ENTITIES
from apps.sandbox.bullhorn.store import Refusal, Row, refusal

Test = Callable[[Row], bool]

_TOKEN = re.compile(r"\s*('(?:''|[^'])*'|-?\d+|<=|>=|<>|!=|[=<>(),]|[A-Za-z_][\w.]*)")
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq, "<>": operator.ne, "!=": operator.ne, "<": operator.lt, ">": operator.gt,
    "<=": operator.le, ">=": operator.ge,
}  # fmt: skip


def compile_where(entity: str, text: str) -> Test:
    """Raises Refusal 400 on what cannot be read."""
    tokens: list[str] = []
    at = 0
    while text[at:].strip():
        found = _TOKEN.match(text, at)
        if found is None:
            raise bad(text[at : at + 20])
        tokens.append(found[1])
        at = found.end()
    parser = _Parser(entity, tokens)
    test = parser.either()
    parser.expect_end()
    return test


def bad(text: str) -> Refusal:
    return refusal(400, "errors.badJpqlQuery", f"Bad JPQL query: {text}")


class _Parser:
    def __init__(self, entity: str, tokens: list[str]) -> None:
        self._entity = entity
        self._tokens = tokens

    def either(self) -> Test:
        tests = [self._both()]
        while self._takes("OR"):
            tests.append(self._both())
        return lambda row: any(test(row) for test in tests)

    def expect_end(self) -> None:
        if self._tokens:
            raise bad(self._tokens[0])

    def _both(self) -> Test:
        tests = [self._one()]
        while self._takes("AND"):
            tests.append(self._one())
        return lambda row: all(test(row) for test in tests)

    def _one(self) -> Test:
        if self._takes("NOT"):
            inner = self._one()
            return lambda row: not inner(row)
        if self._takes("("):
            found = self.either()
            self._expect(")")
            return found
        return self._comparison(self._field())

    def _comparison(self, field: str) -> Test:
        if self._takes("IS"):
            wanted = not self._takes("NOT")
            self._expect("NULL")
            return lambda row: (value_of(row, field) is None) is wanted
        negated = self._takes("NOT")
        if self._takes("IN"):
            values = self._values()
            return lambda row: (value_of(row, field) in values) is not negated
        sign = self._next()
        if negated or sign not in _COMPARE:
            raise bad(sign)
        compare, value = _COMPARE[sign], self._value()

        def test(row: Row) -> bool:
            there = value_of(row, field)
            return there is not None and isinstance(value, type(there)) and compare(there, value)

        return test

    def _field(self) -> str:
        name = self._next()
        if name.split(".")[0] not in ENTITIES[self._entity].known:
            raise bad(f"unknown property {name}")
        return name

    def _values(self) -> list[Any]:
        self._expect("(")
        values = [self._value()]
        while self._takes(","):
            values.append(self._value())
        self._expect(")")
        return values

    def _value(self) -> Any:
        text = self._next()
        if text.startswith("'"):
            return text[1:-1].replace("''", "'")
        if text.lower() in ("true", "false"):
            return text.lower() == "true"
        try:
            return int(text)
        except ValueError:
            raise bad(text) from None

    def _next(self) -> str:
        if not self._tokens:
            raise bad("it ends too early")
        return self._tokens.pop(0)

    def _takes(self, word: str) -> bool:
        if self._tokens and self._tokens[0].upper() == word:
            self._tokens.pop(0)
            return True
        return False

    def _expect(self, word: str) -> None:
        if not self._takes(word):
            raise bad(f"{word} is missing")
