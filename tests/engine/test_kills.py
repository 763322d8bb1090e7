"""A worker that dies or freezes between a create's commit and its settle (RULES.md 4, 5, 18).

KILLS sets how often; 3 in CI, 30 for the figure in docs/operations.md.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections as databases

from apps.accounts.scope import EVERYONE
from apps.candidates.models import Duplicate, Person
from apps.core import clock
from apps.ledger.models import Event
from apps.ledger.states import EffectState, State
from apps.sync import duplicates
from tests.engine.conftest import Engine, running_engine

pytestmark = pytest.mark.django_db

KILLS = int(os.environ.get("KILLS", "3"))
LEASE = 5.0
CREATE = "POST /greenhouse/v3/candidates$"
MERGE = "POST /greenhouse/v3/candidates/[0-9]+/merge$"
ATTACH = "POST /greenhouse/v3/applications$"


@pytest.fixture(scope="module")
def engine(engine_database: None) -> Iterator[Engine]:
    with running_engine(names=["Data Engineer", "Designer"], workers=1, clusters=2, lease=LEASE, call=2) as running:
        running.worker(1).stop()
        yield running


def hold_a_create(engine: Engine) -> int:
    """Someone is added; Greenhouse has them and does not answer. Returns the person's number."""
    (number,) = engine.people(1)
    engine.sandbox.fault("greenhouse", "hold_response", CREATE, seconds=30)
    engine.add([number])
    engine.wait(lambda: engine.held() == 1)
    assert len(engine.candidates(number)) == 1
    return number


def is_whole(engine: Engine, number: int) -> bool:
    return bool(engine.applications(number)) and not engine.unsettled()


def expect_one(engine: Engine, number: int, *, created: int) -> None:
    """One person, one application, one create in the call log; the event done, the intention closed."""
    assert len(engine.candidates(number)) == 1
    assert len(engine.applications(number)) == 1
    assert len(engine.calls("create_candidate")) == created
    arrival = Event.objects.filter(kind="write.arrive").latest("pk")
    assert arrival.state == State.DONE, arrival.detail
    assert {effect.state for effect in engine.effects("create")} == {EffectState.DONE}
    engine.check()


@pytest.mark.parametrize("kill", range(KILLS))
def test_a_killed_worker_leaves_one_person(engine: Engine, kill: int) -> None:
    before = len(engine.calls("create_candidate"))
    number = hold_a_create(engine)

    engine.worker(0).kill()
    assert engine.effects("create")[-1].state == EffectState.INTENDED
    engine.worker(0).start()

    engine.wait(lambda: is_whole(engine, number), 60)
    engine.settle()
    expect_one(engine, number, created=before + 1)


def test_an_attachment_that_its_webhook_links_first_is_ours_all_the_same(engine: Engine) -> None:
    """The webhook is planned at once; the killed write waits for its lease to run out."""
    (number,) = engine.people(1)
    engine.arrive([number])
    engine.sandbox.fault("greenhouse", "hold_response", ATTACH, seconds=30)
    engine.add([number], mapping=1)
    engine.wait(lambda: engine.held() == 1)

    engine.worker(0).kill()
    engine.worker(0).start()

    engine.wait(lambda: len(engine.applications(number)) == 2 and not engine.unsettled(), 60)
    engine.settle()
    arrival = Event.objects.filter(kind="write.arrive").latest("pk")
    assert arrival.state == State.DONE, arrival.detail
    assert [effect.state for effect in engine.effects("attach")] == [EffectState.DONE]
    engine.check()


@pytest.mark.parametrize("answer", ["comes after all", "never comes"])
def test_a_frozen_worker_that_wakes_late_changes_nothing(engine: Engine, answer: str) -> None:
    before = len(engine.calls("create_candidate"))
    number = hold_a_create(engine)
    frozen, other = engine.worker(0), engine.worker(1)
    frozen.signal_group(signal.SIGSTOP)
    try:
        other.start()
        engine.wait(lambda: is_whole(engine, number), 60)
        engine.settle()
        other.stop()
        settled = settled_events()
        if answer == "comes after all":
            engine.sandbox.fault("greenhouse", "release", CREATE)
    finally:
        frozen.signal_group(signal.SIGCONT)

    (later,) = engine.people(1)
    engine.arrive([later])
    assert {pk: row for pk, row in settled_events().items() if pk in settled} == settled
    expect_one(engine, number, created=before + 2)


def test_a_merge_that_a_killed_worker_had_sent_is_made_once(engine: Engine) -> None:
    """Rules 18 and 19: the intention is read back, by whether the loser is still there."""
    (number,) = engine.people(1)
    engine.worker(1).stop()
    engine.arrive([number])
    ours = str(engine.candidates(number)[0]["id"])
    twin = engine.sandbox.act("greenhouse", "apply", first_name="Twin", last_name="Record", lag=0)["candidate"]["id"]
    engine.sandbox.fault("greenhouse", "hold_response", MERGE, seconds=30)

    with ThreadPoolExecutor(1) as committing:
        committing.submit(answer_one_person, ours, str(twin)).result()
    engine.wait(lambda: engine.held() == 1)
    engine.worker(0).kill()
    assert engine.effects("merge")[-1].state == EffectState.INTENDED
    engine.worker(0).start()

    engine.wait(lambda: engine.effects("merge")[-1].state == EffectState.DONE, 60)
    engine.settle()
    assert len(engine.calls("merge_candidates")) == 1
    assert Event.objects.get(kind="write.merge").state == State.DONE
    assert [row for row in engine.greenhouse["candidates"] if row["id"] == twin] == []
    assert "Nothing undoes that" in Duplicate.objects.get().said
    engine.check()


def answer_one_person(ours: str, theirs: str) -> None:
    """Ask whether the two are one, and say yes; on a connection of its own, as the test's commits nothing."""
    person = Person.objects.get(remote_id=ours)
    found = [{"id": theirs, "score": 1.0, "components": []}]
    question = Duplicate.objects.create(person=person, found=found, asked_at=clock.now())
    duplicates.say_same(
        duplicate_id=question.pk,
        remote_id=theirs,
        take=(),
        scope=EVERYONE,
        actor=None,
        now=clock.now(),
        keep=ours,
    )
    databases.close_all()


def settled_events() -> dict[int, tuple[object, ...]]:
    """What each settled event came to, and when."""
    rows = Event.objects.exclude(kind__startswith="poll.").filter(settled_at__isnull=False)
    return {row.pk: (row.state, row.reason, row.detail, row.settled_at) for row in rows}
