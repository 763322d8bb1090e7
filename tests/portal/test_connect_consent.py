"""Signing in to LinkedIn again, from the connection's page and back (RULES 28)."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from django.test import Client as Browser

from apps.accounts.rights import Role
from apps.connections import services, tokens
from apps.connections.models import Connection
from apps.core import clock, errors
from apps.ledger import gates
from tests.connections.test_authorize import APPLICATION
from tests.connections.test_sandbox import connect_linkedin
from tests.portal.factories import make_user
from tests.sandbox_process import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)


def expired_linkedin(sandbox: Sandbox, **values: Any) -> Connection:
    """Bound to the sandbox's contract, with a token that ended."""
    connection = connect_linkedin(sandbox, secret=APPLICATION)
    services.identify_and_bind(connection_id=connection.pk, now=clock.now())
    services.mark_auth_expired(connection_id=connection.pk, seen_version=None, now=clock.now())
    return connection


def sign_in_again(client: Browser, connection: Connection) -> Any:
    """Press the button, consent, come back, and look."""
    there = client.post(f"/connections/{connection.pk}/sign-in/")
    answer = httpx.get(there["Location"], trust_env=False)
    back = answer.headers["location"].removeprefix("http://testserver")
    return client.get(back, follow=True)


def test_an_admin_signs_in_again_and_the_gate_opens(client: Browser, sandbox: Sandbox) -> None:
    connection = expired_linkedin(sandbox)
    client.force_login(make_user(Role.ADMIN))

    page = sign_in_again(client, connection)

    assert "Reconnected to Northwind Talent" in page.content.decode()
    assert tokens.read_token(connection.pk).value != "sandbox-linkedin-token"
    assert gates.reasons_of(services.gate_of(connection.pk)) == []
    services.open_sourcing(connection.pk).identify()


def test_another_contract_is_refused_and_nothing_is_changed(client: Browser, sandbox: Sandbox) -> None:
    connection = expired_linkedin(sandbox)
    Connection.objects.filter(pk=connection.pk).update(remote_account="urn:li:contract:1", remote_name="Old contract")
    client.force_login(make_user(Role.ADMIN))

    page = sign_in_again(client, connection).content.decode()

    assert "speaks for Northwind Talent, not for Old contract. Nothing was changed." in page
    with pytest.raises(errors.AuthExpired):
        tokens.read_secret(connection.pk)


def test_a_strangers_answer_is_refused(client: Browser) -> None:
    client.force_login(make_user(Role.ADMIN))

    page = client.get("/connections/authorized/?code=x&state=y", follow=True)

    assert "No such sign-in waits in this browser" in page.content.decode()


def test_the_page_lets_its_form_end_at_the_sign_in_page_alone(client: Browser, sandbox: Sandbox) -> None:
    connection = expired_linkedin(sandbox)
    client.force_login(make_user(Role.ADMIN))

    page = client.get(f"/connections/{connection.pk}/sign-in/")

    assert f"form-action 'self' {sandbox.base}" in page["Content-Security-Policy"]
    assert sandbox.base not in client.get("/connections/")["Content-Security-Policy"]


@pytest.mark.parametrize(("role", "led"), [(Role.ADMIN, True), (Role.OPS, False)])
def test_the_connections_page_leads_who_may_to_its_set_up_and_to_a_new_consent(
    client: Browser, sandbox: Sandbox, role: Role, led: bool
) -> None:
    connection = expired_linkedin(sandbox)
    client.force_login(make_user(role))

    page = client.get(f"/connections/{connection.pk}/").content.decode()

    assert (f'href="/connections/{connection.pk}/sign-in/"' in page) is led
    assert (f'href="/connections/{connection.pk}/setup/"' in page) is led
