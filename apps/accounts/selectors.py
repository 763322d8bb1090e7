"""Reads about people and clients."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, time
from uuid import UUID

from allauth.mfa.models import Authenticator
from django.db.models import Exists, OuterRef, QuerySet

from apps.accounts.models import Client, User
from apps.accounts.scope import Scope


@dataclass(frozen=True, slots=True)
class PersonRow:
    """Someone who may sign in. `invited`: they have not chosen a password yet."""

    id: int
    name: str
    first_name: str
    last_name: str
    email: str
    role: str
    all_clients: bool
    clients: tuple[tuple[UUID, str], ...]
    two_step: bool
    invited: bool
    is_active: bool
    last_login: datetime | None


def list_clients(*, scope: Scope) -> tuple[tuple[UUID, str], ...]:
    """The clients in a scope with their names, by name."""
    clients = Client.objects.all() if scope.client_ids is None else Client.objects.filter(pk__in=scope.client_ids)
    return tuple(clients.values_list("pk", "name"))


def first_time_zone(*, scope: Scope) -> str:
    """Of the first of a scope's clients by name; empty where it has none."""
    clients = Client.objects.all() if scope.client_ids is None else Client.objects.filter(pk__in=scope.client_ids)
    return clients.values_list("time_zone", flat=True).first() or ""


@dataclass(frozen=True, slots=True)
class ClientRow:
    """A client, and when their offices are open by their own clock."""

    client_id: UUID
    name: str
    time_zone: str
    start: time
    end: time


def list_client_rows(*, scope: Scope) -> tuple[ClientRow, ...]:
    """The clients in a scope with their office hours, by name."""
    clients = Client.objects.all() if scope.client_ids is None else Client.objects.filter(pk__in=scope.client_ids)
    named = clients.values_list("pk", "name", "time_zone", "office_start", "office_end")
    return tuple(ClientRow(*row) for row in named)


def names_of_clients(ids: Iterable[UUID]) -> Mapping[UUID, str]:
    """Names by id, of clients whose rows were already given to the reader."""
    return dict(Client.objects.filter(pk__in=set(ids)).values_list("id", "name"))


def list_people() -> tuple[PersonRow, ...]:
    """Everybody who may sign in, those who are switched off last; for those who administer."""
    return tuple(_person(one) for one in _people().order_by("-is_active", "first_name", "last_name", "email"))


def get_person(*, user_id: int) -> PersonRow | None:
    one = _people().filter(pk=user_id).first()
    return _person(one) if one is not None else None


def user_is_visible(*, scope: Scope, user_id: int) -> bool:
    """Tell whether somebody works for one of the scope's clients."""
    people = User.objects.filter(pk=user_id)
    return (people if scope.client_ids is None else people.filter(clients__in=scope.client_ids)).exists()


def is_email_taken(email: str) -> bool:
    return User.objects.filter(email__iexact=email.strip()).exists()


def _people() -> QuerySet[User]:
    codes = Authenticator.objects.filter(user=OuterRef("pk"), type=Authenticator.Type.TOTP)
    return User.objects.prefetch_related("clients").annotate(two_step=Exists(codes))


def _person(one: User) -> PersonRow:
    return PersonRow(
        id=one.pk,
        name=str(one),
        first_name=one.first_name,
        last_name=one.last_name,
        email=one.email,
        role=one.role,
        all_clients=one.all_clients,
        clients=tuple((client.pk, client.name) for client in one.clients.all()),
        two_step=bool(getattr(one, "two_step", False)),
        invited=one.last_login is None and not one.has_usable_password(),
        is_active=one.is_active,
        last_login=one.last_login,
    )
