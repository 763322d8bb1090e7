"""Greenhouse's tables in memory, the sandbox's settings for it, and the refusals it can answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

Row = dict[str, Any]
Keys = Callable[[Row], Iterable[Any]]


class Refusal(Exception):
    """A request that Greenhouse turns down: its status and body."""

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        super().__init__(f"{status} {body}")
        self.status = status
        self.body = body


def not_found() -> Refusal:
    return Refusal(404, {"message": "Resource not found"})


def forbidden() -> Refusal:
    return Refusal(403, {"message": "Forbidden"})


def unprocessable(*errors: str | dict[str, str]) -> Refusal:
    return Refusal(422, {"message": "Unprocessable Content", "errors": list(errors)})


@dataclass
class Settings:
    """What is configurable, changed by {"do": "settings", ...} or a scenario's "settings".

    cas: what a move's from_stage_id names, "row" (application_stages), "definition" or "either".
    visible_after: seconds until a new record is seen. ceiling, token_ceiling: requests per 30 s and 60 s.
    non_admin: what lists answer a subject without Site Admin, "403" or "empty". retry_scale: 1 is real time.
    """

    visible_after: float = 0.0
    ceiling: int = 75
    token_ceiling: int = 60
    token_seconds: int = 3600
    cas: str = "row"
    cas_status: int = 422
    revoke_old_token: bool = False
    non_admin: str = "403"
    scopes: list[str] | None = None
    strict_params: bool = False
    one_application_per_job: bool = False
    retry_scale: float = 1 / 60

    def change(self, given: dict[str, Any]) -> None:
        """Raises KeyError on an unknown name."""
        for name, value in given.items():
            if name not in self.__dataclass_fields__:
                raise KeyError(name)
            setattr(self, name, value)


class Table:
    """Rows by id, ids rising, with indexes that `change` keeps right."""

    def __init__(self, first_id: int, **indexes: Keys) -> None:
        self.rows: dict[int, Row] = {}
        self._next = first_id
        self._keys = indexes
        self._index: dict[str, dict[Any, dict[int, None]]] = {name: {} for name in indexes}

    def add(self, row: Row) -> Row:
        number = int(row.get("id") or self._next)
        self._next = max(self._next, number + 1)
        row = {**row, "id": number}
        self.rows[number] = row
        self._enter(row)
        return row

    def get(self, number: Any) -> Row | None:
        return self.rows.get(number) if isinstance(number, int) else None

    def remove(self, number: int) -> None:
        row = self.rows.pop(number, None)
        if row is not None:
            self._leave(row)

    def change(self, row: Row, **values: Any) -> None:
        self._leave(row)
        row.update(values)
        self._enter(row)

    def where(self, index: str, *keys: Any) -> list[Row]:
        """The rows under any of these keys, oldest first."""
        numbers = {number for key in keys for number in self._index[index].get(key, ())}
        return [self.rows[number] for number in sorted(numbers)]

    def has_index(self, name: str) -> bool:
        return name in self._index

    def newest_first(self) -> Iterator[Row]:
        for number in sorted(self.rows, reverse=True):
            yield self.rows[number]

    def _enter(self, row: Row) -> None:
        for name, keys in self._keys.items():
            for key in keys(row):
                self._index[name].setdefault(key, {})[row["id"]] = None

    def _leave(self, row: Row) -> None:
        for name, keys in self._keys.items():
            for key in keys(row):
                self._index[name].get(key, {}).pop(row["id"], None)


def column(name: str) -> Keys:
    return lambda row: [row[name]]


def emails_of(candidate: Row) -> list[str]:
    return list(dict.fromkeys(str(entry["value"]).lower() for entry in candidate["email_addresses"]))


@dataclass
class Store:
    """The organisation's data."""

    users: Table = field(default_factory=lambda: Table(7101))
    departments: Table = field(default_factory=lambda: Table(101))
    offices: Table = field(default_factory=lambda: Table(201))
    sources: Table = field(default_factory=lambda: Table(301))
    rejection_reasons: Table = field(default_factory=lambda: Table(401))
    openings: Table = field(default_factory=lambda: Table(2001, job_id=column("job_id")))
    jobs: Table = field(default_factory=lambda: Table(4001))
    job_interview_stages: Table = field(default_factory=lambda: Table(30001, job_id=column("job_id")))
    candidates: Table = field(default_factory=lambda: Table(5001, email=emails_of))
    applications: Table = field(
        default_factory=lambda: Table(9001, candidate_id=column("candidate_id"), job_id=column("job_id"))
    )
    application_stages: Table = field(default_factory=lambda: Table(800001, application_id=column("application_id")))
    notes: Table = field(default_factory=lambda: Table(60001, candidate_id=column("candidate_id")))
    attachments: Table = field(default_factory=lambda: Table(70001, candidate_id=column("candidate_id")))
    user_job_permissions: Table = field(default_factory=lambda: Table(1001))

    def stages_of(self, job_id: int) -> list[Row]:
        """A job's active stages in their order."""
        found = [row for row in self.job_interview_stages.where("job_id", job_id) if row["active"]]
        return sorted(found, key=lambda row: row["sort_order"])

    def open_openings(self, job_id: int) -> list[Row]:
        return [row for row in self.openings.where("job_id", job_id) if row["open"]]

    def user(self, number: Any) -> Row | None:
        return self.users.get(number)


def public(row: Row) -> Row:
    """A row as the API shows it: without what only the sandbox knows."""
    return {name: value for name, value in row.items() if not name.startswith("_")}
