"""The engine on Bullhorn: two calls to bring somebody in, and a queue instead of webhooks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from apps.candidates.models import Candidacy, CandidacyState, Person, PersonState, Profile
from apps.connections import services as connections
from apps.core import clock
from apps.demo import agency, scenario
from apps.ledger.models import Effect, Event
from apps.ledger.states import EffectState
from apps.mappings import services as mappings
from apps.mappings.models import Job, Project
from apps.sync.models import Stream, StreamName
from tests.sync.office import Office

ROOT = Path(__file__).resolve().parents[2]


def test_somebody_arrives_as_one_candidate_with_one_submission_by_two_calls(office: Office) -> None:
    _, submission = office.arrive(1)

    (candidate,) = office.rows("Candidate")
    seat = office.rows("CorporateUser")
    assert (candidate["firstName"], candidate["companyURL"]) == ("Bruno", "https://www.linkedin.com/in/bruno-abel-1")
    assert (candidate["source"], submission["source"], submission["status"]) == ("LinkedIn", "LinkedIn", "Submitted")
    assert submission["sendingUser"]["id"] in {user["id"] for user in seat}
    assert [len(office.calls(one)) for one in ("create_candidate", "create_jobsubmission")] == [1, 1]
    assert {(effect.kind, effect.state) for effect in Effect.objects.all()} == {
        ("create", EffectState.DONE),
        ("attach", EffectState.DONE),
    }
    assert office.open_events() == []


def test_a_move_in_bullhorn_reaches_linkedin_by_the_queue_and_comes_back_as_an_echo(office: Office) -> None:
    profile, submission = office.arrive(1)

    office.move(submission, "Interview Scheduled")
    office.work(60)

    assert office.stage(profile) == "In Progress"
    assert office.calls("update_jobsubmission") == []
    assert office.open_events() == []


def test_a_move_in_linkedin_reaches_bullhorn_and_is_not_sent_back(office: Office) -> None:
    profile, submission = office.arrive(1)

    office.sandbox.act("linkedin", "move", profile=profile, stage="Replied", by="urn:li:seat:52")
    office.work(60)

    assert office.rows("JobSubmission")[0]["status"] == "Client Submission"
    assert len(office.calls("update_jobsubmission")) == 1
    assert office.stage(profile) == "Replied"
    assert submission["id"] == office.rows("JobSubmission")[0]["id"]


@pytest.mark.parametrize("fault", ["duplicate", "reorder"])
def test_events_that_come_twice_or_out_of_order_change_nothing(office: Office, fault: str) -> None:
    profile, submission = office.arrive(1)
    office.sandbox.fault("bullhorn", fault, "", times=-1)

    office.move(submission, "Client Submission")
    office.move(submission, "Interview Scheduled")
    office.work(60)

    assert office.stage(profile) == "In Progress"
    assert office.open_events() == []


@pytest.mark.parametrize("lost", ["create_candidate", "create_jobsubmission"])
def test_a_lost_answer_to_either_call_makes_nobody_twice(office: Office, lost: str) -> None:
    office.sandbox.fault("bullhorn", "lose_response", lost)
    office.add(scenario.person(1))

    office.work(180)

    assert len(office.rows("Candidate")) == len(office.rows("JobSubmission")) == 1
    assert office.open_events() == []
    assert {effect.state for effect in Effect.objects.all()} == {EffectState.DONE}


def test_a_lost_answer_to_a_reading_of_the_queue_loses_no_event(office: Office) -> None:
    profile, submission = office.arrive(1)
    office.move(submission, "Interview Scheduled")
    office.sandbox.fault("bullhorn", "lose_response", "get_subscription")

    office.work(60)

    assert office.stage(profile) == "In Progress"
    assert [call for call in office.calls("get_subscription") if call["path"].endswith("/lastRequestId")]
    assert not office.queue().cursor.get("asking")


def test_a_queue_that_was_lost_with_its_events_is_back_filled(office: Office) -> None:
    profile, submission = office.arrive(1)
    deleted, other = office.arrive(2)
    (name,) = [found["subscriptionId"] for found in office.sandbox.state("bullhorn")["subscriptions"]]
    office.move(submission, "Interview Scheduled")
    office.sandbox.act("bullhorn", "delete_application", application_id=other["id"])
    office.sandbox.act("bullhorn", "expire_subscription", id=name)

    office.work(90)

    ended = Profile.objects.get(remote_id=deleted).candidacy
    assert office.stage(profile) == "In Progress"
    assert ended is not None and (ended.state, ended.ended_because) == (CandidacyState.ENDED, "deleted")
    assert "gap" not in office.queue().cursor
    assert Event.objects.filter(kind="poll.events", detail__contains="were lost there").exists()
    office.move(submission, "Client Submission")
    office.work(60)
    assert office.stage(profile) == "Replied"


def test_what_happens_to_strangers_is_read_and_not_kept(office: Office) -> None:
    stranger = office.sandbox.act("bullhorn", "create_candidate", first_name="Ann", last_name="Other")["candidate"]
    office.work(20)
    before = Event.objects.filter(kind__startswith="hook.").count()

    office.sandbox.act("bullhorn", "update_candidate", candidate_id=stranger["id"], fields={"occupation": "Pilot"})
    office.work(20)

    assert Event.objects.filter(kind__startswith="hook.").count() == before
    assert Event.objects.filter(kind="poll.events", detail__startswith="1 events read. 0 are").exists()


def test_a_merge_that_no_event_names_is_followed_to_its_survivor(office: Office) -> None:
    profile, submission = office.arrive(1)
    known = office.sandbox.act("bullhorn", "create_candidate", first_name="Bruno", last_name="Abel")["candidate"]
    loser = submission["candidate"]["id"]

    office.sandbox.act("bullhorn", "merge", candidate_id=known["id"], secondary_candidate_id=loser)
    office.work(60)
    office.move(submission, "Interview Scheduled")
    office.work(60)

    states = dict(Person.objects.values_list("remote_id", "state"))
    candidacy = Candidacy.objects.of_everyone().get()
    assert states == {str(loser): PersonState.MERGED, str(known["id"]): PersonState.ACTIVE}
    assert candidacy.person.remote_id == str(known["id"])
    assert office.stage(profile) == "In Progress"


def test_a_deleted_candidate_ends_after_ten_minutes_and_is_not_brought_back(office: Office) -> None:
    profile, submission = office.arrive(1)

    office.sandbox.act("bullhorn", "delete_application", application_id=submission["id"])
    office.sandbox.act("bullhorn", "delete", candidate_id=submission["candidate"]["id"])
    office.work(690)
    office.sandbox.act("linkedin", "move", profile=profile, stage="Replied", by="urn:li:seat:52")
    office.work(60)

    assert Candidacy.objects.of_everyone().get().ended_because == "deleted"
    assert len(office.rows("Candidate")) == 1
    assert office.rows("Candidate")[0]["isDeleted"]


def test_a_session_that_ends_is_signed_in_again_without_a_word(office: Office) -> None:
    profile, submission = office.arrive(1)
    office.sandbox.act("bullhorn", "revoke_tokens")
    office.move(submission, "Interview Scheduled")

    office.work(60)

    assert office.stage(profile) == "In Progress"


def test_a_wrong_password_holds_the_work_and_a_new_one_lets_it_land(office: Office) -> None:
    profile, submission = office.arrive(1)
    office.sandbox.act("bullhorn", "settings", terms_accepted=False)
    office.sandbox.act("bullhorn", "revoke_tokens")
    office.move(submission, "Interview Scheduled")
    office.work(30)
    assert office.stage(profile) == "Contacted"

    office.sandbox.act("bullhorn", "settings", terms_accepted=True)
    connections.reconnect(connection_id=office.agency.bullhorn.pk, secret=agency.CREDENTIAL, now=clock.now())
    office.work(60)

    assert office.stage(profile) == "In Progress"


def test_another_clients_corporation_is_refused_as_the_job_of_a_project(office: Office) -> None:
    """R6: a Project goes into its own client's folder."""
    contoso, fabrikam, _ = office.agency.desks
    office.sandbox.act("bullhorn", "add_job", name="Second", corporation="Fabrikam", requisition_id="R-2009")
    office.sandbox.act("bullhorn", "add_corporation", name="Unassigned")
    office.sandbox.act("bullhorn", "add_job", name="Third", corporation="Unassigned", requisition_id="R-2010")
    office.work(15)
    Stream.objects.filter(name=StreamName.JOBS).update(next_at=clock.now())
    office.work(10)
    theirs, nobodys = Job.objects.get(requisition="R-2009"), Job.objects.get(requisition="R-2010")

    with pytest.raises(mappings.OtherClientsFolder):
        mappings.check_folder(client_id=contoso.client.pk, job=theirs)
    with pytest.raises(mappings.OtherClientsFolder):
        mappings.check_folder(client_id=contoso.client.pk, job=nobodys)
    with pytest.raises(mappings.FolderTaken):
        mappings.assign_folder(
            connection_id=office.agency.bullhorn.pk, folder=theirs.folder, client_id=contoso.client.pk
        )
    mappings.check_folder(client_id=fabrikam.client.pk, job=theirs)
    assert (theirs.folder_name, nobodys.folder_name) == ("Fabrikam", "Unassigned")
    assert Project.objects.count() == 3


def test_the_queues_reading_is_due_every_two_minutes_unless_told_otherwise(office: Office) -> None:
    stream = office.queue()
    Stream.objects.filter(pk=stream.pk).update(every_seconds=0, next_at=clock.now())

    office.work(5)

    left = office.queue().next_at
    assert left is not None and timedelta(seconds=110) < left - clock.now() <= timedelta(minutes=2)


@dataclass
class Meter:
    """Counts what was spent at Bullhorn from one look to the next, readings of the queue left out."""

    office: Office
    seen: int = 0

    def spent(self) -> int:
        calls = self.office.sandbox.calls("bullhorn")
        fresh, self.seen = calls[self.seen :], len(calls)
        return sum(1 for call in fresh if call["operation"] != "get_subscription")


def test_requests_spent_are_those_of_the_table(office: Office) -> None:
    """docs/requests.md: alone and eight at a time, a new candidate, a move there, a move in LinkedIn."""
    meter = Meter(office)
    office.work(30)
    meter.spent()
    found: list[int] = []

    profiles = [office.add(scenario.person(0))]
    office.work(60)
    found.append(meter.spent())
    profiles += [office.add(scenario.person(number)) for number in range(1, 9)]
    office.work(60)
    found.append(meter.spent())
    first, *rest = office.rows("JobSubmission")
    for some in ([first], rest):
        for submission in some:
            office.move(submission, "Client Submission")
        office.work(60)
        found.append(meter.spent())
    for some in ([profiles[0]], profiles[1:]):
        for profile in some:
            office.sandbox.act("linkedin", "move", profile=profile, stage="In Progress", by="urn:li:seat:52")
        office.work(60)
        found.append(meter.spent())

    assert {row["status"] for row in office.rows("JobSubmission")} == {"Interview Scheduled"}
    row = next(line for line in (ROOT / "docs/requests.md").read_text().splitlines() if line.startswith("| Bullhorn |"))
    told = [[int(number) for number in cell.split("-")] for cell in row.strip("| ").split("|")[1:]]
    assert all(cell[0] <= count <= cell[-1] for cell, count in zip(told, found, strict=True)), found


def test_an_applicant_of_two_minutes_ago_who_is_sourced_now_is_one_person_rule_20(office: Office) -> None:
    job = int(office.agency.desks[0].mapping.job.remote_id)
    office.sandbox.act("bullhorn", "settings", index_delay=60)
    names = {"first_name": "Bruno", "last_name": "Abel", "email": "bruno@mail.test"}
    office.sandbox.act("bullhorn", "apply", job_id=job, **names)
    office.work(120)

    office.add({**scenario.person(1), "email": "Bruno@Mail.test"})
    office.work(120)

    assert [row["firstName"] for row in office.rows("Candidate")] == ["Bruno"]
    assert len(office.rows("JobSubmission")) == 1
    assert Person.objects.count() == 1
    assert office.open_events() == []
