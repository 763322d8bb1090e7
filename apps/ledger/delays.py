"""What waited, for what and for how long: kept when it is over, so that a report can say why something came late.

An event that is held or put off leaves a delay of its own; a closed gate leaves one for all behind it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection as database
from django.db.models import Q, QuerySet

from apps.ledger.models import Delay, Event
from apps.ledger.states import Reason


@dataclass(frozen=True, slots=True)
class DelayRow:
    """One wait, of an event or of a gate; `until` is empty while it lasts."""

    event: int | None
    gate: str
    kind: str
    reason: str
    since: datetime
    until: datetime | None


END = """
UPDATE ledger_delay d SET until = %(now)s FROM unnest(%(ids)s::bigint[], %(reasons)s::text[]) AS t(event, reason)
WHERE d.event_id = t.event AND d.until IS NULL AND d.reason <> t.reason
"""

BEGIN = """
INSERT INTO ledger_delay (event_id, gate, kind, reason, since)
SELECT e.id, m.gate, e.kind, t.reason, %(now)s
FROM unnest(%(ids)s::bigint[], %(reasons)s::text[], %(states)s::text[]) AS t(event, reason, state)
JOIN ledger_event e ON e.id = t.event AND e.state = t.state JOIN ledger_mailbox m ON m.id = e.mailbox_id
WHERE t.reason <> ''
ON CONFLICT (event_id) WHERE until IS NULL AND event_id IS NOT NULL DO NOTHING
"""
"""Only where the event is still as it was settled: another unit of the same settle may have let it go on."""


def note(became: Mapping[int, tuple[str, str]], *, now: datetime) -> None:
    """Of what was just settled, as its state and what it waits for: end the waits that are over, begin the new ones."""
    if not became:
        return
    states, reasons = zip(*became.values(), strict=True)
    values: dict[str, Any] = {"now": now, "ids": list(became), "reasons": list(reasons), "states": list(states)}
    with database.cursor() as cursor:
        cursor.execute(END, values)
        if any(reasons):
            cursor.execute(BEGIN, values)


def end_of(events: QuerySet[Event], *, now: datetime) -> None:
    """These go on now."""
    Delay.objects.filter(event__in=events.values("pk"), until__isnull=True).update(until=now)


def begin_gate(gate: str, reason: Reason, *, now: datetime) -> None:
    Delay.objects.bulk_create([Delay(gate=gate, reason=reason, since=now)], ignore_conflicts=True)


def end_gates(closed: Iterable[tuple[str, str]], *, now: datetime) -> None:
    """These gates are not closed for these reasons any more."""
    which = Q()
    for gate, reason in closed:
        which |= Q(gate=gate, reason=reason)
    if which:
        Delay.objects.filter(which, kind="", until__isnull=True).update(until=now)


def list_delays(
    *,
    since: datetime,
    until: datetime,
    events: Sequence[int] = (),
    gates: Sequence[str] = (),
    kinds: Sequence[str] = (),
) -> tuple[DelayRow, ...]:
    """What waited within a stretch of time: these events, these gates, and whatever else behind them is of `kinds`."""
    wanted = Q(event__in=list(events)) | Q(gate__in=list(gates), kind__in=["", *kinds])
    found = Delay.objects.filter(wanted, since__lt=until).exclude(until__lte=since).order_by("since", "pk")
    fields = ("event_id", "gate", "kind", "reason", "since", "until")
    return tuple(DelayRow(*row) for row in found.values_list(*fields))
