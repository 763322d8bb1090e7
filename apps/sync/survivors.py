"""People whom the ATS does not show any more: merged without a word, or deleted (rule 22).

The index may name somebody for long after that: their identifiers, in an index read forward, tell who took
them over.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import partial

from apps.candidates import services as candidates
from apps.candidates.models import Candidacy, CandidacyState, Person
from apps.ledger import outcomes
from apps.ledger.outcomes import Decision
from apps.ledger.states import Reason
from apps.providers import contract
from apps.sync import lanes, reading
from apps.sync.steps import Job, Ready

CALLED = "They are not in the ATS any more under the id that was known"


def missing(ats: contract.Ats, remote_ids: Collection[str]) -> set[str]:
    """Those of these people whom the ATS does not show."""
    return set(remote_ids) - {person.id for ids in reading.chunks(remote_ids) for person in ats.get_people(ids)}


def follow(job: Job) -> Ready:
    """Go on with whoever has their identifiers now; with nobody, where nothing of ours was ever theirs."""
    person = job.candidacy.person
    alike = candidates.find_alike(connection_id=person.connection_id, remote_id=person.remote_id)
    if alike.remote_id:
        return Ready(job, decide=partial(_merged, job, alike.remote_id))
    if alike.several:
        why = f"{CALLED}, and {alike.several} may be they. Decide whether they are one person."
        return Ready(job, decide=partial(_end, job, outcomes.held(Reason.DUPLICATE, why)))
    if _was_ours(person):
        why = f"{CALLED}; a merge or a deletion may explain it."
        return Ready(job, decide=partial(_end, job, outcomes.retry(why, cause="not_found")))
    return Ready(job, decide=partial(_unknown_again, job))


def _was_ours(person: Person) -> bool:
    """Whether anything of theirs was ever in the ATS: then a person decides whether they come back (rule 16)."""
    theirs = Candidacy.objects.of_everyone().filter(person=person)
    return theirs.exclude(application_id="").exists() or theirs.filter(state=CandidacyState.ENDED).exists()


def _merged(job: Job, survivor: str) -> Decision:
    person = job.candidacy.person
    merge = lanes.merged_person(person.connection_id, person.remote_id, survivor, caused_by=job.event.pk)
    again = outcomes.retry(f"{CALLED}; {survivor} bears their identifiers and is followed.", cause="not_found")
    return Decision(outcomes={job.event.pk: again}, follow=[merge])


def _unknown_again(job: Job) -> Decision:
    person = job.candidacy.person
    candidates.forget_index(connection_id=person.connection_id, remote_person_id=person.remote_id)
    Person.objects.filter(pk=person.pk).update(remote_id="")
    return _end(job, outcomes.put_back(f"{CALLED}; they are looked for again."))


def _end(job: Job, outcome: outcomes.Outcome) -> Decision:
    return Decision(outcomes={job.event.pk: outcome})
