"""A pilot begins, stops, or goes live: the mapping's state with it (R18)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from apps.accounts.scope import Scope
from apps.mappings.models import Mapping, MappingState, Pilot
from apps.mappings.services import USUAL_PILOT
from apps.sync import going_live
from apps.sync.going_live import NotPossible

LONGEST_TIME = timedelta(days=90)
LONGEST_MINUTES = 24 * 60
BEGINS_FROM = (MappingState.DRAFT, MappingState.SHADOW, MappingState.PAUSED, MappingState.PILOT)


@dataclass(frozen=True, slots=True)
class Criteria:
    """What was agreed to ask of a pilot."""

    days: int = USUAL_PILOT.days
    minutes: int = 15
    late_allowed: int = 0


@transaction.atomic
def start(*, mapping_id: UUID, criteria: Criteria, scope: Scope, actor: int, now: datetime) -> Pilot:
    """Let a mapping write for real, for a while; who is in its Project already stays out, or the evidence would be
    about an import. Raises NotPossible."""
    mapping = Mapping.objects.within(scope).get(pk=mapping_id)
    if not 1 <= criteria.days <= LONGEST_TIME.days:
        raise NotPossible(f"A pilot lasts between 1 and {LONGEST_TIME.days} days.")
    if not 1 <= criteria.minutes <= LONGEST_MINUTES:
        raise NotPossible(f"Candidates are given between 1 and {LONGEST_MINUTES} minutes.")
    if mapping.state not in BEGINS_FROM:
        raise NotPossible(f"It is {mapping.state}; only what is not live yet can be tried.")
    try:
        with transaction.atomic():
            pilot = Pilot.objects.create(
                mapping=mapping,
                starts_at=now,
                ends_at=now + timedelta(days=criteria.days),
                minutes=criteria.minutes,
                late_allowed=criteria.late_allowed,
                by_id=actor,
            )
    except IntegrityError:
        raise NotPossible("A pilot of this mapping runs already.") from None
    if mapping.state != MappingState.PILOT:
        going_live.take_to(mapping_id=mapping_id, state=MappingState.PILOT, scope=scope, now=now)
    return pilot


@transaction.atomic
def stop(*, pilot_id: UUID, scope: Scope, now: datetime) -> bool:
    """End a pilot before its time, or close one that is over; its mapping is paused, and what comes meanwhile waits."""
    pilot = _open(scope).filter(pk=pilot_id).select_related("mapping").first()
    if pilot is None:
        return False
    if pilot.mapping.state == MappingState.PILOT:
        going_live.take_to(mapping_id=pilot.mapping_id, state=MappingState.PAUSED, scope=scope, now=now)
    return bool(_open(scope).filter(pk=pilot_id).update(stopped_at=now))


@dataclass(frozen=True, slots=True)
class WentLive:
    """How many mappings are live now, and why others are not."""

    done: int
    refused: tuple[str, ...]


@transaction.atomic
def go_live(*, pilot_id: UUID, others: Collection[UUID], scope: Scope, now: datetime) -> WentLive:
    """Take the pilot's mapping live, and the others that were chosen with it."""
    pilot = Pilot.objects.within(scope).select_for_update(of=("self",)).get(pk=pilot_id)
    ids: Sequence[UUID] = [pilot.mapping_id, *others]
    taken = going_live.take_all(ids=ids, state=MappingState.LIVE, scope=scope, now=now)
    return WentLive(taken.done, taken.refused)


def _open(scope: Scope) -> QuerySet[Pilot]:
    return Pilot.objects.within(scope).filter(stopped_at=None, live_at=None)
