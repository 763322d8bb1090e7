"""LinkedIn and Lever in step, both ways, with Lever's own ways to lose somebody: silent merges, weak
signatures, deletions that no listing shows. One worker in this process; time moves only when told to."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from apps.candidates.models import Candidacy, CandidacyState, IndexKey, Person, PersonState
from apps.connections import services as connections
from apps.core import clock
from apps.demo import invariants, scenario
from apps.demo.ats import all_hands
from apps.demo.ats.hands import Applied
from apps.demo.sandbox import Sandbox
from apps.demo.scenario import Company
from apps.ledger.models import Effect, Event
from apps.ledger.states import State
from apps.sync.models import Stream, StreamName
from apps.webhooks import services as webhooks
from apps.webhooks.bodies import Body
from apps.webhooks.services import Received
from tests.connections.factories import travel
from tests.sandbox_process import running_sandbox
from tests.sync.conftest import NOWHERE, step

EVERY_SECONDS = {"profiles": 10, "people": 600, "applications": 30, "jobs": 3600, "events": 30}
HANDS = all_hands()["lever"]


@dataclass
class Office:
    sandbox: Sandbox
    company: Company

    def add(self, number: int = 0, *, mapping: int = 0, **more: Any) -> str:
        project = self.company.mappings[mapping].project.remote_id
        someone = {**scenario.person(number), **more}
        added = self.sandbox.act("linkedin", "add_to_project", project=project, people=[someone], by="urn:li:seat:52")
        return str(added["profiles"][0])

    def work(self, seconds: int) -> None:
        for _ in range(seconds // 5):
            step(self.sandbox)

    def arrive(self, number: int = 0, **more: Any) -> tuple[str, Applied]:
        profile = self.add(number, **more)
        self.work(60)
        return profile, self.applied()[-1]

    def applied(self) -> list[Applied]:
        return HANDS.seen(self.sandbox)[1]

    def contacts(self) -> list[dict[str, Any]]:
        return list(self.sandbox.state("lever")["contacts"])

    def shown(self, profile: str) -> str:
        return next(row["stage"] for row in self.sandbox.state("linkedin")["profiles"] if row["id"] == profile)

    def move_in_linkedin(self, profile: str, stage: str) -> None:
        self.sandbox.act("linkedin", "move", profile=profile, stage=stage, by="urn:li:seat:52")

    def writes(self) -> int:
        return sum(len(self.sandbox.calls(name, write=1)) for name in ("lever", "linkedin"))

    def dead(self) -> list[str]:
        return [f"{event}: {event.detail}" for event in Event.objects.filter(state=State.DEAD)]

    def settled(self) -> None:
        assert self.dead() == []
        assert invariants.broken(self.sandbox, "lever") == []


@pytest.fixture
def office(transactional_db: None) -> Iterator[Office]:
    with running_sandbox() as running, travel(clock.real_now()):
        sandbox = Sandbox(running.base)
        company = scenario.build(
            sandbox,
            web=NOWHERE,
            names=["Data Engineer", "Analyst"],
            daily_limit=20_000,
            every_seconds=EVERY_SECONDS,
            system="lever",
            terminal=True,
            meanwhile=lambda: step(sandbox),
        )
        yield Office(sandbox, company)


def test_someone_arrives_once_with_stage_source_owner_and_headline(office: Office) -> None:
    _, applied = office.arrive()

    assert (applied.stage, applied.source, applied.job) == (
        "New Lead",
        "LinkedIn",
        office.company.mappings[0].job.remote_id,
    )
    assert [contact["headline"] for contact in office.contacts()] == ["Engineer, Contoso"]
    office.settled()


def test_moves_travel_both_ways_and_stop_there(office: Office) -> None:
    profile, applied = office.arrive()
    before = office.writes()

    HANDS.move(office.sandbox, applied.id, "Phone Screen")
    office.work(60)
    assert office.shown(profile) == "In Progress"
    HANDS.move(office.sandbox, applied.id, "On-site")
    office.work(60)
    office.move_in_linkedin(profile, "Replied")
    office.work(60)

    assert office.applied()[0].stage == "On-site"  # back is not allowed by the row
    assert office.writes() == before + 1
    assert office.dead() == []


def test_a_reject_a_reopening_and_a_hire_go_through_the_one_endpoint(office: Office) -> None:
    profile, applied = office.arrive()

    office.move_in_linkedin(profile, "Archived")
    office.work(60)
    row = next(row for row in office.sandbox.state("lever")["opportunities"] if row["id"] == applied.id)
    assert row["archived"] is not None and office.applied()[0].stage == "New Lead"

    office.move_in_linkedin(profile, "In Progress")
    office.work(120)
    row = next(row for row in office.sandbox.state("lever")["opportunities"] if row["id"] == applied.id)
    assert row["archived"] is None and office.applied()[0].stage == "Phone Screen"

    office.move_in_linkedin(profile, "Hired")
    office.work(60)
    hired = [row["headcountHired"] for row in office.sandbox.state("lever")["requisitions"]]
    assert sorted(hired) == [0, 1]
    office.settled()


@pytest.mark.parametrize("email", ["ada@mail.test", ""])
def test_a_create_whose_answer_is_lost_is_found_and_not_repeated(office: Office, email: str) -> None:
    """Without an e-mail address Lever would make a second person of every retry."""
    office.sandbox.fault("lever", "lose_response", "create_opportunity")

    office.add(email=email)
    office.work(120)

    assert (len(office.contacts()), len(office.applied())) == (1, 1)
    assert Candidacy.objects.of_everyone().exclude(application_id="").count() == 1
    assert [effect.state for effect in Effect.objects.filter(kind="create")] == ["done"]
    office.settled()


def test_a_hire_whose_answer_is_lost_is_counted_once(office: Office) -> None:
    profile, _ = office.arrive()
    office.sandbox.fault("lever", "lose_response", "archived")

    office.move_in_linkedin(profile, "Hired")
    office.work(120)

    assert sorted(row["headcountHired"] for row in office.sandbox.state("lever")["requisitions"]) == [0, 1]
    assert [effect.state for effect in Effect.objects.filter(kind="hire")] == ["done"]
    office.settled()


def test_a_merge_that_nobody_tells_is_followed_rule_22(office: Office) -> None:
    profile, applied = office.arrive()
    twin = office.sandbox.act("lever", "create_opportunity", first_name="Amara", last_name="Abel")["opportunity"]

    office.sandbox.act("lever", "merge", contact_id=twin["contact"], loser_contact_id=applied.person)
    office.work(120)
    HANDS.move(office.sandbox, applied.id, "Phone Screen")
    office.work(60)

    candidacy = Candidacy.objects.of_everyone().get(state=CandidacyState.OPEN)
    assert (candidacy.person.remote_id, candidacy.application_id) == (twin["contact"], applied.id)
    assert Person.objects.get(remote_id=applied.person).state == PersonState.MERGED
    assert office.shown(profile) == "In Progress"
    office.settled()


def test_a_deletion_is_seen_without_a_webhook_and_nobody_is_brought_back_rule_16(office: Office) -> None:
    profile, applied = office.arrive()

    office.sandbox.act("lever", "delete", opportunity_id=applied.id)
    office.work(900)
    office.move_in_linkedin(profile, "Replied")
    office.work(60)

    assert office.applied() == []
    assert Candidacy.objects.of_everyone().get().ended_because == "deleted"
    assert Person.objects.get().state == PersonState.DELETED
    assert office.dead() == []


def test_a_forged_deletion_with_a_seen_signature_ends_nobody(office: Office) -> None:
    """The signature covers a token and a time, never the data: whoever saw one delivery can write another's."""
    _, applied = office.arrive()
    forged = _delivery(office, "candidateDeleted", {"opportunityId": applied.id, "contactId": applied.person})

    assert _receive(office, forged) == Received.STORED
    office.work(900)

    assert Candidacy.objects.of_everyone().get().state == CandidacyState.OPEN
    office.settled()


def test_a_delivery_told_twice_or_unsigned_is_taken_once_or_not(office: Office) -> None:
    _, applied = office.arrive()
    data = {"opportunityId": applied.id, "contactId": applied.person}
    told = _delivery(office, "candidateStageChange", data)
    unsigned = json.dumps({"event": "candidateStageChange", "triggeredAt": 1, "data": data}).encode()

    received = [_receive(office, body) for body in (told, told, unsigned)]

    assert received == [Received.STORED, Received.STORED, Received.BAD_SIGNATURE]
    assert Event.objects.filter(kind="hook.application", payload__action="candidateStageChange").count() == 1


def _delivery(office: Office, event: str, data: dict[str, Any]) -> bytes:
    secret = connections.hook_secrets(office.company.ats, now=clock.now())[0]
    token, at = "t" * 48, 1_763_640_000_000
    signature = hmac.new(secret.encode(), f"{token}{at}".encode(), hashlib.sha256).hexdigest()
    return json.dumps(
        {"id": "e1", "event": event, "triggeredAt": at, "token": token, "signature": signature, "data": data}
    ).encode()


def _receive(office: Office, body: bytes) -> Received:
    told, connection_id = Body(body, body), office.company.ats.pk
    return webhooks.receive(provider="lever", connection_id=connection_id, headers={}, body=told, now=clock.now())


def known_to_the_index(office: Office, number: int) -> str:
    """Somebody of Lever's own, with the LinkedIn address of this person; nobody here knows them but the index."""
    someone = scenario.person(number)
    names = {"first_name": someone["first"], "last_name": someone["last"]}
    made = office.sandbox.act("lever", "create_opportunity", **names, linkedin_url=someone["url"])["opportunity"]
    office.work(600)
    assert IndexKey.objects.filter(remote_person_id=made["contact"]).exists()
    return str(made["contact"])


def test_a_silent_merge_of_people_whom_only_the_index_knows_leaves_no_second_person_rule_22(office: Office) -> None:
    loser = known_to_the_index(office, 0)
    names = {"first_name": "Amara", "last_name": "Abel", "email": "amara@mail.test"}
    survivor = office.sandbox.act("lever", "create_opportunity", **names)["opportunity"]["contact"]
    office.sandbox.act("lever", "merge", contact_id=survivor, loser_contact_id=loser)

    office.add(0)
    office.work(60)

    assert [contact["id"] for contact in office.contacts()] == [survivor]
    candidacy = Candidacy.objects.of_everyone().get()
    assert candidacy.person.remote_id == survivor and candidacy.application_id
    assert not IndexKey.objects.filter(remote_person_id=loser).exists()
    assert office.dead() == []


def test_somebody_deleted_there_whom_only_the_index_knows_is_created_anew_rule_22(office: Office) -> None:
    gone = known_to_the_index(office, 0)
    (row,) = office.sandbox.state("lever")["opportunities"]
    office.sandbox.act("lever", "delete", opportunity_id=row["id"])

    office.add(0)
    office.work(60)

    (contact,) = office.contacts()
    assert contact["id"] != gone
    assert Candidacy.objects.of_everyone().get().person.remote_id == contact["id"]
    office.settled()


def test_an_attachment_to_somebody_merged_a_moment_ago_goes_to_the_survivor_rule_22(office: Office) -> None:
    _, applied = office.arrive()
    twin = office.sandbox.act("lever", "create_opportunity", first_name="Amara", last_name="Abel")["opportunity"]
    office.sandbox.act("lever", "merge", contact_id=twin["contact"], loser_contact_id=applied.person)
    Stream.objects.filter(name=StreamName.APPLICATIONS).update(next_at=clock.now() + timedelta(hours=1))

    office.add(0, mapping=1)
    office.work(60)

    jobs = {one.job.remote_id for one in office.company.mappings}
    assert {(one.person, one.job) for one in office.applied() if one.job} == {(twin["contact"], job) for job in jobs}
    candidacies = Candidacy.objects.of_everyone().filter(state=CandidacyState.OPEN).exclude(application_id="")
    assert {one.person.remote_id for one in candidacies} == {twin["contact"]} and len(candidacies) == 2
    office.settled()


def test_an_applicant_of_two_minutes_ago_who_is_sourced_now_is_one_person_rule_20(office: Office) -> None:
    job = office.company.mappings[0].job.remote_id
    names = {"first_name": "Amara", "last_name": "Abel", "email": "amara@mail.test"}
    office.sandbox.act("lever", "settings", visible_after=60)
    office.sandbox.act("lever", "apply", job_id=job, **names)
    office.work(120)

    office.add(0, email="Amara@Mail.test")
    office.work(120)

    assert len(office.contacts()) == 1
    assert [one.job for one in office.applied()] == [job]
    assert Person.objects.exclude(remote_id="").count() == 1
    office.settled()
