"""What reading a changed record again was, as the log keeps it: redacted, and nobody else's (rule 30)."""

from __future__ import annotations

import pytest

from apps.ledger.models import Attempt
from tests.sync.conftest import ADA, Desk

pytestmark = pytest.mark.django_db(transaction=True)

BEN = ADA | {"first": "Ben", "member": "urn:li:person:ben", "url": "https://www.linkedin.com/in/ben-byrne"}


def readings(desk: Desk) -> list[Attempt]:
    return list(Attempt.objects.filter(event__kind="hook.application", operation="read").order_by("pk"))


def test_the_reading_of_one_change_is_kept_with_its_answer_and_nothing_of_the_person(desk: Desk) -> None:
    desk.add(ADA)
    desk.work(120)
    (application,) = desk.applications()
    before = len(readings(desk))

    desk.sandbox.act("greenhouse", "move", application_id=application["id"], stage="Phone Screen")
    desk.work(120)

    kept = readings(desk)[before].exchanges
    assert {one["status"] for one in kept} == {200}
    assert str(application["id"]) in kept[0]["query"] and '"stage' in kept[0]["response"]
    assert "Byrne" not in str(kept) and "Bearer" not in str(kept)


def test_the_reading_of_several_changes_shows_each_its_own_part(desk: Desk) -> None:
    desk.add(ADA)
    desk.add(BEN)
    desk.work(180)
    first, second = sorted(one["id"] for one in desk.applications())
    before = len(readings(desk))

    for each in (first, second):
        desk.sandbox.act("greenhouse", "move", application_id=each, stage="Phone Screen")
    desk.work(120)

    by_id = {one.event.payload["application_id"]: one.exchanges for one in readings(desk)[before:]}
    together = by_id[str(first)][0]
    assert str(first) in together["query"] and str(second) not in str(by_id[str(first)])
    assert together["response"] == ""


def test_a_reading_that_failed_is_kept_too(desk: Desk) -> None:
    desk.add(ADA)
    desk.work(120)
    (application,) = desk.applications()
    before = len(readings(desk))
    desk.sandbox.fault("greenhouse", "5xx", "GET /greenhouse/v3/application_stages", status=503)

    desk.sandbox.act("greenhouse", "move", application_id=application["id"], stage="Phone Screen")
    desk.work(120)

    first, *rest = readings(desk)[before:]
    assert (first.outcome, first.exchanges[-1]["status"]) == ("transient", 503)
    assert rest[-1].outcome == "done"
