"""Wake-ups. Queue messages are bells; rows are the work."""

from __future__ import annotations

from django.db import connection as database
from django_q.tasks import async_task

DRAIN = "apps.ledger.tasks.drain"
ENOUGH = 2
"""As many bells as can be of use to the workers that are idle; more would only be read and dropped."""

WAITING = f"(SELECT count(*) FROM (SELECT 1 FROM django_q_ormq WHERE lock <= now() LIMIT {ENOUGH}) bells)"
"""SQL: how many bells wait, up to ENOUGH."""


def ring(*, waiting: int | None = None) -> None:
    """Wake a worker, unless enough bells wait already; they are counted where `waiting` does not tell.
    A lost bell costs one sweep."""
    if waiting is None:
        with database.cursor() as cursor:
            cursor.execute(f"SELECT {WAITING}")
            waiting = int(cursor.fetchone()[0])
    if waiting < ENOUGH:
        async_task(DRAIN)
