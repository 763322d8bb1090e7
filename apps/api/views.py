"""Lists and figures, read-only: each finds its reader's scope, makes one call to a table, and says it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, ClassVar, Protocol

from django.db.models import QuerySet
from django.http import HttpResponseBase
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.generics import GenericAPIView
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.scope import Scope
from apps.api import authentication, filters, parameters, renderers
from apps.api.paging import CursorPages, Order
from apps.api.serializers import RowSerializer, names_of, serializer_of
from apps.core import clock
from apps.reports import csvs, figures
from apps.reports.tables import attempts, candidacies, candidates, connections, events, mappings, transitions

CHUNK = 500
"""Rows that CSV reads at once: a query each, and no transaction that stays open while a slow reader reads."""


class Table(Protocol):
    """A module of `reports.tables`."""

    Row: type

    def query(self, *, scope: Scope) -> QuerySet[Any]: ...

    def describe(self, *, scope: Scope, found: Any, now: datetime) -> Any: ...


class Rows(GenericAPIView):  # type: ignore[misc]
    """Gives rows by name: as JSON, or as CSV, with the fields that are asked for."""

    row: ClassVar[type]
    name: ClassVar[str]
    renderer_classes = (JSONRenderer, renderers.CsvRenderer)

    @property
    def scope(self) -> Scope:
        return authentication.scope_of(self.request)

    def get_serializer_class(self) -> type[RowSerializer]:
        return serializer_of(self.row, self.name)

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "only": self.only()}

    def only(self) -> list[str]:
        """The fields that are asked for, in the row's own order."""
        asked = parameters.words_in(self.request, "fields") if getattr(self, "request", None) else set()
        known = names_of(self.row)
        if unknown := asked - set(known):
            raise serializers.ValidationError({"fields": [f"Unknown: {', '.join(sorted(unknown))}."]})
        return [name for name in known if name in asked]

    @property
    def as_csv(self) -> bool:
        return bool(self.request.accepted_renderer.format == "csv")

    def csv(self, rows: Iterator[Mapping[str, Any]]) -> HttpResponseBase:
        flat = names_of(self.row, flat=True)
        return csvs.stream(self.name.lower(), [name for name in self.only() or flat if name in flat], rows)


class TableList(Rows):
    """A table, filtered, in pages; as CSV, all of it."""

    table: ClassVar[Any]
    orders: ClassVar[tuple[str, ...]]
    filter_backends = (parameters.KnownParameters, DjangoFilterBackend)
    pagination_class = CursorPages

    def get_queryset(self) -> QuerySet[Any]:
        if getattr(self, "swagger_fake_view", False):
            return self.table.query(scope=Scope(client_ids=None)).none()
        return self.table.query(scope=self.scope)

    @property
    def order(self) -> str:
        return parameters.one_of(self.request, "ordering", self.orders)

    def get(self, request: Request) -> HttpResponseBase:
        found = self.filter_queryset(self.get_queryset())
        if self.as_csv:
            Order.read(self.order)
            return self.csv(self._all(found))
        return self.get_paginated_response(self.said(self.paginate_queryset(found)))

    def said(self, found: list[Any]) -> Any:
        rows = self.table.describe(scope=self.scope, found=found, now=clock.now())
        return self.get_serializer(rows, many=True).data

    def _all(self, found: QuerySet[Any]) -> Iterator[Mapping[str, Any]]:
        order, place = Order.read(self.order), None
        while True:
            beyond = found if place is None else found.filter(order.beyond(place, backward=False))
            chunk = list(order.sorted(beyond)[:CHUNK])
            yield from self.said(chunk)
            if len(chunk) < CHUNK:
                return
            place = order.place_of(chunk[-1])


class TableRow(Rows):
    """One row of a table; one that the reader may not see is not there."""

    table: ClassVar[Any]
    renderer_classes = (JSONRenderer,)
    filter_backends = (parameters.KnownParameters,)

    def get_queryset(self) -> QuerySet[Any]:
        if getattr(self, "swagger_fake_view", False):
            return self.table.query(scope=Scope(client_ids=None)).none()
        return self.table.query(scope=self.scope)

    def get(self, request: Request, pk: Any) -> Response:
        one = self.get_object()
        (row,) = self.table.describe(scope=self.scope, found=[one], now=clock.now())
        return Response(self.get_serializer(row).data)


def _views(
    table: Any, name: str, orders: tuple[str, ...], filterset: type, says: str
) -> tuple[type[TableList], type[TableRow]]:
    own = {"table": table, "row": table.Row, "name": name}
    plural = f"{name[:-1]}ies" if name.endswith("y") else f"{name}s"
    several = type(
        f"{plural}View", (TableList,), {**own, "orders": orders, "filterset_class": filterset, "__doc__": says}
    )
    return several, type(f"{name}View", (TableRow,), {**own, "__doc__": f"One of them. {says}"})


BY_NUMBER = ("-id", "id")

Connections, Connection = _views(
    connections,
    "Connection",
    ("created_at", "-created_at"),
    filters.Connections,
    "Accounts at systems, and how they are.",
)
Mappings, Mapping_ = _views(
    mappings,
    "Mapping",
    ("-created_at", "created_at"),
    filters.Mappings,
    "LinkedIn Projects that are kept in step with ATS jobs.",
)
Candidates, Candidate = _views(
    candidates,
    "Candidate",
    ("-first_seen_at", "first_seen_at"),
    filters.Candidates,
    "People, each with their candidacies.",
)
Candidacies, Candidacy = _views(
    candidacies,
    "Candidacy",
    ("-added_at", "added_at"),
    filters.Candidacies,
    "People for one ATS job, with the stage of each side.",
)
Events, Event = _views(
    events, "Event", BY_NUMBER, filters.Events, "What arrived or was to be done, and what became of it."
)
Attempts, Attempt = _views(
    attempts, "Attempt", BY_NUMBER, filters.Attempts, "Each try of an event: how it ended and how long it took."
)
Transitions, Transition = _views(
    transitions, "Transition", BY_NUMBER, filters.Transitions, "Moves that people made, in either system."
)


class Figures(Rows):
    """A report: few rows, all at once."""

    filter_backends = (parameters.KnownParameters,)
    many = True
    spans = True
    narrows: tuple[str, ...] = ("client", "mapping")

    def get_queryset(self) -> None:
        return None

    def read(self) -> Any:
        raise NotImplementedError

    def get(self, request: Request) -> HttpResponseBase:
        parameters.refuse_unknown(request, self)
        rows = self.read()
        said = self.get_serializer(rows, many=self.many).data
        return self.csv(iter(said if self.many else [said])) if self.as_csv else Response(said)


class Lag(Figures):
    """How long people took from the Project to the ATS job, of those added in the stretch."""

    row, name, many = figures.Lag, "Lag", False

    def read(self) -> Any:
        return figures.get_lag(scope=self.scope, span=parameters.span_of(self.request), now=clock.now())


class Volume(Figures):
    """People and moves, day by day."""

    row, name = figures.Volume, "Volume"

    def read(self) -> Any:
        return figures.list_volume(scope=self.scope, span=parameters.span_of(self.request))


class Days(Figures):
    """Events by the day they arrived, with those that were deleted by age since."""

    row, name, narrows = figures.Day, "Day", ("client",)

    def read(self) -> Any:
        return figures.list_days(scope=self.scope, span=parameters.span_of(self.request))


class Funnel(Figures):
    """How many stand at each ATS stage of each mapping, of those added in the stretch."""

    row, name = figures.Funnel, "Funnel"

    def read(self) -> Any:
        return figures.list_funnel(scope=self.scope, span=parameters.span_of(self.request))


class Errors(Figures):
    """Dead letters, grouped by cause."""

    row, name, spans = figures.ErrorGroup, "ErrorGroup", False

    def read(self) -> Any:
        return figures.list_errors(scope=self.scope)


class Budget(Figures):
    """Requests spent and left, window by window; for readers of all clients only."""

    row, name, spans = figures.BudgetWindow, "BudgetWindow", False

    def read(self) -> Any:
        if not self.scope.unrestricted:
            raise PermissionDenied("Budgets tell of every client's work. Use a key of all clients.")
        return figures.list_budget(scope=self.scope, now=clock.now())
