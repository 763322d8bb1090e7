"""What the systems hold, what is asked of them, and what they tell by themselves: values, of no vendor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Generic, TypeVar

T = TypeVar("T")


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
