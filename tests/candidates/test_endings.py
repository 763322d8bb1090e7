"""Who is gone from the ATS stays gone (RULES.md 16)."""

from __future__ import annotations

import pytest

from apps.candidates import identities
from apps.candidates import services as candidates
from apps.candidates.models import Candidacy, CandidacyState, Person
from apps.core import clock
from tests.portal.factories import make_world


@pytest.mark.django_db
@pytest.mark.parametrize(("before", "after"), [("left", "deleted"), ("rejected", "deleted"), ("merged", "merged")])
def test_a_deletion_ends_for_good_what_had_ended_for_less_rule_16(before: str, after: str) -> None:
    candidacy = make_world("Birch").candidacy
    Candidacy.objects.of_everyone().update(state=CandidacyState.ENDED, ended_because=before)

    candidates.bury_person(person=candidacy.person, why="deleted", now=clock.now())

    candidacy.refresh_from_db()
    assert (candidacy.state, candidacy.ended_because) == (CandidacyState.ENDED, after)


@pytest.mark.django_db
def test_a_merge_the_other_way_round_ends_at_the_survivor_rule_22() -> None:
    loser = make_world("Birch").person
    survivor = Person.objects.create(
        connection=loser.connection, remote_id="8", first_name="Ada", last_name="Birch", first_seen_at=clock.now()
    )
    candidates.follow_merge(loser=loser, survivor=survivor)

    candidates.follow_merge(loser=Person.objects.get(pk=survivor.pk), survivor=Person.objects.get(pk=loser.pk))

    for person in Person.objects.all():
        assert identities.survivor_of(person).pk == loser.pk
