"""Candidates, for reporting tools: people with their candidacies of the scope's clients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from django.db.models import QuerySet

from apps.accounts.scope import Scope
from apps.candidates import selectors as candidates
from apps.candidates.models import Person, PersonState


@dataclass(frozen=True, slots=True)
class Place:
    id: Annotated[UUID, "The candidacy."]
    client: str
    project: str
    job: str
    state: str
    ats_stage: str
    linkedin_stage: str


@dataclass(frozen=True, slots=True)
class Row:
    id: UUID
    name: str
    headline: Annotated[str, "Title and company, as LinkedIn or the ATS has them."]
    connection_id: Annotated[UUID, "The ATS connection that knows them."]
    system: Annotated[str, "Its name."]
    remote_id: Annotated[str, "Their id in the ATS; empty until they are created there."]
    state: Annotated[str, "", PersonState.values]
    first_seen_at: datetime
    candidacies: Annotated[tuple[Place, ...], "Those that the key may see, oldest first."]


def query(*, scope: Scope) -> QuerySet[Person]:
    """The people who have a candidacy in the scope."""
    return candidates.with_candidacies(candidates.people_within(scope=scope), scope)


def search(found: QuerySet[Person], text: str) -> QuerySet[Person]:
    """Those whom a text names: a name, a LinkedIn address, an e-mail, an id."""
    return candidates.matching(found, text)


def describe(*, scope: Scope, found: Sequence[Person], now: datetime) -> tuple[Row, ...]:
    """Put words to one page of people."""
    return tuple(_row(one, shown) for one, shown in zip(found, candidates.candidate_rows(found), strict=True))


def _row(one: Person, shown: candidates.CandidateRow) -> Row:
    return Row(
        id=one.pk,
        name=str(one),
        headline=shown.headline,
        connection_id=one.connection_id,
        system=shown.system,
        remote_id=one.remote_id,
        state=one.state,
        first_seen_at=one.first_seen_at,
        candidacies=tuple(
            Place(each.id, each.client, each.mapping, each.job, each.state, each.ats_stage, each.linkedin_stage)
            for each in shown.candidacies
        ),
    )
