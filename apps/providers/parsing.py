"""Strict reading of vendor JSON: a missing or misshapen field is named, its value never is."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

LONGEST_NAME = 500
"""Ids and names of kinds become keys of indexes, which hold no more than 2,704 bytes."""


class Malformed(ValueError):
    """The answer is not what the vendor documents; the text names the place, never a value."""


def decode(body: bytes, where: str) -> Any:
    """Decode JSON. Raises Malformed."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise Malformed(f"{where}: not JSON") from None


class Fields:
    """One JSON object; every reader raises Malformed with the path of what is wrong."""

    __slots__ = ("_values", "_where")

    def __init__(self, values: Any, where: str) -> None:
        if not isinstance(values, Mapping):
            raise Malformed(f"{where}: not an object")
        self._values = values
        self._where = where

    def has(self, name: str) -> bool:
        """True if the field is there and not null."""
        return self._values.get(name) is not None

    def id(self, name: str) -> str:
        """A required id, as text, whether the vendor sends a number or a string."""
        found = self._values.get(name)
        if isinstance(found, bool) or not isinstance(found, int | str) or not _is_name(str(found)):
            raise self._wrong(name, "an id")
        return str(found)

    def id_or_empty(self, name: str) -> str:
        return self.id(name) if self.has(name) else ""

    def numeric_id(self, name: str) -> str:
        """A required id, as text, of a vendor whose ids are whole numbers."""
        found = self.id(name)
        if not (found.isascii() and found.isdecimal()):
            raise self._wrong(name, "an id")
        return found

    def text(self, name: str) -> str:
        found = self._values.get(name)
        if not isinstance(found, str):
            raise self._wrong(name, "a text")
        return found

    def word(self, name: str) -> str:
        """A required short text that can be shown and stored: the name of a kind."""
        found = self.text(name)
        if not _is_name(found):
            raise self._wrong(name, "a name")
        return found

    def text_or_empty(self, name: str) -> str:
        return self.text(name) if self.has(name) else ""

    def number(self, name: str) -> int:
        """A required whole number; digits in a string count (LinkedIn's "expires_in": "1800")."""
        found = self._values.get(name)
        if isinstance(found, str) and found.isdecimal() and found.isascii():
            return int(found)
        if isinstance(found, bool) or not isinstance(found, int):
            raise self._wrong(name, "a number")
        return found

    def flag(self, name: str) -> bool:
        found = self._values.get(name)
        if not isinstance(found, bool):
            raise self._wrong(name, "true or false")
        return found

    def flag_or(self, name: str, default: bool) -> bool:
        return self.flag(name) if self.has(name) else default

    def instant(self, name: str) -> datetime:
        """A required ISO 8601 date-time."""
        found = self.text(name)
        try:
            instant = datetime.fromisoformat(found)
            return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
        except (ValueError, OverflowError):
            raise self._wrong(name, "a date-time") from None

    def instant_ms(self, name: str) -> datetime:
        """A required number of milliseconds since 1970."""
        try:
            return _EPOCH + timedelta(milliseconds=self.number(name))
        except OverflowError:
            raise self._wrong(name, "a time") from None

    def object(self, name: str) -> Fields:
        return Fields(self._values.get(name), f"{self._where}.{name}")

    def object_or_empty(self, name: str) -> Fields:
        return self.object(name) if self.has(name) else Fields({}, f"{self._where}.{name}")

    def list(self, name: str) -> tuple[Any, ...]:
        found = self._values.get(name)
        if not isinstance(found, list):
            raise self._wrong(name, "a list")
        return tuple(found)

    def list_or_empty(self, name: str) -> tuple[Any, ...]:
        return self.list(name) if self.has(name) else ()

    def objects(self, name: str) -> Iterator[Fields]:
        """The objects of a list that may be missing."""
        for index, item in enumerate(self.list_or_empty(name)):
            yield Fields(item, f"{self._where}.{name}[{index}]")

    def entries(self) -> Iterator[tuple[str, Fields]]:
        """The object's own members, each an object."""
        for name, value in self._values.items():
            yield str(name), Fields(value, f"{self._where}.{name}")

    def _wrong(self, name: str, wanted: str) -> Malformed:
        return Malformed(f"{self._where}.{name}: not {wanted}")


def _is_name(text: str) -> bool:
    """Printable shuts out what PostgreSQL refuses: NUL, and half a character."""
    return 0 < len(text) <= LONGEST_NAME and text.isprintable()


def rows(values: Any, where: str) -> Iterator[Fields]:
    """The objects of a bare array."""
    if not isinstance(values, list):
        raise Malformed(f"{where}: not a list")
    for index, item in enumerate(values):
        yield Fields(item, f"{where}[{index}]")
