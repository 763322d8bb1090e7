"""What a connection's requests went to, what is kept for what, and what the rest of the day holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from apps.accounts.scope import Scope
from apps.connections import rules
from apps.connections import selectors as connections
from apps.connections.selectors import WindowFigures
from apps.mappings.models import Project
from apps.reports import connections as reports

HOURS = 24


@dataclass(frozen=True, slots=True)
class BudgetReport:
    """One connection's budget. `hours` are the calls of each of the last day's hours, by purpose. What counts
    every client's work is only there as a `whole`, for those who may see all of it (rule 30)."""

    name: str
    provider: str
    windows: tuple[WindowFigures, ...]
    hours: tuple[tuple[datetime, dict[str, int]], ...]
    kept: tuple[tuple[str, int], ...]
    outlook: rules.Outlook | None
    poll_seconds: float
    at_once: bool
    projects: int
    one_more: int
    whole: bool


def get_budget(*, connection_id: UUID, scope: Scope, now: datetime) -> BudgetReport | None:
    """The report, or None where the reader may not see the connection."""
    if not reports.connection_is_visible(scope=scope, connection_id=connection_id):
        return None
    connection = connections.get_connection(connection_id)
    day = connections.daily(connection_id, now=now)
    hours = connections.spending(connection_id, since=now - timedelta(hours=HOURS), now=now)
    projects = Project.objects.filter(connection=connection, active=True).count()
    return BudgetReport(
        name=connection.name,
        provider=connection.provider,
        windows=connections.budget_figures(connection_id, now=now).windows if scope.unrestricted else (),
        hours=hours if scope.unrestricted else (),
        kept=connections.kept_back(connection_id, now=now),
        outlook=connections.outlook(connection_id, now=now) if day else None,
        poll_seconds=connections.poll_delay(connection_id, now=now).total_seconds(),
        at_once=connections.may_write_now(connection_id, now=now),
        projects=projects,
        one_more=rules.cost_of_one_more(projects),
        whole=scope.unrestricted,
    )
