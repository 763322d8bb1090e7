"""Pilots: start one, read its evidence row by row, take it live."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone

from apps.accounts.access import PortalRequest, requires
from apps.accounts.rights import Right
from apps.core import clock
from apps.portal import shell, words
from apps.portal.words import Badge
from apps.reports import csvs, verdicts
from apps.reports import pilots as reports
from apps.reports.pilots import PilotReport, PilotRow
from apps.reports.verdicts import Case, Cause, Fate, Outcome
from apps.sync import pilots as services
from apps.sync.going_live import NotPossible
from apps.sync.pilots import Criteria

OUTCOMES: Mapping[Outcome, Badge] = {
    Outcome.RUNNING: Badge("info", "pilot", "Running, on course"),
    Outcome.FAILING: Badge("bad", "warn", "Running, missed"),
    Outcome.PASSED: Badge("ok", "check-circle", "Passed"),
    Outcome.FAILED: Badge("bad", "warn", "Failed"),
}

FATES: Mapping[Fate, Badge] = {
    Fate.SHOWN: Badge("ok", "check-circle", "In time"),
    Fate.LATE: Badge("bad", "warn", "Late"),
    Fate.MISSING: Badge("bad", "warn", "Not there"),
    Fate.WAITING: Badge("info", "clock", "On the way"),
    Fate.GONE: Badge("mute", "dash", "Left before"),
    Fate.NOTHING: Badge("mute", "check", "Nothing to write"),
    Fate.OVERTAKEN: Badge("mute", "dash", "Moved on before"),
}

CAUSES: Mapping[Cause, str] = {
    Cause.BUDGET: "requests had run out",
    Cause.OUTAGE: "a system was down",
    Cause.TOKEN: "a connection had to be reconnected",
    Cause.MAPPING: "the stage map had no row for it",
    Cause.PERSON: "it waited for a person’s decision",
    Cause.PAUSED: "it was paused here",
    Cause.SYSTEM: "an answer was lost, or the ATS was still being read",
    Cause.UNKNOWN: "nothing that is kept explains it",
}

SHOWN = 500
"""Rows of each table on the page; the CSV has all."""

WAYS = {"linkedin": "LinkedIn to the ATS", "ats": "the ATS to LinkedIn"}


@requires(Right.VIEW)
def pilot_list(request: PortalRequest) -> HttpResponse:
    """Show the pilots, and start one."""
    now = clock.now()
    may_operate = request.user.may(Right.OPERATE)
    context = {
        "pilots": [_head(one, now) for one in reports.list_pilots(scope=request.scope)],
        "may_operate": may_operate,
        "startable": reports.list_choices(scope=request.scope) if may_operate else (),
        "usual": Criteria(),
        "longest": services.LONGEST_TIME.days,
        "chosen": request.GET.get("mapping", ""),
    }
    return shell.page(request, "portal/pilots.html", context)


@requires(Right.OPERATE, methods=("POST",))
def start(request: PortalRequest) -> HttpResponse:
    """Start a pilot of one mapping."""
    criteria = Criteria(
        days=_number(request, "days"), minutes=_number(request, "minutes"), late_allowed=_number(request, "late")
    )
    offered = {str(one.id): one.id for one in reports.list_choices(scope=request.scope)}
    wanted = offered.get(request.POST.get("mapping", ""))
    if wanted is None or min(criteria.days, criteria.minutes, criteria.late_allowed) < 0:
        messages.warning(request, "Choose a mapping, and give days, minutes and how many may be late as whole numbers.")
        return HttpResponseRedirect(reverse("portal:pilots"))
    try:
        pilot = services.start(
            mapping_id=wanted, criteria=criteria, scope=request.scope, actor=request.user.pk, now=clock.now()
        )
    except NotPossible as problem:
        messages.warning(request, str(problem))
        return HttpResponseRedirect(reverse("portal:pilots"))
    shell.toast(request, "The pilot runs. Whoever joins the Project from now on counts.")
    return HttpResponseRedirect(reverse("portal:pilot", args=[pilot.pk]))


@requires(Right.VIEW, visible=reports.pilot_is_visible)
def pilot(request: PortalRequest, pilot_id: UUID) -> HttpResponse:
    """Show a pilot's verdict with its evidence; the page prints as a report."""
    now = clock.now()
    found = _report(request, pilot_id, now)
    row = found.row
    may_operate = request.user.may(Right.OPERATE)
    context = {
        "pilot": _head(row, now),
        "cannot": row.cannot,
        "outcome": OUTCOMES[found.verdict.outcome],
        "criteria": _criteria(found),
        "causes": [(CAUSES[one], count) for one, count in sorted(found.causes.items(), key=lambda one: -one[1])],
        "days": found.days,
        "arrivals": [{**_case(one.case, now), **_person(one.person_id, one.name)} for one in found.arrivals[:SHOWN]],
        "more_arrivals": max(0, len(found.arrivals) - SHOWN),
        "changes": [
            {**_case(one.case, now), **_person(one.person_id, one.name), "before": one.before, "after": one.after}
            for one in found.changes[:SHOWN]
        ],
        "more_changes": max(0, len(found.changes) - SHOWN),
        "duplicates": [
            {**_person(one.person_id, one.name), "at": words.moment(one.asked_at, now=now), "decided": one.decided}
            for one in found.duplicates
        ],
        "may_operate": may_operate,
        "open": row.live_at is None and row.stopped_at is None,
        "others": reports.list_choices(scope=request.scope) if may_operate else (),
        "made": f"{timezone.localtime(now):%d %b %Y, %H:%M}",
    }
    return shell.page(request, "portal/pilot.html", context)


@requires(Right.VIEW, visible=reports.pilot_is_visible)
def evidence(request: PortalRequest, pilot_id: UUID) -> HttpResponseBase:
    """Every row as CSV: the candidates, or the stage changes."""
    found = _report(request, pilot_id, clock.now())
    if request.GET.get("of") == "changes":
        names = ["person", "side", "from", "to", "changed_at", "written_at", "seconds", "outcome", "cause"]
        return csvs.stream("pilot-changes", names, _change_cells(found))
    names = ["person", "added_at", "in_ats_at", "seconds", "outcome", "cause"]
    return csvs.stream("pilot-candidates", names, _arrival_cells(found))


@requires(Right.OPERATE, methods=("POST",), visible=reports.pilot_is_visible)
def stop(request: PortalRequest, pilot_id: UUID) -> HttpResponse:
    """End a pilot; its mapping pauses."""
    if services.stop(pilot_id=pilot_id, scope=request.reach, now=clock.now()):
        shell.toast(request, "The pilot has ended and its mapping is paused. What comes meanwhile waits in order.")
    else:
        messages.warning(request, "This pilot had ended already.")
    return HttpResponseRedirect(reverse("portal:pilot", args=[pilot_id]))


@requires(Right.OPERATE, methods=("POST",), visible=reports.pilot_is_visible)
def go_live(request: PortalRequest, pilot_id: UUID) -> HttpResponse:
    """Take the pilot's mapping live, with those that were ticked."""
    offered = {str(one.id): one.id for one in reports.list_choices(scope=request.reach)}
    others = [offered[one] for one in request.POST.getlist("mapping") if one in offered]
    done = services.go_live(pilot_id=pilot_id, others=others, scope=request.reach, now=clock.now())
    if done.done:
        shell.toast(request, f"{words.plural(done.done, 'mapping is', 'mappings are')} live.")
    for why in done.refused:
        messages.warning(request, why)
    return HttpResponseRedirect(reverse("portal:pilot", args=[pilot_id]))


def _report(request: PortalRequest, pilot_id: UUID, now: datetime) -> PilotReport:
    found = reports.get_report(scope=request.reach, pilot_id=pilot_id, now=now)
    if found is None:
        raise Http404
    return found


def _number(request: PortalRequest, name: str) -> int:
    """A whole number of the form; below zero where it is none."""
    text = request.POST.get(name, "").strip()
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 5 else -1


def _head(one: PilotRow, now: datetime) -> dict[str, Any]:
    local = timezone.localtime
    return {
        "id": one.id,
        "href": reverse("portal:pilot", args=[one.id]),
        "mapping_href": reverse("portal:mapping", args=[one.mapping_id]),
        "project": one.project,
        "job": one.job,
        "client": one.client,
        "ats": one.ats,
        "span": f"{local(one.starts_at):%d %b} to {local(one.ends_at):%d %b %Y}",
        "minutes": one.minutes,
        "late_allowed": one.late_allowed,
        "by": one.by,
        "state": _state(one, now),
        "ends": words.moment(one.ends_at, now=now),
        "over": one.over(now),
    }


def _state(one: PilotRow, now: datetime) -> Badge:
    if one.live_at is not None:
        return Badge("ok", "check-circle", "Went live")
    if one.stopped_at is not None:
        return Badge("mute", "dash", "Stopped")
    if one.over(now):
        return Badge("warn", "clock", "Over: decide")
    return Badge("info", "pilot", f"Day {(now - one.starts_at).days + 1} of {(one.ends_at - one.starts_at).days}")


def _criteria(found: PilotReport) -> list[dict[str, Any]]:
    """Each of the three with whether it is met, and its figures."""
    row, verdict = found.row, found.verdict
    arrived = [one.case for one in found.arrivals]
    changed = [one.case for one in found.changes]
    ways = [f"{_count(changed, side)} {way}" for side, way in WAYS.items()]
    made = words.plural(len(found.duplicates), "person", "people")
    return [
        _criterion(f"Every candidate is in the ATS within {row.minutes} minutes", verdict.arrivals_hold, arrived),
        {**_criterion("Stages go both ways, in the same time", verdict.changes_hold, changed), "more": ", ".join(ways)},
        {
            "title": "Nobody is made twice",
            "met": verdict.duplicates_hold,
            "said": "No duplicate was made" if not found.duplicates else f"{made} made twice, or perhaps",
            "more": "",
        },
    ]


def _count(cases: list[Case], side: str) -> int:
    return sum(one.fate in verdicts.COUNTED and one.side == side for one in cases)


def _criterion(title: str, met: bool, cases: list[Case]) -> dict[str, Any]:
    counted = sum(one.fate in verdicts.COUNTED for one in cases)
    late = sum(one.is_breach for one in cases)
    lags = sorted(one.lag for one in cases if one.lag is not None)
    largest = f"the longest took {words.duration(lags[-1].total_seconds())}" if lags else ""
    said = f"{counted - late} of {counted} in time" if counted else "None yet"
    return {"title": title, "met": met, "open": met and not counted, "said": said, "more": largest}


def _case(one: Case, now: datetime) -> dict[str, Any]:
    return {
        "began": words.log_time(one.began, now=now),
        "shown": words.log_time(one.shown, now=now) if one.shown is not None else None,
        "lag": words.duration(one.lag.total_seconds()) if one.lag is not None else "",
        "badge": FATES[one.fate],
        "cause": CAUSES[one.cause] if one.cause is not None else "",
        "side": "LinkedIn" if one.side == "linkedin" else "the ATS",
    }


def _person(person_id: UUID, name: str) -> dict[str, Any]:
    return {"person": name or "Somebody", "href": reverse("portal:candidate", args=[person_id])}


def _arrival_cells(found: PilotReport) -> Iterator[dict[str, Any]]:
    for one in found.arrivals:
        times = {"added_at": _iso(one.case.began), "in_ats_at": _iso(one.case.shown)}
        yield {"person": one.name, **times, **_cells(one.case)}


def _change_cells(found: PilotReport) -> Iterator[dict[str, Any]]:
    for one in found.changes:
        case = one.case
        yield {
            "person": one.name,
            "side": case.side,
            "from": one.before,
            "to": one.after,
            "changed_at": _iso(case.began),
            "written_at": _iso(case.shown),
            **_cells(case),
        }


def _cells(case: Case) -> dict[str, Any]:
    seconds = round(case.lag / timedelta(seconds=1), 1) if case.lag is not None else None
    return {"seconds": seconds, "outcome": case.fate.value, "cause": case.cause.value if case.cause else ""}


def _iso(at: datetime | None) -> str:
    return at.isoformat(timespec="seconds") if at is not None else ""
