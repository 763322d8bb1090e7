"""What a system refuses of a batch is found out by halves: it does not bury the others."""

from __future__ import annotations

from apps.demo import scenario
from tests.sync.conftest import Desk


def test_one_refused_read_of_a_batch_of_writes_costs_nobody_their_move(desk: Desk) -> None:
    profiles = [desk.add({**scenario.person(number), "last": "Byrne"}) for number in range(4)]
    desk.work(90)
    assert len(desk.applications()) == 4

    desk.sandbox.fault("greenhouse", "5xx", "GET /greenhouse/v3/applications$", status=422)
    for profile in profiles:
        desk.sandbox.act("linkedin", "move", profile=profile, stage="In Progress", by="urn:li:seat:52")
    desk.work(30)

    assert desk.dead() == []
    assert [row["stage_name"] for row in desk.applications()] == ["Phone Screen"] * 4


def test_one_refused_batch_of_moves_to_linkedin_costs_nobody_theirs(desk: Desk) -> None:
    for number in range(4):
        desk.add({**scenario.person(number), "last": "Byrne"})
    desk.work(90)

    for row in desk.applications():
        desk.sandbox.act("greenhouse", "move", application_id=row["id"], stage="Phone Screen")
    desk.sandbox.fault("linkedin", "5xx", "POST /linkedin/v2/rscsProfiles", status=400)
    desk.work(120)

    assert desk.dead() == []
    stages = [row["stage"] for row in desk.sandbox.state("linkedin")["profiles"]]
    assert stages == ["In Progress"] * 4
