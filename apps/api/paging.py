"""Pages by cursor: where a page ends, not how many came before, so that what arrives meanwhile moves nothing."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet
from rest_framework import serializers
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

PAGE = 100
LARGEST = 500
"""A page of these is made within the 200 ms that a page may take."""


@dataclass(frozen=True, slots=True)
class Order:
    """By one column that is never empty, ties by key: a place in it is unique."""

    column: str
    descending: bool

    @classmethod
    def read(cls, text: str) -> Order:
        return cls(text.removeprefix("-"), text.startswith("-"))

    def sorted(self, rows: QuerySet[Any], *, backward: bool = False) -> QuerySet[Any]:
        sign = "-" if self.descending != backward else ""
        return rows.order_by(*dict.fromkeys([f"{sign}{self.column}", f"{sign}pk"]))

    def beyond(self, place: Sequence[Any], *, backward: bool) -> Q:
        """What comes after a place; what comes before it, going backward."""
        value, key = place
        side = "lt" if self.descending != backward else "gt"
        if self.column in ("id", "pk"):
            return Q(**{f"pk__{side}": key})
        return Q(**{f"{self.column}__{side}": value}) | Q(**{self.column: value, f"pk__{side}": key})

    def place_of(self, row: Model) -> list[str]:
        value = row.pk if self.column in ("id", "pk") else getattr(row, self.column)
        return [value.isoformat() if hasattr(value, "isoformat") else str(value), str(row.pk)]


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in an order, and which way to go from it; to the reader an opaque text."""

    place: Sequence[str]
    backward: bool
    order: str

    def __str__(self) -> str:
        text = json.dumps([self.order, self.backward, *self.place], separators=(",", ":"))
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    @classmethod
    def read(cls, text: str, *, order: str) -> Cursor:
        """Raises ValueError of what is no cursor of this order."""
        try:
            made_for, backward, value, key = json.loads(base64.urlsafe_b64decode(text.encode() + b"=="))
        except (binascii.Error, UnicodeError, TypeError) as exc:
            raise ValueError(text) from exc
        if made_for != order or not isinstance(backward, bool) or not (isinstance(value, str) and isinstance(key, str)):
            raise ValueError(text)
        return cls((value, key), backward, order)


class CursorPages(BasePagination):  # type: ignore[misc]
    """Cuts a page and says where the next and the one before begin."""

    def paginate_queryset(self, queryset: QuerySet[Any], request: Request, view: Any = None) -> list[Any]:
        self.request, self.order = request, view.order
        size, cursor = _size(request), self._cursor()
        backward = cursor is not None and cursor.backward
        order = Order.read(self.order)
        found = self._read(order, queryset, cursor, size + 1)
        more, found = len(found) > size, found[:size]
        self.rows = found[::-1] if backward else found
        self.has_next = more if not backward else True
        self.has_previous = more if backward else cursor is not None
        return self.rows

    def _read(self, order: Order, rows: QuerySet[Any], cursor: Cursor | None, limit: int) -> list[Any]:
        if cursor is None:
            return list(order.sorted(rows)[:limit])
        try:
            beyond = rows.filter(order.beyond(cursor.place, backward=cursor.backward))
            return list(order.sorted(beyond, backward=cursor.backward)[:limit])
        except (ValueError, ValidationError) as exc:
            raise _no_cursor() from exc

    def _cursor(self) -> Cursor | None:
        text = self.request.query_params.get("cursor", "")
        try:
            return Cursor.read(text, order=self.order) if text else None
        except ValueError as exc:
            raise _no_cursor() from exc

    def _link(self, there: bool, row: Any, backward: bool) -> str | None:
        if not there or row is None:
            return None
        cursor = Cursor(Order.read(self.order).place_of(row), backward, self.order)
        return str(replace_query_param(self.request.build_absolute_uri(), "cursor", str(cursor)))

    def get_paginated_response(self, data: Any) -> Response:
        first, last = (self.rows[0], self.rows[-1]) if self.rows else (None, None)
        return Response(
            {
                "next": self._link(self.has_next, last, False),
                "previous": self._link(self.has_previous, first, True),
                "results": data,
            }
        )

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": "string", "format": "uri", "nullable": True}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {
                "next": link | {"description": "The address of the page that follows; null at the end."},
                "previous": link | {"description": "The address of the page before; null at the beginning."},
                "results": schema,
            },
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        size = {"type": "integer", "minimum": 1, "maximum": LARGEST, "default": PAGE}
        return [
            _parameter("cursor", {"type": "string"}, "Where to go on: taken from `next` or `previous`, never made."),
            _parameter("page_size", size, "How many rows a page has. CSV is never cut into pages."),
        ]


def _parameter(name: str, schema: dict[str, Any], says: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": schema, "description": says}


def _size(request: Request) -> int:
    text = request.query_params.get("page_size", "")
    if not text:
        return PAGE
    if text.isascii() and text.isdecimal() and len(text) < 5 and 1 <= int(text) <= LARGEST:
        return int(text)
    raise serializers.ValidationError({"page_size": [f"Give a number from 1 to {LARGEST}."]})


def _no_cursor() -> serializers.ValidationError:
    return serializers.ValidationError({"cursor": ["This is no cursor of this list in this order. Begin without one."]})
