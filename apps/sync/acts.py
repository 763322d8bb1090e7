"""What a write would do, as a value: the preview of a replay and the write itself are compared by it (rule 27)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from apps.providers import contract


@dataclass(frozen=True, slots=True)
class Act:
    """One remote write: the kind of event that makes it, what it does, to what, with which values."""

    on: str
    do: str
    target: str
    values: Mapping[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def from_json(stored: Mapping[str, Any]) -> Act:
    return Act(on=stored["on"], do=stored["do"], target=stored["target"], values=stored["values"])


def create(person: contract.NewPerson, application: contract.NewApplication) -> Act:
    return Act("write.arrive", "create", _print_of(asdict(person)), _of_application(application))


def attach(person_id: str, application: contract.NewApplication) -> Act:
    """An owner is given where a person is created; not every system takes one here."""
    return Act("write.arrive", "attach", person_id, _of_application(replace(application, owner_id="")))


def update(person_id: str, new: contract.PersonUpdate) -> Act:
    filled = {name: value for name, value in asdict(new).items() if value is not None}
    return Act("write.fill", "update", person_id, {"fields": ", ".join(sorted(filled)), "print": _print_of(filled)})


def merge(survivor: str, loser: str) -> Act:
    return Act("write.merge", "merge", survivor, {"loser": loser})


def move(kind: str, application_id: str, value: str) -> Act:
    return Act("write.move", kind, application_id, {"value": value})


def note(person_id: str, application_id: str, body: str) -> Act:
    return Act("write.note", "note", person_id, {"application": application_id, "print": _print_of({"body": body})})


def message(message_id: str) -> Act:
    return Act("notify", "send", message_id)


def stage(profile_id: str, value: str) -> Act:
    return Act("write.stage", "stage", profile_id, {"value": value})


def _of_application(application: contract.NewApplication) -> dict[str, str]:
    return {name: value for name, value in asdict(application).items() if value}


def _print_of(values: Mapping[str, Any]) -> str:
    """A fingerprint, so that what is kept of a preview holds nothing of a person."""
    return hashlib.sha256(json.dumps(values, sort_keys=True, default=list).encode()).hexdigest()[:24]
