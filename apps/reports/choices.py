"""What lists can be filtered by: names and ids of what the reader may see."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from apps.accounts.scope import Scope
from apps.mappings import selectors as mappings
from apps.reports import connections


@dataclass(frozen=True, slots=True)
class Choices:
    systems: tuple[tuple[UUID, str], ...]
    mappings: tuple[tuple[UUID, str], ...]


def list_choices(*, scope: Scope) -> Choices:
    """The systems and the mappings within a scope, by name."""
    mapped = mappings.list_mappings(scope=scope)
    return Choices(
        systems=connections.list_names(scope=scope),
        mappings=tuple((one.id, one.project) for one in mapped),
    )
