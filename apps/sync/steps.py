"""What a write to an ATS consists of, between the look and the call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings

from apps.candidates.models import Candidacy, Duplicate
from apps.ledger.effects import Intention
from apps.ledger.leases import Claimed
from apps.ledger.models import Event
from apps.ledger.outcomes import Decision
from apps.sync.acts import Act

DEADLINE: float = settings.SYNCPORTAL_CALL_SECONDS
"""Total seconds of one remote call, connect to last byte; a lease must outlive it (rule 5)."""


@dataclass(frozen=True, slots=True)
class Job:
    """One write to perform: its event, its candidacy, and the ledger keys it holds."""

    box: Claimed
    event: Event
    candidacy: Candidacy
    keys: frozenset[str]

    @property
    def system(self) -> str:
        return self.candidacy.job.connection.name


@dataclass(frozen=True, slots=True)
class Merging:
    """Two people of one ATS who are to be one there, by a person's answer to a question."""

    box: Claimed
    event: Event
    question: Duplicate
    keys: frozenset[str]

    @property
    def system(self) -> str:
        return self.question.person.connection.name


@dataclass(frozen=True, slots=True)
class Ready:
    """What a look decided: an end without a call (`decide`), or a call under an effect key.

    `call` returns the result that the effect keeps; `done` turns it into rows. `repeatable`: the
    look compared first, so an unknown earlier try may be tried again. `act`: what the call does, for who
    wants to know before it is made. `goes_on`: the event is looked at again with what was learnt.
    """

    job: Job | Merging
    decide: Callable[[], Decision] | None = None
    intention: Intention | None = None
    call: Callable[[], dict[str, str]] | None = None
    done: Callable[[dict[str, str]], Decision] | None = None
    repeatable: bool = False
    act: Act | None = None
    goes_on: bool = False
