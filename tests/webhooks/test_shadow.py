"""A connection in shadow: everything is read and planned, nothing is written, and what waited lands once it ends."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client as Http

from apps.accounts.models import User
from apps.candidates.models import Transition
from apps.connections import services as connections
from apps.connections.models import Chapter, Connection
from apps.core import clock, errors
from apps.ledger.models import Attempt, Event
from apps.ledger.states import Reason, State
from tests.webhooks.conftest import Office
from tests.webhooks.pages import text_of


def shadow(connection: Connection) -> None:
    connections.shadow(connection_id=connection.pk, actor_id=None, now=clock.now())


def end_shadow(connection: Connection) -> int:
    return connections.end_shadow(connection_id=connection.pk, actor_id=None, now=clock.now())


def move(office: Office, application: dict[str, Any], stage: str) -> None:
    office.sandbox.act("greenhouse", "move", application_id=application["id"], stage=stage)


def writes(office: Office) -> int:
    return len(office.sandbox.calls("greenhouse", write=1))


def test_in_shadow_nothing_is_written_to_the_ats_and_all_of_it_lands_afterwards(office: Office) -> None:
    greenhouse, before = office.company.greenhouse, writes(office)
    shadow(greenhouse)
    shadow(greenhouse)

    office.add(1, 2, 3)
    office.settle()

    held = Event.objects.filter(state=State.HELD)
    assert [one.kind for one in held] == ["write.arrive"] * 3
    assert {one.reason for one in held} == {Reason.PAUSED}
    assert "is in shadow. They would be looked up there, and created for" in held[0].detail
    assert writes(office) == before and office.applications() == []

    assert end_shadow(greenhouse) == 3
    assert end_shadow(greenhouse) == 0
    office.settle()

    assert len(office.applications()) == 3
    assert not Event.objects.filter(state=State.HELD).exists()
    assert list(Chapter.objects.filter(connection=greenhouse).values_list("word", flat=True)) == [
        "shadow_ended",
        "shadow",
    ]


def test_linkedin_in_shadow_shows_what_it_would_be_moved_to_and_gets_the_last_of_it(office: Office) -> None:
    """Both moves are received and planned meanwhile; LinkedIn gets the stage that holds when shadow ends."""
    [profile] = office.add(1)
    office.settle()
    [application] = office.applications()
    shadow(office.company.linkedin)

    for stage in ("Phone Screen", "Offer"):
        move(office, application, stage)
        office.settle()

    held = Event.objects.get(kind="write.stage", state=State.HELD)
    assert held.detail.endswith("They would be moved to In Progress; it is done once shadow ends.")
    assert Transition.objects.filter(side="ats").count() == 2
    assert office.linkedin_stage(profile) == "Contacted"

    end_shadow(office.company.linkedin)
    office.settle()

    assert office.linkedin_stage(profile) == "In Progress"
    tried = Attempt.objects.filter(event=held).exclude(operation="let_go")
    assert [one.outcome for one in tried] == ["done"]


def test_a_write_that_was_looked_at_before_shadow_began_is_refused_at_the_gate(office: Office) -> None:
    greenhouse = office.company.greenhouse
    ats = connections.open_ats(greenhouse.pk)
    shadow(greenhouse)

    with pytest.raises(errors.RateLimited, match="in shadow"):
        ats.add_note(person_id="1", application_id="1", body="Hello")

    assert ats.list_jobs().items and writes(office) == 0


def test_an_admin_begins_and_ends_it_on_the_connections_page(office: Office, client: Http) -> None:
    client.force_login(User.objects.get(email="admin@northwind.test"))
    page = f"/connections/{office.company.greenhouse.pk}/"
    assert "In shadow" not in text_of(client, page)

    client.post(f"{page}switch/", {"do": "shadow"})
    said = text_of(client, page)
    assert "In shadow, begun just now" in said and "End shadow" in said
    assert "In shadow" in text_of(client, "/connections/")

    client.post(f"{page}switch/", {"do": "pause"})
    client.post(f"{page}switch/", {"do": "resume"})
    assert "End shadow" in text_of(client, page)

    client.post(f"{page}switch/", {"do": "end_shadow"})
    assert "Shadow ended" in text_of(client, page)
    assert "In shadow, begun" not in text_of(client, page)
