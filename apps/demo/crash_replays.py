"""Invariant 9: everything that ended is planned again, and neither system is written to."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from apps.core import clock
from apps.demo.crash import Checked
from apps.ledger.models import Event
from apps.ledger.states import OPEN, State
from apps.sync import replays

if TYPE_CHECKING:
    from apps.demo.crash_run import Run

AT_ONCE = 500
A_SECOND = 4
"""Replays that even a busy machine makes in a second, as bulk work; what is not planned again by then is a miss."""


def ask(run: Run) -> Checked:
    """Replay by the service that the pages call, in the order in which the events came."""
    ended = Event.objects.filter(state__in=[State.DONE, State.SKIPPED, State.SUPERSEDED]).order_by("pk")
    ids = [pk for pk, kind in ended.values_list("pk", "kind") if _may_be_replayed(kind)]
    before, newest = _writes(run), Event.objects.order_by("-pk").values_list("pk", flat=True)[0]
    for start in range(0, len(ids), AT_ONCE):
        replays.replay(ids=ids[start : start + AT_ONCE], now=clock.now())
    end = time.monotonic() + 60 + len(ids) / A_SECOND
    while time.monotonic() < end and _open(newest):
        time.sleep(0.5)
    broken = [f"{event} was not planned again: {event.detail}" for event in _left(newest)]
    broken += _writes(run)[len(before) :]
    broken += _planned(newest) if broken else []
    return Checked(9, "Planning again what ended writes nothing", len(ids), "replays", broken)


def _may_be_replayed(kind: str) -> bool:
    return kind.startswith(replays.REPLAYED) and kind not in replays.NEVER


def _open(newest: int) -> bool:
    return Event.objects.filter(pk__gt=newest, state__in=OPEN).exclude(kind__startswith="poll.").exists()


def _left(newest: int) -> list[Event]:
    return list(Event.objects.filter(pk__gt=newest, state__in=OPEN).exclude(kind__startswith="poll.")[:100])


def _writes(run: Run) -> list[str]:
    """The writes that either system took; a token is none."""
    return [
        f"{name} got {call['operation']} {call['path']} {call['body']}."
        for name in ("greenhouse", "linkedin")
        for call in run.sandbox.calls(name, write=1)
        if (call["status"] or 500) < 400 and "oken" not in call["path"]
    ]


def _planned(newest: int) -> list[str]:
    """The replays that wrote, with what they go back to: for whoever looks for the cause."""
    made = Event.objects.filter(pk__gt=newest, tries__operation__in=WRITES).distinct()
    rows = made.values_list("pk", "kind", "payload", "plan", "caused_by", "caused_by__kind", "caused_by__plan")
    return [f"{kind} #{pk} goes back to {rest}: {payload} {plan}." for pk, kind, payload, plan, *rest in rows]


WRITES = ("set_stages", "move", "reject", "reopen", "hire", "create", "attach", "update", "note")
