"""Why is this person not in the ATS? An answer for anybody, also for those who were never received (R18b)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from apps.accounts.scope import Scope
from apps.candidates import linkedin_urls, traces
from apps.candidates import selectors as candidates
from apps.candidates.selectors import CandidacyRow, CandidateRow
from apps.ledger import selectors as ledger
from apps.ledger.selectors import EventRow
from apps.mappings import selectors as mappings
from apps.mappings.selectors import MappingRow
from apps.reports import connections
from apps.reports.connections import ConnectionRow
from apps.sync import selectors as sync
from apps.sync.selectors import ReceivedRow

SHOWN = 5
"""People of one name that one page explains; a longer name or an address tells them apart."""

LIVE = ("live", "pilot")


@dataclass(frozen=True, slots=True)
class CandidacyAnswer:
    """Where one candidacy stands: `state` is in_ats, ended, held, dead, waiting, running or nothing."""

    candidacy: CandidacyRow
    state: str
    event: EventRow | None = None


@dataclass(frozen=True, slots=True)
class PersonAnswer:
    """Somebody we know, with what became of each of their candidacies."""

    person: CandidateRow
    candidacies: tuple[CandidacyAnswer, ...]

    @property
    def missing(self) -> bool:
        """Somewhere they are wanted they are not yet."""
        return any(one.state not in ("in_ats", "ended") for one in self.candidacies)


@dataclass(frozen=True, slots=True)
class ReadingAnswer:
    """When a LinkedIn account was read, and when it is next; `row` says whether anything keeps it from being read."""

    row: ConnectionRow
    read_at: datetime | None
    next_at: datetime | None


@dataclass(frozen=True, slots=True)
class Buried:
    """Somebody whom nothing may bring back but a person."""

    why: str
    at: datetime
    job: str


@dataclass(frozen=True, slots=True)
class Answer:
    """All that may explain it, what is sure first. `refused`: why the text is no person's address."""

    people: tuple[PersonAnswer, ...] = ()
    more_people: bool = False
    received: tuple[ReceivedRow, ...] = ()
    projects: Mapping[str, str] = field(default_factory=dict)
    indexed: tuple[str, ...] = ()
    buried: tuple[Buried, ...] = ()
    refused: str = ""
    readings: tuple[ReadingAnswer, ...] = ()
    stopped: tuple[MappingRow, ...] = ()
    live: int = 0
    unmapped: int = 0
    index_incomplete: tuple[str, ...] = ()

    @property
    def known(self) -> bool:
        return bool(self.people or self.received or self.indexed or self.buried)


def explain(*, scope: Scope, text: str, now: datetime) -> Answer:
    """Say where the person of a name, an address or an id is, and else what stands between them and the ATS."""
    if not text:
        return Answer(readings=_readings(scope, now))
    found = candidates.list_candidates(scope=scope, text=text, limit=SHOWN)
    received = sync.find_received(scope=scope, text=text)
    mapped = mappings.list_mappings(scope=scope)
    return Answer(
        people=_people(scope, found.rows),
        more_people=bool(found.older),
        received=received,
        projects=mappings.names_of_projects(scope=scope, remote_ids={one.project for one in received}),
        indexed=traces.find_in_ats(scope=scope, text=text),
        buried=tuple(Buried(one.why, one.at, one.job) for one in traces.find_buried(scope=scope, text=text)),
        refused=_refused(text),
        readings=_readings(scope, now),
        stopped=tuple(one for one in mapped if one.state not in LIVE or one.halted_at or one.why_shut),
        live=sum(one.state in LIVE for one in mapped),
        unmapped=mappings.count_unmapped(scope=scope),
        index_incomplete=_incomplete(scope, now),
    )


def _people(scope: Scope, rows: Sequence[CandidateRow]) -> tuple[PersonAnswer, ...]:
    subjects = {row.id: f"person:{row.id}" for row in rows}
    stops = ledger.list_stops(scope=scope, subjects=subjects.values())
    return tuple(
        PersonAnswer(row, tuple(_candidacy(scope, row, one, stops) for one in row.candidacies)) for row in rows
    )


def _candidacy(scope: Scope, row: CandidateRow, one: CandidacyRow, stops: Mapping[str, EventRow]) -> CandidacyAnswer:
    subject = f"person:{row.id}"
    if one.state == "ended":
        return CandidacyAnswer(one, "ended")
    if one.application_id:
        return CandidacyAnswer(one, "in_ats")
    stop = stops.get(subject)
    if stop is not None:
        return CandidacyAnswer(one, stop.state, stop)
    event = next(iter(ledger.list_open(scope=scope, subject=subject)), None)
    if event is None:
        return CandidacyAnswer(one, "nothing")
    return CandidacyAnswer(one, {"leased": "running", "held": "held"}.get(event.state, "waiting"), event)


def _readings(scope: Scope, now: datetime) -> tuple[ReadingAnswer, ...]:
    found = [one for one in connections.list_connections(scope=scope, now=now) if one.provider == "linkedin"]
    readings = sync.list_readings([one.id for one in found])
    return tuple(
        ReadingAnswer(one, reading.read_at if reading else None, reading.next_at if reading else None)
        for one in found
        for reading in [readings.get(one.id)]
    )


def _incomplete(scope: Scope, now: datetime) -> tuple[str, ...]:
    """The ATSs whose index is still being read: nobody is created there before it is complete (rule 20)."""
    names = {one.id: one.name for one in connections.list_connections(scope=scope, now=now)}
    streams = sync.list_streams(list(names))
    return tuple(names[one.connection_id] for one in streams if one.name == "people" and one.complete_at is None)


def _refused(text: str) -> str:
    """Why an address is none of a person, where it looks like one at all."""
    key = linkedin_urls.canonicalise(text)
    looks = "linkedin" in text.lower() or "lnkd.in" in text.lower() or text.startswith("http")
    return str(key.reason) if looks and isinstance(key, linkedin_urls.Refused) else ""
