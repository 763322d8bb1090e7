"""Which connection a request to an application's one address is for."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Q, QuerySet

from apps.connections.models import Connection
from apps.providers import registry

LONGEST = 200
"""Longer than any name that a system gives to an account or an application."""


def find_addressed(*, provider: str, query: dict[str, str], body: bytes) -> UUID | None:
    """By the account that it names, else by its application; nothing of the request is checked yet.

    None where it names nobody here, or the system has no such address.
    """
    addressing = registry.all_providers()[provider].addressing if provider in registry.all_providers() else None
    if addressing is None:
        return None
    told = addressing(query=query, body=body)
    rows = Connection.objects.filter(provider=provider).order_by("created_at")
    if _is_a_name(told.account):
        named = rows.filter(Q(remote_account=told.account) | Q(settings__options__contract=told.account))
        return named.values_list("pk", flat=True).first()
    return _of_application(rows, told.application) if _is_a_name(told.application) else None


def _of_application(rows: QuerySet[Connection], application: str) -> UUID | None:
    """A name that nobody entered here can only be that of the one application there is."""
    named = rows.filter(Q(settings__options__application=application) | Q(quota__key=application))
    found = named.values_list("pk", flat=True).first()
    if found is None and rows.values("quota").distinct().order_by().count() == 1:
        found = rows.values_list("pk", flat=True).first()
    return found


def _is_a_name(text: str) -> bool:
    """PostgreSQL takes neither a NUL nor half a character."""
    return bool(text) and len(text) <= LONGEST and text.isprintable()
