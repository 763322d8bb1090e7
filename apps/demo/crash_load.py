"""What people do in both systems during a crash run: seeded dice, and a book of every act."""

from __future__ import annotations

import contextlib
import random
import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from apps.candidates.models import Profile
from apps.demo import scenario
from apps.demo.sandbox import Sandbox
from apps.demo.scenario import Company
from apps.ledger.models import Event
from apps.ledger.states import OPEN

SEAT = "urn:li:seat:52"
ATS_STAGES = ("Phone Screen", "Take Home Test", "Onsite", "Reference Check", "Offer")
LINKEDIN_STAGES = ("Replied", "In Progress", "Contacted")
BOTH_SIDES = 0.08
"""Of the moves: where both systems' people move the same candidate, which is to become a question."""

REJECTS = 0.07

NEW, FIRST, ON_THEIR_WAY = 0.25, 6, 30
"""Of the acts: somebody new. First a few are to land; and no more come while so many are on their way."""

FAULTS: tuple[tuple[str, str, str, dict[str, Any]], ...] = (
    ("greenhouse", "lose_response", "POST /greenhouse/v3/candidates$", {"every": 5}),
    ("greenhouse", "lose_response", "POST /greenhouse/v3/applications/[0-9]+/(move|reject|unreject)$", {"every": 7}),
    ("linkedin", "lose_response", "profiles.batch_move", {"every": 9}),
    ("greenhouse", "hold_response", "GET /greenhouse/v3/applications", {"every": 97, "seconds": 6}),
    ("greenhouse", "5xx", "/v3/", {"every": 61}),
    ("linkedin", "5xx", "/v2/", {"every": 83}),
    ("greenhouse", "slow", "/v3/", {"every": 41, "seconds": 0.8}),
    ("greenhouse", "expire_token", "/v3/", {"every": 211}),
    ("greenhouse", "duplicate", "", {"every": 2}),
    ("greenhouse", "reorder", "", {"every": 3, "seconds": 0.7}),
    ("linkedin", "duplicate", "", {"every": 2}),
    ("linkedin", "reorder", "", {"every": 3, "seconds": 0.7}),
)
"""What goes wrong all the time: of the requests or deliveries that fit, each `every`-th is struck."""


@dataclass
class Someone:
    """A person in a Project, and the application once it is known here."""

    number: int
    profile: str
    mapping: int
    application: str = ""
    side: str = "ats"


@dataclass
class Office:
    """The people of the run and the book of what was done: (side, object, value) with how often."""

    sandbox: Sandbox
    company: Company
    chance: random.Random
    people: list[Someone] = field(default_factory=list)
    book: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    thinking: list[Someone] = field(default_factory=list)
    adding: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def act(self) -> None:
        """One thing that somebody does; what the system refuses was not done."""
        dice, ready = self.chance.random(), [one for one in self.people if one.application]
        if dice < NEW or len(ready) < FIRST:
            if len(self.people) - len(ready) < ON_THEIR_WAY:
                self.add(self.chance.randint(1, 3))
            return
        one = self.chance.choice(ready[-400:])
        if self.chance.random() < REJECTS:
            self.end(one)
        elif one.side != "nobody" and self.chance.random() < BOTH_SIDES:
            self.move(one, "linkedin" if one.side == "ats" else "ats")
        elif one.side != "nobody":
            self.move(one, one.side)

    def add(self, count: int) -> None:
        with self.adding:
            self._add(count)

    def _add(self, count: int) -> None:
        place = self.chance.randrange(len(self.company.mappings))
        numbers = [len(self.people) + number for number in range(count)]
        people = [scenario.person(number) for number in numbers]
        project = self.company.mappings[place].project.remote_id
        made = self.sandbox.act("linkedin", "add_to_project", project=project, people=people, by=SEAT)["profiles"]
        sides = [self.chance.choice(("ats", "linkedin")) for _ in numbers]
        rows = zip(numbers, made, sides, strict=True)
        self.people += [Someone(number, profile, place, side=side) for number, profile, side in rows]

    def move(self, one: Someone, side: str, stage: str = "") -> None:
        stages = ATS_STAGES if side == "ats" else LINKEDIN_STAGES
        value = stage or self.chance.choice(stages)
        with contextlib.suppress(RuntimeError):
            if side == "ats":
                self.sandbox.act("greenhouse", "move", application_id=int(one.application), stage=value)
                self.book["ats", one.application, value] += 1
            else:
                self.sandbox.act("linkedin", "move", profile=one.profile, stage=value, by=SEAT)
                self.book["linkedin", one.profile, value] += 1

    def end(self, one: Someone) -> None:
        """A rejection, in the ATS or in LinkedIn; in LinkedIn one in two is thought over while it waits."""
        if one.side == "ats":
            with contextlib.suppress(RuntimeError):
                self.sandbox.act("greenhouse", "reject", application_id=int(one.application))
                self.book["ats", one.application, "!rejected"] += 1
            return
        if self.chance.random() < 0.5:
            self.think_again(one)
        else:
            self.move(one, "linkedin", "Archived")

    def think_again(self, one: Someone) -> None:
        """Archived, to be moved on while the rejection waits for a system that fails."""
        one.side = "nobody"
        path = f"POST /greenhouse/v3/applications/{one.application}/reject$"
        self.sandbox.fault("greenhouse", "5xx", path, times=2)
        self.move(one, "linkedin", "Archived")
        self.thinking.append(one)

    def reconsider(self) -> None:
        """Move on whose rejection waits by now; who is rejected already stays so."""
        for one in list(self.thinking):
            candidacy = Profile.objects.filter(remote_id=one.profile).values_list("candidacy_id", flat=True).first()
            mine = Event.objects.filter(mailbox__key=f"write:application:{candidacy}", payload__value="!rejected")
            if states := set(mine.values_list("state", flat=True)):
                self.thinking.remove(one)
                if states & set(OPEN):
                    self.move(one, "linkedin", "In Progress")

    def learn(self) -> None:
        """Which applications the people have by now."""
        open_ones = {one.profile: one for one in self.people if not one.application}
        rows = Profile.objects.filter(remote_id__in=list(open_ones)).exclude(agreed_ats="")
        for profile, application in rows.values_list("remote_id", "candidacy__application_id"):
            open_ones[profile].application = application


def strike(sandbox: Sandbox) -> None:
    """Plan the faults that are on during the whole run."""
    for system, kind, match, more in FAULTS:
        sandbox.fault(system, kind, match, times=-1, **more)
