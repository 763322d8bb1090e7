"""Changing what a dead letter bears, before it is replayed: which of its values may change, and to what.

Whom a letter is about never changes: an edited id could write to somebody else's candidate (rule 30).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.dateparse import parse_datetime

from apps.accounts.scope import Scope
from apps.candidates.models import Candidacy, Profile
from apps.ledger import letters as ledger_letters
from apps.ledger import services as ledger
from apps.ledger.letters import Letters
from apps.ledger.models import Event
from apps.sync import flush, letters, pairs, wire, writes

LONGEST = 20_000

INSTEAD = "instead"
"""Where a creation's payload keeps what is written instead of what LinkedIn showed."""


@dataclass(frozen=True, slots=True)
class Field:
    """One value that may change. `shape` is `line`, `text`, `time` or `choice`; a choice has its `choices`."""

    name: str
    label: str
    shape: str
    value: str
    required: bool = False
    choices: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Letter:
    """A dead letter as it may be edited; `seen` stands for what it bore when it was shown."""

    fields: tuple[Field, ...]
    fixed: Mapping[str, str]
    seen: str


class NotEditable(ValueError):
    """It is no dead letter any more, or somebody edited it meanwhile; the text says which."""


class Refused(ValueError):
    """Values that cannot be; `problems` says what is wrong with each, by its name."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__(", ".join(problems))
        self.problems = problems


PERSON: tuple[tuple[str, str, bool], ...] = (
    ("first_name", "First name", True),
    ("last_name", "Last name", True),
    ("company", "Company", False),
    ("title", "Title", False),
)
"""Name, label, and whether it is required."""

SHOWN: tuple[tuple[str, str, bool], ...] = (
    ("headline", "Headline", False),
    ("location", "Location", False),
    ("url", "Profile URL", False),
    ("email", "E-mail", False),
    ("stage", "LinkedIn stage", True),
)
TIMES = (("stage_changed_at", "Stage changed at"), ("added_at", "Added at"), ("modified_at", "Changed at"))


def get_letter(*, scope: Scope, event_id: int) -> Letter | None:
    """What may be edited of a dead letter; None where it is not one, or outside the scope."""
    event = _dead(scope, event_id)
    if event is None:
        return None
    fields = _fields(event)
    named = {field.name for field in fields}
    fixed = {name: str(value) for name, value in event.payload.items() if name not in named and name != INSTEAD}
    return Letter(fields, fixed, _print(event.payload))


@transaction.atomic
def edit(*, scope: Scope, event_id: int, seen: str, values: Mapping[str, str]) -> tuple[str, ...]:
    """Give a dead letter other values; returns the names of those that changed.

    Raises NotEditable, or Refused with what is wrong.
    """
    event = _dead(scope, event_id)
    if event is None:
        raise NotEditable("This is no dead letter any more; nothing was changed.")
    if _print(event.payload) != seen:
        raise NotEditable("Somebody else changed it meanwhile. This is how it stands now; nothing of yours was kept.")
    fields = _fields(event)
    fresh = {field.name: values.get(field.name, field.value).replace("\r\n", "\n").strip() for field in fields}
    problems = {field.name: why for field in fields if (why := _problem(event, field, fresh[field.name]))}
    if problems:
        raise Refused(problems)
    changed = tuple(field.name for field in fields if fresh[field.name] != field.value)
    if changed:
        payload = _payload(event, {name: fresh[name] for name in fresh})
        if not ledger.edit_dead(event_id=event_id, payload=payload, seen=event.payload):
            raise NotEditable("Somebody else changed it meanwhile; nothing of yours was kept.")
        _want(event, fresh)
        letters.record(event, {"payload": ["", f"changed: {', '.join(changed)}"]})
    return changed


def _dead(scope: Scope, event_id: int) -> Event | None:
    return ledger_letters.dead_within(scope, Letters(ids=(event_id,))).first()


def _print(payload: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(payload, sort_keys=True).encode()).hexdigest()


def _fields(event: Event) -> tuple[Field, ...]:
    payload = event.payload
    match event.kind:
        case "write.arrive":
            return _of_person(event)
        case "write.move":
            return _stage(payload, "ATS stage", _ats_choices(event))
        case "write.stage":
            return _stage(payload, "LinkedIn stage", _linkedin_choices(event))
        case "write.note":
            return (Field("body", "Note", "text", str(payload.get("body", "")), required=True),)
        case "message.inmail":
            parts = (("subject", "Subject", "line"), ("body", "Message", "text"), ("sent_at", "Sent at", "time"))
            return tuple(Field(name, label, shape, str(payload.get(name, ""))) for name, label, shape in parts)
    if event.kind == "row.profile":
        exported = not payload.get("stage")
        lines = [
            Field(n, label, "line", str(payload.get(n, "")), required and not (exported and n == "stage"))
            for n, label, required in PERSON + SHOWN
        ]
        return (*lines, *(Field(n, label, "time", str(payload.get(n, "")), True) for n, label in TIMES))
    return ()


def _of_person(event: Event) -> tuple[Field, ...]:
    candidacy = writes.candidacy_of(event)
    if candidacy is None or candidacy.person.remote_id:
        return ()
    instead = event.payload.get(INSTEAD, {})
    shown = {name: instead.get(name, getattr(candidacy.person, name)) for name, _, _ in PERSON}
    return tuple(Field(name, label, "line", str(shown[name]), required) for name, label, required in PERSON)


def _stage(payload: Mapping[str, Any], label: str, choices: Sequence[tuple[str, str]]) -> tuple[Field, ...]:
    return (Field("value", label, "choice", str(payload["value"]), True, tuple(choices)),) if choices else ()


def _ats_choices(event: Event) -> list[tuple[str, str]]:
    """The job's stages that may stand beside what LinkedIn shows, and the one that is wanted."""
    candidacy = writes.candidacy_of(event)
    if candidacy is None:
        return []
    table, payload = pairs.table_of(candidacy.mapping), event.payload
    fitting = [one for one in table.order if table.allows(payload["linkedin"], one)]
    return [(one, table.name_of(one)) for one in dict.fromkeys([payload["value"], *fitting])]


def _linkedin_choices(event: Event) -> list[tuple[str, str]]:
    profile = flush.profile_of(event)
    if profile is None or profile.candidacy is None:
        return []
    table, payload = pairs.table_of(profile.candidacy.mapping), event.payload
    stages = dict.fromkeys(row.linkedin for row in table.rows)
    fitting = [one for one in stages if table.allows(one, payload["ats"])]
    return [(one, one) for one in dict.fromkeys([payload["value"], *fitting])]


def _problem(event: Event, field: Field, value: str) -> str:
    """What is wrong with a value; empty where nothing is."""
    if not value:
        return f"{field.label} cannot be empty." if field.required else ""
    if "\0" in value or len(value) > LONGEST:
        return f"{field.label} can have {LONGEST:,} characters at most, and none that is not text."
    if field.shape == "line" and "\n" in value:
        return f"{field.label} is one line."
    if field.shape == "choice" and value not in {one for one, _ in field.choices}:
        return "The stage map allows only the stages in this list."
    if field.shape == "time" and not _is_time(value):
        return f"{field.label} is a time with its zone, such as 2026-11-25T14:30:00+00:00."
    if field.name == "body" and event.kind == "write.note" and event.payload["marker"] not in value:
        return (
            f"The mark {event.payload['marker']} has to stay: by it the note is known as ours and never written twice."
        )
    if field.name == "email" and "@" not in value:
        return "This is no e-mail address. Leave it empty where there is none."
    return ""


def _is_time(text: str) -> bool:
    try:
        found = parse_datetime(text)
    except ValueError:
        return False
    return found is not None and found.tzinfo is not None


def _payload(event: Event, fresh: Mapping[str, str]) -> dict[str, Any]:
    """The payload with its new values, checked as the engine would read it. Raises Refused."""
    if event.kind == "write.arrive":
        return {**event.payload, INSTEAD: dict(fresh)}
    payload = {**event.payload, **fresh}
    reads = {"row.profile": wire.profile_from_payload, "message.inmail": wire.message_from_payload}
    try:
        if event.kind in reads:
            reads[event.kind](payload)
    except KeyError as problem:
        raise Refused(
            {"": f"{problem} is missing, and cannot be given here. Sync this person again instead."}
        ) from None
    return payload


def _want(event: Event, fresh: Mapping[str, str]) -> None:
    """What a stage write brings about is what is wanted, so that its echo is known (rule 8)."""
    if event.kind == "write.move":
        wanted = Candidacy.objects.of_everyone().filter(pk=event.payload["candidacy"])
        wanted.filter(ats_desired_version=event.payload["version"]).update(ats_desired=fresh["value"])
    elif event.kind == "write.stage":
        profiles = Profile.objects.filter(pk=event.payload["profile"])
        profiles.filter(desired_version=event.payload["version"]).update(desired=fresh["value"])
