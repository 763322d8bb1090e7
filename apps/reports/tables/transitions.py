"""Transitions, for reporting tools: the moves that people made, in either system."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from django.db.models import QuerySet

from apps.accounts.scope import Scope
from apps.candidates import selectors as candidates
from apps.candidates.models import Transition


@dataclass(frozen=True, slots=True)
class Row:
    id: int
    candidacy_id: UUID
    person_id: UUID
    client_id: UUID
    mapping_id: UUID
    job: str
    side: Annotated[str, "Where it was made.", ("linkedin", "ats")]
    from_stage: Annotated[str, "In that system's words; empty where it was not seen before."]
    to_stage: str
    at: Annotated[datetime, "When that system says it was made."]
    event_id: Annotated[int, "The event that brought it."]


def query(*, scope: Scope) -> QuerySet[Transition]:
    """The moves within candidacies of the scope's clients."""
    return candidates.transitions_within(scope=scope)


def describe(*, scope: Scope, found: Sequence[Transition], now: datetime) -> tuple[Row, ...]:
    """Put words to one page of moves."""
    stages = candidates.stage_names(one.candidacy.job.connection_id for one in found)
    return tuple(_row(one, stages) for one in found)


def _row(one: Transition, stages: candidates.StageNames) -> Row:
    candidacy = one.candidacy
    connection_id, in_ats = candidacy.job.connection_id, one.side == "ats"
    return Row(
        id=one.pk,
        candidacy_id=candidacy.pk,
        person_id=candidacy.person_id,
        client_id=candidacy.client_id,
        mapping_id=candidacy.mapping_id,
        job=candidacy.job.name,
        side=one.side,
        from_stage=candidates.stage_word(stages, connection_id, one.from_value) if in_ats else one.from_value,
        to_stage=candidates.stage_word(stages, connection_id, one.to_value) if in_ats else one.to_value,
        at=one.changed_at,
        event_id=one.event_id,
    )
