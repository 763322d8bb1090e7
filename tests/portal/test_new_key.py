"""A new key for a connection that is there: tested by name, the same account only, whole or not at all (R4)."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client as Browser
from django.urls import reverse

from apps.accounts.rights import Role
from apps.connections import selectors, services, tokens
from apps.connections.models import Connection, Credential, CredentialState
from apps.core import clock
from apps.mappings.models import Job
from tests.connections.test_many_processes import bullhorn, connect, greenhouse
from tests.portal.factories import make_user
from tests.sandbox_process import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)

WRONG = "wr0ng-s3cret-of-a-key"
SECRET_OF = {"greenhouse": "client_secret", "lever": "api_key", "bullhorn": "password", "slack": "bot_token"}
LABELS = {
    "greenhouse": ("Sign in", "The same account", "Read jobs", "Read users", "Read people", "Read applications"),
    "lever": ("Sign in", "The same account", "Read jobs", "Read users", "Read people", "Read applications"),
    "bullhorn": ("Sign in", "The same account", "Read jobs", "Read users", "Read people", "Read applications"),
    "slack": ("Sign in", "The same account", "Read channels"),
}


def keys_of(sandbox: Sandbox, provider: str) -> dict[str, str]:
    match provider:
        case "greenhouse":
            return dict(greenhouse(sandbox))
        case "bullhorn":
            return {name: value for name, value in bullhorn(sandbox).items() if name != "refresh_token"}
        case "lever":
            return {"api_key": "sandbox-lever-key"}
    return {"bot_token": "xoxb-sandbox-token"}


def expired(sandbox: Sandbox, provider: str) -> Connection:
    """Bound to the sandbox's account, with a key that the system refuses now."""
    connection = connect(sandbox, provider, keys_of(sandbox, provider))
    services.identify_and_bind(connection_id=connection.pk, now=clock.now())
    services.mark_auth_expired(connection_id=connection.pk, seen_version=None, now=clock.now())
    return Connection.objects.get(pk=connection.pk)


def admin(role: Role = Role.ADMIN) -> Browser:
    browser = Browser()
    browser.force_login(make_user(role, all_clients=True))
    return browser


def enter(browser: Browser, connection: Connection, keys: dict[str, str]) -> Any:
    return browser.post(reverse("portal:new_key", args=[connection.pk]), keys, follow=True)


def use(browser: Browser, connection: Connection) -> Any:
    return browser.post(reverse("portal:new_key_result", args=[connection.pk]), follow=True)


def kept(connection: Connection) -> tuple[int, str]:
    """The credential's version and state: what a refused one must not touch."""
    row = Credential.objects.get(connection=connection)
    return row.version, row.state


@pytest.mark.parametrize("provider", list(SECRET_OF))
def test_a_new_key_is_tested_by_name_before_it_replaces_the_old_one(sandbox: Sandbox, provider: str) -> None:
    browser, connection = admin(), expired(sandbox, provider)
    before, keys = kept(connection), keys_of(sandbox, provider)

    text = enter(browser, connection, keys).content.decode()

    assert all(label in text for label in LABELS[provider])
    assert "It passed. The present key is still in force." in text
    assert keys[SECRET_OF[provider]] not in text
    assert kept(connection) == before
    assert "The new key is in force." in use(browser, connection).content.decode()
    assert Credential.objects.get(connection=connection).state == CredentialState.OK
    assert selectors.closed_for(connection.pk) == []
    assert tokens.read_secret(connection.pk).values[SECRET_OF[provider]] == keys[SECRET_OF[provider]]


@pytest.mark.parametrize("provider", list(SECRET_OF))
def test_a_key_that_is_refused_replaces_nothing_and_is_shown_nowhere(sandbox: Sandbox, provider: str) -> None:
    browser, connection = admin(), expired(sandbox, provider)
    before = kept(connection)

    text = enter(browser, connection, keys_of(sandbox, provider) | {SECRET_OF[provider]: WRONG}).content.decode()

    assert "Nothing was changed" in text
    assert "Use the new key" not in text
    assert WRONG not in text
    use(browser, connection)
    assert (kept(connection), selectors.closed_for(connection.pk)) == (before, ["token"])


@pytest.mark.parametrize("provider", ["bullhorn", "slack"])
def test_a_key_of_another_account_is_refused(sandbox: Sandbox, provider: str) -> None:
    """RULES 28, where the system names its account."""
    browser, connection = admin(), expired(sandbox, provider)
    Connection.objects.filter(pk=connection.pk).update(remote_account="another", remote_name="Contoso")
    before = kept(connection)

    text = enter(browser, connection, keys_of(sandbox, provider)).content.decode()

    assert ", not for Contoso." in text
    use(browser, connection)
    assert (kept(connection), selectors.closed_for(connection.pk)) == (before, ["token"])


@pytest.mark.parametrize("provider", ["greenhouse", "lever"])
def test_where_no_account_is_named_its_jobs_tell_whose_the_key_is(sandbox: Sandbox, provider: str) -> None:
    """RULES 28."""
    browser, connection = admin(), expired(sandbox, provider)
    Connection.objects.filter(pk=connection.pk).update(remote_account="")
    Job.objects.create(connection=connection, remote_id="of-another-account", name="Welder", seen_at=clock.now())
    before = kept(connection)

    text = enter(browser, connection, keys_of(sandbox, provider)).content.decode()

    assert "This credential sees none of the jobs of" in text
    use(browser, connection)
    assert kept(connection) == before


def test_a_permission_that_is_missing_is_named_and_the_old_key_stays(sandbox: Sandbox) -> None:
    browser, connection = admin(), expired(sandbox, "greenhouse")
    before = kept(connection)
    sandbox.fault("greenhouse", "5xx", "GET .*/users", times=-1, status=403)

    text = enter(browser, connection, keys_of(sandbox, "greenhouse")).content.decode()

    assert "1 part failed. Nothing was changed." in text
    assert "Read users" in text
    use(browser, connection)
    assert kept(connection) == before


def test_a_tested_key_replaces_that_of_its_own_connection_only(sandbox: Sandbox) -> None:
    browser, connection, other = admin(), expired(sandbox, "greenhouse"), expired(sandbox, "lever")
    enter(browser, connection, keys_of(sandbox, "greenhouse"))

    assert "No tested key waits here any more" in use(browser, other).content.decode()

    assert kept(other)[1] == CredentialState.EXPIRED


def test_a_stopped_connection_is_not_even_tested(sandbox: Sandbox) -> None:
    browser, connection = admin(), expired(sandbox, "greenhouse")
    services.stop(connection_id=connection.pk, actor_id=None, now=clock.now())
    before = len(sandbox.calls("greenhouse"))

    text = enter(browser, connection, keys_of(sandbox, "greenhouse")).content.decode()

    assert "resume it first" in text
    assert len(sandbox.calls("greenhouse")) == before


def test_a_field_that_is_missing_is_named_and_no_secret_is_shown(sandbox: Sandbox) -> None:
    browser, connection = admin(), expired(sandbox, "greenhouse")

    shown = browser.get(reverse("portal:new_key", args=[connection.pk])).content.decode()
    text = enter(browser, connection, {"client_id": "x"}).content.decode()

    assert "sandbox-client-1" in shown and "sandbox-secret" not in shown
    assert "Enter the Client secret." in text


@pytest.mark.parametrize("role", [Role.VIEWER, Role.RECRUITER, Role.OPS])
def test_only_admins_give_a_new_key(sandbox: Sandbox, role: Role) -> None:
    connection = expired(sandbox, "greenhouse")

    assert admin(role).get(reverse("portal:new_key", args=[connection.pk])).status_code == 403
    assert admin(role).post(reverse("portal:new_key_result", args=[connection.pk])).status_code == 403
