"""What was held in the moment its reason went away is not held for ever (invariant 2)."""

from __future__ import annotations

import pytest

from apps.core import clock
from apps.ledger.models import Event
from apps.ledger.states import State
from apps.mappings.models import Job, Mapping, MappingState, StageMapVersion
from apps.sync import holds
from apps.sync.models import Stream, StreamName
from tests.sync.conftest import ADA, Desk

pytestmark = pytest.mark.django_db(transaction=True)


def held() -> list[str]:
    return [event.hold_key.partition(":")[0] for event in Event.objects.filter(state=State.HELD)]


def test_a_row_that_read_its_mapping_as_paused_goes_on_once_the_mapping_does(desk: Desk) -> None:
    mapping = Mapping.objects.of_everyone().filter(pk=desk.company.mappings[0].pk)
    mapping.update(state=MappingState.PAUSED)
    desk.add(ADA)
    desk.work(120)
    assert held() == ["mapping"]
    assert holds.release_overtaken(now=clock.now()) == 0

    mapping.update(state=MappingState.LIVE)
    released = holds.release_overtaken(now=clock.now())
    desk.work(120)

    assert (released, len(desk.applications()), held()) == (1, 1, [])


def test_a_halted_one_waits_until_a_person_agrees(desk: Desk) -> None:
    mapping = Mapping.objects.of_everyone().filter(pk=desk.company.mappings[0].pk)
    mapping.update(halted_at=clock.now())
    desk.add(ADA)
    desk.work(120)

    assert (held(), holds.release_overtaken(now=clock.now())) == (["mapping"], 0)


def test_somebody_who_waits_for_a_job_to_open_goes_on_when_it_is_open(desk: Desk) -> None:
    job = Job.objects.filter(pk=desk.company.mappings[0].job_id)
    job.update(status="closed")
    desk.add(ADA)
    desk.work(60)
    waited = held(), holds.release_overtaken(now=clock.now())

    job.update(status="open")
    released = holds.release_overtaken(now=clock.now())
    desk.work(120)

    assert waited == (["job"], 0)
    assert (released, len(desk.applications()), held()) == (1, 1, [])


def test_somebody_who_waits_for_the_index_goes_on_when_it_was_read(desk: Desk) -> None:
    people = Stream.objects.filter(connection=desk.company.ats, name=StreamName.PEOPLE)
    complete_at = people.get().complete_at
    people.update(complete_at=None, next_at=None)
    desk.add(ADA)
    desk.work(60)
    waited = held(), holds.release_overtaken(now=clock.now())

    people.update(complete_at=complete_at)
    released = holds.release_overtaken(now=clock.now())
    desk.work(120)

    assert waited == (["index"], 0)
    assert (released, len(desk.applications()), held()) == (1, 1, [])


def test_a_move_that_waits_for_a_row_goes_on_when_the_map_was_saved_with_one(desk: Desk) -> None:
    profile = desk.add(ADA)
    desk.work(120)
    version = desk.company.mappings[0].stage_map.versions.get()
    whole = version.rows
    version.rows = [row for row in whole if row["linkedin"] != "In Progress"]
    version.save()
    desk.sandbox.act("linkedin", "move", profile=profile, stage="In Progress", by="urn:li:seat:52")
    desk.work(60)
    waited = held(), holds.release_overtaken(now=clock.now())

    StageMapVersion.objects.create(
        stage_map=version.stage_map, number=version.number + 1, rows=whole, created_at=clock.now()
    )
    released = holds.release_overtaken(now=clock.now())
    desk.work(120)

    assert waited == (["map"], 0)
    assert (released, held()) == (1, [])


def test_the_sweep_looks_every_ten_seconds_and_not_more_often(desk: Desk) -> None:
    mapping = Mapping.objects.of_everyone().filter(pk=desk.company.mappings[0].pk)
    mapping.update(state=MappingState.PAUSED)
    desk.add(ADA)
    desk.work(120)
    mapping.update(state=MappingState.LIVE)
    holds.sweep(clock.now())

    mapping.update(state=MappingState.PAUSED)
    desk.work(60)
    mapping.update(state=MappingState.LIVE)
    holds.sweep(clock.now())

    assert held() == ["mapping"]
