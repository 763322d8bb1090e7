"""Somebody moves on between the reading of an application and of its history (RULES.md 12)."""

from __future__ import annotations

import threading
import time

import pytest

from apps.candidates.models import Transition
from apps.mappings.models import JobStage
from tests.sync.conftest import ADA, Desk

pytestmark = pytest.mark.django_db(transaction=True)


def test_each_move_is_one_transition_rule_12(desk: Desk) -> None:
    desk.add(ADA)
    desk.work(120)
    (application,) = desk.applications()
    desk.sandbox.act("greenhouse", "move", application_id=application["id"], stage="Take Home Test")
    desk.sandbox.fault("greenhouse", "slow", "GET /greenhouse/v3/application_stages", seconds=2)

    def move_on() -> None:
        time.sleep(1)
        desk.sandbox.act("greenhouse", "move", application_id=application["id"], stage="Onsite")

    moving = threading.Thread(target=move_on)
    moving.start()
    desk.work(65)
    moving.join()
    desk.work(120)

    names = dict(JobStage.objects.values_list("remote_id", "name"))
    told = [names[one.to_value] for one in Transition.objects.filter(side="ats").order_by("changed_at")]
    assert told == ["Take Home Test", "Onsite"]
