"""Wake-ups. Queue messages are bells; rows are the work."""

from __future__ import annotations

from django.db import connection as database
from django_q.tasks import async_task

DRAIN = "apps.ledger.tasks.drain"
WAITING_BELLS = 2
"""As many as can be of use to the workers that are idle; more would only be read and dropped."""


def ring() -> None:
    """Wake a worker, unless enough bells wait already. A lost bell costs one sweep."""
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM (SELECT 1 FROM django_q_ormq WHERE lock <= now() LIMIT %s) b", [WAITING_BELLS]
        )
        if cursor.fetchone()[0] < WAITING_BELLS:
            async_task(DRAIN)
