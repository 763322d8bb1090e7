"""Server time of the pages that people live in, on a large log.

Method: a database of its own with as many events as asked for, loaded by SQL: a tenth as many people, each with
a candidacy, events done, skipped, superseded and held, one attempt an event, spread over 90 days; one client.
Each page is asked for 60 times by an admin through Django's test client, in this process: middleware, view,
queries and template, without a socket, after the web process's own start. The first five, which warm caches, do
not count.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from importlib import import_module

PAGES = ("/", "/events/", "/events/?state=held", "/candidates/", "/candidates/?q=No+77", "/api/v1/events/")
ASKED, WARMING = 60, 5
AIM_MS = 200
"""Of each page's p95 (DESIGN.md, Speed)."""

PEOPLE = """
INSERT INTO candidates_person (id, connection_id, remote_id, first_name, last_name, company, title, state,
    first_seen_at)
SELECT gen_random_uuid(), %(ats)s, 'c' || n, 'Ada', 'No ' || n, '', '', 'active', now() - n %% 90 * interval '1 day'
FROM generate_series(1, %(people)s) n
"""
CANDIDACIES = """
INSERT INTO candidates_candidacy (id, client_id, person_id, job_id, mapping_id, generation, state, ended_because,
    application_id, made_by_us, ats_observed, ats_desired, ats_desired_version, ats_sent, added_at, conflict, {more})
SELECT gen_random_uuid(), %(client)s, id, %(job)s, %(mapping)s, 1, 'open', '', 'a' || remote_id, true, '10', '', 0,
    '[]', first_seen_at, '', {values}
FROM candidates_person WHERE remote_id LIKE 'c%%'
"""
MAILBOXES = """
INSERT INTO ledger_mailbox (key, handler, gate, turn, priority, claims)
SELECT 'bench:' || n, 'row', 'bench', 'bench', 20, 0 FROM generate_series(1, %(people)s) n
"""
EVENTS = """
INSERT INTO ledger_event (mailbox_id, kind, state, reason, detail, cause, priority, payload, plan, connection, clients,
    subject, hold_key, attempts, due_at, arrived_at, settled_at)
SELECT b.low + n %% %(people)s, (ARRAY['row.profile', 'hook.application', 'write.move', 'write.stage'])[1 + n %% 4],
    (ARRAY['done', 'done', 'done', 'skipped', 'superseded', 'done', 'skipped', 'done', 'done', 'held'])
        [1 + n / 7 %% 10],
    CASE n / 7 %% 10 WHEN 9 THEN 'conflict' WHEN 3 THEN 'echo' WHEN 6 THEN 'echo' ELSE '' END, 'Loaded.', '', 20,
    '{}', '{}', %(ats)s, ARRAY[%(client)s]::uuid[], 'person:' || p.ids[1 + n %% %(people)s], '', 0, at, at, at
FROM generate_series(1, %(events)s) n,
    LATERAL (SELECT now() - (%(events)s - n) * interval '90 days' / %(events)s AS at) t,
    (SELECT min(id) AS low FROM ledger_mailbox WHERE key LIKE 'bench:%%') b,
    (SELECT array_agg(id ORDER BY remote_id) AS ids FROM candidates_person WHERE remote_id LIKE 'c%%') p
"""
ATTEMPTS = """
INSERT INTO ledger_attempt (event_id, at, operation, outcome, detail, seconds, exchanges)
SELECT id, arrived_at, 'move', 'done', '', 0.1, '[]' FROM ledger_event WHERE detail = 'Loaded.'
"""


def load(*, events: int) -> None:
    """Fill the database; `events` rows in the log."""
    from django.db import connection

    from tests.portal.factories import make_world

    world = make_world("Cedar")
    with connection.cursor() as cursor:
        values = {
            "events": events,
            "people": events // 10,
            "ats": world.ats.pk,
            "client": world.client.pk,
            "job": world.mapping.job_id,
            "mapping": world.mapping.pk,
        }
        more, defaults = _others("candidates_candidacy", CANDIDACIES)
        candidacies = CANDIDACIES.replace("{more}", more).replace("{values}", defaults).replace(", )", ")")
        for statement in (PEOPLE, candidacies, MAILBOXES, EVENTS, ATTEMPTS):
            cursor.execute(statement, values)
        cursor.execute("ANALYZE")


EMPTY = {"bigint": "0", "integer": "0", "smallint": "0", "jsonb": "'[]'", "boolean": "false"}


def _others(table: str, statement: str) -> tuple[str, str]:
    """Columns that the statement does not name and that may not be null, with an empty value each."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = %s "
            "AND is_nullable = 'NO' AND column_default IS NULL",
            [table],
        )
        missing = {name: EMPTY.get(kind, "''") for name, kind in cursor.fetchall() if name not in statement}
    return ", ".join([*missing, "in_ats_at"]), ", ".join([*missing.values(), "first_seen_at"])


def measure() -> dict[str, dict[str, float]]:
    """Milliseconds of each page: p50 and p95."""
    from django.test import Client

    from apps.accounts.rights import Role
    from tests.portal.factories import make_user

    browser = Client()
    browser.force_login(make_user(Role.ADMIN))
    return {page: _times(browser, page) for page in PAGES}


def _times(browser: object, page: str) -> dict[str, float]:
    taken = []
    for _ in range(ASKED):
        began = time.perf_counter()
        answer = browser.get(page)  # type: ignore[attr-defined]
        b"".join(answer) if answer.streaming else answer.content
        taken.append((time.perf_counter() - began) * 1000)
        assert answer.status_code == 200, (page, answer.status_code)
    cuts = statistics.quantiles(taken[WARMING:], n=20)
    return {"p50_ms": round(cuts[9], 1), "p95_ms": round(cuts[18], 1)}


def main() -> int:
    """Print the method, then one JSON line; non-zero where a page is slower than the aim."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=200_000)
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
        load(events=asked.events)
        figures = measure()
    finally:
        connection.creation.destroy_test_db("postgres", verbosity=0)
    print(json.dumps({"events": asked.events, "pages": figures}))
    return int(any(one["p95_ms"] >= AIM_MS for one in figures.values()))


if __name__ == "__main__":
    sys.exit(main())
