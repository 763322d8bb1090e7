"""Folders of an ATS and the clients that they stand for (R6): offices, departments, client corporations."""

from __future__ import annotations

from collections.abc import Mapping as Dict
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Max, Q

from apps.accounts.models import Client
from apps.accounts.scope import Scope
from apps.connections import selectors as connections
from apps.connections.models import Connection
from apps.mappings import choices
from apps.mappings.models import OPEN, ChoiceKind, ClientFolder, Job, Mapping, MappingState


@dataclass(frozen=True, slots=True)
class System:
    """An ATS whose folders may stand for clients."""

    id: UUID
    name: str
    provider: str
    kind: str


@dataclass(frozen=True, slots=True)
class FolderRow:
    """A folder with what lies in it; `proposed` is the client of the same name, while it stands for nobody."""

    folder: str
    name: str
    jobs: int
    open_jobs: int
    mappings: int
    client_id: UUID | None
    client: str
    proposed: UUID | None


@dataclass(frozen=True, slots=True)
class Saved:
    """How many folders stand for another client than before, and why others do not."""

    changed: int
    refused: tuple[str, ...]


def list_systems(*, scope: Scope) -> tuple[System, ...]:
    """The ATSs that the scope's clients use, by name; every one for the unrestricted."""
    found = Connection.objects.order_by("name")
    if not scope.unrestricted:
        used = Mapping.objects.within(scope).values("job__connection")
        owned = ClientFolder.objects.within(scope).values("connection")
        found = found.filter(Q(pk__in=used) | Q(pk__in=owned))
    return tuple(
        System(one.pk, one.name, one.provider, str(one.settings.get("options", {}).get("client_folder", "")))
        for one in found
        if connections.role_of(one) == "ats"
    )


def list_folders(*, scope: Scope, connection_id: UUID, text: str = "") -> tuple[FolderRow, ...]:
    """The folders of an ATS, those without a client first; who works for some clients sees only theirs, since a
    folder's name may be another client's."""
    owners = {
        one.folder: one.client
        for one in ClientFolder.objects.within(scope).filter(connection=connection_id).select_related("client")
    }
    names = choices.names_of(connection_id=connection_id, kind=ChoiceKind.FOLDER, active=True)
    jobs = _jobs_by_folder(connection_id)
    seen = {*jobs, *names, *owners} if scope.unrestricted else set(owners)
    used = _mappings_by_folder(scope, connection_id)
    by_name = {one.name.casefold(): one.pk for one in Client.objects.all()} if scope.unrestricted else {}
    rows = [_row(one, owners.get(one), names, jobs, used, by_name) for one in seen]
    fits = [one for one in rows if text.casefold() in f"{one.name} {one.client}".casefold()]
    return tuple(sorted(fits, key=lambda one: (one.client_id is not None, not one.jobs, one.name.casefold())))


def _row(
    folder: str,
    owner: Client | None,
    names: Dict[str, str],
    jobs: Dict[str, tuple[str, int, int]],
    used: Dict[str, int],
    by_name: Dict[str, UUID],
) -> FolderRow:
    named, count, opened = jobs.get(folder, ("", 0, 0))
    name = named or choices.name_of_folder(folder, names) or folder
    return FolderRow(
        folder=folder,
        name=name,
        jobs=count,
        open_jobs=opened,
        mappings=used.get(folder, 0),
        client_id=owner.pk if owner else None,
        client=owner.name if owner else "",
        proposed=None if owner else by_name.get(name.casefold()),
    )


def _jobs_by_folder(connection_id: UUID) -> dict[str, tuple[str, int, int]]:
    found = Job.objects.filter(connection=connection_id).exclude(folder="").order_by().values_list("folder")
    rows = found.annotate(name=Max("folder_name"), jobs=Count("pk"), opened=Count("pk", filter=Q(status=OPEN)))
    return {folder: (name, count, opened) for folder, name, count, opened in rows}


def _mappings_by_folder(scope: Scope, connection_id: UUID) -> dict[str, int]:
    kept = Mapping.objects.within(scope).filter(job__connection=connection_id).exclude(state=MappingState.ENDED)
    return dict(kept.order_by().values_list("job__folder").annotate(count=Count("pk")))


@transaction.atomic
def save_folders(*, connection_id: UUID, wanted: Dict[str, UUID | None]) -> Saved:
    """Let each folder stand for a client, or for none. One into which another client's mapping brings people stays
    as it is, and says so."""
    connection = Connection.objects.select_for_update(of=("self",)).get(pk=connection_id)
    stands = ClientFolder.objects.of_everyone().filter(connection=connection)
    now = dict(stands.values_list("folder", "client"))
    changing = {folder: client for folder, client in wanted.items() if folder and now.get(folder) != client}
    refused = _in_use(connection, changing)
    for folder in refused:
        del changing[folder]
    stands.filter(folder__in=[folder for folder, client in changing.items() if client is None]).delete()
    ClientFolder.objects.bulk_create(
        [
            ClientFolder(connection=connection, folder=folder, client_id=client)
            for folder, client in changing.items()
            if client is not None
        ],
        update_conflicts=True,
        unique_fields=["connection", "folder"],
        update_fields=["client"],
    )
    return Saved(len(changing), tuple(refused.values()))


def _in_use(connection: Connection, changing: Dict[str, UUID | None]) -> dict[str, str]:
    """By folder, whose mappings keep it from standing for somebody else."""
    kept = Mapping.objects.of_everyone().filter(job__connection=connection, job__folder__in=changing)
    used = kept.exclude(state=MappingState.ENDED).order_by("client__name")
    found: dict[str, str] = {}
    for folder, name, client, owner in used.values_list("job__folder", "job__folder_name", "client", "client__name"):
        if client != changing[folder]:
            found[folder] = f"{name or folder}: mappings of {owner} bring people into it. End them first."
    return found
