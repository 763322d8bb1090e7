"""Lever's Data API as contract.Ats.

No endpoint takes an idempotency key and none compares before it writes, so each write's docstring says what
makes it safe to repeat, or that it is not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from apps.core import errors
from apps.providers.contract import (
    Application,
    Call,
    Choice,
    Created,
    Gate,
    Hook,
    Identity,
    Job,
    NewApplication,
    NewPerson,
    Note,
    Page,
    Person,
    PersonUpdate,
    Pulled,
    Purpose,
    Settings,
    Source,
    Stage,
    StageChange,
    User,
)
from apps.providers.lever import capabilities, translate, wire
from apps.providers.lever.reads import Reads
from apps.providers.parsing import Fields
from apps.providers.transport import Http, Reply, Request

T = TypeVar("T")

_ID = re.compile(r"[A-Za-z0-9-]{1,64}")


class Lever:
    """Options of a connection: `perform_as` (the user in whose name people are created and notes written),
    `archive_reason` and `hired_reason` (an id or a text), `client_folder` ("team", "department", "location" or
    "commitment"), `visible_after_seconds` (how long a new record may stay unseen), `audience` (of an OAuth grant)."""

    def __init__(self, settings: Settings, gate: Gate) -> None:
        shows = float(settings.options.get("visible_after_seconds", capabilities.VISIBLE_AFTER.total_seconds()))
        self.capabilities = replace(capabilities.CAPABILITIES, visible_after=timedelta(seconds=shows))
        self._http = Http(wire.DIALECT, settings, gate)
        self._reads = Reads(self._http, settings)
        self._options: Mapping[str, Any] = settings.options
        self._app = settings.base_urls.get("app", wire.APP).rstrip("/")

    # --- reads

    def identify(self) -> Identity:
        return self._reads.identify()

    def list_jobs(self, *, cursor: str | None = None) -> Page[Job]:
        return self._reads.list_jobs(cursor)

    def list_stages(self, job_ids: Sequence[str]) -> tuple[Stage, ...]:
        """The account's: the same for every posting."""
        return self._reads.list_stages()

    def list_users(self, *, cursor: str | None = None) -> Page[User]:
        return self._reads.list_users(cursor)

    def list_sources(self, *, cursor: str | None = None) -> Page[Source]:
        return self._reads.list_sources(cursor)

    def list_folders(self) -> tuple[Choice, ...]:
        """Postings name their category by its text."""
        return ()

    def list_reject_reasons(self) -> tuple[Choice, ...]:
        return self._reads.list_reject_reasons()

    def list_people(self, *, updated_since: datetime | None = None, cursor: str | None = None) -> Page[Person]:
        return self._reads.list_people(updated_since, cursor)

    def get_people(self, ids: Sequence[str]) -> tuple[Person, ...]:
        """Somebody without an opportunity is not to be seen."""
        return self._reads.get_people(ids) if ids else ()

    def find_people(self, *, email: str) -> tuple[Person, ...]:
        return self._reads.find_people(email) if email else ()

    def list_applications(
        self, *, updated_since: datetime | None = None, cursor: str | None = None
    ) -> Page[Application]:
        return self._reads.list_applications(updated_since, cursor)

    def get_applications(self, *, ids: Sequence[str] = (), person_ids: Sequence[str] = ()) -> tuple[Application, ...]:
        return self._reads.get_applications([checked(one) for one in ids], person_ids)

    def list_stage_changes(self, application_ids: Sequence[str]) -> tuple[StageChange, ...]:
        """Each opportunity brings its own history; this reads them for it."""
        found = self.get_applications(ids=application_ids)
        return tuple(change for one in found for change in one.history or ())

    def pull_events(self, *, cursor: str = "", unsure: bool = False) -> Pulled:
        """Deletions, which no listing of what is there can show. Asking takes nothing away."""
        return self._reads.list_deleted(cursor)

    def list_changes(self, *, since: datetime, cursor: str | None = None) -> Page[Hook]:
        """Lever's list of deletions has no gaps; what else changed the listings show."""
        return Page(self._reads.list_deleted(wire.millis(since)).hooks)

    # --- writes

    def create_person(self, person: NewPerson, application: NewApplication | None) -> Created:
        """NOT safe to repeat: a second one makes a second opportunity, and without an e-mail address a second
        person too."""
        body = {**translate.new_person(person), "origin": "sourced"}
        owner = application.owner_id if application is not None else ""
        if application is not None:
            body |= translate.new_application(application)

        def parse(reply: Reply) -> Created:
            return translate.created(reply, person)

        return self._write(wire.CREATE, "POST", "opportunities", body, parse, acting=self._actor(owner))

    def attach(self, person_id: str, application: NewApplication) -> str:
        """NOT safe to repeat: a second one makes a second opportunity for the same posting."""
        body = {"contact": checked(person_id), "origin": "sourced", **translate.new_application(application)}
        acting = self._actor(application.owner_id)
        return self._write(wire.ATTACH, "POST", "opportunities", body, _id_of, acting=acting)

    def update_person(self, person_id: str, update: PersonUpdate) -> None:
        """Safe to repeat: whole values replace. The contact is read and written back whole, as a field that is
        left out may be emptied; links belong to it and are changed through one of its opportunities."""
        _, headline = self.capabilities.work(company=update.company or "", title=update.title or "")
        if headline or update.emails is not None:
            self._put_contact(checked(person_id), headline=headline, emails=update.emails)
        if update.social_urls is not None:
            self._set_links(person_id, update.social_urls)

    def move(self, application: Application, *, to_stage_id: str) -> None:
        """Safe to repeat: to the same stage nothing changes. Nothing is compared first."""
        self._act(wire.MOVE, "PUT", application, "stage", {"stage": to_stage_id}, repeatable=True)

    def reject(self, application: Application, *, reason_id: str = "") -> None:
        """Safe to repeat: archiving again for the same reason changes nothing but its time."""
        reason = reason_id or self._reason(str(self._options.get("archive_reason", "")), hired=False)
        body = {"reason": reason, "cleanInterviews": True}
        self._act(wire.REJECT, "PUT", application, "archived", body, repeatable=True)

    def reopen(self, application: Application) -> None:
        """Safe to repeat. It comes back into the stage that it was archived in."""
        self._act(wire.REOPEN, "PUT", application, "archived", {"reason": None}, repeatable=True)

    def hire(self, application: Application, *, opening_id: str = "") -> None:
        """NOT safe to repeat: each one counts a hire of the requisition."""
        if not opening_id:
            raise errors.Rejected("a hire names the requisition that it fills", cause="opening_required")
        body = {
            "reason": self._reason(str(self._options.get("hired_reason", "")), hired=True),
            "requisitionId": opening_id,
        }
        self._act(wire.HIRE, "PUT", application, "archived", body, repeatable=False)

    def add_note(self, *, person_id: str, application_id: str, body: str, user_id: str = "") -> str:
        """NOT safe to repeat. It goes on an opportunity; without one, on the person's newest."""
        named = application_id or self._newest_of(person_id).id
        path = f"opportunities/{checked(named)}/notes"
        acting = user_id or str(self._options.get("perform_as", ""))
        note = {"value": translate.note(body)}
        return self._write(wire.NOTE, "POST", path, note, translate.note_id, acting=acting)

    def find_note(self, *, person_id: str, marker: str) -> str:
        """Notes are listed by opportunity: one request for each that the person has."""
        theirs = self.get_applications(person_ids=[person_id])
        return next((note.id for one in theirs for note in self._reads.list_notes(one.id) if marker in note.text), "")

    def list_notes(self, *, person_id: str) -> tuple[Note, ...]:
        """One request for each opportunity that the person has."""
        theirs = self.get_applications(person_ids=[person_id])
        return tuple(note for one in theirs for note in self._reads.list_notes(one.id))

    def deep_link(self, *, person_id: str, application_id: str = "") -> str:
        """Lever's pages are of opportunities; a person has none of their own."""
        return f"{self._app}/candidates/{checked(application_id)}" if application_id else f"{self._app}/candidates"

    def _actor(self, owner: str) -> str:
        """Whoever creates must be named. Raises Rejected where nobody is."""
        acting = str(self._options.get("perform_as", "")) or owner
        if not acting:
            raise errors.Rejected("the option perform_as names the user to act as", cause="perform_as_required")
        return acting

    def _reason(self, wanted: str, *, hired: bool) -> str:
        """The archive reason that the connection chose, by id or text, else the only one there is."""
        fits = [one for one in self._reads.reasons().values() if one.hired == hired and one.active]
        chosen = [one for one in fits if wanted in (one.id, one.text)] if wanted else fits
        if len(chosen) != 1:
            option = "hired_reason" if hired else "archive_reason"
            raise errors.Rejected(f"the option {option} names no single archive reason", cause="reason_required")
        return chosen[0].id

    def _put_contact(self, person_id: str, *, headline: str, emails: tuple[str, ...] | None) -> None:
        row = self._reads.contact(person_id)
        body = {
            "name": row.text_or_empty("name"),
            "headline": headline or row.text_or_empty("headline"),
            "emails": list(emails) if emails is not None else list(row.list_or_empty("emails")),
            "phones": list(row.list_or_empty("phones")),
            "location": {"name": row.object("location").text_or_empty("name")} if row.has("location") else None,
        }
        self._write(wire.UPDATE, "PUT", f"contacts/{person_id}", body, translate.nothing, repeatable=True)

    def _set_links(self, person_id: str, urls: Sequence[str]) -> None:
        through = self._newest_of(person_id)
        there = through.person.social_urls if through.person is not None else ()
        new = [url for url in urls if url not in there]
        gone = [url for url in there if url not in urls]
        for verb, links in (("addLinks", new), ("removeLinks", gone)):
            if links:
                path = f"opportunities/{through.id}/{verb}"
                self._write(wire.LINKS, "POST", path, {"links": links}, translate.nothing, repeatable=True)

    def _newest_of(self, person_id: str) -> Application:
        found = self.get_applications(person_ids=[person_id])
        if not found:
            raise errors.NotFound("Lever does not show this person")
        return max(found, key=lambda one: one.created_at)

    def _act(
        self,
        operation: str,
        method: str,
        application: Application,
        verb: str,
        body: Mapping[str, Any],
        *,
        repeatable: bool,
    ) -> None:
        path, acting = f"opportunities/{checked(application.id)}/{verb}", str(self._options.get("perform_as", ""))
        self._write(operation, method, path, body, translate.nothing, acting=acting, repeatable=repeatable)

    def _write(
        self,
        operation: str,
        method: str,
        path: str,
        body: Mapping[str, Any],
        parse: Callable[[Reply], T],
        *,
        acting: str = "",
        repeatable: bool = False,
    ) -> T:
        call = Call(operation, Purpose.WRITE, repeatable=repeatable)
        request = Request(method, f"/v1/{path}", wire.query(perform_as=acting), json=dict(body))
        return self._http.call(call, request, parse)


def _id_of(reply: Reply) -> str:
    row: Fields = translate.single(reply)
    return row.id("id")


def checked(key: str) -> str:
    """An id that may stand in a path. Raises Rejected for one that is not Lever's."""
    if not _ID.fullmatch(key):
        raise errors.Rejected("not one of Lever's ids", cause="bad_id")
    return key
