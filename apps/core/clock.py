"""Time. App time may be stepped by a driver; leases, deadlines and sockets always use real time."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

STEPPED_BY = "SYNCPORTAL_CLOCK_FILE"
"""Names a file that holds an ISO time: app time stands still at it until the driver writes another."""


def real_now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


def now() -> datetime:
    """App time: the wall clock, or the moment the driver stepped to."""
    path = os.environ.get(STEPPED_BY)
    if not path:
        return real_now()
    return datetime.fromisoformat(Path(path).read_text(encoding="ascii").strip())


def step_to(moment: datetime) -> None:
    """Move app time. Raises KeyError where the clock is not stepped."""
    target = Path(os.environ[STEPPED_BY])
    fresh = target.with_suffix(".next")
    fresh.write_text(moment.astimezone(UTC).isoformat(), encoding="ascii")
    fresh.replace(target)


def is_stepped() -> bool:
    """Whether app time stands still until somebody moves it."""
    return bool(os.environ.get(STEPPED_BY))
