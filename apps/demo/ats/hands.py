"""What differs between the imitated systems for whoever stands before them: names, shapes, acts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from apps.demo.sandbox import Sandbox

Rows = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Someone:
    """A person in the ATS, with the ends of their LinkedIn addresses."""

    id: str
    slugs: frozenset[str]


@dataclass(frozen=True, slots=True)
class Applied:
    """One application as the system holds it; `stage` by name."""

    id: str
    person: str
    job: str
    stage: str
    source: str
    owner: str


@dataclass(frozen=True, slots=True)
class Hands:
    """One system. `stages` are where newcomers start, a first talk, and one that shows as the same in LinkedIn."""

    key: str
    name: str
    credential: Mapping[str, str]
    start: str
    talk: str
    later: str
    rows: Rows
    wish: Callable[[Sequence[str], Mapping[str, Any]], dict[str, Any]]
    people: Callable[[Mapping[str, Any]], list[Someone]]
    applications: Callable[[Mapping[str, Any]], list[Applied]]
    move: Callable[[Sandbox, str, str], None]
    options: Callable[[Sandbox], dict[str, Any]] = field(default=lambda sandbox: {})
    quick: Mapping[str, Any] = field(default_factory=dict)  # settings under which the smoke's pace is ours alone
    pushes: bool = True
    unread: Callable[[Mapping[str, Any]], int] = field(default=lambda state: 0)  # events that wait in a queue there

    def seen(self, sandbox: Sandbox) -> tuple[list[Someone], list[Applied]]:
        state = sandbox.state(self.key)
        return self.people(state), self.applications(state)


def slug_of(url: str) -> str:
    return url.rstrip("/").rsplit("/", 1)[-1]


def requisition(number: int) -> str:
    return f"R-{1001 + number}"
