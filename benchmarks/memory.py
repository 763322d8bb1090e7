"""The memory of a worker over many events, with recycling off.

Method: one process runs the drain's own loop, as a worker of the cluster does, and is never replaced. 200 people are in
step, in Greenhouse's sandbox and here. For as many rounds as it takes a delivery is stored for each of their
applications, as the receiver stores it, and the loop works them off: read again over HTTP in batches, planned, settled.
After every twentieth part Python's garbage is collected and the process's resident set is read. The first two parts are
warming up; flat is where the last part's set is at most 3 % above the third's.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import sys
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path

from apps.demo import stack

EVENTS = 100_000
PARTS, WARM = 20, 2
PEOPLE = 200
FLAT = 1.03
ACTION = "bench"
PAGE_MB = os.sysconf("SC_PAGE_SIZE") / 1_000_000
EVERY_SECONDS = {"profiles": 5, "people": 86400, "applications": 86400, "jobs": 86400}


def resident() -> float:
    """Megabytes of this process that are in memory."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * PAGE_MB


def measure(events: int) -> dict[str, object]:
    """Work them all off; the resident set after each part, and how many a second."""
    from apps.core import clock
    from apps.ledger import drain
    from apps.ledger import services as ledger
    from apps.ledger.models import Event
    from apps.ledger.states import OPEN
    from apps.providers.contract import Hook, HookKind
    from apps.sync import deliveries
    from benchmarks import company

    with stack.running() as running:
        made = company.start(running, every_seconds=EVERY_SECONDS)
        in_step = company.bring_in(running.sandbox, made, PEOPLE, within=300)
        running.services["worker"].kill()
        applications = [str(found) for found in in_step.values()]
        part, number, began = events // PARTS, 0, time.monotonic()
        sets: list[float] = []
        for _ in range(PARTS):
            for _ in range(part):
                number += 1
                application = applications[number % PEOPLE]
                hook = Hook(HookKind.APPLICATION, ACTION, str(number), application_id=application)
                ledger.append(deliveries.event_of(made.ats.pk, hook), now=clock.now())
            while Event.objects.filter(kind="hook.application", state__in=OPEN).exists():
                drain.drain(until=clock.real_now() + timedelta(seconds=30))
            gc.collect()
            sets.append(round(resident(), 1))
            print(f"{number:7,} events: {sets[-1]} MB", flush=True)
        settled = Event.objects.filter(kind="hook.application", payload__action=ACTION).exclude(state__in=OPEN)
        ends = Counter(settled.values_list("state", flat=True))
    return {
        "events": number,
        "ends": dict(ends),
        "megabytes": sets,
        "a_second": round(number / (time.monotonic() - began)),
    }


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.memory", description="A worker's memory.")
    parser.add_argument("--events", type=int, default=EVENTS)
    asked = parser.parse_args()
    print(__doc__, flush=True)
    with stack.own_database("memory"):
        figures = measure(asked.events)
    print(json.dumps(figures))
    sets = figures["megabytes"]
    return int(sets[-1] > FLAT * sets[WARM])  # type: ignore[index]


if __name__ == "__main__":
    sys.exit(main())
