"""Asking a database that is killed now and then."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from django.db import Error, connection

from apps.core import sql

T = TypeVar("T")

GIVES_UP = 60.0


def patiently(ask: Callable[[], T], *, seconds: float = GIVES_UP) -> T:
    """What `ask` answers, asked again while the database is away. Raises its error after `seconds`."""
    end = time.monotonic() + seconds
    while True:
        try:
            return ask()
        except Error as error:
            connection.close()
            if not sql.is_away(error) or time.monotonic() > end:
                raise
            time.sleep(0.2)
