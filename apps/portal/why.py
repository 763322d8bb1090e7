"""Why is this person not in the ATS? The answer for anybody, and the button that tries it now (R18b)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse

from apps.accounts.access import PortalRequest, requires
from apps.accounts.rights import Right
from apps.candidates import selectors as candidates
from apps.core import clock
from apps.ledger.selectors import EventRow, event_is_visible
from apps.portal import connections, shell, words
from apps.portal.words import Badge
from apps.reports import connections as reports
from apps.reports import missing
from apps.reports.missing import Answer, CandidacyAnswer, PersonAnswer, ReadingAnswer
from apps.sync import asking
from apps.sync.selectors import ReceivedRow

REFUSED: Mapping[str, str] = {
    "short link": "That is a short link. Open it in a browser and paste the address it leads to.",
    "not a person": "That LinkedIn address is a search, a company or a Project, not a person.",
    "alias of the viewer": "That address means whoever is looking at it. Paste the address of their public profile.",
    "several people": "Those are the addresses of several people. Paste one of them.",
    "not linkedin": "That is no LinkedIn address.",
}

ENDED: Mapping[str, str] = {
    "left": "They were taken out of the Project. Add them again in LinkedIn, and they come again.",
    "rejected": "They were rejected. Adding them to the Project again starts anew.",
    "closed": "The job was closed.",
    "deleted": "They were deleted in the ATS. No reading brings them back.",
    "erased": "They were erased on request. No reading brings them back.",
}


@requires(Right.VIEW)
def why(request: PortalRequest) -> HttpResponse:
    """Show where somebody is, and else what stands between them and the ATS; HTMX asks for the answer alone."""
    now, text = clock.now(), shell.search_text(request)
    found = missing.explain(scope=request.scope, text=text, now=now)
    context = {
        "text": text,
        "may_sync": request.user.may(Right.DECIDE),
        "verdict": _verdict(found, text),
        "people": [_person(one, now) for one in found.people],
        "more_people": found.more_people,
        "received": [_received(one, found, now) for one in found.received],
        "elsewhere": [*_indexed(found), *_buried(found, now)],
        "checks": _checks(found, now),
        "readings": [_reading(one, now) for one in found.readings],
        "known": found.known,
        "next": request.get_full_path(),
    }
    template = "portal/why.html#answer" if request.htmx else "portal/why.html"
    return shell.page(request, template, context)


@requires(Right.DECIDE, methods=("POST",), visible=candidates.candidate_is_visible)
def sync_person(request: PortalRequest, person_id: UUID) -> HttpResponse:
    """Read one person again in both systems and try again what stopped."""
    steps = asking.sync_person(person_id=person_id, scope=request.scope, asked_by=request.user, now=clock.now())
    if steps:
        shell.toast(request, f"On its way: {words.plural(steps, 'step')}. Reload in a few seconds.")
    else:
        messages.warning(request, "There is nothing to read of them: no profile in LinkedIn and no record in the ATS.")
    return HttpResponseRedirect(shell.way_back(request))


@requires(Right.DECIDE, methods=("POST",), visible=event_is_visible)
def sync_received(request: PortalRequest, event_id: int) -> HttpResponse:
    """Read somebody again whom LinkedIn showed and who became no candidate."""
    if asking.sync_received(event_id=event_id, asked_by=request.user.pk, now=clock.now()):
        shell.toast(request, "Read again with one request to LinkedIn. Reload in a few seconds.")
    else:
        messages.warning(request, "This event is not about somebody in a Project.")
    return HttpResponseRedirect(shell.way_back(request))


@requires(Right.DECIDE, methods=("POST",), visible=reports.connection_is_visible)
def read_now(request: PortalRequest, connection_id: UUID) -> HttpResponse:
    """Bring the reading of LinkedIn forward."""
    now = clock.now()
    at = asking.read_now(connection_id=connection_id, now=now)
    said = words.moment(at, now=now)
    if at == now:
        shell.toast(request, "LinkedIn is read now. Whoever was added appears in a few seconds.")
    elif said:
        messages.warning(request, f"It was read within the last minute. The next reading: {said.text}.")
    else:
        messages.warning(request, "Nobody is read from this connection.")
    return HttpResponseRedirect(shell.way_back(request))


def _verdict(found: Answer, text: str) -> Badge | None:
    """The answer in one line: the icon, the word, and what it means."""
    if not text:
        return None
    if any(one.missing for one in found.people):
        return Badge("warn", "warn", "Not everywhere they are wanted", "see what stopped them below")
    if found.people and any(each.state == "in_ats" for one in found.people for each in one.candidacies):
        return Badge("ok", "check-circle", "They are in the ATS")
    if found.people:
        return Badge("mute", "dash", "Known, and in no job now")
    if found.received:
        return Badge("warn", "pause", "Seen in LinkedIn, and not brought over")
    if found.buried:
        return Badge("mute", "dash", "Kept out for good")
    if found.indexed:
        return Badge("info", "info", "In the ATS, but in no Project")
    if found.refused:
        return Badge("warn", "warn", "Not the address of a person")
    return Badge("info", "search", "Never received from LinkedIn", "here is what can be the cause")


def _person(one: PersonAnswer, now: datetime) -> dict[str, Any]:
    row = one.person
    return {
        "id": row.id,
        "name": row.name,
        "href": reverse("portal:candidate", args=[row.id]),
        "headline": row.headline,
        "missing": one.missing,
        "sync": reverse("portal:sync_person", args=[row.id]),
        "lines": [_candidacy(each, row.system, now) for each in one.candidacies],
    }


def _candidacy(one: CandidacyAnswer, system: str, now: datetime) -> dict[str, Any]:
    badge, said = _standing(one, system, now)
    return {
        "badge": badge,
        "where": f"{one.candidacy.mapping}, for {one.candidacy.job}",
        "client": one.candidacy.client,
        "said": said,
        "at": words.moment(one.candidacy.in_ats_at or one.candidacy.added_at, now=now),
        "href": reverse("portal:event", args=[one.event.id]) if one.event else "",
    }


def _standing(one: CandidacyAnswer, system: str, now: datetime) -> tuple[Badge, str]:
    row, event = one.candidacy, one.event
    if one.state == "in_ats":
        since = words.moment(row.in_ats_at, now=now)
        arrived = f"since {since.text}, " if since else ""
        return Badge("ok", "check-circle", "There"), f"In {system} {arrived}at {row.ats_stage or 'its first stage'}."
    if one.state == "ended":
        said = ENDED.get(row.ended_because, f"Their candidacy ended: {words.phrase(row.ended_because)}.")
        return Badge("mute", "dash", "Ended", words.phrase(row.ended_because)), said
    if event is None:
        said = "Nothing is on its way for them. Sync them now, and they are read and planned afresh."
        return Badge("warn", "warn", "Nothing planned"), said
    badge = words.state_badge(state=event.state, reason=event.reason, cause=event.cause, due_at=event.due_at)
    return badge, event.detail or _next_step(event, now)


def _next_step(event: EventRow, now: datetime) -> str:
    due = words.moment(event.due_at, now=now)
    return f"It is next in its line: {due.text}." if due else "It is next in its line."


def _received(one: ReceivedRow, found: Answer, now: datetime) -> dict[str, Any]:
    event = one.event
    return {
        "name": one.name or one.profile_id,
        "project": found.projects.get(one.project, one.project),
        "stage": one.stage,
        "badge": words.state_badge(state=event.state, reason=event.reason, cause=event.cause, due_at=event.due_at),
        "said": event.detail or _next_step(event, now),
        "at": words.moment(event.arrived_at, now=now),
        "href": reverse("portal:event", args=[event.id]),
        "sync": reverse("portal:sync_received", args=[event.id]),
    }


def _indexed(found: Answer) -> list[tuple[Badge, str, str]]:
    said = (
        "No Project of yours has them, so nothing is kept in step. Add them to a mapped Project, and they are linked."
    )
    return [(Badge("info", "link", "In the ATS"), f"Candidate {one}", said) for one in found.indexed]


def _buried(found: Answer, now: datetime) -> list[tuple[Badge, str, str]]:
    lines = []
    for one in found.buried:
        at = words.moment(one.at, now=now)
        where = f"from the job {one.job}" if one.job else "altogether"
        said = f"No reading brings them back {at.text if at else ''}: only a person here can."
        lines.append((Badge("mute", "dash", words.phrase(one.why).capitalize()), f"Taken out {where}", said))
    return lines


def _reading(one: ReadingAnswer, now: datetime) -> dict[str, Any]:
    line = connections.line_of(one.row, now=now)
    return {
        "name": line.name,
        "href": line.href,
        "health": line.health,
        "closed_for": line.closed_for,
        "read": words.moment(one.read_at, now=now),
        "next": words.moment(one.next_at, now=now),
        "act": reverse("portal:read_now", args=[one.row.id]),
    }


def _checks(found: Answer, now: datetime) -> list[dict[str, Any]]:
    """Each thing that can stand between somebody and the ATS, and how it stands now."""
    checks = []
    if found.refused:
        text = REFUSED.get(found.refused, f"That address names no person: {found.refused}.")
        checks.append(_check("warn", "warn", "The address", text))
    for name in found.index_incomplete:
        text = f"{name}’s people are still being read for the first time. Nobody is created there before that ends."
        checks.append(_check("warn", "running", "The index is not complete", text))
    if not found.live:
        text = "No mapping within your clients is live, so nobody is brought over at all."
        checks.append(_check("warn", "mapping", "No mapping is live", text, reverse("portal:mappings"), "Mappings"))
    if found.stopped:
        names = words.listed([f"{one.project} ({_why_stopped(one)})" for one in found.stopped[:5]])
        more = f", and {len(found.stopped) - 5} more" if len(found.stopped) > 5 else ""
        text = f"Whoever is in one of these waits or is left out: {names}{more}."
        checks.append(_check("warn", "pause", "Mappings that do not run", text, reverse("portal:mappings"), "Mappings"))
    if found.unmapped:
        feeds = words.plural(found.unmapped, "active Project feeds", "active Projects feed")
        text = f"{feeds} no job. Their people stay in LinkedIn."
        checks.append(_check("warn", "mapping", "A Project without a mapping", text))
    checks.append(
        _check(
            "mute",
            "person",
            "Another name",
            "LinkedIn may show them under another name. Open their profile there, copy its address and ask again.",
        )
    )
    checks.append(
        _check(
            "mute",
            "search",
            "Only found, not added",
            "People in a search or a talent pool are not in a Project: somebody has to add them to it.",
        )
    )
    return checks


def _why_stopped(one: Any) -> str:
    if one.halted_at:
        return "halted"
    return f"job {one.job_status}" if one.state in missing.LIVE else str(one.state)


def _check(tone: str, icon: str, title: str, text: str, href: str = "", link: str = "") -> dict[str, Any]:
    return {"tone": tone, "icon": icon, "title": title, "text": text, "href": href, "link": link}
