"""Verbs that write people and clients."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import time
from uuid import UUID
from zoneinfo import available_timezones

from allauth.account.models import EmailAddress
from django.db import IntegrityError, transaction

from apps.accounts.models import Client, User
from apps.accounts.rights import Role


class UnknownTimeZone(ValueError):
    """The name is not in the time zone database."""


class BackwardHours(ValueError):
    """Office hours that end before they begin."""


class NameTaken(ValueError):
    """Another client has this name, capitals apart."""


def create_client(
    *, name: str, time_zone: str = "UTC", office_start: time = time(8), office_end: time = time(18)
) -> Client:
    """Add a client. Raises NameTaken, UnknownTimeZone, BackwardHours."""
    client = Client()
    _set(client, name=name, time_zone=time_zone, office_start=office_start, office_end=office_end)
    return client


def change_client(*, client_id: UUID, name: str, time_zone: str, office_start: time, office_end: time) -> bool:
    """Set a client's name and when their offices are open, which the day's plan goes by; False where there is none.

    Raises NameTaken, UnknownTimeZone, BackwardHours.
    """
    client = Client.objects.filter(pk=client_id).first()
    if client is None:
        return False
    _set(client, name=name, time_zone=time_zone, office_start=office_start, office_end=office_end)
    return True


def _set(client: Client, *, name: str, time_zone: str, office_start: time, office_end: time) -> None:
    if time_zone not in available_timezones():
        raise UnknownTimeZone(time_zone)
    if office_end <= office_start:
        raise BackwardHours
    client.name, client.time_zone = name.strip(), time_zone
    client.office_start, client.office_end = office_start, office_end
    try:
        with transaction.atomic():
            client.save()
    except IntegrityError:
        raise NameTaken(name) from None


class LastAdmin(ValueError):
    """The change would leave nobody who may administer."""


@transaction.atomic
def create_user(
    *,
    email: str,
    password: str | None,
    role: Role,
    clients: Iterable[Client | UUID] = (),
    all_clients: bool = False,
    first_name: str = "",
    last_name: str = "",
) -> User:
    """Add someone who may sign in; the address counts as verified, an admin vouches for it."""
    user = User.objects.create_user(
        email, password, role=role, all_clients=all_clients, first_name=first_name, last_name=last_name
    )
    user.clients.set(clients)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


@transaction.atomic
def change_user(
    *,
    user_id: int,
    role: Role,
    clients: Iterable[Client | UUID],
    all_clients: bool,
    is_active: bool,
    first_name: str,
    last_name: str,
) -> User:
    """Change what someone is called and what they may do. Raises LastAdmin.

    The admins are locked, so that two who take the role from each other at once do not both succeed.
    """
    admins = list(User.objects.select_for_update().filter(role=Role.ADMIN, is_active=True).values_list("pk", flat=True))
    if admins == [user_id] and (role != Role.ADMIN or not is_active):
        raise LastAdmin
    user = User.objects.select_for_update().get(pk=user_id)
    user.role, user.all_clients, user.is_active = role, all_clients, is_active
    user.first_name, user.last_name = first_name, last_name
    user.save(update_fields=["role", "all_clients", "is_active", "first_name", "last_name"])
    user.clients.set(clients)
    return user
