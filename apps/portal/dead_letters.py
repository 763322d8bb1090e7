"""Dead letters: by what they have in common, and what can be done with one, many, all of a cause or of a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from apps.accounts.access import PortalRequest, requires
from apps.accounts.rights import Right
from apps.core import clock
from apps.ledger.letters import Letters
from apps.portal import rows, shell, words
from apps.portal.words import Badge, Moment
from apps.reports import dead_letters as reports
from apps.reports.dead_letters import GroupRow, RunRow
from apps.sync import letters as sync
from apps.sync import replay_runs

NO_CAUSE = "none"

MOST_TICKED = 500
"""Letters that one form names by number; for more there is the whole group."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What the address asks for; times are as written there."""

    cause: str = ""
    kind: str = ""
    system: UUID | None = None
    since: str = ""
    until: str = ""
    before: int | None = None
    after: int | None = None

    @property
    def group(self) -> tuple[str, str, str]:
        return self.cause, self.kind, str(self.system or "")

    @property
    def any(self) -> bool:
        return bool(self.cause or self.kind or self.system or self.since or self.until)

    def values(self, **changes: Any) -> dict[str, str]:
        """These filters by name, with changes; cursors are left behind."""
        own = {"cause": self.cause, "kind": self.kind, "system": self.system, "from": self.since, "until": self.until}
        return {name: str(value) for name, value in {**own, **changes}.items() if value}

    def query(self, **changes: Any) -> str:
        return f"?{urlencode(self.values(**changes))}"

    def letters(self, ids: tuple[int, ...] | None = None) -> Letters:
        cause = "" if self.cause == NO_CAUSE else self.cause
        return Letters(
            cause=cause if self.cause else None,
            kind=self.kind,
            connection=self.system,
            died_from=_time(self.since),
            died_until=_time(self.until),
            ids=ids,
        )


@dataclass(frozen=True, slots=True)
class Shown:
    """A group of letters as it is listed."""

    title: str
    said: str
    count: str
    last: Moment | None
    href: str
    current: bool


@requires(Right.VIEW)
def letter_list(request: PortalRequest) -> HttpResponse:
    """Show the groups, and the letters of the one that the address names."""
    now, filters = clock.now(), read(request.GET)
    groups = reports.list_groups(
        scope=request.scope, letters=Filters(since=filters.since, until=filters.until).letters()
    )
    total = sum(one.group.count for one in groups)
    page = reports.list_letters(
        scope=request.scope, letters=filters.letters(), before=filters.before, after=filters.after
    )
    meant = sum(one.group.count for one in groups if _fits(one, filters))
    context = {
        "lead": _lead(total, bool(filters.since or filters.until)),
        "groups": [_group(one, filters, now) for one in groups],
        "everything": filters.query(cause="", kind="", system=""),
        "lines": [rows.line_of(row, now=now) for row in page.rows],
        "title": _title(groups, filters),
        "meant": words.number(meant),
        "meant_count": meant,
        "more_than_most": words.number(sync.MOST) if meant > sync.MOST else "",
        "filtered": filters.any,
        "since": filters.since,
        "until": filters.until,
        "fields": filters.values(),
        "kept": {name: value for name, value in filters.values().items() if name not in ("from", "until")},
        "older": filters.query(before=page.older) if page.older else "",
        "newer": filters.query(after=page.newer) if page.newer else "",
        "going": [going(one) for one in reports.list_going(scope=request.scope)],
        "tabs": tabs("letters"),
        "may_operate": request.user.may(Right.OPERATE),
    }
    return shell.page(request, "portal/dead_letters.html", context)


@requires(Right.OPERATE, methods=("POST",))
def preview(request: PortalRequest) -> HttpResponse:
    """Begin the preview of a replay of the letters that were ticked, or of all that fit."""
    filters, letters = _meant(request)
    if letters is None:
        return _nobody_ticked(request, filters)
    try:
        run = sync.preview(
            letters=letters, title=_run_title(request, filters), scope=request.scope, by=request.user, now=clock.now()
        )
    except (sync.NothingChosen, replay_runs.NothingToReplay):
        messages.warning(request, "None of these can be planned again any more: look at what is left.")
        return HttpResponseRedirect(_back(filters))
    return HttpResponseRedirect(reverse("portal:replay", args=[run.pk]))


@requires(Right.OPERATE, methods=("POST",))
def discard(request: PortalRequest) -> HttpResponse:
    """Discard the letters that were ticked, or all that fit, for a reason."""
    filters, letters = _meant(request)
    why = request.POST.get("why", "").replace("\0", "").strip()[:500]
    if letters is None:
        return _nobody_ticked(request, filters)
    if not why:
        messages.warning(request, "Say why: the reason stays on each letter. Nothing was discarded.")
        return HttpResponseRedirect(_back(filters))
    try:
        made = sync.discard(letters=letters, why=why, scope=request.scope, by=request.user, now=clock.now())
    except sync.NothingChosen:
        messages.warning(request, "None of these is a dead letter any more.")
        return HttpResponseRedirect(_back(filters))
    undo_at = reverse("portal:undo_discard", args=[made.pk])
    shell.toast(request, f"{words.plural(made.letters, 'letter')} discarded: {why}", undo=undo_at)
    return HttpResponseRedirect(_back(filters))


@requires(Right.OPERATE, methods=("POST",), visible=sync.discard_is_visible)
def undo_discard(request: PortalRequest, discard_id: int) -> HttpResponse:
    """Make what was discarded together dead letters again."""
    count = sync.undo(discard_id=discard_id, now=clock.now())
    if count:
        shell.toast(request, f"Taken back: {words.plural(count, 'dead letter')} to look at again.")
    else:
        messages.warning(request, "This was taken back already.")
    return HttpResponseRedirect(reverse("portal:dead_letters"))


@requires(Right.VIEW)
def discard_list(request: PortalRequest) -> HttpResponse:
    """Show what was discarded, by whom and why."""
    now = clock.now()
    context = {
        "discards": [
            {
                "id": one.id,
                "why": one.why,
                "by": one.by,
                "said": words.plural(one.letters, "letter"),
                "at": words.moment(one.made_at, now=now),
                "href": reverse("portal:discard", args=[one.id]),
            }
            for one in reports.list_discards(scope=request.scope)
        ],
        "tabs": tabs("discards"),
        "may_operate": request.user.may(Right.OPERATE),
    }
    return shell.page(request, "portal/discards.html", context)


@requires(Right.VIEW, visible=sync.discard_is_visible)
def discarded_letters(request: PortalRequest, discard_id: int) -> HttpResponse:
    """Show the letters of one discard."""
    now, filters = clock.now(), read(request.GET)
    page = reports.list_discarded(
        scope=request.scope, discard_id=discard_id, before=filters.before, after=filters.after
    )
    context = {
        "lines": [rows.line_of(row, now=now) for row in page.rows],
        "older": f"?before={page.older}" if page.older else "",
        "newer": f"?after={page.newer}" if page.newer else "",
        "undo": reverse("portal:undo_discard", args=[discard_id]),
        "tabs": tabs("discards"),
        "may_operate": request.user.may(Right.OPERATE),
    }
    return shell.page(request, "portal/discard.html", context)


def read(query: QueryDict) -> Filters:
    """The filters of an address or of a form."""
    return Filters(
        cause=_text(query, "cause"),
        kind=_text(query, "kind"),
        system=_uuid(query.get("system", "")),
        since=_written(query, "from"),
        until=_written(query, "until"),
        before=number(query.get("before", "")),
        after=number(query.get("after", "")),
    )


def number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None


def going(one: RunRow) -> dict[str, Any]:
    """A replay at work, as a notice."""
    return {
        "href": reverse("portal:replay", args=[one.id]),
        "title": one.title,
        "planning": one.state == "planning",
        "planned": one.letters - one.counts.get("waiting", 0),
        "ended": one.ended,
        "letters": one.letters,
    }


PAGES = (
    ("letters", "To look at", "dead_letters"),
    ("replays", "Replays", "replays"),
    ("discards", "Discarded", "discards"),
)


def tabs(current: str) -> list[dict[str, Any]]:
    """The views of dead letters, each with its address."""
    return [{"word": word, "href": reverse(f"portal:{name}"), "current": key == current} for key, word, name in PAGES]


def _meant(request: PortalRequest) -> tuple[Filters, Letters | None]:
    """The letters that a form means: those ticked, or all that fit its filters; None where none was ticked."""
    filters = read(request.POST)
    if request.POST.get("which") == "all":
        return filters, filters.letters()
    ids = tuple(pk for text in request.POST.getlist("letter")[:MOST_TICKED] if (pk := number(text)) is not None)
    return filters, Letters(ids=ids) if ids else None


def _nobody_ticked(request: PortalRequest, filters: Filters) -> HttpResponse:
    messages.warning(request, "No letter was chosen. Tick some first, or choose all that fit.")
    return HttpResponseRedirect(_back(filters))


def _back(filters: Filters) -> str:
    return reverse("portal:dead_letters") + (filters.query() if filters.any else "")


def _run_title(request: PortalRequest, filters: Filters) -> str:
    if request.POST.get("which") != "all":
        return "Chosen one by one"
    parts = [cause_words(filters.cause)] if filters.cause else ["All causes"]
    parts += [words.kind_of(filters.kind).word] if filters.kind else []
    parts += [f"from {filters.since.replace('T', ' ')}"] if filters.since else []
    parts += [f"until {filters.until.replace('T', ' ')}"] if filters.until else []
    return ", ".join(parts)[:200]


def cause_words(cause: str) -> str:
    return words.phrase(cause).capitalize() if cause not in ("", NO_CAUSE) else "No cause noted"


def _fits(one: GroupRow, filters: Filters) -> bool:
    group = (one.group.cause or NO_CAUSE, one.group.kind, str(one.group.connection or ""))
    return all(wanted in ("", found) for wanted, found in zip(filters.group, group, strict=True))


def _group(one: GroupRow, filters: Filters, now: datetime) -> Shown:
    group = one.group
    cause = group.cause or NO_CAUSE
    where = f", {one.system}" if one.system else ""
    return Shown(
        title=cause_words(cause),
        said=f"{words.kind_of(group.kind).word}{where}",
        count=words.number(group.count),
        last=words.moment(group.last, now=now),
        href=filters.query(cause=cause, kind=group.kind, system=group.connection or ""),
        current=filters.group == (cause, group.kind, str(group.connection or "")),
    )


def _title(groups: tuple[GroupRow, ...], filters: Filters) -> str:
    if not (filters.cause or filters.kind or filters.system):
        return "All causes"
    named = [cause_words(filters.cause)] if filters.cause else []
    named += [words.kind_of(filters.kind).word] if filters.kind else []
    named += [one.system for one in groups if filters.system and one.group.connection == filters.system][:1]
    return ", ".join(named) or "Chosen letters"


def _lead(total: int, in_time: bool) -> str:
    when = " in this time" if in_time else ""
    if not total:
        return f"Nothing failed for good{when}."
    said = words.plural(total, "event")
    return f"{said} failed for good{when}. They stay here, whole, until a person replays or discards them."


def _text(query: QueryDict, name: str) -> str:
    return query.get(name, "").replace("\0", "").strip()[:80]


def _written(query: QueryDict, name: str) -> str:
    text = query.get(name, "")
    return text if _time(text) else ""


def _time(text: str) -> datetime | None:
    """A day or a minute in the reader's zone."""
    try:
        found = parse_datetime(text) or parse_datetime(f"{text}T00:00")
    except ValueError:
        return None
    if found is None:
        return None
    return timezone.make_aware(found) if timezone.is_naive(found) else found


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


BADGES: Mapping[str, Badge] = {
    "planning": Badge("info", "running", "Being previewed"),
    "ready": Badge("mute", "clock", "Previewed, not started"),
    "running": Badge("info", "running", "Running"),
    "cancelled": Badge("warn", "pause", "Stopped"),
    "finished": Badge("ok", "check-circle", "Finished"),
}
"""A replay's states."""
