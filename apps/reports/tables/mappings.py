"""Mappings, for reporting tools: Projects kept in step with jobs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from django.db.models import QuerySet

from apps.accounts.scope import Scope
from apps.mappings import selectors as mappings
from apps.mappings.models import Mapping, MappingState, Policy


@dataclass(frozen=True, slots=True)
class Row:
    id: UUID
    client_id: UUID
    client: str
    project_id: Annotated[str, "The Project's id in LinkedIn."]
    project: str
    job_id: Annotated[str, "The job's id in the ATS."]
    job: str
    requisition: str
    job_status: Annotated[str, "The ATS's own word, or `vanished` where it lists the job no more."]
    sourcing_id: Annotated[UUID, "The LinkedIn connection."]
    ats_id: Annotated[UUID, "The ATS connection."]
    ats: Annotated[str, "Its name."]
    state: Annotated[str, "", MappingState.values]
    halted_at: Annotated[datetime | None, "When its terminal moves were halted until a person agrees."]
    policy: Annotated[str, "Who wins when both sides changed.", Policy.values]
    leading: Annotated[bool, "New people of the Project go to this job."]
    stage_map: str
    stage_map_version: Annotated[int | None, "The version in force."]
    people: Annotated[int, "Open candidacies."]
    created_at: datetime


def query(*, scope: Scope) -> QuerySet[Mapping]:
    """The mappings of the scope's clients."""
    return mappings.mappings_within(scope=scope)


def describe(*, scope: Scope, found: Sequence[Mapping], now: datetime) -> tuple[Row, ...]:
    """Put words to one page of mappings."""
    return tuple(
        _row(one, shown) for one, shown in zip(found, mappings.mapping_rows(scope=scope, found=found), strict=True)
    )


def _row(one: Mapping, shown: mappings.MappingRow) -> Row:
    return Row(
        id=one.pk,
        client_id=one.client_id,
        client=shown.client,
        project_id=one.project.remote_id,
        project=shown.project,
        job_id=one.job.remote_id,
        job=shown.job,
        requisition=shown.requisition,
        job_status=shown.job_status,
        sourcing_id=one.project.connection_id,
        ats_id=one.job.connection_id,
        ats=shown.ats,
        state=one.state,
        halted_at=one.halted_at,
        policy=one.policy,
        leading=one.leading,
        stage_map=shown.stage_map,
        stage_map_version=shown.map_version,
        people=shown.people,
        created_at=one.created_at,
    )
