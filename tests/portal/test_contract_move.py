"""An admin takes a LinkedIn connection to a new contract, from its page and back (RULES 28)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx
import pytest
from django.test import Client as Browser

from apps.accounts.rights import Role
from apps.connections import services
from apps.connections.models import Chapter, Connection
from apps.core import clock
from apps.ledger import drain, tasks
from apps.sync.models import ContractMove
from tests.connections.factories import travel
from tests.connections.test_authorize import APPLICATION
from tests.connections.test_sandbox import connect_linkedin
from tests.portal.factories import make_user
from tests.sandbox_process import Sandbox
from tests.webhooks.pages import text_of

pytestmark = pytest.mark.django_db(transaction=True)

OLD, NEW = "urn:li:contract:7001", "urn:li:contract:7002"
NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)


@pytest.fixture
def connection(sandbox: Sandbox) -> Connection:
    """On the old contract; the administrator's consent counts for the new one, too, and for a Lite one."""
    contracts = [
        {"id": 7001, "name": "Northwind Talent"},
        {"id": 7002, "name": "Northwind Global"},
        {"id": 7003, "name": "Northwind Lite", "product": "RECRUITER_LITE"},
    ]
    sandbox.reset({"linkedin": {"contracts": contracts}})
    made = connect_linkedin(sandbox, secret=APPLICATION)
    services.identify_and_bind(connection_id=made.pk, account=OLD, now=clock.now())
    return made


def page_of(connection: Connection) -> str:
    return f"/connections/{connection.pk}/contract/"


def sign_in(client: Browser, connection: Connection) -> str:
    there = client.post(page_of(connection), {"do": "sign-in"})
    back = httpx.get(there["Location"], trust_env=False).headers["location"].removeprefix("http://testserver")
    return client.get(back, follow=True).content.decode()


def work() -> None:
    tasks.sweep()
    drain.drain(until=clock.real_now() + timedelta(seconds=10))


def test_an_admin_signs_in_chooses_looks_and_moves(client: Browser, connection: Connection) -> None:
    client.force_login(make_user(Role.ADMIN))
    with travel(NOON):
        assert "Sign in under the new contract" in text_of(client, page_of(connection))

        choices = sign_in(client, connection)
        assert "Which contract" in choices
        assert "Recruiter Lite has no Projects access" in choices
        client.post(page_of(connection), {"do": "choose", "account": NEW})
        assert "Reading the new contract" in text_of(client, page_of(connection))

        work()
        assert "This is final." in text_of(client, page_of(connection))
        client.post(page_of(connection), {"do": "go"})
        work()

        assert "Northwind Talent to Northwind Global Moved" in text_of(client, page_of(connection))
    assert Connection.objects.get(pk=connection.pk).remote_account == NEW
    assert Chapter.objects.filter(connection=connection, word="moved").count() == 1


def test_the_present_contract_is_refused_and_nothing_is_changed(client: Browser, connection: Connection) -> None:
    client.force_login(make_user(Role.ADMIN))
    with travel(NOON):
        sign_in(client, connection)

        page = client.post(page_of(connection), {"do": "choose", "account": OLD}, follow=True).content.decode()

    assert "Another connection already speaks for Northwind Talent" in page
    assert not ContractMove.objects.exists()
    assert Connection.objects.get(pk=connection.pk).paused_at is None


def test_a_cancelled_move_says_so_and_offers_another(client: Browser, connection: Connection) -> None:
    client.force_login(make_user(Role.ADMIN))
    with travel(NOON):
        sign_in(client, connection)
        client.post(page_of(connection), {"do": "choose", "account": NEW})

        page = client.post(page_of(connection), {"do": "cancel"}, follow=True).content.decode()

    assert "Cancelled before anything was changed." in page
    assert "Sign in under the new contract" in page


def test_who_may_not_move_it_and_what_cannot_be_moved(client: Browser, connection: Connection) -> None:
    client.force_login(make_user(Role.OPS, all_clients=True))
    assert client.get(page_of(connection)).status_code == 403
    Connection.objects.filter(pk=connection.pk).update(provider="greenhouse")
    client.force_login(make_user(Role.ADMIN))
    assert client.get(page_of(connection))["Location"] == f"/connections/{connection.pk}/"


def test_the_form_may_end_at_the_sign_in_page_alone(client: Browser, connection: Connection, sandbox: Sandbox) -> None:
    client.force_login(make_user(Role.ADMIN))

    page = client.get(page_of(connection))

    assert f"form-action 'self' {sandbox.base}" in page["Content-Security-Policy"]


def test_the_connections_page_leads_there(client: Browser, connection: Connection) -> None:
    client.force_login(make_user(Role.ADMIN))

    assert f'href="{page_of(connection)}"' in client.get(f"/connections/{connection.pk}/").content.decode()
