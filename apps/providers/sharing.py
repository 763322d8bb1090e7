"""What an ATS's side tells LinkedIn by the documented Recruiter System Connect, and what an export brings.

Values of the contract, apart from it because one system alone has them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from apps.core.errors import SyncError

BATCH = 100
"""Records that one request carries."""


@dataclass(frozen=True, slots=True)
class Export:
    """Somebody whom a recruiter exported to a job. `context` is the customer LinkedIn exported them for."""

    context: str
    job: str
    member: str
    first_name: str
    last_name: str
    headline: str
    company: str
    location: str
    url: str
    email: str


@dataclass(frozen=True, slots=True)
class SharedCandidate:
    """A person as the ATS has them, whole: what is left out there becomes empty in LinkedIn."""

    id: str
    first_name: str
    last_name: str
    created_at: datetime
    changed_at: datetime
    emails: tuple[str, ...] = ()
    company: str = ""
    title: str = ""
    ats_url: str = ""
    linkedin_url: str = ""


@dataclass(frozen=True, slots=True)
class SharedApplication:
    """A candidate's application for a job, whole."""

    id: str
    candidate_id: str
    job_id: str
    job_name: str
    first_name: str
    last_name: str
    created_at: datetime
    changed_at: datetime
    email: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class SharedStage:
    """One row of an application's history: a move is a new row, never a changed one."""

    id: str
    application_id: str
    stage: str
    entered_at: datetime


@dataclass(frozen=True, slots=True)
class SharedNote:
    """A note on a candidate, or on their application where one is named."""

    id: str
    candidate_id: str
    body: str
    author: tuple[str, str]
    written_at: datetime
    application_id: str = ""


@dataclass(frozen=True, slots=True)
class ClosedProfile:
    """A candidate whose member closed their LinkedIn account: whether their data stays is the customer's to say."""

    candidate_id: str
    member: str
    closed_at: datetime


Answers = Mapping[str, SyncError | None]
"""By the record's id: None is success. One that failed says nothing about the others."""


class Publishing(Protocol):
    """What LinkedIn is besides where a connection's mode is `export`. Each batch has at most 100 records, overwrites
    what was there, and is safe to repeat."""

    def get_export(self, request_id: str) -> tuple[Export, ...]:
        """Raises NotFound once LinkedIn keeps it no more, a day after it was made."""

    def put_candidates(self, candidates: Sequence[SharedCandidate]) -> Answers: ...

    def match_members(self, members: Mapping[str, str]) -> Answers:
        """Say which member each candidate is, by the candidate's id."""

    def put_applications(self, applications: Sequence[SharedApplication]) -> Answers: ...

    def put_stages(self, stages: Sequence[SharedStage]) -> Answers: ...

    def put_notes(self, notes: Sequence[SharedNote]) -> Answers: ...

    def delete_candidates(self, ids: Sequence[str]) -> Answers:
        """With their applications, notes and stages."""

    def list_closed(self, *, start: int = 0) -> tuple[ClosedProfile, ...]:
        """Up to 100 of our candidates whose members closed their account; fewer is the end."""

    def configure(self, callback_url: str) -> None:
        """Have exports told to this address, the customer's only one."""
