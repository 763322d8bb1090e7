"""What outside systems showed, read in batches and remembered: planning asks here and opens no socket."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from apps.connections import services as connections
from apps.core import errors
from apps.providers import contract, recording
from apps.providers.sharing import Export
from apps.sync import reading

PROFILE_BATCH = 100


class Missing(LookupError):
    """A plan needs what was not read yet; it was noted."""


class Memory:
    """Readings by connection, and how many requests they took."""

    def __init__(self) -> None:
        self.spent: dict[UUID, int] = {}
        self._systems: dict[UUID, _Remembered] = {}

    def ats(self, connection_id: UUID) -> contract.Ats:
        return cast(contract.Ats, self._remembered(connection_id, lambda: connections.open_ats(connection_id)))

    def export(self, connection_id: UUID, request_id: str) -> tuple[Export, ...] | None:
        """Whom an export brings; None where LinkedIn keeps it no more. Raises Missing."""
        return self._remembered(connection_id, lambda: connections.open_publishing(connection_id)).get_export(
            request_id
        )

    def sourcing(self, connection_id: UUID) -> contract.Sourcing:
        opened = self._remembered(connection_id, lambda: connections.open_sourcing(connection_id))
        return cast(contract.Sourcing, opened)

    def read_what_is_missing(self) -> bool:
        """Read, in batches, what plans have lacked; False where none lacked anything."""
        lacking = {connection: one for connection, one in self._systems.items() if one.wanted}
        for connection_id, remembered in lacking.items():
            with self.counting(connection_id):
                remembered.read()
        return bool(lacking)

    @contextmanager
    def counting(self, connection_id: UUID) -> Iterator[None]:
        """Count the requests made meanwhile as this connection's."""
        with recording.exchanges() as said:
            yield
        self.spent[connection_id] = self.spent.get(connection_id, 0) + len(said)

    def _remembered(self, connection_id: UUID, opened: Callable[[], Any]) -> _Remembered:
        if connection_id not in self._systems:
            self._systems[connection_id] = _Remembered(opened())
        return self._systems[connection_id]


class _Remembered:
    """The reads of one system's contract, answered from memory; it offers no write."""

    def __init__(self, system: Any) -> None:
        self.capabilities: contract.Capabilities = system.capabilities
        self.wanted: set[tuple[str, Any]] = set()
        self._system = system
        self._known: dict[tuple[str, Any], Any] = {}

    def get_people(self, ids: Sequence[str]) -> tuple[contract.Person, ...]:
        return tuple(found for found in self._all("person", ids) if found is not None)

    def get_applications(
        self, *, ids: Sequence[str] = (), person_ids: Sequence[str] = ()
    ) -> tuple[contract.Application, ...]:
        single = [found for found in self._all("application", ids) if found is not None]
        return (*single, *(found for many in self._all("applications_of", person_ids) for found in many))

    def list_stage_changes(self, application_ids: Sequence[str]) -> tuple[contract.StageChange, ...]:
        return tuple(change for many in self._all("changes_of", application_ids) for change in many)

    def list_people(
        self, *, updated_since: datetime | None = None, cursor: str | None = None
    ) -> contract.Page[contract.Person]:
        (page,) = self._all("page", [(updated_since, cursor)])
        return cast("contract.Page[contract.Person]", page)

    def get_profiles(self, ids: Sequence[str]) -> Mapping[str, contract.Profile]:
        found = zip(ids, self._all("profile", ids), strict=True)
        return {profile_id: profile for profile_id, profile in found if profile is not None}

    def get_export(self, request_id: str) -> tuple[Export, ...] | None:
        """None where LinkedIn keeps it no more."""
        (found,) = self._all("export", [request_id])
        return cast("tuple[Export, ...] | None", found)

    def find_note(self, *, person_id: str, marker: str) -> str:
        (found,) = self._all("note", [(person_id, marker)])
        return str(found)

    def read(self) -> None:
        """Read all that is wanted, as few requests as the batches allow."""
        wanted, self.wanted = self.wanted, set()
        for kind, size, read in self._readings():
            ids = sorted((one for name, one in wanted if name == kind), key=str)
            for start in range(0, len(ids), size):
                self._known |= {(kind, one): value for one, value in read(ids[start : start + size]).items()}

    def _all(self, kind: str, ids: Sequence[Any]) -> list[Any]:
        lacking = {(kind, one) for one in ids if (kind, one) not in self._known}
        if lacking:
            self.wanted |= lacking
            raise Missing(kind)
        return [self._known[kind, one] for one in ids]

    def _readings(self) -> tuple[tuple[str, int, Callable[[list[Any]], dict[Any, Any]]], ...]:
        return (
            ("person", reading.MOST_IDS, self._read_people),
            ("application", reading.MOST_IDS, self._read_applications),
            ("applications_of", reading.MOST_IDS, self._read_applications_of),
            ("changes_of", reading.MOST_IDS, self._read_changes_of),
            ("page", 1, self._read_page),
            ("profile", PROFILE_BATCH, self._read_profiles),
            ("note", 1, self._read_note),
            ("export", 1, self._read_export),
        )

    def _read_people(self, ids: list[str]) -> dict[str, contract.Person | None]:
        return dict.fromkeys(ids) | {found.id: found for found in self._system.get_people(ids)}

    def _read_applications(self, ids: list[str]) -> dict[str, contract.Application | None]:
        return dict.fromkeys(ids) | {found.id: found for found in self._system.get_applications(ids=ids)}

    def _read_applications_of(self, ids: list[str]) -> dict[str, list[contract.Application]]:
        found: dict[str, list[contract.Application]] = {one: [] for one in ids}
        for application in self._system.get_applications(person_ids=ids):
            found.setdefault(application.person_id, []).append(application)
        return found

    def _read_changes_of(self, ids: list[str]) -> dict[str, list[contract.StageChange]]:
        found: dict[str, list[contract.StageChange]] = {one: [] for one in ids}
        for change in self._system.list_stage_changes(ids):
            found.setdefault(change.application_id, []).append(change)
        return found

    def _read_page(self, asked: list[tuple[datetime | None, str | None]]) -> dict[Any, Any]:
        (since, cursor) = asked[0]
        return {(since, cursor): self._system.list_people(updated_since=since, cursor=cursor)}

    def _read_note(self, asked: list[tuple[str, str]]) -> dict[Any, Any]:
        ((person_id, marker),) = asked
        return {(person_id, marker): self._system.find_note(person_id=person_id, marker=marker)}

    def _read_export(self, ids: list[str]) -> dict[str, tuple[Export, ...] | None]:
        (asked,) = ids
        try:
            return {asked: self._system.get_export(asked)}
        except errors.NotFound:
            return {asked: None}

    def _read_profiles(self, ids: list[str]) -> dict[str, contract.Profile | None]:
        return dict.fromkeys(ids) | dict(self._system.get_profiles(ids))
