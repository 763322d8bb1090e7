"""The list endpoints: bare arrays, newest id first, an opaque cursor that must travel alone."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from apps.sandbox import clock
from apps.sandbox.greenhouse.store import Row, Settings, Store, Table, unprocessable

MAX_PER_PAGE = 500
MAX_IDS = 50
MAX_FIELDS = 50
PAGING = frozenset({"per_page", "fields", "ids", "cursor"})
DATES = frozenset({"created_at", "updated_at", "last_activity_at", "entered_at"})
COMPARISONS: Mapping[str, Callable[[str, str], bool]] = {
    "gte": lambda have, want: have >= want,
    "gt": lambda have, want: have > want,
    "lte": lambda have, want: have <= want,
    "lt": lambda have, want: have < want,
}
STATUSES = {"active": "in_process", "rejected": "rejected", "hired": "hired", "converted": "converted"}

Test = Callable[[Row], bool]


@dataclass(frozen=True)
class Listing:
    """One list endpoint: what its filters are. `ids`: comma lists of a column's ids, by parameter."""

    table: str
    ids: Mapping[str, str] | None = None
    equal: frozenset[str] = frozenset()
    flags: frozenset[str] = frozenset()
    special: frozenset[str] = frozenset()

    def knows(self, name: str) -> bool:
        known = PAGING | DATES | self.equal | self.flags | self.special | frozenset(self.ids or {})
        return name.split("[")[0] in known


LISTINGS: Mapping[str, Listing] = {
    "jobs": Listing(
        "jobs", {"job_ids": "id"}, frozenset({"status", "requisition_id", "name", "department_id"}),
        frozenset({"confidential"}), frozenset({"office_id"}),
    ),
    "job_interview_stages": Listing(
        "job_interview_stages", {"job_ids": "job_id"}, frozenset({"name"}), frozenset({"active"})
    ),
    "candidates": Listing("candidates", {"candidate_ids": "id"}, frozenset(), frozenset({"private"}),
                          frozenset({"email", "tag"})),
    "applications": Listing(
        "applications", {"candidate_ids": "candidate_id", "job_ids": "job_id", "source_ids": "source_id"},
        frozenset({"source_id"}), frozenset({"prospect"}), frozenset({"status"}),
    ),
    "application_stages": Listing(
        "application_stages",
        {"application_ids": "application_id", "job_interview_stage_ids": "job_interview_stage_id"},
        frozenset(), frozenset({"current"}),
    ),
    "openings": Listing("openings", {"job_ids": "job_id"}, frozenset({"opening_id"}), frozenset({"open"})),
    "users": Listing("users", {"user_ids": "id"}, frozenset({"primary_email", "employee_id"}),
                     frozenset({"deactivated"}), frozenset({"show_service_accounts"})),
    "departments": Listing("departments", None, frozenset({"parent_id", "external_id", "name"})),
    "offices": Listing("offices", None, frozenset({"parent_id", "external_id", "name"})),
    "sources": Listing("sources", None, frozenset({"name"})),
    "rejection_reasons": Listing("rejection_reasons", None, frozenset(), frozenset(),
                                 frozenset({"include_defaults"})),
    "notes": Listing("notes", {"candidate_ids": "candidate_id", "application_ids": "application_id",
                               "user_ids": "user_id"}, frozenset({"type", "visibility"})),
    "attachments": Listing("attachments", {"candidate_ids": "candidate_id", "application_ids": "application_id"}),
    "user_job_permissions": Listing("user_job_permissions", {"user_ids": "user_id", "job_ids": "job_id"}),
}  # fmt: skip
EMPTY_LISTS = (
    "job_interviews", "job_owners", "job_hiring_managers", "candidate_educations", "candidate_employments",
    "custom_field_options", "rejection_details",
)  # fmt: skip


def page(
    store: Store, settings: Settings, resource: str, asked: list[tuple[str, str]], visible: Test
) -> tuple[list[Row], str | None]:
    """One page of a listing and the cursor of the next. Raises Refusal 422."""
    listing, before = LISTINGS[resource], None
    if any(name == "cursor" for name, _ in asked):
        if len(asked) > 1:
            raise unprocessable("When passing a cursor, no other query parameters are allowed")
        asked, before = _read_cursor(resource, asked[0][1])
    given = dict(asked)
    if settings.strict_params and (unknown := [name for name in given if not listing.knows(name)]):
        raise unprocessable(*({name: "is not a parameter of this endpoint"} for name in unknown))
    size = _whole(given, "per_page", 100, MAX_PER_PAGE)
    tests = [visible, *_tests(listing, asked, given)]
    table: Table = getattr(store, listing.table)
    found: list[Row] = []
    for row in _candidates(table, listing, given):
        if (before is None or row["id"] < before) and all(test(row) for test in tests):
            found.append(row)
            if len(found) > size:
                break
    following = _cursor(resource, asked, found[size - 1]["id"]) if len(found) > size else None
    return [_sparse(row, given.get("fields")) for row in found[:size]], following


def _candidates(table: Table, listing: Listing, given: Mapping[str, str]) -> Iterable[Row]:
    """The rows worth testing: by an index where a filter allows it, else all; newest first."""
    if "ids" in given:
        rows = [row for number in _numbers("ids", given["ids"]) if (row := table.get(number))]
    elif "email" in given and table.has_index("email"):
        rows = table.where("email", given["email"].lower())
    else:
        indexed = [(name, by) for name, by in (listing.ids or {}).items() if name in given and table.has_index(by)]
        if not indexed:
            return table.newest_first()
        name, by = indexed[0]
        rows = table.where(by, *_numbers(name, given[name]))
    return sorted({row["id"]: row for row in rows}.values(), key=lambda row: -row["id"])


def _tests(listing: Listing, asked: list[tuple[str, str]], given: Mapping[str, str]) -> Iterator[Test]:
    yield from _date_tests(asked)
    for name, by in (listing.ids or {}).items():
        if name in given:
            numbers = set(_numbers(name, given[name]))
            yield lambda row, by=by, numbers=numbers: row[by] in numbers  # type: ignore[misc]
    for name in listing.equal & given.keys():
        yield lambda row, name=name: str(row[name]).lower() == given[name].lower()  # type: ignore[misc]
    for name in listing.flags & given.keys():
        flag = _flag(name, given[name])
        yield lambda row, name=name, flag=flag: row[name] is flag  # type: ignore[misc]
    yield from _special_tests(listing, given)


def _special_tests(listing: Listing, given: Mapping[str, str]) -> Iterator[Test]:
    if "status" in listing.special and "status" in given:
        if given["status"] not in STATUSES:
            raise unprocessable({"status": f"value must be one of: {', '.join(STATUSES)}"})
        yield lambda row: row["status"] == STATUSES[given["status"]]
    if "office_id" in listing.special and "office_id" in given:
        yield lambda row: given["office_id"] in map(str, row["office_ids"])
    if "tag" in listing.special and "tag" in given:
        yield lambda row: given["tag"] in row["tags"]
    if "include_defaults" in listing.special and not _flag("include_defaults", given.get("include_defaults", "false")):
        yield lambda row: not row["default"]
    if "show_service_accounts" in listing.special:
        shown = _flag("show_service_accounts", given.get("show_service_accounts", "false"))
        yield lambda row: shown or not row["service_account"]


def _date_tests(asked: list[tuple[str, str]]) -> Iterator[Test]:
    """`updated_at=gte|moment` as documented, `updated_at[gte]=moment` as a published client sends it."""
    named = {name.split("[")[0] for name, _ in asked} & DATES
    if {"created_at", "updated_at"} <= named:
        raise unprocessable("created_at and updated_at cannot be combined")
    for name, value in asked:
        plain, bracket, rest = name.partition("[")
        if plain not in DATES:
            continue
        comparison, _, moment = (rest.rstrip("]"), "", value) if bracket else value.partition("|")
        if comparison not in COMPARISONS:
            raise unprocessable({plain: "must be one of gte, gt, lte, lt, then | and a date-time"})
        want, holds = _moment(plain, moment), COMPARISONS[comparison]
        yield lambda row, plain=plain, want=want, holds=holds: holds(row.get(plain) or "", want)  # type: ignore[misc]


def _moment(name: str, text: str) -> str:
    try:
        return clock.iso(clock.parse(text.replace(" ", "+")))
    except ValueError:
        raise unprocessable({name: "is not a valid ISO-8601 date-time"}) from None


def _numbers(name: str, text: str) -> list[int]:
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if len(parts) > MAX_IDS:
        raise unprocessable({name: f"array size is greater than: {MAX_IDS}"})
    if not all(part.isdecimal() for part in parts):
        raise unprocessable({name: "must be integers separated by commas"})
    return [int(part) for part in parts]


def _whole(given: Mapping[str, str], name: str, default: int, largest: int) -> int:
    text = given.get(name, str(default))
    if not text.isdecimal():
        raise unprocessable({name: "is not an integer"})
    if int(text) > largest:
        raise unprocessable({name: f"number is greater than: {largest}"})
    if int(text) < 1:
        raise unprocessable({name: "number is less than: 1"})
    return int(text)


def _flag(name: str, text: str) -> bool:
    if text not in ("true", "false"):
        raise unprocessable({name: "is not a boolean"})
    return text == "true"


def _sparse(row: Row, fields: str | None) -> Row:
    shown = {name: value for name, value in row.items() if not name.startswith("_")}
    if fields is None:
        return shown
    names = [name.strip() for name in fields.split(",") if name.strip()]
    if len(names) > MAX_FIELDS:
        raise unprocessable({"fields": f"array size is greater than: {MAX_FIELDS}"})
    if unknown := [name for name in names if name not in shown]:
        raise unprocessable({"fields": f"unknown: {', '.join(unknown)}"})
    return {name: shown[name] for name in names}


def _cursor(resource: str, asked: list[tuple[str, str]], last: int) -> str:
    kept: Any = [resource, asked, last]
    return base64.urlsafe_b64encode(json.dumps(kept, separators=(",", ":")).encode()).rstrip(b"=").decode()


def _read_cursor(resource: str, cursor: str) -> tuple[list[tuple[str, str]], int]:
    try:
        of, asked, last = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if of == resource:
            return [(str(name), str(value)) for name, value in asked], int(last)
    except (binascii.Error, ValueError, TypeError):
        pass
    raise unprocessable({"cursor": "is invalid"})
