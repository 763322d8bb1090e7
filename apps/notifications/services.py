"""Verbs on rules, contacts and messages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import Max

from apps.accounts.scope import Scope
from apps.candidates.models import Transition
from apps.connections import services as connections
from apps.connections.models import Connection
from apps.core import clock, errors
from apps.ledger import effects
from apps.ledger.models import Event
from apps.ledger.states import Reason, State
from apps.mappings.models import Mapping, Seat
from apps.notifications import announce, recipients, rules
from apps.notifications.lanes import Address
from apps.notifications.models import Channel, Contact, Destination, Kind, Message, Rule

MOST_CHANNEL_PAGES = 50


class NotYours(Exception):
    """The rule, channel or client lies outside what this person may change."""


class UnknownChannel(ValueError):
    """No connected workspace shows a channel of this name or id to the app."""


class NobodyToTell(Exception):
    """None of the rule's destinations leads to anybody."""


class NotSendable(Exception):
    """The message is on its way, so there is nothing to send again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A destination as a person gives it: `where` is a channel's name or id, or an e-mail address."""

    kind: str
    where: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a person wants a rule to be."""

    name: str
    stages: tuple[str, ...]
    places: tuple[Place, ...]
    client_id: UUID | None = None
    mapping_id: UUID | None = None
    wording: str = ""
    quiet_from: time | None = None
    quiet_until: time | None = None
    enabled: bool = True


def ensure_default_rules(**_signal: Any) -> None:
    """The usual rules, for all clients; one that a person switched off stays off."""
    for usual in rules.USUAL_RULES:
        rule, made = Rule.objects.of_everyone().get_or_create(
            key=usual.key,
            defaults={"name": usual.name, "stages": list(usual.stages), "changed_at": clock.now()},
        )
        if made:
            kinds = (Kind.RECRUITER, Kind.HIRING_MANAGER)
            Destination.objects.bulk_create([Destination(rule=rule, kind=kind) for kind in kinds])


@transaction.atomic
def save_rule(*, scope: Scope, wish: Wish, now: datetime, rule_id: UUID | None = None) -> Rule:
    """Make or change a rule with its destinations. Raises NotYours, UnknownChannel."""
    client_id = _client_of(scope, wish)
    places = [_destination(scope, place) for place in wish.places]
    values: dict[str, Any] = {
        "name": wish.name,
        "client_id": client_id,
        "mapping_id": wish.mapping_id,
        "stages": list(wish.stages),
        "wording": wish.wording,
        "quiet_from": wish.quiet_from,
        "quiet_until": wish.quiet_until,
        "enabled": wish.enabled,
        "changed_at": now,
    }
    if rule_id is None:
        rule = Rule(id=uuid4(), **values)
        rule.save(force_insert=True)
    else:
        if not Rule.objects.within(scope).filter(pk=rule_id).update(**values):
            raise NotYours
        rule = Rule.objects.within(scope).get(pk=rule_id)
        rule.destinations.all().delete()
    for place in places:
        place.rule = rule
    Destination.objects.bulk_create(places)
    return rule


def switch_rule(*, scope: Scope, rule_id: UUID, enabled: bool, now: datetime) -> None:
    Rule.objects.within(scope).filter(pk=rule_id).update(enabled=enabled, changed_at=now)


def delete_rule(*, scope: Scope, rule_id: UUID) -> bool:
    """Delete a rule; a usual one is only switched off. Returns whether it is gone."""
    rows = Rule.objects.within(scope).filter(pk=rule_id)
    rows.exclude(key="").update(enabled=False)
    deleted, _ = rows.filter(key="").delete()
    return bool(deleted)


def send_test(*, scope: Scope, rule_id: UUID, transition_id: int | None, now: datetime) -> tuple[str, ...]:
    """Send the rule's message once to each of its destinations, marked as a test; returns their labels.

    Without a transition, it tells of nobody, and goes only where a channel or an address is named.
    Raises NotYours, NobodyToTell.
    """
    rule = Rule.objects.within(scope).filter(pk=rule_id).first()
    if rule is None:
        raise NotYours
    moved = _transition_of(scope, transition_id)
    addresses = recipients.distinct(
        recipients.addresses_of(place, moved.candidacy)
        if moved is not None
        else (recipients.named(place) if place.kind in (Kind.CHANNEL, Kind.ADDRESS) else None)
        for place in rule.destinations.all()
    )
    if not addresses:
        raise NobodyToTell
    cause = f"test:{uuid4()}"
    for address in addresses:
        announce.append_message(
            address,
            about=rule.name,
            cause=cause,
            rule=rule,
            transition=moved,
            candidacy=moved.candidacy if moved is not None else None,
            client_id=rule.client_id,
            test=True,
            now=now,
        )
    return tuple(address.label for address in addresses)


@transaction.atomic
def resend(*, scope: Scope, message_id: UUID, now: datetime) -> Message:
    """Send a message again, under the next resend number; one that may have been sent gives way to it.

    Raises NotYours, or NotSendable while it is still on its way.
    """
    old = _message(scope, message_id)
    ended = Event.objects.select_for_update().filter(pk=old.event_id or 0).first()
    if ended is not None and ended.state in (State.QUEUED, State.RETRYING):
        raise NotSendable
    same = Message.objects.within(scope).filter(cause=old.cause, about=old.about, rule=old.rule, lane=old.lane)
    number = (same.aggregate(last=Max("resend"))["last"] or 0) + 1
    made = announce.append_message(
        Address(old.target, old.label, old.connection_id),
        about=old.about,
        cause=old.cause,
        rule=old.rule,
        transition=old.transition,
        candidacy=old.candidacy,
        client_id=old.client_id,
        caused_by=old.event_id,
        resend=number,
        test=old.test,
        now=now,
    )
    _end_held(old, State.SUPERSEDED, "Sent again by a person.", now=now)
    assert made is not None
    return made


@transaction.atomic
def mark_seen(*, scope: Scope, message_id: UUID, now: datetime) -> None:
    """A person found a message there whose answer was lost. Raises NotYours."""
    message = _message(scope, message_id)
    if _end_held(message, State.DONE, "A person saw that it had arrived.", now=now):
        effects.found_done(key=message.effect_key, now=now, result={})


def save_contact(
    *,
    scope: Scope,
    where: str,
    now: datetime,
    mapping_id: UUID | None = None,
    client_id: UUID | None = None,
    ats_id: UUID | None = None,
) -> None:
    """Say where the hiring manager of a mapping, a client or an ATS is reached; empty takes it away.

    Raises NotYours, UnknownChannel.
    """
    level = {"mapping_id": mapping_id, "client_id": client_id, "ats_id": ats_id}
    given: dict[str, Any] = {name: value for name, value in level.items() if value is not None}
    if not _covers(scope, mapping_id=mapping_id, client_id=client_id, ats_id=ats_id) or len(given) != 1:
        raise NotYours
    if not where.strip():
        Contact.objects.filter(**given).delete()
        return
    found = _destination(scope, Place(kind=Kind.ADDRESS if is_address(where) else Kind.CHANNEL, where=where))
    values = {name: getattr(found, name) for name in ("connection_id", "channel", "channel_name", "address")}
    Contact.objects.update_or_create(**given, defaults=values)


def set_slack_user(*, scope: Scope, seat_id: int, user: str) -> None:
    """Pair a seat with a Slack user's id; empty takes it away. Raises NotYours."""
    mapped = Mapping.objects.within(scope).values("project__connection")
    if not Seat.objects.filter(pk=seat_id, connection__in=mapped).update(slack_user_id=user.strip()):
        raise NotYours


def propose_slack_users(*, scope: Scope) -> int:
    """Look up each seat's e-mail address in the workspace, where it has none yet; returns how many were found."""
    mapped = Mapping.objects.within(scope).values("project__connection")
    workspace = recipients.workspace_of(None)
    found = 0
    for seat in Seat.objects.filter(connection__in=mapped, slack_user_id="").exclude(email=""):
        if workspace is None:
            break
        try:
            user = connections.open_messenger(workspace.pk).find_user(seat.email)
        except errors.NotFound:
            continue
        found += Seat.objects.filter(pk=seat.pk, slack_user_id="").update(slack_user_id=user)
    return found


def read_channels(*, connection_id: UUID, now: datetime) -> int:
    """List the workspace's channels anew; returns how many there are. Raises the taxonomy of core.errors."""
    slack, cursor, seen = connections.open_messenger(connection_id), None, set()
    for _ in range(MOST_CHANNEL_PAGES):
        page = slack.list_channels(cursor=cursor)
        for one in page.items:
            seen.add(one.id)
            values = {"name": one.name, "private": one.private, "seen_at": now}
            Channel.objects.update_or_create(connection_id=connection_id, remote_id=one.id, defaults=values)
        cursor = page.next
        if cursor is None:
            break
    Channel.objects.filter(connection_id=connection_id).exclude(remote_id__in=seen).delete()
    return len(seen)


def read_all_channels(*, now: datetime) -> int:
    return sum(read_channels(connection_id=one.pk, now=now) for one in recipients.messaging())


def is_address(where: str) -> bool:
    return "@" in where.strip("@# ")


def _client_of(scope: Scope, wish: Wish) -> UUID | None:
    """A rule's client: the mapping's, where it is for one. Raises NotYours."""
    client_id = wish.client_id
    if wish.mapping_id is not None:
        mapping = Mapping.objects.within(scope).filter(pk=wish.mapping_id).first()
        if mapping is None or client_id not in (None, mapping.client_id):
            raise NotYours
        client_id = mapping.client_id
    if not scope.covers([client_id] if client_id is not None else []):
        raise NotYours
    return client_id


def _destination(scope: Scope, place: Place) -> Destination:
    if place.kind == Kind.ADDRESS:
        return Destination(kind=Kind.ADDRESS, address=place.where.strip())
    if place.kind != Kind.CHANNEL:
        return Destination(kind=place.kind)
    channel = _channel(scope, place.where.strip())
    return Destination(
        kind=Kind.CHANNEL, connection_id=channel.connection_id, channel=channel.remote_id, channel_name=channel.name
    )


def _channel(scope: Scope, where: str) -> Channel:
    """By id or name, in a workspace of one's clients first. Raises UnknownChannel."""
    own = Channel.objects.filter(connection__in=_workspaces(scope)).order_by("connection__client", "pk")
    found = own.filter(remote_id=where).first() or own.filter(name=where.lstrip("#")).first()
    if found is None:
        raise UnknownChannel(where)
    return found


def _workspaces(scope: Scope) -> Sequence[Connection]:
    return [one for one in recipients.messaging() if one.client_id is None or scope.covers([one.client_id])]


def _covers(scope: Scope, *, mapping_id: UUID | None, client_id: UUID | None, ats_id: UUID | None) -> bool:
    if mapping_id is not None:
        return Mapping.objects.within(scope).filter(pk=mapping_id).exists()
    return scope.covers([client_id]) if client_id is not None else scope.unrestricted


def _transition_of(scope: Scope, transition_id: int | None) -> Transition | None:
    rows = Transition.objects.select_related("candidacy__client", "candidacy__mapping__project", "candidacy__job")
    found = rows.filter(pk=transition_id).first() if transition_id is not None else None
    return found if found is not None and scope.covers([found.candidacy.client_id]) else None


def _message(scope: Scope, message_id: UUID) -> Message:
    found = (
        Message.objects.within(scope).select_related("rule", "candidacy", "transition").filter(pk=message_id).first()
    )
    if found is None:
        raise NotYours
    return found


def _end_held(message: Message, state: State, detail: str, *, now: datetime) -> bool:
    held = Event.objects.filter(pk=message.event_id or 0, state=State.HELD, reason=Reason.UNCERTAIN)
    return bool(held.update(state=state, reason="", hold_key="", detail=detail, settled_at=now))
