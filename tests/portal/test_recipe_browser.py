"""The README's reference recipe, walked in a browser: from an empty database to a live mapping."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import call_command

from apps.connections.models import Connection
from apps.core import clock
from apps.demo import scenario
from apps.demo.sandbox import Sandbox
from apps.ledger.models import Event
from apps.ledger.states import State
from apps.mappings.models import Job, Mapping, MappingState, Project
from tests.connections.factories import travel
from tests.portal.tabs import IN_BROWSER, PASSWORD
from tests.sandbox_process import running_sandbox
from tests.sync.letters import SEAT, step

pytestmark = IN_BROWSER

ADMIN = "first.admin@northwind.example"
NAMES = ["Data Engineer", "Product Designer"]
A_CONTROL = 12
"""Seconds that a person needs for a control, reading included: a generous guess; the machine's waits are apart."""

COUNT = """addEventListener("change", () => localStorage.acts = +(localStorage.acts || 0) + 1, true);
addEventListener("click", on => { if (on.target.closest("a, button"))
    localStorage.acts = +(localStorage.acts || 0) + 1 }, true)"""


def test_the_recipe_goes_from_an_empty_database_to_a_live_mapping(
    tab: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    tab.add_init_script(COUNT)
    with running_sandbox() as running, travel(clock.real_now()):
        sandbox = Sandbox(running.base)
        sandbox.reset(scenario.wish(NAMES))
        settings.SYNCPORTAL_SANDBOX_URL = sandbox.base
        monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)
        call_command("createsuperuser", email=ADMIN, interactive=False)

        sign_in(tab)
        add_the_client(tab)
        connect_linkedin(tab)
        connect_greenhouse(tab, sandbox)
        until(sandbox, lambda: Project.objects.count() == len(NAMES) and Job.objects.count() == len(NAMES))
        accept_the_suggestions(tab)
        mapping = Mapping.objects.of_everyone().get(project__name__endswith=NAMES[0])
        look_at_the_stage_map(tab, mapping)
        run_in_shadow(tab, sandbox, mapping)
        run_as_a_pilot(tab, sandbox, mapping)
        go_live(tab, sandbox, mapping)

        assert tab.complaints == []
        acts = int(tab.evaluate("localStorage.acts"))
        print(f"the recipe: {acts} controls, {acts * A_CONTROL / 60:.1f} minutes at {A_CONTROL} s each")
        assert acts * A_CONTROL < 15 * 60


def sign_in(tab: Any) -> None:
    tab.goto("/")
    tab.get_by_label("Work e-mail").fill(ADMIN)
    tab.get_by_label("Password").fill(PASSWORD)
    tab.get_by_role("button", name="Sign in").click()
    tab.get_by_role("heading", name="Overview").wait_for()


def add_the_client(tab: Any) -> None:
    tab.get_by_role("link", name="Clients").click()
    tab.get_by_label("Name").fill("Northwind")
    tab.get_by_label("Time zone").fill("Europe/Berlin")
    tab.get_by_role("button", name="Add").click()
    tab.get_by_role("heading", name="Northwind").wait_for()


def connect_linkedin(tab: Any) -> None:
    enter(tab, "LinkedIn Recruiter", Client_id="sandbox-linkedin-client", Client_secret="sandbox-linkedin-secret")
    tab.get_by_role("button", name="Connect LinkedIn Recruiter").click()
    tab.get_by_role("heading", name="Set up LinkedIn Recruiter").wait_for()


def connect_greenhouse(tab: Any, sandbox: Sandbox) -> None:
    """With its webhook, set up in Greenhouse as the page says, and its first event seen arriving."""
    enter(tab, "Greenhouse", Client_id="sandbox-client-1", Client_secret="sandbox-secret")
    tab.get_by_role("button", name="Connect Greenhouse").click()
    tab.get_by_role("button", name="Make the secret").click()
    secret, address = tab.locator("#made").input_value(), tab.get_by_label("Address").input_value()
    sandbox.act("greenhouse", "set_webhook", url=address, secret=secret)
    tab.get_by_text("It arrived.").wait_for(timeout=10_000)
    assert Connection.objects.count() == 2


def enter(tab: Any, system: str, **values: str) -> None:
    tab.get_by_role("link", name="Connections").first.click()
    tab.get_by_role("link", name="Connect a system").first.click()
    tab.get_by_role("link", name=f"Connect {system}", exact=True).click()
    tab.get_by_label("Where").select_option(label="The sandbox, for trying")
    for label, value in values.items():
        tab.get_by_label(label.replace("_", " "), exact=False).first.fill(value)
    tab.locator("form.form-narrow button[type=submit]").click()


def accept_the_suggestions(tab: Any) -> None:
    tab.get_by_role("link", name="Mappings").first.click()
    tab.get_by_role("link", name="Suggestions").first.click()
    tab.get_by_role("button", name="Look at those that are ticked").click()
    tab.get_by_role("button", name=f"Accept {len(NAMES)}").click()
    tab.get_by_text(f"{len(NAMES)} drafts made").wait_for()


def look_at_the_stage_map(tab: Any, mapping: Mapping) -> None:
    """The rows that were proposed in the job's own stages; what is to be known of them is said beside."""
    tab.get_by_role("link", name=mapping.project.name).first.click()
    tab.get_by_role("link", name="Edit the stage map").click()
    tab.get_by_role("heading", name="Versions").wait_for()
    assert tab.get_by_label("Row 1, LinkedIn stage").input_value()


def run_in_shadow(tab: Any, sandbox: Sandbox, mapping: Mapping) -> None:
    """Whoever is added is planned and shown, and Greenhouse stays as it is."""
    to_the_mapping(tab, mapping)
    tab.get_by_role("button", name="Start shadow").click()
    tab.get_by_text("In shadow").first.wait_for()
    add(sandbox, mapping, 0)
    until(sandbox, lambda: Event.objects.filter(kind="row.profile", state=State.SKIPPED).exists())
    assert sandbox.state("greenhouse")["candidates"] == []


def run_as_a_pilot(tab: Any, sandbox: Sandbox, mapping: Mapping) -> None:
    to_the_mapping(tab, mapping)
    tab.get_by_role("link", name="Start pilot").click()
    tab.get_by_label("All 1").check()
    tab.get_by_role("button", name="Start pilot").click()
    tab.get_by_text("The pilot runs.").wait_for()
    until(sandbox, lambda: len(sandbox.state("greenhouse")["candidates"]) == 1)


def go_live(tab: Any, sandbox: Sandbox, mapping: Mapping) -> None:
    to_the_mapping(tab, mapping)
    tab.get_by_role("button", name="Go live").click()
    tab.get_by_text("Live from now on.").wait_for()
    add(sandbox, mapping, 1)
    until(sandbox, lambda: len(sandbox.state("greenhouse")["candidates"]) == 2)
    mapping.refresh_from_db()
    assert mapping.state == MappingState.LIVE
    jobs = {row["job_id"] for row in sandbox.state("greenhouse")["applications"]}
    assert jobs == {int(mapping.job.remote_id)}


def to_the_mapping(tab: Any, mapping: Mapping) -> None:
    tab.get_by_role("link", name="Mappings").first.click()
    tab.get_by_role("link", name=mapping.project.name).first.click()


def add(sandbox: Sandbox, mapping: Mapping, number: int) -> None:
    people = [scenario.person(number)]
    sandbox.act("linkedin", "add_to_project", project=mapping.project.remote_id, people=people, by=SEAT)


def until(sandbox: Sandbox, reached: Callable[[], object]) -> None:
    for _ in range(400):
        if reached():
            return
        step(sandbox)
    raise AssertionError("it was not reached")
