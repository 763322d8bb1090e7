"""What stands after the question mark: read strictly, unknown names refused."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.dateparse import parse_datetime
from rest_framework import serializers
from rest_framework.filters import BaseFilterBackend
from rest_framework.request import Request

from apps.core import clock
from apps.reports.figures import Span

ALWAYS = {"fields", "format"}
PAGED = {"cursor", "page_size", "ordering"}
SPANNED = {"since", "until"}
WEEK, YEAR = timedelta(days=7), timedelta(days=366)


class KnownParameters(BaseFilterBackend):  # type: ignore[misc]
    """Refuses parameters that a list does not have."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: Any) -> QuerySet[Any]:
        refuse_unknown(request, view)
        return queryset


def known_to(view: Any) -> set[str]:
    """The names that a view understands."""
    filterset = getattr(view, "filterset_class", None)
    known = ALWAYS if len(view.renderer_classes) > 1 else ALWAYS - {"format"}
    known = (
        known
        | (PAGED if getattr(view, "orders", ()) else set())
        | ({*SPANNED, *view.narrows} if getattr(view, "spans", False) else set())
    )
    return known | (set(filterset.base_filters) if filterset else set())


def refuse_unknown(request: Request, view: Any) -> None:
    """Raise ValidationError of a parameter that nobody reads."""
    if unknown := set(request.query_params) - known_to(view):
        raise serializers.ValidationError({name: ["There is no such parameter here."] for name in sorted(unknown)})


def words_in(request: Request, name: str) -> set[str]:
    """The words of a parameter, which commas part."""
    return {word for word in request.query_params.get(name, "").split(",") if word}


def one_of(request: Request, name: str, allowed: Sequence[str]) -> str:
    """A parameter that is one of some words; the first of them where it is not given."""
    value: str = request.query_params.get(name, "") or allowed[0]
    if value not in allowed:
        raise serializers.ValidationError({name: [f"Give one of: {', '.join(allowed)}."]})
    return value


def span_of(request: Request) -> Span:
    """The stretch that a report is of: the last week, where nothing else is asked for."""
    now = clock.now()
    until = _time(request, "until") or now
    since = _time(request, "since") or until - WEEK
    if not timedelta(0) < until - since <= YEAR:
        raise serializers.ValidationError({"since": ["Give a stretch of at most 366 days that ends after it begins."]})
    return Span(since=since, until=until, client=_id(request, "client"), mapping=_id(request, "mapping"))


def _time(request: Request, name: str) -> datetime | None:
    text = request.query_params.get(name, "")
    try:
        found = parse_datetime(text) if text else None
    except ValueError:
        found = None
    if text and (found is None or found.tzinfo is None or not 1970 < found.year < 2200):
        raise serializers.ValidationError({name: ["Give a time such as 2030-01-31T09:00:00Z."]})
    return found


def _id(request: Request, name: str) -> UUID | None:
    text = request.query_params.get(name, "")
    try:
        return UUID(text) if text else None
    except ValueError as exc:
        raise serializers.ValidationError({name: ["This is no id."]}) from exc
