"""Greenhouse Harvest v3 as contract.Ats.

No endpoint takes an idempotency key (facts of the vendor's write guide), so each write's docstring
says what makes it safe to repeat, or that it is not.
https://harvestdocs.greenhouse.io/docs/write-endpoint-migration-guide
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import urlencode

from apps.core import errors
from apps.providers.contract import (
    Application,
    Call,
    Choice,
    Created,
    Gate,
    Identity,
    Job,
    NewApplication,
    NewPerson,
    Note,
    Page,
    Person,
    PersonUpdate,
    PublicNote,
    Purpose,
    Settings,
    Source,
    Stage,
    StageChange,
    User,
)
from apps.providers.greenhouse import capabilities, translate, wire
from apps.providers.greenhouse.reads import Reads
from apps.providers.transport import Http, Reply, Request

T = TypeVar("T")

APP = "https://app.greenhouse.io"


class Harvest:
    """Options of a connection: `from_stage_id` ("row": what a move compares is the stage history's
    row, as a live tenant showed; "definition": the job's stage), `client_folder` ("department" or
    "office"), `note_visibility`, `note_user_id` (whose name notes bear where nobody else's fits),
    `visible_after_seconds` (how long a new record may stay unseen; the vendor's figure is old)."""

    def __init__(self, settings: Settings, gate: Gate) -> None:
        shows = float(settings.options.get("visible_after_seconds", capabilities.VISIBLE_AFTER.total_seconds()))
        self.capabilities = replace(capabilities.CAPABILITIES, visible_after=timedelta(seconds=shows))
        self._http = Http(wire.DIALECT, settings, gate)
        self._reads = Reads(self._http, settings)
        self._options: Mapping[str, Any] = settings.options
        self._app = settings.base_urls.get("app", APP).rstrip("/")

    # --- reads

    def identify(self) -> Identity:
        return self._reads.identify()

    def list_jobs(self, *, cursor: str | None = None) -> Page[Job]:
        return self._reads.list_jobs(cursor)

    def list_stages(self, job_ids: Sequence[str]) -> tuple[Stage, ...]:
        return self._reads.list_stages(job_ids) if job_ids else ()

    def list_users(self, *, cursor: str | None = None) -> Page[User]:
        return self._reads.list_users(cursor)

    def list_sources(self, *, cursor: str | None = None) -> Page[Source]:
        return self._reads.list_sources(cursor)

    def list_folders(self) -> tuple[Choice, ...]:
        return self._reads.list_folders()

    def list_reject_reasons(self) -> tuple[Choice, ...]:
        return self._reads.list_reject_reasons()

    def list_people(self, *, updated_since: datetime | None = None, cursor: str | None = None) -> Page[Person]:
        return self._reads.list_people(updated_since, cursor)

    def get_people(self, ids: Sequence[str]) -> tuple[Person, ...]:
        return self._reads.get_people(ids) if ids else ()

    def find_people(self, *, email: str) -> tuple[Person, ...]:
        return self._reads.find_people(email) if email else ()

    def list_applications(
        self, *, updated_since: datetime | None = None, cursor: str | None = None
    ) -> Page[Application]:
        """Converted prospects' applications are left out."""
        return self._reads.list_applications(updated_since, cursor)

    def get_applications(self, *, ids: Sequence[str] = (), person_ids: Sequence[str] = ()) -> tuple[Application, ...]:
        return self._reads.get_applications(ids, person_ids) if ids or person_ids else ()

    def list_stage_changes(self, application_ids: Sequence[str]) -> tuple[StageChange, ...]:
        return self._reads.list_stage_changes(application_ids) if application_ids else ()

    # --- writes

    def create_person(self, person: NewPerson, application: NewApplication | None) -> Created:
        """NOT safe to repeat: a second one makes a second person. v3 does not name the application
        it makes along with the person, so `application_id` is empty."""
        body = translate.new_person(person, application)
        return Created(self._write(wire.CREATE, "POST", "candidates", body, translate.created_id, repeatable=False))

    def attach(self, person_id: str, application: NewApplication) -> str:
        """NOT safe to repeat: v3 does not refuse a second application for the same job. Greenhouse
        takes no recruiter here."""
        body = {"candidate_id": translate.number(person_id), **translate.new_application(application)}
        return self._write(wire.ATTACH, "POST", "applications", body, translate.created_id, repeatable=False)

    def update_person(self, person_id: str, update: PersonUpdate) -> None:
        """Safe to repeat: whole values replace. Arrays replace wholesale, so the types of the e-mail
        addresses are read first and written back."""
        body: dict[str, Any] = {
            name: value for name, value in (("company", update.company), ("title", update.title)) if value is not None
        }
        if update.emails is not None:
            body["email_addresses"] = translate.email_values(update.emails, self._reads.get_email_entries(person_id))
        if update.social_urls is not None:
            body["social_media_addresses"] = translate.social_values(update.social_urls)
        if body:
            path = f"candidates/{translate.number(person_id)}"
            self._write(wire.UPDATE, "PATCH", path, body, translate.nothing, repeatable=True)

    def merge_people(self, *, survivor_id: str, loser_id: str) -> None:
        """NOT safe to repeat: the loser is deleted, so that a second one is a Conflict or finds nobody. Applications
        for one job become one. Nothing undoes it."""
        path = f"candidates/{translate.number(survivor_id)}/merge"
        body = {"secondary_candidate_id": translate.number(loser_id)}
        self._write(wire.MERGE, "POST", path, body, translate.nothing, repeatable=False)

    def move(self, application: Application, *, to_stage_id: str) -> None:
        """Safe to repeat: `from_stage_id` is compared first, so a second one is a Conflict."""
        by_definition = self._options.get("from_stage_id", "row") == "definition"
        present = application.stage_id if by_definition else application.stage_token
        body = {"from_stage_id": translate.number(present), "to_stage_id": translate.number(to_stage_id)}
        self._act(wire.MOVE, application, "move", body, repeatable=True)

    def reject(self, application: Application, *, reason_id: str = "") -> None:
        """Safe to repeat: a second one is a Conflict."""
        body = {"rejection_reason_id": translate.number(reason_id)} if reason_id else {}
        self._act(wire.REJECT, application, "reject", body, repeatable=True)

    def reopen(self, application: Application) -> None:
        """Safe to repeat: a second one is a Conflict. It wipes the rejection's reason and notes."""
        self._act(wire.REOPEN, application, "unreject", {}, repeatable=True)

    def hire(self, application: Application, *, opening_id: str = "") -> None:
        """NOT safe to repeat. Raises Rejected without an opening: Greenhouse would choose one."""
        if not opening_id:
            raise errors.Rejected("a hire names the opening that it fills", cause="opening_required")
        self._act(wire.HIRE, application, "hire", {"opening_id": translate.number(opening_id)}, repeatable=False)

    def add_note(self, *, person_id: str, application_id: str, body: str, user_id: str = "") -> str:
        """NOT safe to repeat: notes are written once and never changed or deleted."""
        author = user_id or str(self._options.get("note_user_id", ""))
        numbers = (("candidate_id", person_id), ("application_id", application_id), ("user_id", author))
        note = {
            **{name: translate.number(value) for name, value in numbers if value},
            "body": body,
            "visibility": self._options.get("note_visibility", "public"),
            "note_type": "NOTE",
        }
        return self._write(wire.NOTE, "POST", "notes", note, translate.created_id, repeatable=False)

    def list_public_notes(self, person_ids: Sequence[str]) -> tuple[PublicNote, ...]:
        return self._reads.list_public_notes(person_ids)

    def find_note(self, *, person_id: str, marker: str) -> str:
        return self._reads.find_note(person_id, marker)

    def list_notes(self, *, person_id: str) -> tuple[Note, ...]:
        return self._reads.list_notes(person_id)

    def deep_link(self, *, person_id: str, application_id: str = "") -> str:
        named = f"?{urlencode({'application_id': application_id})}" if application_id else ""
        return f"{self._app}/people/{translate.number(person_id)}{named}"

    def _act(
        self, operation: str, application: Application, verb: str, body: Mapping[str, Any], *, repeatable: bool
    ) -> None:
        path = f"applications/{translate.number(application.id)}/{verb}"
        self._write(operation, "POST", path, body, translate.nothing, repeatable=repeatable)

    def _write(
        self,
        operation: str,
        method: str,
        path: str,
        body: Mapping[str, Any],
        parse: Callable[[Reply], T],
        *,
        repeatable: bool,
    ) -> T:
        call = Call(operation, Purpose.WRITE, repeatable=repeatable)
        return self._http.call(call, Request(method, f"/v3/{path}", json=dict(body)), parse)
