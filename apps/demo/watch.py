"""Looks that a crash run takes all the time: leases that nobody freed, budgets that nobody counted."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from django.db import Error, connection

from apps.connections import selectors as budgets
from apps.core import clock
from apps.demo.sandbox import Sandbox
from apps.ledger import health
from apps.ledger.models import Mailbox

EVERY = 0.2
SWEEP = timedelta(seconds=1)
FRESH = timedelta(seconds=2.5)
"""Without progress for longer than this nobody sweeps: the worker or the database is being brought back."""


@dataclass
class Watch:
    """Runs in a thread of its own until `stop`. `overdue`: by lease, for how many seconds it stood after its
    end and a sweep while somebody was there to sweep. `uncounted`: looks at which LinkedIn had counted more."""

    sandbox: Sandbox
    linkedin: UUID
    looks: int = 0
    overdue: dict[UUID, float] = field(default_factory=lambda: defaultdict(float))
    uncounted: list[str] = field(default_factory=list)
    last: dict[UUID, str] = field(default_factory=dict)
    doing: Callable[[], str] = field(default=lambda: "")
    budget_looks: int = 0
    _stopped: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        seen = time.monotonic()
        while not self._stopped.wait(EVERY):
            try:
                self._look(time.monotonic() - seen)
            except Error:
                connection.close()
            seen = time.monotonic()
        connection.close()

    def _look(self, since: float) -> None:
        """What stands at this look stood since the last one; where the machine let nobody look, it swept as little."""
        since = min(since, 2 * EVERY)
        self.looks += 1
        beat, real = health.last_progress(), clock.real_now()
        lapsed = Mailbox.objects.filter(lease_until__lt=real)
        for token, until in lapsed.values_list("lease_token", "lease_until").distinct():
            swept = beat is not None and real - beat < FRESH
            self.overdue[token] += since if swept and until < real - SWEEP else 0.0
            self.last[token] = f"{real:%H:%M:%S} {self.doing()}"
        if self.looks % 10 == 0:
            self._look_at_budget()

    def _look_at_budget(self) -> None:
        """LinkedIn's count first: what it has counted we had booked before (RULES 23)."""
        theirs = int(self.sandbox.state("linkedin")["calls_today"])
        ours = budgets.daily(self.linkedin, now=clock.now())
        self.budget_looks += 1
        if ours is not None and ours.spent < theirs:
            self.uncounted.append(f"LinkedIn had counted {theirs} calls when {ours.spent} were booked.")
