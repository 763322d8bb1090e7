"""The budget of a connection and the conflicts, as their pages show them."""

from __future__ import annotations

import pytest
from django.test import Client as Browser
from django.urls import reverse

from apps.accounts.rights import Role
from apps.candidates.models import Candidacy
from apps.connections import budget
from apps.connections.budget import Plan
from apps.core import clock
from apps.ledger.models import Event
from apps.providers.contract import RateWindow
from tests.connections.factories import make_connection
from tests.portal.factories import make_user, make_world

pytestmark = pytest.mark.django_db

DAY = RateWindow("day", calls=500, seconds=86_400, resets_daily=True)


@pytest.fixture
def admin(client: Browser) -> Browser:
    client.force_login(make_user(Role.ADMIN, all_clients=True))
    return client


def test_the_budget_shows_purposes_the_plan_and_what_is_kept_back(admin: Browser) -> None:
    connection = make_connection()
    for purpose in ("poll", "poll", "write"):
        budget.reserve(account_id=connection.quota_id, rates=[DAY], purpose=purpose, plan=Plan(), now=clock.now())

    page = admin.get(reverse("portal:budget", args=[connection.pk])).content.decode()

    assert "with 3 requests" in page
    assert "Stage moves and new candidates" in page
    assert "15-minute promise" in page
    assert "Imports and go-lives" in page and ">150<" in page


def test_who_sees_one_client_sees_the_promise_and_no_other_clients_requests_rule_30(client: Browser) -> None:
    world = make_world("Birch")
    client.force_login(make_user(Role.OPS, world.client))

    page = client.get(reverse("portal:budget", args=[world.ats.pk])).content.decode()

    assert "Requests by hour" not in page
    assert "Windows" not in page


def test_a_conflict_is_decided_from_its_page_by_who_may(client: Browser) -> None:
    world = make_world("Birch")
    Candidacy.objects.of_everyone().filter(person=world.person).update(conflict="Both sides changed.")
    (candidacy,) = Candidacy.objects.of_everyone().filter(person=world.person)[:1]
    sent = {"choose": f"ats:{candidacy.pk}"}

    client.force_login(make_user(Role.VIEWER, world.client))
    refused = client.post(reverse("portal:decide_conflicts"), sent)
    client.force_login(make_user(Role.RECRUITER, world.client))
    shown = client.get(reverse("portal:conflicts")).content.decode()
    taken = client.post(reverse("portal:decide_conflicts"), sent)

    assert refused.status_code == 403
    assert "Both sides changed" in shown
    assert taken.status_code == 302
    assert Event.objects.get(kind="decide.conflict").payload["side"] == "ats"
