"""Moving, rejecting, reopening and hiring in the ATS: read the side first, then write (rules 8, 9, 11)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from django.db.models import F

from apps.candidates.models import Candidacy, Profile
from apps.ledger import effects, outcomes
from apps.ledger.effects import Intention
from apps.ledger.models import Event
from apps.ledger.outcomes import Decision
from apps.ledger.states import Reason
from apps.mappings.models import Mapping
from apps.mappings.rules import HIRED, REJECTED, TERMINAL
from apps.providers import contract
from apps.sync import acts, hooks, lanes, pairs, reading
from apps.sync.steps import Job, Ready

KINDS = ("move", "reject", "reopen", "hire")

GUARD_MOVES = 10
GUARD_TIME = timedelta(minutes=10)
"""More rejects and hires of one mapping than this in this time halt it until a person agrees (rule 11)."""


def look(ats: contract.Ats, jobs: Sequence[Job], *, now: datetime) -> list[Ready]:
    """Read the applications in one go, then decide for each write whether it is still to be made."""
    candidacies = [job.candidacy for job in jobs if job.candidacy.application_id]
    fresh = reading.applications(ats, {one.application_id: one.person.remote_id for one in candidacies})
    ending: Counter[UUID] = Counter()
    return [_look_one(ats, job, fresh.get(job.candidacy.application_id), ending, now=now) for job in jobs]


def _look_one(
    ats: contract.Ats, job: Job, found: contract.Application | None, ending: Counter[UUID], *, now: datetime
) -> Ready:
    candidacy, value = job.candidacy, job.event.payload["value"]
    here = hooks.value_of(found) if found is not None else ""
    if is_newer_wanted(job.event, candidacy):
        return Ready(job, decide=partial(_superseded, job, here, "A newer stage is wanted.", now=now))
    if here != value and is_settled(job.event, candidacy):
        why = "Both sides were settled meanwhile; this stage is not wanted any more."
        return Ready(job, decide=partial(_superseded, job, here, why, now=now))
    if found is None:
        return Ready(job, decide=partial(read_again, job.event, candidacy))
    if here == value:
        return Ready(job, decide=partial(_moved, job, {}, now=now))
    ours = _we_reopened(job, here, now=now) or here in candidacy.ats_sent
    if here != candidacy.ats_observed and not ours:
        return Ready(job, decide=partial(_changed_there, job, here, now=now))
    if value in TERMINAL and _guard_is_full(job, ending[candidacy.mapping_id], now=now):
        return Ready(job, decide=partial(_halt, job, now=now))
    ending[candidacy.mapping_id] += value in TERMINAL
    return _write(ats, job, found, value, now=now)


def is_newer_wanted(event: Event, candidacy: Candidacy) -> bool:
    """Whether this write is dropped for a later one; a rejection or hire that waits is not (rule 12)."""
    return candidacy.ats_desired_version != event.payload["version"] and not event.payload.get(pairs.KEPT)


def is_settled(event: Event, candidacy: Candidacy) -> bool:
    """Whether what this write was for has been reached, or was settled otherwise: replayed, it undoes nothing."""
    return candidacy.ats_desired != event.payload["value"] and not event.payload.get(pairs.KEPT)


def _superseded(job: Job, here: str, why: str, *, now: datetime) -> Decision:
    _close_what_is_known(job, here, now=now)
    return _end(job, outcomes.superseded(why))


def _changed_there(job: Job, here: str, *, now: datetime) -> Decision:
    """Somebody moved them in the ATS: that is an arrival, and this write is over."""
    _close_what_is_known(job, here, now=now)
    wanted = Candidacy.objects.of_everyone().filter(
        pk=job.candidacy.pk, ats_desired_version=job.event.payload["version"]
    )
    wanted.update(ats_desired="", ats_desired_version=F("ats_desired_version") + 1)
    return read_again(job.event, job.candidacy)


def _close_what_is_known(job: Job, here: str, *, now: datetime) -> None:
    """This write is tried no more; where the answer to a try was lost, the look that was just made says what
    became of it (rule 19)."""
    for kind in KINDS:
        key = f"{kind}:{job.candidacy.pk}:{job.event.payload['version']}"
        if here == job.event.payload["value"]:
            effects.found_done(key=key, now=now, result={})
        elif here:
            effects.found_undone(key=key, now=now)


def _we_reopened(job: Job, here: str, *, now: datetime) -> bool:
    """An un-reject of ours whose answer was lost: they stand in the stage they were rejected from."""
    candidacy = job.candidacy
    if candidacy.ats_observed != REJECTED or here in TERMINAL:
        return False
    key = f"reopen:{candidacy.pk}:{job.event.payload['version']}"
    effects.found_done(key=key, now=now, result={})
    return key in effects.find([key])


def _guard_is_full(job: Job, ending: int, *, now: datetime) -> bool:
    """Whether so many were ended lately, or are by this batch, that a person must agree; what waited when one
    did goes on."""
    agreed_at = job.candidacy.mapping.agreed_at
    if agreed_at is not None and job.event.arrived_at <= agreed_at:
        return False
    since = max(now - GUARD_TIME, agreed_at or now - GUARD_TIME)
    marker = str(job.candidacy.mapping_id)
    return effects.count_recent(kinds=("reject", "hire"), marker=marker, since=since) + ending >= GUARD_MOVES


def _halt(job: Job, *, now: datetime) -> Decision:
    mapping = job.candidacy.mapping
    Mapping.objects.of_everyone().filter(pk=mapping.pk, halted_at__isnull=True).update(halted_at=now)
    why = f"More than {GUARD_MOVES} people were rejected or hired in ten minutes; a person must agree first."
    return _end(job, outcomes.held(Reason.HALT, why, hold_key=f"mapping:{mapping.pk}"))


def _write(ats: contract.Ats, job: Job, found: contract.Application, value: str, *, now: datetime) -> Ready:
    candidacy = job.candidacy
    version = job.event.payload["version"]
    here = hooks.value_of(found)
    if value == HIRED and len(candidacy.job.open_openings) != 1:
        why = f"A hire needs exactly one open opening; the job has {len(candidacy.job.open_openings)}. Hire in the ATS."
        return Ready(job, decide=partial(_end, job, outcomes.held(Reason.PERSON, why)))
    kind = "reject" if value == REJECTED else "hire" if value == HIRED else "reopen" if here == REJECTED else "move"

    def call() -> dict[str, str]:
        note_sent(candidacy, [value, found.stage_id] if kind == "reopen" else [value])
        match kind:
            case "reject":
                ats.reject(found, reason_id=_reason_for(job))
            case "hire":
                ats.hire(found, opening_id=candidacy.job.open_openings[0])
            case "reopen":
                ats.reopen(found)
            case _:
                ats.move(found, to_stage_id=value)
        return {}

    done = partial(_moved, job, now=now) if kind != "reopen" else partial(_reopened, job, found.stage_id)
    intention = Intention(
        key=f"{kind}:{candidacy.pk}:{version}", kind=kind, event_id=job.event.pk, marker=str(candidacy.mapping_id)
    )
    act = acts.move(kind, found.id, value)
    return Ready(job, intention=intention, call=call, done=done, repeatable=kind != "hire", act=act)


def _reason_for(job: Job) -> str:
    """The reason that the stage map gives for this rejection; empty where the connection's own is to be taken."""
    row = pairs.table_of(job.candidacy.mapping).target_of(job.event.payload.get("linkedin", ""))
    return row.reason if row is not None and row.ats == REJECTED else ""


def note_sent(candidacy: Candidacy, values: Sequence[str]) -> None:
    """Before the call, so that its echo is known even if we die during it."""
    sent = [*[old for old in candidacy.ats_sent if old not in values], *values]
    Candidacy.objects.of_everyone().filter(pk=candidacy.pk).update(ats_sent=sent)


def _moved(job: Job, result: dict[str, str], *, now: datetime) -> Decision:
    """The application stands where it was wanted: the pair is agreed, the other profiles follow."""
    candidacy, value = job.candidacy, job.event.payload["value"]
    for kind in KINDS:
        effects.found_done(key=f"{kind}:{candidacy.pk}:{job.event.payload['version']}", now=now, result=result)
    candidacy.refresh_from_db()
    mapping = candidacy.mapping
    table = pairs.table_of(mapping)
    comes_next = candidacy.ats_desired if candidacy.ats_desired_version != job.event.payload["version"] else ""
    if not comes_next:
        pairs.drop_endings(candidacy)
    made = {name: value for name, value in job.event.payload.items() if name != pairs.KEPT}
    Event.objects.filter(pk=job.event.pk).update(payload=made)  # made once: a replay of it gives way as any write
    candidacy.ats_observed, candidacy.ats_changed_at, candidacy.ats_seen_at = value, now, now
    profile = Profile.objects.filter(pk=job.event.payload["profile"], candidacy=candidacy).first()
    if profile is not None:
        pairs.agree(candidacy, profile, job.event.payload["linkedin"], value, map_version=table.version)
        profile.save()
    if profile is None or table.allows(profile.observed, value):
        candidacy.conflict = ""
    candidacy.ats_desired = comes_next
    candidacy.save()
    others = pairs.observe_application(candidacy, value=value, changed_at=now, event=job.event, now=now)
    outcome = outcomes.done("Moved in the ATS.", plan={"value": value, "map_version": table.version})
    return Decision(outcomes={job.event.pk: outcome}, follow=others.follow)


def _reopened(job: Job, stage_id: str, result: dict[str, str]) -> Decision:
    """Un-rejected into the stage they were rejected from; the move, if any is left, comes next."""
    Candidacy.objects.of_everyone().filter(pk=job.candidacy.pk).update(ats_observed=stage_id)
    return _end(job, outcomes.put_back("Reopened; the move comes next."))


def read_again(event: Event, candidacy: Candidacy) -> Decision:
    """The ATS is not where we thought: read it as an arrival, which decides by the policy (rule 9)."""
    refresh = lanes.refresh_person(candidacy.job.connection_id, candidacy.person.remote_id, caused_by=event)
    why = "The ATS changed meanwhile; it is read again and planned from what it shows."
    outcome = outcomes.skipped(Reason.STALE, why)
    return Decision(outcomes={event.pk: outcome}, follow=[refresh])


def _end(job: Job, outcome: outcomes.Outcome) -> Decision:
    return Decision(outcomes={job.event.pk: outcome})
