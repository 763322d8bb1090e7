"""What is in a new contract beside what is known of the old one: each part with what becomes of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from uuid import UUID

from django.db.models import Count, QuerySet

from apps.candidates import linkedin_urls
from apps.candidates.models import Identity, IdentityKind, Profile
from apps.mappings.models import Project, Seat
from apps.providers import contract
from apps.sync import contract_matching
from apps.sync.contract_matching import New, Old
from apps.sync.models import ContractMove, MovePart, PartFate, PartKind

LISTED = (PartFate.MATCHED, PartFate.FRESH, PartFate.MISSING)


def part_of_project(move: ContractMove, project: contract.Project) -> MovePart:
    payload = {"active": project.active, "owner_seat": project.owner_seat, "stages": list(project.stages)}
    return MovePart(move=move, kind=PartKind.PROJECT, remote_id=project.id, name=project.name, payload=payload)


def part_of_seat(move: ContractMove, seat: contract.Seat) -> MovePart:
    name = f"{seat.first_name} {seat.last_name}".strip()
    return MovePart(move=move, kind=PartKind.SEAT, remote_id=seat.id, name=name, payload={"active": seat.active})


def pair(move: ContractMove) -> dict[str, dict[str, int]]:
    """Say of each part that was read who it is, and note what of ours is in the new contract no more. Returns how
    many there are of each kind and fate."""
    projects = _pair_projects(move)
    _pair_seats(move)
    _pair_people(move, projects)
    figures: dict[str, dict[str, int]] = {kind: dict.fromkeys(LISTED, 0) for kind in PartKind.values}
    counted = MovePart.objects.filter(move=move).values("kind", "fate").annotate(parts=Count("pk"))
    for row in counted.order_by():
        figures[row["kind"]][row["fate"]] = row["parts"]
    return figures


def _pair_projects(move: ContractMove) -> dict[str, int]:
    """The mapped ones first, so that an old namesake without a mapping stands in nobody's way."""
    own = Project.objects.filter(connection_id=move.connection_id)
    mapped = dict(own.filter(mappings__isnull=False).distinct().values_list("pk", "name"))
    parts = MovePart.objects.filter(move=move, kind=PartKind.PROJECT)
    theirs = dict(parts.values_list("remote_id", "name"))
    found = contract_matching.pair_by_name(mapped, theirs)
    others = dict(own.exclude(pk__in=mapped).values_list("pk", "name"))
    found |= contract_matching.pair_by_name(others, {one: theirs[one] for one in theirs.keys() - found.keys()})
    _set_fates(parts, found)
    taken = set(found.values())
    _note_missing(move, PartKind.PROJECT, [(pk, name, "") for pk, name in mapped.items() if pk not in taken])
    return found


def _pair_seats(move: ContractMove) -> None:
    ours = dict(Seat.objects.filter(connection_id=move.connection_id, active=True).values_list("pk", "name"))
    parts = MovePart.objects.filter(move=move, kind=PartKind.SEAT)
    found = contract_matching.pair_by_name(ours, dict(parts.values_list("remote_id", "name")))
    _set_fates(parts, found)
    taken = set(found.values())
    _note_missing(move, PartKind.SEAT, [(pk, name, "") for pk, name in ours.items() if pk not in taken])


def _pair_people(move: ContractMove, projects: dict[str, int]) -> None:
    parts = list(MovePart.objects.filter(move=move, kind=PartKind.PERSON))
    known = list(profiles_of(move.connection_id).select_related("candidacy__person", "project"))
    keys = _keys_of(known)
    old = [Old(one.pk, one.project_id, keys[one.pk], one.removed) for one in known]
    new = [New(part.remote_id, part.payload["project"], _key(part.payload["url"])) for part in parts]
    found = contract_matching.pair_people(old, new, projects=projects)
    names = dict(Project.objects.filter(pk__in=projects.values()).values_list("pk", "name"))
    for part in parts:
        row = projects.get(part.payload["project"])
        part.place = names.get(row, "") if row is not None else ""
    MovePart.objects.bulk_update(parts, ["place"], batch_size=1_000)
    _set_fates(parts, found)
    matched = set(found.values())
    missing = [
        (one.pk, str(one.candidacy.person), one.project.name)
        for one in known
        if one.pk not in matched and not one.removed and one.candidacy is not None
    ]
    _note_missing(move, PartKind.PERSON, missing)


def profiles_of(connection_id: UUID) -> QuerySet[Profile]:
    """The profiles of a contract that belong to somebody's candidacy."""
    return Profile.objects.filter(connection_id=connection_id, candidacy__isnull=False)


def _keys_of(known: Iterable[Profile]) -> dict[int, frozenset[str]]:
    """Every public address of each profile's person: the profile's own, and those that the ATS or a row told."""
    known = list(known)
    people = {one.candidacy.person_id for one in known if one.candidacy is not None}
    named: dict[object, set[str]] = defaultdict(set)
    rows = Identity.objects.filter(person__in=people, kind=IdentityKind.LINKEDIN, left_at=None)
    for person, value in rows.values_list("person", "value"):
        named[person].add(value)
    return {
        one.pk: frozenset({*named[one.candidacy.person_id if one.candidacy else None], _key(one.url)} - {""})
        for one in known
    }


def _key(url: str) -> str:
    return linkedin_urls.identity_key(url) or ""


def _set_fates(parts: Iterable[MovePart], found: dict[str, int]) -> None:
    changed = list(parts)
    for part in changed:
        part.row = found.get(part.remote_id)
        part.fate = PartFate.MATCHED if part.row is not None else PartFate.FRESH
    MovePart.objects.bulk_update(changed, ["row", "fate"], batch_size=1_000)


def _note_missing(move: ContractMove, kind: PartKind, missing: Iterable[tuple[int, str, str]]) -> None:
    MovePart.objects.bulk_create(
        [
            MovePart(move=move, kind=kind, remote_id="", name=name, place=place, fate=PartFate.MISSING, row=row)
            for row, name, place in missing
        ],
        batch_size=1_000,
    )
