"""What an ATS shows now of the records that changes name, and what asking for it was."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from apps.candidates.models import Candidacy
from apps.ledger import outcomes
from apps.ledger.models import Event
from apps.ledger.outcomes import Outcome, Tried
from apps.providers import contract, recording
from apps.sync import leading, reading

LOOKS = 4
"""Tries after which something that the ATS does not show and nobody here knows is let go. They are spread
over the time in which a new record shows: with the usual backoff, which starts at a second or two, one
delivery in 300 died of a record that Greenhouse hid for its 30 seconds, and each was read six times."""


@dataclass(slots=True)
class Seen:
    """What the ATS shows now of the people and applications that a batch of events names."""

    people: dict[str, contract.Person] = field(default_factory=dict)
    applications: dict[str, contract.Application] = field(default_factory=dict)
    changes: dict[str, list[contract.StageChange]] = field(default_factory=dict)
    shows_after: timedelta = timedelta(0)
    other_jobs: bool = False  # some Project is mapped to more jobs than one

    def not_yet(self, what: str, event: Event, *, now: datetime) -> Outcome:
        """Look again, and the last of LOOKS times when whatever is new shows at the latest. What is still
        looked for after that is somebody of ours, and waits for longer and longer."""
        again = now + max(self.shows_after / (LOOKS - 1), timedelta(seconds=1))
        due_at = again if event.attempts < LOOKS else None
        return outcomes.retry(f"The ATS does not show {what} yet.", cause="not_visible", due_at=due_at)

    def of_person(self, person_id: str) -> list[contract.Application]:
        return [application for application in self.applications.values() if application.person_id == person_id]


def named_people(event: Event) -> tuple[str, str]:
    """Whom an event is about and who they were merged into; empty where it does not say."""
    return event.payload.get("person_id", ""), event.payload.get("survivor_id", "")


def read_again(connection_id: UUID, ats: contract.Ats, events: Sequence[Event]) -> Seen:
    """What the ATS shows now of all that these events name, in as few requests as it takes."""
    by_person = {p for event in events if event.kind != "hook.application" for p in named_people(event) if p}
    named_ones = [event.payload for event in events if event.payload.get("application_id")]
    by_id = {payload["application_id"]: payload.get("person_id", "") for payload in named_ones}
    seen = Seen(shows_after=ats.capabilities.visible_after, other_jobs=leading.has_other_jobs(connection_id))
    seen.applications = reading.applications(ats, by_id) | reading.applications_of(ats, by_person)
    seen.people = {found.person.id: found.person for found in seen.applications.values() if found.person is not None}
    asked = _people_to_read(events, seen) - seen.people.keys()
    for ids in reading.chunks(asked):
        seen.people |= {found.id: found for found in ats.get_people(ids)}
    _follow_the_moved(connection_id, ats, seen, asked - seen.people.keys())
    _read_histories(ats, seen)
    return seen


def _people_to_read(events: Sequence[Event], seen: Seen) -> set[str]:
    """Whom the events name, but not those whose application shows that they are there."""
    asked: set[str] = set()
    for event in events:
        application = seen.applications.get(event.payload.get("application_id", ""))
        people = {person for person in named_people(event) if person}
        shown = application is not None and event.kind == "hook.application"
        asked |= people - {application.person_id} if shown and application is not None else people
    return asked


def _follow_the_moved(connection_id: UUID, ats: contract.Ats, seen: Seen, gone: Collection[str]) -> None:
    """Where somebody is not shown any more, their applications may be: as somebody else's, since a merge
    that nobody told of."""
    theirs = (
        Candidacy.objects.of_everyone()
        .filter(person__connection_id=connection_id, person__remote_id__in=gone)
        .exclude(application_id="")
    )
    ids = {*theirs.values_list("application_id", flat=True)} - seen.applications.keys()
    for found in reading.applications(ats, dict.fromkeys(ids, "")).values():
        seen.applications[found.id] = found
        if found.person is not None:
            seen.people[found.person.id] = found.person


def _read_histories(ats: contract.Ats, seen: Seen) -> None:
    told = {found.id: list(found.history) for found in seen.applications.values() if found.history is not None}
    seen.changes = told
    if not ats.capabilities.stage_history:
        return
    for ids in reading.chunks(seen.applications.keys() - told.keys()):
        for change in ats.list_stage_changes(ids):
            seen.changes.setdefault(change.application_id, []).append(change)


def tries_of(
    events: Sequence[Event],
    said: Sequence[recording.Exchange],
    *,
    alone: bool,
    outcome: str = "done",
    detail: str = "",
) -> dict[int, list[Tried]]:
    """What reading again was for each event. Bodies are kept where all of them are about one object: the
    readers of another's may be others (rule 30)."""
    if not said:
        return {event.pk: [] for event in events}
    seconds = sum(one.seconds for one in said)
    tries: dict[int, list[Tried]] = {}
    for event in events:
        own = str(event.payload.get("application_id") or event.payload.get("person_id", ""))
        shown = [(one if alone else one.of_one(own, ()).bare()).as_json() for one in said]
        tries[event.pk] = [Tried(operation="read", outcome=outcome, detail=detail, seconds=seconds, exchanges=shown)]
    return tries
