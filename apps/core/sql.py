"""What PostgreSQL can do and Django does not name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import Error, InterfaceError, OperationalError, connection
from django.db.models import Aggregate, QuerySet

TOO_LONG_IN_TRANSACTION = ("25P03", "25P04")
"""PostgreSQL ended the session of a process that stood still: an InternalError to psycopg, as to Django."""


def is_away(error: BaseException) -> bool:
    """Whether the database went away or ended our session: a fault of nobody's query, and nothing was committed."""
    ended = getattr(error.__cause__, "sqlstate", None) in TOO_LONG_IN_TRANSACTION
    return ended or isinstance(error, OperationalError | InterfaceError)


def is_locked(error: BaseException) -> bool:
    """Whether a row was not to be had within `waits_at_most`."""
    return getattr(error.__cause__, "sqlstate", None) == "55P03"


@contextmanager
def waits_at_most(seconds: float) -> Iterator[None]:
    """Give up on a row, by an OperationalError, that somebody else keeps locked for longer."""
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = %s", [f"{round(seconds * 1000)}ms"])
    try:
        yield
    except Error:
        connection.close()
        raise
    with connection.cursor() as cursor:
        cursor.execute("RESET lock_timeout")


class Percentile(Aggregate):
    """The nearest-rank percentile of a column: `Percentile(0.95, "took")`; None of nothing."""

    function = "PERCENTILE_DISC"
    template = "%(function)s(%(share)s) WITHIN GROUP (ORDER BY %(expressions)s)"

    def __init__(self, share: float, column: str) -> None:
        super().__init__(column, share=float(share))


def group_some(rows: QuerySet[Any, Any], by: str, *figures: str) -> list[tuple[Any, ...]]:
    """Group the rows of a limited query by one of its columns: `group_some(rows, "reason", "count(*)")`.

    Django cannot group what it has limited, and joining the limited ids back to their table reads all of it.
    """
    try:
        statement, values = rows.query.sql_with_params()
    except EmptyResultSet:
        return []
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {by}, {', '.join(figures)} FROM ({statement}) AS limited GROUP BY 1", values)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found
