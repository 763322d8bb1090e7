"""The seat map: who a LinkedIn seat's holder is in each ATS; proposed, and paired by a person (RULES.md 31)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Mapping as Dict
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from django.db import transaction

from apps.accounts.scope import Scope
from apps.connections import selectors as connections
from apps.connections.models import Connection
from apps.mappings import pairing
from apps.mappings.models import AtsUser, Mapping, Seat, SeatUser
from apps.mappings.pairing import Candidate, Holder, Proposal
from apps.providers import contract


class Standing(StrEnum):
    """Where a seat stands in one ATS, what waits for a person first."""

    LOST = "lost"  # paired with somebody who is not active there any more
    PROPOSED = "proposed"
    OPEN = "open"
    PAIRED = "paired"


class NotPossible(ValueError):
    """A seat cannot be paired so; the text says why."""


@dataclass(frozen=True, slots=True)
class UserShown:
    id: str
    name: str
    email: str
    active: bool

    @property
    def label(self) -> str:
        """How people tell them from another of their name."""
        return ", ".join(filter(None, [self.name, self.email or self.id]))


@dataclass(frozen=True, slots=True)
class SeatPaired:
    """A seat with the user whom it is paired with, or with the one who is proposed."""

    id: int
    name: str
    active: bool
    standing: Standing
    user: UserShown | None
    sign: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whom a person names for a seat, in words; `seen` is the id of the user whom it was paired with then."""

    seat: int
    named: str
    seen: str


@dataclass(frozen=True, slots=True)
class Saved:
    """How many seats are somebody else than before, and why others are not."""

    changed: int
    refused: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SeatMap:
    """The seats of one LinkedIn contract and the users of one ATS."""

    seats: tuple[SeatPaired, ...]
    users: tuple[UserShown, ...]

    def count(self, standing: Standing) -> int:
        return sum(one.standing == standing for one in self.seats)


@dataclass(frozen=True, slots=True)
class Sides:
    """A LinkedIn connection and an ATS that its seats may be paired in."""

    linkedin_id: UUID
    linkedin: str
    ats_id: UUID
    ats: str


@transaction.atomic
def store_users(*, connection_id: UUID, users: Iterable[contract.User]) -> int:
    """Keep the users of an ATS as read; who is not among them any more is inactive. Returns how many."""
    rows = [
        AtsUser(connection_id=connection_id, remote_id=one.id, name=one.name, email=one.email, active=one.active)
        for one in {one.id: one for one in users}.values()
    ]
    there = AtsUser.objects.filter(connection_id=connection_id, active=True)
    there.exclude(remote_id__in=[one.remote_id for one in rows]).update(active=False)
    AtsUser.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["connection", "remote_id"],
        update_fields=["name", "email", "active"],
    )
    return len(rows)


def list_sides(*, scope: Scope) -> tuple[Sides, ...]:
    """Each LinkedIn contract with each ATS: those that the scope's mappings bring together, or all that there are."""
    if scope.unrestricted:
        found = connections.list_connections()
        of_role = {role: [one for one in found if connections.role_of(one) == role] for role in ("sourcing", "ats")}
        pairs = [(linkedin, ats) for linkedin in of_role["sourcing"] for ats in of_role["ats"]]
    else:
        used = Mapping.objects.within(scope).order_by()
        ids = set(used.values_list("project__connection", "job__connection"))
        rows = Connection.objects.in_bulk([pk for pair in ids for pk in pair])
        pairs = [(rows[linkedin], rows[ats]) for linkedin, ats in ids]
    listed = sorted(pairs, key=lambda pair: (pair[0].name, pair[1].name))
    return tuple(Sides(linkedin.pk, linkedin.name, ats.pk, ats.name) for linkedin, ats in listed)


def seat_map(*, linkedin_id: UUID, ats_id: UUID) -> SeatMap:
    """Every active seat, and each that is paired, in one ATS, by standing and name."""
    seats = list(Seat.objects.filter(connection_id=linkedin_id).order_by("name", "pk"))
    pairs = dict(SeatUser.objects.filter(connection_id=ats_id).values_list("seat", "remote_id"))
    users = {one.remote_id: _user(one) for one in AtsUser.objects.filter(connection_id=ats_id).order_by("name", "pk")}
    proposals = _proposals(seats, users.values(), pairs)
    rows = [_row(one, pairs, users, proposals) for one in seats if one.active or one.pk in pairs]
    rows.sort(key=lambda row: list(Standing).index(row.standing))
    return SeatMap(tuple(rows), tuple(one for one in users.values() if one.active))


def save_pairs(*, linkedin_id: UUID, ats_id: UUID, wanted: Iterable[Wanted]) -> Saved:
    """Let each seat's holder be whom a person names: by label, address, id or name; nobody where none is named."""
    found = seat_map(linkedin_id=linkedin_id, ats_id=ats_id)
    known, changed, refused = {one.id: one for one in found.seats}, 0, []
    for one in wanted:
        row = known.get(one.seat)
        if row is None:
            continue
        try:
            changed += _pair(ats_id, row, _named(found, row, one), seen=one.seen)
        except NotPossible as problem:
            refused.append(str(problem))
    return Saved(changed, tuple(refused))


def accept_proposals(*, linkedin_id: UUID, ats_id: UUID) -> int:
    """Pair each seat with whom it is proposed; returns how many."""
    found = seat_map(linkedin_id=linkedin_id, ats_id=ats_id)
    proposed = [one for one in found.seats if one.standing == Standing.PROPOSED]
    return sum(_pair(ats_id, one, one.user, seen="") for one in proposed)


def _named(found: SeatMap, row: SeatPaired, wanted: Wanted) -> UserShown | None:
    """Whom the words mean. Raises NotPossible."""
    text = " ".join(wanted.named.split())
    if not text or (row.user is not None and text == row.user.label):
        return row.user if text else None
    exact = [one for one in found.users if text in (one.label, one.id)]
    plain = pairing.plain(text)
    fits = exact or [one for one in found.users if plain in (pairing.plain(one.name), one.email.casefold())]
    if len(fits) != 1:
        why = (
            f"{len(fits)} users are called “{text}”: choose one of the list." if fits else f"Nobody is “{text}” there."
        )
        raise NotPossible(f"{row.name} stays as before. {why}")
    return fits[0]


@transaction.atomic
def _pair(ats_id: UUID, row: SeatPaired, user: UserShown | None, *, seen: str) -> bool:
    """False where it changes nothing. Raises NotPossible where somebody else was quicker."""
    wanted = user.id if user is not None else ""
    if wanted == seen:
        return False
    seat = Seat.objects.select_for_update().get(pk=row.id)
    there = SeatUser.objects.filter(seat=seat, connection_id=ats_id)
    if (there.values_list("remote_id", flat=True).first() or "") != seen:
        raise NotPossible(f"Somebody else changed who {row.name} is meanwhile. Look at it again.")
    if user is None:
        there.delete()
    else:
        SeatUser.objects.update_or_create(seat=seat, connection_id=ats_id, defaults={"remote_id": wanted})
    _take_address(seat, ats_id, user.email if user is not None else "", before=seen)
    return True


def _take_address(seat: Seat, ats_id: UUID, email: str, *, before: str) -> None:
    """Write to the seat's holder where their user is written to, unless another ATS named an address before."""
    former = AtsUser.objects.filter(connection_id=ats_id, remote_id=before).values_list("email", flat=True).first()
    Seat.objects.filter(pk=seat.pk, email__in=["", former or ""]).update(email=email)


def _proposals(seats: Sequence[Seat], users: Iterable[UserShown], pairs: Dict[int, str]) -> Dict[int, Proposal]:
    holders = [Holder(one.pk, one.name, one.email) for one in seats if one.active and one.pk not in pairs]
    candidates = [Candidate(one.id, one.name, one.email) for one in users if one.active]
    return pairing.propose(holders, candidates, taken=frozenset(pairs.values()))


def _row(seat: Seat, pairs: Dict[int, str], users: Dict[str, UserShown], proposals: Dict[int, Proposal]) -> SeatPaired:
    paired, proposal = pairs.get(seat.pk), proposals.get(seat.pk)
    if paired is not None:
        user = users.get(paired, UserShown(paired, "", "", active=not users))
        standing = Standing.PAIRED if user.active else Standing.LOST
        return SeatPaired(seat.pk, seat.name, seat.active, standing, user, "")
    if proposal is not None:
        return SeatPaired(seat.pk, seat.name, seat.active, Standing.PROPOSED, users[proposal.user], proposal.sign)
    return SeatPaired(seat.pk, seat.name, seat.active, Standing.OPEN, None, "")


def _user(one: AtsUser) -> UserShown:
    return UserShown(one.remote_id, one.name, one.email, one.active)
