"""Lever's JSON into contract values and back, strictly.

A *contact* is the person, an *opportunity* one candidacy of theirs; a posting is the job. `candidate` is an old
alias and never an id here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from apps.providers.contract import (
    Application,
    ApplicationStatus,
    Created,
    Hook,
    HookKind,
    Job,
    NewApplication,
    NewPerson,
    Note,
    Page,
    Person,
    Source,
    Stage,
    StageChange,
    User,
)
from apps.providers.lever.capabilities import CAPABILITIES
from apps.providers.parsing import Fields, Malformed, decode, rows
from apps.providers.transport import Reply

T = TypeVar("T")

OPEN_STATES = ("published", "internal")
DRAFT_STATES = ("draft", "pending")
FOLDERS = ("team", "department", "location", "commitment")
HIRED, OTHERWISE = "hired", "non-hired"


@dataclass(frozen=True, slots=True)
class Reason:
    """An archive reason: its kind is all that tells a hire from a rejection."""

    id: str
    text: str
    hired: bool
    active: bool


def page(reply: Reply, item: Callable[[Fields], T]) -> Page[T]:
    answer = Fields(decode(reply.body, "answer"), "answer")
    more = answer.flag_or("hasNext", False)
    items = tuple(item(row) for row in rows(list(answer.list("data")), "answer.data"))
    return Page(items, answer.text("next") if more else None)


def single(reply: Reply) -> Fields:
    return Fields(decode(reply.body, "answer"), "answer").object("data")


def nothing(reply: Reply) -> None:
    """The answer shows what was written; the next reading shows it anyway."""


def note_id(reply: Reply) -> str:
    found = single(reply)
    return found.id("noteId") if found.has("noteId") else found.id("id")


def noted(row: Fields) -> Note:
    """A note with the answers in its thread."""
    said = (row.text_or_empty("text"), *(one.text_or_empty("value") for one in row.objects("fields")))
    written = row.instant_ms("createdAt") if row.has("createdAt") else None
    return Note(id=row.id("id"), text="\n".join(text for text in said if text), written_at=written)


def job(row: Fields, *, folder: str) -> Job:
    state = row.text("state")
    status = "open" if state in OPEN_STATES else "draft" if state in DRAFT_STATES else "closed"
    codes = [str(code) for code in row.list_or_empty("requisitionCodes")] or [row.text_or_empty("reqCode")]
    place = row.object_or_empty("categories").text_or_empty(folder) if folder in FOLDERS else ""
    return Job(id=row.id("id"), name=row.text("text"), requisition=codes[0], status=status, folder=place)


def openings(row: Fields) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The postings of a requisition, and its id as often as it may still be filled; an unlimited one counts once."""
    postings = tuple(str(one) for one in row.list_or_empty("postings"))
    limited = row.has("headcountTotal") and str(row.id("headcountTotal")).isdecimal()
    left = row.number("headcountTotal") - row.number("headcountHired") if limited else 1
    is_open = row.text("status") == "open"
    return postings, (row.id("id"),) * max(0, left) if is_open else ()


def stages(reply: Reply) -> tuple[Stage, ...]:
    """In Lever's order; two of them may have the same name."""
    found = page(reply, lambda row: (row.id("id"), row.text("text"))).items
    return tuple(Stage(scope="", id=key, name=name, order=place) for place, (key, name) in enumerate(found))


def user(row: Fields) -> User:
    active = not row.has("deactivatedAt")
    return User(id=row.id("id"), name=row.text_or_empty("name"), email=row.text_or_empty("email"), active=active)


def source(row: Fields) -> Source:
    """Sources have no ids; the text is what is written."""
    return Source(id=row.text("text"), name=row.text("text"))


def reason(row: Fields) -> Reason:
    kind, active = row.text("type"), row.text_or_empty("status") in ("", "active")
    return Reason(id=row.id("id"), text=row.text("text"), hired=kind == HIRED, active=active)


def person(row: Fields) -> Person:
    """Out of one of their opportunities, which alone shows the links. Old records have no time of change."""
    first, _, last = row.text_or_empty("name").strip().rpartition(" ")
    created = row.instant_ms("createdAt")
    return Person(
        id=contact_of(row),
        first_name=first.strip() or last,
        last_name=last if first else "",
        company="",
        title=row.text_or_empty("headline"),
        emails=_texts(row, "emails"),
        phones=tuple(one.text("value") for one in row.objects("phones") if one.has("value")),
        social_urls=_texts(row, "links"),
        private=row.text_or_empty("confidentiality") == "confidential",
        created_at=created,
        updated_at=row.instant_ms("updatedAt") if row.has("updatedAt") else created,
    )


def people(found: Iterable[Person]) -> tuple[Person, ...]:
    """Everybody once, created with their first opportunity and changed with their last."""
    known: dict[str, Person] = {}
    for one in found:
        seen = known.get(one.id, one)
        known[one.id] = replace(
            seen, created_at=min(seen.created_at, one.created_at), updated_at=max(seen.updated_at, one.updated_at)
        )
    return tuple(known.values())


def contact_of(row: Fields) -> str:
    return _id_of(row, "contact")


def _id_of(row: Fields, name: str) -> str:
    """A reference that is an id, or the whole object where it was expanded."""
    try:
        return row.object(name).id("id")
    except Malformed:
        return row.id_or_empty(name)


def _texts(row: Fields, name: str) -> tuple[str, ...]:
    return tuple(one for one in row.list_or_empty(name) if isinstance(one, str) and one)


def is_archived(row: Fields) -> bool:
    return row.has("archived") or row.has("archivedAt")


def application(row: Fields, reasons: Mapping[str, Reason]) -> Application:
    """Being archived is the status, whatever the stage says: archiving keeps the stage. The older flat shape
    has the reason at the top."""
    created = row.instant_ms("createdAt")
    sources = _texts(row, "sources")
    return Application(
        id=row.id("id"),
        person_id=contact_of(row),
        job_id=next((one.id_or_empty("posting") for one in row.objects("applications")), ""),
        status=_status(row, reasons),
        stage_id=_id_of(row, "stage"),
        stage_name="",
        stage_token="",
        source_id=sources[0] if sources else "",
        owner_id=_id_of(row, "owner"),
        created_at=created,
        updated_at=row.instant_ms("updatedAt") if row.has("updatedAt") else created,
        history=_history(row),
        person=person(row),
    )


def _status(row: Fields, reasons: Mapping[str, Reason]) -> ApplicationStatus:
    if not is_archived(row):
        return ApplicationStatus.ACTIVE
    given = row.object("archived").id_or_empty("reason") if row.has("archived") else row.id_or_empty("archiveReason")
    known = reasons.get(given)
    return ApplicationStatus.HIRED if known is not None and known.hired else ApplicationStatus.REJECTED


def _history(row: Fields) -> tuple[StageChange, ...]:
    key = row.id("id")
    changes = sorted(row.objects("stageChanges"), key=lambda change: change.number("updatedAt"))
    return tuple(
        StageChange(
            id=f"{key}:{place}",
            application_id=key,
            stage_id=change.id_or_empty("toStageId"),
            entered_at=change.instant_ms("updatedAt"),
            current=place == len(changes) - 1,
            by_id=change.id_or_empty("userId"),
        )
        for place, change in enumerate(changes)
    )


def deletion(row: Fields) -> tuple[int, Hook]:
    """When, in milliseconds, and what; the vendor's own sample of this list has no time in some rows."""
    at = row.number("deletedAt") if row.has("deletedAt") else 0
    when = row.instant_ms("deletedAt") if at else None
    key = row.id("id")
    return at, Hook(HookKind.APPLICATION_DELETED, "deleted", f"deleted:{key}", application_id=key, occurred_at=when)


def created(reply: Reply, sent: NewPerson) -> Created:
    """Where the answer is not what was sent, an e-mail address was known and the older data won."""
    row = single(reply)
    shown = person(row)
    same = row.text_or_empty("name") == full_name(sent) and set(sent.social_urls) <= set(shown.social_urls)
    return Created(person_id=shown.id, application_id=row.id("id"), matched=not same)


def full_name(person: NewPerson) -> str:
    return f"{person.first_name} {person.last_name}".strip()


def new_person(person: NewPerson) -> dict[str, Any]:
    _, headline = CAPABILITIES.work(company=person.company, title=person.title)
    lists = (("emails", list(person.emails)), ("links", list(person.social_urls)))
    return {
        "name": full_name(person),
        **({"headline": headline} if headline else {}),
        **{name: values for name, values in lists if values},
    }


def new_application(wanted: NewApplication) -> dict[str, Any]:
    """One posting and no more: Lever refuses a second."""
    return {
        "postings": [wanted.job_id],
        **({"stage": wanted.stage_id} if wanted.stage_id else {}),
        **({"sources": [wanted.source_id]} if wanted.source_id else {}),
        **({"owner": wanted.owner_id} if wanted.owner_id else {}),
    }


def note(body: str) -> str:
    """A name after an @ would notify whoever bears it: a word joiner keeps it a text."""
    return re.sub(r"(?<!\S)@(?=\w)", "@\u2060", body)
