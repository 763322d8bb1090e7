"""A write that is known late answers no question that was asked meanwhile (rules 8 and 11)."""

from __future__ import annotations

import pytest

from apps.candidates.models import Candidacy, Profile
from apps.ledger.models import Event
from apps.ledger.states import State
from tests.sync.conftest import ADA, Desk

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(("stage", "stays"), [("Contacted", True), ("In Progress", False)])
def test_a_move_whose_answer_was_lost_ends_a_conflict_only_where_both_stages_fit(
    desk: Desk, stage: str, stays: bool
) -> None:
    profile = desk.add(ADA)
    desk.work(120)
    desk.lose("POST /greenhouse/v3/applications/.*/move")
    desk.sandbox.act("linkedin", "move", profile=profile, stage="In Progress", by="urn:li:seat:52")
    move = Event.objects.filter(kind="write.move")
    for _ in range(20):
        if not move.filter(attempts=1).exists():
            desk.work(10)
    assert move.get().state == State.RETRYING
    Profile.objects.update(observed=stage)
    Candidacy.objects.of_everyone().update(conflict="Which of the two?")

    desk.work(180)

    assert move.get().state == State.DONE
    assert bool(Candidacy.objects.of_everyone().get().conflict) == stays
