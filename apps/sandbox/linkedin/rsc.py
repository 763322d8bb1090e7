"""What the documented Recruiter System Connect keeps: what an ATS sent, and what recruiters exported.

Documented: candidates, applications, their notes and stages, full overwrite, the cascade of a deletion, 300
exports a seat and month, 24 hours to fetch one. INVENTED: the exported element, what an expired request is
answered, the closed profiles' address and shape, and the field that says whether an integration is on.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from apps.sandbox.linkedin.answers import Refusal

EXPORTS_A_MONTH = 300
EXPORT_LIVES = 24 * 3600 * 1000
"""Milliseconds in which an export can be fetched."""

CALLBACK_URL = "CALLBACK_URL"
NOT_AVAILABLE = "Not Available"
_EMAIL = re.compile(r"^\S+@\S+\.\S+$")

Key = tuple[str, ...]


@dataclass
class Integration:
    """One organization's: data is refused until it was enabled."""

    name: str = "SyncPortal"
    enabled: bool = True
    callback: str = ""


@dataclass
class Export:
    """One profile that a recruiter exported to a job."""

    id: str
    context: str
    seat: str
    job: str
    person: dict[str, Any]
    made_at: int
    fetched: int = 0

    @property
    def expires_at(self) -> int:
        return self.made_at + EXPORT_LIVES

    def element(self) -> dict[str, Any]:
        """INVENTED but for candidate and integrationContext: no e-mail address, no telephone number."""
        job = {"externalJobPostingId": self.job} if self.job else {}
        return {"candidate": self.person, "integrationContext": self.context, **job}


@dataclass
class Rsc:
    """Everything by organization and id."""

    millis: Callable[[], int]
    integrations: dict[str, Integration] = field(default_factory=dict)
    exports: dict[str, Export] = field(default_factory=dict)
    candidates: dict[Key, dict[str, Any]] = field(default_factory=dict)
    matches: dict[Key, str] = field(default_factory=dict)
    applications: dict[Key, dict[str, Any]] = field(default_factory=dict)
    candidate_notes: dict[Key, dict[str, Any]] = field(default_factory=dict)
    application_notes: dict[Key, dict[str, Any]] = field(default_factory=dict)
    stages: dict[Key, dict[str, Any]] = field(default_factory=dict)
    closed: dict[str, int] = field(default_factory=dict)

    # --- exports

    def export(self, *, context: str, seat: str, job: str, person: dict[str, Any]) -> Export:
        """Raises ValueError where the seat's month is used up."""
        now = self.millis()
        if self.exported_by(seat, now) >= EXPORTS_A_MONTH:
            raise ValueError(f"{seat} has used its {EXPORTS_A_MONTH} profile exports of this month")
        made = Export(f"exp-{len(self.exports) + 1:06d}", context, seat, job, person, now)
        self.exports[made.id] = made
        return made

    def exported_by(self, seat: str, now: int) -> int:
        """How many profiles a seat exported in the month of `now`."""
        return sum(one.seat == seat and _month(one.made_at) == _month(now) for one in self.exports.values())

    def fetch(self, request: str) -> Export:
        """Raises Refusal 404 for a request that is not known, or is older than a day."""
        found = self.exports.get(request)
        if found is None or found.expires_at <= self.millis():
            raise Refusal(404, f"Request {request} does not exist or has expired")
        found.fetched += 1
        return found

    # --- what an ATS sends; each raises Refusal 422 for a record that cannot be

    def put_candidate(self, key: Key, sent: dict[str, Any], names: dict[str, str]) -> None:
        _need_list(sent, "addresses")
        _need_list(sent, "phoneNumbers")
        _need_text(sent, "firstName")
        _need_times(sent, names["created"], names["modified"])
        if wrong := [one for one in sent.get("emailAddresses") or [] if not _EMAIL.match(str(one))]:
            raise _field("/emailAddresses", f"{len(wrong)} of them do not look like X@X.X")
        self.candidates[key] = sent

    def match(self, key: Key, member: str) -> None:
        if key not in self.candidates:
            raise Refusal(404, f"Candidate {key[-1]} does not exist")
        self.matches[key] = member

    def put_application(self, key: Key, sent: dict[str, Any]) -> None:
        _need_times(sent, "atsCreatedAt", "atsLastModifiedAt")
        for name in ("atsJobPostingId", "atsJobPostingName"):
            _need_text(sent, name)
        self.applications[key] = sent

    def put_stage(self, key: Key, sent: dict[str, Any]) -> None:
        self._need_application(key)
        _need_time(sent, "atsCreatedAt")
        _need_text(sent, "stage")
        if sent["stage"] == NOT_AVAILABLE:
            raise _field("/stage", f"{NOT_AVAILABLE!r} is not allowed")
        self.stages[key] = sent

    def put_candidate_note(self, key: Key, sent: dict[str, Any]) -> None:
        if key[:2] not in self.candidates:
            raise Refusal(404, f"Candidate {key[1]} does not exist")
        self.candidate_notes[key] = _note(sent)

    def put_application_note(self, key: Key, sent: dict[str, Any]) -> None:
        self._need_application(key)
        self.application_notes[key] = _note(sent)

    def delete_candidate(self, key: Key) -> None:
        """With its notes, and its applications with all of theirs."""
        self.candidates.pop(key, None)
        self.matches.pop(key, None)
        _drop(self.candidate_notes, key)
        owned = [one for one, sent in self.applications.items() if (one[0], str(sent.get("atsCandidateId"))) == key]
        for one in owned:
            self.applications.pop(one)
            _drop(self.stages, one)
            _drop(self.application_notes, one)

    def shared(self) -> tuple[dict[Key, Any], ...]:
        """All that an ATS sent."""
        return (
            self.candidates, self.matches, self.applications, self.candidate_notes, self.application_notes, self.stages,
        )  # fmt: skip

    def closed_of(self, context: str) -> list[dict[str, Any]]:
        """Candidates of an organization whose matched members closed their profile."""
        return [
            {"atsCandidateId": key[1], "member": member, "closedAt": self.closed[member]}
            for key, member in self.matches.items()
            if key[0] == context and member in self.closed
        ]

    def as_dict(self) -> dict[str, Any]:
        return {
            "exports": [{"id": one.id, "seat": one.seat, "job": one.job, "fetched": one.fetched,
                         "member": one.person["member"]} for one in self.exports.values()],
            "candidates": [{"id": key[1], "manualMatchedMember": self.matches.get(key), **sent}
                           for key, sent in self.candidates.items()],
            "applications": [{"id": key[1], **sent} for key, sent in self.applications.items()],
            "stages": [{"application": key[1], "id": key[2], **sent} for key, sent in self.stages.items()],
            "notes": [{"of": key[1], "id": key[2], **sent}
                      for key, sent in [*self.candidate_notes.items(), *self.application_notes.items()]],
            "integrations": {name: vars(one) for name, one in self.integrations.items()},
        }  # fmt: skip

    def _need_application(self, key: Key) -> None:
        if key[:2] not in self.applications:
            raise Refusal(404, f"Application {key[1]} does not exist")


def _month(millis: int) -> str:
    return f"{datetime.fromtimestamp(millis / 1000, UTC):%Y-%m}"


def _drop(rows: dict[Key, dict[str, Any]], owner: Key) -> None:
    for key in [key for key in rows if key[:2] == owner]:
        rows.pop(key)


def _note(sent: dict[str, Any]) -> dict[str, Any]:
    _need_text(sent, "note")
    return sent


def _field(path: str, why: str) -> Refusal:
    return Refusal(422, f"ERROR :: {path} :: {why}")


def _need_list(sent: dict[str, Any], name: str) -> None:
    if not isinstance(sent.get(name), list):
        raise _field(f"/{name}", "field is required but not found and has no default value")


def _need_text(sent: dict[str, Any], name: str) -> None:
    if not isinstance(sent.get(name), str) or not sent[name]:
        raise _field(f"/{name}", "field is required but not found and has no default value")


def _need_time(sent: dict[str, Any], name: str) -> None:
    found = sent.get(name)
    if isinstance(found, bool) or not isinstance(found, int) or found <= 0:
        raise _field(f"/{name}", "must be a time above 0")


def _need_times(sent: dict[str, Any], created: str, modified: str) -> None:
    _need_time(sent, created)
    _need_time(sent, modified)
    if sent[modified] < sent[created]:
        raise _field(f"/{modified}", f"is before {created}")
