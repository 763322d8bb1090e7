"""Projects that several jobs are mapped to, and whom a job that opened or closed concerns (rule 15)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from uuid import UUID

from django.db.models import QuerySet

from apps.candidates.models import Profile
from apps.ledger.services import NewEvent
from apps.ledger.states import Priority
from apps.mappings.models import Mapping, MappingState
from apps.sync import lanes


def mappings_in_force(connection_id: UUID) -> QuerySet[Mapping]:
    """The mappings to jobs of an ATS that write for real."""
    live = Mapping.objects.of_everyone().filter(job__connection_id=connection_id)
    return live.filter(state__in=[MappingState.LIVE, MappingState.PILOT])


def has_other_jobs(connection_id: UUID) -> bool:
    """Whether any Project is mapped to more than its leading job."""
    return mappings_in_force(connection_id).filter(leading=False).exists()


def read_again(connection_id: UUID, *, jobs: Collection[int]) -> list[NewEvent]:
    """Each person is read again of whose Project a job opened or closed: another application may be shown now."""
    ours = mappings_in_force(connection_id)
    several = ours.filter(leading=False).values("project")
    projects = ours.filter(project__in=several, job__in=jobs).values("project")
    theirs = Profile.objects.filter(project__in=projects, removed=False, candidacy__person__connection_id=connection_id)
    ids = theirs.exclude(candidacy__person__remote_id="").values_list("candidacy__person__remote_id", flat=True)
    return [replace(lanes.refresh_person(connection_id, one), priority=Priority.BACKFILL) for one in sorted(set(ids))]
