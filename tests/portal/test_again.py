"""What waits for a person is let go on from its page, and the navigation says how much is to decide."""

from __future__ import annotations

import pytest
from django.test import Client as Browser
from django.urls import reverse

from apps.accounts.rights import Role
from apps.core import clock
from tests.portal.factories import make_event, make_user, make_world

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("reason", ["duplicate", "person"])
def test_a_recruiter_lets_go_on_what_was_held_for_a_person(client: Browser, reason: str) -> None:
    world = make_world("Birch")
    event = make_event([world.client], person=world.person, state="held", reason=reason, settled_at=None)
    user = make_user(Role.RECRUITER, world.client)
    client.force_login(user)
    address = reverse("portal:plan_again", args=[event.pk])
    shown = client.get(reverse("portal:event", args=[event.pk])).content.decode()

    answer = client.post(address, follow=True).content.decode()
    again = client.post(address, follow=True).content.decode()

    event.refresh_from_db()
    assert address in shown
    assert (event.state, event.reason) == ("queued", "")
    assert "Planned again in a moment" in answer
    assert "does not wait for a person any more" in again
    assert answer.count(f"{user} let it go on.") == again.count(f"{user} let it go on.") == 1


@pytest.mark.parametrize(
    ("state", "reason"), [("held", "conflict"), ("held", "halt"), ("done", ""), ("skipped", "echo")]
)
def test_what_waits_for_something_else_is_not_let_go_on_there(client: Browser, state: str, reason: str) -> None:
    world = make_world("Birch")
    event = make_event([world.client], person=world.person, state=state, reason=reason)
    client.force_login(make_user(Role.ADMIN))
    address = reverse("portal:plan_again", args=[event.pk])

    shown = client.get(reverse("portal:event", args=[event.pk])).content.decode()
    client.post(address)

    event.refresh_from_db()
    assert address not in shown
    assert (event.state, event.reason) == (state, reason)


def test_a_viewer_sees_no_such_button(client: Browser) -> None:
    world = make_world("Birch")
    event = make_event([world.client], person=world.person, state="held", reason="person", settled_at=None)
    client.force_login(make_user(Role.VIEWER, world.client))

    shown = client.get(reverse("portal:event", args=[event.pk])).content.decode()

    assert "plan again" not in shown


def test_the_navigation_counts_open_conflicts_and_halted_mappings_of_ones_own_clients(client: Browser) -> None:
    own, other = make_world("Birch"), make_world("Cedar")
    for world in (own, other):
        world.candidacy.conflict = "Both sides changed."
        world.candidacy.save()
    own.mapping.halted_at = clock.now()
    own.mapping.save()
    client.force_login(make_user(Role.VIEWER, own.client))

    page = client.get(reverse("portal:compatibility")).content.decode()

    assert '2<span class="visually-hidden"> to decide</span>' in page
