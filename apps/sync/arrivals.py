"""Bringing a candidacy into the ATS: link who is there, create or attach who is not (rules 17-20)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from apps.candidates import duplicates, identities, linkedin_urls, matching
from apps.candidates import services as candidates
from apps.candidates.matching import Facts, Judgement, Verdict
from apps.candidates.models import Candidacy, IdentityKind, Person, Profile
from apps.candidates.rules import Key
from apps.ledger import effects, outcomes
from apps.ledger import services as ledger
from apps.ledger.effects import Intention
from apps.ledger.models import Effect
from apps.ledger.outcomes import Decision
from apps.ledger.states import EffectState, Reason
from apps.mappings.models import Seat, SeatUser
from apps.mappings.rules import TERMINAL
from apps.notifications import announce
from apps.providers import contract
from apps.sync import acts, fills, hooks, index, lanes, moves, native, pairs, reading, survivors
from apps.sync.steps import Job, Ready


def look(ats: contract.Ats, jobs: Sequence[Job], *, now: datetime) -> list[Ready]:
    """For each arrival: what the index, the ATS and the effect rows say is to be done."""
    creates = effects.standing(kind="create", mailboxes=[job.box.key for job in jobs])
    attaches = effects.find([_attach_key(job.candidacy) for job in jobs])
    there = [job for job in jobs if job.candidacy.person.remote_id and not job.candidacy.application_id]
    applications = _applications(ats, there)
    _read_names(ats, [job.candidacy.person for job in jobs if not job.candidacy.person.remote_id])
    since = now - 2 * ats.capabilities.visible_after
    fresh = {key for key, effect in creates.items() if effect.intended_at >= since}
    old = {job.candidacy.person.remote_id for job in there if job.box.key not in fresh} - applications.keys()
    gone = survivors.missing(ats, old)
    if gone:
        index.read_forward(jobs[0].candidacy.job.connection_id, ats, now=now)
    return [
        survivors.follow(job)
        if job.candidacy.person.remote_id in gone and not job.candidacy.application_id
        else _look_one(
            ats, job, creates.get(job.box.key), attaches.get(_attach_key(job.candidacy)), applications, now=now
        )
        for job in jobs
    ]


def _read_names(ats: contract.Ats, people: Sequence[Person]) -> None:
    """Learn the names of those who may be these, where the index was read before it kept names."""
    if not people:
        return
    connection_id = people[0].connection_id
    for ids in reading.chunks(identities.unnamed(people)):
        candidates.index_people(connection_id=connection_id, people=ats.get_people(ids))


def _look_one(
    ats: contract.Ats,
    job: Job,
    created: Effect | None,
    attached: Effect | None,
    applications: dict[str, list[contract.Application]],
    *,
    now: datetime,
) -> Ready:
    candidacy = job.candidacy
    with_application = created is not None and created.marker == candidacy.job.remote_id
    ours = [effect for effect in (created if with_application else None, attached) if effect is not None]
    if candidacy.application_id:
        return Ready(job, decide=partial(_linked_meanwhile, job, ours, now=now))
    if not candidacy.person.remote_id:
        return _look_for_person(ats, job, created, now=now)
    chosen = hooks.preferred(applications.get(candidacy.person.remote_id, []), job_id=candidacy.job.remote_id)
    if chosen is not None:
        made = any(effect.state != EffectState.FAILED for effect in ours)
        return Ready(job, decide=partial(_link, job, chosen, made_by_us=made, created=created, now=now))
    if created is not None and with_application and created.state == EffectState.DONE:
        return Ready(job, decide=partial(_expect_application, job))
    return _attach(ats, job, attached, created=created, now=now)


def _linked_meanwhile(job: Job, ours: Sequence[Effect], *, now: datetime) -> Decision:
    """A webhook linked the application first; where a write of ours whose answer was lost made it, that is done."""
    candidacy = job.candidacy
    result = {"person_id": candidacy.person.remote_id, "application_id": candidacy.application_id}
    for effect in ours:
        effects.found_done(key=effect.key, now=now, result=result)
    if any(effect.state != EffectState.FAILED for effect in ours):
        Candidacy.objects.of_everyone().filter(pk=candidacy.pk).update(made_by_us=True)
        return _end(job, outcomes.done("In the ATS.", subject=lanes.subject(candidacy.person_id)))
    return _end(job, outcomes.skipped(Reason.ALREADY_TRUE, "They are in the ATS."))


def _applications(ats: contract.Ats, jobs: Sequence[Job]) -> dict[str, list[contract.Application]]:
    found: dict[str, list[contract.Application]] = {}
    for application in reading.applications_of(ats, {job.candidacy.person.remote_id for job in jobs}).values():
        found.setdefault(application.person_id, []).append(application)
    return found


def _keys(person: Person) -> list[Key]:
    order = list(IdentityKind)
    keys = [Key(identity.kind, identity.value, identity.seen_as) for identity in person.identities.all()]
    return sorted(keys, key=lambda key: (order.index(IdentityKind(key.kind)), key.value))


def _create_key(job: Job) -> str:
    person = job.candidacy.person
    keys = _keys(person)
    name = keys[0].lease if keys else str(person.pk)
    return f"create:{person.connection_id}:{name}:{job.candidacy.generation}"


def _attach_key(candidacy: Candidacy) -> str:
    return f"attach:{candidacy.person_id}:{candidacy.job_id}:{candidacy.generation}"


def _look_for_person(ats: contract.Ats, job: Job, effect: Effect | None, *, now: datetime) -> Ready:
    person = job.candidacy.person
    decided = duplicates.decide_on(person, by_name=effect is None)
    if decided.verdict == Verdict.REVIEW:
        twin = matching.bare_twin(decided) if effect is None else ""
        if twin and native.has_exported(ats, twin, job.candidacy.job):
            return _link_person(job, twin, effect, now=now)
        return Ready(job, decide=partial(_ask, job, decided.judged, now=now))
    if decided.verdict == Verdict.LINK:
        return _link_person(job, decided.target, effect, now=now)
    if effect is None:
        return _create(ats, job, now=now)
    if effect.state == EffectState.DONE:
        if effect.marker == job.candidacy.job.remote_id:
            return Ready(job, decide=partial(_created, job, effect.result, now=now))
        known_as = partial(_known_as, job, effect.result["person_id"], made_by_us=False, now=now)
        return Ready(job, decide=known_as, goes_on=True)
    made = _made_since(ats, person, effect)
    if len(made) > 1:
        several = [matching.judge(identities.facts_of(person), Facts(id=one)) for one in made]
        return Ready(job, decide=partial(_ask, job, several, now=now))
    if made:
        return _link_person(job, made[0], effect, now=now)
    wait = _wait(effect, ats, now=now)
    if wait is not None:
        return Ready(job, decide=partial(_end, job, wait))
    effects.found_undone(key=effect.key, now=now)
    return _create(ats, job, now=now)


CLOCKS_DIFFER = timedelta(minutes=2)


def _made_since(ats: contract.Ats, person: Person, effect: Effect) -> list[str]:
    """Whom a create whose answer was lost may have made: people as we sent them, made since, whom nobody
    here is and no LinkedIn address tells. The index cannot find someone sent without address or e-mail."""
    since = effect.intended_at - CLOCKS_DIFFER
    sent = (str(person), *ats.capabilities.work(company=person.company, title=person.title))
    made: list[str] = []
    cursor: str | None = None
    while True:
        page = ats.list_people(updated_since=since, cursor=cursor)
        for found in page.items:
            name = f"{found.first_name} {found.last_name}".strip()
            same = (name, found.company, found.title) == sent
            told = any(key.kind == IdentityKind.LINKEDIN for key in identities.keys_of_person(found))
            if same and not told and found.created_at >= since:
                made.append(found.id)
        cursor = page.next
        if cursor is None:
            break
    known = Person.objects.filter(connection_id=person.connection_id, remote_id__in=made)
    return sorted(set(made) - set(known.values_list("remote_id", flat=True)))


def _wait(effect: Effect, ats: contract.Ats, *, now: datetime) -> outcomes.Outcome | None:
    """An unknown outcome is believed undone only after twice the time in which it would show (rule 19)."""
    shows_at = effect.intended_at + ats.capabilities.visible_after
    believed_at = shows_at + ats.capabilities.visible_after
    if now >= believed_at:
        return None
    why = "The answer to the last try was lost, and the ATS does not show its effect yet."
    return outcomes.held(
        Reason.UNCERTAIN, why, hold_key=ledger.TIMER, due_at=shows_at if now < shows_at else believed_at
    )


def _ask(job: Job, judged: Sequence[Judgement], *, now: datetime) -> Decision:
    """Several fit, or what is known contradicts itself: a person decides, and nobody is created before."""
    person = job.candidacy.person
    question = duplicates.ask(person=person, judged=judged, now=now)
    why, key = duplicates.in_words(person, judged), duplicates.hold_key(question)
    return _end(job, outcomes.held(Reason.DUPLICATE, why, hold_key=key, subject=lanes.subject(person.pk)))


def _link_person(job: Job, remote_id: str, effect: Effect | None, *, now: datetime) -> Ready:
    ours = effect is not None and effect.state in (EffectState.INTENDED, EffectState.UNKNOWN)

    def decide() -> Decision:
        if ours and effect is not None:
            effects.found_done(key=effect.key, now=now, result={"person_id": remote_id, "application_id": ""})
        return _known_as(job, remote_id, made_by_us=ours, now=now)

    return Ready(job, decide=decide, goes_on=True)


def _known_as(job: Job, remote_id: str, *, made_by_us: bool, now: datetime) -> Decision:
    """The person is in the ATS under `remote_id`; the application comes in the next round."""
    person = job.candidacy.person
    other = Person.objects.filter(connection_id=person.connection_id, remote_id=remote_id).exclude(pk=person.pk).first()
    if other is not None:
        return _someone_elses(job, other, now=now)
    Person.objects.filter(pk=person.pk).update(remote_id=remote_id)
    duplicates.close(person=person)
    if made_by_us:
        Candidacy.objects.of_everyone().filter(pk=job.candidacy.pk).update(made_by_us=True)
    return _end(job, outcomes.put_back("Found in the ATS; the application comes next."))


def _create(ats: contract.Ats, job: Job, *, now: datetime) -> Ready:
    candidacy, person = job.candidacy, job.candidacy.person
    profile = candidacy.profiles.order_by("pk").first()
    new = contract.NewPerson(
        first_name=person.first_name,
        last_name=person.last_name,
        company=person.company,
        title=person.title,
        emails=tuple(key.seen_as for key in _keys(person) if key.kind == IdentityKind.EMAIL),
        social_urls=_public_urls(profile),
    )
    new = replace(new, **job.event.payload.get("instead", {}))
    application = _application(candidacy, profile)

    def call() -> dict[str, str]:
        _note_stage(candidacy, application)
        created = ats.create_person(new, application)
        matched = {"matched": "true"} if created.matched else {}
        return {"person_id": created.person_id, "application_id": created.application_id, **matched}

    attaches = ats.capabilities.create_attaches
    marker = candidacy.job.remote_id if attaches else ""
    intention = Intention(key=_create_key(job), kind="create", event_id=job.event.pk, marker=marker)
    done = partial(_created, job, attached=attaches, now=now)
    return Ready(job, intention=intention, call=call, done=done, act=acts.create(new, application))


def _public_urls(profile: Profile | None) -> tuple[str, ...]:
    found = linkedin_urls.canonicalise(profile.url) if profile is not None else None
    return (found.display_url,) if isinstance(found, linkedin_urls.LinkedInKey) and found.display_url else ()


def _application(candidacy: Candidacy, profile: Profile | None) -> contract.NewApplication:
    mapping = candidacy.mapping
    owner = ""
    if profile is not None and profile.added_by:
        adder = Seat.objects.filter(connection=profile.connection_id, remote_id=profile.added_by).first()
        who = SeatUser.objects.filter(connection=candidacy.job.connection_id, seat=adder and (adder.handed_to or adder))
        owner = who.values_list("remote_id", flat=True).first() or ""
    row = pairs.table_of(mapping).target_of(profile.observed) if profile is not None else None
    return contract.NewApplication(
        job_id=candidacy.job.remote_id,
        stage_id=row.ats if row is not None and row.ats not in TERMINAL else "",
        source_id=mapping.source_id,
        owner_id=owner or mapping.default_owner,
    )


def _note_stage(candidacy: Candidacy, application: contract.NewApplication) -> None:
    """Where we put them, so that somebody who moves them on before our first look is told from us."""
    if application.stage_id:
        moves.note_sent(candidacy, [application.stage_id])


def _created(job: Job, result: dict[str, str], *, attached: bool = True, now: datetime) -> Decision:
    candidacy, person = job.candidacy, job.candidacy.person
    remote_id = result["person_id"]
    other = Person.objects.filter(connection_id=person.connection_id, remote_id=remote_id).exclude(pk=person.pk).first()
    if other is not None:
        return _someone_elses(job, other, now=now)
    duplicates.close(person=person)
    Person.objects.filter(pk=person.pk).update(remote_id=remote_id)
    Candidacy.objects.of_everyone().filter(pk=candidacy.pk).update(made_by_us=True)
    candidates.index_own(person=person, remote_id=remote_id)
    if not attached:
        return _end(job, outcomes.put_back("Created in the ATS; the application comes next."))
    expected = _expect_application(job, remote_id=remote_id)
    filling = [fills.fill_event(candidacy, job.event)] if result.get("matched") else []
    return replace(expected, follow=[*expected.follow, *filling])


def _someone_elses(job: Job, other: Person, *, now: datetime) -> Decision:
    """The ATS knows as one whom we hold as two: the other's identifiers were noted after this one came."""
    held = replace(identities.facts_of(other), id=other.remote_id)
    return _ask(job, [matching.judge(identities.facts_of(job.candidacy.person), held)], now=now)


def _expect_application(job: Job, *, remote_id: str = "") -> Decision:
    """Created with its application: the next read learns the application's id and stage."""
    person = job.candidacy.person
    refresh = lanes.refresh_person(
        person.connection_id, remote_id or person.remote_id, expects_application=True, caused_by=job.event
    )
    plan = {"map_version": pairs.table_of(job.candidacy.mapping).version}
    outcome = outcomes.done("Created in the ATS, with the application.", subject=lanes.subject(person.pk), plan=plan)
    return Decision(outcomes={job.event.pk: outcome}, follow=[refresh])


def _attach(ats: contract.Ats, job: Job, effect: Effect | None, *, created: Effect | None, now: datetime) -> Ready:
    candidacy = job.candidacy
    attached = partial(_attached, job, fill=created is None)
    if effect is not None and effect.state == EffectState.DONE:
        return Ready(job, decide=partial(attached, effect.result))
    if effect is not None and effect.state != EffectState.FAILED:
        wait = _wait(effect, ats, now=now)
        if wait is not None:
            return Ready(job, decide=partial(_end, job, wait))
        effects.found_undone(key=effect.key, now=now)
    application = _application(candidacy, candidacy.profiles.order_by("pk").first())

    def call() -> dict[str, str]:
        _note_stage(candidacy, application)
        return {"application_id": ats.attach(candidacy.person.remote_id, application)}

    intention = Intention(
        key=_attach_key(candidacy), kind="attach", event_id=job.event.pk, marker=candidacy.job.remote_id
    )
    act = acts.attach(candidacy.person.remote_id, application)
    return Ready(job, intention=intention, call=call, done=attached, act=act)


def _attached(job: Job, result: dict[str, str], *, fill: bool) -> Decision:
    person = job.candidacy.person
    Candidacy.objects.of_everyone().filter(pk=job.candidacy.pk).update(made_by_us=True)
    refresh = lanes.refresh_person(
        person.connection_id, person.remote_id, expects_application=True, caused_by=job.event
    )
    plan = {"map_version": pairs.table_of(job.candidacy.mapping).version}
    outcome = outcomes.done("Attached to the job in the ATS.", subject=lanes.subject(person.pk), plan=plan)
    filling = [fills.fill_event(job.candidacy, job.event)] if fill else []
    return Decision(outcomes={job.event.pk: outcome}, follow=[refresh, *filling])


def _link(
    job: Job, found: contract.Application, *, made_by_us: bool, created: Effect | None, now: datetime
) -> Decision:
    """An application for this job is there already: it becomes the candidacy's."""
    candidacy = job.candidacy
    effects.found_done(key=_attach_key(candidacy), now=now, result={"application_id": found.id})
    candidacy.application_id, candidacy.in_ats_at = found.id, now
    candidacy.made_by_us = candidacy.made_by_us or made_by_us
    candidacy.owner = found.owner_id
    candidacy.save(update_fields=["application_id", "in_ats_at", "made_by_us", "owner"])
    result = pairs.observe_application(
        candidacy, value=hooks.value_of(found), changed_at=found.updated_at, event=job.event, now=now
    )
    if result.outcome.state == "held":
        return Decision(outcomes={job.event.pk: result.outcome}, follow=result.follow)
    outcome = outcomes.done(
        "Linked to the application that is there.", subject=lanes.subject(candidacy.person_id), plan=result.outcome.plan
    )
    filling = [fills.fill_event(candidacy, job.event)] if created is None else []
    met = [] if made_by_us else announce.meeting_event(candidacy, caused_by=job.event.pk, in_ats=True)
    return Decision(outcomes={job.event.pk: outcome}, follow=[*result.follow, *filling, *met])


def _end(job: Job, outcome: outcomes.Outcome) -> Decision:
    return Decision(outcomes={job.event.pk: outcome})
