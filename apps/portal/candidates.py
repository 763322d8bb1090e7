"""Candidates: the list, and one person with both stages and what happened."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone

from apps.accounts.access import PortalRequest, requires
from apps.accounts.rights import Right
from apps.candidates import known, selectors
from apps.candidates.selectors import CandidacyRow, CandidateRow, ProfileRow, TransitionRow
from apps.core import clock
from apps.ledger import selectors as ledger
from apps.ledger.selectors import EventRow
from apps.mappings.selectors import MappingRow, get_mapping
from apps.portal import evidence, shell, words
from apps.portal.words import Badge, Moment
from apps.reports import links

ONLY = {"": "What happened", "stages": "Stages", "events": "Every event"}
NOISE = ("echo", "already_true", "stale")
"""Reasons for which nothing happened; they are among every event."""


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a candidacy: what was seen there, what is wanted there, what both agreed on."""

    where: str
    note: str
    observed: str
    since: Moment | None
    desired: str
    agreed: str


@dataclass(frozen=True, slots=True)
class CandidacyLine:
    mapping: str
    job: str
    client: str
    linkedin: str
    ats: str
    badge: Badge
    added: Moment | None
    in_ats: Moment | None
    lag: str
    application: str
    conflict: str
    sides: tuple[Side, ...]


@dataclass(frozen=True, slots=True)
class CandidateLine:
    id: UUID
    href: str
    name: str
    headline: str
    system: str
    first_seen: Moment | None
    candidacies: tuple[CandidacyLine, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One entry of the timeline."""

    at: datetime
    time: Moment
    tone: str
    icon: str
    title: str
    tag: str
    text: str
    href: str


@requires(Right.VIEW)
def candidate_list(request: PortalRequest) -> HttpResponse:
    """Show people, newest first, searched by the address; HTMX asks for the rows alone."""
    now, text = clock.now(), shell.search_text(request)
    mapping = _mapping(request)
    found = selectors.list_candidates(
        scope=request.scope,
        text=text,
        mapping_id=mapping.id if mapping else None,
        before=request.GET.get("before", ""),
    )
    within = {"mapping": mapping.id} if mapping else {}
    stops = ledger.list_stops(scope=request.scope, subjects=[_subject(row.id) for row in found.rows])
    context = {
        "lines": [_line(row, now, stops.get(_subject(row.id))) for row in found.rows],
        "text": text,
        "mapping": mapping,
        "without_mapping": "?" + urlencode({"q": text} if text else {}),
        "why": f"{reverse('portal:why')}?{urlencode({'q': text})}" if text else reverse("portal:why"),
        "without_text": "?" + urlencode(within),
        "older": "?" + urlencode({"q": text, **within, "before": found.older}) if found.older else "",
        "paged": "before" in request.GET,
    }
    template = "portal/candidates.html#people" if request.htmx else "portal/candidates.html"
    return shell.page(request, template, context)


@requires(Right.VIEW, visible=selectors.candidate_is_visible)
def candidate_detail(request: PortalRequest, person_id: UUID) -> HttpResponse:
    """Show one person: the stages now, the identities, the timeline."""
    now = clock.now()
    found = selectors.get_candidate(scope=request.scope, person_id=person_id)
    if found is None:
        raise Http404
    events = ledger.list_subject_events(scope=request.scope, subject=_subject(person_id))
    stops = ledger.list_stops(scope=request.scope, subjects=[_subject(person_id)])
    stages = [_moved(one, now) for one in found.transitions]
    every = [_happened(one, now) for one in events]
    telling = [_happened(one, now) for one in events if one.reason not in NOISE]
    kinds = {"": stages + telling, "stages": stages, "events": every}
    only = request.GET.get("only", "")
    steps = kinds.get(only, kinds[""])
    context = {
        "line": _line(found.row, now, stops.get(_subject(person_id))),
        "pill": _pill(found.row),
        "lead": _lead(found.row, now),
        "remote_id": found.row.remote_id,
        "ats_link": links.link_to_person(
            connection_id=found.row.connection_id,
            remote_id=found.row.remote_id,
            application_id=next((one.application_id for one in found.row.candidacies if one.application_id), ""),
        ),
        "may_sync": request.user.may(Right.DECIDE) and found.row.state == "active",
        "log": f"{reverse('portal:events')}?{urlencode({'q': found.row.remote_id or found.row.name})}",
        "identities": [
            (evidence.KINDS[one.kind], evidence.plain(one.seen_as), evidence.known(one, now))
            for one in found.identities
            if one.kind != known.ATS_ID or one.value != found.row.remote_id
        ],
        "profiles": [
            {"project": profile.project, "address": profile.url, "href": _outside(profile.url)}
            for one in found.row.candidacies
            for profile in one.profiles
            if not profile.removed
        ],
        "tabs": [(f"?only={key}" if key else "?", label, len(kinds[key]), key == only) for key, label in ONLY.items()],
        "days": _days(steps, now),
    }
    return shell.page(request, "portal/candidate.html", context)


def _mapping(request: PortalRequest) -> MappingRow | None:
    """The mapping that the address narrows to; one that the reader may not see, or none, narrows nothing."""
    try:
        wanted = UUID(request.GET.get("mapping", ""))
    except ValueError:
        return None
    return get_mapping(scope=request.reach, mapping_id=wanted)


def _subject(person_id: UUID) -> str:
    return f"person:{person_id}"


def _line(row: CandidateRow, now: datetime, stop: EventRow | None) -> CandidateLine:
    return CandidateLine(
        id=row.id,
        href=reverse("portal:candidate", args=[row.id]),
        name=row.name,
        headline=row.headline,
        system=row.system,
        first_seen=words.moment(row.first_seen_at, now=now),
        candidacies=tuple(_candidacy(one, row.system, now, stop) for one in row.candidacies),
    )


def _candidacy(one: CandidacyRow, system: str, now: datetime, stop: EventRow | None) -> CandidacyLine:
    lag = (one.in_ats_at - one.added_at).total_seconds() if one.in_ats_at else None
    return CandidacyLine(
        mapping=one.mapping,
        job=one.job,
        client=one.client,
        linkedin=one.linkedin_stage,
        ats=one.ats_stage,
        badge=_agreement(one, stop),
        added=words.moment(one.added_at, now=now),
        in_ats=words.moment(one.in_ats_at, now=now),
        lag=words.duration(lag),
        application=one.application_id,
        conflict=one.conflict,
        sides=(_ats_side(one, system, now), *(_linkedin_side(each, now) for each in one.profiles)),
    )


def _ats_side(one: CandidacyRow, system: str, now: datetime) -> Side:
    agreed = next((each.agreed_ats for each in one.profiles if each.agreed_ats), "")
    return Side(
        where=system,
        note=f"application {one.application_id}" if one.application_id else "no application yet",
        observed=one.ats_stage,
        since=words.moment(one.ats_changed_at, now=now),
        desired=one.ats_desired if one.ats_desired != one.ats_stage else "",
        agreed=agreed,
    )


def _linkedin_side(one: ProfileRow, now: datetime) -> Side:
    version = f", by map version {one.agreed_version}" if one.agreed_version else ""
    return Side(
        where="LinkedIn",
        note=f"{one.project}, taken out" if one.removed else one.project,
        observed=one.stage or "no stage of its own",
        since=words.moment(one.changed_at, now=now) if one.stage else None,
        desired=one.desired if one.desired != one.stage else "",
        agreed=f"{one.agreed_linkedin}{version}" if one.agreed_linkedin else "",
    )


def _agreement(one: CandidacyRow, stop: EventRow | None) -> Badge:
    """Say how the two sides stand; what stopped for the person is not on its way."""
    if one.state == "ended":
        return Badge("mute", "dash", "Ended", words.phrase(one.ended_because))
    if one.conflict:
        return Badge("warn", "warn", "Conflict", "for a person")
    if one.application_id and one.is_told and not stop:
        return Badge("ok", "check", "In the ATS", "LinkedIn is told")
    if one.application_id and one.agrees:
        return Badge("ok", "check", "Agree")
    if stop:
        return words.state_badge(state=stop.state, reason=stop.reason, cause=stop.cause, due_at=stop.due_at)
    if not one.application_id:
        return Badge("info", "clock", "On its way")
    return Badge("info", "running", "Being brought in step")


def _pill(row: CandidateRow) -> Badge | None:
    if row.state != "active":
        return Badge("mute", "dash", words.phrase(row.state).capitalize())
    conflicts = sum(bool(one.conflict) for one in row.candidacies)
    return Badge("warn", "warn", words.plural(conflicts, "conflict")) if conflicts else None


def _lead(row: CandidateRow, now: datetime) -> str:
    seen = words.moment(row.first_seen_at, now=now)
    known = (
        f"Known since {seen.text}, "
        if seen and not seen.text.endswith(("ago", "now"))
        else f"First seen {seen.text}, "
        if seen
        else ""
    )
    said = f"{known}in {words.plural(len(row.candidacies), 'mapping')}."
    return f"{row.headline}. {said}" if row.headline else said


def _moved(one: TransitionRow, now: datetime) -> Step:
    before = f"From {one.from_stage}, for {one.job}." if one.from_stage else f"For {one.job}."
    return Step(
        at=one.at,
        time=_clock(one.at, now),
        tone="",
        icon="right",
        title=one.to_stage,
        tag=one.system,
        text=before,
        href=reverse("portal:event", args=[one.event_id]),
    )


def _happened(one: EventRow, now: datetime) -> Step:
    at = one.settled_at or one.arrived_at
    kind = words.kind_of(one.kind)
    badge = words.state_badge(state=one.state, reason=one.reason, cause=one.cause, due_at=one.due_at)
    small = f", {badge.small}" if badge.small else ""
    return Step(
        at=at,
        time=_clock(at, now),
        tone="" if badge.tone == "mute" else badge.tone,
        icon=kind.icon if badge.tone == "ok" else badge.icon,
        title=kind.word,
        tag=f"{badge.word}{small}",
        text=one.detail,
        href=reverse("portal:event", args=[one.id]),
    )


def _clock(at: datetime, now: datetime) -> Moment:
    said = words.log_time(at, now=now)
    return Moment(f"{timezone.localtime(at):%H:%M:%S}", said.iso, said.title)


def _days(steps: Iterable[Step], now: datetime) -> list[dict[str, Any]]:
    newest = sorted(steps, key=lambda step: step.at, reverse=True)
    today = timezone.localtime(now).date()
    days = []
    for day, found in groupby(newest, key=lambda step: timezone.localtime(step.at).date()):
        days.append({"name": "Today" if day == today else f"{day:%A} {day.day} {day:%B}", "steps": list(found)})
    return days


def _outside(address: str) -> str:
    """Link only what is plainly a web address: profiles are typed by people."""
    if address.startswith("https://"):
        return address
    return f"https://{address}" if address.startswith(("linkedin.com/", "www.linkedin.com/")) else ""
