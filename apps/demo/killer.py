"""What a crash run does to SyncPortal's processes: kills and stops, some aimed at the moments that hurt."""

from __future__ import annotations

import contextlib
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from django.db import Error, connection, transaction

from apps.core import clock
from apps.demo import anatomy, stack
from apps.demo.crash import LEASE
from apps.demo.patience import patiently
from apps.demo.stack import Stack
from apps.ledger import health
from apps.ledger.models import Mailbox

CREATE = "POST /greenhouse/v3/candidates$"
READ = "GET /greenhouse/v3/applications"
DELTA = "profiles.since"
ANY_READ = "GET /linkedin/v2/"
MOVED = "profiles.batch_move"

AIM = 4.0
"""Seconds to wait for the moment that is aimed at; then whatever there is is struck."""

LATE = 1.2

GIVES_UP = 90.0
"""After so long without progress a strike is noted as one that nothing came back from."""


@dataclass
class Killer:
    """Strikes one after the other; `tell` brings new work, so that there is something to interrupt."""

    stack: Stack
    data: Path
    chance: random.Random
    add: Callable[[], None]
    struck: Counter[str] = field(default_factory=Counter)
    doing: str = ""
    back_after: list[tuple[str, float]] = field(default_factory=list)

    def deck(self, kills: int) -> list[str]:
        """So many strikes: every kind as often as any other, in a random order."""
        kinds = list(self._kinds())
        dealt: list[str] = []
        while len(dealt) < kills:
            self.chance.shuffle(kinds)
            dealt += kinds
        return dealt[:kills]

    def strike(self, kind: str) -> None:
        """One kill or stop, and the wait until work goes on."""
        self.struck[kind] += 1
        self.doing = kind
        try:
            self._kinds()[kind]()
        except (RuntimeError, Error):
            connection.close()  # the aim was missed: what was to be held had gone, or the database was away
        self._await_progress(kind)
        self.doing = ""

    def _kinds(self) -> dict[str, Callable[[], None]]:
        return {
            "any process of the worker": self._any_worker_process,
            "first worker": self._first_worker,
            "whole worker": lambda: self._kill(anatomy.group_of(self._worker)),
            "web": lambda: self._kill([self.chance.choice(anatomy.group_of(self._web))]),
            "PostgreSQL": self._postgres,
            "during a create": self._during_create,
            "during a reading of LinkedIn": self._during_delta,
            "at settle": self._at_settle,
            "stopped past its lease": self._stop,
            "stopped with a poll's answer": self._stop_poller,
            "stopped with another answer": self._stop_writer,
        }

    @property
    def _worker(self) -> int:
        return self.stack.services["worker"].pid

    @property
    def _web(self) -> int:
        return self.stack.services["web"].pid

    def _kill(self, pids: Sequence[int]) -> None:
        anatomy.kill(pids)

    def _any_worker_process(self) -> None:
        self._kill([self.chance.choice(anatomy.group_of(self._worker))])

    def _first_worker(self) -> None:
        """The one that waits with the queue's lock (facts of django-q2): it must not freeze the others for long."""
        self._kill(anatomy.workers_of(self._worker)[:1])

    def _postgres(self) -> None:
        """The postmaster with all that it started, or one of these alone, which it takes for a crash too."""
        running = self.data / "postgres" / "postmaster.pid"
        with contextlib.suppress(FileNotFoundError):
            leader = int(running.read_text().split()[0])
            family = anatomy.children_of(leader)
            alone = self.chance.random() < 0.3 and family
            self._kill([self.chance.choice(family)] if alone else [leader, *family])

    def _during_create(self) -> None:
        """Greenhouse has made somebody and does not answer."""
        with self._held("greenhouse", CREATE):
            self.add()
            self._wait_for_held("greenhouse")
            self._kill(self._callers(held_by="greenhouse"))

    def _during_delta(self) -> None:
        """LinkedIn has told what changed, and nothing of it is stored yet."""
        sandbox = self.stack.sandbox
        sandbox.fault("linkedin", "slow", ANY_READ, seconds=LATE)
        self.add()
        polls = Mailbox.objects.filter(key__startswith="poll:", key__endswith=":profiles", lease_token__isnull=False)
        self._await(polls.exists)
        with _ledger_locked():
            time.sleep(LATE + 0.4)
            self._kill(anatomy.workers_of(self._worker))

    def _at_settle(self) -> None:
        """Calls are made, their effects closed, and nothing can be settled."""
        self.add()
        with _ledger_locked():
            time.sleep(self.chance.uniform(0.3, 1.5))
            self._kill(anatomy.workers_of(self._worker))

    def _stop(self) -> None:
        """Some worker stands still for longer than its lease, whatever it waits for, and then goes on."""
        self.add()
        self._await(lambda: bool(self._callers()))
        stopped = self._callers()[:1]
        anatomy.kill(stopped, signal.SIGSTOP)
        self._let_go(stopped)

    def _stop_poller(self) -> None:
        """The answer to a poll is on its way; others read again, and then the stopped one wakes with it."""
        self._stop_with_answer("linkedin", DELTA)

    def _stop_writer(self) -> None:
        """A write was made and its worker does not know yet; others find it made, and then the stopped one wakes."""
        self._stop_with_answer(*self.chance.choice((("linkedin", MOVED), ("greenhouse", CREATE), ("greenhouse", READ))))

    def _stop_with_answer(self, system: str, match: str) -> None:
        with self._held(system, match):
            self.add()
            self._wait_for_held(system)
            stopped = self._callers(held_by=system)
            anatomy.kill(stopped, signal.SIGSTOP)
        self._let_go(stopped)

    def _let_go(self, pids: Sequence[int]) -> None:
        time.sleep(LEASE + self.chance.uniform(3.0, 5.0))
        anatomy.kill(pids, signal.SIGCONT)

    def _callers(self, *, held_by: str = "") -> list[int]:
        """Workers that talk to a system at this moment, or those whose answers it holds back."""
        port = int(self.stack.sandbox.base.rpartition(":")[2])
        own = self.stack.sandbox.faults(held_by)["held_from"] if held_by else []
        return anatomy.talking_to(port, anatomy.workers_of(self._worker), own=own)

    @contextlib.contextmanager
    def _held(self, system: str, match: str) -> Iterator[None]:
        self.stack.sandbox.fault(system, "hold_response", match, seconds=30)
        yield
        self.stack.sandbox.fault(system, "release", match)

    def _wait_for_held(self, system: str) -> None:
        self._await(lambda: self.stack.sandbox.faults(system)["held"] > 0)

    def _await(self, condition: Callable[[], bool], seconds: float = AIM) -> bool:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if condition():
                return True
            time.sleep(0.03)
        return False

    def _await_progress(self, kind: str) -> None:
        """Until the drain made a round after the strike and the web answers; how long that took is noted."""
        struck, began = clock.real_now(), time.monotonic()
        while time.monotonic() < began + GIVES_UP:
            seen = patiently(health.last_progress)
            if seen is not None and seen > struck and stack.answers(f"{self.stack.web}/healthz"):
                break
            time.sleep(0.1)
        self.back_after.append((kind, time.monotonic() - began))


@contextlib.contextmanager
def _ledger_locked() -> Iterator[None]:
    """Nothing is stored or settled meanwhile."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '3s'")
        cursor.execute("LOCK TABLE ledger_event IN SHARE MODE")
        yield
