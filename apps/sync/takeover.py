"""Several jobs of one Project: a person's other applications are followed, and once the leading job closes the
furthest of those that are open is shown and moved instead (rule 15). In a settling transaction, under the lease."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from apps.candidates.models import Candidacy, CandidacyState, Person, Profile
from apps.ledger.models import Event
from apps.mappings.models import OPEN
from apps.providers import contract
from apps.sync import lanes, leading, pairs, plan
from apps.sync.standings import Standing, shown_application


def take_up(event: Event, found: contract.Application, *, now: datetime) -> Candidacy | None:
    """Follow an application that a person made for another job of a Project that somebody of ours is in."""
    connection_id = lanes.connection_of(event)
    others = leading.mappings_in_force(connection_id).filter(leading=False, job__remote_id=found.job_id)
    for mapping in others.select_related("job", "stage_map", "client", "project"):
        theirs = Profile.objects.filter(project=mapping.project, removed=False, candidacy__state=CandidacyState.OPEN)
        owner = theirs.filter(
            candidacy__person__connection_id=connection_id, candidacy__person__remote_id=found.person_id
        )
        profile = owner.select_related("candidacy__person").first()
        if profile is not None and profile.candidacy is not None:
            candidacy, _ = Candidacy.objects.of_everyone().get_or_create(
                person=profile.candidacy.person,
                job=mapping.job,
                defaults={
                    "client": mapping.client,
                    "mapping": mapping,
                    "application_id": found.id,
                    "added_at": now,
                    "in_ats_at": now,
                },
            )
            return candidacy
    return None


def show_the_furthest(event: Event, remote_id: str, *, now: datetime) -> list[pairs.Result]:
    """Give each of the person's profiles to the application that it is to show, where that is another one now."""
    person = Person.objects.filter(connection_id=lanes.connection_of(event), remote_id=remote_id).first()
    if person is None:
        return []
    results = []
    profiles = Profile.objects.filter(candidacy__person=person, removed=False).select_related("project")
    for profile in profiles.order_by("pk"):
        theirs = _candidacies(person, profile)
        shown = shown_application([_standing(one) for one in theirs])
        candidacy = next((one for one in theirs if str(one.pk) == shown), None)
        if candidacy is not None and candidacy.pk != profile.candidacy_id:
            results.append(_give(profile, candidacy, event, now=now))
    return results


def _candidacies(person: Person, profile: Profile) -> Sequence[Candidacy]:
    jobs = leading.mappings_in_force(person.connection_id).filter(project=profile.project).values("job")
    theirs = Candidacy.objects.of_everyone().filter(person=person, job__in=jobs, state=CandidacyState.OPEN)
    return list(theirs.select_related("mapping__stage_map", "mapping__job", "job", "person").order_by("pk"))


def _standing(candidacy: Candidacy) -> Standing:
    table = pairs.table_of(candidacy.mapping)
    stages = sorted(table.order, key=lambda stage: table.order[stage])
    value = candidacy.ats_observed
    return Standing(
        key=str(candidacy.pk),
        leading=candidacy.mapping.leading,
        job_open=candidacy.job.status == OPEN and bool(candidacy.application_id),
        value=value,
        progress=(stages.index(value) + 1) / len(stages) if value in table.order else 0.0,
        since=candidacy.added_at,
    )


def _give(profile: Profile, candidacy: Candidacy, event: Event, *, now: datetime) -> pairs.Result:
    """What was agreed with the other application counts no more; this one's stage is shown."""
    profile.candidacy = candidacy
    profile.agreed_linkedin = profile.agreed_ats = ""
    profile.desired, profile.desired_version, profile.sent = "", profile.desired_version + 1, []
    profile.save()
    if not profile.observed:
        return pairs.mirrored(candidacy, event, "LinkedIn is told of this application, too.", now=now)
    table = pairs.table_of(candidacy.mapping)
    decided = plan.meet(pairs.pair_of(candidacy, profile), table, ours=False)
    return pairs.apply(decided, candidacy=candidacy, profile=profile, table=table, event=event, now=now)
