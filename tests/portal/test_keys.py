"""The page of API keys: made, shown once, seen in the list, revoked; and all of it kept (R20, R22)."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from typing import Any

import pytest
from auditlog.models import LogEntry
from django.test import Client as Browser

from apps.accounts.models import ApiKey, User
from apps.accounts.rights import Role
from apps.core import clock
from tests.portal.factories import make_key, make_user, make_world
from tests.portal.test_pages import text_of

pytestmark = pytest.mark.django_db

REPORT = {"name": "Weekly report", "client": "", "lasts": "90"}


@pytest.fixture
def boss(client: Browser) -> User:
    user = make_user(Role.ADMIN)
    client.force_login(user)
    return user


def make(browser: Browser, **said: str) -> tuple[str, Any]:
    """Fill the form in; gives the secret that the answer shows, empty if none, and the answer."""
    answer = browser.post("/people/keys/", REPORT | said)
    shown = re.search(r'id="secret" value="([^"]+)"', answer.content.decode())
    return html.unescape(shown[1]) if shown else "", answer


def status_with(secret: str) -> int:
    return Browser(headers={"authorization": f"Bearer {secret}"}).get("/api/v1/events/").status_code


def test_a_key_is_shown_once_and_reads(client: Browser, boss: User) -> None:
    secret, answer = make(client)

    assert status_with(secret) == 200
    assert answer["Cache-Control"] == "no-store"
    assert secret not in client.get("/people/keys/").content.decode()
    assert "Weekly report" in text_of(client, "/people/keys/") and secret[:8] in text_of(client, "/people/keys/")
    assert ApiKey.objects.get().expiry - clock.now() > timedelta(days=89)


def test_a_key_of_one_client_reads_that_client_alone(client: Browser, boss: User) -> None:
    birch, cedar = make_world("Birch"), make_world("Cedar")

    secret, _ = make(client, client=str(birch.client.pk))

    rows = Browser(headers={"authorization": f"Bearer {secret}"}).get("/api/v1/events/").json()["results"]
    assert [row["id"] for row in rows] == [birch.event.pk]
    assert cedar.event.pk not in [row["id"] for row in rows]


def test_a_revoked_key_reads_nothing_and_says_so(client: Browser, boss: User) -> None:
    secret, _ = make(client)

    answer = client.post(f"/people/keys/{ApiKey.objects.get().public_id}/revoke/", follow=True).content.decode()

    assert status_with(secret) == 401
    assert "The key is revoked" in answer and "0 of 1 live" in answer


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ({"name": " "}, "Say what reads with it"),
        ({"client": "00000000-0000-0000-0000-000000000000"}, "Select a valid choice"),
        ({"lasts": "9999"}, "Select a valid choice"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_nothing_is_made(
    client: Browser, boss: User, said: dict[str, str], problem: str
) -> None:
    secret, answer = make(client, **said)

    assert (secret, ApiKey.objects.count()) == ("", 0)
    assert problem in answer.content.decode()


def test_making_and_revoking_are_kept_without_the_digest(client: Browser, boss: User) -> None:
    make(client)
    made = ApiKey.objects.get()

    client.post(f"/people/keys/{made.public_id}/revoke/")

    kept = LogEntry.objects.filter(content_type__model="apikey").order_by("pk")
    assert [(one.get_action_display(), one.actor) for one in kept] == [("create", boss), ("update", boss)]
    assert made.digest not in "".join(str(one.changes) for one in kept)


def test_keys_show_what_became_of_them(client: Browser, boss: User) -> None:
    world = make_world("Birch")
    make_key(world)
    expired, stopped = make_key(world), make_key(world)
    ApiKey.objects.filter(pk=expired.pk).update(expiry=clock.now() - timedelta(days=1))
    User.objects.filter(pk=stopped.user.pk).update(is_active=False)

    shown = text_of(client, "/people/keys/")

    assert "1 of 3 live" in shown
    assert "Expired" in shown and "Stopped its maker is switched off" in shown
