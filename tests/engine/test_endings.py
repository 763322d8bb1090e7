"""How a candidacy ends, and who may start it again (RULES.md 16, 22)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from apps.candidates.models import Candidacy, Person, PersonState
from apps.ledger.models import Event
from apps.ledger.states import Reason, State
from tests.engine.conftest import ADDED_BY, AppClock, Engine, running_engine

pytestmark = pytest.mark.django_db

DATA, DESIGN = 0, 1


@pytest.fixture(scope="module")
def engine(engine_database: None, app_clock: AppClock) -> Iterator[Engine]:
    with running_engine(names=["Data Engineer", "Product Designer"]) as running:
        yield running


def person_of(engine: Engine, number: int) -> Person:
    return Person.objects.get(remote_id=str(engine.candidates(number)[0]["id"]))


def test_someone_deleted_in_greenhouse_does_not_come_back(engine: Engine, app_clock: AppClock) -> None:
    (number,) = engine.people(1)
    (profile,) = engine.arrive([number])
    person = person_of(engine, number)
    engine.sandbox.act("greenhouse", "delete", candidate_id=int(person.remote_id))

    def deletion() -> Event | None:
        return Event.objects.filter(kind="hook.deleted").order_by("-pk").first()

    engine.wait(lambda: (found := deletion()) is not None and found.state == State.HELD)
    assert deletion().reason == Reason.UNCERTAIN
    app_clock.skip(timedelta(minutes=11))
    engine.wait(lambda: Person.objects.get(pk=person.pk).state == PersonState.DELETED)

    engine.move_in_linkedin(profile, "Replied")
    engine.add([number], mapping=DESIGN)
    engine.wait(lambda: Event.objects.filter(reason=Reason.PERSON, state=State.HELD).exists())
    engine.settle()

    assert engine.candidates(number) == []
    moved = Event.objects.filter(kind="row.profile", payload__id=profile, payload__stage="Replied").get()
    assert (moved.state, moved.reason) == (State.SKIPPED, Reason.ENDED)
    asked = Event.objects.get(reason=Reason.PERSON, state=State.HELD)
    assert "deleted" in asked.detail
    engine.check()


def test_a_move_while_a_deletion_is_still_uncertain_ends_with_it(engine: Engine, app_clock: AppClock) -> None:
    (number,) = engine.people(1)
    (profile,) = engine.arrive([number])
    person = person_of(engine, number)
    engine.sandbox.act("greenhouse", "delete", candidate_id=int(person.remote_id))
    engine.wait(lambda: Event.objects.filter(kind="hook.deleted", state=State.HELD).exists())

    engine.move_in_linkedin(profile, "In Progress")
    engine.wait(lambda: Event.objects.filter(kind="hook.refresh", state=State.HELD).exists())
    app_clock.skip(timedelta(minutes=11))
    engine.wait(lambda: Person.objects.get(pk=person.pk).state == PersonState.DELETED)
    engine.settle()

    assert engine.candidates(number) == []
    engine.check()


@pytest.mark.parametrize("survivor", ["who has the job too", "who is in no job", "told late"])
def test_someone_merged_in_greenhouse_is_followed(engine: Engine, survivor: str) -> None:
    (number,) = engine.people(1)
    (profile,) = engine.arrive([number])
    loser = engine.candidates(number)[0]
    name = {"first_name": loser["first_name"], "last_name": loser["last_name"], "email": f"{number}@mail.test"}
    if survivor != "who is in no job":
        job = int(engine.company.mappings[DATA].job.remote_id)
        kept = engine.sandbox.act("greenhouse", "apply", **name, job_id=job)["candidate"]
    else:
        kept = engine.sandbox.act("greenhouse", "create_candidate", **name)["candidate"]
    engine.settle()

    if survivor == "told late":
        engine.sandbox.fault("greenhouse", "reorder", "merge_candidate", seconds=2)
    engine.sandbox.act("greenhouse", "merge", candidate_id=kept["id"], secondary_candidate_id=loser["id"])
    engine.wait(lambda: Person.objects.filter(remote_id=str(kept["id"]), state=PersonState.ACTIVE).exists())
    engine.settle()
    engine.move_in_linkedin(profile, "In Progress")
    engine.wait(lambda: "Phone Screen" in stages_of(engine, kept["id"]))
    engine.settle()

    assert [row["id"] for row in engine.candidates(number)] in ([kept["id"]], [])
    assert Person.objects.get(remote_id=str(loser["id"])).state == PersonState.MERGED
    followed = Candidacy.objects.of_everyone().get(person__remote_id=str(kept["id"]))
    assert [row.remote_id for row in followed.profiles.all()] == [profile]
    engine.check()


def stages_of(engine: Engine, candidate: int) -> list[str]:
    rows = [row for row in engine.greenhouse["applications"] if row["candidate_id"] == candidate]
    return [row["stage_name"] for row in rows if row["status"] == "in_process"]


def test_someone_rejected_and_unrejected_goes_on(engine: Engine) -> None:
    (number,) = engine.people(1)
    (profile,) = engine.arrive([number])
    application = engine.applications(number)[0]["id"]

    engine.sandbox.act("greenhouse", "reject", application_id=application)
    engine.wait(lambda: engine.linkedin_stage(profile) == "Archived")
    engine.settle()
    engine.sandbox.act("greenhouse", "unreject", application_id=application)
    engine.wait(lambda: engine.linkedin_stage(profile) != "Archived")
    engine.settle()
    engine.sandbox.act("greenhouse", "move", application_id=application, stage="Onsite")
    engine.wait(lambda: engine.linkedin_stage(profile) == "In Progress")
    engine.settle()

    assert engine.applications(number)[0]["stage_name"] == "Onsite"
    assert len(engine.applications(number)) == 1
    engine.check()


def test_someone_taken_out_and_added_again_goes_on(engine: Engine) -> None:
    (number,) = engine.people(1)
    (profile,) = engine.arrive([number])
    candidacy = Candidacy.objects.of_everyone().get(person=person_of(engine, number))

    engine.sandbox.act("linkedin", "remove", profile=profile, by=ADDED_BY)
    engine.wait(lambda: Candidacy.objects.of_everyone().get(pk=candidacy.pk).ended_because == "left")
    engine.settle()
    assert engine.applications(number)[0]["status"] == "in_process", "leaving a Project rejects nobody"
    (again,) = engine.add([number])
    engine.wait(lambda: Candidacy.objects.of_everyone().get(pk=candidacy.pk).state == "open")
    engine.settle()
    engine.move_in_linkedin(again, "In Progress")
    engine.wait(lambda: engine.applications(number)[0]["stage_name"] == "Phone Screen")
    engine.settle()

    assert len(engine.applications(number)) == 1
    assert Candidacy.objects.of_everyone().get(pk=candidacy.pk).generation == candidacy.generation + 1
    engine.check()
