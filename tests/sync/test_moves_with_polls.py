"""LinkedIn moves that travel with a poll: one write for all, no read of their own (RULES.md 7, 9)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from apps.candidates.models import Profile
from apps.connections.models import Connection
from apps.demo import scenario
from apps.sync.models import Stream, StreamName
from tests.sync.conftest import Desk

pytestmark = pytest.mark.django_db(transaction=True)

POLL = "profiles.since"
READ = "profiles.batch_get"
WRITE = "profiles.batch_move"


def tighten(desk: Desk) -> None:
    """From now on no move goes by itself: the whole day is kept back, but from polls."""
    linkedin = Connection.objects.get(pk=desk.company.linkedin.pk)
    options = {**linkedin.settings["options"], "kept_back": 1.0, "reserve_for": {"poll": 0.0}}
    Connection.objects.filter(pk=linkedin.pk).update(settings={**linkedin.settings, "options": options})
    Stream.objects.filter(connection=linkedin, name=StreamName.PROFILES).update(every_seconds=120)


def calls_since(desk: Desk, number: int) -> list[dict[str, Any]]:
    """The calls about profiles: tokens and InMail go their own way."""
    return [call for call in desk.sandbox.calls("linkedin", since=number) if call["operation"].startswith("profiles.")]


def last_call(desk: Desk) -> int:
    return max(call["number"] for call in desk.sandbox.calls("linkedin"))


def move_in_greenhouse(desk: Desk, stage: str) -> None:
    for application in desk.sandbox.state("greenhouse")["applications"]:
        desk.sandbox.act("greenhouse", "move", application_id=application["id"], stage=stage)


def settle_two_people(desk: Desk) -> list[str]:
    profiles = [desk.add(scenario.person(number)) for number in (1, 2)]
    desk.work(120)
    assert Profile.objects.exclude(agreed_ats="").count() == 2
    return profiles


def test_moves_that_go_with_a_poll_are_one_write_and_the_poll_is_their_read_rule_9(desk: Desk) -> None:
    profiles = settle_two_people(desk)
    tighten(desk)
    before = last_call(desk)

    move_in_greenhouse(desk, "Phone Screen")
    desk.work(300)

    made = calls_since(desk, before)
    shown = {row["id"]: row["stage"] for row in desk.sandbox.state("linkedin")["profiles"]}
    assert [shown[one] for one in profiles] == ["In Progress", "In Progress"]
    assert [call["operation"] for call in made].count(WRITE) == 1
    assert READ not in [call["operation"] for call in made]
    write = next(place for place, call in enumerate(made) if call["operation"] == WRITE)
    assert made[write - 1]["operation"] == POLL
    gap = datetime.fromisoformat(made[write]["at"]) - datetime.fromisoformat(made[write - 1]["at"])
    assert gap <= timedelta(seconds=10)


def test_a_person_moved_in_linkedin_since_is_found_by_that_poll_and_not_overwritten_rule_9(desk: Desk) -> None:
    profiles = settle_two_people(desk)
    tighten(desk)
    move_in_greenhouse(desk, "Phone Screen")
    desk.work(65)

    desk.sandbox.act("linkedin", "move", profile=profiles[0], stage="Replied", by="urn:li:seat:52")
    desk.work(300)

    writes = [call for call in desk.sandbox.calls("linkedin") if call["operation"] == WRITE]
    moved = [key for call in writes for key in call["body"]["entities"]]
    assert profiles[0] not in moved
    assert profiles[1] in moved


def test_a_move_reads_for_itself_where_no_poll_comes(desk: Desk) -> None:
    settle_two_people(desk)
    Stream.objects.filter(connection=desk.company.linkedin, name=StreamName.PROFILES).update(next_at=None)
    desk.work(15)
    before = last_call(desk)

    move_in_greenhouse(desk, "Phone Screen")
    desk.work(120)

    assert {call["operation"] for call in calls_since(desk, before)} == {READ, WRITE}
