"""Holds whose reason went away in the moment they were made.

A person starts a mapping again while a worker that read it as stopped is about to settle: the release
finds nothing held yet, and nobody would release it a second time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from typing import Final
from uuid import UUID

from django.db.models import Q

from apps.candidates.models import Candidacy, Duplicate, DuplicateState
from apps.ledger import health
from apps.ledger import services as ledger
from apps.ledger.models import Event
from apps.ledger.states import State
from apps.mappings.models import OPEN, Job, Mapping, MappingState, StageMapVersion
from apps.sync import lanes
from apps.sync.models import Stream, StreamName

LOOK_EVERY: Final = timedelta(seconds=10)


def sweep(now: datetime) -> None:
    """Every ten seconds, by one process."""
    if health.take_turn("holds", after=LOOK_EVERY):
        release_overtaken(now=now)


def release_overtaken(*, now: datetime) -> int:
    """Let go on what is held for a reason that no longer is; returns how many events."""
    by_kind: defaultdict[str, set[str]] = defaultdict(set)
    for key in _held_for([*OVER, "map"]):
        kind, _, what = key.partition(":")
        by_kind[kind].add(what)
    over = [f"{kind}:{what}" for kind, find in OVER.items() if by_kind[kind] for what in find(by_kind[kind])]
    freed = ledger.release_held(hold_keys=over, now=now)
    return freed + ledger.release_held(ids=list(_replanned(by_kind["map"])), now=now)


def _held_for(kinds: Iterable[str]) -> Iterable[str]:
    """What is held for something of these kinds; of the others, which may be many, none is read."""
    of_kinds = reduce(or_, (Q(hold_key__startswith=f"{kind}:") for kind in kinds))
    return Event.objects.filter(of_kinds, state=State.HELD).values_list("hold_key", flat=True).distinct()


def _mappings_that_go_on(ids: Collection[str]) -> Iterable[object]:
    runs = [MappingState.LIVE, MappingState.PILOT, MappingState.ENDED]
    found = Mapping.objects.of_everyone().filter(pk__in=ids, state__in=runs, halted_at__isnull=True)
    return found.values_list("pk", flat=True)


def _open_jobs(ids: Collection[str]) -> Iterable[object]:
    return Job.objects.filter(pk__in=ids, status=OPEN).values_list("pk", flat=True)


def _read_indexes(ids: Collection[str]) -> Iterable[object]:
    read = Stream.objects.filter(connection_id__in=ids, name=StreamName.PEOPLE, complete_at__isnull=False)
    return read.values_list("connection_id", flat=True)


def _answered_questions(ids: Collection[str]) -> Iterable[object]:
    answered = Duplicate.objects.filter(pk__in=ids).exclude(state=DuplicateState.OPEN)
    return answered.values_list("pk", flat=True)


OVER: Final[dict[str, Callable[[Collection[str]], Iterable[object]]]] = {
    "mapping": _mappings_that_go_on,
    "job": _open_jobs,
    "index": _read_indexes,
    "duplicate": _answered_questions,
}
"""Which holds of a kind are over. What waits for a person's decision on a conflict needs none: both are settled
under that candidate's own key."""


def _replanned(map_ids: Collection[str]) -> Iterator[int]:
    """Events that wait for a row in a map that was saved again since they were planned, or is theirs no more."""
    newest = dict(
        StageMapVersion.objects.filter(stage_map_id__in=[int(one) for one in map_ids])
        .order_by("stage_map_id", "-number")
        .distinct("stage_map_id")
        .values_list("stage_map_id", "pk")
    )
    waiting = Event.objects.filter(state=State.HELD, hold_key__in=[lanes.map_hold(one) for one in newest])
    found = list(waiting.values_list("pk", "hold_key", "subject", "plan__map_version"))
    mapped = Candidacy.objects.of_everyone().filter(mapping__stage_map_id__in=newest)
    people = [UUID(subject.partition(":")[2]) for _, _, subject, _ in found if subject]
    theirs = {
        (lanes.map_hold(of), lanes.subject(person))
        for of, person in mapped.filter(person_id__in=people).values_list("mapping__stage_map_id", "person_id")
    }
    for pk, hold, subject, version in found:
        if version != newest[int(hold.partition(":")[2])] or (subject and (hold, subject) not in theirs):
            yield pk
