"""Everybody takes their place in the new contract, in one transaction and under their leases.

Our own rows stay and get the new ids: so every mapping, map, agreement and note stays theirs, and nobody is created.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

from django.db.models import F, Value
from django.db.models.functions import Concat

from apps.candidates import identities
from apps.candidates import services as candidates
from apps.candidates.models import CandidacyState, Identity, IdentityKind, Profile
from apps.ledger import leases
from apps.ledger.models import Event
from apps.ledger.services import NewEvent
from apps.mappings import services as mappings
from apps.mappings.models import Mapping as ProjectMapping
from apps.mappings.models import MappingState, Project, Seat
from apps.providers import contract
from apps.sync import contract_pairs, delta, lanes, pairs, plan, wire
from apps.sync.delta import LINKEDIN_OVERLAP
from apps.sync.models import ContractMove, MovePart, PartFate, PartKind, Stream, StreamName

WROTE = (MappingState.LIVE, MappingState.PILOT, MappingState.SHADOW)


def is_busy(connection_id: UUID) -> bool:
    """Whether a worker still has something of the connection's, from before it was paused."""
    return leases.any_leased([lanes.connection_gate(connection_id), lanes.arrival_gate(connection_id)])


def people_of(move: ContractMove) -> frozenset[UUID]:
    """Everybody who has a place in the old contract."""
    known = contract_pairs.profiles_of(move.connection_id)
    return frozenset(known.values_list("candidacy__person", flat=True))


def take_over(move: ContractMove, event: Event, *, now: datetime) -> list[NewEvent]:
    """Give every row its new id; returns what is to be written or planned because of it."""
    _mark_old(move)
    projects = _take_projects(move, now=now)
    _take_seats(move)
    _forget_members(move)
    follow = _take_people(move, projects, event, now=now)
    _leave_missing(move)
    _read_on(move, now=now)
    return [*follow, *_arrivals(move, projects)]


def _mark_old(move: ContractMove) -> None:
    """What keeps its old id is no more to be taken for anything of the new contract, even if ids came again."""
    mark = Concat(Value(f"before {move.pk}: "), F("remote_id"))
    for model in (Project, Seat, Profile):
        model.objects.filter(connection_id=move.connection_id).update(remote_id=mark)


def _take_projects(move: ContractMove, *, now: datetime) -> dict[str, int]:
    """New ids and our rows; one that is new gets a row, one that is gone stops its mappings."""
    taken: dict[str, int] = {}
    for part in _parts(move, PartKind.PROJECT):
        values = {**part.payload, "remote_id": part.remote_id, "name": part.name, "seen_at": now}
        row = part.row or Project.objects.create(connection_id=move.connection_id, **values).pk
        Project.objects.filter(pk=row).update(**values)
        taken[part.remote_id] = row
    gone = Project.objects.filter(connection_id=move.connection_id).exclude(pk__in=taken.values())
    gone.update(active=False)
    stopped = ProjectMapping.objects.of_everyone().filter(project__in=gone, state__in=WROTE)
    for mapping in stopped.values_list("pk", flat=True):
        mappings.set_state(mapping_id=mapping, state=MappingState.PAUSED, now=now)
    return taken


def _take_seats(move: ContractMove) -> None:
    parts = list(_parts(move, PartKind.SEAT))
    for part in parts:
        values = {**part.payload, "remote_id": part.remote_id, "name": part.name}
        if part.row is not None:
            Seat.objects.filter(pk=part.row).update(**values)
        else:
            Seat.objects.create(connection_id=move.connection_id, **values)
    new = [part.remote_id for part in parts]
    Seat.objects.filter(connection_id=move.connection_id).exclude(remote_id__in=new).update(active=False)


def _forget_members(move: ContractMove) -> None:
    """Member URNs are the old contract's own: kept, one could name somebody else in the new one."""
    elsewhere = Profile.objects.exclude(connection_id=move.connection_id).filter(candidacy__isnull=False)
    people = people_of(move) - frozenset(elsewhere.values_list("candidacy__person", flat=True))
    Identity.objects.filter(person__in=people, kind=IdentityKind.MEMBER).delete()


def _take_people(move: ContractMove, projects: Mapping[str, int], event: Event, *, now: datetime) -> list[NewEvent]:
    parts = {part.row: part for part in _parts(move, PartKind.PERSON) if part.row is not None}
    known = contract_pairs.profiles_of(move.connection_id).filter(pk__in=parts)
    follow: list[NewEvent] = []
    for profile in known.select_related(
        "candidacy__person", "candidacy__mapping__stage_map", "candidacy__mapping__job", "candidacy__job", "project"
    ):
        seen = wire.profile_from_payload(parts[profile.pk].payload)
        follow += _take_person(profile, seen, projects, event, now=now)
    return follow


def _take_person(
    profile: Profile, seen: contract.Profile, projects: Mapping[str, int], event: Event, *, now: datetime
) -> list[NewEvent]:
    """The same person, by their new id. Where the new contract shows another stage the ATS's is shown there, as
    when two sides meet for the first time; nobody is told."""
    candidacy = profile.candidacy
    if candidacy is None:
        raise ValueError("a profile without a candidacy is nobody's")
    profile.remote_id, profile.project_id, profile.url = seen.id, projects[seen.project], seen.url
    profile.added_by, before = seen.added_by, profile.observed
    identities.note(person=candidacy.person, keys=candidates.keys_of_profile(seen), source="linkedin", now=now)
    if profile.removed != seen.removed:
        profile.seen_at = None
        profile.save()
        return [delta.row_event(profile.connection_id, seen, caused_by=event.pk)]
    profile.seen_at, profile.observed, profile.changed_at = seen.modified_at, seen.stage, seen.stage_changed_at
    meets = seen.stage != before and not seen.removed and candidacy.state == CandidacyState.OPEN
    if not meets or not candidacy.application_id:
        profile.save()
        return []
    profile.desired, profile.desired_version, profile.sent = "", profile.desired_version + 1, []
    profile.agreed_linkedin = profile.agreed_ats = ""
    table = pairs.table_of(candidacy.mapping)
    decided = plan.meet(pairs.pair_of(candidacy, profile), table, ours=False)
    return pairs.apply(
        decided, candidacy=candidacy, profile=profile, table=table, event=event, now=now, by_person=True
    ).follow


def _leave_missing(move: ContractMove) -> None:
    """Who is not in the new contract stays in the ATS as they are; their LinkedIn side is shown and moved no more."""
    missing = MovePart.objects.filter(move=move, kind=PartKind.PERSON, fate=PartFate.MISSING)
    Profile.objects.filter(pk__in=missing.values("row")).update(
        removed=True, desired="", desired_version=F("desired_version") + 1
    )


def _read_on(move: ContractMove, *, now: datetime) -> None:
    """The listings go on from what was read for the move: nothing is read twice, nothing of the gap is missed."""
    newest = move.cursor.get("newest") or now.isoformat()
    since = datetime.fromisoformat(newest) - LINKEDIN_OVERLAP
    streams = Stream.objects.filter(connection_id=move.connection_id)
    cursor = {"since": since.isoformat(), "newest": newest}
    streams.filter(name=StreamName.PROFILES).update(cursor=cursor, next_at=now)
    seats = Seat.objects.filter(connection_id=move.connection_id, active=True).values_list("remote_id", flat=True)
    streams.filter(name=StreamName.MESSAGES).update(cursor={"seats": {seat: now.isoformat() for seat in seats}})


def _arrivals(move: ContractMove, projects: Mapping[str, int]) -> Iterable[NewEvent]:
    """Who is in the new contract only comes in as anybody new does: looked up before they are created."""
    mapped = set(
        ProjectMapping.objects.of_everyone()
        .filter(project__in=projects.values())
        .exclude(state=MappingState.ENDED)
        .values_list("project__remote_id", flat=True)
    )
    for part in _parts(move, PartKind.PERSON):
        if part.fate == PartFate.FRESH and part.payload["project"] in mapped and not part.payload["removed"]:
            yield delta.row_event(move.connection_id, wire.profile_from_payload(part.payload))


def _parts(move: ContractMove, kind: PartKind) -> Iterable[MovePart]:
    return MovePart.objects.filter(move=move, kind=kind).exclude(fate=PartFate.MISSING).order_by("pk")
