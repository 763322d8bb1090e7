"""LinkedIn's own connector is on beside ours: its people are linked, its threads are left alone (R10b)."""

from __future__ import annotations

from typing import Any

import pytest

from apps.candidates.models import Duplicate, NotedMessage
from apps.connections.models import Connection
from apps.ledger.models import Event
from apps.ledger.states import Reason, State
from tests.sync.conftest import Desk

pytestmark = pytest.mark.django_db(transaction=True)

A_TURN = 60
FIRST = ("Ada", "Bruno", "Clara")
OTHERS = {"email_addresses": [{"value": "other@example.org", "type": "personal"}]}


@pytest.fixture
def beside(desk: Desk) -> Desk:
    """The company's ATS, whose admin said that the native connector is on."""
    ats = desk.company.ats
    options = {**ats.settings.get("options", {}), "native_connector": True}
    Connection.objects.filter(pk=ats.pk).update(settings={**ats.settings, "options": options})
    return desk


def person(first: str, **other: Any) -> dict[str, Any]:
    slug = first.lower()
    url = f"https://www.linkedin.com/in/{slug}-byrne"
    return {
        "first": first,
        "last": "Byrne",
        "member": slug,
        "url": url,
        "company": "Contoso",
        "title": "Engineer",
    } | other


def export(desk: Desk, *first: str, mapping: int = 0, **other: Any) -> list[int]:
    """The native connector writes people into a job, as it does: neither address nor e-mail."""
    work = {"last_name": "Byrne", "company": "Contoso", "title": "Engineer"} | other
    people = [{"first_name": name, **work} for name in first]
    job = int(desk.company.mappings[mapping].job.remote_id)
    return [
        one["id"] for one in desk.sandbox.act("greenhouse", "native_export", job_id=job, people=people)["candidates"]
    ]


def test_whom_it_exported_is_linked_and_nobody_is_created_again(beside: Desk) -> None:
    exported = export(beside, *FIRST)

    for first in (*FIRST, "Dario"):
        beside.add(person(first))
    beside.work(3 * A_TURN)

    assert sorted(row["first_name"] for row in beside.people()) == [*FIRST, "Dario"]
    assert {row["id"] for row in beside.people()} > set(exported)
    assert len(beside.applications()) == 4
    assert beside.dead() == []
    assert not Duplicate.objects.exists()


def test_its_threads_are_not_noted_again(beside: Desk) -> None:
    export(beside, "Ada")
    beside.add(person("Ada"))
    beside.work(2 * A_TURN)
    before = beside.sandbox.state("greenhouse")["notes"]

    beside.sandbox.act("linkedin", "message", member="ada", body="A role?", by="urn:li:seat:52", subject="A role")
    beside.work(2 * A_TURN)

    event = Event.objects.get(kind="message.inmail")
    assert (event.state, event.reason) == (State.SKIPPED, Reason.IRRELEVANT)
    assert "LinkedIn's own connector" in event.detail
    assert beside.sandbox.state("greenhouse")["notes"] == before
    assert not NotedMessage.objects.exists()


@pytest.mark.parametrize(
    ("twins", "other"),
    [(("Ada", "Ada"), {}), (("Ada",), {"title": "Nurse"}), (("Ada",), {"mapping": 1})],
    ids=["two of one name and work", "another title", "another job"],
)
def test_where_it_is_not_clear_whom_it_exported_a_person_is_asked(
    beside: Desk, twins: tuple[str, ...], other: dict[str, Any]
) -> None:
    export(beside, *twins, **other)

    beside.add(person("Ada"))
    beside.work(2 * A_TURN)

    assert len(beside.people()) == len(twins)
    assert Duplicate.objects.count() == 1


def test_a_namesake_at_work_there_who_has_an_email_address_is_a_question(beside: Desk) -> None:
    (twin,) = export(beside, "Ada")
    beside.sandbox.act("greenhouse", "update_candidate", candidate_id=twin, **OTHERS)

    beside.add(person("Ada"))
    beside.work(2 * A_TURN)

    assert len(beside.people()) == 1
    assert Duplicate.objects.count() == 1


def test_without_it_a_bare_twin_is_a_question_to_a_person(desk: Desk) -> None:
    export(desk, "Ada")

    desk.add(person("Ada"))
    desk.work(2 * A_TURN)

    assert len(desk.people()) == 1
    assert Event.objects.filter(state=State.HELD, reason=Reason.DUPLICATE).exists()
