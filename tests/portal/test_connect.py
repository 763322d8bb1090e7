"""Connecting without a browser: what is refused, what is stored, what a page never shows."""

from __future__ import annotations

import html
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


WAYS = [
    (key, mode)
    for key, one in sorted(registry.all_providers().items())
    for mode in [way.key for way in one.modes] or [""]
]


@pytest.mark.parametrize(("key", "mode"), WAYS)
def test_every_declared_field_is_asked_for_and_no_other(admin: Browser, key: str, mode: str) -> None:
    """A further system needs no change here: its provider declares what it wants."""
    page = said(admin.get(f"{FORM}{key}&mode={mode}"))

    provider = registry.get(key)
    meant = provider.options_in(mode)
    for one in provider.credential_fields:
        assert (f'name="{one.name}"' in page) is not one.by_consent
    for option in provider.connecting.options:
        assert (f'name="option-{option.name}"' in page) is (option in meant and not option.of_users)
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


# --- LinkedIn in export mode


EXPORT = {
    "name": "LinkedIn exports",
    "at": "sandbox",
    "client_id": "sandbox-linkedin-client",
    "client_secret": "sandbox-linkedin-secret",
    "option-organization": "urn:li:organization:1234",
    "option-rsc_base": "rest",
    "option-linkedin_version": "202603",
    "option-daily_limit": "500",
}


def connect_exports(admin: Browser, **values: str) -> Any:
    admin.post(f"{FORM}linkedin&mode=export", EXPORT | values)
    return admin.post("/connections/new/result/", follow=True)


def test_export_mode_is_a_way_of_its_own_that_says_what_it_cannot_do(admin: Browser) -> None:
    chosen, page = said(admin.get("/connections/new/")), said(admin.get(f"{FORM}linkedin&mode=export"))

    assert "mode=export" in chosen and "LinkedIn Recruiter by export" in chosen
    (way,) = [one for one in registry.get("linkedin").modes if one.key == "export"]
    assert way.cannot and all(html.escape(one) in page for one in way.cannot)
    assert "What it cannot do" not in said(admin.get(f"{FORM}linkedin"))


def test_export_mode_is_connected_by_the_applications_own_credential(admin: Browser) -> None:
    page = connect_exports(admin)

    made = Connection.objects.get()
    assert page.redirect_chain[-1][0] == f"/connections/{made.pk}/setup/"
    assert (made.access_mode, made.remote_account) == ("export", "urn:li:organization:1234")
    assert set(made.streams.values_list("name", flat=True)) == {"projects", "closed"}


def test_linkedin_is_told_the_address_by_a_button(admin: Browser, sandbox: Sandbox) -> None:
    connect_exports(admin)
    made = Connection.objects.get()

    page = said(admin.post(f"/connections/{made.pk}/setup/"))

    (told,) = [one["callback"] for one in sandbox.state("linkedin")["rsc"]["integrations"].values() if one["callback"]]
    assert told.endswith(f"/webhooks/linkedin/{made.pk}/")
    assert "LinkedIn has the address" in page


def test_what_linkedin_says_against_the_address_is_shown(admin: Browser, sandbox: Sandbox) -> None:
    connect_exports(admin)
    sandbox.fault("linkedin", "5xx", match="PUT .*", times=9)

    page = said(admin.post(f"/connections/{Connection.objects.get().pk}/setup/"))

    assert "LinkedIn did not take the address" in page


def test_an_integration_that_nobody_enabled_does_not_pass_its_test(admin: Browser, sandbox: Sandbox) -> None:
    sandbox.act("linkedin", "set_integration", enabled=False)
    admin.post(f"{FORM}linkedin&mode=export", EXPORT)

    page = said(admin.get("/connections/new/result/"))
    admin.post("/connections/new/result/")

    assert "Recruiter System Connect is off" in page
    assert not Connection.objects.exists()


def test_an_organization_has_to_be_named(admin: Browser) -> None:
    page = said(admin.post(f"{FORM}linkedin&mode=export", EXPORT | {"option-organization": ""}))

    assert "1 field is not right yet." in page


def test_a_connection_by_export_is_reconnected_by_a_key_and_moves_to_no_contract(admin: Browser) -> None:
    connect_exports(admin)
    made = Connection.objects.get()

    page = said(admin.get(f"/connections/{made.pk}/"))

    assert f"/connections/{made.pk}/key/" in page
    assert "New contract" not in page
