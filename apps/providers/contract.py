"""What every outside system looks like to the engine: values in, values out, errors of core.errors.

Plain Python: no Django, no vendor JSON. A provider package translates between its wire and these
dataclasses; what a system cannot do is declared in its `Capabilities` and planned around.
All datetimes are aware and in UTC. All remote ids are strings, opaque to everything above.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from apps.core.errors import SyncError
from apps.providers.calls import Answer, Call, Gate, Purpose
from apps.providers.capabilities import Capabilities, Limited, RateWindow, Support, is_there
from apps.providers.values import (
    Application,
    ApplicationStatus,
    Choice,
    Created,
    Hook,
    HookKind,
    Identity,
    InMail,
    Job,
    MalformedHook,
    NewApplication,
    NewPerson,
    Note,
    Page,
    Person,
    PersonUpdate,
    Profile,
    Project,
    PublicNote,
    Pulled,
    Seat,
    Source,
    Stage,
    StageChange,
    StageKind,
    T,
    User,
)

__all__ = [
    "Answer",
    "Application",
    "ApplicationStatus",
    "Ats",
    "Call",
    "Capabilities",
    "Channel",
    "Choice",
    "Created",
    "EventQueue",
    "Gate",
    "Hook",
    "HookKind",
    "Identity",
    "InMail",
    "Job",
    "Limited",
    "Line",
    "MalformedHook",
    "Merger",
    "Message",
    "Messenger",
    "NewApplication",
    "NewPerson",
    "Note",
    "NoteReader",
    "Page",
    "Person",
    "PersonUpdate",
    "Posted",
    "Profile",
    "Project",
    "PublicNote",
    "Pulled",
    "Purpose",
    "RateWindow",
    "Receiver",
    "Seat",
    "Settings",
    "Source",
    "Sourcing",
    "Stage",
    "StageChange",
    "StageKind",
    "Support",
    "T",
    "User",
    "is_there",
]


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
