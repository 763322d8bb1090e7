"""Suggestions become drafts; mappings change their state, owner and lead (R6, RULES 15, 29, 30)."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import Client
from apps.accounts.scope import EVERYONE, of_clients
from apps.core import clock
from apps.mappings import accepting, bulk, lifecycle, naming, suggestions
from apps.mappings.models import ClientFolder, Job, JobStage, Mapping, MappingState, Project, Seat, SeatUser, StageMap
from apps.sync import going_live
from tests.portal.factories import World, make_version, make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return make_world("Birch")


def a_pair(world: World, number: int = 1, **job: str) -> tuple[int, int]:
    now = clock.now()
    project = Project.objects.create(
        connection=world.linkedin,
        remote_id=f"np{number}",
        name=f"REQ-{700 + number} Glass Blower",
        stages=["Contacted", "Hired"],
        seen_at=now,
    )
    values = {"name": "Glass Blower", "requisition": f"REQ-{700 + number}", "status": "open", **job}
    made = Job.objects.create(connection=world.ats, remote_id=f"nj{number}", seen_at=now, **values)
    JobStage.objects.create(connection=world.ats, scope=made.remote_id, remote_id=f"st{number}", name="contacted")
    return project.pk, made.pk


def accept(pair: tuple[int, int], client: Client | None = None, scope: object = EVERYONE) -> list[str]:
    """Accept one; what kept it from becoming a draft, if anything did."""
    given = client.pk if client else None
    looked = accepting.look_at(pairs=[pair], client_id=given, scope=scope)
    accepting.accept(pairs=[pair], client_id=given, scope=scope, author=None, now=clock.now())
    return [one.why_not for one in looked if one.why_not]


def test_a_suggestion_becomes_a_draft_with_rows_of_the_jobs_own_stages(world: World) -> None:
    assert accept(a_pair(world)) == []

    made = Mapping.objects.of_everyone().get(project__remote_id="np1")
    rows = made.stage_map.versions.get().rows
    assert (made.state, made.leading, made.client_id) == (MappingState.DRAFT, True, world.client.pk)
    assert [(row["linkedin"], row["ats"], row["direction"]) for row in rows] == [
        ("Contacted", "st1", "both"),
        ("Hired", "!hired", "to_linkedin"),
    ]


def test_a_default_map_is_shared_by_what_is_accepted(world: World) -> None:
    default = StageMap.objects.create(connection=world.ats, name="Usual", default=True)

    accept(a_pair(world))

    assert Mapping.objects.of_everyone().get(project__remote_id="np1").stage_map == default


def test_a_second_job_of_a_project_does_not_lead_rule_15(world: World) -> None:
    project, job = a_pair(world)
    _, other = a_pair(world, 2)
    pairs = [(project, job), (project, other)]

    accepting.accept(pairs=pairs, client_id=None, scope=EVERYONE, author=None, now=clock.now())

    made = Mapping.objects.of_everyone().filter(project=project).order_by("job")
    assert [one.leading for one in made] == [True, False]
    assert bulk.make_leading(scope=EVERYONE, mapping_id=made[1].pk) == "Glass Blower"
    assert [one.leading for one in made.all()] == [False, True]


def test_what_cannot_be_mapped_says_why(world: World) -> None:
    pair = a_pair(world)
    accept(pair)
    assert accept(pair) == ["These two are mapped already."]
    assert "is filled" in accept(a_pair(world, 2, status="filled"))[0]

    cedar = make_world("Cedar")
    unsaid = a_pair(world, 3)
    assert accept(unsaid) == ["Nothing says for which client; choose one."]
    ClientFolder.objects.create(connection=world.ats, folder="9", client=cedar.client)
    assert accept(a_pair(world, 5), cedar.client) == ["The job lies in a folder that stands for no client."]


def test_of_another_clients_job_not_even_a_name_is_told_rule_30(world: World) -> None:
    cedar = make_world("Cedar")
    own, theirs = a_pair(world, 1, folder="8"), a_pair(world, 2, folder="9")
    ClientFolder.objects.create(connection=world.ats, folder="8", client=world.client)
    ClientFolder.objects.create(connection=world.ats, folder="9", client=cedar.client)
    nobodys = a_pair(world, 3)
    crossed = (theirs[0], own[1])

    looked = accepting.look_at(
        pairs=[own, theirs, nobodys, crossed], client_id=cedar.client.pk, scope=of_clients(world.client.pk)
    )

    assert [(one.project.remote_id, one.job.remote_id) for one in looked] == [("np1", "nj1")]


def test_projects_are_offered_to_who_may_see_the_jobs_client_rule_30(world: World) -> None:
    cedar = make_world("Cedar")
    ClientFolder.objects.create(connection=world.ats, folder="9", client=cedar.client)
    a_pair(world, 1, folder="9")

    def offered(scope: object) -> list[str]:
        return [one.name for one in suggestions.list_suggestions(scope=scope) if one.offers]

    assert offered(EVERYONE) == offered(of_clients(cedar.client.pk)) == ["REQ-701 Glass Blower"]
    assert suggestions.list_suggestions(scope=of_clients(world.client.pk)) == ()


def test_a_recruiters_mappings_are_handed_over_in_their_own_ats_only(world: World) -> None:
    seat = Seat.objects.create(connection=world.linkedin, remote_id="s", name="Grace")
    SeatUser.objects.create(seat=seat, connection=world.ats, remote_id="u7")
    cedar = make_world("Cedar")
    (grace,) = bulk.list_owners(scope=EVERYONE)

    done = bulk.reassign(scope=EVERYONE, ids=[world.mapping.pk, cedar.mapping.pk], owner=grace)

    assert done == 1
    assert Mapping.objects.of_everyone().get(pk=world.mapping.pk).default_owner == "u7"
    assert bulk.reassign(scope=of_clients(cedar.client.pk), ids=[world.mapping.pk], owner=grace) == 0


def test_many_are_taken_together_in_as_many_statements_as_one_and_the_others_say_why(world: World) -> None:
    worlds = [world, *(make_world(f"More{letter}") for letter in "ABC")]
    for one in worlds[:3]:
        make_version(one)
    Mapping.objects.of_everyone().update(state=MappingState.SHADOW)
    ids = [one.mapping.pk for one in worlds]

    def take(some: list[object], state: str) -> tuple[object, int]:
        with CaptureQueriesContext(connection) as made:
            taken = going_live.take_all(ids=some, state=state, scope=EVERYONE, now=clock.now())
        return taken, len(made)

    taken, _ = take(ids, "live")
    _, few = take(ids[:1], "paused")
    _, many = take(ids[1:3], "paused")

    assert (taken.done, taken.refused) == (
        3,
        ("Project MoreC: Its stage map has no row, so nothing could be moved. Fill the map first.",),
    )
    assert few == many
    states = dict(Mapping.objects.of_everyone().values_list("pk", "state"))
    assert [states[one] for one in ids] == ["paused"] * 3 + ["shadow"]
    assert Mapping.objects.of_everyone().filter(begins_at=None).get().pk == ids[3], "who was there stays out"


def test_many_are_taken_within_the_scope_alone_rule_30(world: World) -> None:
    cedar = make_world("Cedar")
    ids = [world.mapping.pk, cedar.mapping.pk]

    taken = going_live.take_all(ids=ids, state="paused", scope=of_clients(world.client.pk), now=clock.now())

    assert taken.done == 1
    assert Mapping.objects.of_everyone().get(pk=cedar.mapping.pk).state == MappingState.LIVE


@pytest.mark.parametrize("pattern", ["{nobody} {title}", "{client}", "{title} {title}"])
def test_a_pattern_that_tells_nothing_is_refused(pattern: str) -> None:
    with pytest.raises(naming.BadPattern):
        accepting.save_patterns(patterns=[pattern])


def test_agreed_patterns_say_what_a_name_should_be(world: World) -> None:
    accepting.save_patterns(patterns=["{client}: {title}", "{requisition} {title}"])

    assert naming.follows("Cedar: Glass Blower", suggestions.list_patterns())
    assert suggestions.list_unnamed(scope=EVERYONE) == (("Project Birch", "Client Birch: Job Birch"),)


def test_only_what_was_never_live_asks_about_those_who_are_there_rule_29() -> None:
    asks = {(now, to) for now in lifecycle.NEXT for to in lifecycle.NEXT[now] if lifecycle.asks_about_earlier(now, to)}

    assert asks == {("draft", "live"), ("draft", "pilot"), ("shadow", "live"), ("shadow", "pilot")}
    assert not lifecycle.may_become("ended", "live")
