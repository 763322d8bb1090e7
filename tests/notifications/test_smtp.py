"""E-mail leaves through the egress guard: to the declared server alone, at an address that was checked."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.mail import get_connection, send_mail

from apps.core import errors
from apps.notifications import mail, smtp
from apps.providers import egress
from apps.providers.contract import Line, Message
from tests.notifications.conftest import Mailbox

ROOT = Path(__file__).resolve().parents[2]
MESSAGE = Message(title="Hello", lines=(Line(headline="Ada was moved", facts=(), link=""),))


@pytest.fixture
def production() -> Iterator[None]:
    """Where this machine may not be called."""
    egress.allow_loopback(False)
    yield
    egress.allow_loopback(True)


def test_a_message_is_taken_by_the_declared_server(mailbox: Mailbox) -> None:
    mail.send("manager@people.example", MESSAGE, key="one")

    assert [to for to, _ in mailbox.taken] == [["manager@people.example"]]


def test_a_server_whose_address_is_not_public_is_refused_before_a_byte_leaves(
    mailbox: Mailbox, production: None
) -> None:
    with pytest.raises(errors.AuthExpired, match="SYNCPORTAL_MAIL_INTERNAL") as refused:
        mail.send("manager@people.example", MESSAGE, key="one")

    assert refused.value.cause == "mail_address"
    assert mailbox.taken == []


def test_a_server_of_ones_own_network_is_called_where_the_settings_allow_it(
    mailbox: Mailbox, production: None, settings: Any
) -> None:
    settings.SYNCPORTAL_MAIL_INTERNAL = True

    mail.send("manager@people.example", MESSAGE, key="one")

    assert len(mailbox.taken) == 1


@pytest.mark.parametrize(
    "address", ["169.254.169.254", "0.0.0.0", "100.64.0.1", "::ffff:169.254.169.254", "fe80::1", "224.0.0.1"]
)
@pytest.mark.parametrize("tls", [False, True])
def test_an_address_that_is_neither_public_nor_ones_own_is_never_called(
    mailbox: Mailbox, production: None, settings: Any, address: str, tls: bool
) -> None:
    settings.SYNCPORTAL_MAIL_INTERNAL, settings.EMAIL_USE_SSL, settings.EMAIL_HOST = True, tls, address

    with pytest.raises(errors.AuthExpired):
        mail.send("manager@people.example", MESSAGE, key="one")


def test_no_other_server_than_the_declared_one_is_called(mailbox: Mailbox) -> None:
    other = get_connection(host="localhost")

    with pytest.raises(egress.Forbidden):
        send_mail("Hello", "Hello", None, ["manager@people.example"], connection=other)

    assert isinstance(other, smtp.EmailBackend) and mailbox.taken == []


@pytest.mark.parametrize("url", ["smtp+tls://u:p@mail.example:587", "smtp+ssl://u:p@mail.example:465"])
def test_the_settings_take_the_guarded_server_for_every_mail(url: str) -> None:
    asked = "from django.conf import settings; print(settings.EMAIL_BACKEND)"
    environment = os.environ | {"EMAIL_URL": url, "DJANGO_SETTINGS_MODULE": "syncportal.settings"}

    said = subprocess.run([sys.executable, "-c", asked], cwd=ROOT, env=environment, capture_output=True, text=True)

    assert said.stdout.strip() == "apps.notifications.smtp.EmailBackend", said.stderr[-500:]
