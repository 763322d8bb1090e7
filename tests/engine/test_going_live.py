"""Those who are in a Project before its mapping goes live (RULES.md 29): noted, and brought in when asked."""

from __future__ import annotations

import pytest

from apps.core import clock
from apps.ledger.models import Event
from apps.ledger.states import Reason, State
from apps.mappings import services as mappings
from apps.mappings.models import MappingState
from apps.sync import going_live
from tests.engine.conftest import ADDED_BY, running_engine

pytestmark = pytest.mark.django_db(transaction=True)


def test_people_of_a_draft_wait_until_it_is_live_and_they_are_asked_for() -> None:
    with running_engine() as engine:
        mapping = engine.company.mappings[0]
        mappings.set_state(mapping_id=mapping.pk, state=MappingState.DRAFT, now=clock.now())
        early = engine.people(3)
        profiles = engine.add(early)
        skipped = Event.objects.filter(kind="row.profile", state=State.SKIPPED, reason=Reason.NOT_LIVE)
        engine.wait(lambda: skipped.count() == 3)
        engine.sandbox.act("linkedin", "remove", profile=profiles[2], by=ADDED_BY)
        engine.wait(lambda: skipped.count() == 4)

        mappings.set_state(mapping_id=mapping.pk, state=MappingState.LIVE, now=clock.now())
        (late,) = engine.people(1)
        engine.arrive([late])
        assert [len(engine.candidates(number)) for number in early] == [0, 0, 0]

        assert going_live.bring_in_earlier(mapping_id=mapping.pk, now=clock.now()) == 3
        assert going_live.bring_in_earlier(mapping_id=mapping.pk, now=clock.now()) == 0
        engine.wait(lambda: all(engine.applications(number) for number in early[:2]))
        engine.settle()
        assert [len(engine.applications(number)) for number in early] == [1, 1, 0]
        engine.check()
