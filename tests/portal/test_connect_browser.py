"""An admin connects each system in a real browser, against the sandbox (issue 6)."""

from __future__ import annotations

from typing import Any

import pytest

from apps.connections.models import Connection
from apps.demo import agency
from apps.sync.models import Stream
from tests.portal.tabs import IN_BROWSER, open_tab, sign_in
from tests.sandbox_process import Sandbox

pytestmark = IN_BROWSER


@pytest.fixture
def trial(sandbox: Sandbox, settings: Any) -> Sandbox:
    """The sandbox, offered by the connect pages."""
    settings.SYNCPORTAL_SANDBOX_URL = sandbox.base
    return sandbox


def enter(tab: object, system: str, **values: str) -> None:
    """From the list of connections to the system's form, filled in for the sandbox."""
    tab.goto("/connections/")
    tab.get_by_role("link", name="Connect a system").click()
    tab.get_by_role("link", name=f"Connect {system}", exact=True).click()
    tab.get_by_label("Where").select_option(label="The sandbox, for trying")
    for label, value in values.items():
        tab.get_by_label(label.replace("_", " "), exact=False).first.fill(value)
    tab.locator("form.form-narrow button[type=submit]").click()


def enter_linkedin(tab: object, secret: str = "sandbox-linkedin-secret") -> None:
    enter(tab, "LinkedIn Recruiter", Client_id="sandbox-linkedin-client", Client_secret=secret)


def connect(tab: object, name: str) -> Connection:
    """Press the last button, and see the set-up page."""
    tab.get_by_role("button", name=f"Connect {name}").click()
    tab.get_by_role("heading", name=f"Set up {name}").wait_for()
    return Connection.objects.get(name=name)


def test_an_admin_connects_linkedin_recruiter(tab: object, trial: Sandbox) -> None:
    sign_in(tab)

    enter_linkedin(tab)

    assert tab.get_by_role("heading", name="The test of LinkedIn Recruiter").is_visible()
    assert tab.get_by_text("RSC is on for Northwind Talent.").is_visible()
    assert tab.get_by_role("row", name="Read Projects").get_by_text("Passed").is_visible()
    assert not Connection.objects.exists()
    made = connect(tab, "LinkedIn Recruiter")
    assert made.remote_account == "urn:li:contract:7001"
    assert made.settings["options"] == {"contract": "urn:li:contract:7001", "daily_limit": 500}
    assert Stream.objects.filter(connection=made, name="profiles").exists()
    assert tab.complaints == []


@pytest.mark.parametrize(
    ("contract", "said"),
    [
        (
            {"product": "RECRUITER_LITE"},
            "Recruiter Lite has no Projects access: connect a Recruiter Corporate contract.",
        ),
        ({"rscEnabled": False}, "Recruiter System Connect is off for this contract."),
    ],
    ids=["Recruiter Lite", "no RSC access"],
)
def test_linkedin_is_refused_with_what_to_do(tab: object, trial: Sandbox, contract: dict[str, Any], said: str) -> None:
    """R1."""
    trial.reset({"linkedin": {"contracts": [{"id": 7001, "name": "Northwind Talent", **contract}], "projects": []}})
    sign_in(tab)

    enter_linkedin(tab)

    assert tab.get_by_text(said).is_visible()
    assert tab.get_by_role("button", name="Connect").count() == 0
    assert not Connection.objects.exists()


def test_of_several_contracts_one_is_chosen(tab: object, trial: Sandbox) -> None:
    contracts = [{"id": 7001, "name": "Northwind Talent"}, {"id": 7002, "name": "Contoso Talent"}]
    lite = {"id": 7003, "name": "Small Talent", "product": "RECRUITER_LITE"}
    trial.reset({"linkedin": {"contracts": [*contracts, lite]}})
    sign_in(tab)
    enter_linkedin(tab)

    assert tab.get_by_label("Small Talent").is_disabled()
    tab.get_by_label("Contoso Talent").check()
    tab.get_by_role("button", name="Test this one").click()
    made = connect(tab, "LinkedIn Recruiter")

    assert (made.remote_name, made.settings["options"]["contract"]) == ("Contoso Talent", "urn:li:contract:7002")


def test_an_admin_connects_greenhouse_and_sees_its_test_event_arrive(tab: object, trial: Sandbox) -> None:
    sign_in(tab)
    enter(tab, "Greenhouse", Client_id="sandbox-client-1", Client_secret="sandbox-secret")
    assert tab.get_by_role("row", name="Read applications").get_by_text("Passed").is_visible()
    assert tab.get_by_text("A move runs the job's own rules").is_visible()
    made = connect(tab, "Greenhouse")

    assert tab.get_by_role("heading", name="Nothing has arrived yet").is_visible()
    tab.get_by_role("button", name="Make the secret").click()
    secret, address = tab.locator("#made").input_value(), tab.get_by_label("Address").input_value()
    trial.act("greenhouse", "set_webhook", url=address, secret=secret)

    tab.get_by_text("It arrived.").wait_for(timeout=10_000)
    assert address.endswith(f"/webhooks/greenhouse/{made.pk}/")
    assert trial.state("greenhouse")["webhooks"][0]["enabled"]
    tab.reload()
    assert secret not in tab.content()
    assert tab.complaints == []


def test_an_admin_connects_lever_and_sees_its_test_event_arrive(tab: object, trial: Sandbox) -> None:
    sign_in(tab)
    enter(tab, "Lever", API_key="sandbox-lever-key")
    who = trial.state("lever")["users"][0]
    tab.get_by_label("In whose name people are created").select_option(value=who["id"])
    made = connect(tab, "Lever")
    assert made.settings["options"]["perform_as"] == who["id"]

    address = tab.get_by_label("Address").input_value()
    tab.get_by_label("Signature token").fill("a-token-of-lever")
    tab.get_by_role("button", name="Keep the token").click()
    trial.act("lever", "set_webhook", url=address, secret="a-token-of-lever")
    posting = trial.state("lever")["postings"][0]["id"]
    trial.act("lever", "apply", first_name="Ada", last_name="Test", email="ada@people.example", job_id=posting)

    tab.get_by_text("It arrived.").wait_for(timeout=10_000)
    assert tab.complaints == []


def test_an_admin_connects_bullhorn(tab: object, trial: Sandbox) -> None:
    sign_in(tab)
    credential = dict(agency.CREDENTIAL)
    enter(
        tab,
        "Bullhorn",
        API_user=credential["username"],
        Password=credential["password"],
        Client_id=credential["client_id"],
        Client_secret=credential["client_secret"],
    )
    tab.get_by_label("In whose name submissions are made").select_option(index=1)
    made = connect(tab, "Bullhorn")

    assert made.settings["options"]["linkedin_field"] == "companyURL"
    assert "user_id" in made.settings["options"]
    assert tab.get_by_text("its event queue is asked every minute").is_visible()
    assert Stream.objects.filter(connection=made, name="events").exists()


def test_an_admin_connects_slack(tab: object, trial: Sandbox) -> None:
    sign_in(tab)
    enter(tab, "Slack", Bot_token="xoxb-sandbox-token")
    assert tab.get_by_role("row", name="Read channels").get_by_text("Passed").is_visible()

    connect(tab, "Slack")

    assert tab.get_by_role("link", name="Choose the hiring managers' channel").is_visible()


def test_a_wrong_secret_stores_nothing_and_is_never_shown(tab: object, trial: Sandbox) -> None:
    sign_in(tab)

    enter(tab, "Greenhouse", Client_id="sandbox-client-1", Client_secret="a-wrong-secret")

    assert tab.get_by_text("Refused: the system does not take this credential.").is_visible()
    assert not Connection.objects.exists()
    tab.get_by_role("link", name="Change what was entered").click()
    assert tab.get_by_label("Client id").input_value() == "sandbox-client-1"
    assert tab.get_by_label("Client secret").input_value() == ""
    assert "a-wrong-secret" not in tab.content()


def test_a_permission_that_is_missing_is_named(tab: object, trial: Sandbox) -> None:
    trial.act("greenhouse", "settings", scopes=["harvest:jobs:list", "harvest:openings:list"])
    sign_in(tab)

    enter(tab, "Greenhouse", Client_id="sandbox-client-1", Client_secret="sandbox-secret")

    assert tab.get_by_role("row", name="Read jobs").get_by_text("Passed").is_visible()
    row = tab.get_by_role("row", name="Read applications")
    assert row.get_by_text("Failed").is_visible()
    assert row.get_by_text("Allow it there: applications:list.").is_visible()
    assert not Connection.objects.exists()


def test_it_works_with_scripts_off(chromium: object, live_server: object, trial: Sandbox) -> None:
    tab = open_tab(chromium, live_server, java_script_enabled=False)
    sign_in(tab)
    enter(tab, "Greenhouse", Client_id="sandbox-client-1", Client_secret="sandbox-secret")
    connect(tab, "Greenhouse")
    tab.get_by_role("button", name="Make the secret").click()
    secret, address = tab.locator("#made").input_value(), tab.get_by_label("Address").input_value()
    trial.act("greenhouse", "set_webhook", url=address, secret=secret)
    trial.wait_for(lambda: trial.deliveries("greenhouse"))
    tab.wait_for_timeout(500)

    tab.get_by_role("link", name="Look again").click()
    tab.reload()

    assert tab.get_by_text("It arrived.").is_visible()
