"""The page of alarms: what fires, what to do, and what people decide about it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client as Browser
from django.urls import reverse

from apps.accounts.rights import Role
from apps.core import clock
from apps.monitoring.models import Alert
from tests.portal.factories import make_alert, make_user, make_world

pytestmark = pytest.mark.django_db


def act(client: Browser, alert: Alert, chosen: str) -> str:
    """Press a button; returns the page that follows."""
    answer = client.post(reverse("portal:act_on_alert", args=[alert.pk]), {"act": chosen}, follow=True)
    alert.refresh_from_db()
    return answer.content.decode()


def test_an_alert_says_what_is_so_since_when_and_what_to_do(client: Browser) -> None:
    world = make_world("Birch")
    make_alert(world, first_seen=clock.now() - timedelta(minutes=7))
    make_alert(world, kind="failing", subject=str(world.ats.pk), connection=world.ats)
    client.force_login(make_user(Role.VIEWER, world.client))

    shown = client.get("/alerts/").content.decode()

    assert "The 15-minute promise is broken" in shown
    assert "Client Birch: 1 person" in shown
    assert "7 min ago" in shown
    assert "each one&#x27;s page says what it waits for" in shown
    assert reverse("portal:connection", args=[world.ats.pk]) in shown
    assert "2 alerts fire" in shown
    assert "Acknowledge" not in shown, "a viewer decides nothing"


def test_an_alert_is_acknowledged_snoozed_and_taken_back(client: Browser) -> None:
    world = make_world("Birch")
    alert, ops = make_alert(world), make_user(Role.OPS, world.client, first_name="Olga")
    client.force_login(ops)

    assert "It stays quiet until it is over" in act(client, alert, "acknowledge")
    assert (alert.state, alert.by_id) == ("acknowledged", ops.pk)
    assert "It shows as firing again" in act(client, alert, "back")
    assert alert.state == "firing"
    page = act(client, alert, "4h")

    assert "Quiet for 4 hours" in page and "by <bdi>" in page
    assert alert.snoozed_until is not None
    assert timedelta(hours=3, minutes=59) < alert.snoozed_until - clock.now() <= timedelta(hours=4)


def test_what_is_over_cannot_be_decided_any_more(client: Browser) -> None:
    world = make_world("Birch")
    alert = make_alert(world, state="resolved", resolved_at=clock.now() + timedelta(minutes=5))
    client.force_login(make_user(Role.OPS, world.client))

    shown = act(client, alert, "acknowledge")

    assert "This alert was over" in shown
    assert "Nothing fires" in shown
    assert "Over, in the last 30 days" in shown
    assert alert.state == "resolved"


def test_the_navigation_counts_what_fires(client: Browser) -> None:
    world = make_world("Birch")
    make_alert(world)
    make_alert(world, state="acknowledged")
    client.force_login(make_user(Role.VIEWER, world.client))

    shown = client.get("/").content.decode()

    assert '1<span class="visually-hidden"> firing</span>' in shown


def test_the_list_renews_itself_alone(client: Browser) -> None:
    world = make_world("Birch")
    make_alert(world)
    client.force_login(make_user(Role.VIEWER, world.client))

    part = client.get("/alerts/", headers={"HX-Request": "true"}).content.decode()

    assert part.strip().startswith('<section class="panel" id="open"')
    assert "<html" not in part
