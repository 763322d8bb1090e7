"""What LinkedIn is told of somebody who was exported, document by document. Pure.

A document overwrites the one before whole, so each says all there is; its fingerprint tells whether it says anything
new. Times that change with every touch of a record are no news.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from apps.providers import contract
from apps.providers.sharing import SharedApplication, SharedCandidate, SharedNote, SharedStage


class Kind(StrEnum):
    """In the order in which LinkedIn has to know them: a stage needs its application."""

    CANDIDATE = "candidate"
    MEMBER = "member"
    APPLICATION = "application"
    STAGE = "stage"
    NOTE = "note"
    GONE = "deletion"


Body = SharedCandidate | SharedApplication | SharedStage | SharedNote | str

NO_NEWS = ("created_at", "changed_at")
_ADDRESS = re.compile(r"^\S+@\S+\.\S+$")


@dataclass(frozen=True, slots=True)
class Document:
    """One record as it is to be; of a candidate's member the body is the member alone, of a deletion the generation
    that is deleted."""

    kind: Kind
    record: str
    body: Body

    @property
    def fingerprint(self) -> str:
        said: Mapping[str, Any] = {"said": self.body} if isinstance(self.body, str) else asdict(self.body)
        kept = {name: value for name, value in said.items() if name not in NO_NEWS}
        return hashlib.sha256(json.dumps(kept, sort_keys=True, default=str).encode()).hexdigest()[:24]


@dataclass(frozen=True, slots=True)
class Entered:
    """A stage that an application came to; `number` tells the rows of one application apart for good."""

    number: int
    stage: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """How somebody stands in the ATS, and who they are in LinkedIn."""

    person: contract.Person
    application: contract.Application
    job: str
    stages: Sequence[Entered] = ()
    notes: Sequence[SharedNote] = field(default=())
    ats_url: str = ""
    linkedin_url: str = ""
    member: str = ""


def documents_of(standing: Standing) -> tuple[Document, ...]:
    """All that LinkedIn is to know of one candidacy."""
    person, application = standing.person, standing.application
    emails = tuple(one for one in person.emails if _ADDRESS.match(one))
    candidate = SharedCandidate(
        id=person.id,
        first_name=person.first_name,
        last_name=person.last_name,
        created_at=person.created_at,
        changed_at=person.updated_at,
        emails=emails,
        company=person.company,
        title=person.title,
        ats_url=standing.ats_url,
        linkedin_url=standing.linkedin_url,
    )
    applied = SharedApplication(
        id=application.id,
        candidate_id=person.id,
        job_id=application.job_id,
        job_name=standing.job,
        first_name=person.first_name,
        last_name=person.last_name,
        created_at=application.created_at,
        changed_at=application.updated_at,
        email=emails[0] if emails else "",
    )
    members = (Document(Kind.MEMBER, person.id, standing.member),) if standing.member else ()
    return (
        Document(Kind.CANDIDATE, person.id, candidate),
        *members,
        Document(Kind.APPLICATION, application.id, applied),
        *(_stage(application.id, one) for one in standing.stages),
        *(Document(Kind.NOTE, one.id, one) for one in standing.notes),
    )


def _stage(application_id: str, one: Entered) -> Document:
    row = SharedStage(f"{application_id}-{one.number}", application_id, one.stage, one.at)
    return Document(Kind.STAGE, row.id, row)


def history(initial: str, at: datetime, moves: Sequence[tuple[int, str, str, datetime]]) -> tuple[Entered, ...]:
    """The stages that an application came to, from its first one on; `moves` are (number, from, to, at) in order.

    `initial` is where it stands if nobody moved it. The first row is number 0.
    """
    first = moves[0][1] if moves else initial
    rows = (Entered(0, first, at),) if first else ()
    return (*rows, *(Entered(number, to, when) for number, _, to, when in moves))
