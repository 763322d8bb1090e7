"""Conflicts and halted mappings, decided by people. A decision is an event: ordered, leased, in the log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from django.db import transaction

from apps.accounts.scope import Scope
from apps.candidates.models import Candidacy, CandidacyState, Profile
from apps.ledger import leases, outcomes
from apps.ledger import services as ledger
from apps.ledger.leases import Claimed, Lease
from apps.ledger.models import Event
from apps.ledger.outcomes import Decision, Outcome, Unit
from apps.ledger.services import NewEvent
from apps.ledger.states import FINAL, Priority, Reason, State
from apps.mappings import services as mappings
from apps.mappings.rules import StageTable
from apps.sync import lanes, pairs, plan, reconcile
from apps.sync.plan import Decided, Verdict

SIDES = ("linkedin", "ats")

UNDO_WITHIN = timedelta(seconds=60)
"""A decision's writes wait so long for somebody who chose the wrong row."""


@transaction.atomic
def choose(*, candidacy_ids: Sequence[UUID], side: str, scope: Scope, actor: int | None, now: datetime) -> int:
    """Let one side count in these conflicts; returns how many there were. Their writes go a minute later."""
    found = Candidacy.objects.within(scope).filter(pk__in=candidacy_ids).exclude(conflict="")
    made = [_decision(candidacy, "decide.conflict", {"side": side, "by": actor}) for candidacy in found.order_by("pk")]
    return len(ledger.append_many(made, now=now))


@transaction.atomic
def undo(*, event_ids: Sequence[int], scope: Scope, actor: int | None, now: datetime) -> int:
    """Take decisions back whose writes have not gone yet; returns how many were asked to be."""
    made = []
    for event in Event.objects.filter(pk__in=event_ids, kind="decide.conflict"):
        candidacy = Candidacy.objects.within(scope).filter(pk=event.payload["candidacy"]).first()
        if candidacy is not None:
            made.append(_decision(candidacy, "decide.undo", {"decision": event.pk, "by": actor}, caused_by=event.pk))
    return len(ledger.append_many(made, now=now))


@transaction.atomic
def agree_to_halt(*, mapping_id: UUID, actor: int | None, now: datetime) -> bool:
    """A person saw what was about to change and lets it go on; what a reconciliation halted it for too."""
    if reconcile.agree_to_all_of(mapping_id=mapping_id, actor=actor, now=now):
        return True
    return mappings.agree_to_halt(mapping_id=mapping_id, actor_id=actor, now=now)


def handle(lease: Lease, claimed: Sequence[Claimed], *, now: datetime) -> list[Unit]:
    """Make each decision under the person's lease."""
    units = []
    for box in claimed:
        event = box.events[0] if box.events else None
        candidacy = _candidacy(event) if event is not None else None
        if event is None or candidacy is None:
            ends = {each.pk: outcomes.dead("vanished", "The candidacy is gone.") for each in box.events}
            units.append(outcomes.settled_each(box, ends))
            continue
        keys = frozenset({lanes.person_key(candidacy.person_id)})
        if not leases.take_keys(lease, keys, mailboxes=[box.id]):
            units.append(outcomes.waiting(box))
            continue
        decide = partial(_decide if event.kind == "decide.conflict" else _undo, event, candidacy.pk, now=now)
        units.append(Unit(mailboxes=frozenset({box.id}), keys=keys, decide=decide))
    return units


def _decision(candidacy: Candidacy, kind: str, payload: dict[str, object], *, caused_by: int | None = None) -> NewEvent:
    return NewEvent(
        kind=kind,
        mailbox=lanes.decision_mailbox(candidacy.pk),
        gate="decisions",
        priority=Priority.INTERACTIVE,
        clients=(candidacy.client_id,),
        subject=lanes.subject(candidacy.person_id),
        payload={"candidacy": str(candidacy.pk), **payload},
        caused_by=caused_by,
    )


def _candidacy(event: Event) -> Candidacy | None:
    found = Candidacy.objects.of_everyone().filter(pk=event.payload.get("candidacy"))
    return found.select_related("person", "job__connection", "mapping__stage_map", "mapping__job").first()


def _decide(event: Event, candidacy_id: UUID, *, now: datetime) -> Decision:
    candidacy = _candidacy(event)
    assert candidacy is not None
    if not candidacy.conflict or candidacy.state == CandidacyState.ENDED:
        return _end(event, outcomes.skipped(Reason.STALE, "Nothing is open here any more."))
    question, side = {"why": candidacy.conflict, "asked_map": candidacy.conflict_map}, event.payload["side"]
    table = pairs.table_of(candidacy.mapping)
    profiles = list(candidacy.profiles.filter(removed=False).exclude(observed="").order_by("-changed_at"))
    chosen = profiles if side == "ats" else profiles[:1]
    decided = [(profile, _choice(candidacy, profile, side, table)) for profile in chosen]
    stuck = next((one for _, one in decided if one.verdict in (Verdict.UNMAPPED, Verdict.REFUSED)), None)
    if stuck is not None or not decided:
        said = stuck.why if stuck else "They are in no Project any more."
        return _end(event, outcomes.skipped(Reason.IRRELEVANT, f"{said} Choose the other side, or add a row."))
    follow: list[NewEvent] = []
    for profile, one in decided:
        result = pairs.apply(
            one, candidacy=candidacy, profile=profile, table=table, event=event, now=now, by_person=True
        )
        follow += [replace(each, due_at=max(each.due_at or now, now + UNDO_WITHIN)) for each in result.follow]
    done = outcomes.done(f"Decided by a person: {SAID[side]}.", plan={**question, "side": side})
    waited = Event.objects.filter(state=State.HELD, hold_key=lanes.candidacy_hold(candidacy.pk))
    settled = outcomes.skipped(Reason.STALE, f"A person decided it: {SAID[side]}.")
    ends = dict.fromkeys(waited.values_list("pk", flat=True), settled)
    return Decision(outcomes={**ends, event.pk: done}, follow=follow)


SAID = {"linkedin": "LinkedIn's stage counts", "ats": "the ATS's stage counts"}


def _choice(candidacy: Candidacy, profile: Profile, side: str, table: StageTable) -> Decided:
    decided = plan.choose(pairs.pair_of(candidacy, profile), side, table)
    if decided.write_linkedin and decided.write_linkedin == profile.observed:
        return Decided(Verdict.AGREED, decided.why, agreed=(profile.observed, candidacy.ats_observed))
    return decided


def _undo(event: Event, candidacy_id: UUID, *, now: datetime) -> Decision:
    """Drop what the decision wanted, unless it was written, and open the question again."""
    decision = Event.objects.filter(pk=event.payload["decision"], state=State.DONE).first()
    writes = Event.objects.filter(caused_by=event.payload["decision"], kind__startswith="write.")
    candidacy = _candidacy(event)
    assert candidacy is not None
    if decision is None or not writes or writes.filter(state__in=FINAL).exists() or writes.exclude(due_at__gt=now):
        why = "It was written already. Move them in either system, and both follow."
        return _end(event, outcomes.skipped(Reason.STALE, why))
    for profile in candidacy.profiles.all():
        profile.desired, profile.desired_version = "", profile.desired_version + 1
        profile.save(update_fields=["desired", "desired_version"])
    candidacy.ats_desired, candidacy.ats_desired_version = "", candidacy.ats_desired_version + 1
    candidacy.conflict, candidacy.conflict_map = decision.plan["why"], decision.plan["asked_map"]
    candidacy.save(update_fields=["ats_desired", "ats_desired_version", "conflict", "conflict_map"])
    return _end(event, outcomes.done("The decision was taken back; the question is open again."))


def _end(event: Event, outcome: Outcome) -> Decision:
    return Decision(outcomes={event.pk: outcome})
