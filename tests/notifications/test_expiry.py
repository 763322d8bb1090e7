"""Admins are warned 14, 7 and 1 day before a credential ends, and when it has: each of them, once each (R17)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from apps.accounts import services as accounts
from apps.accounts.models import User
from apps.accounts.rights import Role
from apps.connections import services as connections
from apps.connections.models import Connection, Credential
from apps.core import clock
from apps.mappings.models import Seat
from apps.notifications import warnings
from apps.notifications.models import Message
from tests.connections.factories import make_connection, travel
from tests.notifications.conftest import Mailbox, Office

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
SECRET = {"client_id": "a", "client_secret": "another-secret"}


@pytest.fixture(autouse=True)
def noon() -> Iterator[None]:
    with travel(NOON):
        yield


def somebody(email: str, role: Role = Role.ADMIN) -> None:
    accounts.create_user(email=email, password=None, role=role, clients=())


def ending(*, days: float) -> Connection:
    """A connection whose credential ends so many days from now."""
    return make_connection(name="LinkedIn Recruiter", ends_at=clock.now() + timedelta(days=days))


def told() -> list[tuple[str, str]]:
    """Whom, and at how many days before the end."""
    rows = Message.objects.of_everyone().order_by("created_at", "target")
    return [(row.target, row.cause.rpartition(":")[2]) for row in rows]


def wait(days: float) -> None:
    clock.step_to(clock.now() + timedelta(days=days))
    warnings.tell_admins(clock.now())


@pytest.mark.django_db
def test_each_admin_is_warned_at_14_7_and_1_day_and_nobody_else() -> None:
    somebody("ada@people.example")
    somebody("second@people.example")
    somebody("ops@people.example", Role.OPS)
    somebody("gone@people.example", Role.ADMIN)
    User.objects.filter(email="gone@people.example").update(is_active=False)
    ending(days=20)

    for _ in range(40):
        wait(0.5)

    both = ("ada@people.example", "second@people.example")
    assert told() == [(who, days) for days in ("14", "7", "1") for who in both]


@pytest.mark.django_db
def test_who_connects_shortly_before_the_end_is_told_once() -> None:
    somebody("ada@people.example")
    ending(days=5)

    for _ in range(3):
        wait(0.1)

    assert told() == [("ada@people.example", "7")]


@pytest.mark.django_db
def test_a_new_credential_is_told_of_anew_and_the_old_end_no_more() -> None:
    somebody("ada@people.example")
    connection = ending(days=14)
    wait(0)
    in_90_days = clock.now() + timedelta(days=90)
    connections.set_credential(connection_id=connection.pk, secret=SECRET, now=clock.now(), ends_at=in_90_days)

    wait(13.5)
    assert told() == [("ada@people.example", "14")]
    wait(63)

    assert told() == [("ada@people.example", "14"), ("ada@people.example", "14")]


@pytest.mark.django_db
def test_a_refresh_token_that_rotates_is_not_told_of_again() -> None:
    somebody("ada@people.example")
    connection = ending(days=14)
    wait(0)
    ends_at = Credential.objects.get(connection=connection).expires_at

    connections.set_credential(connection_id=connection.pk, secret=SECRET, now=clock.now(), ends_at=ends_at)
    wait(0.1)

    assert len(told()) == 1


@pytest.mark.django_db
def test_a_credential_that_ended_is_told_of_once() -> None:
    somebody("ada@people.example")
    connection = ending(days=100)
    connections.mark_auth_expired(connection_id=connection.pk, seen_version=None, now=clock.now())

    wait(0)
    wait(1)

    assert told() == [("ada@people.example", "0")]


@pytest.mark.django_db(transaction=True)
def test_the_mail_says_what_ends_when_and_what_to_do(office: Office, mailbox: Mailbox) -> None:
    somebody("ada@people.example")
    ending(days=6)

    office.work_until(lambda: len(mailbox.taken) == 1)

    (to, mail) = mailbox.taken[0]
    text = mail.get_payload(0).get_payload(decode=True).decode()  # type: ignore[union-attr]
    assert to == ["ada@people.example"]
    assert mail["Subject"] == "LinkedIn Recruiter has to be reconnected within 7 days"
    assert "01 Dec 2026, 12:00 UTC" in text
    assert "presses Reconnect" in text
    assert "s3cret-value" not in text


@pytest.mark.django_db(transaction=True)
def test_an_admin_who_is_known_in_slack_is_told_there_except_of_slack_itself(office: Office, mailbox: Mailbox) -> None:
    somebody("chloe@people.example")
    user = office.sandbox.act("slack", "add_user", name="Chloe", email="chloe@people.example")
    Seat.objects.filter(email="chloe@people.example").update(slack_user_id=user["id"])
    ending(days=6)
    Credential.objects.filter(connection=office.slack).update(expires_at=clock.now() + timedelta(days=6))

    office.work_until(lambda: len(mailbox.taken) == 1 and bool(office.read(user["id"])))

    assert "LinkedIn Recruiter has to be reconnected" in office.read(user["id"])[0]["text"]
    assert mailbox.taken[0][1]["Subject"].startswith("Slack has to be reconnected")


@pytest.mark.django_db(transaction=True)
def test_a_warning_that_waited_is_not_sent_once_somebody_reconnected(office: Office, mailbox: Mailbox) -> None:
    somebody("ada@people.example")
    connection = ending(days=6)
    warnings.tell_admins(clock.now())
    connections.set_credential(connection_id=connection.pk, secret=SECRET, now=clock.now())

    office.work_until(lambda: [one.state for one in office.events("notify.mail")] == ["skipped"])

    assert mailbox.taken == []
