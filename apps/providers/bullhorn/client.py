"""Bullhorn as contract.Ats, with its event queue.

PUT creates and POST updates. Nothing takes an idempotency key, and candidates are never compared with
those that are there, so each write's docstring says what makes it safe to repeat, or that it is not.
https://bullhorn.github.io/rest-api-docs
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from apps.core import clock, errors
from apps.providers.bullhorn import capabilities, translate, wire
from apps.providers.bullhorn.events import Queue
from apps.providers.bullhorn.reads import Reads
from apps.providers.contract import (
    Application,
    ApplicationStatus,
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
from apps.providers.transport import Http, Reply, Request

T = TypeVar("T")

REJECTED = ("Client Rejected", "Candidate Rejected", "Rejected")
HIRED = ("Placed",)
SUBMITTED = "Submitted"


class Bullhorn:
    """Options of a connection: `user_id` (whose name submissions and notes bear where nobody else's fits),
    `linkedin_field` (of the candidate: `companyURL`, or a customText), `rejected_statuses` and
    `hired_statuses` (of the tenant's list; the first is written), `new_status` (of a submission whose stage
    no map names), `note_action`, `cluster` (N of cls<N>, for links; learned when connecting),
    `visible_after_seconds` (how far the search index may be behind)."""

    def __init__(self, settings: Settings, gate: Gate) -> None:
        options = settings.options
        shows = float(options.get("visible_after_seconds", capabilities.VISIBLE_AFTER.total_seconds()))
        self.capabilities = replace(capabilities.CAPABILITIES, visible_after=timedelta(seconds=shows))
        self._options: Mapping[str, Any] = options
        self._gate = gate
        self._words = translate.Words(
            rejected=tuple(options.get("rejected_statuses", REJECTED)),
            hired=tuple(options.get("hired_statuses", HIRED)),
            linkedin_field=str(options.get("linkedin_field", "companyURL")),
        )
        self._http = Http(wire.DIALECT, settings, gate)
        self._reads = Reads(self._http, self._words)
        self._queue = Queue(self._http, self._reads, f"syncportal-{options.get('connection', '')}")
        self._app = settings.base_urls.get("app", "").rstrip("/")

    # --- reads

    def identify(self) -> Identity:
        """The agency is the last part of its session's address, its cluster the number of its host."""
        self._reads.ping()
        session = wire.Session.read(self._gate.token())
        remember = {"cluster": session.cluster} if session.cluster else {}
        return Identity(account=session.corporation, name=f"Bullhorn {session.corporation}", remember=remember)

    def list_jobs(self, *, cursor: str | None = None) -> Page[Job]:
        """Open ones, and others for thirty days after their last change."""
        return self._reads.list_jobs(cursor)

    def list_stages(self, job_ids: Sequence[str]) -> tuple[Stage, ...]:
        return self._reads.list_stages() if job_ids else ()

    def list_users(self, *, cursor: str | None = None) -> Page[User]:
        return self._reads.list_users(cursor)

    def list_sources(self, *, cursor: str | None = None) -> Page[Source]:
        return self._reads.list_sources()

    def list_folders(self) -> tuple[Choice, ...]:
        """Jobs name their client corporation."""
        return ()

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
        return self._reads.list_applications(updated_since, cursor)

    def get_applications(self, *, ids: Sequence[str] = (), person_ids: Sequence[str] = ()) -> tuple[Application, ...]:
        return self._reads.get_applications(ids, person_ids) if ids or person_ids else ()

    def list_stage_changes(self, application_ids: Sequence[str]) -> tuple[StageChange, ...]:
        return self._reads.list_stage_changes(application_ids) if application_ids else ()

    # --- events

    def pull_events(self, *, cursor: str = "", unsure: bool = False) -> Pulled:
        return self._queue.pull(cursor, unsure=unsure)

    def list_changes(self, *, since: datetime, cursor: str | None = None) -> Page[Hook]:
        return self._queue.list_changes(since, cursor)

    # --- writes

    def create_person(self, person: NewPerson, application: NewApplication | None) -> Created:
        """NOT safe to repeat: a second one makes a second candidate, without a word. The submission is a
        call of its own (`attach`)."""
        body = translate.new_person(person, application, self._words)
        return Created(
            self._write(wire.CREATE, "PUT", "entity/Candidate", body, translate.changed_id, repeatable=False)
        )

    def attach(self, person_id: str, application: NewApplication) -> str:
        """Looks first: a deleted submission would refuse a new one for ever, so it is restored. A second one
        is a Conflict, and one that is there is its answer; a lost answer is Unknown all the same."""
        found = self._reads.find_submission(person_id, application.job_id)
        if found is None:
            return self._submit(person_id, application)
        submission_id, deleted = found
        if deleted:
            status = {"status": application.stage_id or self._first_status()}
            self._change(wire.RESTORE, submission_id, {"isDeleted": False, **status})
        return submission_id

    def update_person(self, person_id: str, update: PersonUpdate) -> None:
        """Safe to repeat: whole values replace. What has no place in Bullhorn's fields is left out."""
        body = translate.changes(update, self._words)
        if body:
            path = f"entity/Candidate/{wire.number(person_id)}"
            self._write(wire.UPDATE, "POST", path, body, translate.nothing, repeatable=True)

    def move(self, application: Application, *, to_stage_id: str) -> None:
        """Safe to repeat: the same status again changes nothing. Who is promoted out of New Lead is dated."""
        promoted = application.stage_name == translate.NEW_LEAD and to_stage_id != translate.NEW_LEAD
        dated = {"dateAdded": wire.millis(clock.now())} if promoted else {}
        self._change(wire.MOVE, application.id, {"status": to_stage_id, **dated})

    def reject(self, application: Application, *, reason_id: str = "") -> None:
        """Safe to repeat: the same status again changes nothing. `reason_id` may name one of the statuses."""
        self._change(wire.MOVE, application.id, {"status": reason_id or self._status_of_list(self._words.rejected)})

    def reopen(self, application: Application) -> None:
        """Safe to repeat. Bullhorn has no such verb: the stage it ended in, by its history, is set again."""
        self._change(wire.MOVE, application.id, {"status": application.stage_id or self._first_status()})

    def hire(self, application: Application, *, opening_id: str = "") -> None:
        """NOT safe to repeat: what the agency hangs on that status may run again. The placement itself is
        made by a person in Bullhorn, so an opening, which has no id there, is not taken."""
        values = {"status": self._status_of_list(self._words.hired)}
        self._change(wire.MOVE, application.id, values, repeatable=False)

    def add_note(self, *, person_id: str, application_id: str, body: str, user_id: str = "") -> str:
        """NOT safe to repeat. Person and author together link the note; the job is the application's."""
        note: dict[str, Any] = {
            "action": str(self._options.get("note_action", "LinkedIn Message")),
            "comments": translate.html(body),
            "personReference": translate.reference(person_id),
            "commentingPerson": translate.reference(self._author(user_id)),
        }
        for found in self.get_applications(ids=[application_id]) if application_id else ():
            note["jobOrder"] = translate.reference(found.job_id)
        return self._write(wire.NOTE, "PUT", "entity/Note", note, translate.changed_id, repeatable=False)

    def find_note(self, *, person_id: str, marker: str) -> str:
        return self._reads.find_note(person_id, marker)

    def list_notes(self, *, person_id: str) -> tuple[Note, ...]:
        return self._reads.list_notes(person_id)

    def deep_link(self, *, person_id: str, application_id: str = "") -> str:
        """The submission's window where there is one, else the candidate's; empty while the cluster is not known."""
        cluster = self._options.get("cluster", "")
        base = self._app or (f"https://cls{cluster}.bullhornstaffing.com" if cluster else "")
        named = ("JobSubmission", application_id) if application_id else ("Candidate", person_id)
        query = wire.query(Entity=named[0], id=wire.number(named[1]))
        return f"{base}/BullhornSTAFFING/OpenWindow.cfm?{query}" if base else ""

    def _submit(self, person_id: str, wanted: NewApplication) -> str:
        body: dict[str, Any] = {
            "candidate": translate.reference(person_id),
            "jobOrder": translate.reference(wanted.job_id),
            "status": wanted.stage_id or self._first_status(),
            "sendingUser": translate.reference(self._author(wanted.owner_id)),
            "dateWebResponse": wire.millis(clock.now()),
            **({"source": wanted.source_id} if wanted.source_id else {}),
        }
        return self._write(wire.ATTACH, "PUT", "entity/JobSubmission", body, translate.changed_id, repeatable=False)

    def _change(
        self, operation: str, submission_id: str, values: Mapping[str, Any], *, repeatable: bool = True
    ) -> None:
        path = f"entity/JobSubmission/{wire.number(submission_id)}"
        self._write(operation, "POST", path, values, translate.nothing, repeatable=repeatable)

    def _author(self, user_id: str) -> str:
        """Raises Rejected where neither the seat map nor the connection names a user: Bullhorn requires one."""
        found = user_id or str(self._options.get("user_id", ""))
        if not found:
            raise errors.Rejected("no user of Bullhorn's is named: set the option user_id", cause="no_sending_user")
        return found

    def _first_status(self) -> str:
        """Of a new submission: the option's, else Submitted where the tenant has it, else its first open one."""
        wanted = str(self._options.get("new_status", SUBMITTED))
        listed = self._reads.statuses()
        usual = [word for word in listed if self._words.status_of(word) == ApplicationStatus.ACTIVE]
        return wanted if wanted in listed else next(iter(usual), wanted)

    def _status_of_list(self, words: Sequence[str]) -> str:
        """The first of these that the tenant's list has. Raises Rejected for none: it would be an orphan."""
        listed = self._reads.statuses()
        found = next((word for word in words if word in listed), "")
        if not found:
            raise errors.Rejected(
                "the tenant's list has none of these statuses: set the option", cause="no_such_status"
            )
        return found

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
        return self._http.call(call, Request(method, f"/{path}", json=dict(body)), parse)
