"""Listings: opaque offsets, at most 100 a page, filters whose repeats unite, include that excludes."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import QueryParams

from apps.sandbox.lever.store import Caller, Row, bad, not_found, public
from apps.sandbox.lever.tenant import Tenant, canonical

MOST = 100
Answer = tuple[dict[str, Any], Any]


@dataclass(frozen=True)
class Offsets:
    """Where pages end: the last row's number under the question it belongs to, good for so many seconds (0: always)."""

    now: int
    life: float

    def make(self, asked: QueryParams, number: int) -> str:
        return base64.urlsafe_b64encode(f"{_question(asked)}:{number}:{self.now}".encode()).decode()

    def read(self, asked: QueryParams) -> int | None:
        """The row to go on after. Raises Refusal where the offset is none, another question's, or too old."""
        given = asked.get("offset")
        if given is None:
            return None
        try:
            question, number, made = base64.urlsafe_b64decode(given.encode()).decode().split(":")
            if question != _question(asked) or (self.life and self.now - int(made) > self.life * 1000):
                raise ValueError
            return int(number)
        except ValueError:
            raise bad("Invalid offset token") from None


def page(
    rows: Sequence[Row], asked: QueryParams, offsets: Offsets, shown: Callable[[Row], Row] = public
) -> dict[str, Any]:
    """One page after the offset."""
    try:
        limit = int(asked.get("limit", MOST))
    except ValueError:
        raise bad("limit must be a number") from None
    if not 1 <= limit <= MOST:
        raise bad("limit must be between 1 and 100")
    after = offsets.read(asked)
    left = [row for row in rows if after is None or row["_number"] < after]
    some, more = left[:limit], len(left) > limit
    answer: dict[str, Any] = {"data": [shown(row) for row in some], "hasNext": more}
    return {**answer, "next": offsets.make(asked, some[-1]["_number"])} if more else answer


def _question(asked: QueryParams) -> str:
    text = repr(sorted((name, value) for name, value in asked.multi_items() if name not in ("offset", "limit")))
    return hashlib.sha256(text.encode()).hexdigest()[:12]


class Lists:
    """What Lever can be asked, by one caller."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant
        self._store = tenant.store

    def _page(self, rows: Sequence[Row], asked: QueryParams, shown: Callable[[Row], Row] = public) -> dict[str, Any]:
        return page(rows, asked, Offsets(self._tenant.now(), self._tenant.settings.offset_seconds), shown)

    def opportunities(self, asked: QueryParams, caller: Caller) -> dict[str, Any]:
        rows = [row for row in self._store.opportunities.newest_first() if self._fits(row, asked, caller)]
        return self._page(rows, asked, lambda row: self.shown(row, asked))

    def opportunity(self, key: str, asked: QueryParams, caller: Caller) -> dict[str, Any]:
        return {"data": self.shown(self.seen(key, caller), asked)}

    def seen(self, key: str, caller: Caller) -> Row:
        """Raises Refusal: what is confidential is not there for a key without that access."""
        row = self._store.opportunities.get(key)
        if not self._tenant.visible(row) or (row["confidentiality"] == "confidential" and not caller.confidential):
            raise not_found("opportunities", key)
        return row

    def deleted(self, asked: QueryParams) -> dict[str, Any]:
        start = int(asked.get("deleted_at_start", 0))
        end = int(asked.get("deleted_at_end", self._tenant.now()))
        numbered = [{**row, "_number": place} for place, row in enumerate(self._store.deleted)]
        return self._page([row for row in reversed(numbered) if start <= row["deletedAt"] <= end], asked)

    def postings(self, asked: QueryParams, caller: Caller) -> dict[str, Any]:
        self._refuse_mixed_deltas(asked)
        rows = [row for row in self._store.postings.newest_first() if self._posting_fits(row, asked, caller)]
        return self._page(rows, asked)

    def plain(self, table: str, asked: QueryParams, *filters: str) -> dict[str, Any]:
        rows = [
            row
            for row in getattr(self._store, table).newest_first()
            if all(not asked.getlist(name) or row[name] in asked.getlist(name) for name in filters)
        ]
        return self._page(rows, asked)

    def users(self, asked: QueryParams) -> dict[str, Any]:
        wanted, everyone = asked.getlist("email"), asked.get("includeDeactivated") == "true"
        rows = [
            row
            for row in self._store.users.newest_first()
            if (everyone or not row["deactivatedAt"]) and (not wanted or row["email"] in wanted)
        ]
        return self._page(rows, asked)

    def sources(self, asked: QueryParams) -> dict[str, Any]:
        rows = [
            {"text": text, "count": sum(text in row["sources"] for row in self._store.opportunities.rows.values()),
             "_number": len(self._store.sources) - place}
            for place, text in enumerate(self._store.sources)
        ]  # fmt: skip
        return self._page(rows, asked)

    # --- how a row is shown

    def shown(self, row: Row, asked: QueryParams) -> Row:
        contact = self._store.contacts.get(row["contact"])
        told: Row = {
            **public(row), "name": contact["name"], "headline": contact["headline"], "emails": contact["emails"],
            "phones": contact["phones"], "links": contact["links"], "isAnonymized": contact["isAnonymized"],
            "location": (contact["location"] or {}).get("name", "") if contact["location"] else "",
            "archived": public(row["archived"]) if row["archived"] else None,
            "urls": {
                "list": "https://hire.lever.co/candidates", "show": f"https://hire.lever.co/candidates/{row['id']}",
            },
        }  # fmt: skip
        told.pop("candidateId")
        if row.get("_old") and row["archived"]:  # as the vendor's own list of the deleted still shows them
            told |= {"archivedAt": row["archived"]["archivedAt"], "archiveReason": row["archived"]["reason"]}
            told.pop("archived")
        expanded, included = _words(asked, "expand"), _words(asked, "include")
        for name in expanded:
            told[name] = self._expanded(name, row, told)
        if included:
            told = {name: value for name, value in told.items() if name in included | expanded | {"id"}}
        return told

    def _expanded(self, name: str, row: Row, told: Row) -> Any:
        if name == "contact":
            return {
                key: value for key, value in public(self._store.contacts.get(row["contact"])).items() if key != "links"
            }
        if name == "stage":
            return public(self._store.stages.get(row["stage"]))
        if name == "applications":
            return [public(self._store.applications.get(one)) for one in row["applications"]]
        if name in ("owner", "sourcedBy") and row[name]:
            return public(self._store.users.get(row[name]))
        return told.get(name)

    # --- filters

    def _fits(self, row: Row, asked: QueryParams, caller: Caller) -> bool:
        if not self._tenant.visible(row) or not _may_see(row, asked, caller):
            return False
        contact = self._store.contacts.get(row["contact"])
        postings = [self._store.applications.get(one)["posting"] for one in row["applications"]]
        values: dict[str, Iterable[Any]] = {
            "contact_id": [row["contact"]], "stage_id": [row["stage"]], "origin": [row["origin"]],
            "tag": row["tags"], "source": row["sources"], "posting_id": postings,
            "archived_posting_id": postings if row["archived"] else [],
            "archive_reason_id": [row["archived"]["reason"]] if row["archived"] else [],
        }  # fmt: skip
        for name, found in values.items():
            wanted = asked.getlist(name)
            if wanted and not set(wanted) & set(found):
                return False
        mails = {canonical(one) for one in asked.getlist("email")}
        if mails and not mails & {canonical(one) for one in contact["emails"]}:
            return False
        if "archived" in asked and (asked["archived"] == "true") != (row["archived"] is not None):
            return False
        times = {"created_at": row["createdAt"], "updated_at": row["updatedAt"], "advanced_at": row["lastAdvancedAt"]}
        times["archived_at"] = row["archived"]["archivedAt"] if row["archived"] else None
        return all(_within(asked, name, value) for name, value in times.items())

    def _posting_fits(self, row: Row, asked: QueryParams, caller: Caller) -> bool:
        if not _may_see(row, asked, caller):
            return False
        states, channels = asked.getlist("state"), set(asked.getlist("distributionChannel")) or {"public"}
        if states and row["state"] not in states:
            return False
        if row["state"] == "published" and not channels & set(row["distributionChannels"]):
            return False
        categories = ("team", "department", "location", "commitment")
        if any(asked.getlist(name) and row["categories"].get(name) not in asked.getlist(name) for name in categories):
            return False
        return _within(asked, "updated_at", row["updatedAt"])

    def _refuse_mixed_deltas(self, asked: QueryParams) -> None:
        """Changes may be asked for together with nothing but the confidentiality."""
        deltas = {"updated_at_start", "updated_at_end"}
        allowed = deltas | {"confidentiality", "limit", "offset"}
        if deltas & set(asked.keys()) and set(asked.keys()) - allowed:
            raise bad("updated_at filters may only be combined with confidentiality")


def _words(asked: QueryParams, name: str) -> set[str]:
    return {word for value in asked.getlist(name) for word in value.split(",") if word}


def _may_see(row: Row, asked: QueryParams, caller: Caller) -> bool:
    wanted = asked.get("confidentiality", "non-confidential")
    if row["confidentiality"] == "confidential" and not caller.confidential:
        return False
    return wanted in ("all", row["confidentiality"])


def _within(asked: QueryParams, name: str, value: int | None) -> bool:
    start, end = asked.get(f"{name}_start"), asked.get(f"{name}_end")
    if start is None and end is None:
        return True
    return value is not None and (start is None or value >= int(start)) and (end is None or value <= int(end))
