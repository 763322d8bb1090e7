"""Handler `poll`: listings of the outside systems. A poll is an event like any other, so that one
worker makes it, its gate can hold it, and its cursor is committed with what it found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from uuid import UUID

from apps.candidates import duplicates
from apps.candidates import services as candidates
from apps.connections import selectors as budgets
from apps.connections import services as connections
from apps.core import errors
from apps.ledger import drain, leases, outcomes
from apps.ledger import services as ledger
from apps.ledger.leases import Claimed, Lease
from apps.ledger.models import Event
from apps.ledger.outcomes import Decision, Tried, Unit
from apps.ledger.services import NewEvent
from apps.ledger.states import OPEN, Priority, State
from apps.mappings import services as mappings
from apps.providers import contract, recording
from apps.sync import catalogue, closures, delta, index, inmail, lanes, listings, queues
from apps.sync.models import Stream, StreamName


def append_due(now: datetime) -> None:
    """Called by the sweep: an event for each listing whose time has come.

    One whose reading ended without planning the next (it killed its worker, say) is planned here.
    """
    for stream in Stream.objects.filter(next_at__lte=now).select_related("connection"):
        event = listings.poll_event(stream)
        if ledger.append(event, now=now) is None and not _is_open(event.mailbox):
            listings.plan_next(stream, now=now)


def _is_open(mailbox: str) -> bool:
    return Event.objects.filter(mailbox__key=mailbox, state__in=OPEN).exists()


def bring_forward(*, connection_id: UUID, name: StreamName, now: datetime) -> bool:
    """A hint that something changed there: the next reading is now. True if one will be.

    While the day's requests are spent ahead of plan, the planned reading stands: hints come with every
    change, our own too, and would use the day up. A reading that is under way is followed by another.
    """
    if not budgets.may_write_now(connection_id, now=now):
        return False
    streams = Stream.objects.filter(connection_id=connection_id, name=name, next_at__isnull=False)
    if not leases.is_leased(lanes.poll_mailbox(connection_id, name)):
        streams = streams.filter(next_at__gt=now)  # one that is due already will read later than this
    streams.update(next_at=now)
    return True


def handle(lease: Lease, claimed: Sequence[Claimed], *, now: datetime) -> list[Unit]:
    units: list[Unit] = []
    for box in claimed:
        if not box.events:
            units.append(outcomes.settled_each(box, {}))
            continue
        stream = Stream.objects.select_related("connection").filter(pk=box.events[0].payload["stream"]).first()
        if stream is None:
            units.append(outcomes.settled(box, outcomes.dead("vanished", "The listing is gone with its connection.")))
            continue
        said: list[recording.Exchange] = []
        try:
            with recording.exchanges() as said:
                decide = READERS[StreamName(stream.name)](stream, box, now=now)
        except errors.SyncError as error:
            failed = partial(_failed, stream, box, error, now=now)
            units.append(outcomes.with_tries(box, failed, _tried(stream, said, error.code, error.detail)))
            continue
        units.append(outcomes.with_tries(box, decide, _tried(stream, said, "done")))
    return units


def _tried(stream: Stream, said: Sequence[recording.Exchange], outcome: str, detail: str = "") -> list[Tried]:
    """A reading as it went, without the pages themselves: they are people, and each became an event."""
    if not said:
        return []
    seconds = sum(one.seconds for one in said)
    shown = [one.bare().as_json() for one in said]
    return [Tried(operation=f"read.{stream.name}", outcome=outcome, detail=detail, seconds=seconds, exchanges=shown)]


def _failed(stream: Stream, box: Claimed, error: errors.SyncError, *, now: datetime) -> Decision:
    """A poll that failed is tried again or buried; the next one comes all the same."""
    outcome = drain.of_error(error, now=now)
    if outcome.state == State.DEAD and "page" in stream.cursor:
        left = {name: value for name, value in stream.cursor.items() if name == "since"}
        Stream.objects.filter(pk=stream.pk).update(cursor=left)  # the page may be what was refused: from the start
    if outcome.counts or outcome.state == State.DEAD:
        listings.plan_next(stream, now=now)
    return Decision(outcomes={event.pk: outcome for event in box.events})


def _read_people(stream: Stream, box: Claimed, *, now: datetime) -> Callable[[], Decision]:
    """A few pages; the rest is a new event, so that a crawl longer than a lease or a window of requests
    comes to its end. Its watermark is its start, saved after its last page (rule 25)."""
    ats = connections.open_ats(stream.connection_id)
    since = datetime.fromisoformat(stream.cursor["since"]) if stream.complete_at else None
    began = datetime.fromisoformat(stream.cursor.get("began", now.isoformat()))
    next_page: str | None = stream.cursor.get("page")
    people: list[contract.Person] = []
    for number in range(listings.PAGES_PER_POLL):
        try:
            page = ats.list_people(updated_since=since, cursor=next_page)
        except errors.RateLimited:
            if number == 0:
                raise
            break
        people += page.items
        next_page = page.next
        if next_page is None:
            break
    cursor: dict[str, object] = {"since": (began - index.OVERLAP).isoformat()}
    follow = []
    if next_page is not None:
        kept = {"since": since.isoformat()} if since is not None else {}
        cursor = {**kept, "began": began.isoformat(), "page": next_page}
        follow.append(listings.poll_event(stream, go_on=f"{began.isoformat()}:{next_page}"))

    gone = index.merged_away(stream.connection_id, ats, people) if since is not None else set()

    def decide() -> Decision:
        candidates.index_people(connection_id=stream.connection_id, people=people)
        index.forget(stream.connection_id, gone)
        duplicates.notice(connection_id=stream.connection_id, remote_ids=[one.id for one in people], now=now)
        detail = f"{len(people)} people indexed."
        whole = next_page is None
        return listings.done(stream, box, detail, now=now, cursor=cursor, follow=follow, complete=whole)

    return decide


def _read_applications(stream: Stream, box: Claimed, *, now: datetime) -> Callable[[], Decision]:
    ats = connections.open_ats(stream.connection_id)
    since = datetime.fromisoformat(stream.cursor.get("since", now.isoformat()))
    applications = listings.all_pages(lambda cursor: ats.list_applications(updated_since=since, cursor=cursor))
    ours = mappings.mapped_jobs(connection_id=stream.connection_id)
    gate = lanes.connection_gate(stream.connection_id)
    follow = [
        NewEvent(
            kind="hook.application",
            mailbox=lanes.application_mailbox(stream.connection_id, found.id),
            gate=gate,
            priority=Priority.STAGE_CHANGE,
            connection=stream.connection_id,
            payload={"application_id": found.id, "person_id": found.person_id, "by": "poll"},
            dedupe=f"application:{found.id}:{found.updated_at.isoformat()}",
        )
        for found in applications
        if found.job_id in ours
    ]
    cursor: dict[str, object] = {"since": (now - index.OVERLAP).isoformat()}
    detail = f"{len(applications)} changed applications read."
    return partial(listings.done, stream, box, detail, now=now, cursor=cursor, follow=follow, complete=True)


def _read_events(stream: Stream, box: Claimed, *, now: datetime) -> Callable[[], Decision]:
    found = queues.read(stream, now=now)
    follow = [*found.events, *([listings.poll_event(stream, go_on=found.go_on)] if found.go_on else [])]

    def decide() -> Decision:
        if found.jobs:
            bring_forward(connection_id=stream.connection_id, name=StreamName.JOBS, now=now)
        return listings.done(stream, box, found.detail, now=now, cursor=found.cursor, follow=follow, complete=True)

    return decide


def _read_messages(stream: Stream, box: Claimed, *, now: datetime) -> Callable[[], Decision]:
    found = inmail.read(stream, now=now)
    if found is None:
        return partial(listings.done, stream, box, "No seat's InMail is to be read.", now=now)
    telling = inmail.telling_of(stream.connection)
    follow = [inmail.message_event(stream.connection_id, one, telling=telling) for one in found.messages]
    detail = f"{len(follow)} InMails of one seat read."
    return partial(listings.done, stream, box, detail, now=now, cursor=found.cursor, follow=follow)


def _read_closed(stream: Stream, box: Claimed, *, now: datetime) -> Callable[[], Decision]:
    found = closures.read(stream.connection_id)
    follow = closures.events_of(stream.connection_id, found)
    detail = f"{len(found)} closed LinkedIn accounts read."
    return partial(listings.done, stream, box, detail, now=now, follow=follow, complete=True)


READERS: dict[StreamName, Callable[..., Callable[[], Decision]]] = {
    StreamName.PROFILES: delta.read_profiles,
    StreamName.PROJECTS: catalogue.read_projects,
    StreamName.SEATS: catalogue.read_seats,
    StreamName.JOBS: catalogue.read_jobs,
    StreamName.PEOPLE: _read_people,
    StreamName.APPLICATIONS: _read_applications,
    StreamName.EVENTS: _read_events,
    StreamName.MESSAGES: _read_messages,
    StreamName.CLOSED: _read_closed,
}
