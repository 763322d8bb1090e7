"""Lever's listings: opaque offsets, opportunities for people and candidacies alike, none left out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from apps.core import clock, errors
from apps.providers.contract import (
    Application,
    Call,
    Choice,
    Identity,
    Job,
    Note,
    Page,
    Person,
    Pulled,
    Purpose,
    Settings,
    Source,
    Stage,
    User,
)
from apps.providers.lever import translate, wire
from apps.providers.lever.translate import Reason
from apps.providers.parsing import Fields
from apps.providers.transport import Http, Reply, Request

T = TypeVar("T")

MOST_PAGES = 40
ALL = {"confidentiality": "all"}
"""Without it Lever leaves out what is confidential, with a 200 and no word."""
WHOLE = {**ALL, "expand": "applications"}


class Reads:
    """What Lever can be asked."""

    def __init__(self, http: Http, settings: Settings) -> None:
        self._http = http
        self._folder = str(settings.options.get("client_folder", ""))
        self._reasons: Mapping[str, Reason] | None = None
        self._openings: Mapping[str, tuple[str, ...]] = {}

    def identify(self) -> Identity:
        """Lever names no account: a readable list of postings is all the proof there is."""
        self._page("postings.list", Purpose.CATALOGUE, "postings", wire.query(limit=1, **ALL), self._job, None)
        return Identity(account="", name="Lever")

    def list_jobs(self, cursor: str | None) -> Page[Job]:
        """Published ones of the internal site are hidden unless both channels are named. Requisitions are read
        along with the first page."""
        channels = wire.several("distributionChannel", ["public", "internal"])
        query = wire.query(*channels, limit=wire.PER_PAGE, **ALL)
        page = self._page("postings.list", Purpose.CATALOGUE, "postings", query, self._job, cursor)
        if cursor is None:
            self._openings = self._open_requisitions()
        left = self._openings
        return replace(page, items=tuple(replace(job, open_openings=left.get(job.id, ())) for job in page.items))

    def list_stages(self) -> tuple[Stage, ...]:
        call = Call("stages.list", Purpose.CATALOGUE, repeatable=True)
        return self._http.call(call, Request("GET", "/v1/stages"), translate.stages)

    def list_users(self, cursor: str | None) -> Page[User]:
        query = wire.query(limit=wire.PER_PAGE, includeDeactivated="true")
        return self._page("users.list", Purpose.CATALOGUE, "users", query, translate.user, cursor)

    def list_sources(self, cursor: str | None) -> Page[Source]:
        query = wire.query(limit=wire.PER_PAGE)
        return self._page("sources.list", Purpose.CATALOGUE, "sources", query, translate.source, cursor)

    def list_people(self, updated_since: datetime | None, cursor: str | None) -> Page[Person]:
        query = wire.query(limit=wire.PER_PAGE, updated_at_start=wire.millis(updated_since), **ALL)
        page = self._page("opportunities.index", Purpose.INDEX, "opportunities", query, translate.person, cursor)
        return replace(page, items=translate.people(page.items))

    def get_people(self, ids: Sequence[str]) -> tuple[Person, ...]:
        query = wire.query(*wire.several("contact_id", ids), limit=wire.PER_PAGE, **ALL)
        return translate.people(self._all("opportunities.of_people", query, translate.person))

    def find_people(self, email: str) -> tuple[Person, ...]:
        query = wire.query(email=email, limit=wire.PER_PAGE, **ALL)
        return translate.people(self._all("opportunities.find", query, translate.person))

    def list_applications(self, updated_since: datetime | None, cursor: str | None) -> Page[Application]:
        query = wire.query(limit=wire.PER_PAGE, updated_at_start=wire.millis(updated_since), **WHOLE)
        page = self._page("opportunities.list", Purpose.POLL, "opportunities", query, _as_it_is, cursor)
        return Page(self._applications(page.items), page.next)

    def get_applications(self, ids: Sequence[str], person_ids: Sequence[str]) -> tuple[Application, ...]:
        """One request for all of the people; one for each id: Lever has no filter for those."""
        rows = [row for key in ids if (row := self._one(key)) is not None]
        if person_ids:
            query = wire.query(*wire.several("contact_id", person_ids), limit=wire.PER_PAGE, **WHOLE)
            rows += self._all("opportunities.of_people", query, _as_it_is)
        return self._applications(rows)

    def list_deleted(self, cursor: str) -> Pulled:
        """The rows of the cursor's millisecond come again; their ids are their delivery ids."""
        if not cursor:
            return Pulled((), wire.millis(clock.now()))
        query = wire.query(deleted_at_start=cursor, limit=wire.PER_PAGE)
        found = self._all("opportunities.deleted", query, translate.deletion, resource="opportunities/deleted")
        newest = max([int(cursor), *(at for at, _ in found)])
        return Pulled(tuple(hook for _, hook in found), str(newest))

    def contact(self, person_id: str) -> Fields:
        call = Call("contacts.get", Purpose.READ, repeatable=True)
        return self._http.call(call, Request("GET", f"/v1/contacts/{person_id}"), translate.single)

    def list_notes(self, opportunity_id: str) -> tuple[Note, ...]:
        resource = f"opportunities/{opportunity_id}/notes"
        return self._all("notes.list", wire.query(limit=wire.PER_PAGE), translate.noted, resource=resource)

    def reasons(self) -> Mapping[str, Reason]:
        """Read once by each opened client."""
        if self._reasons is None:
            query = wire.query(limit=wire.PER_PAGE)
            found = self._all("archive_reasons.list", query, translate.reason, resource="archive_reasons")
            self._reasons = {one.id: one for one in found}
        return self._reasons

    def list_reject_reasons(self) -> tuple[Choice, ...]:
        return tuple(Choice(one.id, one.text) for one in self.reasons().values() if one.active and not one.hired)

    def _applications(self, rows: Sequence[Fields]) -> tuple[Application, ...]:
        reasons = self.reasons() if any(translate.is_archived(row) for row in rows) else {}
        return tuple({row.id("id"): translate.application(row, reasons) for row in rows}.values())

    def _one(self, key: str) -> Fields | None:
        call = Call("opportunities.get", Purpose.READ, repeatable=True)
        request = Request("GET", f"/v1/opportunities/{key}", wire.query(expand="applications"))
        try:
            return self._http.call(call, request, translate.single)
        except errors.NotFound:
            return None

    def _open_requisitions(self) -> Mapping[str, tuple[str, ...]]:
        """Openings by posting; none where the account has no requisitions, or does not let us see them."""
        query = wire.query(status="open", limit=wire.PER_PAGE, **ALL)
        try:
            found = self._all("requisitions.list", query, translate.openings, resource="requisitions")
        except (errors.Rejected, errors.NotFound):
            return {}
        left: dict[str, tuple[str, ...]] = {}
        for postings, some in found:
            left |= {posting: (*left.get(posting, ()), *some) for posting in postings}
        return left

    def _job(self, row: Fields) -> Job:
        return translate.job(row, folder=self._folder)

    def _all(
        self, operation: str, query: str, item: Callable[[Fields], T], *, resource: str = "opportunities"
    ) -> tuple[T, ...]:
        """Every page of a bounded question."""
        items: list[T] = []
        cursor: str | None = None
        for _ in range(MOST_PAGES):
            page = self._page(operation, Purpose.READ, resource, query, item, cursor)
            items.extend(page.items)
            cursor = page.next
            if cursor is None:
                return tuple(items)
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
        """An offset goes with the question it belongs to. One that died starts the listing over."""
        call = Call(operation, purpose, repeatable=True)

        def parse(reply: Reply) -> Page[T]:
            return translate.page(reply, item)

        if cursor is not None:
            try:
                request = Request("GET", f"/v1/{resource}", f"{query}&{wire.query(offset=cursor)}")
                return self._http.call(call, request, parse)
            except errors.Rejected as refused:
                if refused.cause != "stale_offset":
                    raise
        return self._http.call(call, Request("GET", f"/v1/{resource}", query), parse)


def _as_it_is(row: Fields) -> Fields:
    return row
