"""The office day: what people do in it, and what is to be true when it is over."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from apps.accounts import services as accounts
from apps.candidates.models import Profile
from apps.connections import selectors as connections
from apps.core import clock
from apps.demo import invariants, scenario
from apps.demo.day import Wish
from apps.demo.driver import Driver, SteppedSandbox
from apps.demo.sandbox import Sandbox
from apps.demo.scenario import Company
from apps.demo.smoke import Report
from apps.demo.stack import Stack
from apps.ledger.models import Event
from apps.ledger.states import FINAL
from apps.mappings.models import Mapping, SeatUser
from apps.monitoring.models import Alert
from apps.reports import rules

BEGINS = datetime(2027, 3, 9, 0, 5, tzinfo=UTC)
"""A Tuesday, just after LinkedIn's reset: the night's polls are paid from the same 500 as the office's."""

STANDING_FROM = BEGINS + timedelta(minutes=20)
STANDING_FOR = timedelta(hours=4)
"""When those come who are there as the first office opens."""

ENDS = datetime(2027, 3, 9, 23, 55, tzinfo=UTC)
"""Before the reset, near which a call counts in two days."""

IMPORTED_AT = datetime(2027, 3, 9, 11, 0, tzinfo=UTC)
"""When those are added who come at once: noon in Berlin."""

PROMISE = 15.0
"""Minutes in which everybody lands, at any hour (MISSION.md, R10)."""

OFFICE_PROMISE = 5.0
"""Minutes in which nineteen of twenty land who come in office hours."""

VISIBLE_AFTER = 30
"""Seconds for which the imitated Greenhouse hides a new record: what the matrix declares of the real one."""

OFFICES = (("Northwind Berlin", "Europe/Berlin"), ("London", "Europe/London"), ("New York", "America/New_York"))
OPENS, CLOSES = time(8), time(18)

FIRST_SEAT = 51
TITLES = ("Data Engineer", "Product Designer", "Account Executive", "Support Lead", "Site Manager", "Controller")

ATS_MOVES = {"Phone Screen": "In Progress", "Rejected": "Archived"}
"""What a move in Greenhouse shows as in LinkedIn."""


@dataclass(frozen=True, slots=True)
class Act:
    """Something that a person does, and when."""

    at: datetime
    do: Callable[[], None]


@dataclass
class Added:
    """Somebody whom a recruiter added, where they are to be at the end, and since when they should move there."""

    profile: str
    slug: str
    job: str
    seat: str
    zone: str
    added_at: datetime
    ats: str = "Application Review"
    linkedin: str = "Contacted"
    moved_in: str = ""
    moved_at: datetime | None = None
    imported: bool = False


@dataclass
class Office:
    """The people of the day and their hands in both systems. `mappings` are by the client's office."""

    sandbox: Sandbox
    company: Company
    seats: list[str]
    mappings: dict[str, list[Mapping]]
    chance: random.Random
    people: dict[str, Added] = field(default_factory=dict)
    idle: int = 0

    def acts(self, wish: Wish) -> Iterable[Act]:
        """Bursts from the opening on, moves from an hour later; all in office hours. Before that, the standing."""
        for size in self._bursts(wish.standing, wish.burst):
            moment = STANDING_FROM + STANDING_FOR * self.chance.random()
            yield Act(moment.replace(microsecond=0), partial(self.add, size, zone=self._zone()))
        for size in self._bursts(wish.people, wish.burst):
            zone = self._zone()
            yield Act(self._time(zone), partial(self.add, size, zone=zone))
        if wish.imported:
            yield Act(IMPORTED_AT, partial(self.add, wish.imported, zone=self._zone(), imported=True))
        for count, move in ((wish.ats_moves, self.move_in_greenhouse), (wish.linkedin_moves, self.move_in_linkedin)):
            for _ in range(count):
                zone = self._zone()
                yield Act(self._time(zone, later=timedelta(hours=1)), partial(move, zone=zone))

    def _bursts(self, people: int, most: int) -> Iterable[int]:
        while people:
            size = min(people, self.chance.randint(1, most))
            people -= size
            yield size

    def _zone(self) -> str:
        return self.chance.choice(list(self.mappings))

    def _time(self, zone: str, later: timedelta = timedelta(0)) -> datetime:
        """A whole second of an office's day."""
        day = BEGINS.date()
        opens = datetime.combine(day, OPENS, ZoneInfo(zone)).astimezone(UTC) + later
        closes = datetime.combine(day, CLOSES, ZoneInfo(zone)).astimezone(UTC)
        return opens + timedelta(seconds=self.chance.randrange(int((closes - opens).total_seconds())))

    def add(self, size: int, *, zone: str, imported: bool = False) -> None:
        mapping, seat = self.chance.choice(self.mappings[zone]), self.chance.choice(self.seats)
        people = [scenario.person(len(self.people) + place) for place in range(size)]
        made = self.sandbox.act("linkedin", "add_to_project", project=mapping.project.remote_id, people=people, by=seat)
        for profile, person in zip(made["profiles"], people, strict=True):
            slug = person["url"].rsplit("/", 1)[-1]
            self.people[profile] = Added(
                profile, slug, mapping.job.remote_id, seat, zone, clock.now(), imported=imported
            )

    def move_in_greenhouse(self, *, zone: str) -> None:
        """To Phone Screen, one in six to a rejection."""
        found = self._someone_landed(zone)
        if found is None:
            return
        added, application = found
        added.ats = "Rejected" if self.chance.randrange(6) == 0 else "Phone Screen"
        added.linkedin, added.moved_in, added.moved_at = ATS_MOVES[added.ats], "greenhouse", clock.now()
        if added.ats == "Rejected":
            self.sandbox.act("greenhouse", "reject", application_id=application)
        else:
            self.sandbox.act("greenhouse", "move", application_id=application, stage=added.ats)

    def move_in_linkedin(self, *, zone: str) -> None:
        found = self._someone_landed(zone)
        if found is None:
            return
        added, _ = found
        added.ats, added.linkedin, added.moved_in, added.moved_at = (
            "Phone Screen",
            "In Progress",
            "linkedin",
            clock.now(),
        )
        self.sandbox.act("linkedin", "move", profile=added.profile, stage=added.linkedin, by=added.seat)

    def _someone_landed(self, zone: str) -> tuple[Added, int] | None:
        """Somebody in step whom nobody has moved yet; a move with nobody to make it on is counted."""
        settled = Profile.objects.exclude(agreed_ats="").order_by("pk")
        applications = dict(settled.values_list("remote_id", "candidacy__application_id"))
        ready = [
            added
            for added in self.people.values()
            if added.zone == zone and not added.moved_in and added.profile in applications
        ]
        if not ready:
            self.idle += 1
            return None
        chosen = self.chance.choice(ready)
        return chosen, int(applications[chosen.profile])


class Landed:
    """Greenhouse's applications, by the LinkedIn address of their person."""

    def __init__(self, sandbox: Sandbox) -> None:
        state = sandbox.state("greenhouse")
        slugs = {person["id"]: invariants.slugs_of(person) for person in state["candidates"]}
        self.entered = {row["application_id"]: row["entered_at"] for row in state["application_stages"]}
        self._applications: dict[str, list[dict[str, Any]]] = {}
        for row in state["applications"]:
            for slug in slugs[row["candidate_id"]]:
                self._applications.setdefault(slug, []).append(row)

    def of(self, slug: str) -> list[dict[str, Any]]:
        return self._applications.get(slug, [])


def run(stack: Stack, wish: Wish, report: Report) -> None:
    """Live through the day and report it."""
    sandbox = SteppedSandbox(stack.sandbox.base)
    driver = Driver(sandbox)
    company = scenario.build(
        sandbox,
        web=stack.web,
        names=[f"{TITLES[number % len(TITLES)]} {number + 1}" for number in range(wish.projects)],
        daily_limit=wish.daily_limit,
        ats={"ceiling": 50, "visible_after": VISIBLE_AFTER},
        parts=_people_of(wish.seats),
        meanwhile=driver.settle,
    )
    seats = [f"urn:li:seat:{FIRST_SEAT + number}" for number in range(wish.seats)]
    office = Office(sandbox, company, seats, _open_offices(company, wish.offices), random.Random(wish.seed))
    if not wish.hints:
        sandbox.act("linkedin", "settings", hints=False)
    driver.run(office.acts(wish), until=ENDS)
    report.figures |= {"people": len(office.people), "projects": wish.projects, "moments": driver.moments}
    _landed(office, report)
    _moved(office, report)
    _budget(office, report)
    _settled(office, report)
    _quiet(report)


def _people_of(seats: int) -> dict[str, dict[str, Any]]:
    """Recruiters who sit in LinkedIn and in Greenhouse under one name."""
    names = [(scenario.FIRST[place % 12], f"{scenario.LAST[place // 12]}-{place}") for place in range(seats)]
    return {
        "linkedin": {
            "seats": [
                {"id": str(FIRST_SEAT + place), "firstName": first, "lastName": last}
                for place, (first, last) in enumerate(names)
            ]
        },
        "greenhouse": {
            "users": [
                {"id": 5001 + place, "name": f"{first} {last}", "email": f"recruiter{place}@northwind.test"}
                for place, (first, last) in enumerate(names)
            ]
        },
    }


def _open_offices(company: Company, count: int) -> dict[str, list[Mapping]]:
    """Give each office a client of its own and every so manyth Project."""
    zones: dict[str, list[Mapping]] = {}
    for place, (name, zone) in enumerate(OFFICES[:count]):
        client = company.client
        if place:
            client = accounts.create_client(name=name, time_zone=zone, office_start=OPENS, office_end=CLOSES)
        zones[zone] = list(company.mappings[place::count])
        for mapping in zones[zone]:
            Mapping.objects.of_everyone().filter(pk=mapping.pk).update(client=client)
    return zones


def _landed(office: Office, report: Report) -> None:
    """Everybody once: job, stage, address, source, owner, and within the promise."""
    landed = Landed(office.sandbox)
    seats = dict(SeatUser.objects.filter(connection=office.company.ats).values_list("seat__remote_id", "remote_id"))
    source = office.company.mappings[0].source_id
    lags: list[float] = []
    night: list[float] = []
    imported: list[float] = []
    for added in office.people.values():
        rows = landed.of(added.slug)
        report.expect(len(rows) == 1, f"{added.slug} has {len(rows)} applications in Greenhouse")
        for row in rows[:1]:
            shown = "Rejected" if row["status"] == "rejected" else row["stage_name"]
            found = (str(row["job_id"]), shown, str(row["source_id"]), str(row["recruiter_id"]))
            wanted = (added.job, added.ats, source, seats[added.seat])
            report.expect(found == wanted, f"{added.slug}: job, stage, source, owner are {found}, not {wanted}")
            lag = _minutes(added.added_at, datetime.fromisoformat(row["created_at"]))
            is_night = added.added_at < STANDING_FROM + STANDING_FOR
            (imported if added.imported else night if is_night else lags).append(lag)
    landed_in_all = len(lags) + len(night) + len(imported)
    report.figures |= {"landed": landed_in_all} | _lags("people", lags, report)
    report.figures["imported_within_min"] = round(max(imported, default=0.0), 2)
    if night:
        report.figures |= _lags("people_at_night", night, report, office_hours=False)


def _moved(office: Office, report: Report) -> None:
    """Each move shows on the other side, and on its own side still."""
    profiles = {row["id"]: row for row in office.sandbox.state("linkedin")["profiles"]}
    landed = Landed(office.sandbox)
    lags: dict[str, list[float]] = {"greenhouse": [], "linkedin": []}
    for added in office.people.values():
        there = profiles[added.profile]
        report.expect(there["stage"] == added.linkedin, f"{added.slug} is at {there['stage']} in LinkedIn")
        if added.moved_at is None:
            continue
        if added.moved_in == "greenhouse":
            seen = datetime.fromtimestamp(there["stageChangedAt"] / 1000, UTC)
        else:
            seen = datetime.fromisoformat(landed.entered[landed.of(added.slug)[0]["id"]])
        lags[added.moved_in].append(_minutes(added.moved_at, seen))
    report.figures["moves_without_anyone"] = office.idle
    report.figures |= _lags("moves_to_linkedin", lags["greenhouse"], report)
    report.figures |= _lags("moves_to_greenhouse", lags["linkedin"], report)


def _lags(name: str, lags: list[float], report: Report, *, office_hours: bool = True) -> dict[str, Any]:
    """Figures of one lag, in minutes of the day's own time; missed where one is over the promise."""
    largest, late = max(lags, default=0.0), rules.percentile(lags, 0.95) or 0.0
    report.expect(not office_hours or late <= OFFICE_PROMISE, f"{name}: one in twenty took over {late:.1f} minutes")
    report.expect(largest <= PROMISE, f"{name}: the slowest took {largest:.1f} minutes")
    report.expect(bool(lags), f"{name}: nothing was measured")
    return {
        f"{name}_count": len(lags),
        f"{name}_p50_min": round(rules.percentile(lags, 0.5) or 0.0, 2),
        f"{name}_p95_min": round(late, 2),
        f"{name}_largest_min": round(largest, 2),
    }


def _minutes(since: datetime, until: datetime) -> float:
    return (until - since).total_seconds() / 60


def _budget(office: Office, report: Report) -> None:
    """LinkedIn's own count is the truth: within the limit, nothing refused, and equal to ours."""
    state = office.sandbox.state("linkedin")
    limit = state["daily_limit"]
    logged = Counter(call["at"][:10] for call in office.sandbox.calls("linkedin"))
    operations = Counter(call["operation"] for call in office.sandbox.calls("linkedin"))
    refused = sum(state["refused_by_day"].values())
    ours = connections.daily(office.company.linkedin.pk, now=clock.now())
    assert ours is not None
    report.figures |= {
        "daily_limit": limit,
        "linkedin_calls_largest_day": max(logged.values()),
        "linkedin_calls_by_operation": dict(operations),
        "linkedin_calls_by_purpose": dict(ours.by_purpose),
        "linkedin_refused": refused,
        "greenhouse_calls": len(office.sandbox.calls("greenhouse")),
        "greenhouse_refused": sum(call["status"] == 429 for call in office.sandbox.calls("greenhouse")),
    }
    report.expect(max(logged.values()) <= limit, f"LinkedIn got {max(logged.values())} calls in a day")
    report.expect(refused == 0, f"LinkedIn refused {refused} calls")
    today = logged[f"{clock.now():%Y-%m-%d}"]
    report.expect(ours.spent == today, f"we counted {ours.spent} calls, LinkedIn {today}")


def _settled(office: Office, report: Report) -> None:
    """Every event ended, and DESIGN.md's invariants hold."""
    events = Event.objects.exclude(state__in=FINAL)
    dead = Event.objects.filter(state="dead")
    report.figures |= {"events": Event.objects.count(), "deliveries": len(office.sandbox.deliveries("greenhouse"))}
    for event in (events | dead)[:20]:
        report.expect(False, f"{event} is {event.state} {event.reason}{event.cause}: {event.detail}")
    for sentence in invariants.broken(office.sandbox):
        report.expect(False, sentence)


def _quiet(report: Report) -> None:
    """A day on which nothing goes wrong has no alarm (MISSION.md, R17)."""
    fired = list(Alert.objects.order_by("first_seen").values_list("kind", "detail", "first_seen"))
    report.figures["alarms"] = len(fired)
    for kind, detail, at in fired:
        report.expect(False, f"At {at:%H:%M} the alarm {kind} fired: {detail}")
