"""A pilot of two weeks on the stepped clock: every breach with its true cause, and a clean one that passes (R18)."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection as database

from apps.accounts.models import User
from apps.accounts.scope import EVERYONE
from apps.candidates import questions
from apps.candidates.models import Profile
from apps.connections import selectors as budgets
from apps.connections import services as connections
from apps.core import clock
from apps.demo import scenario
from apps.demo.driver import Driver, SteppedSandbox
from apps.demo.scenario import Company
from apps.mappings.models import JobStage, MappingState, Pilot, StageMapVersion
from apps.mappings.rules import MapRow, rows_from_json
from apps.mappings.services import save_stage_map
from apps.reports import pilots as reports
from apps.reports.pilots import PilotReport
from apps.reports.verdicts import Cause, Fate, Outcome
from apps.sync import duplicates, pilots, reconnecting
from apps.sync.pilots import Criteria
from tests.connections.factories import travel
from tests.sandbox_process import running_sandbox

pytestmark = pytest.mark.django_db(transaction=True)

MONDAY = datetime(2027, 3, 8, 8, 0, tzinfo=UTC)
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
NOWHERE = "http://127.0.0.1:9"
EVERY_SECONDS = {
    "profiles": 1200, "applications": 1200, "people": 21600, "jobs": 86400, "projects": 86400, "seats": 86400,
    "messages": 86400,
}  # fmt: skip
TROUBLE_LASTS = 70 * MINUTE
ANNS = {"first_name": "Ann", "last_name": "Byrne", "email": "byrnes@mail.test", "lag": 0}


MINUTES = 30
"""What is asked of the pilot here: readings are twenty minutes apart, so that two weeks pass soon."""


class Alone(Driver):
    """Nobody listens at the webhooks' address: everything is read. What nobody works in passes in one step."""

    def run_to(self, moment: datetime) -> None:
        if moment - clock.now() > 8 * HOUR:
            super().run_to(clock.now() + 2 * HOUR)
            self.step_to(moment - 2 * HOUR)
        super().run_to(moment)

    def _hooks_on_their_way(self) -> bool:
        return False


@dataclass(frozen=True)
class Act:
    at: datetime
    do: Callable[[], None]


@dataclass
class Trial:
    """A company whose one mapping is tried, and those whom trouble met, by its cause."""

    sandbox: SteppedSandbox
    driver: Alone
    company: Company
    pilot: Pilot
    chance: random.Random = field(default_factory=lambda: random.Random(3))
    met: dict[Cause, str] = field(default_factory=dict)
    people: int = 0
    changes: int = 0

    @property
    def mapping(self) -> Any:
        return self.company.mappings[0]

    def add(self, **values: Any) -> str:
        someone = {**scenario.person(self.people), **values}
        self.people += 1
        added = self.sandbox.act(
            "linkedin", "add_to_project", project=self.mapping.project.remote_id, people=[someone], by="urn:li:seat:52"
        )
        return str(added["profiles"][0])

    def meet(self, cause: Cause, **values: Any) -> None:
        """Somebody joins while there is trouble."""
        self.met[cause] = self.add(**values)

    def move(self, side: str, stage: str, *, cause: Cause | None = None) -> None:
        """Somebody who stands where they came to is moved."""
        settled = Profile.objects.filter(agreed_linkedin="Contacted", observed="Contacted", desired="")
        one = settled.exclude(candidacy__application_id="").select_related("candidacy").order_by("pk").first()
        assert one is not None and one.candidacy is not None
        self.changes += 1
        if side == "linkedin":
            self.sandbox.act("linkedin", "move", profile=one.remote_id, stage=stage, by="urn:li:seat:52")
        else:
            application = int(one.candidacy.application_id)
            self.sandbox.act("greenhouse", "move", application_id=application, stage=stage)
        if cause is not None:
            self.met[cause] = one.remote_id

    def report(self) -> PilotReport:
        found = reports.get_report(scope=EVERYONE, pilot_id=self.pilot.pk, now=clock.now())
        assert found is not None
        return found

    def breaches(self) -> dict[str, Cause | None]:
        """Who was late and why, by their profile."""
        found = self.report()
        profiles = dict(Profile.objects.values_list("candidacy__person", "remote_id"))
        cases = [(profiles[one.person_id], one.case) for one in (*found.arrivals, *found.changes)]
        return {profile: case.cause for profile, case in cases if case.is_breach}

    def office_days(self, days: int, people: int) -> Iterator[Act]:
        """People who join and move in the afternoons, when nothing is wrong."""
        for number in range(people):
            day = MONDAY + DAY * (1 + number * (days - 2) // people)
            yield Act(day + 5 * HOUR + MINUTE * self.chance.randrange(200), partial(self._add))
        for day in range(2, days - 1):
            yield Act(MONDAY + DAY * day + 9 * HOUR, partial(self.move, "linkedin", "In Progress"))
            yield Act(MONDAY + DAY * day + 10 * HOUR, partial(self.move, "ats", "Phone Screen"))

    def _add(self) -> None:
        self.add()


@pytest.fixture
def trial(transactional_db: None) -> Iterator[Trial]:
    with running_sandbox() as running, travel(MONDAY):
        sandbox = SteppedSandbox(running.base)
        driver = Alone(sandbox)
        company = scenario.build(
            sandbox,
            web=NOWHERE,
            names=["Data Engineer"],
            daily_limit=20_000,
            every_seconds=EVERY_SECONDS,
            ats={"visible_after": 5},
            options={"visible_after_seconds": 5},
            meanwhile=driver.settle,
        )
        company.mappings[0].state = MappingState.DRAFT
        company.mappings[0].save()
        actor = User.objects.get(email="ops@northwind.test")
        pilot = pilots.start(
            mapping_id=company.mappings[0].pk,
            criteria=Criteria(minutes=MINUTES),
            scope=EVERYONE,
            actor=actor.pk,
            now=clock.now(),
        )
        yield Trial(sandbox, driver, company, pilot)


def trouble(trial: Trial) -> Iterator[Act]:
    """One kind each other day, at eleven, for over an hour."""
    ats, linkedin = trial.company.ats, trial.company.linkedin
    secret = scenario.all_hands()["greenhouse"].credential
    starts = {cause: MONDAY + DAY * day + 3 * HOUR for day, cause in enumerate(TROUBLES, start=2)}

    def spend() -> None:
        day = budgets.daily(linkedin.pk, now=clock.now())
        assert day is not None
        connections.change_daily_limit(connection_id=linkedin.pk, limit=day.spent, now=clock.now())

    def refill() -> None:
        connections.change_daily_limit(connection_id=linkedin.pk, limit=20_000, now=clock.now())

    def renew() -> None:
        tried = reconnecting.try_keys(connection_id=ats.pk, secret=secret)
        admin = User.objects.get(email="admin@northwind.test")
        reconnecting.replace_by(tried, connection_id=ats.pk, actor=admin, now=clock.now())

    def expire() -> None:
        connections.mark_auth_expired(connection_id=ats.pk, seen_version=None, now=clock.now())

    def apart() -> None:
        (question,) = questions.list_open(scope=EVERYONE)
        assert duplicates.say_apart(duplicate_id=question, scope=EVERYONE, actor=None, now=clock.now())

    begins: dict[Cause, Callable[[], object]] = {
        Cause.OUTAGE: lambda: trial.sandbox.fault("greenhouse", "5xx", "/v3/", times=-1),
        Cause.TOKEN: expire,
        Cause.PERSON: lambda: trial.sandbox.act("greenhouse", "apply", job_id=int(trial.mapping.job.remote_id), **ANNS),
        Cause.BUDGET: spend,
    }
    ends: dict[Cause, Callable[[], object]] = {
        Cause.OUTAGE: lambda: trial.sandbox.clear_faults("greenhouse"),
        Cause.TOKEN: renew,
        Cause.PERSON: apart,
        Cause.BUDGET: refill,
    }
    for cause, begin in begins.items():
        named = {"first": "Ada", "last": "Byrne", "email": ANNS["email"]} if cause == Cause.PERSON else {}
        yield Act(starts[cause], lambda begin=begin: begin() and None)
        joins = starts[cause] + (2 * HOUR if cause == Cause.PERSON else 2 * MINUTE)
        yield Act(joins, partial(trial.meet, cause, **named))
        yield Act(joins + TROUBLE_LASTS, lambda end=ends[cause]: end() and None)
    whole = newest_rows(trial)
    without = tuple(row for row in whole if row.ats != stage_id(trial, "Offer"))
    yield Act(starts[Cause.MAPPING], lambda: save(trial, without))
    yield Act(starts[Cause.MAPPING] + MINUTE, partial(trial.move, "ats", "Offer", cause=Cause.MAPPING))
    yield Act(starts[Cause.MAPPING] + MINUTE + TROUBLE_LASTS, lambda: save(trial, whole))


TROUBLES = (Cause.OUTAGE, Cause.TOKEN, Cause.PERSON, Cause.BUDGET, Cause.MAPPING)


def newest_rows(trial: Trial) -> tuple[MapRow, ...]:
    return rows_from_json(StageMapVersion.objects.filter(stage_map=trial.mapping.stage_map).latest("number").rows)


def stage_id(trial: Trial, name: str) -> str:
    return str(JobStage.objects.filter(connection=trial.company.ats, name=name).values_list("remote_id", flat=True)[0])


def save(trial: Trial, rows: tuple[MapRow, ...]) -> None:
    save_stage_map(stage_map=trial.mapping.stage_map, rows=rows, author=None, reason="A trial", now=clock.now())


def test_two_weeks_with_five_kinds_of_trouble_name_each_cause_and_fail(trial: Trial) -> None:
    acts = [*trial.office_days(14, 116), *trouble(trial)]
    trial.driver.run(acts, until=MONDAY + DAY * 14 + HOUR)

    found = trial.report()

    assert trial.people == 120
    assert trial.breaches() == {profile: cause for cause, profile in trial.met.items()}
    assert set(trial.met) == set(TROUBLES)
    assert found.verdict.outcome == Outcome.FAILED
    assert not found.duplicates
    assert len(found.arrivals) == 120
    assert figures(found) == figures_of_raw_rows(trial.pilot)


def test_a_clean_pilot_passes(trial: Trial) -> None:
    Pilot.objects.of_everyone().filter(pk=trial.pilot.pk).update(ends_at=MONDAY + 4 * DAY)
    trial.driver.run(trial.office_days(5, 20), until=MONDAY + 4 * DAY + HOUR)

    found = trial.report()

    assert trial.breaches() == {}
    assert found.verdict.outcome == Outcome.PASSED
    assert {one.case.fate for one in found.arrivals} == {Fate.SHOWN}
    assert sum(one.case.fate == Fate.SHOWN for one in found.changes) == trial.changes
    assert figures(found) == figures_of_raw_rows(trial.pilot)


def figures(found: PilotReport) -> dict[str, Any]:
    """What the report counts and measures."""
    lags = [round(one.case.lag.total_seconds()) for one in found.arrivals if one.case.lag is not None]
    written = [one for one in found.changes if one.case.lag is not None]
    return {
        "candidates": len(found.arrivals),
        "late": sum(one.case.is_breach for one in found.arrivals),
        "longest": max(lags),
        "in_all": sum(lags),
        "changes": len(found.changes),
        "written": len(written),
        "late_changes": sum(one.case.is_breach for one in found.changes),
        "longest_change": max(round(one.case.lag.total_seconds()) for one in written if one.case.lag is not None),
    }


RAW = """
WITH people AS (
    SELECT round(extract(epoch FROM in_ats_at - added_at)) AS lag FROM candidates_candidacy
    WHERE mapping_id = %(mapping)s AND added_at >= %(since)s AND added_at < %(until)s
), moves AS (
    SELECT t.id, round(extract(epoch FROM w.settled_at - t.changed_at)) AS lag
    FROM candidates_transition t JOIN candidates_candidacy c ON c.id = t.candidacy_id
    LEFT JOIN ledger_event w ON w.caused_by_id = t.event_id AND w.kind IN ('write.move', 'write.stage')
        AND w.state = 'done'
    WHERE c.mapping_id = %(mapping)s AND t.changed_at >= %(since)s AND t.changed_at < %(until)s
)
SELECT (SELECT count(*) FROM people), (SELECT count(*) FROM people WHERE lag > %(limit)s),
    (SELECT max(lag) FROM people), (SELECT sum(lag) FROM people), (SELECT count(*) FROM moves),
    (SELECT count(lag) FROM moves), (SELECT count(*) FROM moves WHERE lag > %(limit)s), (SELECT max(lag) FROM moves)
"""
"""The same figures by another way: one statement over raw rows."""


def figures_of_raw_rows(pilot: Pilot) -> dict[str, Any]:
    pilot.refresh_from_db()
    wanted = {"mapping": pilot.mapping_id, "since": pilot.starts_at, "until": pilot.ends_at, "limit": 60 * MINUTES}
    names = ("candidates", "late", "longest", "in_all", "changes", "written", "late_changes", "longest_change")
    with database.cursor() as cursor:
        cursor.execute(RAW, wanted)
        return {name: int(value) for name, value in zip(names, cursor.fetchone(), strict=True)}
