"""Duplicates: who may be one person, side by side with what speaks for and against, for a recruiter to decide."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse

from apps.accounts.access import PortalRequest, requires
from apps.accounts.rights import Right
from apps.candidates import questions
from apps.candidates.known import KnownRow
from apps.candidates.questions import FoundRow, QuestionRow
from apps.core import clock
from apps.portal import evidence, shell, words
from apps.providers import contract, registry
from apps.reports import links
from apps.sync import duplicates

SHOWN = 100
"""A queue that is longer than this is worked off from its beginning."""

CHOICES = (("company", "Works at"), ("title", "Title"))
"""The fields that are written into the ATS, and so may be chosen."""


@requires(Right.VIEW)
def question_list(request: PortalRequest) -> HttpResponse:
    """Show what waits, and the first of it side by side."""
    return _page(request, None)


@requires(Right.VIEW, visible=questions.is_visible)
def question(request: PortalRequest, question_id: UUID) -> HttpResponse:
    """Show one question; one that was answered meanwhile gives way to the next."""
    return _page(request, question_id)


@requires(Right.VIEW)
def decided_list(request: PortalRequest) -> HttpResponse:
    """Show what was decided lately, by whom, and take it back."""
    now = clock.now()
    rows = questions.list_decided(scope=request.scope, now=now)
    lines = [
        {
            "name": one.name,
            "href": reverse("portal:candidate", args=[one.person_id]),
            "said": one.said,
            "by": one.by or "somebody who has left",
            "at": words.moment(one.at, now=now),
            "same": one.state == "same",
            "undo": reverse("portal:undo_duplicate", args=[one.id]),
        }
        for one in rows
    ]
    context = {"lines": lines, "waiting": questions.count_open(scope=request.scope), "may_decide": _may(request)}
    return shell.page(request, "portal/duplicates_decided.html", context)


@requires(Right.DECIDE, methods=("POST",), visible=questions.is_visible)
def decide(request: PortalRequest, question_id: UUID) -> HttpResponse:
    """Take one of four answers, and go on with the next question."""
    verdict, now, actor = request.POST.get("verdict", ""), clock.now(), request.user.pk
    after = _next(request, question_id)
    if verdict == "unsure":
        duplicates.say_unsure(duplicate_id=question_id, scope=request.scope, now=now)
        shell.toast(request, "Put behind the others. What waits for the answer goes on waiting.")
        return HttpResponseRedirect(after)
    made = _decide(request, question_id, verdict, actor, now)
    if made is None:
        messages.warning(request, "Choose whom they are first.")
        return HttpResponseRedirect(reverse("portal:duplicate", args=[question_id]))
    if not made:
        messages.warning(request, "Somebody decided it meanwhile.")
        return HttpResponseRedirect(reverse("portal:duplicates"))
    shell.toast(request, SAID[verdict], undo=reverse("portal:undo_duplicate", args=[question_id]))
    return HttpResponseRedirect(after)


SAID = {
    "link": "One person: they are tied together here.",
    "merge": "One person. The two records are being merged; how it went stands under Decided.",
    "by_hand": "One person. Now merge the two records in the ATS: it is followed from there.",
    "apart": "Two people: this is not asked again.",
}


def _decide(request: PortalRequest, question_id: UUID, verdict: str, actor: int, now: datetime) -> bool | None:
    if verdict == "apart":
        return duplicates.say_apart(duplicate_id=question_id, scope=request.scope, actor=actor, now=now)
    chosen = request.POST.get("remote_id", "")
    if verdict not in ("link", "merge", "by_hand") or not chosen:
        return None
    kept = request.POST.get("keep", "") or chosen
    take = [name for name, _ in CHOICES if name in request.POST.getlist("take")]
    try:
        return duplicates.say_same(
            duplicate_id=question_id,
            remote_id=chosen,
            take=take,
            keep=kept if verdict == "merge" else "",
            scope=request.scope,
            actor=actor,
            now=now,
        )
    except duplicates.NotOneOfThem:
        return None


@requires(Right.DECIDE, methods=("POST",), visible=questions.is_visible)
def undo(request: PortalRequest, question_id: UUID) -> HttpResponse:
    """Take a decision back, as far as nothing was made of it."""
    if duplicates.undo(duplicate_id=question_id, scope=request.scope, actor=request.user.pk, now=clock.now()):
        shell.toast(request, "Taken back as far as it can be; what stays is said with the question.")
    else:
        messages.warning(request, "There was nothing to take back.")
    return HttpResponseRedirect(shell.way_back(request) if request.POST.get("next") else reverse("portal:duplicates"))


def _may(request: PortalRequest) -> bool:
    return request.user.may(Right.DECIDE)


def _next(request: PortalRequest, question_id: UUID) -> str:
    """The question after this one, else the first."""
    ids = questions.list_open(scope=request.scope)
    later = ids[ids.index(question_id) + 1 :] if question_id in ids else ()
    return reverse("portal:duplicate", args=[later[0]]) if later else reverse("portal:duplicates")


def _page(request: PortalRequest, question_id: UUID | None) -> HttpResponse:
    now = clock.now()
    rows = questions.list_lines(scope=request.scope, limit=SHOWN)
    ids = [one.id for one in rows]
    current = question_id or next(iter(ids), None)
    shown = questions.get_question(scope=request.scope, question_id=current) if current else None
    if question_id is not None and shown is None:
        messages.warning(request, "That question is answered.")
        return HttpResponseRedirect(reverse("portal:duplicates"))
    total = questions.count_open(scope=request.scope)
    context = {
        "lead": _lead(total),
        "waiting": total,
        "lines": [
            {
                "name": one.name,
                "where": f"LinkedIn and {one.system}" if not one.in_ats else f"two records in {one.system}",
                "unsure": one.unsure,
                "at": words.moment(one.asked_at, now=now),
                "href": reverse("portal:duplicate", args=[one.id]),
                "current": one.id == current,
            }
            for one in rows
        ],
        "pair": _pair(shown, now) if shown else None,
        "place": f"{ids.index(current) + 1} of {total}" if current in ids else "",
        **_ways(ids, current),
        "may_decide": _may(request),
    }
    return shell.page(request, "portal/duplicates.html", context)


def _ways(ids: Sequence[UUID], current: UUID | None) -> dict[str, str]:
    """The addresses before and after, for J and K."""
    if current not in ids:
        return {"before": "", "after": ""}
    place = ids.index(current)
    before = ids[place - 1] if place else None
    after = ids[place + 1] if place + 1 < len(ids) else None
    return {
        "before": reverse("portal:duplicate", args=[before]) if before else "",
        "after": reverse("portal:duplicate", args=[after]) if after else "",
    }


def _lead(total: int) -> str:
    if not total:
        return "Nobody waits for a decision."
    waits = "One person waits" if total == 1 else f"{words.number(total)} people wait"
    return f"{waits} for a decision; nothing is written of them before. What is decided is not asked again."


def _pair(one: QuestionRow, now: datetime) -> dict[str, Any]:
    ids = [one.remote_id, *(each.id for each in one.found)]
    addresses = links.links_to_people(connection_id=one.connection_id, remote_ids=ids)
    found = [_found(each, addresses[each.id], now) for each in one.found]
    merge = registry.all_providers()[one.provider].capabilities.merge
    return {
        "id": one.id,
        "name": one.name,
        "href": reverse("portal:candidate", args=[one.person_id]),
        "decide": reverse("portal:decide_duplicate", args=[one.id]),
        "system": one.system,
        "mark": words.mark_of(one.provider),
        "url": one.url,
        "remote_id": one.remote_id,
        "seen_in": f"{one.system} {one.remote_id}" if one.remote_id else "LinkedIn",
        "ats_link": addresses[one.remote_id],
        "found": found,
        "several": len(found) > 1,
        "rows": [_row(name, label, one) for name, label in CHOICES],
        "identifiers": _identifiers(one, now),
        "candidacies": _candidacies(one.candidacies),
        "record": _record(one.record, now),
        "two_records": bool(one.remote_id),
        "merges": contract.is_there(merge) and bool(one.remote_id),
        "merging": merge.why if isinstance(merge, contract.Limited) else "",
        "said": one.said,
        "asked_at": words.moment(one.asked_at, now=now),
    }


def _row(name: str, label: str, one: QuestionRow) -> dict[str, Any]:
    seen = getattr(one.seen, name)
    theirs = [(each.id, str(each.facts.get(name, ""))) for each in one.found]
    differs = bool(seen) and any(value and value != seen for _, value in theirs)
    return {"name": name, "label": label, "seen": seen, "found": theirs, "differs": differs}


def _identifiers(one: QuestionRow, now: datetime) -> list[dict[str, Any]]:
    """A row for each kind of identifier that one of them has; what both have is marked."""
    sides = [one.known, *(each.known for each in one.found)]
    bearers = Counter((row.kind, row.value) for side in sides for row in {(r.kind, r.value): r for r in side}.values())
    rows = []
    for kind, label in evidence.KINDS.items():
        shown = [
            [_identifier(row, now, shared=bearers[kind, row.value] > 1) for row in side if row.kind == kind]
            for side in sides
        ]
        if any(shown):
            ids = [each.id for each in one.found]
            rows.append({"label": label, "seen": shown[0], "found": list(zip(ids, shown[1:], strict=True))})
    return rows


def _identifier(row: KnownRow, now: datetime, *, shared: bool) -> dict[str, Any]:
    return {"text": evidence.plain(row.seen_as), "note": evidence.known(row, now), "shared": shared}


def _found(each: FoundRow, ats_link: str, now: datetime) -> dict[str, Any]:
    name = f"{each.facts.get('first_name', '')} {each.facts.get('last_name', '')}".strip()
    return {
        "id": each.id,
        "name": name or "no name known yet",
        "href": reverse("portal:candidate", args=[each.person_id]) if each.person_id else "",
        "ats_link": ats_link,
        "candidacies": _candidacies(each.candidacies),
        "record": _record(each.record, now),
        "evidence": [evidence.say(part) for part in each.components],
        "score": f"{round(each.score * 100)} %",
        "by_identifier": any(part["sign"] in evidence.IDENTIFIERS for part in each.components),
    }


SHOWN_NOTES = 2
"""The newest notes stand open, the others behind a word."""


def _record(record: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """What the ATS has of one of them; not read yet where there is nothing at all."""
    notes = [
        {"text": one["text"], "at": words.moment(datetime.fromisoformat(one["at"]), now=now) if one["at"] else None}
        for one in record.get("notes", ())
    ]
    return {
        "read": bool(record),
        "applications": [
            {
                "text": f"{one['job']} ({one['stage']})" if one["stage"] else one["job"],
                "at": words.moment(datetime.fromisoformat(one["made_at"]), now=now),
            }
            for one in record.get("applications", ())
        ],
        "notes": notes[:SHOWN_NOTES],
        "older": notes[SHOWN_NOTES:],
        "more": record.get("more_notes", 0),
    }


def _candidacies(rows: Sequence[Any]) -> list[str]:
    said = []
    for one in rows:
        stages = [part for part in (one.linkedin_stage, one.ats_stage) if part]
        where = f"{one.job} ({', '.join(stages)})" if stages else one.job
        said.append(f"{where}, ended" if one.state == "ended" else where)
    return said
