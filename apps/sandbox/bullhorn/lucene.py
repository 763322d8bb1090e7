"""The part of Lucene's classic query syntax that clients of Bullhorn use.

Clauses are must, may or must not, as there: `a AND b NOT c` is +a +b -c, and a query that has only
must-not clauses finds nothing. Dates are yyyyMMdd or yyyyMMddHHmmss; a range of milliseconds since 1970
is silently ignored.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from apps.sandbox.bullhorn.schema import ENTITIES
from apps.sandbox.bullhorn.store import Refusal, Row, refusal

Test = Callable[[Row], bool]

_TOKEN = re.compile(
    r"""\s*(?:
    (?P<range>[\[{]\s*(?P<low>"[^"]*"|[^\s\]}]+)\s+TO\s+(?P<high>"[^"]*"|[^\s\]}]+)\s*[\]}])
  | (?P<quoted>"(?:\\.|[^"\\])*")
  | (?P<field>[\w.]+):
  | (?P<open>\() | (?P<close>\))
  | (?P<sign>[+!-])
  | (?P<word>(?:\\.|[^\s()"\[\]{}:])+)
    )""",
    re.VERBOSE,
)
WORDS = re.compile(r"[\w@.+'-]+")
MILLISECONDS = 13
"""Digits of a present time in milliseconds."""


def compile_query(entity: str, text: str) -> Test:
    """Raises Refusal 400 on what cannot be read."""
    parser = _Parser(entity, text)
    test = parser.clauses("")
    parser.expect_end()
    return test


def bad(text: str) -> Refusal:
    return refusal(400, "errors.badLuceneQuery", f"Bad Lucene query: {text}")


class _Parser:
    def __init__(self, entity: str, text: str) -> None:
        self._entity = entity
        self._tokens: list[tuple[str, re.Match[str]]] = []
        at = 0
        while text[at:].strip():
            found = _TOKEN.match(text, at)
            if found is None or found.lastgroup is None:
                raise bad(text[at : at + 20])
            kind = next(name for name in ("range", "quoted", "field", "open", "close", "sign", "word") if found[name])
            self._tokens.append((kind, found))
            at = found.end()
        self._at = 0

    def clauses(self, field: str) -> Test:
        """A list of clauses up to a closing parenthesis or the end."""
        found: list[tuple[str, Test]] = []
        joined = ""
        while (kind := self._kind()) not in ("", "close"):
            word = self._tokens[self._at][1]["word"]
            if word in ("AND", "&&", "OR", "||"):
                joined = "AND" if word in ("AND", "&&") else "OR"
                self._at += 1
                continue
            occurs = "may"
            if kind == "sign" or word == "NOT":
                occurs = "must" if self._tokens[self._at][1]["sign"] == "+" else "not"
                self._at += 1
            if joined == "AND":
                if found and found[-1][0] == "may":
                    found[-1] = ("must", found[-1][1])
                occurs = "must" if occurs == "may" else occurs
            found.append((occurs, self._clause(field)))
            joined = ""
        if not found or joined:
            raise bad("a clause is missing")
        return _boolean(found)

    def expect_end(self) -> None:
        if self._kind():
            raise bad("unbalanced parenthesis")

    def _kind(self) -> str:
        return self._tokens[self._at][0] if self._at < len(self._tokens) else ""

    def _clause(self, field: str) -> Test:
        kind, found = self._take()
        if kind == "field":
            return self._clause(self._known(found["field"]))
        if kind == "open":
            test = self.clauses(field)
            if self._kind() != "close":
                raise bad("unbalanced parenthesis")
            self._at += 1
            return test
        if kind == "range":
            return _range(self._entity, field, found)
        if kind in ("quoted", "word"):
            text = found["quoted"][1:-1] if found["quoted"] else found["word"]
            return _term(field, re.sub(r"\\(.)", r"\1", text), wild=kind == "word")
        raise bad("a value is missing")

    def _take(self) -> tuple[str, re.Match[str]]:
        if not self._kind():
            raise bad("a value is missing")
        self._at += 1
        return self._tokens[self._at - 1]

    def _known(self, field: str) -> str:
        if field.split(".")[0] not in ENTITIES[self._entity].known:
            raise bad(f"unknown field {field}")
        return field


def _boolean(clauses: list[tuple[str, Test]]) -> Test:
    musts = [test for occurs, test in clauses if occurs == "must"]
    mays = [test for occurs, test in clauses if occurs == "may"]
    nots = [test for occurs, test in clauses if occurs == "not"]

    def test(row: Row) -> bool:
        if any(one(row) for one in nots) or not all(one(row) for one in musts):
            return False
        return bool(musts) or any(one(row) for one in mays)

    return test


def value_of(row: Row, field: str) -> Any:
    value: Any = row
    for name in field.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _term(field: str, text: str, *, wild: bool) -> Test:
    if field in ("", "*"):
        return lambda row: any(_fits(value, text, wild=wild) for value in row.values() if isinstance(value, str))
    return lambda row: _fits(value_of(row, field), text, wild=wild)


def _fits(value: Any, text: str, *, wild: bool) -> bool:
    if value is None:
        return False
    if isinstance(value, bool):
        return text.lower() in (("1", "true") if value else ("0", "false"))
    if isinstance(value, int):
        return text == str(value) or (wild and text == "*")
    words = [word.lower().strip(".") for word in WORDS.findall(str(value))]
    if wild and ("*" in text or "?" in text):
        pattern = re.compile(re.escape(text.lower()).replace(r"\*", ".*").replace(r"\?", "."))
        return any(pattern.fullmatch(word) for word in [str(value).lower(), *words])
    wanted = [word.lower().strip(".") for word in WORDS.findall(text)]
    return (
        any(words[at : at + len(wanted)] == wanted for at in range(len(words) - len(wanted) + 1)) if wanted else False
    )


def _range(entity: str, field: str, found: re.Match[str]) -> Test:
    low, high = found["low"].strip('"'), found["high"].strip('"')
    open_low, open_high = found["range"].startswith("{"), found["range"].endswith("}")
    if field in ENTITIES[entity].dates:
        if any(len(edge) >= MILLISECONDS and len(edge) != 14 for edge in (low, high)):
            return lambda row: True
        least, most = _moment(low, end=False), _moment(high, end=True)
    else:
        least, most = _number(low), _number(high)

    def test(row: Row) -> bool:
        value = value_of(row, field)
        if not isinstance(value, int):
            return False
        above = least is None or (value > least if open_low else value >= least)
        return above and (most is None or (value < most if open_high else value <= most))

    return test


def _number(text: str) -> int | None:
    if text == "*":
        return None
    try:
        return int(text)
    except ValueError:
        raise bad(f"not a number: {text}") from None


def _moment(text: str, *, end: bool) -> int | None:
    """Milliseconds; a day is its first moment, as the end of a range its last."""
    if text == "*":
        return None
    for pattern, length in (("%Y%m%d%H%M%S", 14), ("%Y%m%d", 8)):
        if len(text) == length and text.isdecimal():
            try:
                at = int(datetime.strptime(text, pattern).replace(tzinfo=UTC).timestamp() * 1000)
            except ValueError:
                break
            return at + (999 if length == 14 else 86_399_999) if end else at
    raise bad(f"not a date: {text}")
