"""The steps of the smoke, against a running stack."""

from __future__ import annotations

import contextlib
import time
from dataclasses import fields
from typing import Any

from apps.candidates.models import Candidacy
from apps.demo import invariants, scenario
from apps.demo.ats import all_hands
from apps.demo.ats.hands import Applied, Hands
from apps.demo.scenario import Company
from apps.demo.smoke import DAILY_LIMIT, POLL_SECONDS, Report, percentile, wait_until
from apps.demo.stack import Stack
from apps.ledger.models import Event
from apps.ledger.states import State
from apps.mappings.models import SeatUser
from apps.providers import contract, registry

ADDED_BY = "urn:li:seat:52"
OVERTAKEN_BY = 0.4
"""Seconds for which a webhook is held back, so that later ones come first; its copy for twice as long."""

LISTENED = {"profiles": POLL_SECONDS, "people": 60, "applications": 60, "jobs": 300, "events": 1}


def run(stack: Stack, report: Report, *, system: str, twice: bool) -> None:
    """Build the company, then add, move both ways, and count what was written.

    `twice`: every webhook comes twice, and every second one after those that follow it.
    """
    company = scenario.build(
        stack.sandbox,
        web=stack.web,
        names=["Data Engineer", "Product Designer"],
        daily_limit=DAILY_LIMIT,
        every_seconds=LISTENED,
        ats=dict(all_hands()[system].quick),
        system=system,
    )
    report.figures |= {"system": system, "cannot": _limits_of(system)}
    report.figures |= {"poll_seconds": POLL_SECONDS, "daily_limit": DAILY_LIMIT, "webhooks_twice": twice}
    if twice:
        for name in (system, "linkedin"):
            stack.sandbox.fault(name, "duplicate", "", times=-1)
            stack.sandbox.fault(name, "reorder", "", times=-1, seconds=OVERTAKEN_BY, every=2)
    _add_eight(stack, company, report)
    _add_crowd(stack, company)
    _move_in_ats(stack, company, report)
    _move_in_linkedin(stack, company, report)
    _settled(stack, company, report)


def _add(stack: Stack, company: Company, people: list[dict[str, Any]], mapping: int = 0) -> list[str]:
    project = company.mappings[mapping].project.remote_id
    return list(
        stack.sandbox.act("linkedin", "add_to_project", project=project, people=people, by=ADDED_BY)["profiles"]
    )


def _in_ats(count: int) -> bool:
    return Candidacy.objects.of_everyone().exclude(application_id="").count() >= count


def _add_eight(stack: Stack, company: Company, report: Report) -> list[str]:
    people = [scenario.person(number) for number in range(8)]
    started = time.monotonic()
    profiles = _add(stack, company, people)
    try:
        wait_until(lambda: len(_applications(stack, company)) >= 8, 60)
    except TimeoutError:
        report.expect(False, f"only {len(_applications(stack, company))} of 8 people reached the ATS in 60 s")
    lag = time.monotonic() - started
    report.figures["people_lag_largest_s"] = round(lag, 2)
    report.expect_under(30, lag, "The last of 8 people")
    _check_eight(stack, company, people, report)
    wait_until(lambda: _in_ats(8), 30)
    return profiles


def _hands(company: Company) -> Hands:
    return all_hands()[company.ats.provider]


def _applications(stack: Stack, company: Company) -> list[Applied]:
    return _hands(company).seen(stack.sandbox)[1]


def _limits_of(system: str) -> dict[str, str]:
    """What the system cannot do, or not wholly, in its own words."""
    declared = registry.get(system).capabilities
    return {
        item.name: found.why
        for item in fields(declared)
        if isinstance(found := getattr(declared, item.name), contract.Limited) and not found.available
    }


def _check_eight(stack: Stack, company: Company, people: list[dict[str, Any]], report: Report) -> None:
    hands = _hands(company)
    there, applied = hands.seen(stack.sandbox)
    owner = SeatUser.objects.get(connection=company.ats, seat__remote_id=ADDED_BY).remote_id
    by_slug = {slug: one for one in there for slug in one.slugs}
    report.expect(len(there) == 8, f"{len(there)} people in {hands.name} instead of 8")
    for wanted in people:
        slug = wanted["url"].rsplit("/", 1)[-1]
        found = by_slug.get(slug)
        if found is None:
            report.expect(False, f"nobody in {hands.name} has the LinkedIn address of {slug}")
            continue
        mine = [row for row in applied if row.person == found.id]
        report.expect(len(mine) == 1, f"{slug} has {len(mine)} applications")
        for row in mine:
            report.expect(row.job == company.mappings[0].job.remote_id, f"{slug} is in the wrong job")
            report.expect(row.source == company.mappings[0].source_id, f"{slug} has the wrong source {row.source}")
            report.expect(row.owner == owner, f"{slug} has the wrong owner {row.owner}")
            report.expect(row.stage == hands.start, f"{slug} is at {row.stage}")


def _add_crowd(stack: Stack, company: Company) -> list[str]:
    profiles = _add(stack, company, [scenario.person(number) for number in range(8, 60)])
    wait_until(lambda: _in_ats(60), 120)
    _quiet()
    return profiles


def _quiet(seconds: float = 60) -> None:
    """Wait until nothing is open that is due: the echoes of what we did have been read."""
    wait_until(
        lambda: (
            not Event.objects.filter(state__in=[State.QUEUED, State.RETRYING]).exclude(kind__startswith="poll").exists()
        ),
        seconds,
    )
    time.sleep(1)


def _stage(stack: Stack) -> dict[str, str]:
    return {row["id"]: row["stage"] for row in stack.sandbox.state("linkedin")["profiles"]}


def _move_in_ats(stack: Stack, company: Company, report: Report) -> None:
    """60 moves to a first talk, each timed from the act, or from the reading of the queue that tells of it,
    to the stage that LinkedIn shows."""
    _quiet()
    hands, rows = _hands(company), _applications(stack, company)
    lags: list[float] = []
    for start in range(0, len(rows), 6):
        handful = rows[start : start + 6]
        began = time.monotonic()
        for row in handful:
            hands.move(stack.sandbox, row.id, hands.talk)
        if not hands.pushes:
            began = _when_read(stack, hands)
        wanted = start + len(handful)
        try:
            wait_until(lambda wanted=wanted: _moved_count(stack) >= wanted, 20)
        except TimeoutError:
            report.expect(False, f"{_moved_count(stack)} of {wanted} moves reached LinkedIn in 20 s")
            break
        lags += [time.monotonic() - began] * len(handful)
    if lags:
        p95 = percentile(lags, 0.95)
        report.figures |= {"moves_to_linkedin": len(lags), "moves_to_linkedin_p95_s": p95}
        report.expect_under(2, p95, "Moves to LinkedIn, at p95,")
    report.expect(len(lags) == 60, f"{len(lags)} of 60 moves reached LinkedIn")
    _quiet()
    for row in rows[:10]:
        hands.move(stack.sandbox, row.id, hands.later)
    _quiet()
    time.sleep(POLL_SECONDS + 1)
    _quiet()
    onsite = sum(1 for row in _applications(stack, company) if row.stage == hands.later)
    report.figures["still_onsite"] = onsite
    why = f"{onsite} of 10 people are still at {hands.later}: the coarse row moved someone back"
    report.expect(onsite == 10, why)


def _when_read(stack: Stack, hands: Hands) -> float:
    """The moment at which the queue there had been read to its end."""
    with contextlib.suppress(TimeoutError):
        wait_until(lambda: hands.unread(stack.sandbox.state(hands.key)) == 0, 20)
    return time.monotonic()


def _moved_count(stack: Stack) -> int:
    return sum(1 for stage in _stage(stack).values() if stage == "In Progress")


def _move_in_linkedin(stack: Stack, company: Company, report: Report) -> None:
    """20 people of a second Project are moved in LinkedIn; the ATS follows with the next poll."""
    profiles = _add(stack, company, [scenario.person(number) for number in range(100, 120)], mapping=1)
    wait_until(lambda: _in_ats(80), 120)
    _quiet()
    time.sleep(POLL_SECONDS + 1)
    _quiet()
    before = len(_writes(stack, company))
    began = time.monotonic()
    for profile in profiles:
        stack.sandbox.act("linkedin", "move", profile=profile, stage="In Progress", by=ADDED_BY)
    job, talk = company.mappings[1].job.remote_id, _hands(company).talk

    def moved() -> int:
        return sum(1 for row in _applications(stack, company) if row.job == job and row.stage == talk)

    try:
        wait_until(lambda: moved() >= 20, 60)
    except TimeoutError:
        report.expect(False, f"{moved()} of 20 LinkedIn moves reached the ATS in 60 s")
    report.figures |= {"moves_to_ats": moved(), "moves_to_ats_s": round(time.monotonic() - began, 2)}
    time.sleep(2 * POLL_SECONDS + 1)
    _quiet()
    written = _writes(stack, company)[before:]
    report.figures["writes_for_20_moves"] = len(written)
    report.expect(len(written) == 20, f"20 moves made {len(written)} remote writes: an echo travelled")


def _writes(stack: Stack, company: Company) -> list[dict[str, Any]]:
    calls = stack.sandbox.calls(company.ats.provider, write=1) + stack.sandbox.calls("linkedin", write=1)
    return [
        call for call in calls if "oken" not in call["path"] and call["status"] is not None and call["status"] < 400
    ]


def _settled(stack: Stack, company: Company, report: Report) -> None:
    open_ = Event.objects.exclude(state__in=[State.DONE, State.SKIPPED, State.SUPERSEDED]).exclude(
        kind__startswith="poll"
    )
    with contextlib.suppress(TimeoutError):
        wait_until(lambda: not open_.all().exists(), 30)
    rows = [f"{event.kind} {event.state} {event.reason}{event.cause}: {event.detail}" for event in open_[:10]]
    report.figures["events"] = Event.objects.count()
    report.expect(not rows, f"events are left: {rows}")
    for sentence in invariants.broken(stack.sandbox, company.ats.provider):
        report.expect(False, sentence)
    people, _ = _hands(company).seen(stack.sandbox)
    report.expect(len(people) == 80, f"{len(people)} people in {company.ats.name} instead of 80")
