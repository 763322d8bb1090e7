"""A rejection that waits is made before what comes after it, and an answer that was lost is accounted for
(RULES.md 12, 19)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.candidates.models import Candidacy
from apps.core import clock
from apps.demo import invariants
from apps.ledger import gates
from apps.ledger import services as ledger
from apps.ledger.models import Effect, Event
from apps.ledger.states import Reason, State
from apps.mappings.models import StageMapVersion
from apps.sync import lanes
from tests.sync.conftest import ADA, Desk

pytestmark = pytest.mark.django_db(transaction=True)

LATER = timedelta(seconds=30)
REJECT = "POST /greenhouse/v3/applications/[0-9]+/reject$"


def let_linkedin_end_and_reopen() -> None:
    for version in StageMapVersion.objects.all():
        StageMapVersion.objects.filter(pk=version.pk).update(rows=[row | {"terminal": True} for row in version.rows])


def archive(desk: Desk, stage: str = "Archived") -> str:
    profile = desk.add(ADA)
    desk.work(120)
    let_linkedin_end_and_reopen()
    desk.sandbox.act("linkedin", "move", profile=profile, stage=stage, by="urn:li:seat:52")
    return profile


def writes(desk: Desk) -> list[str]:
    """What the applications got from us, in order; what failed before it was done is none."""
    calls = desk.sandbox.calls("greenhouse", write=1, operation="_application")
    return [call["operation"] for call in calls if call["status"] < 300 and call["operation"] != "create_application"]


@pytest.mark.parametrize("stage, shown", [("In Progress", "Phone Screen"), ("Contacted", "Application Review")])
def test_a_later_move_does_not_drop_a_rejection_that_waits_rule_12(desk: Desk, stage: str, shown: str) -> None:
    desk.sandbox.fault("greenhouse", "5xx", REJECT, times=2)
    profile = archive(desk)
    desk.work(15)
    assert Event.objects.filter(kind="write.move", state__in=[State.QUEUED, State.RETRYING]).exists()

    desk.sandbox.act("linkedin", "move", profile=profile, stage=stage, by="urn:li:seat:52")
    desk.work(180)

    assert writes(desk)[:2] == ["reject_application", "unreject_application"]
    (application,) = desk.applications()
    assert (application["status"], application["stage_name"]) == ("in_process", shown)
    assert not Event.objects.filter(kind="write.move", state=State.SUPERSEDED).exists()
    assert invariants.broken(desk.sandbox) == []


def test_a_later_move_waits_behind_a_rejection_that_is_held_rule_12(desk: Desk) -> None:
    writing = lanes.connection_gate(desk.company.ats.pk)
    profile = archive(desk)
    gates.close_gate(gate=writing, reason=Reason.PAUSED, now=clock.now())
    desk.work(15)
    desk.sandbox.act("linkedin", "move", profile=profile, stage="In Progress", by="urn:li:seat:52")
    desk.work(15)
    rejection, _ = Event.objects.filter(kind="write.move").order_by("pk")
    held = Event.objects.filter(pk=rejection.pk)
    held.update(state=State.HELD, reason=Reason.UNCERTAIN, hold_key=ledger.TIMER, due_at=clock.now() + LATER)

    gates.open_gate(gate=writing, reason=Reason.PAUSED, now=clock.now())
    desk.work(15)
    assert writes(desk) == []

    desk.work(180)

    assert writes(desk)[:2] == ["reject_application", "unreject_application"]
    assert set(Event.objects.filter(kind="write.move").values_list("state", flat=True)) == {State.DONE}
    assert invariants.broken(desk.sandbox) == []


def test_two_rows_that_are_planned_at_once_do_not_drop_the_rejection_of_the_first_rule_12(desk: Desk) -> None:
    profile = desk.add(ADA)
    desk.work(120)
    let_linkedin_end_and_reopen()
    arrivals = lanes.arrival_gate(desk.company.linkedin.pk)
    gates.close_gate(gate=arrivals, reason=Reason.PAUSED, now=clock.now())
    for stage in ("Archived", "In Progress"):
        desk.sandbox.act("linkedin", "move", profile=profile, stage=stage, by="urn:li:seat:52")
        desk.work(20)
    assert Event.objects.filter(kind="row.profile", state=State.QUEUED).count() == 2

    gates.open_gate(gate=arrivals, reason=Reason.PAUSED, now=clock.now())
    desk.work(180)

    assert writes(desk)[:2] == ["reject_application", "unreject_application"]
    assert not Event.objects.filter(kind="write.move", state=State.SUPERSEDED).exists()
    assert invariants.broken(desk.sandbox) == []


def test_what_happens_in_the_ats_meanwhile_drops_the_rejection_all_the_same_rule_9(desk: Desk) -> None:
    desk.sandbox.fault("greenhouse", "5xx", REJECT, times=3)
    archive(desk)
    desk.work(15)

    (application,) = desk.applications()
    desk.sandbox.act("greenhouse", "move", application_id=application["id"], stage="Onsite")
    desk.work(180)

    assert writes(desk) == []
    assert Candidacy.objects.of_everyone().get().conflict


def test_a_superseded_move_whose_answer_was_lost_leaves_no_open_effect_rule_19(desk: Desk) -> None:
    profile = desk.add(ADA)
    desk.work(120)
    desk.sandbox.fault("greenhouse", "5xx", "POST /greenhouse/v3/applications/[0-9]+/move$", times=2, after=True)
    desk.sandbox.act("linkedin", "move", profile=profile, stage="In Progress", by="urn:li:seat:52")
    desk.work(10)
    desk.sandbox.act("linkedin", "move", profile=profile, stage="Contacted", by="urn:li:seat:52")
    desk.work(180)

    assert Effect.objects.filter(kind="move").exists()
    assert invariants.broken(desk.sandbox) == []


def test_an_echo_does_not_take_away_what_a_person_is_to_be_told_invariant_4(desk: Desk) -> None:
    profile = desk.add(ADA)
    desk.work(120)
    (application,) = desk.applications()
    desk.sandbox.act("greenhouse", "move", application_id=application["id"], stage="Onsite")
    desk.work(120)
    desk.sandbox.act("linkedin", "move", profile=profile, stage="Replied", by="urn:li:seat:52")
    desk.work(60)
    told = Candidacy.objects.of_everyone().get().conflict
    assert "back" in told

    desk.sandbox.act("greenhouse", "update_application", application_id=application["id"], source_id=303)
    desk.work(180)

    assert Candidacy.objects.of_everyone().get().conflict == told
    assert invariants.broken(desk.sandbox) == []
