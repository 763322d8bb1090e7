"""Candidacies, for reporting tools: a person for one job, with the stage of each side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from django.db.models import Prefetch, QuerySet

from apps.accounts.scope import Scope
from apps.candidates import selectors as candidates
from apps.candidates.models import Candidacy, CandidacyState, Profile


@dataclass(frozen=True, slots=True)
class Row:
    id: UUID
    person_id: UUID
    person: Annotated[str, "Their name."]
    client_id: UUID
    client: str
    mapping_id: UUID
    project: Annotated[str, "The LinkedIn Project they came through."]
    job: Annotated[str, "The ATS job."]
    requisition: str
    state: Annotated[str, "Ended ones start again where a person re-adds them.", CandidacyState.values]
    ended_because: Annotated[str, "Why it ended; empty while it is open."]
    application_id: Annotated[str, "The application's id in the ATS; empty until it is there."]
    made_by_us: Annotated[bool, "SyncPortal created the application."]
    ats_stage: Annotated[str, "Where the ATS has them, in its words."]
    linkedin_stage: Annotated[str, "Where LinkedIn has them; empty where they left the Project."]
    agrees: Annotated[bool, "Both sides are where they last agreed to be."]
    conflict: Annotated[str, "An open question about the two stages, in words."]
    added_at: Annotated[datetime, "When they were first added to the Project."]
    in_ats_at: Annotated[datetime | None, "When they were first in the ATS job."]
    lag_seconds: Annotated[float | None, "From one to the other."]
    ats_changed_at: Annotated[datetime | None, "When the ATS last moved them."]


def query(*, scope: Scope) -> QuerySet[Candidacy]:
    """The candidacies of the scope's clients."""
    profiles = Prefetch("profiles", queryset=Profile.objects.select_related("project").order_by("id"))
    found = Candidacy.objects.within(scope).select_related("client", "person", "job", "mapping__project")
    return found.prefetch_related(profiles)


def describe(*, scope: Scope, found: Sequence[Candidacy], now: datetime) -> tuple[Row, ...]:
    """Put words to one page of candidacies."""
    stages = candidates.stage_names(one.job.connection_id for one in found)
    return tuple(_row(one, candidates.candidacy_row(one, stages)) for one in found)


def _row(one: Candidacy, shown: candidates.CandidacyRow) -> Row:
    return Row(
        id=one.pk,
        person_id=one.person_id,
        person=str(one.person),
        client_id=one.client_id,
        client=shown.client,
        mapping_id=one.mapping_id,
        project=shown.mapping,
        job=shown.job,
        requisition=one.job.requisition,
        state=one.state,
        ended_because=one.ended_because,
        application_id=one.application_id,
        made_by_us=one.made_by_us,
        ats_stage=shown.ats_stage,
        linkedin_stage=shown.linkedin_stage,
        agrees=shown.agrees,
        conflict=one.conflict,
        added_at=one.added_at,
        in_ats_at=one.in_ats_at,
        lag_seconds=(one.in_ats_at - one.added_at).total_seconds() if one.in_ats_at else None,
        ats_changed_at=one.ats_changed_at,
    )
