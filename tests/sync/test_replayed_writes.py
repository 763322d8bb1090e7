"""A write that was made is planned again and undoes nothing that came after it (RULES.md 27, invariant 9)."""

from __future__ import annotations

import pytest

from apps.core import clock
from apps.ledger.models import Event
from apps.ledger.states import State
from apps.sync import replays
from tests.sync.conftest import ADA, Desk

pytestmark = pytest.mark.django_db(transaction=True)


def replay(kind: str) -> Event:
    made = Event.objects.get(kind=kind, state=State.DONE)
    replays.replay(ids=[made.pk], now=clock.now())
    return made


def test_a_stage_that_was_written_to_linkedin_is_not_written_over_a_later_move(desk: Desk) -> None:
    profile = desk.add(ADA)
    desk.work(120)
    (application,) = desk.applications()
    desk.sandbox.act("greenhouse", "move", application_id=application["id"], stage="Phone Screen")
    desk.work(120)
    desk.sandbox.act("linkedin", "move", profile=profile, stage="Replied", by="urn:li:seat:52")
    desk.work(60)

    replay("write.stage")
    desk.work(60)

    rows = desk.sandbox.state("linkedin")["profiles"]
    assert [row["stage"] for row in rows if row["id"] == profile] == ["Replied"]


def test_a_stage_that_was_written_to_the_ats_is_not_written_over_a_later_move(desk: Desk) -> None:
    profile = desk.add(ADA)
    desk.work(120)
    desk.sandbox.act("linkedin", "move", profile=profile, stage="In Progress", by="urn:li:seat:52")
    desk.work(120)
    (application,) = desk.applications()
    assert application["stage_name"] == "Phone Screen"
    desk.sandbox.act("greenhouse", "move", application_id=application["id"], stage="Onsite")
    desk.work(120)

    replay("write.move")
    desk.work(60)

    (application,) = desk.applications()
    assert application["stage_name"] == "Onsite"


def test_a_write_that_gave_way_to_a_recruiters_move_is_not_made_when_it_is_replayed(desk: Desk) -> None:
    profile = desk.add(ADA)
    desk.work(120)
    (application,) = desk.applications()
    desk.sandbox.act("greenhouse", "move", application_id=application["id"], stage="Phone Screen")
    desk.sandbox.fault("linkedin", "5xx", "POST /linkedin/v2/rscsProfiles", times=1)
    desk.work(65)
    desk.sandbox.act("linkedin", "move", profile=profile, stage="Replied", by="urn:li:seat:52")
    desk.work(120)
    ended = list(Event.objects.filter(kind__startswith="write.", state__in=[State.SKIPPED, State.SUPERSEDED]))

    replays.replay(ids=[one.pk for one in ended], now=clock.now())
    desk.work(60)

    rows = desk.sandbox.state("linkedin")["profiles"]
    assert [row["stage"] for row in rows if row["id"] == profile] == ["Replied"]
