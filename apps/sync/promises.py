"""What a running replay promised in its preview: whatever would do something else stops and says so (rule 27)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from apps.ledger import outcomes
from apps.ledger.models import Effect, Event
from apps.ledger.outcomes import Outcome
from apps.sync import acts
from apps.sync.acts import Act
from apps.sync.models import ItemState, ReplayItem

BROKEN = "preview_changed"

STEPS = 3
"""A replayed row leads to a write, that to another at most; further on it is the engine's own work."""


def broken(doing: Sequence[tuple[Event, Act | None, str]]) -> Mapping[int, Outcome]:
    """Of what is about to be done, by event: how that which no preview said ends instead.

    Each comes with its write, None where it makes none, and the one object it is about, where it has one.
    """
    if not ReplayItem.objects.filter(state=ItemState.RELEASED).exists():
        return {}
    items = _items_behind([event for event, _, _ in doing])
    begun = _begun(items)
    return {
        event.pk: _stopped(event, act, items[event.pk])
        for event, act, about in doing
        if event.pk in items and event.pk not in begun and not _was_promised(event, act, about, items[event.pk])
    }


def replayed(events: Sequence[Event]) -> frozenset[int]:
    """Those of the events that a running replay released, or that follow from what it released."""
    going = ReplayItem.objects.filter(state=ItemState.RELEASED).exists()
    return frozenset(_items_behind(events)) if going else frozenset()


def _items_behind(events: Sequence[Event]) -> dict[int, ReplayItem]:
    """The replayed letter that each event is, or follows from."""
    root_of = {event.pk: event.pk for event in events}
    causes = {event.pk: event.caused_by_id for event in events}
    found: dict[int, ReplayItem] = {}
    for _ in range(STEPS):
        items = {
            item.event_id: item
            for item in ReplayItem.objects.filter(event_id__in=set(root_of.values()), state=ItemState.RELEASED)
        }
        found |= {event: items[root] for event, root in root_of.items() if root in items}
        root_of = {event: cause for event in root_of if event not in found and (cause := causes[event]) is not None}
        causes = _causes(root_of)
        if not root_of:
            break
    return found


def _causes(root_of: Mapping[int, int]) -> dict[int, int | None]:
    """What each root was caused by; nothing, where a write of its own stands between."""
    roots = set(root_of.values())
    wrote = set(Effect.objects.filter(event__in=roots).values_list("event_id", flat=True))
    rows = dict(Event.objects.filter(pk__in=roots).values_list("pk", "caused_by_id"))
    reads = set(Event.objects.filter(pk__in=root_of, kind="hook.refresh").values_list("pk", flat=True))
    return {event: None if event in reads and root in wrote else rows.get(root) for event, root in root_of.items()}


def _begun(items: Mapping[int, ReplayItem]) -> set[int]:
    """Those whose promised write was tried already: what they see now may be their own work."""
    tried = set(Event.objects.filter(pk__in=items, attempts__gt=0).values_list("pk", flat=True))
    intended = Effect.objects.filter(event__in=items).values_list("event_id", "intended_at")
    for event, at in intended:
        released = items[event].released_at
        if released is not None and at >= released:
            tried.add(event)
    return tried


def _was_promised(event: Event, act: Act | None, about: str, item: ReplayItem) -> bool:
    promised = [acts.from_json(one) for one in item.acts]
    if act is not None:
        return act in promised
    return not any(one.on == event.kind and about in ("", one.target) for one in promised)


def _stopped(event: Event, act: Act | None, item: ReplayItem) -> Outcome:
    now_is = "something else would be written now" if act else "nothing is left to be written"
    detail = f"Stopped, and nothing was done: since the preview of replay {item.run_id} this changed, {now_is}."
    return outcomes.dead(BROKEN, detail, plan={"preview": list(item.acts), "now": act.as_json() if act else {}})
