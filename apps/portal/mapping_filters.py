"""What the list of mappings is narrowed to: read from its address, said as chips."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import QueryDict

from apps.portal import shell
from apps.portal.map_states import STATES

Named = Sequence[tuple[UUID, str]]


@dataclass(frozen=True, slots=True)
class Filters:
    """`shut` keeps those whose job is not open."""

    text: str = ""
    states: tuple[str, ...] = ()
    clients: tuple[UUID, ...] = ()
    systems: tuple[UUID, ...] = ()
    shut: bool = False

    @property
    def wanted(self) -> dict[str, Any]:
        """As the selectors of mappings take it."""
        return {
            "text": self.text,
            "states": self.states,
            "clients": self.clients,
            "systems": self.systems,
            "shut": self.shut,
        }

    @property
    def any(self) -> bool:
        return self != Filters()

    def address(self, **more: Any) -> str:
        """The query of a page that shows this."""
        values = {
            "q": self.text,
            "state": self.states,
            "client": [str(one) for one in self.clients],
            "system": [str(one) for one in self.systems],
            "shut": "1" if self.shut else "",
            **more,
        }
        return "?" + urlencode({name: value for name, value in values.items() if value}, doseq=True)


def read(query: QueryDict, *, clients: Named, systems: Named) -> Filters:
    """What the address asks for, of what there is."""
    return Filters(
        text=shell.searched(query),
        states=tuple(one for one in query.getlist("state") if one in STATES),
        clients=_of(query.getlist("client"), clients),
        systems=_of(query.getlist("system"), systems),
        shut=query.get("shut") == "1",
    )


def _of(asked: Sequence[str], known: Named) -> tuple[UUID, ...]:
    return tuple(pk for pk, _ in known if str(pk) in asked)


def context(filters: Filters, *, clients: Named, systems: Named) -> dict[str, Any]:
    """The filters as menus and chips."""
    return {
        "text": filters.text,
        "filtered": filters.any,
        "states": [(key, badge, key in filters.states) for key, badge in STATES.items()],
        "clients": [(pk, name, pk in filters.clients) for pk, name in clients] if len(clients) > 1 else [],
        "systems": [(pk, name, pk in filters.systems) for pk, name in systems] if len(systems) > 1 else [],
        "shut": filters.shut,
        "chips": _chips(filters, dict(clients), dict(systems)),
    }


def _chips(filters: Filters, clients: Mapping[UUID, str], systems: Mapping[UUID, str]) -> list[dict[str, str]]:
    said = [
        ("State", ", ".join(STATES[one].word for one in filters.states), replace(filters, states=())),
        ("Client", ", ".join(clients[one] for one in filters.clients), replace(filters, clients=())),
        ("System", ", ".join(systems[one] for one in filters.systems), replace(filters, systems=())),
        ("Job", "not open" if filters.shut else "", replace(filters, shut=False)),
        ("Name", filters.text, replace(filters, text="")),
    ]
    return [{"name": name, "value": value, "without": left.address()} for name, value, left in said if value]
