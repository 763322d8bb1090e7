"""Moves that cross: what waits to be written never undoes what somebody did meanwhile (RULES.md 9)."""

from __future__ import annotations

import pytest

from apps.ledger.models import Event
from apps.ledger.states import Reason, State
from tests.sync.conftest import ADA, Desk

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_recruiters_move_outlives_a_write_that_waited_and_is_asked_about_rule_9(desk: Desk) -> None:
    profile = desk.add(ADA)
    desk.work(120)
    (application,) = desk.applications()
    desk.sandbox.fault("linkedin", "5xx", "POST /linkedin/v2/rscsProfiles", times=3)
    desk.sandbox.act("greenhouse", "move", application_id=application["id"], stage="Phone Screen")
    desk.work(65)

    desk.sandbox.act("linkedin", "move", profile=profile, stage="Replied", by="urn:li:seat:52")
    desk.work(120)

    rows = desk.sandbox.state("linkedin")["profiles"]
    assert [row["stage"] for row in rows if row["id"] == profile] == ["Replied"]
    assert Event.objects.filter(state=State.HELD, reason=Reason.CONFLICT).count() == 1
