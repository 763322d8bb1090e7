"""A forgotten password: the message goes out whether or not a mail server is named."""

from __future__ import annotations

import pytest
from django.core import mail
from django.test import Client as Browser

from apps.accounts.rights import Role
from tests.portal.factories import make_user

pytestmark = pytest.mark.django_db


def test_a_known_address_gets_a_link(client: Browser) -> None:
    user = make_user(Role.RECRUITER)

    assert client.post("/accounts/password/reset/", {"email": user.email}).status_code == 302

    assert [message.to for message in mail.outbox] == [[user.email]]
    assert "/accounts/password/reset/key/" in mail.outbox[0].body


def test_an_unknown_address_is_answered_alike(client: Browser) -> None:
    assert client.post("/accounts/password/reset/", {"email": "nobody@people.example"}).status_code == 302
