"""What every outside system looks like to the engine: values in, values out, errors of core.errors.

Plain Python: no Django, no vendor JSON. A provider package translates between its wire and these
dataclasses; what a system cannot do is declared in its `Capabilities` and planned around.
All datetimes are aware and in UTC. All remote ids are strings, opaque to everything above.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Generic, Protocol, TypeVar

from apps.core.errors import SyncError

T = TypeVar("T")


# --- the gate every call passes -------------------------------------------------------------


class Purpose(StrEnum):
    """What a request is spent on; the budget page adds up by it."""

    POLL = "poll"
    READ = "read"
    WRITE = "write"
    CATALOGUE = "catalogue"
    INDEX = "index"
    TOKEN = "token"
    MESSAGES = "messages"
    BULK = "bulk"  # never named by a provider: the gate counts so what is done for work that may wait


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP request about to be made: a stable operation name, and whether it may be repeated."""

    operation: str
    purpose: Purpose
    repeatable: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, for the gate: `status` is None where no answer came; `sent` is False where
    no byte left this machine (httpx ConnectError, ConnectTimeout, PoolTimeout). `called` is False where
    there was no token to call with, which says nothing about the system."""

    status: int | None
    headers: Mapping[str, str]
    sent: bool
    body: bytes = b""
    called: bool = True


class Gate(Protocol):
    """Stands before and after every request; made by `connections`, handed to the provider."""

    def enter(self, call: Call) -> object:
        """Reserve the request's cost and return a permit.

        Raises RateLimited when a budget window is full, AuthExpired when the connection waits
        for a person, RuntimeError when a database transaction is open.
        """

    def leave(self, permit: object, answer: Answer) -> None:
        """Record the answer: refund what never left, read the limits from the headers."""

    def token(self, *, rejected: str | None = None) -> str:
        """The access token, opaque here: the provider's dialect says how it travels. `rejected` names a
        token that just got a 401, so that it is minted anew once, whatever the number of workers. Raises
        AuthExpired."""


# --- what the systems hold -------------------------------------------------------------------


class StageKind(StrEnum):
    OPEN = "open"
    REJECTED = "rejected"
    HIRED = "hired"


class ApplicationStatus(StrEnum):
    ACTIVE = "active"
    REJECTED = "rejected"
    HIRED = "hired"


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom a connection speaks for: the remote account's id and name, and named warnings. `remember` goes
    into the connection's options: what the system said of itself that later links need."""

    account: str
    name: str
    product: str = ""
    rsc_enabled: bool = True
    remember: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a listing; `next` is the opaque cursor of the following page, None at the end."""

    items: tuple[T, ...]
    next: str | None = None


@dataclass(frozen=True, slots=True)
class Project:
    id: str
    name: str
    active: bool
    owner_seat: str
    stages: tuple[str, ...]
    modified_at: datetime


@dataclass(frozen=True, slots=True)
class Seat:
    id: str
    first_name: str
    last_name: str
    member: str
    active: bool


@dataclass(frozen=True, slots=True)
class Profile:
    """A person's place in one LinkedIn Project."""

    id: str
    project: str
    member: str
    first_name: str
    last_name: str
    headline: str
    company: str
    title: str
    location: str
    url: str
    email: str
    stage: str
    stage_changed_at: datetime
    stage_changed_by: str
    added_at: datetime
    added_by: str
    removed: bool
    modified_at: datetime


@dataclass(frozen=True, slots=True)
class InMail:
    """One message between a seat and a member; `by_seat` says which of the two wrote it."""

    id: str
    thread: str
    seat: str
    member: str
    by_seat: bool
    subject: str
    body: str
    sent_at: datetime


@dataclass(frozen=True, slots=True)
class Job:
    id: str
    name: str
    requisition: str
    status: str  # open | closed | draft
    folder: str = ""  # what stands for a client there
    open_openings: tuple[str, ...] = ()
    folder_name: str = ""


@dataclass(frozen=True, slots=True)
class Stage:
    """One ATS stage. `scope` says where its id means something: a job or a process by its id, the whole
    account where it is empty."""

    scope: str
    id: str
    name: str
    order: int
    kind: StageKind = StageKind.OPEN
    active: bool = True


@dataclass(frozen=True, slots=True)
class Person:
    """A human as the ATS holds them. Where it has one text for both (`Capabilities.headline`), `title`
    is that text and `company` is empty."""

    id: str
    first_name: str
    last_name: str
    company: str
    title: str
    emails: tuple[str, ...]
    phones: tuple[str, ...]
    social_urls: tuple[str, ...]
    private: bool
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Application:
    """A person's application for one job; `job_id` is empty for one that names none. `stage_token` is
    what a compare-and-set move names as the stage it comes from, empty where there is none. `history`
    and `person` are there where the same answer tells them; nobody asks for them again."""

    id: str
    person_id: str
    job_id: str
    status: ApplicationStatus
    stage_id: str
    stage_name: str
    stage_token: str
    source_id: str
    owner_id: str
    created_at: datetime
    updated_at: datetime
    history: tuple[StageChange, ...] | None = None
    person: Person | None = None


@dataclass(frozen=True, slots=True)
class StageChange:
    """One row of a system's own stage history, oldest first in every answer. `by_id` is the user who made
    it, empty where the history does not say."""

    id: str
    application_id: str
    stage_id: str
    entered_at: datetime
    current: bool
    by_id: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """What somebody wrote about a person, as plain text."""

    id: str
    text: str
    written_at: datetime | None


@dataclass(frozen=True, slots=True)
class PublicNote:
    """What somebody wrote about a person, for whoever may see the person to read."""

    id: str
    person_id: str
    application_id: str
    body: str
    by_id: str
    written_at: datetime


@dataclass(frozen=True, slots=True)
class User:
    id: str
    name: str
    email: str
    active: bool


@dataclass(frozen=True, slots=True)
class Source:
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Choice:
    """Something that the system lets people choose from a list of its own: a folder, a reason."""

    id: str
    name: str


# --- what we ask for -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NewPerson:
    first_name: str
    last_name: str
    company: str = ""
    title: str = ""
    emails: tuple[str, ...] = ()
    social_urls: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NewApplication:
    job_id: str
    stage_id: str = ""
    source_id: str = ""
    owner_id: str = ""


@dataclass(frozen=True, slots=True)
class Created:
    """Ids of what a create made; `application_id` is empty where the answer does not name it. `matched`:
    the system put it on somebody who was there, whose own data won."""

    person_id: str
    application_id: str = ""
    matched: bool = False


@dataclass(frozen=True, slots=True)
class PersonUpdate:
    """Whole new values (arrays already merged with what was read); None leaves a field alone."""

    company: str | None = None
    title: str | None = None
    emails: tuple[str, ...] | None = None
    social_urls: tuple[str, ...] | None = None


# --- events pushed to us ---------------------------------------------------------------------


class HookKind(StrEnum):
    APPLICATION = "application"  # something about an application changed: re-read it
    APPLICATION_DELETED = "application_deleted"
    PERSON = "person"
    PERSON_DELETED = "person_deleted"
    PERSON_MERGED = "person_merged"  # person_id is the loser, survivor_id the one to follow
    PROFILES_HINT = "profiles_hint"  # LinkedIn: bring the next delta poll forward
    EXPORT = "export"  # LinkedIn: somebody was exported; the delivery id is what to ask for them by
    CATALOGUE = "catalogue"  # a job or a stage changed: refresh the catalogue
    PING = "ping"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Hook:
    """A verified delivery, translated. `delivery_id` is the sender's own id, or empty."""

    kind: HookKind
    action: str
    delivery_id: str
    person_id: str = ""
    application_id: str = ""
    job_id: str = ""
    survivor_id: str = ""
    occurred_at: datetime | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Pulled:
    """What a system had to tell when it was asked. `cursor` goes with the next question; asking again with
    the old one tells the same again, so a reader that dies before it committed loses nothing. `more`: ask
    again at once. `gap`: something was lost there, so what changed meanwhile must be listed."""

    hooks: tuple[Hook, ...]
    cursor: str
    more: bool = False
    gap: bool = False


class MalformedHook(ValueError):
    """The delivery is well signed but cannot be understood; the text says what is wrong."""


# --- what a system can do --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Limited:
    """A capability that is there only in part, or not at all (`available` False), with why."""

    why: str
    available: bool = True


Support = bool | Limited


def is_there(support: Support) -> bool:
    """Whether a capability is there at all, if only in part."""
    return support.available if isinstance(support, Limited) else support


@dataclass(frozen=True, slots=True)
class RateWindow:
    """A limit: `calls` in any `seconds`. A provider names as many as its system has; each call counts in all.

    `resets_daily` and `resets_monthly` make it a calendar day or month in `time_zone`. `from_headers` says
    that ceiling and reset are read from each answer. `burst` makes it a token bucket: so many at once,
    refilled at the pace of `calls` per `seconds`."""

    name: str
    calls: int
    seconds: int
    resets_daily: bool = False
    from_headers: bool = False
    resets_monthly: bool = False
    burst: int = 0
    time_zone: str = "UTC"

    @property
    def by_calendar(self) -> bool:
        return self.resets_daily or self.resets_monthly


@dataclass(frozen=True, slots=True)
class Capabilities:
    """Declared once per provider: what the matrix shows and the planner plans around."""

    name: str
    role: str  # "sourcing", "ats" or "messaging"
    hosts: tuple[str, ...]
    lookup_by_email: Support
    lookup_by_linkedin_url: Support
    create: Support
    attach: Support
    move: Support
    reject: Support
    hire: Support
    note: Support
    merge: Support
    push_events: Support
    pull_events: Support
    client_folder: Support
    stage_compare_and_set: bool
    stage_history: bool
    change_time: timedelta | None  # resolution of remote change times; None: there are none
    visible_after: timedelta
    rate_windows: tuple[RateWindow, ...]
    setup: tuple[str, ...] = ()
    native_connector: Support = False  # LinkedIn's own, beside which ours links and does not repeat (R10b)
    effort: str = ""  # what setting it up takes, for a person who plans it
    limits: str = ""  # what the rate windows alone do not say
    stage_scope: str = "job"  # "job", or "account" where every job has the same stages
    applications_by_id: int = 50  # read by one request; where it is 1, ask by person and name ids for the rest
    headline: bool = False  # one text for title and company
    event_queue: bool = False  # it is an EventQueue too, which tells what no listing shows
    create_attaches: bool = True  # False: a create makes the person alone, who is attached by a call of its own
    openings: bool = True  # False: a hire names none
    reads_notes: bool = False  # it is a NoteReader too
    publishes: bool = False  # it is sharing.Publishing too: people come by exports, and there are no Projects

    def work(self, *, company: str, title: str) -> tuple[str, str]:
        """Company and title as this system keeps them."""
        return ("", ", ".join(part for part in (title, company) if part)) if self.headline else (company, title)


# --- the two roles ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Settings:
    """What a connection hands its provider: base addresses by name ("api", "auth"), the plain
    settings of the connection, and nothing secret (tokens come through the gate)."""

    base_urls: Mapping[str, str]
    options: Mapping[str, Any] = field(default_factory=dict)
    timeout: float = 10.0  # total seconds a call may take, connect to last byte


class Sourcing(Protocol):
    """LinkedIn Recruiter, in either access mode."""

    capabilities: Capabilities

    def identify(self) -> Sequence[Identity]: ...

    def list_projects(self, *, cursor: str | None = None) -> Page[Project]: ...

    def list_seats(self, *, cursor: str | None = None) -> Page[Seat]: ...

    def list_profiles_since(self, *, since: datetime, start: int = 0) -> tuple[Profile, ...]:
        """Up to 100 profiles of all projects with modified_at >= since, ordered by
        (modified_at, id). Fewer than 100 means the end."""

    def list_messages(self, *, seat: str, since: datetime, until: datetime, start: int = 0) -> tuple[InMail, ...]:
        """Up to 50 InMails of one seat from `since` up to before `until`, at most 12 hours apart, oldest
        first. Fewer than 50 means the end."""

    def get_profiles(self, ids: Sequence[str]) -> Mapping[str, Profile]:
        """At most 100; an id that is missing from the answer is missing from the result."""

    def set_stages(self, stages: Mapping[str, str]) -> Mapping[str, SyncError | None]:
        """Set at most 100 profiles' stages by name in one request; None is success. Safe to repeat."""


class Ats(Protocol):
    """An applicant tracking system."""

    capabilities: Capabilities

    def identify(self) -> Identity: ...

    def list_jobs(self, *, cursor: str | None = None) -> Page[Job]: ...

    def list_stages(self, job_ids: Sequence[str]) -> tuple[Stage, ...]:
        """Stages of at most 50 jobs; all there are, where they are the account's."""

    def list_users(self, *, cursor: str | None = None) -> Page[User]: ...

    def list_sources(self, *, cursor: str | None = None) -> Page[Source]: ...

    def list_folders(self) -> tuple[Choice, ...]:
        """What may stand for a client, by the connection's setting; empty where jobs name their folder themselves."""

    def list_reject_reasons(self) -> tuple[Choice, ...]:
        """What `reject` takes as its reason."""

    def list_people(self, *, updated_since: datetime | None = None, cursor: str | None = None) -> Page[Person]:
        """Everybody, at least once: a system that lists applications shows someone once for each."""

    def get_people(self, ids: Sequence[str]) -> tuple[Person, ...]:
        """At most 50; missing ones (deleted, merged, not visible yet) are absent."""

    def find_people(self, *, email: str) -> tuple[Person, ...]: ...

    def list_applications(
        self, *, updated_since: datetime | None = None, cursor: str | None = None
    ) -> Page[Application]: ...

    def get_applications(self, *, ids: Sequence[str] = (), person_ids: Sequence[str] = ()) -> tuple[Application, ...]:
        """By at most 50 application ids, or by at most 50 person ids. `stage_id` is the stage definition's id."""

    def list_stage_changes(self, application_ids: Sequence[str]) -> tuple[StageChange, ...]:
        """At most 50 applications; empty where the system keeps no history. Only for applications that came
        without their own."""

    def create_person(self, person: NewPerson, application: NewApplication | None) -> Created:
        """NOT safe to repeat: raises Unknown where the outcome is not known. Makes the application too,
        unless `create_attaches` is False: then source and owner alone are taken from it."""

    def attach(self, person_id: str, application: NewApplication) -> str:
        """NOT safe to repeat. Returns the application id."""

    def update_person(self, person_id: str, update: PersonUpdate) -> None:
        """Safe to repeat: whole values replace."""

    def move(self, application: Application, *, to_stage_id: str) -> None:
        """Safe to repeat: where the system compares and sets a second try is a Conflict, elsewhere it
        changes nothing."""

    def reject(self, application: Application, *, reason_id: str = "") -> None:
        """Safe to repeat, as a move. Raises Rejected where a reason is needed and none is known."""

    def reopen(self, application: Application) -> None:
        """Safe to repeat, as a move."""

    def hire(self, application: Application, *, opening_id: str = "") -> None:
        """NOT safe to repeat. Where there are openings, raises Rejected without one, before any call."""

    def add_note(self, *, person_id: str, application_id: str, body: str, user_id: str = "") -> str:
        """NOT safe to repeat. Returns the note id."""

    def find_note(self, *, person_id: str, marker: str) -> str:
        """The id of the person's note whose text contains `marker`, empty where none does."""

    def list_notes(self, *, person_id: str) -> tuple[Note, ...]:
        """All notes about a person, in no order; none of somebody who is not there."""

    def deep_link(self, *, person_id: str, application_id: str = "") -> str: ...


class Merger(Protocol):
    """What an Ats is besides where its `merge` is there."""

    def merge_people(self, *, survivor_id: str, loser_id: str) -> None:
        """NOT safe to repeat, and cannot be undone there: the loser is gone, and what both had is the survivor's.
        Where the two say otherwise, the survivor's word counts."""


class EventQueue(Protocol):
    """What an Ats is besides where it declares `event_queue`."""

    def pull_events(self, *, cursor: str = "", unsure: bool = False) -> Pulled:
        """What happened since `cursor`; without one, from now on. `unsure`: a question with this cursor may
        have been asked whose answer was lost."""

    def list_changes(self, *, since: datetime, cursor: str | None = None) -> Page[Hook]:
        """What changed since, deletions too: fills a gap. The delivery id tells one change of one object
        from the next."""


class NoteReader(Protocol):
    """What an Ats is besides where it declares `reads_notes`."""

    def list_public_notes(self, person_ids: Sequence[str]) -> tuple[PublicNote, ...]:
        """What people wrote about at most 50 others, oldest first; private notes, and what LinkedIn's own connector
        put there, are left out."""


@dataclass(frozen=True, slots=True)
class Channel:
    """A place that messages can be sent to."""

    id: str
    name: str
    private: bool
    archived: bool
    member: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One thing to tell: a sentence, the facts below it, and where to look. All of it plain text."""

    headline: str
    facts: tuple[tuple[str, str], ...] = ()
    link: str = ""
    link_text: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """What is posted: one line, or several below a title."""

    title: str
    lines: tuple[Line, ...]
    footer: str = ""


@dataclass(frozen=True, slots=True)
class Posted:
    """Where a message is: enough to change or delete it later."""

    channel: str
    id: str


class Messenger(Protocol):
    """A system that people read messages in."""

    capabilities: Capabilities

    def identify(self) -> Identity: ...

    def list_channels(self, *, cursor: str | None = None) -> Page[Channel]: ...

    def find_user(self, email: str) -> str:
        """The id of the active person with this address. Raises NotFound."""

    def post(self, destination: str, message: Message) -> Posted:
        """Post to a channel, or to a person by their id. NOT safe to repeat: raises Unknown where the
        outcome is not known."""


class Receiver(Protocol):
    """How a system's deliveries are checked and read. No network, no clock."""

    def verify(self, *, headers: Mapping[str, str], body: bytes, secrets: Sequence[str]) -> bool:
        """True if the raw body is signed with one of the live secrets. Header names lower-case."""

    def parse(self, *, headers: Mapping[str, str], body: bytes) -> Hook:
        """Raises MalformedHook."""

    def answer_challenge(self, *, query: Mapping[str, str], secret: str) -> Mapping[str, str] | None:
        """The JSON answer to a GET challenge, None where the system has none or it is malformed."""
