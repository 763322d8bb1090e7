"""Reconnecting, pausing and resuming on a connection's page, and what it says of those that waited (R4)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client as Browser
from django.urls import reverse

from apps.accounts.rights import Role
from apps.connections import selectors, services
from apps.connections.models import Chapter, Connection, Credential
from apps.core import clock
from apps.ledger.models import Event
from apps.sync.models import Stream
from tests.portal.factories import make_event, make_user
from tests.portal.test_connect_consent import expired_linkedin, sign_in_again
from tests.sandbox_process import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)


def signed_in(role: Role = Role.ADMIN) -> Browser:
    browser = Browser()
    browser.force_login(make_user(role, all_clients=True))
    return browser


def waiting(connection: Connection, *, kind: str = "write.stage") -> Event:
    return make_event([], connection=connection, kind=kind, state="queued", settled_at=None)


def page_of(browser: Browser, connection: Connection) -> str:
    return browser.get(reverse("portal:connection", args=[connection.pk])).content.decode()


def test_the_page_says_how_many_waited_and_when_all_have_landed(sandbox: Sandbox) -> None:
    browser, connection = signed_in(), expired_linkedin(sandbox)
    events = [waiting(connection) for _ in range(3)]
    waiting(connection, kind="poll.profiles")
    sign_in_again(browser, connection)

    assert "3 events waited, 0 landed so far" in page_of(browser, connection)
    Event.objects.filter(pk__in=[event.pk for event in events]).update(state="done")
    waiting(connection)

    assert "3 events waited, and all of them landed" in page_of(browser, connection)


def test_what_died_since_the_reconnect_is_not_said_to_have_landed(sandbox: Sandbox) -> None:
    browser, connection = signed_in(), expired_linkedin(sandbox)
    make_event([], connection=connection, kind="write.stage", state="dead", reason="failed", cause="rejected")
    events = [waiting(connection) for _ in range(3)]
    sign_in_again(browser, connection)
    Event.objects.filter(pk__in=[event.pk for event in events[:2]]).update(state="done")
    Event.objects.filter(pk=events[2].pk).update(state="dead", reason="failed", cause="rejected")

    text = page_of(browser, connection)

    assert "3 events waited, 2 landed so far" in text
    assert "1 became a dead letter" in text


def test_after_a_reconnect_each_listing_is_read_at_once_from_its_cursor(sandbox: Sandbox) -> None:
    browser, connection = signed_in(), expired_linkedin(sandbox)
    later, cursor = clock.now() + timedelta(hours=3), {"since": 1_700_000_000_000}
    Stream.objects.create(connection=connection, name="profiles", next_at=later, cursor=cursor)

    sign_in_again(browser, connection)

    stream = Stream.objects.get(connection=connection)
    assert stream.next_at is not None and stream.next_at <= clock.now()
    assert stream.cursor == cursor


@pytest.mark.parametrize(("refresh", "days"), [(False, 59), (True, 360)])
def test_a_consent_ends_with_its_refresh_token_where_there_is_one(sandbox: Sandbox, refresh: bool, days: int) -> None:
    sandbox.act("linkedin", "settings", refresh_tokens=refresh)
    connection = expired_linkedin(sandbox)

    sign_in_again(signed_in(), connection)

    ends = Credential.objects.get(connection=connection).expires_at
    assert ends is not None and timedelta(days=days) < ends - clock.now() < timedelta(days=days + 10)


def test_an_admin_pauses_and_resumes_and_the_history_says_who(sandbox: Sandbox) -> None:
    browser, connection = signed_in(), expired_linkedin(sandbox)
    address = reverse("portal:switch_connection", args=[connection.pk])

    browser.post(address, {"do": "pause"})
    assert selectors.closed_for(connection.pk) == ["token", "paused"]
    browser.post(address, {"do": "resume"})

    assert selectors.closed_for(connection.pk) == ["token"]
    acts = Chapter.objects.filter(word__in=["paused", "resumed"]).order_by("pk")
    assert list(acts.values_list("word", flat=True)) == ["paused", "resumed"]
    assert all(acts.values_list("by", flat=True))


def test_a_stopped_connection_says_so_and_takes_no_new_consent(sandbox: Sandbox) -> None:
    browser, connection = signed_in(), expired_linkedin(sandbox)
    services.stop(connection_id=connection.pk, actor_id=None, now=clock.now())

    text = sign_in_again(browser, connection).content.decode()

    assert "This connection is stopped." in text
    assert "Nothing was changed." in text


@pytest.mark.parametrize("role", [Role.VIEWER, Role.RECRUITER, Role.OPS])
def test_only_admins_pause(sandbox: Sandbox, role: Role) -> None:
    browser, connection = signed_in(role), expired_linkedin(sandbox)

    assert browser.post(reverse("portal:switch_connection", args=[connection.pk]), {"do": "pause"}).status_code == 403
    assert 'value="pause"' not in page_of(browser, connection)
