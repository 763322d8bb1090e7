"""The Reconciliation pages: what runs found in plain words, and a halted one decided by who may."""

from __future__ import annotations

import pytest
from django.test import Client as Browser
from django.urls import reverse

from apps.accounts.rights import Role
from apps.core import clock
from apps.ledger.models import Event
from apps.mappings.models import Mapping
from apps.sync.models import Reconciliation
from tests.portal.factories import World, make_run, make_user, make_world

pytestmark = pytest.mark.django_db


def halted(world: World) -> Reconciliation:
    Mapping.objects.of_everyone().filter(pk=world.mapping.pk).update(halted_at=clock.now())
    return make_run(world, state="halted", looked_at=5, changing=2, detail="2 of 5 people (40 %) would change at once.")


def read(browser: Browser, address: str) -> str:
    return browser.get(address).content.decode()


def test_nothing_compared_yet_says_when_it_will_be(client: Browser) -> None:
    client.force_login(make_user(Role.VIEWER, make_world("Birch").client))

    page = read(client, reverse("portal:reconciliation"))

    assert "Nothing was compared yet" in page and "a day after" in page


def test_runs_are_told_in_words_and_lead_to_what_they_found(client: Browser) -> None:
    world = make_world("Birch")
    run = make_run(world)
    client.force_login(make_user(Role.VIEWER, world.client))

    page = read(client, reverse("portal:reconciliation"))
    rows = read(client, reverse("portal:reconciliation_run", args=[run.pk]))

    assert "3 people compared: 1 lost webhook." in page
    assert "Ada Birch" in rows and "Was Birch" in rows and "moves as an ordinary change" in rows


@pytest.mark.parametrize("role", [Role.VIEWER, Role.RECRUITER])
def test_who_may_not_decide_sees_no_button(client: Browser, role: Role) -> None:
    world = make_world("Birch")
    run = halted(world)
    client.force_login(make_user(role, world.client))

    page = read(client, reverse("portal:reconciliation_run", args=[run.pk]))

    assert "Halted until a person agrees" in page and "An ops lead decides." in page
    assert 'value="agree"' not in page


@pytest.mark.parametrize(("decision", "state", "events"), [("agree", "done", 1), ("dismiss", "dismissed", 0)])
def test_an_ops_lead_decides_with_a_note_and_the_mapping_goes_on(
    client: Browser, decision: str, state: str, events: int
) -> None:
    world = make_world("Birch")
    run, before = halted(world), Event.objects.count()
    ops = make_user(Role.OPS, world.client, first_name="Olga", last_name="Ops")
    client.force_login(ops)

    client.post(reverse("portal:decide_run", args=[run.pk]), {"decision": decision, "note": "Asked the team."})
    page = read(client, reverse("portal:reconciliation_run", args=[run.pk]))

    run.refresh_from_db()
    assert (run.state, run.note, run.decided_by) == (state, "Asked the team.", ops)
    assert Event.objects.count() - before == events
    assert Mapping.objects.of_everyone().get(pk=world.mapping.pk).halted_at is None
    assert "Olga Ops" in page and "Asked the team." in page


def test_deciding_twice_changes_nothing_and_says_so(client: Browser) -> None:
    world = make_world("Birch")
    run = halted(world)
    client.force_login(make_user(Role.OPS, world.client))
    address = reverse("portal:decide_run", args=[run.pk])
    client.post(address, {"decision": "dismiss"})

    answer = client.post(address, {"decision": "agree"}, follow=True)

    run.refresh_from_db()
    assert run.state == "dismissed"
    assert "not halted any more" in answer.content.decode()


def test_the_conflicts_page_leads_to_what_a_halted_run_would_change(client: Browser) -> None:
    world = make_world("Birch")
    run = halted(world)
    client.force_login(make_user(Role.OPS, world.client))

    page = read(client, reverse("portal:conflicts"))

    assert "2 of 5 people (40 %)" in page
    assert reverse("portal:reconciliation_run", args=[run.pk]) in page


def test_an_ops_lead_starts_a_comparison_of_ones_own_mapping_only(client: Browser) -> None:
    own, other = make_world("Birch"), make_world("Cedar")
    client.force_login(make_user(Role.OPS, own.client))
    address = reverse("portal:start_run")

    client.post(address, {"what": f"{other.mapping.pk}:ats"})
    client.post(address, {"what": f"{own.mapping.pk}:ats"})
    client.post(address, {"what": f"{own.mapping.pk}:ats"})

    run = Reconciliation.objects.of_everyone().get()
    assert (run.mapping_id, run.side) == (own.mapping.pk, "ats")
