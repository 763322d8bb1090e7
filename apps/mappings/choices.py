"""What an ATS lets people choose from: its folders and its reasons of a rejection, kept as last read."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping as Dict
from uuid import UUID

from django.db import transaction

from apps.mappings.models import AtsChoice, ChoiceKind
from apps.providers import contract


@transaction.atomic
def store_choices(*, connection_id: UUID, kind: ChoiceKind, choices: Iterable[contract.Choice]) -> int:
    """Keep a list as read: what is on it no more is kept by its name, and offered no more. Returns how many."""
    rows = [
        AtsChoice(connection_id=connection_id, kind=kind, remote_id=one.id, name=one.name, active=True)
        for one in {one.id: one for one in choices}.values()
    ]
    there = AtsChoice.objects.filter(connection_id=connection_id, kind=kind)
    there.exclude(remote_id__in=[one.remote_id for one in rows]).update(active=False)
    AtsChoice.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["connection", "kind", "remote_id"],
        update_fields=["name", "active"],
    )
    return len(rows)


def names_of(*, connection_id: UUID, kind: ChoiceKind, active: bool = False) -> Dict[str, str]:
    """The names of one list by id, by name; `active` leaves out what the ATS lists no more."""
    found = AtsChoice.objects.filter(connection_id=connection_id, kind=kind)
    kept = found.filter(active=True) if active else found
    return dict(kept.order_by("name", "remote_id").values_list("remote_id", "name"))


def name_of_folder(folder: str, names: Dict[str, str]) -> str:
    """A folder by its name; a job of several offices lies in all of them together. Empty where none is known."""
    parts = [names.get(part, "") for part in folder.split(",")] if folder else []
    return " and ".join(parts) if all(parts) else ""
