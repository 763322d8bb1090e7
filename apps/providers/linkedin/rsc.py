"""Recruiter System Connect on its two bases: names, compound keys and bodies of what an ATS sends. Pure.

https://learn.microsoft.com/en-us/linkedin/talent/middleware-platform/ and, for the names of the versioned base,
https://learn.microsoft.com/en-us/linkedin/talent/recruiter-system-connect/rsc-release-notes
The names follow no rule, so none is made by one. The body of /rest/applicationStage is not public: /v2's is sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from apps.providers.linkedin import wire
from apps.providers.sharing import SharedApplication, SharedCandidate, SharedNote, SharedStage

VERSION = "202603"
CONTEXT = "integrationContext"

Id = tuple[str, ...]
"""What names a record in one organization: its own id, after that of what it belongs to."""

_PART = re.compile(r"(\w+):([^,()]*)")


@dataclass(frozen=True, slots=True)
class Kind:
    """One collection. With `below`, its records lie below another one, each named by a plain id."""

    path: str
    parts: tuple[str, ...]
    below: str = ""


@dataclass(frozen=True, slots=True)
class Base:
    """One of the two spellings of the same interface."""

    root: str
    protocol: str  # as the header has it
    candidates: Kind
    candidate_notes: Kind
    applications: Kind
    application_notes: Kind
    stages: Kind
    integrations: str
    created: str
    changed: str
    constant: Mapping[str, str] = field(default_factory=dict)  # parts that every key has

    @property
    def second(self) -> bool:
        """Whether keys are spelt by Rest.li's protocol 2.0."""
        return self.protocol.startswith("2.")


_V2_APPLICATIONS = ("atsJobApplicationId",)
V2 = Base(
    root="/v2",
    protocol="1.0.0",
    candidates=Kind("atsCandidates", ("atsCandidateId",)),
    candidate_notes=Kind("atsCandidates", ("atsCandidateId",), below="notes"),
    applications=Kind("atsApplications", _V2_APPLICATIONS),
    application_notes=Kind("atsApplications", _V2_APPLICATIONS, below="notes"),
    stages=Kind("atsApplications", _V2_APPLICATIONS, below="stages"),
    integrations="atsIntegrations",
    created="atsCreatedAt",
    changed="atsLastModifiedAt",
    constant={"dataProvider": "ATS"},
)
REST = Base(
    root="/rest",
    protocol="2.0.0",
    candidates=Kind("candidates", ("externalCandidateId",)),
    candidate_notes=Kind("candidateNotes", ("externalCandidateId", "externalNoteId")),
    applications=Kind("atsApplications", ("atsJobApplicationId",)),
    application_notes=Kind("applicationNotes", ("externalJobApplicationId", "externalNoteId")),
    stages=Kind("applicationStage", ("jobApplicationId", "jobApplicationStageId")),
    integrations="integrations",
    created="externalCreatedAt",
    changed="externalLastModifiedAt",
)
BASES = {"v2": V2, "rest": REST}


# --- keys


def key_of(base: Base, kind: Kind, one: Id, *, context: str) -> dict[str, str]:
    """The parts of a compound key, in the order they are sent."""
    return {**dict(zip(kind.parts, one, strict=True)), **base.constant, CONTEXT: context}


def query_of(base: Base, keys: Iterable[Mapping[str, str]]) -> str:
    """The `ids` of a batch by compound keys."""
    if base.second:
        return f"ids=List({','.join(_tuple(key) for key in keys)})"
    return "&".join(
        f"ids%5B{place}%5D.{name}={wire.encode(value)}" for place, key in enumerate(keys) for name, value in key.items()
    )


def entity_of(base: Base, key: Mapping[str, str]) -> str:
    """A compound key as a key inside JSON."""
    if base.second:
        inside = ",".join(f"{name}:{wire.encode_key(value)}" for name, value in key.items())
        return f"($params:(),{inside})"
    return "&".join(f"{name}={_plain(value)}" for name, value in key.items())


def read_key(base: Base, kind: Kind, text: str) -> Id:
    """Which record a key of an answer names; empty where it names none of this kind."""
    pairs = _PART.findall(text) if base.second else [part.partition("=")[::2] for part in text.split("&")]
    found = {name: unquote(value) for name, value in pairs}
    return tuple(found.get(part, "") for part in kind.parts)


def path_key(base: Base, key: Mapping[str, str]) -> str:
    """A compound key inside a path."""
    return wire.encode(entity_of(base, key))


def _tuple(key: Mapping[str, str]) -> str:
    return "(" + ",".join(f"{name}:{wire.encode(value)}" for name, value in key.items()) + ")"


def _plain(value: str) -> str:
    """In protocol 1.0 only what would end a value is escaped."""
    return value.replace("%", "%25").replace("&", "%26").replace("=", "%3D")


# --- bodies; a batch overwrites whole records, so each names every field there is


def candidate(base: Base, one: SharedCandidate) -> dict[str, Any]:
    return {
        "firstName": one.first_name,
        "lastName": one.last_name,
        "addresses": [],
        "phoneNumbers": [],
        "emailAddresses": list(one.emails),
        "currentCompanyName": one.company,
        "currentJobTitle": one.title,
        "externalProfileUrl": one.ats_url,
        "linkedInProfileUrl": one.linkedin_url,
        base.created: milliseconds(one.created_at),
        base.changed: milliseconds(max(one.created_at, one.changed_at)),
    }


def application(one: SharedApplication) -> dict[str, Any]:
    """The same on both bases."""
    email = {"candidateEmail": one.email} if one.email else {}
    return {
        "atsCandidateId": one.candidate_id,
        "atsJobPostingId": one.job_id,
        "atsJobPostingName": one.job_name,
        "firstName": one.first_name,
        "lastName": one.last_name,
        "source": one.source,
        "atsCreatedAt": milliseconds(one.created_at),
        "atsLastModifiedAt": milliseconds(max(one.created_at, one.changed_at)),
        **email,
    }


def stage(one: SharedStage) -> dict[str, Any]:
    return {"stage": one.stage, "atsCreatedAt": milliseconds(one.entered_at)}


def note(base: Base, one: SharedNote) -> dict[str, Any]:
    first, last = one.author
    return {
        "note": one.body,
        "author": {"firstName": first, "lastName": last},
        base.created: milliseconds(one.written_at),
        **({base.changed: milliseconds(one.written_at)} if base is REST else {}),
    }


def milliseconds(moment: datetime) -> int:
    """Whole milliseconds since 1970, rounded down."""
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 1_000 + since.microseconds // 1_000
