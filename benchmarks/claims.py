"""Claim and settle, in order, with a large backlog.

Method: a database of its own, loaded by SQL with as many waiting events as asked for, a hundred in each mailbox, of one
gate and ten turns. Two processes, as this machine has two cores, claim, hand each batch to a handler that does nothing,
and settle, for twenty seconds: the drain's own loop. The same is done with a tenth of the backlog, to see whether it is
flat. Afterwards SQL looks for a mailbox in which an event was settled before an earlier one.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime, timedelta
from multiprocessing import get_context

import django
from django.db import connection

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "syncportal.settings")
os.environ.setdefault("LOG_LEVEL", "ERROR")
django.setup()

from apps.core import clock  # noqa: E402
from apps.ledger import drain, outcomes  # noqa: E402
from apps.ledger.leases import Claimed, Lease  # noqa: E402
from apps.ledger.models import Event  # noqa: E402
from apps.ledger.outcomes import Unit  # noqa: E402
from apps.ledger.states import State  # noqa: E402

SECONDS = 20
PROCESSES = 2
AIM = 10_000
"""Events a second (DESIGN.md, Speed)."""
IN_A_MAILBOX = 100

MAILBOXES = """
INSERT INTO ledger_mailbox (key, handler, gate, turn, priority, due_at, claims)
SELECT 'bench:' || n, 'bench', 'bench', 'bench:' || n %% 10, 20, now() - interval '1 hour', 0
FROM generate_series(1, %(boxes)s) n
"""
TURNS = "INSERT INTO ledger_turn (key, gate) SELECT 'bench:' || n, 'bench' FROM generate_series(0, 9) n"
EVENTS = """
INSERT INTO ledger_event (mailbox_id, kind, state, reason, detail, cause, priority, payload, plan, clients, subject,
    hold_key, attempts, due_at, arrived_at)
SELECT b.id, 'bench.nothing', 'queued', '', '', '', 20, '{}', '{}', '{}', '', '', 0, now() - interval '1 hour', now()
FROM generate_series(1, %(each)s) n, ledger_mailbox b WHERE b.handler = 'bench' ORDER BY n, b.id
"""


def load(*, events: int) -> None:
    """Fill the ledger with waiting events."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE ledger_event, ledger_mailbox, ledger_turn CASCADE")
        cursor.execute(MAILBOXES, {"boxes": events // IN_A_MAILBOX})
        cursor.execute(TURNS)
        cursor.execute(EVENTS, {"each": IN_A_MAILBOX})
        cursor.execute("ANALYZE")
        cursor.execute("CHECKPOINT")


OUT_OF_ORDER = """
SELECT count(*) FROM (
    SELECT state, settled_at, lag(state) OVER box AS earlier, lag(settled_at) OVER box AS before
    FROM ledger_event WINDOW box AS (PARTITION BY mailbox_id ORDER BY id)) e
WHERE settled_at < before OR (state = 'done' AND earlier <> 'done')
"""


def nothing(lease: Lease, claimed: Sequence[Claimed], *, now: datetime) -> list[Unit]:
    return [outcomes.settled(box, outcomes.done()) for box in claimed]


def work() -> tuple[int, float]:
    """Settle for SECONDS; how many events, in how many seconds."""
    connection.close()
    drain.register("bench", nothing)
    began = time.perf_counter()
    settled = drain.drain(until=clock.real_now() + timedelta(seconds=SECONDS))
    return settled, time.perf_counter() - began


def measure() -> dict[str, float]:
    """Events a second of all processes, how many rows are done, and how many were out of order."""
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("fork")) as pool:
        found = [each.result() for each in [pool.submit(work) for _ in range(PROCESSES)]]
    with connection.cursor() as cursor:
        cursor.execute(OUT_OF_ORDER)
        (wrong,) = cursor.fetchone()
    settled = sum(one for one, _ in found)
    return {
        "a_second": round(settled / max(took for _, took in found)),
        "settled": settled,
        "counted_done": Event.objects.filter(state=State.DONE).count(),
        "out_of_order": wrong,
    }


def main() -> int:
    """Print the method, then one JSON line; non-zero where it is slower than the aim or out of order."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    asked = parser.parse_args()
    print(__doc__)
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        figures = {}
        for events in (asked.events // 10, asked.events):
            load(events=events)
            connection.close()
            figures[f"{events:,} waiting"] = measure()
    finally:
        connection.creation.destroy_test_db("postgres", verbosity=0)
    print(json.dumps(figures))
    largest = figures[f"{asked.events:,} waiting"]
    return int(largest["a_second"] < AIM or any(one["out_of_order"] for one in figures.values()))


if __name__ == "__main__":
    sys.exit(main())
