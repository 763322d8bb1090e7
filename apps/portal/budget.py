"""The budget of one connection: where requests went, what is kept for what, what the day still holds."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone

from apps.accounts.access import PortalRequest, requires
from apps.accounts.rights import Right
from apps.core import clock
from apps.portal import shell, words
from apps.portal.connections import PURPOSES
from apps.reports import budget as reports
from apps.reports import connections as connection_reports
from apps.reports.budget import BudgetReport

WIDTH, HEIGHT = 680.0, 180.0
"""The chart's own units; it is stretched to its place."""


@requires(Right.VIEW, visible=connection_reports.connection_is_visible)
def budget(request: PortalRequest, connection_id: UUID) -> HttpResponse:
    """Show the spending of the last day, the forecast and the plan."""
    now = clock.now()
    found = reports.get_budget(connection_id=connection_id, scope=request.reach, now=now)
    if found is None:
        raise Http404
    context = {
        "name": found.name,
        "whole": found.whole,
        "back": reverse("portal:connection", args=[connection_id]),
        "lead": _lead(found),
        "facts": _facts(found),
        "windows": [
            {
                "name": words.phrase(one.name).capitalize(),
                "spent": words.number(one.spent),
                "limit": words.number(one.limit),
                "left": words.number(one.left),
                "resets": words.log_time(one.ends_at, now=now),
            }
            for one in found.windows
        ],
        "kept": [
            {"purpose": _purpose(purpose), "calls": words.number(calls)} for purpose, calls in found.kept if calls
        ],
    }
    return shell.page(request, "portal/connection_budget.html", context | _chart(found))


def _lead(found: BudgetReport) -> str:
    seen = found.outlook
    if seen is None:
        return "This system has no daily limit. Its short windows are kept by pacing."
    if not found.whole:
        return "The 15-minute promise holds." if seen.promise_holds else "Candidates will be later than 15 minutes."
    if not seen.promise_holds:
        lacking = f"{seen.left} requests are left and {seen.needed_slow} are needed"
        return f"{lacking}: candidates will be later than 15 minutes."
    if seen.spent_at is not None:
        at = f"{timezone.localtime(seen.spent_at):%H:%M}"
        return (
            f"At the pace of the last hour stage moves are late from {at}. From there on they travel with polls only."
        )
    if not seen.office_pace_holds:
        return "The rest of the day is polled more slowly than every 5 minutes; the 15-minute promise holds."
    return "The day’s requests last: every poll to come has its request, and a write that may go with it."


def _facts(found: BudgetReport) -> list[tuple[str, str]]:
    minutes = f"{words.duration(found.poll_seconds)} minutes"
    facts = [("Next polls", f"every {minutes}")]
    facts.append(("Stage moves", "at once" if found.at_once else "with the next poll, all in one request"))
    seen = found.outlook
    if seen is None:
        return facts
    if not found.whole:
        return [*facts, ("15-minute promise", "holds" if seen.promise_holds else "does not hold")]
    facts.append(("Left for the plan", words.plural(seen.left, "request")))
    facts.append(("Needed until the reset", f"{seen.needed} at the office’s pace, {seen.needed_slow} at 15 minutes"))
    facts.append(("15-minute promise", "holds" if seen.promise_holds else "does not hold"))
    cost = f"{words.plural(found.one_more, 'request')} a day" if found.one_more else "nothing: all travel together"
    facts.append(("One more Project", f"{cost} ({words.number(found.projects)} now)"))
    return facts


def _chart(found: BudgetReport) -> dict[str, Any]:
    totals = [(hour, sum(calls.values()), calls) for hour, calls in found.hours]
    most = max([1, *(total for _, total, _ in totals)])
    width = WIDTH / max(1, len(totals))
    bars = [
        {
            "x": round(place * width + width * 0.15, 1),
            "y": round(HEIGHT - HEIGHT * total / most, 1),
            "width": round(width * 0.7, 1),
            "height": round(HEIGHT * total / most, 1),
        }
        for place, (_, total, _) in enumerate(totals)
    ]
    purposes = sorted({purpose for _, _, calls in totals for purpose in calls})
    largest = max(totals, key=lambda one: one[1], default=None)
    said = "No request was made in the last day."
    if largest is not None and largest[1]:
        said = f"The busiest hour began at {_hour(largest[0])} with {words.plural(largest[1], 'request')}."
    return {
        "bars": bars,
        "scale": [words.number(most), words.number(most // 2), "0"],
        "hours": [_hour(totals[place][0]) for place in range(0, len(totals), 6)],
        "label": said,
        "any": any(total for _, total, _ in totals),
        "purposes": [_purpose(one) for one in purposes],
        "rows": [
            {"hour": _hour(hour), "total": total, "calls": [calls.get(one, 0) for one in purposes]}
            for hour, total, calls in reversed(totals)
            if total
        ],
    }


def _purpose(name: str) -> str:
    return PURPOSES.get(name, words.phrase(name).capitalize())


def _hour(at: datetime) -> str:
    return f"{timezone.localtime(at):%a %H:00}"
