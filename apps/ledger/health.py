"""Progress, written by the drain itself: a frozen cluster looks alive, so its processes prove nothing."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection as database

from apps.core import clock
from apps.ledger.models import Heartbeat


def beat(name: str) -> None:
    with database.cursor() as cursor:
        cursor.execute(
            "INSERT INTO ledger_heartbeat (name, at) VALUES (%s, %s) ON CONFLICT (name) DO UPDATE SET at = excluded.at",
            [name, clock.real_now()],
        )


TAKE_TURN = """
INSERT INTO ledger_heartbeat (name, at) VALUES (%s, %s) ON CONFLICT (name) DO UPDATE SET at = excluded.at
    WHERE ledger_heartbeat.at < %s RETURNING 1
"""


def take_turn(name: str, *, after: timedelta) -> bool:
    """Whether nobody did it for so long; then it is the caller's to do, and no one else's."""
    real = clock.real_now()
    with database.cursor() as cursor:
        cursor.execute(TAKE_TURN, [name, real, real - after])
        return cursor.fetchone() is not None


def last_progress(name: str = "drain") -> datetime | None:
    """When the drain last made a round, in real time; None before its first."""
    return Heartbeat.objects.filter(name=name).values_list("at", flat=True).first()
