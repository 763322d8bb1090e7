"""Filling what the ATS leaves empty of someone who was there before us (rule 21). Nothing is overwritten."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from apps.candidates import linkedin_urls
from apps.candidates.models import Candidacy, IdentityKind, Person
from apps.ledger import effects, outcomes
from apps.ledger.effects import Intention
from apps.ledger.models import Event
from apps.ledger.outcomes import Decision
from apps.ledger.services import NewEvent
from apps.ledger.states import EffectState, Priority, Reason, priority_after
from apps.providers import contract
from apps.sync import acts, lanes, moves, reading
from apps.sync.steps import Job, Ready


def fill_event(candidacy: Candidacy, event: Event) -> NewEvent:
    """Once per candidacy and generation, for a person whom we found and did not create."""
    person: Person = candidacy.person
    gate = lanes.connection_gate(person.connection_id)
    return NewEvent(
        kind="write.fill",
        mailbox=f"write:person:{person.pk}",
        gate=gate,
        turn=lanes.turn(gate, candidacy.client_id),
        priority=priority_after(event.priority, Priority.NOTE),
        connection=person.connection_id,
        clients=(candidacy.client_id,),
        subject=lanes.subject(person.pk),
        payload={"candidacy": str(candidacy.pk)},
        dedupe=f"fill:{candidacy.pk}:{candidacy.generation}",
        caused_by=event.pk,
    )


def chosen_event(candidacy: Candidacy, event: Event, fields: Sequence[str]) -> NewEvent:
    """A person chose LinkedIn's value for these fields: it is written over what the ATS has (rule 21)."""
    filling = fill_event(candidacy, event)
    payload = {**filling.payload, "choose": list(fields)}
    return replace(filling, payload=payload, dedupe=f"fill:{candidacy.pk}:{candidacy.generation}:{event.pk}")


def look(ats: contract.Ats, jobs: Sequence[Job], *, now: datetime) -> list[Ready]:
    """Read the people in one go, then see what each of them lacks."""
    wanted = {job.candidacy.person.remote_id for job in jobs}
    there = {found.id: found for ids in reading.chunks(wanted) for found in ats.get_people(ids)}
    return [_look_one(ats, job, there.get(job.candidacy.person.remote_id), now=now) for job in jobs]


def _look_one(ats: contract.Ats, job: Job, there: contract.Person | None, *, now: datetime) -> Ready:
    candidacy = job.candidacy
    if there is None:
        return Ready(job, decide=partial(moves.read_again, job.event, candidacy))
    company, title = ats.capabilities.work(company=candidacy.person.company, title=candidacy.person.title)
    update = missing(
        there,
        company=company,
        title=title,
        url=_public_url(candidacy),
        emails=_emails(candidacy.person),
        chosen=job.event.payload.get("choose", ()),
    )
    key = f"update:{candidacy.person_id}:{candidacy.pk}:{candidacy.generation}"
    if "choose" in job.event.payload:
        key += f":{job.event.pk}"
    if update is None:
        return Ready(job, decide=partial(_filled, job, key, now=now))

    def call() -> dict[str, str]:
        ats.update_person(there.id, update)
        return {}

    intention = Intention(key=key, kind="update", event_id=job.event.pk, marker=there.id)
    act = acts.update(there.id, update)
    return Ready(job, intention=intention, call=call, done=partial(_done, job), repeatable=True, act=act)


def missing(
    there: contract.Person,
    *,
    company: str,
    title: str,
    url: str,
    emails: tuple[str, ...],
    chosen: Collection[str] = (),
) -> contract.PersonUpdate | None:
    """What LinkedIn knows and the ATS leaves empty, or has otherwise where LinkedIn's was `chosen`.

    Arrays are what is there and the addition. None: nothing."""
    has_linkedin = any(
        isinstance(linkedin_urls.canonicalise(found), linkedin_urls.LinkedInKey) for found in there.social_urls
    )
    update = contract.PersonUpdate(
        company=company if _wants(company, there.company, "company" in chosen) else None,
        title=title if _wants(title, there.title, "title" in chosen) else None,
        emails=emails if emails and not there.emails else None,
        social_urls=(*there.social_urls, url) if url and not has_linkedin else None,
    )
    return update if update != contract.PersonUpdate() else None


def _wants(ours: str, theirs: str, chosen: bool) -> bool:
    return bool(ours) and (ours != theirs if chosen else not theirs)


def _public_url(candidacy: Candidacy) -> str:
    profile = candidacy.profiles.order_by("pk").first()
    found = linkedin_urls.canonicalise(profile.url) if profile is not None else None
    return found.display_url if isinstance(found, linkedin_urls.LinkedInKey) else ""


def _emails(person: Person) -> tuple[str, ...]:
    known = person.identities.filter(kind=IdentityKind.EMAIL, source="linkedin")
    return tuple(known.order_by("pk").values_list("seen_as", flat=True))


def _filled(job: Job, key: str, *, now: datetime) -> Decision:
    """Nothing is empty, or an earlier try whose answer was lost has filled it."""
    effects.found_done(key=key, now=now, result={})
    ours = effects.find([key]).get(key)
    if ours is not None and ours.state == EffectState.DONE:
        return _done(job, {})
    outcome = outcomes.skipped(Reason.ALREADY_TRUE, "The ATS has all that LinkedIn shows of them.")
    return Decision(outcomes={job.event.pk: outcome})


def _done(job: Job, result: dict[str, str]) -> Decision:
    why = "Filled what was empty in the ATS; nothing was overwritten."
    if "choose" in job.event.payload:
        why = "Wrote into the ATS what a person chose."
    return Decision(outcomes={job.event.pk: outcomes.done(why, subject=lanes.subject(job.candidacy.person_id))})
