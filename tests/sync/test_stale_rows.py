"""A poll's row that is planned after a newer write of ours is an echo of an earlier one (RULES.md 8, invariant 7)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apps.candidates.models import Profile, Transition
from apps.connections import services as connections
from apps.core import clock
from apps.ledger import services as ledger
from apps.ledger.models import Event, Mailbox
from apps.ledger.states import State
from apps.sync import delta
from apps.sync.models import Stream, StreamName
from tests.sync.conftest import ADA, Desk
from tests.sync.office import step

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_row_of_our_last_but_one_write_is_nobodys_move_rule_8(desk: Desk) -> None:
    profile = desk.add(ADA)
    desk.work(120)
    (application,) = desk.applications()
    desk.sandbox.act("greenhouse", "move", application_id=application["id"], stage="Phone Screen")
    desk.work(130)
    in_progress: Any = connections.open_sourcing(desk.company.linkedin.pk).get_profiles([profile])[profile]
    assert in_progress.stage == "In Progress"
    written_at = Profile.objects.get().changed_at
    desk.sandbox.act("greenhouse", "move", application_id=application["id"], stage="Application Review")
    desk.work(130)
    Profile.objects.update(seen_at=datetime(2026, 1, 1, tzinfo=UTC))

    assert Profile.objects.get().observed == "Contacted"
    row = delta.row_event(desk.company.linkedin.pk, replace(in_progress, stage_changed_at=written_at))
    ledger.append(replace(row, dedupe="read in between"), now=clock.now())
    desk.work(130)

    assert not Transition.objects.filter(side="linkedin").exists()
    assert Profile.objects.get().observed == "Contacted"


def test_a_recruiter_who_moves_them_there_again_is_heard(desk: Desk) -> None:
    profile = desk.add(ADA)
    desk.work(120)
    (application,) = desk.applications()
    for stage in ("Phone Screen", "Application Review"):
        desk.sandbox.act("greenhouse", "move", application_id=application["id"], stage=stage)
        desk.work(130)
    Profile.objects.update(changed_at=clock.now() - timedelta(seconds=30))

    desk.sandbox.act("linkedin", "move", profile=profile, stage="In Progress", by="urn:li:seat:52")
    desk.work(130)

    assert [one.to_value for one in Transition.objects.filter(side="linkedin")] == ["In Progress"]


def test_a_move_after_a_write_of_ours_whose_answer_was_lost_is_heard_too_rule_8(desk: Desk) -> None:
    """A poll shows the write before the write is tried again; what somebody does between the two is later than it."""
    profile = desk.add(ADA)
    desk.work(120)
    (application,) = desk.applications()
    desk.sandbox.act("greenhouse", "move", application_id=application["id"], stage="Phone Screen")
    desk.work(130)
    desk.sandbox.fault("linkedin", "lose_response", "profiles.batch_move")
    desk.sandbox.act("greenhouse", "move", application_id=application["id"], stage="Application Review")
    tried = Event.objects.filter(kind="write.stage", state=State.RETRYING)
    while not tried.exists():
        step(desk.sandbox)
    again = clock.now() + timedelta(minutes=1)
    Mailbox.objects.filter(pk__in=tried.values("mailbox")).update(due_at=again)
    tried.update(due_at=again)
    while clock.now() < again - timedelta(seconds=10):
        step(desk.sandbox)
    seen = Profile.objects.get()
    assert seen.observed == "Contacted"

    Stream.objects.filter(name=StreamName.PROFILES).update(next_at=clock.now() + timedelta(minutes=1))
    desk.sandbox.act("linkedin", "move", profile=profile, stage="In Progress", by="urn:li:seat:52")
    while Event.objects.filter(kind="write.stage", state=State.DONE).count() < 2:
        step(desk.sandbox)
    assert Profile.objects.get().changed_at == seen.changed_at
    desk.work(130)

    assert [one.to_value for one in Transition.objects.filter(side="linkedin")] == ["In Progress"]
    assert Profile.objects.get().observed == "In Progress"
