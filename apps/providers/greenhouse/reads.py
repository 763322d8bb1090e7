"""Harvest v3's listings: bare arrays, a cursor that must travel alone, ids by the fifty."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from apps.core import errors
from apps.providers.contract import (
    Application,
    ApplicationStatus,
    Call,
    Choice,
    Identity,
    Job,
    Note,
    Page,
    Person,
    PublicNote,
    Purpose,
    Settings,
    Source,
    Stage,
    StageChange,
    User,
)
from apps.providers.greenhouse import translate, wire
from apps.providers.greenhouse.translate import FoundApplication
from apps.providers.parsing import Fields
from apps.providers.transport import Http, Reply, Request

T = TypeVar("T")

FOLDERS = {"department": "departments", "office": "offices"}

MOST_PAGES = 40
"""Pages of one answer to a question about at most 50 records; more than that never ends."""


class Reads:
    """What Harvest can be asked."""

    def __init__(self, http: Http, settings: Settings) -> None:
        self._http = http
        self._folder = str(settings.options.get("client_folder", ""))

    def identify(self) -> Identity:
        """Greenhouse names no account: a readable list of jobs is all the proof there is."""
        self._page("jobs.list", Purpose.CATALOGUE, "jobs", wire.query(per_page=1), self._job, None)
        return Identity(account="", name="Greenhouse")

    def list_jobs(self, cursor: str | None) -> Page[Job]:
        """Jobs with their open openings, at the price of one more request a page."""
        query = wire.query(per_page=wire.MOST_IDS)
        page = self._page("jobs.list", Purpose.CATALOGUE, "jobs", query, self._job, cursor)
        wanted = [job.id for job in page.items if job.status == "open"]
        openings = self._openings(wanted) if wanted else {}
        return replace(page, items=tuple(replace(job, open_openings=openings.get(job.id, ())) for job in page.items))

    def list_stages(self, job_ids: Sequence[str]) -> tuple[Stage, ...]:
        query = wire.query(job_ids=wire.ids(job_ids), per_page=wire.PER_PAGE)
        found = self._all("stages.list", Purpose.CATALOGUE, "job_interview_stages", query, translate.stage)
        return tuple(sorted(found, key=lambda stage: (stage.scope, stage.order, stage.id)))

    def list_users(self, cursor: str | None) -> Page[User]:
        query = wire.query(per_page=wire.PER_PAGE)
        return self._page("users.list", Purpose.CATALOGUE, "users", query, translate.user, cursor)

    def list_sources(self, cursor: str | None) -> Page[Source]:
        query = wire.query(per_page=wire.PER_PAGE)
        return self._page("sources.list", Purpose.CATALOGUE, "sources", query, translate.source, cursor)

    def list_folders(self) -> tuple[Choice, ...]:
        if self._folder not in FOLDERS:
            return ()
        resource = FOLDERS[self._folder]
        query = wire.query(per_page=wire.PER_PAGE)
        return self._all(f"{resource}.list", Purpose.CATALOGUE, resource, query, translate.choice)

    def list_reject_reasons(self) -> tuple[Choice, ...]:
        """The built-in ones stay hidden unless they are asked for."""
        query = wire.query(include_defaults="true", per_page=wire.PER_PAGE)
        return self._all("rejection_reasons.list", Purpose.CATALOGUE, "rejection_reasons", query, translate.choice)

    def list_people(self, updated_since: datetime | None, cursor: str | None) -> Page[Person]:
        query = wire.query(updated_at=wire.since(updated_since), per_page=wire.PER_PAGE)
        return self._page("candidates.list", Purpose.INDEX, "candidates", query, translate.person, cursor)

    def get_people(self, ids: Sequence[str]) -> tuple[Person, ...]:
        query = wire.query(ids=wire.ids(ids), per_page=wire.MOST_IDS)
        return self._all("candidates.get", Purpose.READ, "candidates", query, translate.person)

    def get_email_entries(self, person_id: str) -> list[dict[str, str]]:
        """Raises NotFound."""
        query = wire.query(ids=wire.ids([person_id]))
        found = self._all("candidates.get", Purpose.READ, "candidates", query, translate.email_entries)
        if not found:
            raise errors.NotFound("Greenhouse does not show this person")
        return found[0]

    def find_people(self, email: str) -> tuple[Person, ...]:
        query = wire.query(email=email, per_page=wire.PER_PAGE)
        return self._all("candidates.find", Purpose.READ, "candidates", query, translate.person)

    def list_applications(self, updated_since: datetime | None, cursor: str | None) -> Page[Application]:
        query = wire.query(updated_at=wire.since(updated_since), per_page=wire.PER_PAGE)
        page = self._page("applications.list", Purpose.POLL, "applications", query, translate.application, cursor)
        return Page(self._with_stages(page.items), page.next)

    def get_applications(self, ids: Sequence[str], person_ids: Sequence[str]) -> tuple[Application, ...]:
        query = wire.query(ids=wire.ids(ids), candidate_ids=wire.ids(person_ids), per_page=wire.PER_PAGE)
        found = self._all("applications.get", Purpose.READ, "applications", query, translate.application)
        return self._with_stages(found)

    def list_stage_changes(self, application_ids: Sequence[str]) -> tuple[StageChange, ...]:
        query = wire.query(application_ids=wire.ids(application_ids), per_page=wire.PER_PAGE)
        found = self._all("application_stages.list", Purpose.READ, "application_stages", query, translate.stage_change)
        return tuple(sorted(found, key=lambda change: (change.entered_at, len(change.id), change.id)))

    def list_notes(self, person_id: str) -> tuple[Note, ...]:
        query = wire.query(candidate_ids=wire.ids([person_id]), per_page=wire.PER_PAGE)
        return self._all("notes.list", Purpose.READ, "notes", query, translate.note)

    def find_note(self, person_id: str, marker: str) -> str:
        return next((note.id for note in self.list_notes(person_id) if marker in note.text), "")

    def list_public_notes(self, person_ids: Sequence[str]) -> tuple[PublicNote, ...]:
        query = wire.query(candidate_ids=wire.ids(person_ids), per_page=wire.PER_PAGE)
        found = self._all("notes.list", Purpose.READ, "notes", query, translate.public_note)
        return tuple(sorted((one for one in found if one is not None), key=lambda one: (one.written_at, one.id)))

    def _with_stages(self, found: Sequence[FoundApplication | None]) -> tuple[Application, ...]:
        """Name each application's stage by its definition: the row's own, else read from the history."""
        kept = [one for one in found if one is not None]
        missing = [
            one.application.id
            for one in kept
            if not one.definition and one.application.stage_token and one.application.status == ApplicationStatus.ACTIVE
        ]
        current = self._current_stages(missing)
        return tuple(
            replace(one.application, stage_id=one.definition or current.get(one.application.id, "")) for one in kept
        )

    def _current_stages(self, application_ids: Sequence[str]) -> dict[str, str]:
        found: dict[str, str] = {}
        for start in range(0, len(application_ids), wire.MOST_IDS):
            some = application_ids[start : start + wire.MOST_IDS]
            query = wire.query(application_ids=wire.ids(some), current="true", per_page=wire.PER_PAGE)
            changes = self._all(
                "application_stages.list", Purpose.READ, "application_stages", query, translate.stage_change
            )
            found |= {change.application_id: change.stage_id for change in changes if change.current}
        return found

    def _openings(self, job_ids: Sequence[str]) -> dict[str, tuple[str, ...]]:
        query = wire.query(job_ids=wire.ids(job_ids), open="true", per_page=wire.PER_PAGE)
        found: dict[str, tuple[str, ...]] = {}
        for job_id, opening in self._all("openings.list", Purpose.CATALOGUE, "openings", query, translate.opening):
            found[job_id] = (opening, *found.get(job_id, ()))
        return found

    def _job(self, row: Fields) -> Job:
        return translate.job(row, folder=self._folder)

    def _all(
        self, operation: str, purpose: Purpose, resource: str, query: str, item: Callable[[Fields], T]
    ) -> tuple[T, ...]:
        """Every page of a bounded question."""
        page = self._page(operation, purpose, resource, query, item, None)
        items = list(page.items)
        for _ in range(MOST_PAGES):
            if page.next is None:
                return tuple(items)
            page = self._page(operation, purpose, resource, query, item, page.next)
            items.extend(page.items)
        raise errors.Transient(f"{operation} does not end", cause="endless_listing")

    def _page(
        self,
        operation: str,
        purpose: Purpose,
        resource: str,
        query: str,
        item: Callable[[Fields], T],
        cursor: str | None,
    ) -> Page[T]:
        """A cursor must be the only parameter; anything beside it is a 422."""
        request = Request("GET", f"/v3/{resource}", wire.query(cursor=cursor) if cursor else query)

        def parse(reply: Reply) -> Page[T]:
            return Page(translate.listing(reply, item), wire.next_cursor(reply))

        return self._http.call(Call(operation, purpose, repeatable=True), request, parse)
