"""What each list may be narrowed by. Unknown parameters are refused: a typing error must not show as everything."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator
from django.db.models import QuerySet
from django_filters import rest_framework as filters
from django_filters.fields import IsoDateTimeField
from drf_spectacular.utils import extend_schema_field

from apps.reports import tables
from apps.reports.tables import candidacies, candidates, events, mappings, transitions

BIGGEST = 2**63 - 1
"""The largest number that a row can have."""


@extend_schema_field({"type": "integer", "minimum": 1, "maximum": BIGGEST})
class WholeNumber(filters.NumberFilter):  # type: ignore[misc]
    """A row's number."""

    field_class = forms.IntegerField

    def get_max_validator(self) -> MaxValueValidator:
        return MaxValueValidator(BIGGEST)


class MomentField(IsoDateTimeField):  # type: ignore[misc]
    """A time in UTC; PostgreSQL takes neither every year nor every offset that ISO 8601 can write."""

    def to_python(self, value: Any) -> datetime | None:
        found = super().to_python(value)
        if found is None:
            return None
        try:
            at = found.astimezone(UTC)
        except OverflowError:
            at = None
        if at is None or not 1970 <= at.year < 2200:
            raise forms.ValidationError("Give a time between 1970 and 2200.")
        return at


@extend_schema_field({"type": "string", "format": "date-time"})
class Moment(filters.IsoDateTimeFilter):  # type: ignore[misc]
    """A time."""

    field_class = MomentField


class Connections(filters.FilterSet):  # type: ignore[misc]
    provider = filters.CharFilter(help_text="A system's key, such as `greenhouse`.")


class Mappings(filters.FilterSet):  # type: ignore[misc]
    client = filters.UUIDFilter(field_name="client_id")
    ats = filters.UUIDFilter(field_name="job__connection_id", help_text="The ATS connection.")
    state = filters.MultipleChoiceFilter(choices=tables.choices(mappings.Row, "state"))


class Candidates(filters.FilterSet):  # type: ignore[misc]
    q = filters.CharFilter(method="by_text", help_text="A name, a LinkedIn address, an e-mail or an id.")
    connection = filters.UUIDFilter(field_name="connection_id", help_text="The ATS connection.")
    state = filters.MultipleChoiceFilter(choices=tables.choices(candidates.Row, "state"))
    first_seen_after = Moment(field_name="first_seen_at", lookup_expr="gte")
    first_seen_before = Moment(field_name="first_seen_at", lookup_expr="lt")

    def by_text(self, found: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return candidates.search(found, value)


class Candidacies(filters.FilterSet):  # type: ignore[misc]
    client = filters.UUIDFilter(field_name="client_id")
    mapping = filters.UUIDFilter(field_name="mapping_id")
    person = filters.UUIDFilter(field_name="person_id")
    state = filters.MultipleChoiceFilter(choices=tables.choices(candidacies.Row, "state"))
    in_ats = filters.BooleanFilter(
        field_name="in_ats_at", lookup_expr="isnull", exclude=True, help_text="Whether they have been in the ATS job."
    )
    conflict = filters.BooleanFilter(method="by_conflict", help_text="Whether a question about the stages is open.")
    added_after = Moment(field_name="added_at", lookup_expr="gte")
    added_before = Moment(field_name="added_at", lookup_expr="lt")

    def by_conflict(self, found: QuerySet[Any], name: str, value: bool) -> QuerySet[Any]:
        return found.exclude(conflict="") if value else found.filter(conflict="")


class Events(filters.FilterSet):  # type: ignore[misc]
    state = filters.MultipleChoiceFilter(choices=tables.choices(events.Row, "state"), method="by_state")
    kind = filters.CharFilter(method="by_kind", help_text="Exactly, or all that begin with it where it ends in a dot.")
    reason = filters.CharFilter()
    cause = filters.CharFilter()
    person = filters.UUIDFilter(method="by_person", help_text="A candidate.")
    connection = filters.UUIDFilter(field_name="connection")
    client = filters.UUIDFilter(field_name="clients", lookup_expr="contains", method="by_client")
    arrived_after = Moment(field_name="arrived_at", lookup_expr="gte")
    arrived_before = Moment(field_name="arrived_at", lookup_expr="lt")

    def by_state(self, found: QuerySet[Any], name: str, value: list[str]) -> QuerySet[Any]:
        return events.in_states(found, value) if value else found

    def by_kind(self, found: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return found.filter(kind__startswith=value) if value.endswith(".") else found.filter(kind=value)

    def by_person(self, found: QuerySet[Any], name: str, value: Any) -> QuerySet[Any]:
        return found.filter(subject=f"person:{value}")

    def by_client(self, found: QuerySet[Any], name: str, value: Any) -> QuerySet[Any]:
        return found.filter(clients__contains=[value])


class Attempts(filters.FilterSet):  # type: ignore[misc]
    event = WholeNumber(field_name="event_id", min_value=1, help_text="An event's number.")
    operation = filters.CharFilter()
    outcome = filters.CharFilter()
    after = Moment(field_name="at", lookup_expr="gte")
    before = Moment(field_name="at", lookup_expr="lt")


class Transitions(filters.FilterSet):  # type: ignore[misc]
    client = filters.UUIDFilter(field_name="candidacy__client_id")
    mapping = filters.UUIDFilter(field_name="candidacy__mapping_id")
    candidacy = filters.UUIDFilter(field_name="candidacy_id")
    side = filters.ChoiceFilter(choices=tables.choices(transitions.Row, "side"))
    after = Moment(field_name="changed_at", lookup_expr="gte")
    before = Moment(field_name="changed_at", lookup_expr="lt")
