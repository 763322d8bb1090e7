"""Handler `check`: one page of a reconciliation. It reads with requests that nothing else needs, notes what
differs, and leaves changing it to ordinary events once the last page is read."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from apps.candidates import services as candidates
from apps.candidates.models import Candidacy, CandidacyState, PersonState, Profile
from apps.connections import selectors as budgets
from apps.connections import services as connections
from apps.core import errors
from apps.ledger import drain, outcomes
from apps.ledger.leases import Claimed, Lease
from apps.ledger.models import Event
from apps.ledger.outcomes import Decision, Outcome, Tried, Unit
from apps.ledger.states import OPEN, Reason, State
from apps.providers import recording
from apps.sync import differences, hooks, index, lanes, reading, reconcile, wire
from apps.sync.differences import Alike, Known, Shown
from apps.sync.models import Difference, Reconciliation

PAGE = {reconcile.ATS: reading.MOST_IDS, reconcile.LINKEDIN: 100}
CALLS_A_PAGE = {reconcile.ATS: 3, reconcile.LINKEDIN: 1}
"""Applications, and now and then their stages or people."""

SETTLES = timedelta(minutes=1)
"""Whoever was written or read within this, or within twice the time in which the system shows a record, is left
to the next run: what it shows may be older than what is known."""

SOON = timedelta(seconds=2)
LATER = timedelta(minutes=15)
"""When a page is tried again for which nothing was spare: a window of seconds refills, a day's does not."""


@dataclass(frozen=True, slots=True)
class Looked:
    """One side of a candidacy to compare: what is known of it, and where its news would wait."""

    key: str
    remote_id: str
    known: Known
    candidacy: Candidacy
    profile: Profile | None
    mailbox: str


@dataclass(slots=True)
class Page:
    """What the system shows of those who were asked about, by their ids there."""

    shown: dict[str, Shown] = field(default_factory=dict)
    people: frozenset[str] = frozenset()
    alike: dict[str, Alike] = field(default_factory=dict)
    payloads: dict[str, dict[str, Any]] = field(default_factory=dict)


def handle(lease: Lease, claimed: Sequence[Claimed], *, now: datetime) -> list[Unit]:
    return [_check(box, now=now) for box in claimed]


def _check(box: Claimed, *, now: datetime) -> Unit:
    event = box.events[0] if box.events else None
    if event is None:
        return outcomes.settled_each(box, {})
    run = reconcile.reading(event.payload["run"]).first()
    if run is None:
        return outcomes.settled(box, outcomes.skipped(Reason.STALE, ENDED))
    connection_id = reconcile.connection_of(run)
    wanted = CALLS_A_PAGE[run.side]
    if budgets.room_for_checks(connection_id, now=now, most=wanted) < wanted:
        wait = LATER if budgets.daily(connection_id, now=now) else SOON
        return outcomes.settled(
            box, outcomes.put_back("Waits for requests that nothing else needs.", due_at=now + wait)
        )
    asked = SIDES[run.side](run, quiet_since=_quiet_since(connection_id, now=now))
    said: list[recording.Exchange] = []
    try:
        with recording.exchanges() as said:
            page = READERS[run.side](connection_id, asked, now=now) if asked else Page()
    except errors.SyncError as error:
        failed = partial(_failed, event, run, drain.of_error(error, now=now), now=now)
        return outcomes.with_tries(box, failed, _tried(run, said, error.code, error.detail))
    settle = partial(_settle, event, run.pk, run.after, [one.key for one in asked], page, now=now)
    return outcomes.with_tries(box, settle, _tried(run, said, "done"))


ENDED = "This reconciliation has ended."


def _quiet_since(connection_id: UUID, *, now: datetime) -> datetime:
    shows: timedelta = budgets.capabilities_of(budgets.get_connection(connection_id)).visible_after
    return now - max(SETTLES, 2 * shows)


def _applications(
    run: Reconciliation, *, quiet_since: datetime | None = None, only: Collection[str] = ()
) -> list[Looked]:
    """The next of a mapping's applications behind those looked at; or those of `only` as they are by now."""
    rows = Candidacy.objects.of_everyone().filter(mapping=run.mapping, state=CandidacyState.OPEN)
    rows = rows.exclude(application_id="").filter(person__state=PersonState.ACTIVE).select_related("person")
    rows = rows.filter(pk__in=only) if only else rows
    rows = rows.exclude(in_ats_at__gt=quiet_since).exclude(ats_seen_at__gt=quiet_since) if quiet_since else rows
    rows = rows.filter(pk__gt=run.after) if run.after and not only else rows
    return [
        Looked(
            key=str(one.pk),
            remote_id=one.application_id,
            known=Known(one.ats_observed, one.person.remote_id, one.ats_sent),
            candidacy=one,
            profile=None,
            mailbox=lanes.application_mailbox(one.person.connection_id, one.application_id),
        )
        for one in rows.order_by("pk")[: PAGE[run.side]]
    ]


def _profiles(run: Reconciliation, *, quiet_since: datetime | None = None, only: Collection[str] = ()) -> list[Looked]:
    """The next of a mapping's profiles, the same way."""
    rows = Profile.objects.filter(candidacy__mapping=run.mapping, candidacy__state=CandidacyState.OPEN, removed=False)
    rows = rows.filter(project=run.mapping.project).exclude(observed="").select_related("candidacy__person")
    rows = rows.filter(pk__in=only) if only else rows
    rows = rows.exclude(seen_at__gt=quiet_since) if quiet_since else rows
    rows = rows.filter(pk__gt=run.after) if run.after and not only else rows
    return [
        Looked(
            key=str(one.pk),
            remote_id=one.remote_id,
            known=Known(one.observed, sent=one.sent, seen_at=one.seen_at),
            candidacy=one.candidacy,
            profile=one,
            mailbox=lanes.profile_mailbox(one.connection_id, one.remote_id),
        )
        for one in rows.order_by("pk")[: PAGE[run.side]]
        if one.candidacy is not None
    ]


SIDES: Mapping[str, Callable[..., list[Looked]]] = {reconcile.ATS: _applications, reconcile.LINKEDIN: _profiles}


def _read_ats(connection_id: UUID, asked: Sequence[Looked], *, now: datetime) -> Page:
    """The applications; of those that are gone or somebody else's, whether their people are there, and if not,
    who may be them in an index that is read up to now."""
    ats = connections.open_ats(connection_id)
    people = {one.remote_id: one.known.person for one in asked}
    found = reading.applications(ats, people)
    moved = {person for key, person in people.items() if key not in found or found[key].person_id != person}
    there = {one.id for ids in reading.chunks(moved) for one in ats.get_people(ids)}
    page = Page(people=frozenset(there))
    page.shown = {key: Shown(hooks.value_of(one), one.person_id) for key, one in found.items()}
    lost = {person for key, person in people.items() if key not in found} - there
    if lost:
        index.read_forward(connection_id, ats, now=now)
    for person in lost:
        alike = candidates.find_alike(connection_id=connection_id, remote_id=person)
        page.alike[person] = Alike(alike.remote_id, alike.several)
    return page


def _read_linkedin(connection_id: UUID, asked: Sequence[Looked], *, now: datetime) -> Page:
    found = connections.open_sourcing(connection_id).get_profiles([one.remote_id for one in asked])
    shown = {key: Shown(one.stage, removed=one.removed, at=one.modified_at) for key, one in found.items()}
    return Page(shown=shown, payloads={key: wire.profile_to_payload(one) for key, one in found.items()})


READERS: Mapping[str, Callable[..., Page]] = {reconcile.ATS: _read_ats, reconcile.LINKEDIN: _read_linkedin}


def _settle(event: Event, run_id: UUID, after: str, keys: Sequence[str], page: Page, *, now: datetime) -> Decision:
    """Note what differs from the rows as they are by now, inside the settling transaction."""
    run = reconcile.reading(run_id).select_for_update(of=("self",)).filter(after=after).first()
    if run is None:
        return Decision(outcomes={event.pk: outcomes.skipped(Reason.STALE, ENDED)})
    rows = SIDES[run.side](run, only=keys) if keys else []
    busy = _busy(rows, since=now)
    made = [one for row in rows if row.key not in busy and (one := _difference(run, row, page)) is not None]
    Difference.objects.bulk_create(made, ignore_conflicts=True)
    run.looked_at += len(keys)
    run.after = keys[-1] if keys else run.after
    run.save(update_fields=["looked_at", "after"])
    clients = (run.mapping.client_id,)
    if len(keys) == PAGE[run.side]:
        outcome = outcomes.done(f"{len(keys)} people compared; the next page follows.", clients=clients)
        return Decision(outcomes={event.pk: outcome}, follow=[reconcile.page_event(run, caused_by=event.pk)])
    said = reconcile.conclude(run, caused_by=event.pk, now=now)
    return Decision(outcomes={event.pk: outcomes.done(said, clients=clients)})


def _busy(rows: Sequence[Looked], *, since: datetime) -> set[str]:
    """About whom something waits or has just been settled: it may be the very news that was seen."""
    subjects = {lanes.subject(row.candidacy.person_id): row.key for row in rows}
    boxes = {row.mailbox: row.key for row in rows} | {_person_box(row): row.key for row in rows}
    about = Event.objects.filter(subject__in=subjects)
    moving = about.filter(state__in=OPEN) | about.filter(settled_at__gte=since)
    waiting = Event.objects.filter(mailbox__key__in=boxes, state__in=(*OPEN, State.HELD))
    return _keys(subjects, moving.values_list("subject", flat=True)) | _keys(
        boxes, waiting.values_list("mailbox__key", flat=True)
    )


def _keys(known: Mapping[str, str], found: Iterable[str]) -> set[str]:
    return {known[one] for one in found}


def _person_box(row: Looked) -> str:
    person = row.candidacy.person
    return lanes.ats_person_mailbox(person.connection_id, person.remote_id)


def _difference(run: Reconciliation, row: Looked, page: Page) -> Difference | None:
    shown = page.shown.get(row.remote_id)
    if run.side == reconcile.LINKEDIN:
        found = differences.in_linkedin(row.known, shown)
    else:
        person = row.known.person
        found = differences.in_ats(
            row.known, shown, person_is_there=person in page.people, alike=page.alike.get(person, differences.NOBODY)
        )
    if found is None:
        return None
    return Difference(
        run=run,
        candidacy=row.candidacy,
        profile=row.profile,
        kind=found.kind,
        before=row.known.value,
        now=found.now,
        payload=page.payloads.get(row.remote_id, {}),
    )


def _failed(event: Event, run: Reconciliation, outcome: Outcome, *, now: datetime) -> Decision:
    """A page that failed is tried again; one that is given up ends its run, and the next run begins anew."""
    if outcome.state == State.DEAD:
        reconcile.fail(run, why=outcome.detail, now=now)
    return Decision(outcomes={event.pk: outcome})


def _tried(run: Reconciliation, said: Sequence[recording.Exchange], outcome: str, detail: str = "") -> list[Tried]:
    """The calls without their pages: those are people."""
    if not said:
        return []
    seconds = sum(one.seconds for one in said)
    shown = [one.bare().as_json() for one in said]
    return [Tried(operation=f"check.{run.side}", outcome=outcome, detail=detail, seconds=seconds, exchanges=shown)]
