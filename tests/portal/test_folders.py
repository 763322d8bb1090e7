"""Which folder of an ATS stands for which client is chosen on a page (R6, RULES.md 30)."""

from __future__ import annotations

import pytest
from django.test import Client as Browser

from apps.accounts.rights import Role
from apps.connections.models import Connection
from apps.core import clock
from apps.mappings import choices
from apps.mappings import services as mappings
from apps.mappings.models import ChoiceKind, ClientFolder, Job, Mapping, MappingState
from apps.providers import contract
from apps.sync import services as sync
from apps.sync.models import Stream, StreamName
from tests.portal.factories import World, make_user, make_world
from tests.portal.test_pages import text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    """A Greenhouse whose departments stand for clients, and the world's job in one of them."""
    world = make_world("Birch")
    Connection.objects.filter(pk=world.ats.pk).update(settings={"options": {"client_folder": "department"}})
    listed = [contract.Choice("101", "Birch Ltd"), contract.Choice("102", "Cedar Ltd")]
    choices.store_choices(connection_id=world.ats.pk, kind=ChoiceKind.FOLDER, choices=listed)
    lies_in(world, "101")
    return world


@pytest.fixture
def ops(client: Browser) -> Browser:
    client.force_login(make_user(Role.OPS, all_clients=True))
    return client


def lies_in(world: World, folder: str) -> None:
    job = contract.Job("1", f"Job {world.word}", "", "open", folder=folder)
    mappings.store_jobs(connection_id=world.ats.pk, jobs=[job], stages=[], now=clock.now())


def save(browser: Browser, world: World, **chosen: object) -> str:
    """Choose a client for each folder, by `f<id>`."""
    posted = {"system": world.ats.pk}
    for place, (folder, client) in enumerate(chosen.items()):
        posted |= {f"folder-{place}": folder[1:], f"client-{place}": client}
    return browser.post("/mappings/folders/save/", posted, follow=True).content.decode()


def stands_for() -> dict[str, str]:
    return {one.folder: one.client.name for one in ClientFolder.objects.of_everyone().select_related("client")}


def test_folders_are_shown_by_name_with_their_jobs_and_mappings(ops: Browser, world: World) -> None:
    page = text_of(ops, "/mappings/folders/")

    assert "Birch Ltd 101 1 1 1" in page and "Cedar Ltd 102 0 0 0" in page
    assert Job.objects.get().folder_name == "Birch Ltd"


def test_a_job_of_two_offices_lies_in_both_together(world: World) -> None:
    lies_in(world, "101,102")

    assert Job.objects.get().folder_name == "Birch Ltd and Cedar Ltd"


def test_a_client_is_chosen_for_each_folder_and_taken_back(ops: Browser, world: World) -> None:
    cedar = make_world("Cedar").client

    assert "2 folders changed" in save(ops, world, f101=world.client.pk, f102=cedar.pk)
    assert stands_for() == {"101": "Client Birch", "102": "Client Cedar"}

    assert "1 folder changed" in save(ops, world, f101=world.client.pk, f102="")
    assert stands_for() == {"101": "Client Birch"}


def test_a_folder_that_another_clients_mapping_uses_stays_as_it_is(ops: Browser, world: World) -> None:
    cedar = make_world("Cedar").client

    page = save(ops, world, f101=cedar.pk)

    assert "mappings of Client Birch bring people into it" in page and stands_for() == {}
    Mapping.objects.of_everyone().filter(pk=world.mapping.pk).update(state=MappingState.ENDED)
    save(ops, world, f101=cedar.pk)
    assert stands_for() == {"101": "Client Cedar"}


def test_who_works_for_one_client_sees_its_folders_alone_and_changes_none_rule_30(
    client: Browser, world: World
) -> None:
    ClientFolder.objects.create(connection=world.ats, folder="101", client=world.client)
    client.force_login(make_user(Role.OPS, world.client))

    page = text_of(client, "/mappings/folders/")

    assert "Birch Ltd" in page and "Cedar" not in page and "Save the clients" not in page
    assert "who works for all of them" in save(client, world, f101="")
    assert stands_for() == {"101": "Client Birch"}


def test_a_client_of_the_same_name_is_proposed_and_not_saved(ops: Browser, world: World) -> None:
    choices.store_choices(
        connection_id=world.ats.pk, kind=ChoiceKind.FOLDER, choices=[contract.Choice("103", "client birch")]
    )

    assert "proposed: it has the same name" in text_of(ops, "/mappings/folders/")
    assert stands_for() == {}


def test_what_stands_for_a_client_is_chosen_and_read_again(ops: Browser, world: World) -> None:
    sync.start_reading(connection_id=world.ats.pk, now=clock.now())
    Stream.objects.filter(name=StreamName.JOBS).update(next_at=None, cursor={"choices": clock.now().isoformat()})

    ops.post("/mappings/folders/kind/", {"system": world.ats.pk, "kind": "office"})

    stream = Stream.objects.get(name=StreamName.JOBS)
    assert Connection.objects.get(pk=world.ats.pk).settings["options"] == {"client_folder": "office"}
    assert (stream.cursor, stream.next_at is not None) == ({}, True)
    assert (
        "does not offer that"
        in ops.post(
            "/mappings/folders/kind/", {"system": world.ats.pk, "kind": "country"}, follow=True
        ).content.decode()
    )


@pytest.mark.parametrize("odd", ["?system=x", "?q=%00", "?q=nothing"])
def test_an_odd_address_of_folders_is_no_error(ops: Browser, world: World, odd: str) -> None:
    assert ops.get(f"/mappings/folders/{odd}").status_code == 200
