"""Nobody is created twice, however little LinkedIn shows of them (RULES.md 17-20)."""

from __future__ import annotations

import pytest

from tests.sync.conftest import Desk

pytestmark = pytest.mark.django_db(transaction=True)

ADA = {"first": "Ada", "last": "Byrne", "member": "urn:li:person:ada", "company": "Contoso", "title": "Engineer"}
URL = "https://www.linkedin.com/in/ada-byrne"


def test_someone_whom_only_their_member_id_tells_is_found_after_a_lost_answer_rule_19(desk: Desk) -> None:
    desk.lose("POST /greenhouse/v3/candidates$")
    desk.add(ADA | {"url": ""})

    desk.work(240)

    assert len(desk.people()) == 1
    assert len(desk.applications()) == 1
    assert desk.dead() == []


def test_an_address_learned_after_a_lost_answer_makes_no_second_person_rule_17(desk: Desk) -> None:
    desk.lose("POST /greenhouse/v3/candidates$")
    desk.add(ADA | {"url": ""})
    desk.work(20)
    desk.add(ADA | {"url": URL}, mapping=1)

    desk.work(240)

    assert len(desk.people()) == 1
    assert sorted(row["job_id"] for row in desk.applications()) == desk.jobs()
    assert desk.dead() == []
