"""Whose rows a reader may see."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Scope:
    """The clients that a reader may see; `None` means every client."""

    client_ids: frozenset[UUID] | None

    @property
    def unrestricted(self) -> bool:
        return self.client_ids is None

    def covers(self, client_ids: Iterable[UUID]) -> bool:
        """Tell whether something that touches these clients may be seen; what touches none is for the unrestricted."""
        if self.client_ids is None:
            return True
        touched = set(client_ids)
        return bool(touched) and touched <= self.client_ids

    def narrowed(self, client_id: UUID | None) -> Scope:
        """This scope with one client alone, where that lies within it; else as it is."""
        return self if client_id is None or not self.covers([client_id]) else Scope(frozenset({client_id}))


EVERYONE = Scope(client_ids=None)
NOBODY = Scope(client_ids=frozenset())


def of_clients(*client_ids: UUID) -> Scope:
    """Give the scope of exactly these clients."""
    return Scope(client_ids=frozenset(client_ids))
