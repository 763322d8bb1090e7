"""Overview: what needs a person, the figures that matter, what just happened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone

from apps.accounts.access import PortalRequest, requires
from apps.accounts.rights import Right
from apps.core import clock
from apps.ledger.selectors import COUNTED_TO
from apps.ledger.states import State
from apps.portal import connections, rows, shell, words
from apps.portal.words import Moment
from apps.reports import selectors as reports
from apps.reports.rules import Bucket
from apps.reports.selectors import Dashboard, LagFigures

WIDTH, HEIGHT = 680, 180
"""The chart's own units; it is stretched to its place."""

SCALES = (60, 300, 1200, 3600, 6 * 3600, 24 * 3600)
"""Seconds that the chart may reach: the smallest that holds the largest value."""

ON_CONFLICTS = ("conflict", "halt")
FOR_PEOPLE = ("duplicate", "person", "mapping", "drift")
"""Reasons that nothing but a decision ends: those of the conflicts page, and the others."""


@dataclass(frozen=True, slots=True)
class Need:
    tone: str
    icon: str
    title: str
    text: str
    at: Moment | None
    href: str
    action: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Paths in chart units, axis words, and the finding in a sentence."""

    p95: str
    median: str
    band: str
    limits: tuple[tuple[float, str], ...]
    scale: tuple[str, ...]
    hours: tuple[str, ...]
    label: str


@requires(Right.VIEW)
def overview(request: PortalRequest) -> HttpResponse:
    """Show the overview; HTMX asks for its figures alone."""
    now = clock.now()
    context = _context(reports.get_dashboard(scope=request.scope, now=now, reach=request.reach), now)
    context |= {"live": request.GET.get("live") != "off", "swapped": bool(request.htmx)}
    template = "portal/dashboard.html#live" if request.htmx else "portal/dashboard.html"
    return shell.page(request, template, context)


def _context(found: Dashboard, now: datetime) -> dict[str, Any]:
    dead = found.counts[State.DEAD]
    oldest = words.moment(found.oldest_waiting, now=now)
    held = [f"{words.number(count)} {words.reason_words(reason)}" for reason, count in _largest(found.held)]
    return {
        "today": f"{timezone.localtime(now):%A %d %B, %H:%M}",
        "lead": _lead(found),
        "needs": _needs(found, now),
        "waiting": words.number(found.waiting, capped_at=COUNTED_TO),
        "waiting_note": f"Oldest {oldest.text}" if oldest else "Nothing waits",
        "held": words.number(found.counts[State.HELD], capped_at=COUNTED_TO),
        "held_note": ", ".join(held[:2]) or "Nothing is held",
        "dead": words.number(dead, capped_at=COUNTED_TO),
        "dead_href": _dead_letters(),
        "dead_note": words.plural(len(found.dead), "cause") if dead else "None",
        "lag": words.duration(found.lag.p95),
        "lag_note": f"Median {words.duration(found.lag.median)}, largest {words.duration(found.lag.largest)}",
        "lag_count": found.lag.count,
        "budget": connections.daily_budget(found.connections),
        "chart": _chart(found.lag),
        "buckets": [_bucket(one) for one in found.lag.buckets if one.count],
        "connections": [connections.line_of(one, now=now) for one in found.connections],
        "recent": [rows.line_of(row, now=now) for row in found.recent],
    }


def _lead(found: Dashboard) -> str:
    if not found.lag.count and not found.waiting:
        return "Nothing was written yet. People appear here within 5 minutes of joining a mapped Project."
    waits = f"{words.plural(found.waiting, 'event waits', 'events wait')}" if found.waiting else "Nothing waits"
    if not found.lag.count:
        return f"{waits}."
    late = sum(one.late for one in found.lag.buckets)
    share = 100 * (found.lag.count - late) / found.lag.count
    share_text = f"{share:.1f}".rstrip("0").rstrip(".")
    last = words.plural(found.lag.count, "write")
    return f"Of the last {last}, {share_text} % landed within 5 minutes. {waits}."


def _needs(found: Dashboard, now: datetime) -> list[Need]:
    needs = [
        Need(
            badge.tone,
            badge.icon,
            f"{one.name}: {badge.word.lower()} {badge.small}".strip(),
            f"{words.plural(one.waiting, 'event waits', 'events wait')} in order. Nothing is lost.",
            words.moment(one.health.at, now=now),
            reverse("portal:connection", args=[one.id]),
            "Open",
        )
        for one in found.connections
        if (badge := words.health_badge(one.health, now=now)).tone in ("bad", "warn")
    ]
    if found.dead:
        total = sum(one.count for one in found.dead)
        largest = found.dead[0]
        title = f"{words.plural(total, 'dead letter')} from {words.plural(len(found.dead), 'cause')}"
        said = f"The largest group: {words.number(largest.count)} by “{words.phrase(largest.cause)}”."
        oldest = min(one.oldest for one in found.dead)
        href = _dead_letters()
        needs.append(Need("bad", "dead", title, said, words.moment(oldest, now=now), href, "Open"))
    log = f"{reverse('portal:events')}?state={State.HELD}"
    decided_there = {reason: found.held[reason] for reason in ON_CONFLICTS if found.held.get(reason)}
    needs += _decisions(decided_there, shell.address_of("conflicts", log))
    needs += _decisions({one: found.held[one] for one in FOR_PEOPLE if found.held.get(one)}, log)
    return needs


def _decisions(held: dict[str, int], href: str) -> list[Need]:
    """What waits for people on one page; nothing where nothing does."""
    if not held:
        return []
    title = f"{words.plural(sum(held.values()), 'event waits', 'events wait')} for a decision"
    said = ", ".join(f"{words.number(count)} by “{words.reason_words(reason)}”" for reason, count in held.items())
    return [Need("warn", "pause", title, f"{said}.", None, href, "Open")]


def _dead_letters() -> str:
    return shell.address_of("dead_letters", f"{reverse('portal:events')}?state={State.DEAD}")


def _largest(counts: Any) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda one: -one[1])


def _bucket(one: Bucket) -> dict[str, Any]:
    return {
        "at": f"{timezone.localtime(one.starts_at):%H:%M:%S}",
        "count": words.number(one.count),
        "median": words.duration(one.median),
        "p95": words.duration(one.p95),
        "late": words.number(one.late),
    }


def _chart(lag: LagFigures) -> Chart | None:
    filled = [(place, one) for place, one in enumerate(lag.buckets) if one.p95 is not None]
    if len(filled) < 2:
        return None
    top = next((scale for scale in SCALES if scale >= max(one.p95 or 0 for _, one in filled)), SCALES[-1])
    step = WIDTH / (len(lag.buckets) - 1)
    p95 = [(place * step, _height(one.p95, top)) for place, one in filled]
    median = [(place * step, _height(one.median, top)) for place, one in filled]
    limits = ((reports.LIMIT, "15 min, the limit"), (reports.PROMISE, "5 min, the promise"))
    return Chart(
        p95=_path(p95),
        median=_path(median),
        band=f"{_path(p95)} {_path(median[::-1]).replace('M', 'L', 1)} Z",
        limits=tuple((round(_height(value, top), 1), said) for value, said in limits if value < top),
        scale=tuple(_scale_word(top * part / 4) for part in (4, 3, 2, 1, 0)),
        hours=tuple(f"{timezone.localtime(one.starts_at):%H:%M:%S}" for one in lag.buckets[::6]),
        label=(
            f"Lag of the last {lag.count} writes. The 95th percentile is {words.duration(lag.p95)}, "
            f"the median {words.duration(lag.median)}, the largest {words.duration(lag.largest)} minutes."
        ),
    )


def _height(value: float | None, top: float) -> float:
    return HEIGHT * (1 - min(value or 0.0, top) / top)


def _path(points: Sequence[tuple[float, float]]) -> str:
    return "M" + " L".join(f"{x:.1f} {y:.1f}" for x, y in points)


def _scale_word(seconds: float) -> str:
    if seconds >= 7200:
        return f"{seconds / 3600:g} h"
    return f"{seconds / 60:g} min" if seconds > 60 else f"{seconds:g} s"
