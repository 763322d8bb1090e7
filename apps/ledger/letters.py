"""Dead letters, and those that were discarded: which there are, by what they have in common (R14)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Max, QuerySet

from apps.accounts.scope import Scope
from apps.ledger import selectors
from apps.ledger.models import Event
from apps.ledger.selectors import EventPage
from apps.ledger.states import Reason, State


@dataclass(frozen=True, slots=True, kw_only=True)
class Letters:
    """Which letters are meant. Empty means no restriction; `died_from` and `died_until` bound when they died."""

    cause: str | None = None
    kind: str = ""
    connection: UUID | None = None
    died_from: datetime | None = None
    died_until: datetime | None = None
    ids: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Letters that died of one cause, of one kind, at one connection."""

    cause: str
    kind: str
    connection: UUID | None
    count: int
    last: datetime


def dead_within(scope: Scope, letters: Letters) -> QuerySet[Event]:
    """The dead letters that are meant, of those that a reader may see."""
    return _fitting(selectors.events_within(scope).filter(state=State.DEAD), letters)


def discarded_within(scope: Scope, key: str) -> QuerySet[Event]:
    """The letters that were discarded under a key, and not taken back."""
    return selectors.events_within(scope).filter(state=State.SKIPPED, reason=Reason.DISCARDED, hold_key=key)


def list_groups(*, scope: Scope, letters: Letters) -> tuple[Group, ...]:
    """Dead letters by what they have in common, the largest group first."""
    found = dead_within(scope, letters).order_by().values_list("cause", "kind", "connection")
    counted = found.annotate(count=Count("id"), last=Max("settled_at"))
    return tuple(Group(*row) for row in counted.order_by("-count", "cause", "kind"))


def list_dead(
    *, scope: Scope, letters: Letters, before: int | None = None, after: int | None = None, limit: int = 50
) -> EventPage:
    """One page of dead letters, newest first, by cursor."""
    return _page(dead_within(scope, letters), before, after, limit)


def list_discarded(
    *, scope: Scope, key: str, before: int | None = None, after: int | None = None, limit: int = 50
) -> EventPage:
    """One page of the letters discarded under a key, newest first, by cursor."""
    return _page(discarded_within(scope, key), before, after, limit)


def find_ids(*, scope: Scope, letters: Letters, limit: int) -> tuple[int, ...]:
    """The letters that are meant, oldest first, up to a limit."""
    return tuple(dead_within(scope, letters).order_by("id").values_list("id", flat=True)[:limit])


def _fitting(events: QuerySet[Event], letters: Letters) -> QuerySet[Event]:
    if letters.ids is not None:
        events = events.filter(pk__in=letters.ids)
    if letters.cause is not None:
        events = events.filter(cause=letters.cause)
    if letters.kind:
        events = events.filter(kind=letters.kind)
    if letters.connection is not None:
        events = events.filter(connection=letters.connection)
    if letters.died_from is not None:
        events = events.filter(settled_at__gte=letters.died_from)
    if letters.died_until is not None:
        events = events.filter(settled_at__lt=letters.died_until)
    return events


def _page(events: QuerySet[Event], before: int | None, after: int | None, limit: int) -> EventPage:
    events = events.defer("payload", "plan")
    if after is not None:
        found = list(events.filter(id__gt=after).order_by("id")[: limit + 1])
        shown, newer, older = found[:limit][::-1], len(found) > limit, True
    else:
        found = list((events if before is None else events.filter(id__lt=before)).order_by("-id")[: limit + 1])
        shown, newer, older = found[:limit], before is not None, len(found) > limit
    return EventPage(
        rows=selectors.show_rows(shown),
        older=shown[-1].pk if shown and older else None,
        newer=shown[0].pk if shown and newer else None,
    )
