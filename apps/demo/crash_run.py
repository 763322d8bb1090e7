"""The crash run: a company of two clients at work, struck again and again, until every event has come."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import connection
from django.db import connections as databases

from apps.accounts import services as accounts
from apps.accounts.models import User
from apps.accounts.rights import Role
from apps.connections import gate
from apps.connections import selectors as budgets
from apps.connections import services as connections
from apps.connections.models import Connection
from apps.core import clock
from apps.demo import crash_checks, crash_load, scenario, stack, supervisor
from apps.demo.crash import Checked, Wish
from apps.demo.crash_load import Office
from apps.demo.killer import Killer
from apps.demo.patience import patiently
from apps.demo.scenario import Company
from apps.demo.stack import Stack
from apps.demo.watch import Watch
from apps.ledger import gates
from apps.ledger.models import ClosedGate, Event, Fault
from apps.ledger.states import OPEN, Reason, State
from apps.mappings.models import Mapping
from apps.sync import conflicts
from apps.sync.models import Stream, StreamName

SHOWS_AFTER = 8.0
"""Declared seconds in which Greenhouse hides a new record: longer than a lease and a sweep, so that whoever
takes over from a killed worker cannot see what was made. The sandbox hides it for a little less."""

HIDDEN = 7.5

EVERY_SECONDS = {
    "profiles": 2, "people": 60, "applications": 60, "jobs": 600, "projects": 3600, "seats": 3600, "messages": 86400,
}  # fmt: skip

FIRST_LIMIT, MORE = 30, 25
"""LinkedIn's day: so many requests at first, and so many more each time that it is spent."""

CEILING = 150
"""Greenhouse's requests in 30 seconds: near their end whenever many people move."""

BACKLOG = 80
"""Open events above which people wait: the run measures failures, not a queue."""

SETTLES_WITHIN = 240.0


@dataclass
class Run:
    """What the steps of the run share."""

    wish: Wish
    stack: Stack
    company: Company
    office: Office
    killer: Killer
    watch: Watch
    readers: list[User]
    limit: int = FIRST_LIMIT
    raised: int = 0
    halts: int = 0
    figures: dict[str, Any] = field(default_factory=dict)

    @property
    def sandbox(self) -> Any:
        return self.stack.sandbox


def run(wish: Wish, data: Path) -> tuple[list[Checked], dict[str, Any]]:
    """Live through it, and ask the invariants."""
    logs = data / "logs"
    logs.mkdir()
    with stack.running(logs=logs, env={"LOG_LEVEL": "INFO"}) as running, _supervised(running):
        crash = _begin(wish, running, data)
        _work(crash)
        _settle(crash)
        crash.watch.stop()
        _report(crash)
        checked = crash_checks.ask(crash, logs)
    return checked, crash.figures


@contextmanager
def _supervised(running: Stack) -> Iterator[None]:
    """The demo's own supervisor keeps web, worker and PostgreSQL alive."""
    ended = threading.Event()

    def work() -> None:
        supervisor.supervise([running.services["web"], running.services["worker"]], until=ended.is_set)
        databases.close_all()

    thread = threading.Thread(target=work, name="supervisor", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _begin(wish: Wish, running: Stack, data: Path) -> Run:
    company = scenario.build(
        running.sandbox,
        web=running.web,
        names=["Data Engineer", "Product Designer", "Controller"],
        daily_limit=FIRST_LIMIT,
        every_seconds=EVERY_SECONDS,
        ats={"ceiling": CEILING, "visible_after": HIDDEN, "retry_scale": 1 / 300},
        options={"visible_after_seconds": SHOWS_AFTER},
        terminal=True,
    )
    _keep_nothing_back(company.linkedin)
    readers = _two_clients(company)
    crash_checks.record_second_settles()
    office = Office(running.sandbox, company, random.Random(wish.seed))
    killer = Killer(running, data, random.Random(wish.seed + 1), add=lambda: office.add(2))
    watch = Watch(running.sandbox, company.linkedin.pk, doing=lambda: killer.doing)
    crash_load.strike(running.sandbox)
    watch.start()
    return Run(wish, running, company, office, killer, watch, readers)


def _keep_nothing_back(linkedin: Connection) -> None:
    """The day's requests are there for polls, too, to the last."""
    linkedin.settings["options"]["kept_back"] = 0.0
    Connection.objects.filter(pk=linkedin.pk).update(settings=linkedin.settings)


def _two_clients(company: Company) -> list[User]:
    """The second Project is another client's; each client has a recruiter who may see only theirs."""
    other = accounts.create_client(name="Southwind", time_zone="Europe/London")
    Mapping.objects.of_everyone().filter(pk=company.mappings[1].pk).update(client=other)
    return [
        accounts.create_user(
            email=f"only-{place}@northwind.test", password=scenario.PASSWORD, role=Role.RECRUITER, clients=[client]
        )
        for place, client in enumerate((company.client, other))
    ]


def _work(run: Run) -> None:
    """People act until enough events came; strikes fall at random points of that, in a thread of their own."""
    points = _points(run.wish)
    came = 0
    killing = threading.Thread(target=lambda: _kill_all(run, points, lambda: came), name="killer", daemon=True)
    killing.start()
    while came < run.wish.events or killing.is_alive():
        came = patiently(Event.objects.count)
        patiently(lambda: _look(run))
        for _ in range(run.office.chance.randint(1, 4) if _has_room(run, came) else 0):
            run.office.act()
            time.sleep(run.office.chance.uniform(0, 0.1))
        time.sleep(0.2)
    killing.join()


def _has_room(run: Run, came: int) -> bool:
    """People go on a little, so that strikes which are left find work."""
    most = BACKLOG if came < run.wish.events else BACKLOG // 8
    return patiently(lambda: Event.objects.filter(state__in=OPEN).count()) < most


def _points(wish: Wish) -> list[int]:
    """At how many events each strike falls: anywhere between its neighbours."""
    chance = random.Random(wish.seed + 2)
    step = wish.events * 0.9 / wish.kills if wish.kills else 0
    return [int(step * (place + chance.random()) + wish.events * 0.03) for place in range(wish.kills)]


def _kill_all(run: Run, points: Sequence[int], came: Any) -> None:
    for kind, point in zip(run.killer.deck(run.wish.kills), points, strict=True):
        while came() < point:
            time.sleep(0.05)
        run.killer.strike(kind)
    connection.close()


def _look(run: Run) -> None:
    run.office.learn()
    run.office.reconsider()
    run.halts += _agree_to_halts()
    day = budgets.daily(run.company.linkedin.pk, now=clock.now())
    if day is not None and day.spent >= run.limit:
        _raise_limit(run, MORE)
    elif gates.reasons_of(gate.gate_of(run.company.linkedin.pk)) == [Reason.BUDGET]:
        _enter_limit(run)


def _agree_to_halts() -> int:
    """So many people move in so short a time that a Project is halted; somebody looks, and lets it go on."""
    halted = list(Mapping.objects.of_everyone().filter(halted_at__isnull=False).values_list("pk", flat=True))
    return sum(conflicts.agree_to_halt(mapping_id=found, actor=None, now=clock.now()) for found in halted)


def _raise_limit(run: Run, more: int) -> None:
    """LinkedIn sells some more requests, and somebody enters the new number here."""
    run.limit, run.raised = run.limit + more, run.raised + 1
    run.sandbox.act("linkedin", "settings", daily_limit=run.limit)
    _enter_limit(run)


def _enter_limit(run: Run) -> None:
    """Once more where a worker that had read the old number closed the gate after it was entered."""
    connections.change_daily_limit(connection_id=run.company.linkedin.pk, limit=run.limit, now=clock.now())


def _settle(run: Run) -> None:
    """Nothing fails any more; wait until everything that can end by itself has, and was read back."""
    for system in ("greenhouse", "linkedin"):
        run.sandbox.clear_faults(system)
    _raise_limit(run, 2000)
    run.sandbox.act("greenhouse", "settings", ceiling=2000)
    all_shows_at = clock.now() + timedelta(seconds=SHOWS_AFTER)
    end, quiet_since = time.monotonic() + SETTLES_WITHIN, time.monotonic()
    while time.monotonic() < end and time.monotonic() - quiet_since < QUIET:
        patiently(lambda: _look(run))
        if patiently(lambda: _is_busy(run, all_shows_at)):
            quiet_since = time.monotonic()
        time.sleep(0.3)
    run.figures["settled_in"] = round(time.monotonic() - end + SETTLES_WITHIN, 1)


QUIET = 6.0
"""Three polls in a row that found nothing left to do."""

OFTEN = 60
"""Seconds: a listing that is read at least so often is read once more before the run is settled."""


def _is_busy(run: Run, all_shows_at: datetime) -> bool:
    """Whether an event is open, a webhook on its way, or a listing still to be read in which all of it shows. A
    message that may have been sent waits for a person."""
    mine = Event.objects.exclude(kind__startswith="poll.")
    unsure = mine.filter(state=State.HELD, reason=Reason.UNCERTAIN).exclude(kind__startswith="notify.")
    if mine.filter(state__in=OPEN).exists() or unsure.exists():
        return True
    often = Stream.objects.filter(every_seconds__range=(1, OFTEN))
    if often.exclude(read_at__gte=all_shows_at).exists():
        return True
    profiles = often.get(connection=run.company.linkedin, name=StreamName.PROFILES)
    if profiles.read_at is None or clock.now() - profiles.read_at > timedelta(seconds=QUIET):
        return True
    return any(
        one["state"] in ("waiting", "retrying")
        for system in ("greenhouse", "linkedin")
        for one in run.sandbox.deliveries(system)
    )


LEFT_SHOWN = 20
"""Of the events that are open at the end, so many are told, the longest due first."""


def _stands(event: Event) -> str:
    """When it is due, when its mailbox is, and until when somebody has that."""
    box = event.mailbox
    return f"{event.kind} #{event.pk}: due {event.due_at}, mailbox {box.due_at}, leased until {box.lease_until}"


def _report(run: Run) -> None:
    calls = [call for name in ("greenhouse", "linkedin") for call in run.sandbox.calls(name)]
    left = Event.objects.filter(state__in=OPEN).order_by("due_at")[:LEFT_SHOWN]
    slowest = max(run.killer.back_after, key=lambda one: one[1], default=("", 0.0))
    run.figures |= {
        "events": Event.objects.count(),
        "held": dict(crash_checks.count_by("reason", State.HELD)),
        "dead": dict(crash_checks.count_by("cause", State.DEAD)),
        "dead_letters": [f"{one}: {one.detail}" for one in Event.objects.filter(state=State.DEAD)[:LEFT_SHOWN]],
        "healed": dict(Fault.objects.values_list("name", "count")),
        "people": len(run.office.people),
        "acts": sum(run.office.book.values()),
        "strikes": dict(sorted(run.killer.struck.items())),
        "slowest_back": [slowest[0], round(slowest[1], 1)],
        "limit_raised": run.raised,
        "halts_agreed_to": run.halts,
        "open": [_stands(event) for event in left.select_related("mailbox")],
        "closed_gates": list(ClosedGate.objects.values_list("gate", "reason", "detail")),
        "linkedin_calls": run.sandbox.state("linkedin")["calls_today"],
        "greenhouse_calls": len(run.sandbox.calls("greenhouse")),
        "faults_struck": sum(bool(call["fault"]) for call in calls),
    }
