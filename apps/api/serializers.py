"""Serializers made of rows: a row's annotations are its fields, their types and their documentation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import is_dataclass
from datetime import date, datetime
from functools import cache
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints
from uuid import UUID

from rest_framework import serializers

FIELDS: Mapping[type, type[serializers.Field]] = {
    bool: serializers.BooleanField,
    int: serializers.IntegerField,
    float: serializers.FloatField,
    str: serializers.CharField,
    UUID: serializers.UUIDField,
    datetime: serializers.DateTimeField,
    date: serializers.DateField,
}


class RowSerializer(serializers.Serializer):  # type: ignore[misc]
    """Gives a row's fields; with `only` in its context, those of them alone."""

    def get_fields(self) -> dict[str, Any]:
        fields: dict[str, Any] = super().get_fields()
        only = self.context.get("only") if self.parent is None or self.parent is self.root else None
        return {name: field for name, field in fields.items() if name in only} if only else fields


@cache
def serializer_of(row: type, name: str) -> type[RowSerializer]:
    """Make the serializer of a row."""
    hints = get_type_hints(row, include_extras=True)
    return type(name, (RowSerializer,), {field: _field(hint, name) for field, hint in hints.items()})


def names_of(row: type, *, flat: bool = False) -> list[str]:
    """The names of a row's fields; `flat` leaves out what a table has no cell for."""
    hints = get_type_hints(row)
    return [name for name, hint in hints.items() if not (flat and _is_nested(hint))]


def _field(hint: Any, name: str) -> serializers.Field:
    annotations: Iterable[Any] = ()
    if hasattr(hint, "__metadata__"):
        hint, annotations = hint.__origin__, hint.__metadata__
    says, *choices = annotations or ("",)
    options: dict[str, Any] = {"required": False, **({"help_text": says} if says else {})}
    if get_origin(hint) is UnionType:
        hint = next(one for one in get_args(hint) if one is not NoneType)
        options["allow_null"] = True
    if get_origin(hint) is tuple:
        return (
            serializers.ListField(child=_field(get_args(hint)[0], name), **options)
            if not _is_nested(hint)
            else (serializer_of(get_args(hint)[0], f"{name}{get_args(hint)[0].__name__}")(many=True, **options))
        )
    if choices:
        return serializers.ChoiceField(choices=list(choices[0]), **options)
    return FIELDS[hint](**options)


def _is_nested(hint: Any) -> bool:
    return get_origin(hint) is tuple and is_dataclass(get_args(hint)[0])
