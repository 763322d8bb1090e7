"""Lever's tables in memory, the sandbox's settings for it, and the refusals it can answer."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

Row = dict[str, Any]


class Refusal(Exception):
    """A request that Lever turns down: its status, code and message."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.body = {"code": code, "message": message}


def not_found(kind: str, key: str) -> Refusal:
    """The same for a malformed id."""
    return Refusal(404, "ResourceNotFound", f"{kind} {key} was not found")


def bad(message: str) -> Refusal:
    return Refusal(400, "BadRequestError", message)


def forbidden(message: str) -> Refusal:
    return Refusal(403, "ForbiddenError", message)


def unauthorized(message: str) -> Refusal:
    return Refusal(401, "Unauthorized", message)


@dataclass
class Settings:
    """What is configurable, changed by {"do": "settings", ...} or a scenario's "settings".

    rate, burst: the bucket of each key, requests a second and at once. visible_after: seconds until a new
    record is seen. token_seconds: an OAuth token's life. contact_put: "whole" (what a PUT leaves out is emptied)
    or "partial". groups: webhook events that a Super Admin switched on, None for all. merge_tells: a merge in
    the screens tells contactUpdated. signed: false sends deliveries without any signature. retry_scale: 1 is
    real time. hires_tell_both: a hire tells candidateHired and candidateArchiveChange. offset_seconds: how long
    the offset of a page is good, 0 for ever.
    """

    rate: float = 10.0
    burst: int = 20
    visible_after: float = 0.0
    token_seconds: int = 3600
    contact_put: str = "whole"
    groups: list[str] | None = None
    merge_tells: bool = False
    signed: bool = True
    retry_scale: float = 1 / 60
    hires_tell_both: bool = True
    offset_seconds: float = 0.0

    def change(self, given: dict[str, Any]) -> None:
        """Raises KeyError on an unknown name."""
        for name, value in given.items():
            if name not in self.__dataclass_fields__:
                raise KeyError(name)
            setattr(self, name, value)


class Table:
    """Rows by id in the order in which they were made."""

    def __init__(self, kind: str, chance: random.Random) -> None:
        self.kind = kind
        self.rows: dict[str, Row] = {}
        self._chance = chance
        self._made = 0

    def add(self, row: Row) -> Row:
        self._made += 1
        row = {**row, "id": row.get("id") or new_id(self._chance), "_number": self._made}
        self.rows[row["id"]] = row
        return row

    def get(self, key: Any) -> Row:
        """Raises Refusal."""
        found = self.rows.get(str(key))
        if found is None:
            raise not_found(self.kind, str(key))
        return found

    def where(self, **wanted: Any) -> list[Row]:
        return [row for row in self.rows.values() if all(row[name] == value for name, value in wanted.items())]

    def newest_first(self) -> Iterator[Row]:
        return reversed(self.rows.values())


class Store:
    """One account's data."""

    def __init__(self, chance: random.Random) -> None:
        def table(kind: str) -> Table:
            return Table(kind, chance)

        self.chance = chance
        self.users = table("users")
        self.stages = table("stages")
        self.archive_reasons = table("archive_reasons")
        self.postings = table("postings")
        self.requisitions = table("requisitions")
        self.contacts = table("contacts")
        self.opportunities = table("opportunities")
        self.applications = table("applications")
        self.notes = table("notes")
        self.webhooks = table("webhooks")
        self.deleted: list[Row] = []
        self.sources: list[str] = []

    def of_contact(self, contact_id: str) -> list[Row]:
        return self.opportunities.where(contact=contact_id)


def new_id(chance: random.Random) -> str:
    return str(uuid.UUID(int=chance.getrandbits(128), version=4))


def public(row: Row) -> Row:
    """A row as the API shows it: without what only the sandbox knows."""
    return {name: value for name, value in row.items() if not name.startswith("_")}


@dataclass
class Caller:
    """Who asks: the quota that is spent, and what the key or the grant lets them do."""

    key: str
    confidential: bool = True
    scopes: frozenset[str] | None = field(default=None)

    def may(self, scope: str) -> bool:
        return self.scopes is None or scope in self.scopes
