"""Bullhorn's JSON into contract values and back, strictly. Dates in records are milliseconds since 1970.

https://bullhorn.github.io/rest-api-docs/entityref.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import escape, unescape
from typing import Any, TypeVar

from apps.core import errors
from apps.providers.bullhorn import wire
from apps.providers.contract import (
    Application,
    ApplicationStatus,
    Hook,
    HookKind,
    Job,
    NewApplication,
    NewPerson,
    Note,
    Person,
    PersonUpdate,
    Source,
    StageChange,
    User,
)
from apps.providers.parsing import Fields, decode, rows
from apps.providers.transport import Reply

T = TypeVar("T")

EMAILS = ("email", "email2", "email3")
PHONES = ("mobile", "phone", "phone2", "phone3")
LONGEST_URL = 100
"""Of `companyURL` and of a customText."""

PERSON_FIELDS = (
    "id", "firstName", "lastName", *EMAILS, *PHONES, "occupation", "companyName", "isDeleted", "dateAdded",
    "dateLastModified",
)  # fmt: skip
JOB_FIELDS = "id,title,status,isOpen,isDeleted,clientCorporation(id,name),numOpenings,externalID"
HISTORY_FIELDS = "id,jobSubmission(id),status,dateAdded"
USER_FIELDS = "id,name,firstName,lastName,email,enabled,isDeleted"

ARCHIVED = "Archive"
NEW_LEAD = "New Lead"
"""A web response that nobody promoted; who promotes it sets `dateAdded` too."""

MOST_OPENINGS = 20


@dataclass(frozen=True, slots=True)
class Words:
    """The tenant's statuses that mean an end, and the field that holds LinkedIn addresses."""

    rejected: tuple[str, ...]
    hired: tuple[str, ...]
    linkedin_field: str

    def status_of(self, word: str) -> ApplicationStatus:
        if word in self.rejected:
            return ApplicationStatus.REJECTED
        return ApplicationStatus.HIRED if word in self.hired else ApplicationStatus.ACTIVE


def answer(reply: Reply) -> Fields:
    """The body as an object. Raises RateLimited for a refusal that came with a success's status."""
    if wire.code_of(reply) == wire.LIMIT:
        raise errors.RateLimited("Bullhorn's request limit is reached", cause="request_limit")
    return Fields(decode(reply.body, "answer"), "answer")


def listing(reply: Reply, item: Callable[[Fields], T]) -> tuple[T, ...]:
    return tuple(item(row) for row in answer(reply).objects("data"))


def records(reply: Reply, item: Callable[[Fields], T]) -> tuple[T, ...]:
    """`data` of a reading by ids: an object for one, a list for several."""
    decoded = decode(reply.body, "answer")
    found = decoded.get("data") if isinstance(decoded, Mapping) else None
    return tuple(item(row) for row in rows(found if isinstance(found, list) else [found], "answer.data"))


def changed_id(reply: Reply) -> str:
    return answer(reply).numeric_id("changedEntityId")


def nothing(reply: Reply) -> None:
    answer(reply)


def statuses(reply: Reply) -> tuple[str, ...]:
    return tuple(str(one) for one in answer(reply).list("jobResponseStatusList"))


def sources(reply: Reply) -> tuple[Source, ...]:
    """The options of the candidates' own field."""
    found = [option for field in answer(reply).objects("fields") for option in field.objects("options")]
    return tuple(Source(id=one.id("value"), name=one.text_or_empty("label") or one.id("value")) for one in found)


def job(row: Fields) -> Job:
    number, client = row.numeric_id("id"), row.object_or_empty("clientCorporation")
    is_open = row.flag_or("isOpen", False) and row.text_or_empty("status") != ARCHIVED
    seats = row.number("numOpenings") if row.has("numOpenings") else 0
    return Job(
        id=number,
        name=row.text("title"),
        requisition=row.text_or_empty("externalID"),
        status="open" if is_open else "closed",
        folder=client.id_or_empty("id"),
        folder_name=client.text_or_empty("name"),
        open_openings=tuple(f"{number}-{seat + 1}" for seat in range(min(seats, MOST_OPENINGS))) if is_open else (),
    )


def user(row: Fields) -> User:
    name = f"{row.text_or_empty('firstName')} {row.text_or_empty('lastName')}".strip()
    active = row.flag_or("enabled", True) and not row.flag_or("isDeleted", False)
    return User(row.numeric_id("id"), name or row.text_or_empty("name"), row.text_or_empty("email"), active)


def person(row: Fields, words: Words) -> Person | None:
    """None for one that is deleted."""
    if row.flag_or("isDeleted", False):
        return None
    return Person(
        id=row.numeric_id("id"),
        first_name=row.text_or_empty("firstName"),
        last_name=row.text_or_empty("lastName"),
        company=row.text_or_empty("companyName"),
        title=row.text_or_empty("occupation"),
        emails=_values(row, EMAILS),
        phones=_values(row, PHONES),
        social_urls=_values(row, (words.linkedin_field,)),
        private=False,
        created_at=row.instant_ms("dateAdded"),
        updated_at=row.instant_ms("dateLastModified"),
    )


def _values(row: Fields, names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for name in names if (value := row.text_or_empty(name))))


def person_fields(words: Words) -> str:
    return ",".join(dict.fromkeys((*PERSON_FIELDS, words.linkedin_field)))


def submission_fields(words: Words) -> str:
    """With the candidate, so that nobody asks for them again."""
    own = "id,jobOrder(id),status,source,sendingUser(id),isDeleted,dateAdded,dateLastModified"
    return f"{own},candidate({person_fields(words)})"


def application(row: Fields, words: Words) -> Application:
    """The stage is the status itself; where that is an end, the stage they came from is in the history."""
    word = row.word("status")
    status = words.status_of(word)
    return Application(
        id=row.numeric_id("id"),
        person_id=row.object("candidate").numeric_id("id"),
        job_id=row.object("jobOrder").numeric_id("id"),
        status=status,
        stage_id=word if status == ApplicationStatus.ACTIVE else "",
        stage_name=word,
        stage_token="",
        source_id=row.text_or_empty("source"),
        owner_id=row.object_or_empty("sendingUser").id_or_empty("id"),
        created_at=row.instant_ms("dateAdded"),
        updated_at=row.instant_ms("dateLastModified"),
        person=person(row.object("candidate"), words),
    )


def deleted_submission(row: Fields) -> tuple[str, bool]:
    """Its id, and whether it is deleted."""
    return row.numeric_id("id"), row.flag_or("isDeleted", False)


def stage_change(row: Fields) -> StageChange:
    return StageChange(
        id=row.numeric_id("id"),
        application_id=row.object("jobSubmission").numeric_id("id"),
        stage_id=row.word("status"),
        entered_at=row.instant_ms("dateAdded"),
        current=False,
    )


_TAG = re.compile(r"<(?:br|/p|/div)[^>]*>", re.IGNORECASE), re.compile(r"<[^>]*>")


def note(row: Fields) -> Note:
    """Its comments are HTML, kept as plain text with its line breaks."""
    breaks, tags = _TAG
    text = unescape(tags.sub("", breaks.sub("\n", row.text_or_empty("comments")))).strip()
    written = row.instant_ms("dateAdded") if row.has("dateAdded") else None
    return Note(id=row.numeric_id("id"), text=text, written_at=written)


# --- what is written


def new_person(person: NewPerson, wanted: NewApplication | None, words: Words) -> dict[str, Any]:
    """`name` is never derived there, so it is sent."""
    name = f"{person.first_name} {person.last_name}".strip()
    body: dict[str, Any] = {"firstName": person.first_name, "lastName": person.last_name, "name": name}
    body |= {key: value for key, value in (("companyName", person.company), ("occupation", person.title)) if value}
    body |= dict(zip(EMAILS, person.emails, strict=False))
    body |= _url(person.social_urls, words)
    if wanted is not None and wanted.source_id:
        body["source"] = wanted.source_id
    if wanted is not None and wanted.owner_id:
        body["owner"] = reference(wanted.owner_id)
    return body


def changes(update: PersonUpdate, words: Words) -> dict[str, Any]:
    """Three places for e-mail addresses and one for LinkedIn's: the first ones, which are those that were
    there, keep theirs, and what has no place is left out (rule 21: only what is empty is filled)."""
    plain = (("companyName", update.company), ("occupation", update.title))
    body: dict[str, Any] = {key: value for key, value in plain if value is not None}
    if update.emails is not None:
        body |= dict(zip(EMAILS, update.emails, strict=False))
    if update.social_urls is not None:
        body |= _url(update.social_urls, words)
    return body


def _url(urls: tuple[str, ...], words: Words) -> dict[str, str]:
    """Raises Rejected for an address that the field would refuse or cut."""
    if not urls:
        return {}
    if len(urls[0]) > LONGEST_URL:
        raise errors.Rejected("the address is longer than Bullhorn's field", cause="url_too_long")
    return {words.linkedin_field: urls[0]}


def reference(text: str) -> dict[str, int]:
    return {"id": wire.number(text)}


def html(text: str) -> str:
    """Comments are HTML there."""
    return escape(text, quote=False).replace("\n", "<br>")


# --- events


@dataclass(frozen=True, slots=True)
class Batch:
    """What one reading took out of the queue."""

    number: int
    hooks: tuple[Hook, ...]


def batch(reply: Reply) -> Batch | None:
    """None for the empty body of an empty queue."""
    if not reply.body.strip():
        return None
    found = answer(reply)
    return Batch(found.number("requestId"), tuple(_events(found)))


def last_request(reply: Reply) -> int:
    return answer(reply).number("result")


def subscribed(reply: Reply) -> int:
    return answer(reply).number("lastRequestId")


def _events(found: Fields) -> Iterator[Hook]:
    for event in found.objects("events"):
        changed = {str(name) for name in event.list_or_empty("updatedProperties")}
        gone = event.word("entityEventType") == "DELETED" or "isDeleted" in changed
        yield hook(
            event.word("entityName"),
            event.numeric_id("entityId"),
            deleted=gone,
            action=f"{event.word('entityName')} {event.word('entityEventType')}",
            delivery_id=event.word("eventId"),
            at=event.instant_ms("eventTimestamp"),
        )


def hook(entity: str, number: str, *, deleted: bool, action: str, delivery_id: str, at: datetime) -> Hook:
    """What an event of one entity means here. One that says deleted is read again before it is believed."""
    match entity:
        case "JobSubmission":
            kind = HookKind.APPLICATION_DELETED if deleted else HookKind.APPLICATION
            return Hook(kind, action, delivery_id, application_id=number, occurred_at=at)
        case "Candidate":
            kind = HookKind.PERSON_DELETED if deleted else HookKind.PERSON
            return Hook(kind, action, delivery_id, person_id=number, occurred_at=at)
        case "JobOrder":
            return Hook(HookKind.CATALOGUE, action, delivery_id, job_id=number, occurred_at=at)
    return Hook(HookKind.OTHER, action, delivery_id, occurred_at=at)


def changed(row: Fields, entity: str) -> Hook:
    """A record that a listing showed as changed, as its event would have told it."""
    number, at = row.numeric_id("id"), row.instant_ms("dateLastModified")
    told = f"{entity}:{number}:{int((at - _EPOCH) / timedelta(milliseconds=1))}"
    gone = row.flag_or("isDeleted", False)
    return hook(entity, number, deleted=gone, action=f"{entity} listed", delivery_id=told, at=at)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
