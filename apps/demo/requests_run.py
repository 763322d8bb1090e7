"""The steps of `make requests`, against a sandbox and a web process, with the work done here."""

from __future__ import annotations

import time
from typing import Any

from apps.core import clock
from apps.demo import scenario
from apps.demo.ats import all_hands
from apps.demo.ats.hands import Hands
from apps.demo.requests import ALONE, QUIET, STEP, Act, told
from apps.demo.scenario import Company
from apps.demo.stack import Stack
from apps.ledger import drain, tasks
from apps.sync.models import Stream, StreamName

SEAT = "urn:li:seat:52"
POLLS = ("profiles.since", "list_deleted", "get_subscription")
"""Made at their own pace, whatever happens."""


def measure(stack: Stack, system: str) -> dict[str, Any]:
    """One person added, then moved in the ATS, then moved in LinkedIn; each alone."""
    clock.step_to(clock.real_now())
    stack.sandbox.clock(now=clock.now().isoformat())
    hands = all_hands()[system]
    company = scenario.build(
        stack.sandbox,
        web=stack.web,
        names=["Data Engineer"],
        daily_limit=20_000,
        every_seconds=QUIET,
        ats=dict(hands.quick),
        system=system,
        meanwhile=lambda: _step(stack),
    )
    project = company.mappings[0].project.remote_id
    someone = scenario.person(0)
    profiles: list[str] = []

    def add() -> None:
        added = stack.sandbox.act("linkedin", "add_to_project", project=project, people=[someone], by=SEAT)
        profiles.extend(added["profiles"])

    new = _spent(stack, company, hands, add)
    application = hands.seen(stack.sandbox)[1][0].id
    to_linkedin = _spent(stack, company, hands, lambda: hands.move(stack.sandbox, application, hands.talk))
    hands.move(stack.sandbox, application, hands.start)
    _spent(stack, company, hands, lambda: None)

    def move() -> None:
        stack.sandbox.act("linkedin", "move", profile=profiles[0], stage="In Progress", by=SEAT)

    to_ats = _spent(stack, company, hands, move)
    return {"system": system, "new_candidate": new, "move_in_ats": to_linkedin, "move_in_linkedin": to_ats}


def _spent(stack: Stack, company: Company, hands: Hands, act: Act) -> dict[str, Any]:
    """What both systems were asked until everything about the act had settled, its echo too."""
    seen = {name: len(stack.sandbox.calls(name)) for name in (hands.key, "linkedin")}
    act()
    for _ in range(ALONE // int(STEP.total_seconds()) // 10):
        _read(company)
        _step(stack)
    spent = {name: told(stack.sandbox.calls(name)[count:]) for name, count in seen.items()}
    polls = sum(calls.pop(name, 0) for calls in spent.values() for name in POLLS)
    total = {name: sum(calls.values()) for name, calls in spent.items()}
    return {"requests": total, "by_operation": spent, "polls_left_out": polls}


def _read(company: Company) -> None:
    """The next reading of LinkedIn's profiles, and of the ATS's queue, is now."""
    names = (StreamName.PROFILES, StreamName.EVENTS)
    Stream.objects.filter(name__in=names, connection__in=[company.linkedin, company.ats]).update(next_at=clock.now())


def _step(stack: Stack) -> None:
    clock.step_to(clock.now() + STEP)
    stack.sandbox.clock(now=clock.now().isoformat())
    tasks.sweep()
    drain.drain(until=clock.real_now() + tasks.DRAIN_BUDGET)
    time.sleep(0.05)  # webhooks arrive in real time
