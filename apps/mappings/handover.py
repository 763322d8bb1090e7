"""A recruiter leaves: everything that names them as owner goes to another one, in one step that can be undone."""

from __future__ import annotations

from collections.abc import Mapping as Dict
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Q, QuerySet

from apps.accounts.models import User
from apps.accounts.scope import Scope
from apps.mappings.models import HandOver, Mapping, MappingState, Project, Seat, SeatUser


class NotPossible(ValueError):
    """The two cannot be handed over so; the text says why."""


@dataclass(frozen=True, slots=True)
class SeatShown:
    """A recruiter; `gone` tells that LinkedIn shows their seat as inactive while they own something still."""

    id: int
    name: str
    active: bool
    gone: bool


@dataclass(frozen=True, slots=True)
class OwnedMapping:
    """A mapping whose new applications the leaver owns; `why_not` says what keeps it from being handed over."""

    id: UUID
    project: str
    job: str
    client: str
    ats: str
    why_not: str


@dataclass(frozen=True, slots=True)
class Preview:
    """What handing over changes. Projects and applications keep their owner's name in LinkedIn and in the ATS; the
    messages about them go to the other one."""

    seat: SeatShown
    to: SeatShown
    mappings: tuple[OwnedMapping, ...]
    projects: int
    applications: int
    everybodys: bool


@dataclass(frozen=True, slots=True)
class HandOverShown:
    id: int
    seat: str
    to: str
    mappings: int
    by: str
    at: datetime
    undone: bool


def list_seats(*, scope: Scope) -> tuple[SeatShown, ...]:
    """The recruiters of the LinkedIn accounts that the scope's mappings use, those who left first."""
    used = Mapping.objects.within(scope).values("project__connection")
    seats = Seat.objects.filter(connection__in=used).order_by("active", "name")
    owning = _owners(scope)
    return tuple(_shown(one, owning) for one in seats)


def list_leavers(*, scope: Scope) -> tuple[SeatShown, ...]:
    """Recruiters whose seat is inactive, who own something still, and for whom nobody stands in."""
    return tuple(one for one in list_seats(scope=scope) if one.gone)


def _owners(scope: Scope) -> frozenset[int]:
    """The seats that own a mapping's new applications, or a Project that is mapped."""
    kept = Mapping.objects.within(scope).exclude(state=MappingState.ENDED).order_by()
    users = set(kept.exclude(default_owner="").values_list("job__connection", "default_owner"))
    named = set(kept.exclude(project__owner_seat="").values_list("project__connection", "project__owner_seat"))
    paired = SeatUser.objects.filter(remote_id__in=[user for _, user in users])
    seats = Seat.objects.filter(remote_id__in=[seat for _, seat in named])
    by_default = {seat for seat, *user in paired.values_list("seat", "connection", "remote_id") if tuple(user) in users}
    by_project = {pk for pk, *seat in seats.values_list("pk", "connection", "remote_id") if tuple(seat) in named}
    return frozenset(by_default | by_project)


def _shown(seat: Seat, owning: frozenset[int]) -> SeatShown:
    gone = not seat.active and seat.handed_to_id is None and seat.pk in owning
    return SeatShown(seat.pk, seat.name, seat.active, gone)


def preview(*, scope: Scope, seat_id: int, to_id: int) -> Preview:
    """What would be handed over. Raises NotPossible."""
    seat, to = _both(scope, seat_id, to_id)
    users = _users(to)
    return Preview(
        seat=_shown(seat, frozenset()),
        to=_shown(to, frozenset()),
        mappings=tuple(_owned(one, users) for one in _mappings_of(scope, seat)),
        projects=_projects_of(scope, seat).count(),
        applications=_applications_of(scope, seat),
        everybodys=scope.unrestricted,
    )


def _both(scope: Scope, seat_id: int, to_id: int) -> tuple[Seat, Seat]:
    known = {one.id for one in list_seats(scope=scope)}
    seats = Seat.objects.in_bulk([one for one in (seat_id, to_id) if one in known])
    if len(seats) < 2:
        raise NotPossible("Choose two recruiters: who leaves, and who takes over.")
    seat, to = seats[seat_id], seats[to_id]
    if not to.active or to.handed_to_id is not None:
        raise NotPossible(f"{to.name} has no active seat any more, or somebody stands in for them.")
    if seat.connection_id != to.connection_id:
        raise NotPossible(f"{seat.name} and {to.name} are in different LinkedIn contracts.")
    return seat, to


def _users(seat: Seat) -> Dict[UUID, str]:
    """Who a seat's holder is in each ATS."""
    return dict(SeatUser.objects.filter(seat=seat).values_list("connection", "remote_id"))


def _mappings_of(scope: Scope, seat: Seat) -> QuerySet[Mapping]:
    mine = Q()
    for connection, user in _users(seat).items():
        mine |= Q(job__connection=connection, default_owner=user)
    found = Mapping.objects.within(scope).exclude(state=MappingState.ENDED).filter(mine)
    kept = found if mine else found.none()
    return kept.select_related("project", "job__connection", "client").order_by("client__name", "project__name")


def _owned(one: Mapping, users: Dict[UUID, str]) -> OwnedMapping:
    ats = one.job.connection
    why_not = "" if ats.pk in users else f"They are nobody in {ats.name}: pair their seat with a user there first."
    return OwnedMapping(one.pk, one.project.name, one.job.name, one.client.name, ats.name, why_not)


def _projects_of(scope: Scope, seat: Seat) -> QuerySet[Project]:
    used = Mapping.objects.within(scope).exclude(state=MappingState.ENDED).values("project")
    return Project.objects.filter(connection=seat.connection_id, owner_seat=seat.remote_id, pk__in=used)


def _applications_of(scope: Scope, seat: Seat) -> int:
    """Open applications that they own in an ATS."""
    counted = 0
    for connection, user in _users(seat).items():
        theirs = Mapping.objects.within(scope).filter(
            candidacies__owner=user, candidacies__state="open", job__connection=connection
        )
        counted += theirs.aggregate(count=Count("candidacies"))["count"]
    return counted


@transaction.atomic
def hand_over(*, scope: Scope, seat_id: int, to_id: int, by: User | None, now: datetime) -> HandOver:
    """Let another recruiter own what comes by the leaver's mappings, and, where the reader works for all clients,
    stand in for them wherever else they are named. Raises NotPossible."""
    seat, to = _both(scope, seat_id, to_id)
    users = _users(to)
    moving = [
        one for one in _mappings_of(scope, seat).select_for_update(of=("self",)) if one.job.connection_id in users
    ]
    for connection in {one.job.connection_id for one in moving}:
        ids = [one.pk for one in moving if one.job.connection_id == connection]
        Mapping.objects.within(scope).filter(pk__in=ids).update(default_owner=users[connection])
    seats = _stand_in(seat, to) if scope.unrestricted else []
    return HandOver.objects.create(
        seat=seat,
        to=to,
        clients=[] if scope.unrestricted else sorted({str(one.client_id) for one in moving}),
        before={str(one.pk): [one.default_owner, users[one.job.connection_id]] for one in moving},
        seats=seats,
        by=by,
        at=now,
    )


def _stand_in(seat: Seat, to: Seat) -> list[int]:
    """For the seat, and for those for whom it stood in."""
    theirs = Seat.objects.filter(Q(pk=seat.pk) | Q(handed_to=seat))
    ids = list(theirs.values_list("pk", flat=True))
    Seat.objects.filter(pk__in=ids).update(handed_to=to)
    return ids


@transaction.atomic
def undo(*, scope: Scope, hand_over_id: int, now: datetime) -> int:
    """Give back what nobody changed since; returns how many mappings. Nothing where it was undone already."""
    found = HandOver.objects.select_for_update().get(pk=hand_over_id)
    if not HandOver.objects.filter(pk=found.pk, undone_at=None).update(undone_at=now):
        return 0
    returned: dict[tuple[str, str], list[str]] = {}
    for mapping_id, (before, after) in found.before.items():
        returned.setdefault((before, after), []).append(mapping_id)
    changed = sum(
        Mapping.objects.within(scope).filter(pk__in=ids, default_owner=after).update(default_owner=before)
        for (before, after), ids in returned.items()
    )
    own = [one for one in found.seats if one == found.seat_id]
    Seat.objects.filter(pk__in=own, handed_to=found.to_id).update(handed_to=None)
    others = [one for one in found.seats if one != found.seat_id]
    Seat.objects.filter(pk__in=others, handed_to=found.to_id).update(handed_to=found.seat_id)
    return changed


def hand_over_is_visible(*, scope: Scope, hand_over_id: int) -> bool:
    """Tell whether all that a hand-over changed lies within a scope."""
    found = HandOver.objects.filter(pk=hand_over_id).first()
    return found is not None and scope.covers([UUID(one) for one in found.clients])


def list_hand_overs(*, scope: Scope, limit: int = 20) -> tuple[HandOverShown, ...]:
    """What was handed over lately, the newest first."""
    found = HandOver.objects.select_related("seat", "to", "by").order_by("-at")[:200]
    seen = [one for one in found if scope.covers([UUID(client) for client in one.clients])]
    return tuple(
        HandOverShown(
            one.pk,
            one.seat.name,
            one.to.name,
            len(one.before),
            str(one.by) if one.by else "",
            one.at,
            one.undone_at is not None,
        )
        for one in seen[:limit]
    )
