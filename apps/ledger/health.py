"""Progress, written by the drain itself: a frozen cluster looks alive, so its processes prove nothing."""

from __future__ import annotations

from datetime import datetime

from django.db import connection as database

from apps.core import clock
from apps.ledger.models import Heartbeat


def beat(name: str) -> None:
    with database.cursor() as cursor:
        cursor.execute(
            "INSERT INTO ledger_heartbeat (name, at) VALUES (%s, %s) ON CONFLICT (name) DO UPDATE SET at = excluded.at",
            [name, clock.real_now()],
        )


def last_progress(name: str = "drain") -> datetime | None:
    """When the drain last made a round, in real time; None before its first."""
    return Heartbeat.objects.filter(name=name).values_list("at", flat=True).first()
