"""Bullhorn's tables, its lagging search index, the sandbox's settings for it, and its refusals."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Any

from apps.sandbox.bullhorn.schema import ENTITIES, FIRST_IDS

Row = dict[str, Any]


class Refusal(Exception):
    """A request that Bullhorn turns down: its status and body."""

    def __init__(self, status: int, body: Row | None) -> None:
        super().__init__(f"{status} {body}")
        self.status = status
        self.body = body


def refusal(status: int, key: str, message: str) -> Refusal:
    return Refusal(status, {"errorMessage": message, "errorMessageKey": key, "errorCode": status})


def invalid(entity: str, *problems: tuple[str, str, str], status: int = 400) -> Refusal:
    """The validation envelope: (property, type, sentence) for each thing wrong."""
    errors = [
        {"propertyName": name, "severity": "ERROR", "type": kind, "detailMessage": text}
        for name, kind, text in problems
    ]
    message = f"error persisting an entity of type: {entity}"
    return Refusal(status, {"errorMessage": message, "errors": errors, "entityName": entity})


@dataclass
class Settings:
    """What is configurable, changed by {"do": "settings", ...} or a scenario's "settings".

    index_delay: seconds until /search sees a write. minute, month: requests allowed (month 0: not counted);
    limit_status: the HTTP status of a refusal whose body says 429. access_seconds: life of an access token.
    refresh_tokens: whether the key gets one. wrong_data_centre: login at this address answers 307 to another.
    oauth_suffix: what loginInfo's oauthUrl ends in. dead_access_status: of /login with a dead access token.
    terms_accepted: a first-time user has not. event_days: after which an unread queue is gone.
    subscriptions: how many there may be. strict_status: a status off the tenant's list is refused.
    """

    index_delay: float = 0.0
    minute: int = 1500
    month: int = 0
    limit_status: int = 429
    access_seconds: int = 600
    refresh_tokens: bool = True
    wrong_data_centre: bool = False
    oauth_suffix: str = ""
    dead_access_status: int = 400
    terms_accepted: bool = True
    event_days: float = 7
    subscriptions: int = 15
    strict_status: bool = True

    def change(self, given: Row) -> None:
        """Raises KeyError on an unknown name."""
        for name, value in given.items():
            if name not in self.__dataclass_fields__:
                raise KeyError(name)
            setattr(self, name, value)


@dataclass
class Table:
    """Rows by id, ids rising."""

    entity: str
    next_id: int
    rows: dict[int, Row] = field(default_factory=dict)

    def add(self, row: Row) -> Row:
        number = int(row.get("id") or self.next_id)
        self.next_id = max(self.next_id, number + 1)
        self.rows[number] = {**row, "id": number}
        return self.rows[number]

    def get(self, number: Any) -> Row | None:
        return self.rows.get(number) if isinstance(number, int) else None

    def where(self, reference: str, number: int) -> list[Row]:
        """Rows whose to-one `reference` is this id, oldest first."""
        return [row for row in self.rows.values() if (row.get(reference) or {}).get("id") == number]


class Index:
    """What /search sees: each document as it was when it was last indexed."""

    def __init__(self) -> None:
        self._documents: dict[int, Row] = {}
        self._waiting: list[tuple[float, Row]] = []

    def put(self, row: Row, *, at: float) -> None:
        self._waiting.append((at, copy.deepcopy(row)))

    def documents(self, now: float) -> list[Row]:
        due = [(at, row) for at, row in self._waiting if at <= now]
        self._waiting = [(at, row) for at, row in self._waiting if at > now]
        for _, row in due:
            self._documents[row["id"]] = row
        return list(self._documents.values())


class Store:
    """The agency's data."""

    def __init__(self) -> None:
        self.tables = {name: Table(name, FIRST_IDS[name]) for name in ENTITIES}
        self.indexes = {name: Index() for name, entity in ENTITIES.items() if entity.searchable}

    def __getitem__(self, entity: str) -> Table:
        return self.tables[entity]

    def named(self, entity: str, name: str) -> Row | None:
        found = (row for row in self.tables[entity].rows.values() if name in (row.get("name"), row.get("title")))
        return next(found, None)


def public(row: Row) -> Row:
    """A row without what only the sandbox knows."""
    return {name: value for name, value in row.items() if not name.startswith("_")}
