"""Who is told: channel by mapping, then client, then connection; recruiter by application owner, then
Project owner through the seat map (rule 31)."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db.models import F, Q, QuerySet

from apps.accounts.models import User
from apps.candidates.models import Candidacy, Profile
from apps.connections import selectors as connections
from apps.connections.models import Connection
from apps.mappings.models import Seat
from apps.notifications.lanes import Address
from apps.notifications.models import Contact, Destination, Kind
from apps.providers import registry


def addresses_of(destination: Destination, candidacy: Candidacy) -> Address | None:
    """Where a rule's destination is for this candidacy; None where nobody is named."""
    match destination.kind:
        case Kind.RECRUITER:
            return recruiter_of(candidacy)
        case Kind.HIRING_MANAGER:
            return hiring_manager_of(candidacy)
    return named(destination)


def hiring_manager_of(candidacy: Candidacy) -> Address | None:
    """By mapping, then client, then ATS connection."""
    levels = (
        Q(mapping=candidacy.mapping_id),
        Q(client=candidacy.client_id),
        Q(ats=candidacy.job.connection_id),
    )
    found = (Contact.objects.filter(level).first() for level in levels)
    return next((address for contact in found if contact is not None and (address := named(contact))), None)


def recruiter_of(candidacy: Candidacy) -> Address | None:
    """The application's owner, then the Project's, then the mapping's default owner."""
    seats, ats = Seat.objects.filter(connection_id=candidacy.mapping.project.connection_id), candidacy.job.connection_id
    wanted = (
        seats.filter(users__connection=ats, users__remote_id=candidacy.owner),
        seats.filter(remote_id=candidacy.mapping.project.owner_seat),
        seats.filter(users__connection=ats, users__remote_id=candidacy.mapping.default_owner),
    )
    found = (query.first() for query in wanted)
    return next(
        (address for seat in found if seat is not None and (address := of_seat(seat, candidacy.client_id))), None
    )


def owners_of(candidacy: Candidacy) -> list[tuple[str, Address]]:
    """Everyone who holds the person within the client: who added them to each Project, and the application's owner."""
    people: dict[str, Address] = {}
    places = Profile.objects.filter(
        candidacy__person=candidacy.person_id, candidacy__client=candidacy.client_id, removed=False
    )
    for profile in places.select_related("project").order_by("pk"):
        seats = Seat.objects.filter(connection_id=profile.project.connection_id)
        seat = (
            seats.filter(remote_id=profile.added_by).first()
            or seats.filter(remote_id=profile.project.owner_seat).first()
        )
        if seat is not None and (address := of_seat(seat, candidacy.client_id)):
            people.setdefault(address.lane, address)
    if candidacy.owner and (address := recruiter_of(candidacy)):
        people.setdefault(address.lane, address)
    return list(people.items())


def of_seat(seat: Seat, client_id: UUID) -> Address | None:
    """A person directly in Slack where they are known there, else by e-mail; whoever stands in for one who left."""
    seat = seat.handed_to or seat
    workspace = workspace_of(client_id)
    if seat.slack_user_id and workspace is not None:
        return Address(seat.slack_user_id, f"{seat.name}, Slack", workspace.pk)
    return Address(seat.email, f"{seat.name}, e-mail") if seat.email else None


def of_user(user: User, *, about: UUID | None = None) -> Address:
    """Somebody who signs in here: in Slack where they are known there and it can be reached, else by e-mail. What is
    told `about` the workspace itself goes by e-mail."""
    workspace = workspace_of(None)
    if workspace is not None and workspace.pk != about and not connections.closed_for(workspace.pk):
        seat = Seat.objects.filter(email__iexact=user.email).exclude(slack_user_id="").first()
        if seat is not None:
            return Address(seat.slack_user_id, f"{user}, Slack", workspace.pk)
    return Address(user.email, f"{user}, e-mail")


def workspace_of(client_id: UUID | None) -> Connection | None:
    """The client's own workspace, else the one of all."""
    found = messaging().filter(Q(client=client_id) | Q(client=None))
    return found.order_by(F("client").asc(nulls_last=True), "created_at").first()


def messaging() -> QuerySet[Connection]:
    keys = [key for key, provider in registry.all_providers().items() if provider.capabilities.role == "messaging"]
    return Connection.objects.filter(provider__in=keys)


def named(place: Destination | Contact) -> Address | None:
    if place.connection_id is not None and place.channel:
        return Address(place.channel, f"#{place.channel_name or place.channel}", place.connection_id)
    return Address(place.address, place.address) if place.address else None


def distinct(addresses: Iterable[Address | None]) -> list[Address]:
    """Each place once: who is recruiter and hiring manager hears it once."""
    return list({address.lane: address for address in addresses if address is not None}.values())
