"""Notifications: rules, their editor with preview and test, deliveries, and who is reached where."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from apps.accounts.access import PortalRequest, requires
from apps.accounts.rights import Right
from apps.core import clock, errors
from apps.ledger.states import State
from apps.notifications import rules, selectors, services
from apps.notifications.selectors import DeliveryRow, RuleRow
from apps.notifications.services import Place, Wish
from apps.portal import shell, words
from apps.portal.words import Badge

CHANNELS, ADDRESSES = 2, 2
"""How many of each a rule's form offers beside the recruiter and the hiring manager."""

SHOWN_STATES = (State.QUEUED, State.RETRYING, State.HELD, State.DONE, State.SKIPPED, State.SUPERSEDED, State.DEAD)
ENDED = (State.DONE, State.DEAD, State.SKIPPED, State.HELD)

PEOPLE = {"recruiter": "recruiter", "hiring_manager": "hiring manager"}

TABS = (("notifications", "Rules"), ("deliveries", "Deliveries"), ("contacts", "Who is reached where"))


@requires(Right.OPERATE)
def rule_list(request: PortalRequest) -> HttpResponse:
    """Show the rules that one may change, and those that hold for all clients."""
    context = {
        "lines": [_line(row) for row in selectors.list_rules(scope=request.scope)],
        "common": [_line(row) for row in selectors.list_common_rules(scope=request.scope)],
        "tabs": _tabs("notifications"),
    }
    return shell.page(request, "portal/notifications.html", context)


@requires(Right.OPERATE, methods=("GET", "POST"))
def new_rule(request: PortalRequest) -> HttpResponse:
    """Show an empty rule, or make one."""
    return _edit(request, None)


@requires(Right.OPERATE, methods=("GET", "POST"), visible=selectors.rule_is_visible)
def edit_rule(request: PortalRequest, rule_id: UUID) -> HttpResponse:
    """Show a rule with its preview; save it, or send it as a test."""
    row = selectors.get_rule(scope=request.scope, rule_id=rule_id)
    if row is None:
        raise Http404
    return _edit(request, row)


@requires(Right.OPERATE, methods=("POST",), visible=selectors.rule_is_visible)
def switch_rule(request: PortalRequest, rule_id: UUID) -> HttpResponse:
    """Switch a rule on or off, or delete it."""
    do = request.POST.get("do", "")
    if do == "delete":
        gone = services.delete_rule(scope=request.scope, rule_id=rule_id)
        messages.info(request, "The rule is deleted." if gone else "A usual rule is kept, and switched off.")
    elif do in ("on", "off"):
        services.switch_rule(scope=request.scope, rule_id=rule_id, enabled=do == "on", now=clock.now())
    return HttpResponseRedirect(reverse("portal:notifications"))


@requires(Right.OPERATE)
def delivery_list(request: PortalRequest) -> HttpResponse:
    """Show what was sent, what waits, and what may have been sent."""
    states = tuple(one for one in request.GET.getlist("state") if one in State.values)
    rows = selectors.list_deliveries(scope=request.scope, states=states)
    context = {
        "lines": [_delivery(row) for row in rows],
        "filtered": bool(states),
        "states": [{"value": one.value, "badge": words.STATES[one], "chosen": one in states} for one in SHOWN_STATES],
        "tabs": _tabs("deliveries"),
    }
    return shell.page(request, "portal/deliveries.html", context)


@requires(Right.OPERATE, methods=("POST",), visible=selectors.message_is_visible)
def answer_delivery(request: PortalRequest, message_id: UUID) -> HttpResponse:
    """Send a message again, or say that it had arrived."""
    try:
        if request.POST.get("do") == "seen":
            services.mark_seen(scope=request.scope, message_id=message_id, now=clock.now())
        else:
            services.resend(scope=request.scope, message_id=message_id, now=clock.now())
            messages.info(request, "It is sent again.")
    except services.NotSendable:
        messages.warning(request, "It is still on its way.")
    return HttpResponseRedirect(reverse("portal:deliveries"))


@requires(Right.OPERATE, methods=("GET", "POST"))
def contact_list(request: PortalRequest) -> HttpResponse:
    """Show and change where hiring managers and recruiters are reached."""
    if request.method == "POST":
        _change_contacts(request)
        return HttpResponseRedirect(reverse("portal:contacts"))
    context = {
        "contacts": [
            {"key": f"{row.level}:{row.id}", "level": LEVELS[row.level], "name": row.name, "where": row.where}
            for row in selectors.list_contacts(scope=request.scope)
        ],
        "seats": [
            {"id": row.id, "name": row.name, "email": row.email, "ats": row.ats_user, "slack": row.slack_user}
            for row in selectors.list_seats(scope=request.scope)
        ],
        "channels": selectors.list_channel_names(scope=request.scope),
        "tabs": _tabs("contacts"),
    }
    return shell.page(request, "portal/contacts.html", context)


LEVELS = {"mapping": "Mapping", "client": "Client", "ats": "ATS"}


def _change_contacts(request: PortalRequest) -> None:
    scope, now = request.scope, clock.now()
    try:
        match request.POST.get("do", ""):
            case "contact":
                level, _, pk = request.POST.get("key", "").partition(":")
                given: dict[str, Any] = {f"{level}_id": UUID(pk)} if level in LEVELS else {}
                services.save_contact(scope=scope, where=request.POST.get("where", ""), now=now, **given)
                messages.info(request, "Saved.")
            case "seat":
                seat = request.POST.get("seat", "")
                user = request.POST.get("user", "")
                services.set_slack_user(scope=scope, seat_id=int(seat) if seat.isdecimal() else 0, user=user)
                messages.info(request, "Saved.")
            case "find":
                found = services.propose_slack_users(scope=scope)
                messages.info(request, f"{words.plural(found, 'seat')} paired with a Slack user by e-mail address.")
            case "channels" if scope.unrestricted:
                messages.info(request, f"{words.plural(services.read_all_channels(now=now), 'channel')} listed.")
    except services.UnknownChannel as unknown:
        messages.error(
            request, f"Slack shows the app no channel {unknown}. Invite the app there, or list channels anew."
        )
    except (services.NotYours, ValueError):
        messages.error(request, "That could not be saved.")
    except errors.SyncError as error:
        messages.error(request, f"Slack did not answer as it should: {error.detail}")


def _edit(request: PortalRequest, row: RuleRow | None) -> HttpResponse:
    given = request.POST if request.method == "POST" else None
    form = _posted(request) if given is not None else _kept(row)
    move = _number(form["move"] if given is not None else request.GET.get("move", ""))
    problems = _problems(form) if given is not None else {}
    if given is not None and given.get("do") in ("save", "test") and not problems:
        try:
            rule = services.save_rule(
                scope=request.scope, wish=_wish(form, row), now=clock.now(), rule_id=row.id if row else None
            )
        except services.UnknownChannel as unknown:
            problems["places"] = f"Slack shows the app no channel {unknown}. Invite the app there, or choose another."
        except services.NotYours:
            problems["client"] = "Choose one of your clients."
        else:
            return _saved(request, rule.pk, test=given.get("do") == "test", move=move)
    return shell.page(request, "portal/rule.html", _editor(request, row, form, problems, move))


def _saved(request: PortalRequest, rule_id: UUID, *, test: bool, move: int | None) -> HttpResponse:
    if not test:
        messages.info(request, "The rule is saved.")
        return HttpResponseRedirect(reverse("portal:notifications"))
    try:
        labels = services.send_test(scope=request.scope, rule_id=rule_id, transition_id=move, now=clock.now())
        messages.info(request, f"Saved, and a test is on its way to {words.listed(list(labels))}.")
    except services.NobodyToTell:
        messages.warning(request, "Saved. Nobody could be told: no destination leads to anybody.")
    query = f"?move={move}" if move is not None else ""
    return HttpResponseRedirect(reverse("portal:rule", args=[rule_id]) + query)


def _editor(
    request: PortalRequest, row: RuleRow | None, form: Mapping[str, Any], problems: Mapping[str, str], move: int | None
) -> dict[str, Any]:
    scope = request.scope
    stages, known = _stages(form), selectors.list_stage_names(scope=scope)
    form = {**form, "patterns": "\n".join(stage for stage in stages if stage not in known)}
    shown = selectors.preview(scope=scope, about=form["name"] or "New rule", text=form["wording"], transition_id=move)
    return {
        "rule": {"id": row.id, "name": row.name, "usual": row.usual} if row is not None else None,
        "form": form,
        "problems": problems,
        "stage_names": [{"name": name, "chosen": name in stages} for name in known],
        "clients": [(str(pk), name) for pk, name in selectors.list_clients(scope=scope).items()],
        "mappings": [(str(pk), name) for pk, name in selectors.list_mapping_names(scope=scope).items()],
        "may_all": scope.unrestricted,
        "channels": selectors.list_channel_names(scope=scope),
        "moves": [(str(one.id), one.label, one.id == move) for one in selectors.list_moves(scope=scope)],
        "placeholders": ", ".join(f"{{{name}}}" for name in rules.PLACEHOLDERS),
        "preview": {
            "title": shown.title,
            "headline": shown.lines[0].headline,
            "facts": shown.lines[0].facts,
            "link": shown.lines[0].link,
            "link_text": shown.lines[0].link_text,
            "footer": shown.footer,
            "example": move is None,
            "fits": selectors.fits(scope=scope, stages=stages, transition_id=move),
        },
    }


def _posted(request: PortalRequest) -> dict[str, Any]:
    given = request.POST
    texts = ("name", "client", "mapping", "wording", "quiet_from", "quiet_until", "patterns", "move")
    return {
        **{name: given.get(name, "").replace("\0", "").strip() for name in texts},
        "stages": given.getlist("stages"),
        "recruiter": "recruiter" in given,
        "hiring_manager": "hiring_manager" in given,
        "channels": _padded(given.getlist("channel"), CHANNELS),
        "addresses": _padded(given.getlist("address"), ADDRESSES),
    }


def _kept(row: RuleRow | None) -> dict[str, Any]:
    if row is None:
        return {
            "name": "", "client": "", "mapping": "", "wording": "", "quiet_from": "", "quiet_until": "",
            "patterns": "", "move": "", "stages": [], "recruiter": True, "hiring_manager": False,
            "channels": _padded([], CHANNELS), "addresses": _padded([], ADDRESSES),
        }  # fmt: skip
    kinds = {one.kind for one in row.places}
    return {
        "name": row.name,
        "client": str(row.client_id or ""),
        "mapping": str(row.mapping_id or ""),
        "wording": row.wording,
        "quiet_from": f"{row.quiet_from:%H:%M}" if row.quiet_from else "",
        "quiet_until": f"{row.quiet_until:%H:%M}" if row.quiet_until else "",
        "patterns": "\n".join(row.stages),
        "move": "",
        "stages": [],
        "recruiter": "recruiter" in kinds,
        "hiring_manager": "hiring_manager" in kinds,
        "channels": _padded([one.where for one in row.places if one.kind == "channel"], CHANNELS),
        "addresses": _padded([one.where for one in row.places if one.kind == "address"], ADDRESSES),
    }


def _padded(values: list[str], least: int) -> list[str]:
    kept = [value.replace("\0", "").strip() for value in values]
    kept = [value for value in kept if value]
    return kept + [""] * max(1, least - len(kept))


def _stages(form: Mapping[str, Any]) -> tuple[str, ...]:
    written = [line.strip() for line in form["patterns"].splitlines() if line.strip()]
    return tuple(dict.fromkeys([*form["stages"], *written]))


def _problems(form: Mapping[str, Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    if not 0 < len(form["name"]) <= 80:
        found["name"] = "Give it a name of at most 80 characters."
    if not _stages(form):
        found["stages"] = "Choose a stage, or write one."
    if unknown := rules.unknown_placeholders(form["wording"]):
        found["wording"] = f"There is no {{{unknown[0]}}} to fill in."
    if (
        bool(form["quiet_from"]) != bool(form["quiet_until"])
        or _time(form["quiet_from"]) is ...
        or _time(form["quiet_until"]) is ...
    ):
        found["quiet"] = "Give both a beginning and an end, such as 20:00 and 08:00."
    for address in filter(None, form["addresses"]):
        try:
            validate_email(address)
        except ValidationError:
            found["places"] = f"{address} is no e-mail address."
    if not (form["recruiter"] or form["hiring_manager"] or any(form["channels"]) or any(form["addresses"])):
        found["places"] = "Choose whom to tell."
    return found


def _time(text: str) -> Any:
    """A time of day, None for an empty text, `...` for one that is none."""
    try:
        return time.fromisoformat(text) if text else None
    except ValueError:
        return ...


def _wish(form: Mapping[str, Any], row: RuleRow | None) -> Wish:
    places = [Place(kind=kind) for kind in ("recruiter", "hiring_manager") if form[kind]]
    places += [Place(kind="channel", where=where) for where in form["channels"] if where]
    places += [Place(kind="address", where=where) for where in form["addresses"] if where]
    return Wish(
        name=form["name"],
        stages=_stages(form),
        places=tuple(places),
        client_id=_uuid(form["client"]),
        mapping_id=_uuid(form["mapping"]),
        wording=form["wording"],
        quiet_from=_time(form["quiet_from"]),
        quiet_until=_time(form["quiet_until"]),
        enabled=row.enabled if row is not None else True,
    )


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None


def _line(row: RuleRow) -> dict[str, Any]:
    quiet = f"{row.quiet_from:%H:%M} to {row.quiet_until:%H:%M}" if row.quiet_from and row.quiet_until else ""
    return {
        "id": row.id,
        "name": row.name,
        "usual": row.usual,
        "enabled": row.enabled,
        "badge": Badge("ok", "check-circle", "On") if row.enabled else Badge("mute", "pause", "Off"),
        "scope": row.mapping or row.client or "All clients",
        "stages": ", ".join(row.stages),
        "places": ", ".join(PEOPLE.get(place.kind, place.label) for place in row.places),
        "quiet": quiet,
    }


def _delivery(row: DeliveryRow) -> dict[str, Any]:
    now = clock.now()
    maybe = row.state == State.HELD and row.reason == "uncertain"
    badge = words.state_badge(state=row.state, reason=row.reason, cause=row.cause)
    return {
        "id": row.id,
        "event_href": reverse("portal:event", args=[row.event_id]) if row.event_id is not None else "",
        "about": row.about,
        "label": row.label,
        "candidate": row.candidate,
        "candidate_href": reverse("portal:candidate", args=[row.person_id]) if row.person_id else "",
        "test": row.test,
        "resend": row.resend,
        "badge": Badge("warn", "warn", "Perhaps sent", "look there") if maybe else badge,
        "detail": row.detail,
        "at": words.moment(row.settled_at or row.created_at, now=now),
        "maybe": maybe,
        "again": row.state in ENDED,
    }


def _tabs(current: str) -> list[tuple[str, str, bool]]:
    return [(reverse(f"portal:{name}"), label, name == current) for name, label in TABS]
