"""The sync log as people read it: events with the names of whom and what they are about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from apps.accounts import selectors as accounts
from apps.accounts.scope import Scope
from apps.candidates import selectors as candidates
from apps.candidates.selectors import CandidacyBrief
from apps.connections.models import Connection
from apps.ledger import selectors as ledger
from apps.ledger.selectors import EventDetail, EventRow, Wanted
from apps.mappings import selectors as mappings
from apps.mappings import stage_maps
from apps.sync import selectors as sync


@dataclass(frozen=True, slots=True)
class LogRow:
    """An event, the person it is about, the connection it came by and the clients it touches."""

    event: EventRow
    person: str
    connection: str
    provider: str
    clients: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LogPage:
    rows: tuple[LogRow, ...]
    older: int | None
    newer: int | None


@dataclass(frozen=True, slots=True)
class LogDetail:
    row: LogRow
    event: EventDetail
    cause: LogRow | None
    followed: tuple[LogRow, ...]
    candidacy: CandidacyBrief | None = None
    map_version: int | None = None
    map_id: int | None = None


def list_log(
    *, scope: Scope, wanted: Wanted, person: str = "", mapping_id: UUID | None = None, limit: int = 50
) -> LogPage:
    """One page of the log; `person` is a name, an address or an id of somebody."""
    if mapping_id is not None:
        wanted = replace(wanted, subjects=candidates.subjects_of_mapping(scope=scope, mapping_id=mapping_id))
    if person:
        wanted = _narrowed(scope, wanted, person.strip())
    page = ledger.list_events(scope=scope, wanted=wanted, limit=limit)
    return LogPage(name_rows(scope=scope, events=page.rows), page.older, page.newer)


def get_log_event(*, scope: Scope, event_id: int) -> LogDetail | None:
    """One event with everything kept about it; None outside the scope."""
    detail = ledger.get_event(scope=scope, event_id=event_id)
    if detail is None:
        return None
    own, *rest = name_rows(scope=scope, events=(detail.row, *filter(None, [detail.cause]), *detail.followed))
    cause = rest.pop(0) if detail.cause else None
    version_id = detail.plan.get("map_version")
    number = mappings.number_of_version(version_id)
    map_id, _ = stage_maps.places_of_versions([version_id] if number else [], scope=scope).get(version_id, (None, 0))
    return LogDetail(own, detail, cause, tuple(rest), _candidacy(scope, detail), number, map_id)


def _candidacy(scope: Scope, detail: EventDetail) -> CandidacyBrief | None:
    """The candidacy that a write is about: LinkedIn's name it by its profile."""
    profile = detail.payload.get("profile")
    try:
        return candidates.get_candidacy_brief(scope=scope, candidacy_id=UUID(str(detail.payload.get("candidacy"))))
    except ValueError:
        return candidates.get_candidacy_brief(scope=scope, profile_id=profile) if isinstance(profile, int) else None


def name_rows(*, scope: Scope, events: Sequence[EventRow]) -> tuple[LogRow, ...]:
    """Put names to a handful of events, in three queries."""
    people = candidates.names_of_subjects(scope=scope, subjects={event.subject for event in events if event.subject})
    connections = _connections({event.connection for event in events if event.connection})
    clients = accounts.names_of_clients(one for event in events for one in event.clients)
    return tuple(_named(event, people, connections, clients) for event in events)


def _narrowed(scope: Scope, wanted: Wanted, person: str) -> Wanted:
    """Events of those whom a text names, of those who were received and not planned, and the event of a number."""
    number = person.removeprefix("#")
    is_number = number.isascii() and number.isdecimal() and len(number) < 19
    if person.startswith("#") and is_number:
        return Wanted(event_id=int(number))
    subjects = candidates.find_subjects(scope=scope, text=person)
    if wanted.subjects is not None:
        return replace(wanted, subjects=tuple(set(subjects) & set(wanted.subjects)))
    received = tuple(one.event.id for one in sync.find_received(scope=scope, text=person))
    return replace(wanted, subjects=subjects, also=(*received, int(number)) if is_number else received)


def _connections(ids: set[UUID]) -> Mapping[UUID, tuple[str, str]]:
    rows = Connection.objects.filter(pk__in=ids).values_list("id", "name", "provider")
    return {connection: (name, provider) for connection, name, provider in rows}


def _named(
    event: EventRow,
    people: Mapping[str, str],
    connections: Mapping[UUID, tuple[str, str]],
    clients: Mapping[UUID, str],
) -> LogRow:
    name, provider = connections.get(event.connection, ("", "")) if event.connection else ("", "")
    return LogRow(
        event=event,
        person=people.get(event.subject, ""),
        connection=name,
        provider=provider,
        clients=tuple(clients[one] for one in event.clients if one in clients),
    )
