"""DESIGN.md's invariant 9: everything that ended, planned again, makes no remote write (RULES.md 27)."""

from __future__ import annotations

import pytest

from apps.core import clock
from apps.ledger.models import Event
from apps.ledger.states import State
from apps.sync import replays
from tests.engine.conftest import Engine, running_engine
from tests.portal.factories import make_event

pytestmark = pytest.mark.django_db(transaction=True)


def live_through_a_day(engine: Engine) -> None:
    """Arrivals, moves both ways, a reject and its undoing, a removal, a second job, a deletion of one application."""
    people = engine.people(5)
    profiles = engine.arrive(people)
    applications = [engine.applications(number)[0]["id"] for number in people]
    for application in applications[:2]:
        engine.sandbox.act("greenhouse", "move", application_id=application, stage="Phone Screen")
    engine.move_in_linkedin(profiles[2], "In Progress")
    engine.sandbox.act("greenhouse", "reject", application_id=applications[3])
    engine.settle()
    engine.sandbox.act("greenhouse", "unreject", application_id=applications[3])
    engine.sandbox.act("greenhouse", "move", application_id=applications[0], stage="Onsite")
    engine.sandbox.act("linkedin", "remove", profile=profiles[4], by="urn:li:seat:52")
    engine.add(people[:1], mapping=1)
    engine.wait(lambda: len(engine.applications(people[0])) == 2)
    engine.settle()


def test_everything_planned_again_writes_nothing() -> None:
    with running_engine(names=["Data Engineer", "Designer"]) as engine:
        live_through_a_day(engine)
        ended = Event.objects.filter(kind__regex=r"^(row|hook|write)\.").exclude(kind__in=replays.NEVER)
        ids = list(ended.values_list("pk", flat=True))
        assert len(ids) > 40
        written = [call["number"] for call in engine.writes()]

        assert replays.replay(ids=ids, now=clock.now()) == len(ids)
        engine.settle(60)

        assert [call for call in engine.writes() if call["number"] not in written] == []
        assert Event.objects.filter(caused_by__in=ids, pk__gt=max(ids)).count() >= len(ids)
        engine.check()


def test_a_dead_letter_goes_on_under_its_own_number() -> None:
    with running_engine() as engine:
        engine.sandbox.fault("greenhouse", "5xx", "POST /greenhouse/v3/candidates$", times=-1, status=422)
        (number,) = engine.people(1)
        engine.add([number])
        engine.wait(lambda: Event.objects.filter(state=State.DEAD).exists())
        engine.sandbox.clear_faults("greenhouse")
        dead = Event.objects.get(state=State.DEAD)

        assert replays.replay(ids=[dead.pk], now=clock.now()) == 1
        engine.wait(lambda: len(engine.applications(number)) == 1)
        engine.settle()

        assert Event.objects.get(pk=dead.pk).state == State.DONE
        engine.check()


@pytest.mark.parametrize("kind", ["hook.malformed", "poll.people"])
def test_what_cannot_be_planned_again_says_so(kind: str) -> None:
    event = make_event([], kind=kind, state="dead", cause="malformed")
    with pytest.raises(replays.NotReplayable, match=str(event.pk)):
        replays.replay(ids=[event.pk], now=clock.now())
