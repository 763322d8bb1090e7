"""InMail becomes notes on the application: growing threads extend, nothing is noted twice (R12)."""

from __future__ import annotations

from typing import Any

import pytest

from apps.candidates.models import NotedMessage
from apps.connections.models import Connection
from apps.core import clock
from apps.ledger.models import Effect, Event
from apps.ledger.states import EffectState, Reason, State
from apps.sync import replays
from tests.sync.conftest import Desk

BYRNE = {"first": "Anna", "last": "Byrne", "url": "https://www.linkedin.com/in/anna-byrne-7", "member": "byrne"}
STRANGER = {"first": "Bo", "last": "Byrne", "url": "https://www.linkedin.com/in/bo-byrne-8", "member": "stranger"}
SEAT = "urn:li:seat:52"
A_TURN = 60
"""Seconds in which every seat that matters has had its turn."""


def write(desk: Desk, body: str, *, member: str = "byrne", reply: bool = False, by: str = SEAT) -> None:
    desk.sandbox.act("linkedin", "message", member=member, body=body, by=by, reply=reply, subject="A role")


def notes(desk: Desk) -> list[dict[str, Any]]:
    people = {person["id"] for person in desk.people()}
    return [row for row in desk.sandbox.state("greenhouse")["notes"] if row["candidate_id"] in people]


def test_a_thread_is_noted_on_the_application_and_its_answer_extends_it(desk: Desk) -> None:
    desk.add(BYRNE)
    desk.work(A_TURN)

    write(desk, "Would you talk about it?")
    write(desk, "It is in Berlin.")
    desk.work(A_TURN)
    write(desk, "Gladly, on Monday.", reply=True)
    desk.work(A_TURN)

    first, second = (row["body"] for row in notes(desk))
    assert "messages 1 to 2" in first and "No answer yet." in first and "It is in Berlin." in first
    assert "message 3" in second and "The candidate answered." in second and "Anna Byrne [A role]" in second
    assert {row["application_id"] for row in notes(desk)} == {row["id"] for row in desk.applications()}
    assert desk.dead() == []


def test_what_was_written_before_somebody_came_into_a_project_is_noted_then(desk: Desk) -> None:
    desk.add(STRANGER)
    desk.work(A_TURN)
    write(desk, "Before you were in a Project.")
    desk.work(A_TURN)
    skipped = Event.objects.get(kind="message.inmail")

    desk.add(BYRNE)
    desk.work(3 * A_TURN)

    assert (skipped.state, skipped.reason) == (State.SKIPPED, Reason.IRRELEVANT)
    assert ["Before you were in a Project." in row["body"] for row in notes(desk)] == [True]


@pytest.mark.parametrize("times", [1, 2])
def test_a_lost_answer_to_a_note_is_read_back_and_not_written_twice(desk: Desk, times: int) -> None:
    desk.add(BYRNE)
    desk.work(A_TURN)
    desk.sandbox.fault("greenhouse", "lose_response", "create_note", times=times)

    write(desk, "Once only.")
    desk.work(3 * A_TURN)

    assert len(notes(desk)) == 1
    assert [effect.state for effect in Effect.objects.filter(kind="note")] == [EffectState.DONE]


def test_a_note_whose_write_never_happened_is_written_once_that_is_sure(desk: Desk) -> None:
    desk.add(BYRNE)
    desk.work(A_TURN)
    desk.sandbox.fault("greenhouse", "5xx", "create_note")

    write(desk, "In the end.")
    desk.work(3 * A_TURN)

    assert len(notes(desk)) == 1


def test_replaying_what_was_read_writes_nothing_again(desk: Desk) -> None:
    desk.add(BYRNE)
    desk.work(A_TURN)
    write(desk, "One.")
    write(desk, "Two.")
    desk.work(A_TURN)

    read = Event.objects.filter(kind__in=["message.inmail", "write.note"])
    replays.replay(ids=list(read.values_list("pk", flat=True)), now=clock.now())
    desk.work(A_TURN)

    assert len(notes(desk)) == 1
    assert NotedMessage.objects.count() == 2


@pytest.mark.parametrize(
    ("telling", "told"), [("whole", "x" * 600), ("excerpts", "x" * 280 + "…"), ("facts", ""), ("off", None)]
)
def test_the_connection_says_how_much_of_a_message_is_kept(desk: Desk, telling: str, told: str | None) -> None:
    linkedin = Connection.objects.get(pk=desk.company.linkedin.pk)
    linkedin.settings["options"]["inmail"] = telling
    linkedin.save(update_fields=["settings"])
    desk.add(BYRNE)
    desk.work(A_TURN)

    write(desk, "x" * 600)
    desk.work(A_TURN)

    stored = [event.payload["body"] for event in Event.objects.filter(kind="message.inmail")]
    assert stored == ([] if told is None else [told])
    assert len(notes(desk)) == len(stored)


def test_a_seat_without_a_synced_project_costs_no_request(desk: Desk) -> None:
    desk.add(BYRNE)

    desk.work(5 * A_TURN)

    asked = [call for call in desk.sandbox.calls("linkedin") if call["operation"] == "conversations.list"]
    seats = {call["query"].split("viewer=")[1].split("&")[0] for call in asked}
    assert seats == {"urn%3Ali%3Aseat%3A51", "urn%3Ali%3Aseat%3A52"}
