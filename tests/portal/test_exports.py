"""What pages say of people who come by exports (export mode)."""

from __future__ import annotations

import html

import pytest
from django.test import Client as Browser

from apps.accounts.rights import Role
from apps.candidates.models import Profile
from apps.connections.models import Connection
from apps.core import clock
from apps.providers import registry
from tests.portal.factories import World, make_pilot, make_user, make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(client: Browser) -> World:
    made = make_world("Birch")
    Connection.objects.filter(pk=made.linkedin.pk).update(access_mode="export")
    Profile.objects.update(observed="")
    client.force_login(make_user(Role.OPS, made.client))
    return made


def cannot() -> tuple[str, ...]:
    way = registry.get("linkedin").mode_of("export")
    assert way is not None and way.cannot
    return way.cannot


def text_of(client: Browser, path: str) -> str:
    return html.unescape(client.get(path).content.decode())


def test_a_mapping_and_its_pilot_say_what_this_way_cannot_do(client: Browser, world: World) -> None:
    pilot = make_pilot(world)

    for path in (f"/mappings/{world.mapping.pk}/", f"/pilots/{pilot.pk}/"):
        page = text_of(client, path)
        assert [one for one in cannot() if one not in page] == []
    assert "None is needed: LinkedIn shows the stages as" in text_of(client, f"/mappings/{world.mapping.pk}/")


def test_somebody_who_was_exported_has_no_stage_in_linkedin_and_is_in_step(client: Browser, world: World) -> None:
    page = text_of(client, f"/candidates/{world.person.pk}/")

    assert "no stage of its own" in page and "LinkedIn is told" in page
    assert "Being brought in step" not in page


def test_who_is_read_by_projects_is_told_none_of_it(client: Browser, world: World) -> None:
    Connection.objects.filter(pk=world.linkedin.pk).update(access_mode="", created_at=clock.now())

    assert cannot()[0] not in text_of(client, f"/mappings/{world.mapping.pk}/")
