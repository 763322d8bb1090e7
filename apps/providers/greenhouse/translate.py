"""Harvest v3's JSON into contract values and back, strictly.

https://harvestdocs.greenhouse.io/docs/list-endpoints and /docs/write-endpoint-migration-guide
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from apps.core import errors
from apps.providers.contract import (
    Application,
    ApplicationStatus,
    Choice,
    Job,
    NewApplication,
    NewPerson,
    Note,
    Person,
    PublicNote,
    Source,
    Stage,
    StageChange,
    User,
)
from apps.providers.parsing import Fields, Malformed, decode, rows
from apps.providers.transport import Reply

T = TypeVar("T")

STATUSES = {
    "in_process": ApplicationStatus.ACTIVE,
    "active": ApplicationStatus.ACTIVE,
    "rejected": ApplicationStatus.REJECTED,
    "hired": ApplicationStatus.HIRED,
}
CONVERTED = "converted"
"""A prospect's application that became a candidate's: the new one carries on, this one is over."""


@dataclass(frozen=True, slots=True)
class FoundApplication:
    """An application row. `stage_id` there is a row of the history; `definition` is the job's own
    stage, empty where the answer leaves it out."""

    application: Application
    definition: str


def listing(reply: Reply, item: Callable[[Fields], T]) -> tuple[T, ...]:
    return tuple(item(row) for row in rows(decode(reply.body, "answer"), "answer"))


def created_id(reply: Reply) -> str:
    return Fields(decode(reply.body, "answer"), "answer").id("id")


def nothing(reply: Reply) -> None:
    """A 204 has no body to read."""


def job(row: Fields, *, folder: str) -> Job:
    return Job(
        id=row.id("id"),
        name=row.text("name"),
        requisition=row.text_or_empty("requisition_id"),
        status=row.text("status"),
        folder=_folder(row, folder),
    )


def _folder(row: Fields, kind: str) -> str:
    if kind == "office":
        return ",".join(str(one) for one in row.list_or_empty("office_ids"))
    return row.id_or_empty("department_id") if kind == "department" else ""


def opening(row: Fields) -> tuple[str, str]:
    """The job and the id of an opening."""
    return row.id("job_id"), row.id("id")


def stage(row: Fields) -> Stage:
    return Stage(
        scope=row.id("job_id"),
        id=row.id("id"),
        name=row.text("name"),
        order=row.number("sort_order"),
        active=row.flag_or("active", True),
    )


def user(row: Fields) -> User:
    name = row.text_or_empty("name") or f"{row.text_or_empty('first_name')} {row.text_or_empty('last_name')}".strip()
    active = not (row.flag_or("deactivated", False) or row.flag_or("disabled", False))
    return User(id=row.id("id"), name=name, email=row.text_or_empty("primary_email"), active=active)


def source(row: Fields) -> Source:
    return Source(id=row.id("id"), name=row.text("name"))


def choice(row: Fields) -> Choice:
    return Choice(id=row.id("id"), name=row.text("name"))


def person(row: Fields) -> Person:
    return Person(
        id=row.id("id"),
        first_name=row.text_or_empty("first_name"),
        last_name=row.text_or_empty("last_name"),
        company=row.text_or_empty("company"),
        title=row.text_or_empty("title"),
        emails=_values(row, "email_addresses"),
        phones=_values(row, "phone_numbers"),
        social_urls=_values(row, "social_media_addresses"),
        private=row.flag_or("private", False),
        created_at=row.instant("created_at"),
        updated_at=row.instant("updated_at"),
    )


def _values(row: Fields, name: str) -> tuple[str, ...]:
    return tuple(entry.text("value") for entry in row.objects(name) if entry.has("value"))


def email_entries(row: Fields) -> list[dict[str, str]]:
    """The person's e-mail addresses with their types, to be written back with them."""
    return [
        {"value": entry.text("value"), "type": entry.text_or_empty("type") or "other"}
        for entry in row.objects("email_addresses")
        if entry.has("value")
    ]


def application(row: Fields) -> FoundApplication | None:
    """None for a converted prospect's."""
    status = row.text("status")
    if status == CONVERTED:
        return None
    if status not in STATUSES:
        raise Malformed("application.status: not a known status")
    definition = row.id_or_empty("job_interview_stage_id")
    made = Application(
        id=row.id("id"),
        person_id=row.id("candidate_id"),
        job_id=row.id_or_empty("job_id"),
        status=STATUSES[status],
        stage_id=definition,
        stage_name=row.text_or_empty("stage_name"),
        stage_token=row.id_or_empty("stage_id"),
        source_id=row.id_or_empty("source_id"),
        owner_id=row.id_or_empty("recruiter_id"),
        created_at=row.instant("created_at"),
        updated_at=row.instant("updated_at"),
    )
    return FoundApplication(made, definition)


def stage_change(row: Fields) -> StageChange:
    return StageChange(
        id=row.id("id"),
        application_id=row.id("application_id"),
        stage_id=row.id_or_empty("job_interview_stage_id"),
        entered_at=row.instant("entered_at"),
        current=row.flag("current"),
    )


def note(row: Fields) -> Note:
    return Note(id=row.id("id"), text=row.text_or_empty("body"), written_at=row.instant("created_at"))


SHARED = "publicly_visible"
WRITTEN = ("NOTE",)
"""Kinds of notes that people write; those of LinkedIn's own connector are LinkedIn's already."""


def public_note(row: Fields) -> PublicNote | None:
    """A note that everybody there may read; None for another."""
    if row.text_or_empty("visibility") != SHARED or row.text_or_empty("type") not in WRITTEN:
        return None
    return PublicNote(
        id=row.id("id"),
        person_id=row.id("candidate_id"),
        application_id=row.id_or_empty("application_id"),
        body=row.text_or_empty("body"),
        by_id=row.id_or_empty("user_id"),
        written_at=row.instant("created_at"),
    )


def number(text: str) -> int:
    """An id as Greenhouse takes it. Raises Rejected for one that is not Greenhouse's."""
    if not (text.isascii() and text.isdecimal()):
        raise errors.Rejected("not one of Greenhouse's numeric ids", cause="bad_id")
    return int(text)


def new_person(person: NewPerson, wanted: NewApplication | None) -> dict[str, Any]:
    body: dict[str, Any] = {"first_name": person.first_name, "last_name": person.last_name}
    body |= {name: value for name, value in (("company", person.company), ("title", person.title)) if value}
    if person.emails:
        body["email_addresses"] = email_values(person.emails, ())
    if person.social_urls:
        body["social_media_addresses"] = social_values(person.social_urls)
    if wanted is not None:
        owner = {"recruiter_id": number(wanted.owner_id)} if wanted.owner_id else {}
        body["application"] = {**new_application(wanted), **owner}
    return body


def new_application(wanted: NewApplication) -> dict[str, Any]:
    optional = (("initial_stage_id", wanted.stage_id), ("source_id", wanted.source_id))
    return {"job_id": number(wanted.job_id), **{name: number(value) for name, value in optional if value}}


def email_values(emails: Iterable[str], present: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    """The addresses to write, each with the type it has there, new ones as personal."""
    types = {entry["value"]: entry["type"] for entry in present}
    return [{"value": one, "type": types.get(one, "personal")} for one in emails]


def social_values(urls: Iterable[str]) -> list[dict[str, str]]:
    return [{"value": one} for one in urls]
