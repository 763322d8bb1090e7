"""What a change of a stage map would do to today's people, before it is saved: computed, nothing written (R7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from django.db.models import QuerySet

from apps.candidates.models import CandidacyState, Profile
from apps.ledger.models import Event
from apps.ledger.states import State
from apps.mappings.models import Mapping, MappingState
from apps.mappings.rules import MapRow, StageTable
from apps.sync import lanes, pairs, plan, reapply
from apps.sync.plan import Pair
from apps.sync.reapply import Fate


@dataclass(frozen=True, slots=True)
class Foretold:
    """One pair, and what becomes of it. `freed`: it is held for want of a row now, and goes on once a version that
    has one is saved; everybody else stays until the version is applied to them."""

    profile_id: int
    candidacy_id: UUID
    person_id: UUID
    person: str
    linkedin: str
    ats: str
    fate: Fate
    value: str
    why: str
    freed: bool = False


def foretell(*, map_id: int, rows: Sequence[MapRow], mapping_id: UUID | None = None) -> tuple[Foretold, ...]:
    """What these rows would mean for each pair that the map governs, in a fixed number of queries a mapping.

    `mapping_id` asks for the people of one mapping, which need not use the map yet.
    """
    used = Mapping.objects.of_everyone().filter(state__in=[MappingState.LIVE, MappingState.PILOT])
    used = used.filter(pk=mapping_id) if mapping_id else used.filter(stage_map=map_id)
    held = _held(map_id)
    found: list[Foretold] = []
    for mapping in used.select_related("project__connection", "job__connection", "stage_map").order_by("created_at"):
        table = replace(pairs.table_of(mapping), version=0, rows=tuple(rows))
        policy = pairs.policy_of(mapping)
        found += [foretell_one(one, table, policy, held=held) for one in people_of(mapping)]
    return tuple(found)


def people_of(mapping: Mapping) -> QuerySet[Profile]:
    """The profiles of a mapping's open candidacies that an application stands beside."""
    here = Profile.objects.filter(candidacy__mapping=mapping, candidacy__state=CandidacyState.OPEN, removed=False)
    here = here.exclude(candidacy__application_id="").exclude(observed="").exclude(candidacy__ats_observed="")
    return here.select_related("candidacy__person").order_by("pk")


def foretell_one(profile: Profile, table: StageTable, policy: plan.Policy, *, held: frozenset[str]) -> Foretold:
    """One pair under a table."""
    candidacy = profile.candidacy
    assert candidacy is not None
    pair = pairs.pair_of(candidacy, profile)
    freed = lanes.subject(candidacy.person_id) in held
    if reapply.stands_still(pair):
        decided = reapply.reapply(pair, table, linkedin_leads=policy.name == "linkedin")
        fate, value = reapply.fate_of(decided)
        why, freed = decided.why, False
    elif freed:
        fate, value, why = _once_freed(pair, table, policy)
    else:
        fate, value, why = Fate.MOVING, "", "On the way, or waiting for a decision: this changes nothing about it."
    return Foretold(
        profile_id=profile.pk,
        candidacy_id=candidacy.pk,
        person_id=candidacy.person_id,
        person=str(candidacy.person),
        linkedin=profile.observed,
        ats=candidacy.ats_observed,
        fate=fate,
        value=value,
        why=why,
        freed=freed,
    )


def _once_freed(pair: Pair, table: StageTable, policy: plan.Policy) -> tuple[Fate, str, str]:
    """What the engine decides when the event that is held for want of a row is planned again."""
    if pair.linkedin.observed != pair.agreed_linkedin:
        decided = plan.see_linkedin(pair, pair.linkedin.observed, pair.linkedin.changed_at, table, policy)
    else:
        decided = plan.see_ats(pair, pair.ats.observed, pair.ats.changed_at, table, policy)
    fate, value = reapply.fate_of(decided)
    return fate, value, decided.why


def _held(map_id: int) -> frozenset[str]:
    held = Event.objects.filter(state=State.HELD, hold_key=lanes.map_hold(map_id)).exclude(subject="")
    return frozenset(held.values_list("subject", flat=True))
