"""Verbs on the catalogue, the seat map, stage maps and mappings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import transaction
from django.db.models import Max

from apps.ledger import services as ledger
from apps.mappings import choices, rules
from apps.mappings.models import (
    OPEN,
    VANISHED,
    ChoiceKind,
    ClientFolder,
    Job,
    JobStage,
    MappingState,
    Pilot,
    Policy,
    Project,
    Seat,
    StageMap,
    StageMapVersion,
)
from apps.mappings.models import Mapping as ProjectMapping
from apps.providers import contract

if TYPE_CHECKING:
    from apps.accounts.models import User


class UnknownStage(ValueError):
    """A stage-map row names a stage that the job does not have; the text says which and what there is."""


class OtherClientsFolder(ValueError):
    """The job lies in another client's folder of the ATS; the text says whose, to those who map."""


def store_projects(*, connection_id: UUID, projects: Iterable[contract.Project], now: datetime) -> None:
    for project in projects:
        Project.objects.update_or_create(
            connection_id=connection_id,
            remote_id=project.id,
            defaults={
                "name": project.name,
                "active": project.active,
                "owner_seat": project.owner_seat,
                "stages": list(project.stages),
                "seen_at": now,
            },
        )


def store_seats(*, connection_id: UUID, seats: Iterable[contract.Seat]) -> None:
    for seat in seats:
        name = f"{seat.first_name} {seat.last_name}".strip()
        Seat.objects.update_or_create(
            connection_id=connection_id, remote_id=seat.id, defaults={"name": name, "active": seat.active}
        )


def store_jobs(
    *, connection_id: UUID, jobs: Iterable[contract.Job], stages: Iterable[contract.Stage], now: datetime
) -> frozenset[int]:
    """Keep the catalogue as read; what waited for a job to open goes on. Returns the jobs that opened or closed."""
    names = choices.names_of(connection_id=connection_id, kind=ChoiceKind.FOLDER)
    shut = set(Job.objects.filter(connection_id=connection_id).exclude(status=OPEN).values_list("remote_id", flat=True))
    turned: set[int] = set()
    for job in jobs:
        stored, _ = Job.objects.update_or_create(
            connection_id=connection_id,
            remote_id=job.id,
            defaults={
                "name": job.name,
                "requisition": job.requisition,
                "status": job.status,
                "folder": job.folder,
                "folder_name": job.folder_name or choices.name_of_folder(job.folder, names),
                "open_openings": list(job.open_openings),
                "seen_at": now,
            },
        )
        if (stored.status == OPEN) == (stored.remote_id in shut):
            turned.add(stored.pk)
        if stored.status == OPEN and stored.remote_id in shut:
            ledger.release_held(hold_key=f"job:{stored.pk}", now=now)
    for stage in stages:
        JobStage.objects.update_or_create(
            connection_id=connection_id,
            scope=stage.scope,
            remote_id=stage.id,
            defaults={"name": stage.name, "order": stage.order, "kind": stage.kind, "active": stage.active},
        )
    return frozenset(turned)


def end_vanished_jobs(*, connection_id: UUID, seen: Sequence[str]) -> int:
    """Mark jobs that the ATS no longer lists, and pause their mappings; returns how many jobs."""
    gone = Job.objects.filter(connection_id=connection_id).exclude(remote_id__in=seen).exclude(status=VANISHED)
    ids = list(gone.values_list("pk", flat=True))
    ProjectMapping.objects.of_everyone().filter(
        job_id__in=ids, state__in=[MappingState.LIVE, MappingState.PILOT, MappingState.SHADOW]
    ).update(state=MappingState.PAUSED)
    return Job.objects.filter(pk__in=ids).update(status=VANISHED)


def mapped_jobs(*, connection_id: UUID) -> frozenset[str]:
    """Remote ids of the jobs that some mapping uses."""
    mappings = ProjectMapping.objects.of_everyone().filter(job__connection_id=connection_id)
    return frozenset(mappings.exclude(state=MappingState.ENDED).values_list("job__remote_id", flat=True))


def resolve_row(job: Job, *, linkedin: str, ats: str, backward: bool = False, terminal: bool = False) -> rules.MapRow:
    """A row with an ATS stage named as people name it, or "!rejected" / "!hired". Raises UnknownStage."""
    if ats in rules.TERMINAL:
        return rules.MapRow(linkedin=linkedin, ats=ats, backward=backward, terminal=terminal)
    stages = JobStage.objects.filter(connection_id=job.connection_id, scope__in=["", job.remote_id], active=True)
    fits = list(stages.filter(name=ats).values_list("remote_id", flat=True))
    if len(fits) != 1:
        names = ", ".join(stages.order_by("order").values_list("name", flat=True))
        raise UnknownStage(f"The job {job.name} has {len(fits)} stages named {ats!r}; it has: {names}.")
    return rules.MapRow(linkedin=linkedin, ats=fits[0], backward=backward, terminal=terminal)


class ChangedMeanwhile(ValueError):
    """Somebody else saved a version since these rows were opened."""


@transaction.atomic
def save_stage_map(
    *,
    stage_map: StageMap,
    rows: Sequence[rules.MapRow],
    author: User | None,
    reason: str,
    now: datetime,
    after: int | None = None,
) -> StageMapVersion:
    """A new version; what was held for want of a row is planned again.

    `after` is the number of the version that the rows were made from. Raises ChangedMeanwhile.
    """
    StageMap.objects.select_for_update().get(pk=stage_map.pk)
    last = stage_map.versions.aggregate(last=Max("number"))["last"] or 0
    if after is not None and after != last:
        raise ChangedMeanwhile(f"Version {last} was saved meanwhile.")
    version = StageMapVersion.objects.create(
        stage_map=stage_map,
        number=last + 1,
        rows=rules.rows_to_json(rows),
        author=author,
        reason=reason,
        created_at=now,
    )
    ledger.release_held(hold_key=f"map:{stage_map.pk}", now=now)
    return version


class FolderTaken(ValueError):
    """The folder stands for another client already."""


def assign_folder(*, connection_id: UUID, folder: str, client_id: UUID) -> None:
    """Say which client a folder of the ATS stands for; safe to repeat. Raises FolderTaken."""
    made, _ = ClientFolder.objects.of_everyone().get_or_create(
        connection_id=connection_id, folder=folder, defaults={"client_id": client_id}
    )
    if made.client_id != client_id:
        raise FolderTaken(f"The folder {folder} stands for {made.client} already.")


def check_folder(*, client_id: UUID, job: Job) -> None:
    """Refuse a job outside the client's own folders, where the ATS's folders stand for clients.

    Raises OtherClientsFolder: a Project must not bring its people into somebody else's (R6, rule 30).
    """
    folders = ClientFolder.objects.of_everyone().filter(connection_id=job.connection_id)
    owner = folders.filter(folder=job.folder).select_related("client").first()
    if owner is not None and owner.client_id != client_id:
        raise OtherClientsFolder(f"The job {job.name} lies in the folder of {owner.client}.")
    if owner is None and folders.filter(client_id=client_id).exists():
        raise OtherClientsFolder(f"The job {job.name} lies in a folder that stands for no client.")


@transaction.atomic
def create_mapping(
    *,
    client_id: UUID,
    project: Project,
    job: Job,
    rows: Sequence[rules.MapRow],
    policy: Policy = Policy.ASK,
    source_id: str = "",
    default_owner: str = "",
    state: MappingState = MappingState.DRAFT,
    leading: bool = True,
    author: User | None = None,
    now: datetime,
) -> ProjectMapping:
    """Map a Project to a job with a stage map of its own. One of its jobs leads: new people go there.

    Raises OtherClientsFolder.
    """
    check_folder(client_id=client_id, job=job)
    stage_map = StageMap.objects.create(connection_id=job.connection_id, name=f"{project.name} / {job.name}")
    save_stage_map(stage_map=stage_map, rows=rows, author=author, reason="First version", now=now)
    return ProjectMapping.objects.create(
        client_id=client_id,
        project=project,
        job=job,
        stage_map=stage_map,
        policy=policy,
        source_id=source_id,
        default_owner=default_owner,
        state=state,
        leading=leading,
    )


def set_state(*, mapping_id: UUID, state: MappingState, now: datetime, by: int | None = None) -> None:
    """Start, stop or end a mapping; what it held goes on when it is live again, and ends with it."""
    set_states(mapping_ids=[mapping_id], state=state, now=now, by=by)


USUAL_PILOT = timedelta(days=14)


@transaction.atomic
def set_states(*, mapping_ids: Sequence[UUID], state: MappingState, now: datetime, by: int | None = None) -> None:
    """The same of many at once. A pilot has its evidence kept from its first moment, and is closed with the state."""
    goes_on = state in (MappingState.LIVE, MappingState.PILOT, MappingState.ENDED)
    values = {"state": state, **({"halted_at": None} if goes_on else {})}
    changed = ProjectMapping.objects.of_everyone().filter(pk__in=mapping_ids).update(**values)
    if changed and goes_on:
        ledger.release_held(hold_keys=[f"mapping:{one}" for one in mapping_ids], now=now)
    tried = Pilot.objects.of_everyone().filter(mapping__in=mapping_ids, stopped_at=None, live_at=None)
    if state == MappingState.PILOT:
        usual = {"starts_at": now, "ends_at": now + USUAL_PILOT, "by_id": by}
        Pilot.objects.bulk_create([Pilot(mapping_id=one, **usual) for one in mapping_ids], ignore_conflicts=True)
    elif state == MappingState.LIVE:
        tried.update(live_at=now)
    elif state == MappingState.ENDED:
        tried.update(stopped_at=now)


@transaction.atomic
def agree_to_halt(*, mapping_id: UUID, actor_id: int | None, now: datetime) -> bool:
    """Let a halted mapping go on with all that waits; the guard begins to count anew. False if none was halted."""
    halted = ProjectMapping.objects.of_everyone().filter(pk=mapping_id, halted_at__isnull=False)
    changed = halted.update(halted_at=None, agreed_at=now, agreed_by=actor_id)
    if changed:
        ledger.release_held(hold_key=f"mapping:{mapping_id}", now=now)
    return bool(changed)
