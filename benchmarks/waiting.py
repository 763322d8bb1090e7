"""What the workers read each second, and each ten seconds, while much waits.

Method: a database of its own with the log of benchmarks.pages, a tenth of it held, and on top an import whose every
mailbox waits for its share of requests. The workers' sweep runs with the turns it takes as they come (nothing else
is due), then each part of it that grows with what waits runs by itself, 20 times, in this process. The first five,
which warm caches, do not count. Nothing is sent: no system is connected behind the rows.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from collections.abc import Callable
from importlib import import_module

RUNS, WARMING = 20, 5

IMPORTED_BOXES = """
INSERT INTO ledger_mailbox (key, handler, gate, turn, priority, due_at, claims)
SELECT 'import:' || n, 'write', %(gate)s, %(gate)s, 40, now() + interval '1 hour', 0
FROM generate_series(1, %(count)s) n
"""
IMPORTED = """
INSERT INTO ledger_event (mailbox_id, kind, state, reason, detail, cause, priority, payload, plan, connection, clients,
    subject, hold_key, attempts, due_at, arrived_at)
SELECT b.id, 'write.arrive', 'queued', '', 'Imported.', '', 40, '{}', '{}', %(ats)s, ARRAY[%(client)s]::uuid[],
    'person:' || p.ids[1 + row_number() OVER () %% array_length(p.ids, 1)], '', 0, b.due_at, now() - interval '1 hour'
FROM ledger_mailbox b, (SELECT array_agg(id ORDER BY remote_id) AS ids FROM candidates_person) p
WHERE b.key LIKE 'import:%%'
"""
HELD_APART = """
UPDATE ledger_event SET hold_key = 'candidacy:' || id WHERE state = 'held'
"""
NOT_THERE_YET = "UPDATE candidates_candidacy SET in_ats_at = NULL"


def load(*, events: int, imported: int) -> str:
    """Fill the database; the gate behind which the import waits."""
    from django.db import connection

    from apps.candidates.models import Candidacy
    from apps.sync import lanes
    from benchmarks import pages

    pages.load(events=events)
    one = Candidacy.objects.of_everyone().select_related("job").first()
    assert one is not None
    gate = lanes.connection_gate(one.job.connection_id)
    values = {"gate": gate, "count": imported, "ats": one.job.connection_id, "client": one.client_id}
    with connection.cursor() as cursor:
        for statement in (IMPORTED_BOXES, IMPORTED, HELD_APART, NOT_THERE_YET):
            cursor.execute(statement, values)
        cursor.execute("VACUUM ANALYZE")
    return gate


def parts(gate: str) -> dict[str, Callable[[], object]]:
    """What grows with what waits."""
    from apps.core import clock
    from apps.ledger import leases, retention, services, tasks
    from apps.monitoring import signals
    from apps.sync import holds

    sweepers = {
        f"sweeper: {one.__module__.removeprefix('apps.')}.{one.__name__}": lambda one=one: one(clock.now())  # type: ignore[misc]
        for one in tasks._sweepers
    }
    judges = {
        f"alarm: {judge.__name__}": lambda judge=judge: list(judge(clock.now()))  # type: ignore[misc]
        for judge in signals.JUDGES
    }
    return {
        "sweep": tasks.sweep,
        "claim": lambda: leases.claim(now=clock.now()),
        "count_bulk": lambda: leases.count_bulk(gate),
        "revive_stranded": lambda: leases.revive_stranded(now=clock.now()),
        "release_timed": lambda: services.release_timed(now=clock.now()),
        "release_overtaken": lambda: holds.release_overtaken(now=clock.now()),
        "retention": lambda: retention.step(clock.now()),
        "wake_waiters": lambda: leases.wake_waiters(now=clock.now()),
        "anything_due": tasks._anything_due,
        **sweepers,
        **judges,
    }


def measure(gate: str) -> dict[str, dict[str, float]]:
    """Milliseconds of each part: the median and the longest."""
    figures = {}
    for name, run in parts(gate).items():
        taken = []
        for _ in range(RUNS):
            began = time.perf_counter()
            run()
            taken.append((time.perf_counter() - began) * 1000)
        figures[name] = {"median_ms": round(statistics.median(taken[WARMING:]), 1), "max_ms": round(max(taken), 1)}
    return figures


def main() -> None:
    """Print the method, then one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000, help="in the log; a tenth of them held")
    parser.add_argument("--imported", type=int, default=100_000, help="people of an import that wait for their share")
    asked = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "syncportal.settings")
    os.environ.setdefault("LOG_LEVEL", "ERROR")
    import_module("syncportal.wsgi")
    from django.db import connection
    from django.test.utils import setup_test_environment

    setup_test_environment()
    print(__doc__)
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        figures = measure(load(events=asked.events, imported=asked.imported))
    finally:
        connection.creation.destroy_test_db("postgres", verbosity=0)
    print(json.dumps({"events": asked.events, "imported": asked.imported, "parts": figures}))


if __name__ == "__main__":
    main()
