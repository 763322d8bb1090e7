"""Each kind of remote write, with its answer lost (RULES.md 17-19): the same end state, nothing twice.

`lose_response` commits and drops the connection; `5xx` fails with or without having committed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from apps.demo import scenario
from apps.ledger.states import EffectState
from tests.engine.conftest import Engine, running_engine

pytestmark = pytest.mark.django_db

WRITES = ("create", "attach", "update", "move", "reject", "reopen", "hire", "stages")
LOSSES = {
    "the first answer lost": ("lose_response", {"times": 1}),
    "the first two answers lost": ("lose_response", {"times": 2}),
    "done, answered 503": ("5xx", {"times": 1, "after": True}),
    "not done, answered 503": ("5xx", {"times": 2}),
}
REQUEST = {
    "create": "POST /greenhouse/v3/candidates$",
    "attach": "POST /greenhouse/v3/applications$",
    "update": "PATCH /greenhouse/v3/candidates/[0-9]+$",
    "move": "applications/[0-9]+/move$",
    "reject": "applications/[0-9]+/reject$",
    "reopen": "applications/[0-9]+/unreject$",
    "hire": "applications/[0-9]+/hire$",
    "stages": "POST /linkedin/v2/rscsProfiles",
}


@pytest.fixture(scope="module")
def engine(engine_database: None) -> Iterator[Engine]:
    jobs = [f"Job {number}" for number in range(1 + len(LOSSES))]
    with running_engine(names=jobs) as running:
        yield running


def create(engine: Engine, spoil: Callable[[], None], mapping: int) -> None:
    people = engine.people(2)
    spoil()
    engine.arrive(people)
    assert [len(engine.candidates(number)) for number in people] == [1, 1]
    assert [len(engine.applications(number)) for number in people] == [1, 1]


def attach(engine: Engine, spoil: Callable[[], None], mapping: int) -> None:
    people = engine.people(2)
    engine.arrive(people)
    spoil()
    engine.add(people, mapping=mapping)
    engine.wait(lambda: all(len(engine.applications(number)) == 2 for number in people))
    engine.settle()
    assert [len(engine.candidates(number)) for number in people] == [1, 1]
    assert [len(engine.applications(number)) for number in people] == [2, 2]


def update(engine: Engine, spoil: Callable[[], None], mapping: int) -> None:
    """Two people whom Greenhouse knows already, one with a company of her own."""
    people = engine.people(2)
    for number, company in zip(people, (None, "Tailspin"), strict=True):
        known = scenario.person(number)
        name = {"first_name": known["first"], "last_name": known["last"], "company": company}
        engine.sandbox.act("greenhouse", "create_candidate", **name, linkedin_url=known["url"])
    engine.settle()
    spoil()
    engine.arrive(people)
    engine.wait(lambda: all(engine.candidates(number)[0]["title"] == "Engineer" for number in people))
    engine.settle()
    assert [engine.candidates(number)[0]["company"] for number in people] == ["Contoso", "Tailspin"]
    assert [len(engine.candidates(number)) for number in people] == [1, 1]


def move(engine: Engine, spoil: Callable[[], None], mapping: int) -> None:
    _linkedin_moves(engine, spoil, to="In Progress", then=lambda row: row["stage_name"] == "Phone Screen")


def reject(engine: Engine, spoil: Callable[[], None], mapping: int) -> None:
    _linkedin_moves(engine, spoil, to="Archived", then=lambda row: row["status"] == "rejected")


def reopen(engine: Engine, spoil: Callable[[], None], mapping: int) -> None:
    people = engine.people(2)
    profiles = engine.arrive(people)
    for number in people:
        engine.sandbox.act("greenhouse", "reject", application_id=engine.applications(number)[0]["id"])
    engine.wait(lambda: all(engine.linkedin_stage(profile) == "Archived" for profile in profiles))
    engine.settle()
    spoil()
    for profile in profiles:
        engine.move_in_linkedin(profile, "In Progress")
    engine.wait(lambda: all(_stands_at(engine, number, "Phone Screen") for number in people))
    engine.settle()
    assert all(_stands_at(engine, number, "Phone Screen") for number in people)


def hire(engine: Engine, spoil: Callable[[], None], mapping: int) -> None:
    """One person a job: a hire needs exactly one open opening."""
    (number,) = engine.people(1)
    (profile,) = engine.arrive([number], mapping=mapping)
    spoil()
    engine.move_in_linkedin(profile, "Hired")
    engine.wait(lambda: engine.applications(number)[0]["status"] == "hired")
    engine.settle()


def stages(engine: Engine, spoil: Callable[[], None], mapping: int) -> None:
    people = engine.people(2)
    profiles = engine.arrive(people)
    spoil()
    for number in people:
        engine.sandbox.act(
            "greenhouse", "move", application_id=engine.applications(number)[0]["id"], stage="Phone Screen"
        )
    engine.wait(lambda: all(engine.linkedin_stage(profile) == "In Progress" for profile in profiles))
    engine.settle()
    assert all(_stands_at(engine, number, "Phone Screen") for number in people)


def _linkedin_moves(
    engine: Engine, spoil: Callable[[], None], *, to: str, then: Callable[[dict[str, object]], bool]
) -> None:
    people = engine.people(2)
    profiles = engine.arrive(people)
    spoil()
    for profile in profiles:
        engine.move_in_linkedin(profile, to)
    engine.wait(lambda: all(then(engine.applications(number)[0]) for number in people))
    engine.settle()
    assert all(then(engine.applications(number)[0]) for number in people)
    assert [engine.linkedin_stage(profile) for profile in profiles] == [to, to]


def _stands_at(engine: Engine, number: int, stage: str) -> bool:
    row = engine.applications(number)[0]
    return row["status"] == "in_process" and row["stage_name"] == stage


ACTS = {
    "create": create,
    "attach": attach,
    "update": update,
    "move": move,
    "reject": reject,
    "reopen": reopen,
    "hire": hire,
    "stages": stages,
}


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("write", WRITES)
def test_a_lost_answer_changes_nothing_in_the_end(engine: Engine, write: str, loss: str) -> None:
    kind, how = LOSSES[loss]
    system = "linkedin" if write == "stages" else "greenhouse"
    before = len(engine.sandbox.calls(system))

    def spoil() -> None:
        engine.sandbox.fault(system, kind, REQUEST[write], **how)

    try:
        ACTS[write](engine, spoil, 1 + list(LOSSES).index(loss))
    finally:
        engine.sandbox.clear_faults(system)

    spoilt = [call["path"] for call in engine.sandbox.calls(system)[before:] if call["fault"]]
    print(write, loss, spoilt)
    assert 1 <= len(spoilt) <= how["times"]
    engine.check()
    if write != "stages":
        assert {effect.state for effect in engine.effects(write)} <= {EffectState.DONE, EffectState.FAILED}
