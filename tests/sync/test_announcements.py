"""From a move in Greenhouse to the hiring managers' channel, through the real engine (R16, rules 12 and 31)."""

from __future__ import annotations

from apps.demo import scenario
from apps.ledger.models import Event
from apps.ledger.states import State
from apps.notifications import services as notifications
from tests.sync.conftest import Desk

NORA = {**scenario.person(7), "first": "Nora", "last": "Byrne"}


def told(desk: Desk) -> list[str]:
    return [str(there["text"]) for there in desk.sandbox.act("slack", "read", channel="hiring")["messages"]]


def test_phone_screen_and_offer_between_two_readings_are_both_announced(desk: Desk) -> None:
    """Rule 12: the engine sees the Offer only; the Phone Screen is in Greenhouse's history."""
    notifications.ensure_default_rules()
    scenario.connect_slack(desk.sandbox, desk.company)
    desk.add(NORA)
    desk.work(180)
    (application,) = desk.applications()
    stages = {row["name"]: row["id"] for row in desk.sandbox.state("greenhouse")["job_interview_stages"]
              if row["job_id"] == application["job_id"]}  # fmt: skip

    for stage in ("Phone Screen", "Offer"):
        desk.sandbox.act("greenhouse", "move", application_id=application["id"], stage=stages[stage])
        desk.sandbox.clock(advance=2)
    desk.work(240)

    messages = told(desk)
    assert [text.count("moved to Phone Screen") for text in messages].count(1) == 1
    assert [text.count("moved to Offer") for text in messages].count(1) == 1
    assert all("Nora Byrne" in text and "/people/" in text for text in messages)
    assert desk.sandbox.state("slack")["rate_limited"] == 0
    assert not Event.objects.filter(kind__startswith="notify.", state=State.DEAD).exists()
