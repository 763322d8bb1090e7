"""What the ATS refuses to move is said, and the recruiter's move is not forgotten (RULES.md 19)."""

from __future__ import annotations

import pytest

from apps.ledger.models import Event
from apps.ledger.states import State
from tests.sync.conftest import ADA, Desk

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_move_to_a_stage_that_is_gone_ends_with_what_the_ats_said(desk: Desk) -> None:
    profile = desk.add(ADA)
    desk.work(90)
    job = int(desk.company.mappings[0].job.remote_id)
    desk.sandbox.act("greenhouse", "remove_stage", job_id=job, stage="Phone Screen")

    desk.sandbox.act("linkedin", "move", profile=profile, stage="In Progress", by="urn:li:seat:52")
    desk.work(600)

    write = Event.objects.get(kind="write.move")
    assert (write.state, write.cause) == (State.DEAD, "stage_changed")
