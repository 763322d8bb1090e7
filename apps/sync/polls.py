"""Handler `poll`: listings of the outside systems. A poll is an event like any other, so that one
worker makes it, its gate can hold it, and its cursor is committed with what it found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID

from apps.candidates import duplicates
from apps.candidates import services as candidates
from apps.candidates.models import Profile
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
from apps.mappings import choices, places, seats
from apps.mappings import services as mappings
from apps.mappings.models import ChoiceKind
from apps.notifications import announce
from apps.providers import contract, recording
from apps.sync import closures, index, inmail, lanes, leading, pacing, queues, reading, wire
from apps.sync.models import Stream, StreamName

LINKEDIN_OVERLAP = timedelta(minutes=10)
"""The stored cursor stays this far behind the last row: rows of equal time, late commits there (rule 25)."""

LINKEDIN_PAGE = 100
PAGES_PER_POLL = 10
"""A poll that finds more settles what it has and goes on as a new event, within its lease."""


def append_due(now: datetime) -> None:
    """Called by the sweep: an event for each listing whose time has come.

    One whose reading ended without planning the next (it killed its worker, say) is planned here.
    """
    for stream in Stream.objects.filter(next_at__lte=now).select_related("connection"):
        event = poll_event(stream)
        if ledger.append(event, now=now) is None and not _is_open(event.mailbox):
            _plan_next(stream, now=now)


def _is_open(mailbox: str) -> bool:
    return Event.objects.filter(mailbox__key=mailbox, state__in=OPEN).exists()


def poll_event(stream: Stream, *, go_on: str = "") -> NewEvent:
    gate = lanes.connection_gate(stream.connection_id)
    due = stream.next_at.isoformat() if stream.next_at else ""
    return NewEvent(
        kind=f"poll.{stream.name}",
        mailbox=lanes.poll_mailbox(stream.connection_id, stream.name),
        gate=gate,
        turn=f"{gate}|polls",
        priority=Priority.NEW_CANDIDATE,
        connection=stream.connection_id,
        payload={"stream": stream.pk},
        dedupe=f"poll:{stream.name}:{due}:{go_on}",
    )


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


def _done(
    stream: Stream,
    box: Claimed,
    detail: str,
    *,
    now: datetime,
    cursor: dict[str, object] | None = None,
    follow: Sequence[NewEvent] = (),
    complete: bool = False,
) -> Decision:
    values: dict[str, object] = {"read_at": now}
    if cursor is not None:
        values["cursor"] = cursor
    if complete and stream.complete_at is None:
        values["complete_at"] = now
        ledger.release_held(hold_key=lanes.index_hold(stream.connection_id), now=now)
    Stream.objects.filter(pk=stream.pk).update(**values)
    _plan_next(stream, now=now)
    if cursor is not None and "drained" in cursor:
        ledger.bring_due(
            kind="write.stage",
            connection=stream.connection_id,
            due_at=now + pacing.ROWS_SETTLE,
            unless_caused_by="decide.conflict",
        )
    return Decision(outcomes={event.pk: outcomes.done(detail) for event in box.events}, follow=follow)


def _failed(stream: Stream, box: Claimed, error: errors.SyncError, *, now: datetime) -> Decision:
    """A poll that failed is tried again or buried; the next one comes all the same."""
    outcome = drain.of_error(error, now=now)
    if outcome.state == State.DEAD and "page" in stream.cursor:
        left = {name: value for name, value in stream.cursor.items() if name == "since"}
        Stream.objects.filter(pk=stream.pk).update(cursor=left)  # the page may be what was refused: from the start
    if outcome.counts or outcome.state == State.DEAD:
        _plan_next(stream, now=now)
    return Decision(outcomes={event.pk: outcome for event in box.events})


def _plan_next(stream: Stream, *, now: datetime) -> None:
    """Unless a hint that came while this one was read asks for another at once."""
    unhinted = Stream.objects.filter(pk=stream.pk, next_at=stream.next_at)
    unhinted.update(next_at=pacing.next_read(stream, now=now))


BULK = 100
"""More new profiles of one Project than this in one poll are an import, whose people may wait for moves (R15)."""


def _imported(connection_id: UUID, rows: Iterable[contract.Profile]) -> frozenset[str]:
    """Projects to which one poll brings more new profiles than people add by hand."""
    by_id = {row.id: row.project for row in rows if not row.removed}
    known = Profile.objects.filter(connection_id=connection_id, remote_id__in=by_id)
    fresh = by_id.keys() - set(known.values_list("remote_id", flat=True))
    counts = Counter(by_id[one] for one in fresh)
    return frozenset(project for project, count in counts.items() if count > BULK)


def row_event(
    connection_id: UUID,
    profile: contract.Profile,
    *,
    caused_by: int | None = None,
    priority: Priority = Priority.NEW_CANDIDATE,
) -> NewEvent:
    """One row of the delta; it comes again with the next poll and is the same by (id, modifiedAt)."""
    gate = lanes.arrival_gate(connection_id)
    return NewEvent(
        kind="row.profile",
        mailbox=lanes.profile_mailbox(connection_id, profile.id),
        gate=gate,
        priority=priority,
        connection=connection_id,
        payload=wire.profile_to_payload(profile),
        dedupe=f"profile:{profile.id}:{profile.modified_at.isoformat()}:{profile.stage}:{profile.removed}",
        caused_by=caused_by,
    )


def earlier_row(connection_id: UUID, row: Event, *, mapping_id: UUID) -> NewEvent:
    """A row that was skipped because its mapping was not live, to be planned now that it is; nobody is told."""
    gate = lanes.arrival_gate(connection_id)
    return NewEvent(
        kind=row.kind,
        mailbox=lanes.profile_mailbox(connection_id, row.payload["id"]),
        gate=gate,
        priority=Priority.BACKFILL,
        connection=connection_id,
        payload={**row.payload, announce.MUTED: True},
        dedupe=f"live:{mapping_id}:{row.pk}",
        caused_by=row.pk,
    )


def _read_profiles(stream: Stream, box: Claimed, *, now: datetime) -> partial[Decision]:
    linkedin = connections.open_sourcing(stream.connection_id)
    since = datetime.fromisoformat(stream.cursor.get("since", "1970-01-01T00:00:00+00:00"))
    newest = datetime.fromisoformat(stream.cursor.get("newest", since.isoformat()))
    found: dict[tuple[str, str], contract.Profile] = {}
    start = 0
    for _ in range(PAGES_PER_POLL):
        rows = linkedin.list_profiles_since(since=since, start=start)
        found |= {(row.id, row.modified_at.isoformat()): row for row in rows}
        if len(rows) < LINKEDIN_PAGE:
            break
        last = rows[-1].modified_at
        since, start = (last, 0) if last > since else (since, start + LINKEDIN_PAGE)
    else:
        rows = ()
    newest = max([newest, *(row.modified_at for row in found.values())])
    more = not rows and bool(found)
    cursor: dict[str, object] = {
        "since": (since if more else max(newest - LINKEDIN_OVERLAP, EPOCH)).isoformat(),
        "newest": newest.isoformat(),
    }
    if not more:
        cursor["drained"] = now.isoformat()
    imported = _imported(stream.connection_id, found.values())
    follow = [
        row_event(
            stream.connection_id,
            row,
            priority=Priority.BACKFILL if row.project in imported else Priority.NEW_CANDIDATE,
        )
        for row in found.values()
    ]
    if more:
        follow.append(poll_event(stream, go_on=since.isoformat()))
    detail = f"{len(found)} profile rows read."
    return partial(_done, stream, box, detail, now=now, cursor=cursor, follow=follow)


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _read_projects(stream: Stream, box: Claimed, *, now: datetime) -> Callable[[], Decision]:
    if budgets.capabilities_of(stream.connection).publishes:
        return partial(_keep_places, stream, box, now=now)
    linkedin = connections.open_sourcing(stream.connection_id)
    projects = _all_pages(lambda cursor: linkedin.list_projects(cursor=cursor))

    def decide() -> Decision:
        mappings.store_projects(connection_id=stream.connection_id, projects=projects, now=now)
        return _done(stream, box, f"{len(projects)} Projects read.", now=now, complete=True)

    return decide


def _keep_places(stream: Stream, box: Claimed, *, now: datetime) -> Decision:
    """LinkedIn lists no Projects: the jobs that people may be exported to stand for them, which costs no call."""
    count = places.store_places(connection_id=stream.connection_id, now=now)
    return _done(stream, box, f"{count} open jobs that people may be exported to.", now=now, complete=True)


def _read_seats(stream: Stream, box: Claimed, *, now: datetime) -> Callable[[], Decision]:
    linkedin = connections.open_sourcing(stream.connection_id)
    listed = _all_pages(lambda cursor: linkedin.list_seats(cursor=cursor))

    def decide() -> Decision:
        mappings.store_seats(connection_id=stream.connection_id, seats=listed)
        return _done(stream, box, f"{len(listed)} seats read.", now=now, complete=True)

    return decide


def _read_jobs(stream: Stream, box: Claimed, *, now: datetime) -> Callable[[], Decision]:
    ats = connections.open_ats(stream.connection_id)
    jobs = _all_pages(lambda cursor: ats.list_jobs(cursor=cursor))
    stages: list[contract.Stage] = []
    ids = [job.id for job in jobs if job.status == "open"]
    wanted = [ids[:1]] if ats.capabilities.stage_scope == "account" else reading.chunks(ids)
    for some in wanted:
        stages += ats.list_stages(some)
    lists = _read_lists(ats) if _lists_due(stream, now=now) else None
    cursor = {**stream.cursor, "choices": now.isoformat()} if lists else None

    def decide() -> Decision:
        if lists is not None:
            lists.store(stream.connection_id)
        turned = mappings.store_jobs(connection_id=stream.connection_id, jobs=jobs, stages=stages, now=now)
        vanished = mappings.end_vanished_jobs(connection_id=stream.connection_id, seen=[job.id for job in jobs])
        detail = f"{len(jobs)} jobs and {len(stages)} stages read." + (f" {vanished} vanished." if vanished else "")
        follow = leading.read_again(stream.connection_id, jobs=turned) if turned else []
        return _done(stream, box, detail, now=now, cursor=cursor, follow=follow, complete=True)

    return decide


LISTS_EVERY = timedelta(days=1)
"""Folders, reasons and users change rarely; somebody who waits for a new one reads the connection at once."""


def _lists_due(stream: Stream, *, now: datetime) -> bool:
    read = stream.cursor.get("choices")
    return read is None or now - datetime.fromisoformat(read) >= LISTS_EVERY


@dataclass(frozen=True, slots=True)
class _Lists:
    """What the ATS lets people choose from, and who works in it."""

    choices: Mapping[ChoiceKind, Sequence[contract.Choice]]
    users: Sequence[contract.User]

    def store(self, connection_id: UUID) -> None:
        for kind, found in self.choices.items():
            choices.store_choices(connection_id=connection_id, kind=kind, choices=found)
        seats.store_users(connection_id=connection_id, users=self.users)


def _read_lists(ats: contract.Ats) -> _Lists | None:
    """None where the ATS is busy: the next reading of jobs asks again."""
    try:
        return _Lists(
            choices={
                ChoiceKind.FOLDER: _allowed(ats.list_folders),
                ChoiceKind.REASON: _allowed(ats.list_reject_reasons),
            },
            users=_allowed(lambda: _all_pages(lambda cursor: ats.list_users(cursor=cursor))),
        )
    except (errors.RateLimited, errors.Transient):
        return None


def _allowed(read: Callable[[], Sequence[contract.T]]) -> Sequence[contract.T]:
    """A list; empty where the credential may not read it."""
    try:
        return read()
    except (errors.Rejected, errors.NotFound):
        return ()


def _read_people(stream: Stream, box: Claimed, *, now: datetime) -> Callable[[], Decision]:
    """A few pages; the rest is a new event, so that a crawl longer than a lease or a window of requests
    comes to its end. Its watermark is its start, saved after its last page (rule 25)."""
    ats = connections.open_ats(stream.connection_id)
    since = datetime.fromisoformat(stream.cursor["since"]) if stream.complete_at else None
    began = datetime.fromisoformat(stream.cursor.get("began", now.isoformat()))
    next_page: str | None = stream.cursor.get("page")
    people: list[contract.Person] = []
    for number in range(PAGES_PER_POLL):
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
        follow.append(poll_event(stream, go_on=f"{began.isoformat()}:{next_page}"))

    gone = index.merged_away(stream.connection_id, ats, people) if since is not None else set()

    def decide() -> Decision:
        candidates.index_people(connection_id=stream.connection_id, people=people)
        index.forget(stream.connection_id, gone)
        duplicates.notice(connection_id=stream.connection_id, remote_ids=[one.id for one in people], now=now)
        detail = f"{len(people)} people indexed."
        whole = next_page is None
        return _done(stream, box, detail, now=now, cursor=cursor, follow=follow, complete=whole)

    return decide


def _read_applications(stream: Stream, box: Claimed, *, now: datetime) -> Callable[[], Decision]:
    ats = connections.open_ats(stream.connection_id)
    since = datetime.fromisoformat(stream.cursor.get("since", now.isoformat()))
    applications = _all_pages(lambda cursor: ats.list_applications(updated_since=since, cursor=cursor))
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
    return partial(_done, stream, box, detail, now=now, cursor=cursor, follow=follow, complete=True)


def _read_events(stream: Stream, box: Claimed, *, now: datetime) -> Callable[[], Decision]:
    found = queues.read(stream, now=now)
    follow = [*found.events, *([poll_event(stream, go_on=found.go_on)] if found.go_on else [])]

    def decide() -> Decision:
        if found.jobs:
            bring_forward(connection_id=stream.connection_id, name=StreamName.JOBS, now=now)
        return _done(stream, box, found.detail, now=now, cursor=found.cursor, follow=follow, complete=True)

    return decide


def _read_messages(stream: Stream, box: Claimed, *, now: datetime) -> Callable[[], Decision]:
    found = inmail.read(stream, now=now)
    if found is None:
        return partial(_done, stream, box, "No seat's InMail is to be read.", now=now)
    telling = inmail.telling_of(stream.connection)
    follow = [inmail.message_event(stream.connection_id, one, telling=telling) for one in found.messages]
    detail = f"{len(follow)} InMails of one seat read."
    return partial(_done, stream, box, detail, now=now, cursor=found.cursor, follow=follow)


def _read_closed(stream: Stream, box: Claimed, *, now: datetime) -> Callable[[], Decision]:
    found = closures.read(stream.connection_id)
    follow = closures.events_of(stream.connection_id, found)
    detail = f"{len(found)} closed LinkedIn accounts read."
    return partial(_done, stream, box, detail, now=now, follow=follow, complete=True)


def _all_pages(read: Callable[[str | None], contract.Page[contract.T]]) -> list[contract.T]:
    items: list[contract.T] = []
    cursor: str | None = None
    while True:
        page = read(cursor)
        items += page.items
        cursor = page.next
        if cursor is None:
            return items


READERS: dict[StreamName, Callable[..., Callable[[], Decision]]] = {
    StreamName.PROFILES: _read_profiles,
    StreamName.PROJECTS: _read_projects,
    StreamName.SEATS: _read_seats,
    StreamName.JOBS: _read_jobs,
    StreamName.PEOPLE: _read_people,
    StreamName.APPLICATIONS: _read_applications,
    StreamName.EVENTS: _read_events,
    StreamName.MESSAGES: _read_messages,
    StreamName.CLOSED: _read_closed,
}
