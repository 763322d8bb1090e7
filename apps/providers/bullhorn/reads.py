"""What Bullhorn can be asked: search by its index, query by its database, records by id.

Long listings go by id, never by offset, as totals change under the reader. Lucene takes no query of
negations alone, hence the anchor.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar

from apps.core import clock, errors
from apps.providers.bullhorn import translate, wire
from apps.providers.bullhorn.translate import Words
from apps.providers.contract import (
    Application,
    ApplicationStatus,
    Call,
    Choice,
    Hook,
    Job,
    Note,
    Page,
    Person,
    Purpose,
    Source,
    Stage,
    StageChange,
    User,
)
from apps.providers.parsing import Fields
from apps.providers.transport import Http, Reply, Request

T = TypeVar("T")

CLOSED_FOR = timedelta(days=30)
"""A job that is not open is listed for so long after its last change; an agency keeps all it ever had."""

MOST_PAGES = 40
"""Of one answer to a question about at most 50 records; more than that never ends."""


class Reads:
    """Readings of one connection; the tenant's list of statuses is asked for once."""

    def __init__(self, http: Http, words: Words) -> None:
        self._http = http
        self._words = words
        self._statuses: tuple[str, ...] | None = None

    def ping(self) -> None:
        self.get("session.ping", Purpose.CATALOGUE, "ping", "", translate.nothing)

    def list_jobs(self, cursor: str | None) -> Page[Job]:
        recent = wire.lucene_time(clock.now() - CLOSED_FOR)
        wanted = f"isDeleted:0 AND (isOpen:1 OR dateLastModified:[{recent} TO *])"
        return self._search(
            wire.JOBS, Purpose.CATALOGUE, "JobOrder", wanted, translate.JOB_FIELDS, translate.job, cursor
        )

    def statuses(self) -> tuple[str, ...]:
        if self._statuses is None:
            found = self.get(
                "settings.get", Purpose.CATALOGUE, "settings/jobResponseStatusList", "", translate.statuses
            )
            self._statuses = found
        return self._statuses

    def list_stages(self) -> tuple[Stage, ...]:
        """One list for all jobs, so its scope is empty; a status is its own id. Those that mean an end are none."""
        return tuple(
            Stage("", word, word, order)
            for order, word in enumerate(self.statuses())
            if self._words.status_of(word) == ApplicationStatus.ACTIVE
        )

    def list_users(self, cursor: str | None) -> Page[User]:
        where = "isDeleted=false"
        return self._query(
            wire.USERS, Purpose.CATALOGUE, "CorporateUser", where, translate.USER_FIELDS, translate.user, cursor
        )

    def list_sources(self) -> Page[Source]:
        query = wire.query(fields="source", meta="full")
        return Page(self.get("meta.get", Purpose.CATALOGUE, "meta/Candidate", query, translate.sources))

    def list_reject_reasons(self) -> tuple[Choice, ...]:
        """The statuses that mean a rejection."""
        rejected = ApplicationStatus.REJECTED
        return tuple(Choice(word, word) for word in self.statuses() if self._words.status_of(word) == rejected)

    def list_people(self, since: datetime | None, cursor: str | None) -> Page[Person]:
        changed = f" AND dateLastModified:[{wire.lucene_time(since)} TO *]" if since else ""
        page = self._search(
            wire.CANDIDATES,
            Purpose.INDEX,
            "Candidate",
            f"isDeleted:0{changed}",
            self._person_fields,
            self._person,
            cursor,
        )
        return Page(_there(page.items), page.next)

    def get_people(self, ids: Sequence[str]) -> tuple[Person, ...]:
        """By the database, not the index; none of them there is a 404."""
        query = wire.query(fields=self._person_fields)
        path = f"entity/Candidate/{wire.ids(ids)}"
        try:
            found = self.get(
                "candidates.get", Purpose.READ, path, query, lambda reply: translate.records(reply, self._person)
            )
        except errors.NotFound:
            return ()
        return _there(found)

    def find_people(self, email: str) -> tuple[Person, ...]:
        address = wire.quoted(email)
        wanted = f"(email:{address} OR email2:{address} OR email3:{address}) AND isDeleted:0"
        return _there(
            self._search(
                wire.CANDIDATES, Purpose.READ, "Candidate", wanted, self._person_fields, self._person, None
            ).items
        )

    def list_applications(self, since: datetime | None, cursor: str | None) -> Page[Application]:
        changed = f" AND dateLastModified>={wire.millis(since)}" if since else ""
        page = self._submissions(Purpose.POLL, f"isDeleted=false{changed}", cursor)
        return Page(self._with_stages(page.items), page.next)

    def get_applications(self, ids: Sequence[str], person_ids: Sequence[str]) -> tuple[Application, ...]:
        named = f"id IN ({wire.ids(ids)})" if ids else f"candidate.id IN ({wire.ids(person_ids)})"
        return self._with_stages(
            self._all(lambda cursor: self._submissions(Purpose.READ, f"{named} AND isDeleted=false", cursor))
        )

    def find_submission(self, person_id: str, job_id: str) -> tuple[str, bool] | None:
        """The one for this candidate and job, deleted or not: its id, and whether it is deleted."""
        where = f"candidate.id={wire.number(person_id)} AND jobOrder.id={wire.number(job_id)}"
        found = self._query(
            wire.SUBMISSIONS, Purpose.READ, "JobSubmission", where, "id,isDeleted", translate.deleted_submission, None
        )
        return min(found.items, key=lambda one: one[1], default=None)

    def list_stage_changes(self, application_ids: Sequence[str]) -> tuple[StageChange, ...]:
        where = f"jobSubmission.id IN ({wire.ids(application_ids)})"
        found = self._all(
            lambda cursor: self._query(
                wire.HISTORY,
                Purpose.READ,
                "JobSubmissionHistory",
                where,
                translate.HISTORY_FIELDS,
                translate.stage_change,
                cursor,
            )
        )
        changes = sorted(found, key=lambda change: (change.entered_at, len(change.id), change.id))
        last = {change.application_id: change.id for change in changes}
        return tuple(replace(change, current=last[change.application_id] == change.id) for change in changes)

    def list_changed(self, entity: str, since: datetime, cursor: str | None) -> Page[Hook]:
        """Records of one type changed since, deleted ones too."""
        fields, item = "id,isDeleted,dateLastModified", lambda row: translate.changed(row, entity)
        if entity == "JobSubmission":
            where = f"dateLastModified>={wire.millis(since)}"
            return self._query(wire.SUBMISSIONS, Purpose.POLL, entity, where, fields, item, cursor)
        wanted = f"dateLastModified:[{wire.lucene_time(since)} TO *]"
        operation = wire.JOBS if entity == "JobOrder" else wire.CANDIDATES
        return self._search(operation, Purpose.POLL, entity, wanted, fields, item, cursor)

    def find_note(self, person_id: str, marker: str) -> str:
        return next((note.id for note in self.list_notes(person_id) if marker in note.text), "")

    def list_notes(self, person_id: str) -> tuple[Note, ...]:
        """By the index: what it does not show yet is looked for again after `visible_after`."""
        wanted, fields = f"personReference.id:{wire.number(person_id)} AND isDeleted:false", "id,comments,dateAdded"

        def read(cursor: str | None) -> Page[Note]:
            return self._search("notes.list", Purpose.READ, "Note", wanted, fields, translate.note, cursor)

        return tuple(self._all(read))

    def _submissions(self, purpose: Purpose, where: str, cursor: str | None) -> Page[Application]:
        """Those of people who are there: a deleted candidate's stay as they were."""
        page = self._query(
            wire.SUBMISSIONS,
            purpose,
            "JobSubmission",
            where,
            translate.submission_fields(self._words),
            lambda row: translate.application(row, self._words),
            cursor,
        )
        return Page(tuple(one for one in page.items if one.person is not None), page.next)

    def _with_stages(self, found: Sequence[Application]) -> tuple[Application, ...]:
        """Those that ended stand in the stage that the history shows last before the end."""
        ended = [one.id for one in found if one.status != ApplicationStatus.ACTIVE]
        stood: dict[str, str] = {}
        for start in range(0, len(ended), wire.MOST_IDS):
            for change in self.list_stage_changes(ended[start : start + wire.MOST_IDS]):
                if self._words.status_of(change.stage_id) == ApplicationStatus.ACTIVE:
                    stood[change.application_id] = change.stage_id
        return tuple(replace(one, stage_id=one.stage_id or stood.get(one.id, "")) for one in found)

    @property
    def _person_fields(self) -> str:
        return translate.person_fields(self._words)

    def _person(self, row: Fields) -> Person | None:
        return translate.person(row, self._words)

    def _all(self, read: Callable[[str | None], Page[T]]) -> tuple[T, ...]:
        """Every page of a bounded question."""
        items: list[T] = []
        cursor: str | None = None
        for _ in range(MOST_PAGES):
            page = read(cursor)
            items += page.items
            cursor = page.next
            if cursor is None:
                return tuple(items)
        raise errors.Transient("a listing does not end", cause="endless_listing")

    def _search(
        self,
        operation: str,
        purpose: Purpose,
        entity: str,
        wanted: str,
        fields: str,
        item: Callable[[Fields], T],
        cursor: str | None,
    ) -> Page[T]:
        """By the index, which is behind. Sorted by id, from the id that the cursor names."""
        anchor = f"id:[{int(cursor or 0) + 1} TO *]"
        query = wire.query(query=f"{anchor} AND {wanted}", fields=fields, sort="id", count=wire.PER_PAGE)
        return self._page(operation, purpose, f"search/{entity}", query, item)

    def _query(
        self,
        operation: str,
        purpose: Purpose,
        entity: str,
        wanted: str,
        fields: str,
        item: Callable[[Fields], T],
        cursor: str | None,
    ) -> Page[T]:
        """By the database. Sorted by id, from the id that the cursor names."""
        where = f"id>{int(cursor or 0)} AND {wanted}"
        query = wire.query(where=where, fields=fields, orderBy="id", count=wire.PER_PAGE)
        return self._page(operation, purpose, f"query/{entity}", query, item)

    def _page(self, operation: str, purpose: Purpose, path: str, query: str, item: Callable[[Fields], T]) -> Page[T]:
        def parse(reply: Reply) -> Page[T]:
            ids = translate.listing(reply, lambda row: row.numeric_id("id"))
            return Page(translate.listing(reply, item), ids[-1] if len(ids) >= wire.PER_PAGE else None)

        return self.get(operation, purpose, path, query, parse)

    def get(self, operation: str, purpose: Purpose, path: str, query: str, parse: Callable[[Reply], T]) -> T:
        return self._http.call(Call(operation, purpose, repeatable=True), Request("GET", f"/{path}", query), parse)


def _there(found: Sequence[Person | None]) -> tuple[Person, ...]:
    return tuple(one for one in found if one is not None)
