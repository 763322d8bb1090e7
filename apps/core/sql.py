"""What PostgreSQL can do and Django does not name."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Aggregate, QuerySet


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
