"""LinkedIn's push hint says that something changed: it is read at once, also what changes meanwhile."""

from __future__ import annotations

import threading

from django.db import connections as databases

from tests.webhooks.conftest import Office, work


def test_who_is_added_is_read_because_of_the_hint_alone(office: Office) -> None:
    office.add(1, 2)

    office.settle()

    assert len(office.applications()) == 2


def test_who_is_added_while_a_poll_is_under_way_is_read_by_another(office: Office) -> None:
    before = polls_of(office)
    office.sandbox.fault("linkedin", "hold_response", match="GET .*rscsProfiles", times=1, seconds=2)
    office.add(1)
    office.received()
    reading = threading.Thread(target=work_and_hang_up)
    reading.start()
    office.sandbox.wait_for(lambda: polls_of(office) > before)

    office.add(2)
    office.received()
    reading.join()
    office.settle()

    assert len(office.applications()) == 2


def polls_of(office: Office) -> int:
    """How many times the delta was asked for; each has its answer by then, if not sent it."""
    return sum("rscsProfiles" in call["path"] for call in office.sandbox.calls("linkedin"))


def work_and_hang_up() -> None:
    work()
    databases.close_all()
