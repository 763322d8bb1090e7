"""Export mode: whom a recruiter exports arrives like whoever is added to a Project (R10b; facts: export mode)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from apps.accounts.scope import EVERYONE
from apps.candidates.models import Candidacy, Person
from apps.connections.models import Connection
from apps.core import clock
from apps.demo import scenario
from apps.ledger.models import Event
from apps.ledger.states import Reason, State
from apps.mappings import services as mappings
from apps.mappings.models import MappingState, Project
from apps.sync import going_live
from tests.sync import exporting
from tests.sync.exporting import SEAT, Exporting

pytestmark = pytest.mark.django_db(transaction=True)

DAY = 24 * 3600
A_WHILE = 1800
"""So long before or after the end of a day."""


@pytest.fixture
def company(transactional_db: None, live_server: Any) -> Iterator[Exporting]:
    with exporting.opened(live_server.url) as made:
        yield made


def dead(kind: str = "hook.export") -> list[tuple[str, str]]:
    return list(Event.objects.filter(kind=kind, state=State.DEAD).values_list("cause", "detail"))


def test_whom_a_recruiter_exports_arrives_once_in_the_job_they_were_exported_to(company: Exporting) -> None:
    company.export(1, 2)
    company.export(3, job=1)
    company.settle()

    jobs = [row["job_id"] for row in company.applications()]
    first, second = (int(mapping.job.remote_id) for mapping in company.mappings)
    assert sorted(jobs) == sorted([first, first, second])
    candidacies = Candidacy.objects.of_everyone()
    assert {one.made_by_us for one in candidacies} == {True}
    assert max(one.in_ats_at - one.added_at for one in candidacies if one.in_ats_at).total_seconds() < 15 * 60
    assert company.left() == []


def test_a_second_delivery_and_a_second_export_make_nobody_again(company: Exporting) -> None:
    company.sandbox.fault("linkedin", "duplicate", "EXPORT_CANDIDATE_PROFILE")
    company.export(1)
    company.settle()
    company.export(1)
    company.settle()

    assert len(company.applications()) == Person.objects.count() == 1
    assert Event.objects.filter(kind="hook.export").count() == 2
    assert company.left() == []


def test_a_seat_exports_three_hundred_a_month_and_linkedin_refuses_the_next(company: Exporting) -> None:
    company.export(*range(300))
    with pytest.raises(RuntimeError, match="has used its 300 profile exports of this month"):
        company.export(300)
    other = company.export(301, seat="urn:li:seat:52")

    company.settle()

    assert len(other) == 1
    assert len(company.applications()) == Person.objects.count() == 301
    assert {one["fetched"] for one in company.told()["exports"]} == {1}
    assert len(company.told()["candidates"]) == 301
    assert company.left() == []


def test_an_export_that_is_looked_at_too_late_is_a_dead_letter_and_costs_no_call(company: Exporting) -> None:
    company.export(1)
    company.received()
    company.pass_time(DAY + A_WHILE)
    company.work(10)

    ((cause, why),) = dead()
    assert cause == "export_expired"
    assert "LinkedIn keeps an export for 24 hours" in why and "export the person again" in why
    assert company.calls("exports.get") == []
    assert company.applications() == []


def test_an_export_that_linkedin_has_no_more_is_a_dead_letter_though_nobody_said_when_it_ends(
    company: Exporting,
) -> None:
    company.sandbox.act("linkedin", "settings", export_expires_at="absent")
    company.export(1)
    company.received()
    company.pass_time(DAY + A_WHILE)
    company.work(10)

    assert [cause for cause, _ in dead()] == ["export_expired"]
    assert [call["status"] for call in company.calls("exports.get")] == [404]


def test_an_export_is_fetched_until_its_day_is_over(company: Exporting) -> None:
    company.export(1)
    company.received()
    company.pass_time(DAY - A_WHILE)
    company.settle()

    assert len(company.applications()) == 1
    assert company.left() == []


def test_another_customers_export_is_refused_and_nothing_of_it_is_kept(company: Exporting) -> None:
    options = {**company.linkedin.settings["options"], "organization": "urn:li:organization:9999"}
    Connection.objects.filter(pk=company.linkedin.pk).update(settings={**company.linkedin.settings, "options": options})

    company.export(1)
    company.settle()

    assert [cause for cause, _ in dead()] == ["other_context"]
    assert not Event.objects.filter(kind="row.profile").exists()
    assert company.applications() == []


def test_an_export_to_no_job_is_a_dead_letter(company: Exporting) -> None:
    person = {"first": "Ada", "last": "Byrne", "member": "ada"}
    company.sandbox.act("linkedin", "export", seat=SEAT, job="", people=[person])
    company.settle()

    assert [cause for cause, _ in dead()] == ["export_without_job"]


def test_whom_was_exported_before_their_job_was_mapped_comes_in_once_it_is(company: Exporting) -> None:
    mapping = company.mappings[1]
    mappings.set_state(mapping_id=mapping.pk, state=MappingState.ENDED, now=clock.now())
    company.export(1, job=1)
    company.settle()
    row = Event.objects.get(kind="row.profile")
    mappings.set_state(mapping_id=mapping.pk, state=MappingState.DRAFT, now=clock.now())

    coming = going_live.take_to(
        mapping_id=mapping.pk, state=MappingState.LIVE, scope=EVERYONE, now=clock.now(), who=going_live.ALL
    )
    company.settle()

    assert (row.state, row.reason) == (State.SKIPPED, Reason.IRRELEVANT)
    assert coming == 1
    assert len(company.applications()) == 1


def test_whom_linkedins_own_connector_wrote_into_the_job_is_linked_and_not_created_again(company: Exporting) -> None:
    """R10b: both are told of the same click."""
    options = {**company.ats.settings.get("options", {}), "native_connector": True}
    Connection.objects.filter(pk=company.ats.pk).update(settings={**company.ats.settings, "options": options})
    known = scenario.person(1)
    twin = {"first_name": known["first"], "last_name": known["last"], "company": "Contoso 1", "title": "Engineer"}
    job = int(company.mappings[0].job.remote_id)
    made = company.sandbox.act("greenhouse", "native_export", job_id=job, people=[twin])["candidates"]

    company.export(1)
    company.settle()

    assert [row["id"] for row in company.sandbox.state("greenhouse")["candidates"]] == [made[0]["id"]]
    assert len(company.applications()) == 1
    assert [row["id"] for row in company.told()["candidates"]] == [str(made[0]["id"])]
    assert company.left() == []


def test_each_open_job_stands_for_a_project_and_costs_no_call(company: Exporting) -> None:
    places = Project.objects.filter(connection=company.linkedin)

    assert {(one.remote_id, one.active) for one in places} == {
        (mapping.job.remote_id, True) for mapping in company.mappings
    }
    assert [call["operation"] for call in company.sandbox.calls("linkedin")] == [
        "oauth.accessToken", "integrations.configure", "closed.list",
    ]  # fmt: skip
