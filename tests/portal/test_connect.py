"""Connecting without a browser: what is refused, what is stored, what a page never shows."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client as Browser

from apps.accounts.rights import Role
from apps.connections import services as connections
from apps.connections.models import Connection, QuotaAccount
from apps.core import clock
from apps.mappings import services as mappings
from apps.providers import registry
from tests.portal.factories import make_user
from tests.sandbox_process import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)

GREENHOUSE = {"name": "Greenhouse", "at": "sandbox", "client_id": "sandbox-client-1", "client_secret": "sandbox-secret"}
FORM = "/connections/new/system/?system="


@pytest.fixture
def admin(client: Browser, sandbox: Sandbox, settings: Any) -> Browser:
    settings.SYNCPORTAL_SANDBOX_URL = sandbox.base
    client.force_login(make_user(Role.ADMIN))
    return client


def said(answer: Any) -> str:
    return str(answer.content.decode())


def connect_greenhouse(admin: Browser, **values: str) -> Any:
    admin.post(f"{FORM}greenhouse", GREENHOUSE | values)
    return admin.post("/connections/new/result/", follow=True)


def test_the_set_up_page_follows_a_passed_test(admin: Browser) -> None:
    page = connect_greenhouse(admin)

    made = Connection.objects.get()
    assert page.redirect_chain[-1][0] == f"/connections/{made.pk}/setup/"
    assert "Set up" in said(page)


def test_a_webhooks_secret_is_shown_in_the_answer_that_makes_it_which_nothing_keeps(admin: Browser) -> None:
    connect_greenhouse(admin)
    made = Connection.objects.get()
    page = f"/connections/{made.pk}/setup/"

    answer, later = admin.post(page), admin.get(page)

    made.refresh_from_db()
    (secret, *_) = connections.hook_secrets(made, now=clock.now())
    assert f'value="{secret}"' in said(answer) and secret not in said(later)
    assert answer["Cache-Control"] == later["Cache-Control"] == "no-store"


def test_no_page_that_a_credential_is_typed_into_is_kept(admin: Browser) -> None:
    connect_greenhouse(admin)
    made = Connection.objects.get()

    for page in (f"{FORM}lever", f"/connections/{made.pk}/key/", f"/connections/{made.pk}/setup/", "/people/keys/"):
        assert admin.get(page)["Cache-Control"] == "no-store", page
    admin.post(f"{FORM}greenhouse", GREENHOUSE)
    for answer in (admin.get("/connections/new/result/"), admin.post(f"{FORM}greenhouse", {"name": "x"})):
        assert answer["Cache-Control"] == "no-store"


def test_the_same_account_is_not_connected_twice(admin: Browser) -> None:
    """RULES 28: Greenhouse names no account, so the jobs that are known give it away."""
    connect_greenhouse(admin)
    made = Connection.objects.get()
    jobs = connections.open_ats(made.pk).list_jobs().items
    mappings.store_jobs(connection_id=made.pk, jobs=jobs, stages=(), now=clock.now())

    admin.post(f"{FORM}greenhouse", GREENHOUSE)
    page = admin.get("/connections/new/result/")

    assert "Another connection" in said(page)
    assert Connection.objects.count() == 1


@pytest.mark.parametrize("key", sorted(registry.all_providers()))
def test_every_declared_field_is_asked_for_and_no_other(admin: Browser, key: str) -> None:
    """A further system needs no change here: its provider declares what it wants."""
    page = said(admin.get(f"{FORM}{key}"))

    provider = registry.get(key)
    for one in provider.credential_fields:
        assert (f'name="{one.name}"' in page) is not one.by_consent
    for option in provider.connecting.options:
        assert (f'name="option-{option.name}"' in page) is not option.of_users
    assert "http" not in {name for name in ("base_url", "api_url") if f'name="{name}"' in page}


def test_an_error_names_the_field_and_what_to_do(admin: Browser) -> None:
    page = said(admin.post(f"{FORM}greenhouse", GREENHOUSE | {"client_secret": "", "name": ""}))

    assert "Enter the Client secret." in page
    assert "Enter a name: how the connection shows here." in page
    assert "sandbox-secret" not in page


def test_the_sandbox_is_offered_only_where_the_settings_name_one(admin: Browser, settings: Any) -> None:
    settings.SYNCPORTAL_SANDBOX_URL = ""

    page = said(admin.post(f"{FORM}greenhouse", GREENHOUSE))

    assert "The sandbox" not in said(admin.get(f"{FORM}greenhouse"))
    assert not Connection.objects.exists()
    assert "1 field is not right yet." in page


def test_no_secret_is_in_the_session_in_clear(admin: Browser) -> None:
    admin.post(f"{FORM}greenhouse", GREENHOUSE)

    kept = str(dict(admin.session))
    assert "connect" in kept and "sandbox-secret" not in kept


def test_a_key_that_sees_nothing_private_is_warned_about(admin: Browser) -> None:
    """RULES 20: such people would be created twice."""
    admin.post(f"{FORM}greenhouse", GREENHOUSE)

    page = said(admin.get("/connections/new/result/"))

    assert "this key cannot see private candidates or confidential jobs" in page.replace("\n", " ")


def test_a_trial_counts_in_the_applications_budget_and_makes_no_connection(admin: Browser) -> None:
    """RULES 23."""
    admin.post(f"{FORM}greenhouse", GREENHOUSE)

    assert not Connection.objects.exists()
    assert QuotaAccount.objects.get().windows.get().spent > 0


@pytest.mark.parametrize(
    ("asked", "needed"),
    [
        ("week=200&tier=corporate&api=yes&native=no", True),
        ("week=12&tier=corporate&api=yes&native=no", False),
        ("week=200&tier=lite&api=yes&native=no", False),
        ("week=200&tier=corporate&api=no&native=no", False),
        ("week=200&tier=corporate&api=yes&native=yes", False),
    ],
)
def test_the_fit_check_is_honest(admin: Browser, asked: str, needed: bool) -> None:
    """R3b, with the figures that were entered."""
    page = said(admin.get(f"/connections/new/?{asked}"))

    assert ("SyncPortal is worth it here" in page) is needed
    assert ("You do not need SyncPortal" in page) is not needed


def test_a_result_without_a_test_goes_back_to_the_beginning(admin: Browser) -> None:
    assert admin.get("/connections/new/result/")["Location"] == "/connections/new/"
    assert admin.post("/connections/new/result/")["Location"] == "/connections/new/"
