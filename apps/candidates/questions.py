"""Reads of the questions about who is who; one that touches another client is for users of both (rule 30)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import F, QuerySet

from apps.accounts.scope import Scope
from apps.candidates import identities
from apps.candidates.known import KnownRow, key_of, known_by
from apps.candidates.matching import Facts
from apps.candidates.models import Duplicate, DuplicateState, Person
from apps.candidates.selectors import CandidacyRow, candidate_rows, people_within, with_candidacies
from apps.mappings.selectors import jobs_within

UNDO_SHOWN = timedelta(days=14)
"""A decision is listed so long, with who made it."""


@dataclass(frozen=True, slots=True)
class FoundRow:
    """Somebody whom the ATS has, with what speaks for and against; `person_id` where they are here, too."""

    id: str
    facts: Mapping[str, Any]
    components: tuple[Mapping[str, Any], ...]
    score: float
    person_id: UUID | None
    candidacies: tuple[CandidacyRow, ...]
    known: tuple[KnownRow, ...]
    record: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class QuestionRow:
    """`record` and those of `found`: what the ATS has of each, empty until a worker has read it."""

    id: UUID
    person_id: UUID
    connection_id: UUID
    name: str
    seen: Facts
    provider: str
    system: str
    remote_id: str
    url: str
    candidacies: tuple[CandidacyRow, ...]
    found: tuple[FoundRow, ...]
    known: tuple[KnownRow, ...]
    record: Mapping[str, Any]
    asked_at: datetime
    unsure: bool
    said: str


@dataclass(frozen=True, slots=True)
class DecisionRow:
    id: UUID
    person_id: UUID
    name: str
    state: str
    said: str
    by: str
    at: datetime


def within(scope: Scope, **wanted: Any) -> QuerySet[Duplicate]:
    """The questions about people of a scope, unless one of those asked about is another client's alone."""
    asked = Duplicate.objects.filter(person__in=people_within(scope=scope), **wanted)
    if scope.unrestricted:
        return asked
    rows = list(asked.values_list("pk", "person__connection", "found"))
    others = _others({one["id"] for _, _, found in rows for one in found}, scope)
    hidden = [pk for pk, connection, found in rows if any((connection, one["id"]) in others for one in found)]
    return asked.exclude(pk__in=hidden)


def _others(remote_ids: Collection[str], scope: Scope) -> set[tuple[UUID, str]]:
    """Those of these whom only other clients have."""
    busy = Person.objects.filter(remote_id__in=remote_ids, candidacies__isnull=False)
    return set(busy.exclude(pk__in=people_within(scope=scope)).values_list("connection", "remote_id"))


def list_open(*, scope: Scope) -> tuple[UUID, ...]:
    """The ids of what waits for a decision: the longest first, those nobody was sure of last."""
    waiting = within(scope, state=DuplicateState.OPEN, deciding_at=None)
    return tuple(waiting.order_by(F("unsure_at").asc(nulls_first=True), "asked_at", "pk").values_list("pk", flat=True))


@dataclass(frozen=True, slots=True)
class LineRow:
    """A question as its queue lists it."""

    id: UUID
    name: str
    system: str
    in_ats: bool
    unsure: bool
    asked_at: datetime


def list_lines(*, scope: Scope, limit: int) -> tuple[LineRow, ...]:
    """The first of what waits, in the order in which it is decided."""
    ids = list_open(scope=scope)[:limit]
    rows = Duplicate.objects.select_related("person__connection").in_bulk(ids)
    return tuple(
        LineRow(
            pk,
            str(rows[pk].person),
            rows[pk].person.connection.name,
            bool(rows[pk].person.remote_id),
            rows[pk].unsure_at is not None,
            rows[pk].asked_at,
        )
        for pk in ids
        if pk in rows
    )


def is_visible(*, scope: Scope, question_id: UUID) -> bool:
    """Tell whether a question lies within a scope."""
    return within(scope, pk=question_id).exists()


def count_open(*, scope: Scope) -> int:
    return within(scope, state=DuplicateState.OPEN, deciding_at=None).count()


def get_question(*, scope: Scope, question_id: UUID) -> QuestionRow | None:
    """One open question, with all that a person needs to decide it; None outside the scope."""
    one = within(scope, pk=question_id, state=DuplicateState.OPEN).first()
    if one is None:
        return None
    person = with_candidacies(Person.objects.filter(pk=one.person_id), scope).prefetch_related("identities").get()
    ids = [found["id"] for found in one.found]
    here = with_candidacies(Person.objects.filter(connection=person.connection_id, remote_id__in=ids), scope)
    records = _seen_by(scope, person.connection_id, one.records)
    identifiers = known_by(connection=person.connection, people=[person, *here], remote_ids=ids)
    known = {other.remote_id: row for other, row in zip(here, candidate_rows(list(here)), strict=True)}
    (row,) = candidate_rows([person])
    return QuestionRow(
        id=one.pk,
        person_id=person.pk,
        connection_id=person.connection_id,
        name=row.name,
        seen=identities.facts_of(person),
        provider=person.connection.provider,
        system=person.connection.name,
        remote_id=person.remote_id,
        url=next((profile.url for held in row.candidacies for profile in held.profiles if profile.url), ""),
        candidacies=row.candidacies,
        found=tuple(
            FoundRow(
                id=found["id"],
                facts=found,
                components=tuple(found["components"]),
                score=found["score"],
                person_id=known[found["id"]].id if found["id"] in known else None,
                candidacies=known[found["id"]].candidacies if found["id"] in known else (),
                known=identifiers[found["id"]],
                record=records.get(found["id"], {}),
            )
            for found in one.found
        ),
        known=identifiers[key_of(person)],
        record=records.get(person.remote_id, {}),
        asked_at=one.asked_at,
        unsure=one.unsure_at is not None,
        said=one.said,
    )


def _seen_by(scope: Scope, connection_id: UUID, records: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the ATS has of each, as far as it is the reader's: the applications for jobs of their clients, and the notes
    where none of the applications is another client's (rule 30)."""
    if scope.unrestricted:
        return records
    applied = {one["job_id"] for record in records.values() for one in record["applications"]}
    theirs = jobs_within(scope=scope, connection_id=connection_id, remote_ids=applied)
    seen = {}
    for key, record in records.items():
        own = [one for one in record["applications"] if one["job_id"] in theirs]
        alone = len(own) == len(record["applications"])
        seen[key] = {**record, "applications": own} if alone else {"applications": own, "notes": [], "more_notes": 0}
    return seen


def list_decided(*, scope: Scope, now: datetime, limit: int = 50) -> tuple[DecisionRow, ...]:
    """What was decided lately, by whom; the newest first."""
    answered = [DuplicateState.SAME, DuplicateState.APART]
    recent = within(scope, state__in=answered, decided_at__gte=now - UNDO_SHOWN).select_related("person", "decided_by")
    return tuple(
        DecisionRow(
            one.pk,
            one.person_id,
            str(one.person),
            one.state,
            one.said,
            str(one.decided_by) if one.decided_by else "",
            one.decided_at or now,
        )
        for one in recent.order_by("-decided_at")[:limit]
    )
