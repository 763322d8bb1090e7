"""Functions of PostgreSQL that Django does not name."""

from __future__ import annotations

from django.db.models import Aggregate


class Percentile(Aggregate):
    """The nearest-rank percentile of a column: `Percentile(0.95, "took")`; None of nothing."""

    function = "PERCENTILE_DISC"
    template = "%(function)s(%(share)s) WITHIN GROUP (ORDER BY %(expressions)s)"

    def __init__(self, share: float, column: str) -> None:
        super().__init__(column, share=float(share))
