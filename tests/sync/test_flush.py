"""Stage writes to LinkedIn, compared with what LinkedIn shows before they are made (RULES.md 8, 9)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from apps.candidates.models import Candidacy, Profile
from apps.ledger.leases import Claimed
from apps.ledger.models import Event
from apps.providers import contract
from apps.sync import flush

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
THERE = contract.Profile(
    id="7",
    project="project",
    member="member",
    first_name="Ada",
    last_name="Byrne",
    headline="",
    company="",
    title="",
    location="",
    url="",
    email="",
    stage="Contacted",
    stage_changed_at=NOW,
    stage_changed_by="",
    added_at=NOW,
    added_by="",
    removed=False,
    modified_at=NOW,
)


@pytest.mark.parametrize(
    ("shown", "written"),
    [("Contacted", True), ("Replied", True), ("Negotiating", False)],
)
def test_what_an_earlier_try_of_ours_may_have_written_stands_in_nobodys_way_rule_8(shown: str, written: bool) -> None:
    profile = Profile(remote_id="7", observed="Contacted", sent=["Replied"])
    event = Event(kind="write.stage", payload={"value": "In Progress"})
    move = flush.Move(Claimed(1, "box", "flush", 1, (event,)), event, profile, Candidacy(), frozenset())

    (step,) = flush.compare([move], {"7": replace(THERE, stage=shown)}, now=NOW)

    assert (step.act is not None) == written
