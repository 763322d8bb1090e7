"""Reads about people and clients."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

from apps.accounts.models import Client
from apps.accounts.scope import Scope


def list_clients(*, scope: Scope) -> tuple[tuple[UUID, str], ...]:
    """The clients in a scope with their names, by name."""
    clients = Client.objects.all() if scope.client_ids is None else Client.objects.filter(pk__in=scope.client_ids)
    return tuple(clients.values_list("pk", "name"))


def names_of_clients(ids: Iterable[UUID]) -> Mapping[UUID, str]:
    """Names by id, of clients whose rows were already given to the reader."""
    return dict(Client.objects.filter(pk__in=set(ids)).values_list("id", "name"))
