"""Take a LinkedIn connection to a new contract: sign in there, look at who is matched, and move. For admins."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.debug import sensitive_variables

from apps.accounts.access import PortalRequest, requires
from apps.accounts.rights import Right
from apps.connections import authorize, pending, readings, trials
from apps.connections.authorize import Granted
from apps.connections.moving import NewCredential
from apps.connections.trials import Account, Tried, Wanted
from apps.core import clock
from apps.portal import connect_consent, shell, words
from apps.portal.words import Badge
from apps.reports import connections as reports
from apps.sync import contract_moves, contract_reports, joins
from apps.sync.contract_moves import Target
from apps.sync.contract_reports import MoveReport, Named

MOVE = "move"
"""In what a consent was asked for, and the place in the session where a choice of contracts waits."""

BADGES = {
    "reading": Badge("info", "running", "Reading the new contract"),
    "ready": Badge("warn", "clock", "Waits for your word"),
    "moving": Badge("info", "running", "Moving"),
    "done": Badge("ok", "check-circle", "Moved"),
    "cancelled": Badge("mute", "close", "Cancelled"),
    "failed": Badge("bad", "warn", "Given up"),
}

LISTS = (
    ("project_missing", "Projects that are not there", "Their mappings are paused. Map each to the Project it is now."),
    ("person_missing", "People who are not there", "They stay in the ATS as they are, and are followed again if they "
     "are added to their Project there."),
    ("seat_missing", "Seats that are not there", "Nobody there bears the name, or several do."),
    ("person_fresh", "People who are there only", "Those in a mapped Project come into the ATS as anybody new does: "
     "looked up before they are created."),
    ("project_fresh", "Projects that are there only", "They wait on the Mappings page."),
)  # fmt: skip


@requires(Right.ADMINISTER, methods=("GET", "POST"), visible=reports.connection_is_visible)
def move_contract(request: PortalRequest, connection_id: UUID) -> HttpResponse:
    """Explain, show what was read, and take the word for it; HTMX asks how far it is."""
    found = reports.get_connection(scope=request.reach, connection_id=connection_id, now=clock.now())
    if found is None:
        raise Http404
    if found.capabilities.role != "sourcing" or found.capabilities.publishes:
        return HttpResponseRedirect(reverse("portal:connection", args=[connection_id]))
    report = contract_reports.newest_move(connection_id)
    if request.method == "POST":
        return _act(request, connection_id, report)
    accounts = _choices(request, connection_id)
    context = {
        "name": found.row.name,
        "system": found.capabilities.name,
        "account": found.remote_name,
        "back": reverse("portal:connection", args=[connection_id]),
        "here": reverse("portal:move_contract", args=[connection_id]),
        "mappings": found.mappings,
        "accounts": accounts,
        "move": _shown(report) if report else None,
        "starts": not accounts and not (report and report.open),
    }
    if request.htmx:
        return shell.page(request, "portal/contract_move.html#move", context)
    page = shell.page(request, "portal/contract_move.html", context)
    page["Cache-Control"] = "no-store"
    return connect_consent.allow_form_to(page, *_sign_in_pages(request, connection_id))


def _act(request: PortalRequest, connection_id: UUID, report: MoveReport | None) -> HttpResponse:
    now, here = clock.now(), HttpResponseRedirect(reverse("portal:move_contract", args=[connection_id]))
    match request.POST.get("do", ""):
        case "sign-in":
            return _sign_in(request, connection_id)
        case "choose":
            return _choose(request, connection_id)
        case "go" if report is not None:
            if not contract_moves.go(move_id=report.id, now=now):
                messages.warning(request, "There is nothing that waits for your word.")
        case "cancel" if report is not None:
            if contract_moves.cancel(move_id=report.id, actor_id=request.user.pk, now=now):
                shell.toast(request, "Cancelled. The connection goes on with its old contract.")
            else:
                messages.warning(request, "It cannot be cancelled any more.")
    return here


def _sign_in(request: PortalRequest, connection_id: UUID) -> HttpResponse:
    try:
        asked = authorize.for_reconnect(
            connection_id=connection_id, redirect_uri=connect_consent.redirect_uri(request), entered={MOVE: True}
        )
        return HttpResponseRedirect(authorize.begin(session=request.session, asked=asked, now=clock.now()))
    except authorize.NotAuthorized as refusal:
        return _back(request, connection_id, str(refusal))


def _sign_in_pages(request: PortalRequest, connection_id: UUID) -> tuple[str, ...]:
    try:
        uri = connect_consent.redirect_uri(request)
        return (authorize.page_of(authorize.for_reconnect(connection_id=connection_id, redirect_uri=uri)),)
    except authorize.NotAuthorized:
        return ()


@sensitive_variables("granted", "wanted", "tried")
def signed_in(request: PortalRequest, granted: Granted, connection_id: UUID) -> HttpResponse:
    """Back from the sign-in page: see which contracts the consent is for, and begin with the one that is new."""
    wanted = Wanted(
        provider=granted.asked.provider,
        secret=granted.secret,
        base_urls=granted.asked.base_urls,
        access_token=granted.access_token,
        expires_at=granted.expires_at,
        ends_at=granted.ends_at,
    )
    return _go_on(request, connection_id, joins.try_out(wanted))


@sensitive_variables("tried", "kept")
def _choose(request: PortalRequest, connection_id: UUID) -> HttpResponse:
    kept = pending.read(request.session, MOVE, now=clock.now())
    if kept is None or kept["connection"] != str(connection_id):
        return _back(request, connection_id, "That sign-in was longer than a quarter of an hour ago. Sign in again.")
    tried = trials.from_plain(kept["tried"])
    return _go_on(request, connection_id, joins.try_out(trials.choosing(tried.wanted, request.POST.get("account", ""))))


@sensitive_variables("tried")
def _go_on(request: PortalRequest, connection_id: UUID, tried: Tried) -> HttpResponse:
    """Begin, ask which contract, or say why not."""
    here = reverse("portal:move_contract", args=[connection_id])
    if tried.must_choose:
        values = {"tried": trials.to_plain(tried), "connection": str(connection_id)}
        pending.put(request.session, MOVE, values, until=clock.now() + authorize.LASTS)
        return HttpResponseRedirect(here)
    if not tried.passed or tried.account is None:
        wrong = next((one for one in tried.checks if one.outcome == readings.BAD), None)
        said = f"{wrong.label}: {wrong.said} {wrong.todo}" if wrong else "This sign-in may use no such contract."
        return _back(request, connection_id, f"{said.strip()} Nothing was changed.")
    try:
        target = Target(tried.account.id, tried.account.name, _credential(tried))
        contract_moves.begin(connection_id=connection_id, target=target, by=request.user, now=clock.now())
    except contract_moves.NotPossible as refusal:
        return _back(request, connection_id, f"{refusal} Nothing was changed.")
    request.session.pop(MOVE, None)
    return HttpResponseRedirect(here)


def _credential(tried: Tried) -> NewCredential:
    wanted = tried.wanted
    return NewCredential(wanted.secret, wanted.access_token, wanted.expires_at, wanted.ends_at)


def _choices(request: PortalRequest, connection_id: UUID) -> tuple[Account, ...]:
    kept = pending.read(request.session, MOVE, now=clock.now())
    if kept is None or kept["connection"] != str(connection_id):
        return ()
    return trials.from_plain(kept["tried"]).accounts


def _back(request: PortalRequest, connection_id: UUID, said: str) -> HttpResponse:
    messages.error(request, said)
    return HttpResponseRedirect(reverse("portal:move_contract", args=[connection_id]))


def _shown(report: MoveReport) -> dict[str, Any]:
    now = clock.now()
    return {
        "state": report.state,
        "badge": BADGES[report.state],
        "live": report.state in ("reading", "moving"),
        "before": report.before,
        "after": report.account_name,
        "detail": report.detail,
        "by": report.by,
        "at": words.moment(report.ended_at or report.made_at, now=now),
        "read": words.plural(report.read, "person", "people"),
        "calls": words.plural(report.calls, "request", "requests"),
        "facts": _facts(report),
        "lists": [
            _list(key, title, said, report.lists.get(key, ()), _count(report, key)) for key, title, said in LISTS
        ],
        "matched": words.number(report.count("person", "matched")),
    }


def _facts(report: MoveReport) -> list[tuple[str, str]]:
    said = (
        ("person", "matched", "people matched by their LinkedIn address: the same person here, nobody created"),
        ("project", "matched", "Projects matched by name, with their mappings and stage maps"),
        ("seat", "matched", "seats matched by name, with their ATS users"),
        ("person", "missing", "people not found in the new contract"),
        ("person", "fresh", "people in the new contract only"),
        ("project", "missing", "mapped Projects not found in the new contract"),
    )
    return [(words.number(report.count(kind, fate)), word) for kind, fate, word in said]


def _count(report: MoveReport, key: str) -> int:
    kind, _, fate = key.partition("_")
    return report.count(kind, fate)


def _list(key: str, title: str, said: str, named: tuple[Named, ...], count: int) -> dict[str, Any]:
    return {
        "id": key.replace("_", "-"),
        "title": title,
        "said": said,
        "named": [{"name": one.name, "place": one.place} for one in named],
        "count": count,
        "more": words.number(count - len(named)) if count > len(named) else "",
    }
