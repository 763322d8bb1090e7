"""A change of a stage map: what its preview says of each person is what becomes of them (R7, RULES.md 14)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest

from apps.accounts.scope import EVERYONE
from apps.candidates.models import Profile, Transition
from apps.core import clock
from apps.ledger.models import Event
from apps.ledger.states import Reason, State
from apps.mappings import map_services, stage_maps
from apps.mappings.models import JobStage, Mapping, Policy
from apps.mappings.rules import Direction, MapRow
from apps.notifications import services as notifications
from apps.notifications.models import Message
from apps.notifications.services import Place, Wish
from apps.sync import map_runs, remapped
from apps.sync.models import ItemState, MapRun, ReplayState
from apps.sync.reapply import Fate
from apps.sync.remapped import Foretold
from tests.sync import letters as company
from tests.sync.letters import SEAT, Letters, add, application_of, slug, step

pytestmark = pytest.mark.django_db(transaction=True)

PEOPLE = int(os.environ.get("MAP_PEOPLE", "60"))
"""Whom the change of a map concerns; 500 of them take minutes."""


@pytest.fixture
def desk(transactional_db: None) -> Iterator[Letters]:
    with company.opened() as opened:
        yield opened


class Room:
    """A Project with people at all sorts of pairs, and what the systems say of each."""

    def __init__(self, desk: Letters, count: int) -> None:
        self.desk = desk
        self.mapping: Mapping = desk.company.mappings[0]
        self.people = [company.scenario.person(number) for number in range(count)]
        self.profiles = add(desk, self.mapping.project.remote_id, self.people)
        self.until(lambda: Profile.objects.exclude(agreed_ats="").count() == count)
        self.stages = {stage.name: stage.remote_id for stage in self._stages()}
        self.applications = application_of(desk)

    def _stages(self) -> list[JobStage]:
        scope = ["", self.mapping.job.remote_id]
        return list(JobStage.objects.filter(connection=self.mapping.job.connection, scope__in=scope))

    def until(self, reached: Any) -> None:
        for _ in range(200):
            if reached():
                return
            step(self.desk.sandbox)
        raise AssertionError(
            sorted({f"{one.kind} {one.state} {one.detail}" for one in Event.objects.order_by("-pk")[:40]})
        )

    def move_in_linkedin(self, numbers: range, stage: str) -> None:
        for number in numbers:
            self.desk.sandbox.act("linkedin", "move", profile=self.profiles[number], stage=stage, by=SEAT)

    def move_in_ats(self, numbers: range, stage: str) -> None:
        for number in numbers:
            application = self.applications[slug(self.people[number])]
            self.desk.sandbox.act("greenhouse", "move", application_id=application, stage=stage)

    def settle(self) -> None:
        """Until no event is under way: what waits for a row is held."""
        for _ in range(3):
            self.desk.work(70)
            self.until(
                lambda: (
                    not Event.objects.filter(state__in=[State.QUEUED, State.RETRYING])
                    .exclude(kind__startswith="poll")
                    .exists()
                )
            )

    def pairs(self) -> dict[str, tuple[str, str]]:
        """Where both systems say that each profile stands: read there, not here."""
        shown = {row["id"]: row["stage"] for row in self.desk.sandbox.state("linkedin")["profiles"]}
        rows = {row["id"]: row for row in self.desk.sandbox.state("greenhouse")["applications"]}
        found = {}
        for number, profile in enumerate(self.profiles):
            row = rows[self.applications[slug(self.people[number])]]
            found[profile] = (
                shown[profile],
                "!rejected" if row["status"] == "rejected" else str(row["job_interview_stage_id"]),
            )
        return found

    def tell_somebody(self) -> None:
        """A rule that every stage of either side would set off."""
        wish = Wish(
            name="Everything",
            stages=(*self.stages, *self.mapping.project.stages, "Rejected"),
            client_id=self.mapping.client_id,
            places=(Place(kind="address", where="boss@people.example"),),
        )
        notifications.save_rule(scope=EVERYONE, wish=wish, now=clock.now())

    def run(self, run: MapRun) -> None:
        assert map_runs.start(run_id=run.pk, now=clock.now())
        self.until(lambda: MapRun.objects.filter(pk=run.pk, state=ReplayState.FINISHED).exists())

    def save(self, rows: list[MapRow]) -> None:
        opened = stage_maps.open_map(scope=EVERYONE, map_id=self.mapping.stage_map_id)
        map_services.save_rows(
            map_id=opened.id, rows=tuple(rows), author=None, reason="So", after=opened.number, now=clock.now()
        )


def after(pair: tuple[str, str], foretold: Foretold) -> tuple[str, str]:
    """Where the preview says that somebody will stand."""
    linkedin, ats = pair
    if foretold.fate == Fate.LINKEDIN:
        return foretold.value, ats
    return (linkedin, foretold.value) if foretold.fate == Fate.ATS else pair


def test_the_preview_of_a_change_is_what_saving_and_applying_it_do_row_by_row_rule_14(desk: Letters) -> None:
    room = Room(desk, PEOPLE)
    fifth = PEOPLE // 5
    room.save(first_rows(room))
    room.move_in_linkedin(range(fifth, 2 * fifth), "In Progress")
    room.move_in_ats(range(2 * fifth, 3 * fifth), "Onsite")
    room.move_in_linkedin(range(3 * fifth, 3 * fifth + 10), "Replied")
    room.move_in_ats(range(4 * fifth, 4 * fifth + 10), "Offer")
    room.settle()
    room.tell_somebody()
    before, moves = room.pairs(), Transition.objects.count()
    rows = changed_rows(room)

    preview = {
        Profile.objects.get(pk=one.profile_id).remote_id: one
        for one in remapped.foretell(map_id=room.mapping.stage_map_id, rows=rows)
    }
    assert room.pairs() == before, "a preview moves nobody"
    room.save(rows)
    run = map_runs.open_run(map_id=room.mapping.stage_map_id, by=None, now=clock.now())
    room.run(run)
    room.settle()

    assert set(preview) == set(before)
    assert {one.fate for one in preview.values()} >= {Fate.STAYS, Fate.LINKEDIN, Fate.ATS, Fate.NO_ROW}
    expected = {profile: after(pair, preview[profile]) for profile, pair in before.items()}
    assert room.pairs() == expected
    moved = sum(expected[profile] != pair for profile, pair in before.items())
    assert moved >= fifth
    freed = [one.candidacy_id for one in preview.values() if one.freed]
    told_of = Message.objects.of_everyone().filter(about="Everything").values_list("candidacy", flat=True)
    assert sorted(told_of) == sorted(freed), "whoever was held had moved and is told of; nobody else"
    assert Transition.objects.count() == moves + len(freed)
    assert set(run.items.values_list("state", flat=True)) <= {ItemState.DONE, ItemState.NOTHING}
    of_run = Event.objects.filter(kind="remap.person")
    assert {event.plan.get("map_version") for event in of_run} == {run.version_id}
    print(f"stage map preview: {len(preview)} people, {moved} moved, 0 differ, 0 told")


def first_rows(room: Room) -> list[MapRow]:
    """A coarse map, in which Replied has no row."""
    coarse = [MapRow("In Progress", room.stages[name]) for name in ("Phone Screen", "Onsite", "Offer")]
    return [MapRow("Contacted", room.stages["Application Review"]), *coarse, MapRow("Hired", "!hired")]


def changed_rows(room: Room) -> list[MapRow]:
    """In Progress and Replied get stages of their own, Offer loses its row, and Onsite shows as Replied."""
    stages = room.stages
    return [
        MapRow("Contacted", stages["Application Review"]),
        MapRow("In Progress", stages["Phone Screen"]),
        MapRow("Replied", stages["Onsite"]),
        MapRow("Hired", "!hired", Direction.TO_LINKEDIN),
        MapRow("Archived", "!rejected", Direction.TO_LINKEDIN),
    ]


def test_where_linkedin_wins_the_ats_is_brought_to_it_and_nobody_goes_back_rule_10(desk: Letters) -> None:
    room = Room(desk, 12)
    Mapping.objects.of_everyone().filter(pk=room.mapping.pk).update(policy=Policy.LINKEDIN)
    room.move_in_linkedin(range(6), "In Progress")
    room.settle()
    before = room.pairs()
    stages = room.stages
    rows = [MapRow("Contacted", stages["Phone Screen"]), MapRow("In Progress", stages["Application Review"])]

    room.save(rows)
    run = map_runs.open_run(map_id=room.mapping.stage_map_id, by=None, now=clock.now())
    room.run(run)
    room.settle()

    expected = {
        profile: ("Contacted", stages["Phone Screen"]) if pair[0] == "Contacted" else pair
        for profile, pair in before.items()
    }
    assert room.pairs() == expected
    fates = list(run.items.values_list("fate", flat=True))
    assert (fates.count(Fate.ATS), fates.count(Fate.REFUSED)) == (6, 6)


def test_who_moves_between_preview_and_run_is_left_alone_and_says_so(desk: Letters) -> None:
    room = Room(desk, 8)
    room.settle()
    rows = [MapRow("Replied", room.stages["Application Review"]), MapRow("Contacted", room.stages["Phone Screen"])]
    room.save(rows)
    run = map_runs.open_run(map_id=room.mapping.stage_map_id, by=None, now=clock.now())
    room.move_in_ats(range(3), "Phone Screen")
    room.settle()

    room.run(run)
    room.settle()

    states = list(run.items.values_list("state", flat=True))
    assert (states.count(ItemState.STOPPED), states.count(ItemState.DONE)) == (3, 5)
    stopped = Event.objects.filter(kind="remap.person", state=State.SKIPPED, reason=Reason.STALE)
    assert stopped.count() == 3
    assert [pair for pair in room.pairs().values()][:3] == [("Contacted", room.stages["Phone Screen"])] * 3


def test_a_run_of_a_version_that_is_no_more_in_force_moves_nobody(desk: Letters) -> None:
    room = Room(desk, 4)
    room.settle()
    before = room.pairs()
    room.save([MapRow("Replied", room.stages["Application Review"])])
    run = map_runs.open_run(map_id=room.mapping.stage_map_id, by=None, now=clock.now())
    room.save([MapRow("Contacted", room.stages["Application Review"])])

    room.run(run)
    room.settle()

    assert set(run.items.values_list("state", flat=True)) == {ItemState.STOPPED}
    assert room.pairs() == before


def test_a_run_that_was_stopped_releases_nobody_and_goes_on(desk: Letters) -> None:
    room = Room(desk, 4)
    room.settle()
    room.save([MapRow("Replied", room.stages["Application Review"])])
    run = map_runs.open_run(map_id=room.mapping.stage_map_id, by=None, now=clock.now())
    assert map_runs.cancel(run_id=run.pk, now=clock.now())
    room.settle()
    assert set(run.items.values_list("state", flat=True)) == {ItemState.PLANNED}

    room.run(run)

    assert set(run.items.values_list("state", flat=True)) == {ItemState.DONE}
