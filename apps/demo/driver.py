"""The driver of the stepped clock: it owns app time and the sandbox's, and lets neither run.

At a standing moment everything that is due is worked off, here, in this process; then both clocks go on
to the next moment at which anything is due. So a day passes in the time that its work takes, and
every figure of it is in the day's own time. Leases, deadlines and sockets keep to real time.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from django.db.models import Exists, Min, OuterRef, TextField, Value
from django.db.models.functions import Cast, Concat

from apps.core import clock
from apps.demo.sandbox import Sandbox
from apps.ledger import drain, tasks
from apps.ledger import services as ledger
from apps.ledger.models import ClosedGate, Event, Mailbox
from apps.ledger.states import State
from apps.monitoring import services as alarms
from apps.sync.models import Stream

SWEEP = timedelta(seconds=1)
"""The clock goes on by whole seconds: a worker's sweep, too, looks once a second."""

SETTLES_WITHIN = 60.0
"""Real seconds in which one moment's work must end; a day has thousands of moments."""

ALARMS_EVERY = timedelta(minutes=1)
"""Of the day's time: workers look every ten seconds of their own, which would be rarer here."""

ON_THEIR_WAY = ("waiting", "retrying")


class Act(Protocol):
    """Something that a person does in one of the systems, and when."""

    @property
    def at(self) -> datetime: ...

    def do(self) -> None: ...


class SteppedSandbox(Sandbox):
    """A sandbox whose clock is the app's: a reset, which sets it running, sets it back at once."""

    def reset(self, scenario: dict[str, Any], *, seed: int = 1) -> None:
        super().reset(scenario, seed=seed)
        self.clock(now=clock.now().isoformat())


@dataclass
class Driver:
    """Steps one sandbox and the app together. `moments` counts the steps made."""

    sandbox: Sandbox
    moments: int = 0
    looked_at: datetime | None = None

    def run(self, acts: Iterable[Act], *, until: datetime) -> None:
        """Let each act happen at its time, and everything that follows from it at its own, up to `until`."""
        for act in sorted(acts, key=lambda act: act.at):
            self.run_to(act.at)
            act.do()
        self.run_to(until)
        self.settle()

    def run_to(self, moment: datetime) -> None:
        """Work off and step from due moment to due moment, and end at `moment` with that still to be settled."""
        self.settle()
        while (due := next_due(clock.now())) is not None and due < moment:
            self.step_to(due)
            self.settle()
        self.step_to(moment)

    def step_to(self, moment: datetime) -> None:
        """Move both clocks; never back."""
        if moment <= clock.now():
            return
        clock.step_to(moment)
        self.sandbox.clock(now=moment.isoformat())
        self.moments += 1

    def settle(self) -> None:
        """Work until nothing is due now and no webhook is on its way. Raises TimeoutError."""
        end = time.monotonic() + SETTLES_WITHIN
        while work() or self._hooks_on_their_way():
            if time.monotonic() > end:
                raise TimeoutError(f"Not settled at {clock.now()} after {SETTLES_WITHIN} s.")
        if self.looked_at is None or clock.now() - self.looked_at >= ALARMS_EVERY:
            alarms.look(clock.now())
            self.looked_at = clock.now()

    def _hooks_on_their_way(self) -> bool:
        return any(self.sandbox.deliveries(name, state=state) for name in SYSTEMS for state in ON_THEIR_WAY)


SYSTEMS = ("greenhouse", "linkedin")


def work() -> int:
    """What a worker does on waking up: a sweep, then everything that is due. Returns the settled events."""
    tasks.sweep()
    return drain.drain(until=clock.real_now() + tasks.DRAIN_BUDGET)


def next_due(now: datetime) -> datetime | None:
    """The next whole second at which a poll, an event, a read-back or the opening of a gate is due."""
    shut = ClosedGate.objects.filter(gate=Concat(Value("connection:"), Cast(OuterRef("connection"), TextField())))
    open_gate = ~Exists(ClosedGate.objects.filter(gate=OuterRef("gate")))
    found = [
        Stream.objects.exclude(Exists(shut)).aggregate(at=Min("next_at"))["at"],
        Mailbox.objects.filter(open_gate, lease_token=None).aggregate(at=Min("due_at"))["at"],
        ClosedGate.objects.aggregate(at=Min("until"))["at"],
        Event.objects.filter(state=State.HELD, hold_key=ledger.TIMER).aggregate(at=Min("due_at"))["at"],
    ]
    times = [moment for moment in found if moment is not None]
    return max(_whole_second(min(times)), now + SWEEP) if times else None


def _whole_second(moment: datetime) -> datetime:
    whole = moment.replace(microsecond=0)
    return whole if whole == moment else whole + SWEEP
