"""LinkedIn's token ends in the middle of a burst; an admin reconnects in a real browser, and all of it lands (R4)."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import QuerySet

from apps.candidates.models import Transition
from apps.connections import services as connections
from apps.core import clock
from apps.demo import scenario
from apps.ledger.models import Event
from apps.ledger.states import State
from tests.portal.tabs import IN_BROWSER, sign_in
from tests.sync import letters as company
from tests.sync.letters import Letters, add, application_of, slug, step

pytestmark = IN_BROWSER

BURST = int(os.environ.get("BURST", "40"))
"""Events of the burst, two for each person; 200 of them take minutes."""

NEWCOMERS = 5
"""People whom a recruiter adds in LinkedIn while nobody may read it."""

ENDED = (State.DONE, State.SKIPPED, State.SUPERSEDED)


@dataclass
class Office(Letters):
    """The company, with webhooks that reach the pages' own server; `since` is the last event before the burst."""

    since: int = 0

    def reach(self, true: Callable[[], object]) -> None:
        for _ in range(200):
            if true():
                return
            step(self.sandbox)
        raise AssertionError(sorted({f"{one.kind} {one.state} {one.detail}" for one in Event.objects.order_by("-pk")}))

    def stages(self) -> dict[str, str]:
        return {row["id"]: row["stage"] for row in self.sandbox.state("linkedin")["profiles"]}

    def written(self) -> dict[str, list[str]]:
        """The stages that LinkedIn was told for each profile, in the order it was told them."""
        told: dict[str, list[str]] = defaultdict(list)
        for call in self.sandbox.calls("linkedin", operation="profiles.batch_move"):
            if call["status"] < 400:
                for profile, entity in call["body"]["entities"].items():
                    told[profile].append(entity["patch"]["$set"]["stage"])
        return told


@pytest.fixture
def office(transactional_db: None, live_server: Any) -> Iterator[Office]:
    with company.opened(web=live_server.url, at=clock.real_now().replace(hour=12)) as desk:
        connections.identify_and_bind(connection_id=desk.company.linkedin.pk, now=clock.now())
        yield Office(desk.sandbox, desk.company)


def test_a_token_that_ends_in_a_burst_is_renewed_in_the_browser_and_all_of_it_lands(office: Office, tab: Any) -> None:
    """Half of the people are moved before the token ends, the others and then all of them after it."""
    people = [scenario.person(number) for number in range(BURST // 2)]
    profiles = add(office, project_of(office), people)
    office.reach(lambda: len(application_of(office)) == len(people) and not under_way())
    office.since, applications = Event.objects.latest("pk").pk, application_of(office)
    number, half = last_call(office), len(people) // 2

    move(office, people[:half], applications)
    office.reach(lambda: list(office.stages().values()).count("In Progress") == half)
    office.sandbox.act("linkedin", "expire_token")
    move(office, people[half:], applications)
    office.reach(lambda: writes(office).count() == len(people))
    reject(office, people, applications)
    office.reach(lambda: writes(office).count() == BURST)
    newcomers = [slug(person) for person in recruits(office)]
    refused = [call for call in office.sandbox.calls("linkedin", since=number) if call["status"] == 401]
    rest(office, timedelta(hours=3))

    waited = writes(office).exclude(state__in=ENDED)
    assert (len(refused), waited.count()) == (1, BURST - half)
    assert set(waited.values_list("attempts", flat=True)) == {0}
    assert last_call(office) == max(call["number"] for call in refused)
    reconnect(tab)

    tab.get_by_role("heading", name=f"Reconnected; {BURST - half} events waited, 0 landed so far").wait_for()
    office.reach(lambda: not writes(office).exclude(state__in=ENDED).exists())
    tab.get_by_role("heading", name=f"{BURST - half} events waited, and all of them landed").wait_for(timeout=10_000)
    office.reach(lambda: not set(newcomers) - set(application_of(office)))
    assert writes(office).filter(state__in=ENDED, attempts=0).count() == BURST
    assert {office.stages()[one] for one in profiles} == {"Archived"}
    assert in_order(office, profiles)
    assert Event.objects.filter(state=State.DEAD).count() == 0
    assert tab.complaints == []


def reconnect(tab: Any) -> None:
    """From the list of connections to LinkedIn's sign-in and back."""
    sign_in(tab)
    tab.get_by_role("link", name="Connections").first.click()
    tab.get_by_role("link", name="LinkedIn Recruiter").first.click()
    assert tab.get_by_text("Expired").first.is_visible()
    tab.get_by_role("link", name="Reconnect").click()
    tab.get_by_role("button", name="Go to LinkedIn Recruiter").click()
    tab.get_by_text("Reconnected to Northwind Talent").wait_for()


def in_order(office: Office, profiles: list[str]) -> bool:
    """What people did is kept in its order for each candidacy, and LinkedIn was told of nothing backwards."""
    moves: dict[Any, list[str]] = defaultdict(list)
    for transition in Transition.objects.filter(event_id__gt=office.since, side="ats").order_by("pk"):
        moves[transition.candidacy_id].append("rejected" if transition.to_value == "!rejected" else "moved")
    told = office.written()
    whole = all(list(dict.fromkeys(told[one])) in (["In Progress", "Archived"], ["Archived"]) for one in profiles)
    return whole and list(moves.values()) == [["moved", "rejected"]] * len(profiles)


def move(office: Office, people: list[dict[str, Any]], applications: dict[str, int]) -> None:
    for person in people:
        office.sandbox.act("greenhouse", "move", application_id=applications[slug(person)], stage="Phone Screen")


def reject(office: Office, people: list[dict[str, Any]], applications: dict[str, int]) -> None:
    for person in people:
        office.sandbox.act("greenhouse", "reject", application_id=applications[slug(person)])


def recruits(office: Office) -> list[dict[str, Any]]:
    """People whom a recruiter adds while nobody may read LinkedIn."""
    found = [scenario.person(1000 + number) for number in range(NEWCOMERS)]
    add(office, project_of(office), found)
    return found


def writes(office: Office) -> QuerySet[Event]:
    """The burst, as LinkedIn is to be told of it: one event for each move in the ATS."""
    return Event.objects.filter(pk__gt=office.since, kind="write.stage")


def project_of(office: Office) -> str:
    return str(office.company.mappings[0].project.remote_id)


def under_way() -> bool:
    return Event.objects.exclude(state__in=ENDED).exclude(kind__startswith="poll").exists()


def last_call(office: Office) -> int:
    return max(call["number"] for call in office.sandbox.calls("linkedin"))


def rest(office: Office, long: timedelta) -> None:
    """Time passes at once; a few sweeps see it."""
    clock.step_to(clock.now() + long)
    for _ in range(5):
        step(office.sandbox)
