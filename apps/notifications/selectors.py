"""Reads about rules, whom they reach, and what was delivered; each takes the scope of its reader (rule 30)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from uuid import UUID

from django.db.models import Prefetch, QuerySet

from apps.accounts.models import Client
from apps.accounts.scope import EVERYONE, Scope
from apps.candidates.models import Transition
from apps.ledger.models import Event
from apps.mappings.models import JobStage, Seat, SeatUser
from apps.mappings.models import Mapping as ProjectMapping
from apps.notifications import rules, wording
from apps.notifications.models import Channel, Contact, Destination, Kind, Message, Rule
from apps.providers import contract

MOST = 200


@dataclass(frozen=True, slots=True)
class PlaceRow:
    kind: str
    where: str
    label: str


@dataclass(frozen=True, slots=True)
class RuleRow:
    id: UUID
    name: str
    usual: bool
    client_id: UUID | None
    client: str
    mapping_id: UUID | None
    mapping: str
    stages: tuple[str, ...]
    places: tuple[PlaceRow, ...]
    wording: str
    quiet_from: time | None
    quiet_until: time | None
    enabled: bool


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """One message with the state of the event that delivers it."""

    id: UUID
    event_id: int | None
    about: str
    label: str
    candidate: str
    person_id: UUID | None
    test: bool
    resend: int
    state: str
    reason: str
    cause: str
    detail: str
    created_at: datetime
    settled_at: datetime | None


@dataclass(frozen=True, slots=True)
class MoveRow:
    """A real transition to try a rule on."""

    id: int
    label: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ContactRow:
    """Where the hiring manager of a mapping, a client or an ATS is reached."""

    level: str
    id: UUID
    name: str
    where: str


@dataclass(frozen=True, slots=True)
class SeatRow:
    id: int
    name: str
    email: str
    ats_user: str
    slack_user: str


def list_rules(*, scope: Scope) -> tuple[RuleRow, ...]:
    """The rules that the reader may change."""
    return tuple(_rule(rule) for rule in _rules(scope))


def list_common_rules(*, scope: Scope) -> tuple[RuleRow, ...]:
    """Rules for all clients, of which a reader of some sees name and stages only."""
    if scope.unrestricted:
        return ()
    rows = Rule.objects.within(EVERYONE).filter(client=None)
    return tuple(_rule(rule, places=False) for rule in rows)


def get_rule(*, scope: Scope, rule_id: UUID) -> RuleRow | None:
    rule = _rules(scope).filter(pk=rule_id).first()
    return None if rule is None else _rule(rule)


def rule_is_visible(*, scope: Scope, rule_id: UUID) -> bool:
    return Rule.objects.within(scope).filter(pk=rule_id).exists()


def message_is_visible(*, scope: Scope, message_id: UUID) -> bool:
    return Message.objects.within(scope).filter(pk=message_id).exists()


def list_deliveries(*, scope: Scope, states: Sequence[str] = (), limit: int = 100) -> tuple[DeliveryRow, ...]:
    """The newest messages, newest first."""
    rows = Message.objects.within(scope).select_related(
        "candidacy__person", "candidacy__job", "transition__candidacy__job"
    )
    if states:
        rows = rows.filter(event_id__in=Event.objects.filter(state__in=states, kind__in=_KINDS).values("pk"))
    found = list(rows.order_by("-created_at", "-id")[:limit])
    events = Event.objects.in_bulk([one.event_id for one in found if one.event_id is not None])
    return tuple(_delivery(one, events.get(one.event_id or 0)) for one in found)


_KINDS = ("notify.slack", "notify.mail")


def list_moves(*, scope: Scope, limit: int = 20) -> tuple[MoveRow, ...]:
    """The newest transitions, for previews."""
    found = list(_transitions(scope).order_by("-id")[:limit])
    names = wording.names_of(found)
    moved = ((one, wording.moved_of(one, link=False, names=names)) for one in found)
    return tuple(
        MoveRow(
            one.pk, f"{said.candidate}: {said.from_stage or 'no stage'} → {said.to_stage}, {said.role}", one.changed_at
        )
        for one, said in moved
    )


def preview(*, scope: Scope, about: str, text: str, transition_id: int | None) -> contract.Message:
    """What a rule would say of a transition, or of an example where none is named."""
    row = _transitions(scope).filter(pk=transition_id).first() if transition_id is not None else None
    moved = wording.moved_of(row) if row is not None else rules.EXAMPLE
    return contract.Message(about, (wording.moved_line(moved, wording=text),), f"SyncPortal · {about}")


def fits(*, scope: Scope, stages: Sequence[str], transition_id: int | None) -> bool | None:
    """Whether these stages name where a transition came to; None without one."""
    row = _transitions(scope).filter(pk=transition_id).first() if transition_id is not None else None
    return None if row is None else rules.names_stage(stages, wording.stages_of(row))


def list_contacts(*, scope: Scope) -> tuple[ContactRow, ...]:
    """Mappings, clients and (for the unrestricted) ATS connections, each with its contact or none."""
    mappings = (
        ProjectMapping.objects.within(scope).select_related("project", "job__connection").order_by("project__name")
    )
    clients = Client.objects.all() if scope.client_ids is None else Client.objects.filter(pk__in=scope.client_ids)
    kept = {
        (level, getattr(one, f"{level}_id")): str(one)
        for one in Contact.objects.all()
        for level in ("mapping", "client", "ats")
        if getattr(one, f"{level}_id") is not None
    }
    systems = {one.job.connection_id: one.job.connection.name for one in mappings} if scope.unrestricted else {}
    named = [
        *(("mapping", one.pk, f"{one.project.name}, {one.job.name}") for one in mappings[:MOST]),
        *(("client", one.pk, one.name) for one in clients),
        *(("ats", pk, name) for pk, name in systems.items()),
    ]
    return tuple(ContactRow(level, pk, name, kept.get((level, pk), "")) for level, pk, name in named)


def list_seats(*, scope: Scope) -> tuple[SeatRow, ...]:
    """The seats of the Recruiter contracts that serve the reader's mappings."""
    mapped = ProjectMapping.objects.within(scope)
    users = Prefetch("users", queryset=SeatUser.objects.filter(connection__in=mapped.values("job__connection")))
    seats = Seat.objects.filter(connection__in=mapped.values("project__connection"), active=True)
    rows = seats.prefetch_related(users).order_by("name")
    return tuple(
        SeatRow(one.pk, one.name, one.email, ", ".join(user.remote_id for user in one.users.all()), one.slack_user_id)
        for one in rows[:MOST]
    )


def list_channel_names(*, scope: Scope) -> tuple[str, ...]:
    """Channels to choose from; a workspace that serves all clients is listed to those who see all."""
    rows = Channel.objects.all()
    if scope.client_ids is not None:
        rows = rows.filter(connection__client__in=scope.client_ids)
    return tuple(f"#{name}" for name in rows.values_list("name", flat=True)[:MOST])


def list_stage_names(*, scope: Scope) -> tuple[str, ...]:
    """The stages of the jobs that are mapped, and the two ends."""
    mapped = ProjectMapping.objects.within(scope).values("job__connection")
    names = JobStage.objects.filter(connection__in=mapped, active=True).order_by("order").values_list("name", flat=True)
    return (*dict.fromkeys(names), "Hired", "Rejected")


def list_clients(*, scope: Scope) -> Mapping[UUID, str]:
    rows = Client.objects.all() if scope.client_ids is None else Client.objects.filter(pk__in=scope.client_ids)
    return dict(rows.values_list("pk", "name"))


def list_mapping_names(*, scope: Scope) -> Mapping[UUID, str]:
    rows = ProjectMapping.objects.within(scope).select_related("project", "job").order_by("project__name")
    return {one.pk: f"{one.project.name}, {one.job.name}" for one in rows[:MOST]}


def _rules(scope: Scope) -> QuerySet[Rule]:
    return (
        Rule.objects.within(scope)
        .select_related("client", "mapping__project", "mapping__job")
        .prefetch_related("destinations")
    )


def _rule(rule: Rule, *, places: bool = True) -> RuleRow:
    mapping = rule.mapping
    return RuleRow(
        id=rule.pk,
        name=rule.name,
        usual=bool(rule.key),
        client_id=rule.client_id,
        client=rule.client.name if rule.client is not None else "",
        mapping_id=rule.mapping_id,
        mapping=f"{mapping.project.name}, {mapping.job.name}" if mapping is not None else "",
        stages=tuple(rule.stages),
        places=tuple(_place(one) for one in rule.destinations.all()) if places else (),
        wording=rule.wording,
        quiet_from=rule.quiet_from,
        quiet_until=rule.quiet_until,
        enabled=rule.enabled,
    )


def _place(one: Destination) -> PlaceRow:
    where = f"#{one.channel_name}" if one.kind == Kind.CHANNEL else one.address
    return PlaceRow(one.kind, where, where or Kind(one.kind).label)


def _transitions(scope: Scope) -> QuerySet[Transition]:
    rows = Transition.objects.select_related(
        "candidacy__person", "candidacy__client", "candidacy__job__connection", "candidacy__mapping__stage_map"
    )
    return rows if scope.client_ids is None else rows.filter(candidacy__client__in=scope.client_ids)


def _delivery(one: Message, event: Event | None) -> DeliveryRow:
    person = one.candidacy.person if one.candidacy is not None else None
    return DeliveryRow(
        id=one.pk,
        event_id=one.event_id,
        about=one.about,
        label=one.label,
        candidate=str(person) if person is not None else "",
        person_id=person.pk if person is not None else None,
        test=one.test,
        resend=one.resend,
        state=event.state if event is not None else "",
        reason=event.reason if event is not None else "",
        cause=event.cause if event is not None else "",
        detail=event.detail if event is not None else "",
        created_at=one.created_at,
        settled_at=event.settled_at if event is not None else None,
    )
