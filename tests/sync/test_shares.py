"""Export mode: what becomes of people in the ATS is told to LinkedIn by documents, a hundred records a request."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import pytest

from apps.candidates.models import Candidacy, Transition
from apps.core import clock
from apps.ledger import drain, leases
from apps.ledger import services as ledger
from apps.ledger.models import Effect, Event, KeyLease, Mailbox
from apps.ledger.states import EffectState, Reason, State
from apps.mappings import services as mappings
from apps.mappings.models import MappingState
from apps.sync import sending, shares
from apps.sync.models import Stream, StreamName, Told
from tests.sync import exporting
from tests.sync.exporting import Exporting
from tests.sync.office import step

pytestmark = pytest.mark.django_db(transaction=True)

WRITES = ("candidates.batch_update", "candidates.match", "applications.batch_update", "stages.batch_update")


@pytest.fixture
def company(transactional_db: None, live_server: Any) -> Iterator[Exporting]:
    with exporting.opened(live_server.url) as made:
        yield made


def arrive(company: Exporting, *numbers: int) -> list[int]:
    """People are exported, brought in and told of; returns their applications."""
    company.export(*numbers)
    company.settle()
    assert company.left() == []
    return [row["id"] for row in company.applications()]


def stages(company: Exporting, application: int) -> list[str]:
    rows = [row for row in company.told()["stages"] if row["application"] == str(application)]
    return [row["stage"] for row in sorted(rows, key=lambda row: row["atsCreatedAt"])]


def writes(company: Exporting) -> list[str]:
    return [call["operation"] for call in company.sandbox.calls("linkedin") if call["operation"] in WRITES]


def noted(company: Exporting, moves: int) -> None:
    """So many moves are noted here, and LinkedIn is not told of them yet."""
    for _ in range(40):
        if Transition.objects.count() >= moves:
            break
        company.received()
        step(company.sandbox)


def unhooked(company: Exporting) -> None:
    """The ATS tells of nothing from now on: a reading brings all that changed together."""
    company.sandbox.act("greenhouse", "disable_webhook")


def test_who_arrives_is_told_whole_with_the_member_that_they_are(company: Exporting) -> None:
    (application,) = arrive(company, 1)

    told = company.told()
    (candidate,), (applied,) = told["candidates"], told["applications"]
    person = company.sandbox.state("greenhouse")["candidates"][0]
    assert candidate["id"] == applied["atsCandidateId"] == str(person["id"])
    assert candidate["manualMatchedMember"] == "urn:li:person:demo1"
    assert (applied["id"], applied["atsJobPostingId"]) == (str(application), company.mappings[0].job.remote_id)
    assert stages(company, application) == ["Application Review"]
    assert writes(company) == list(WRITES)


def test_each_move_in_the_ats_is_a_row_of_its_own_and_the_ones_before_stay(company: Exporting) -> None:
    (application,) = arrive(company, 1)
    before = len(writes(company))

    for stage in ("Phone Screen", "Onsite", "Phone Screen"):
        company.move(stage, application)
        company.settle()
    company.sandbox.act("greenhouse", "reject", application_id=application)
    company.settle()

    assert stages(company, application) == [
        "Application Review", "Phone Screen", "Onsite", "Phone Screen", "Rejected",
    ]  # fmt: skip
    assert writes(company)[before:] == ["stages.batch_update"] * 4
    assert Transition.objects.filter(side="ats").count() == 4
    assert company.left() == []


def test_two_moves_between_two_readings_are_two_rows(company: Exporting) -> None:
    (application,) = arrive(company, 1)

    company.move("Phone Screen", application)
    company.sandbox.clock(advance=1)
    company.move("Onsite", application)
    company.settle()

    assert stages(company, application) == ["Application Review", "Phone Screen", "Onsite"]


def test_what_linkedin_knows_is_not_sent_again(company: Exporting) -> None:
    (application,) = arrive(company, 1)
    before = writes(company)
    event = Event.objects.filter(kind="write.share").latest("pk")

    company.sandbox.act("greenhouse", "update_candidate", candidate_id=_candidate(company, application), tags=["new"])
    company.settle()

    again = Event.objects.filter(kind="write.share").latest("pk")
    assert writes(company) == before
    assert again.pk == event.pk or again.reason == Reason.ALREADY_TRUE


def test_who_is_renamed_in_the_ats_is_told_anew_and_their_stages_are_not(company: Exporting) -> None:
    (application,) = arrive(company, 1)
    before = len(writes(company))

    company.sandbox.act(
        "greenhouse", "update_candidate", candidate_id=_candidate(company, application), last_name="Renamed"
    )
    company.settle()

    assert [row["lastName"] for row in company.told()["candidates"]] == ["Renamed"]
    assert writes(company)[before:] == ["candidates.batch_update", "applications.batch_update"]


def test_a_note_in_the_ats_is_told_once_on_what_it_is_about_and_private_ones_are_not(company: Exporting) -> None:
    (application,) = arrive(company, 1)
    person = _candidate(company, application)
    told = {"candidate_id": person, "body": "Met them at a fair."}
    company.sandbox.act("greenhouse", "add_note", **told)
    company.sandbox.act("greenhouse", "add_note", **told | {"application_id": application, "body": "Strong in SQL."})
    company.sandbox.act("greenhouse", "add_note", **told | {"body": "An InMail.", "type": "LINKEDIN_INMAIL"})
    company.sandbox.act("greenhouse", "add_note", **told | {"body": "Salary.", "visibility": "privately_visible"})

    for stage in ("Phone Screen", "Onsite"):
        company.move(stage, application)
        company.settle()

    notes = [(row["of"], row["note"]) for row in company.told()["notes"]]
    assert notes == [(str(person), "Met them at a fair."), (str(application), "Strong in SQL.")]
    assert len(company.calls("notes.batch_update")) == 2


def test_a_hundred_stage_rows_travel_in_one_tunnelled_request(company: Exporting) -> None:
    unhooked(company)
    applications = arrive(company, *range(100))
    before = len(company.calls("stages.batch_update"))

    company.move("Phone Screen", *applications)
    noted(company, 100)
    company.settle()

    (call,) = company.calls("stages.batch_update")[before:]
    assert len(call["response_id"]) == 100
    assert (call["method"], call["query"]) == ("POST", "")
    assert {tuple(stages(company, one)) for one in applications} == {("Application Review", "Phone Screen")}
    assert company.left() == []


def test_one_failed_record_of_a_hundred_is_found_and_tried_again_alone(company: Exporting) -> None:
    unhooked(company)
    applications = arrive(company, *range(100))
    before = len(company.calls("stages.batch_update"))
    company.move("Phone Screen", *applications)
    noted(company, 100)
    unlucky = applications[41]
    record = _newest_row(unlucky)
    company.sandbox.act("linkedin", "fail_records", records=[record])

    company.settle()

    first, again = company.calls("stages.batch_update")[before:]
    assert len(first["response_id"]) == 99 and record not in first["response_id"]
    assert again["response_id"] == [record]
    event = Event.objects.filter(kind="write.share", payload__candidacy=str(_candidacy(unlucky).pk)).latest("pk")
    assert (event.state, event.attempts) == (State.DONE, 1)
    assert {effect.tries for effect in Effect.objects.filter(key__contains=f":{record}:")} == {2}
    others = Event.objects.filter(kind="write.share").exclude(pk=event.pk)
    assert not others.filter(attempts__gt=0).exists()
    assert {tuple(stages(company, one)) for one in applications} == {("Application Review", "Phone Screen")}


def test_a_record_that_linkedin_refuses_is_its_own_persons_dead_letter(company: Exporting) -> None:
    applications = arrive(company, 1, 2, 3)
    company.move("Phone Screen", *applications)
    noted(company, len(applications))
    company.sandbox.act("linkedin", "fail_records", records=[_newest_row(applications[1])], status=422, times=9)

    company.settle()

    letter = Event.objects.get(state=State.DEAD)
    assert letter.kind == "write.share" and letter.payload["candidacy"] == str(_candidacy(applications[1]).pk)
    assert letter.detail.startswith("LinkedIn refused the stage: ")
    assert [stages(company, one)[-1] for one in applications] == ["Phone Screen", "Application Review", "Phone Screen"]


@pytest.mark.parametrize("base", ["rest", "v2"])
def test_a_lost_answer_is_sent_again_and_nothing_is_there_twice(
    transactional_db: None, live_server: Any, base: str
) -> None:
    with exporting.opened(live_server.url, rsc_base=base) as company:
        applications = arrive(company, 1, 2)
        company.move("Phone Screen", *applications)
        noted(company, len(applications))
        company.sandbox.fault("linkedin", "lose_response", "PUT .*")

        company.settle()

        assert {tuple(stages(company, one)) for one in applications} == {("Application Review", "Phone Screen")}
        assert not Effect.objects.filter(kind="share").exclude(state=EffectState.DONE).exists()
        assert company.left() == []


@pytest.mark.parametrize("dies", ["before the call", "after the call", "before it settles"])
def test_a_worker_that_is_killed_loses_and_doubles_nothing(
    company: Exporting, monkeypatch: pytest.MonkeyPatch, dies: str
) -> None:
    applications = arrive(company, 1, 2)
    company.move("Phone Screen", *applications)
    noted(company, len(applications))
    company.pass_time(30)
    _work_until_killed(monkeypatch, dies)
    Mailbox.objects.filter(lease_token__isnull=False).update(lease_until=clock.real_now())
    KeyLease.objects.update(until=clock.real_now())

    company.settle()

    assert {tuple(stages(company, one)) for one in applications} == {("Application Review", "Phone Screen")}
    assert not Effect.objects.filter(kind="share").exclude(state=EffectState.DONE).exists()
    assert company.left() == []


def test_a_mapping_that_is_stopped_tells_nothing_until_it_is_started(company: Exporting) -> None:
    (application,) = arrive(company, 1)
    mapping = company.mappings[0]
    company.move("Phone Screen", application)
    noted(company, 1)
    mappings.set_state(mapping_id=mapping.pk, state=MappingState.PAUSED, now=clock.now())
    company.settle()
    before = stages(company, application)

    mappings.set_state(mapping_id=mapping.pk, state=MappingState.LIVE, now=clock.now())
    company.settle()

    assert before == ["Application Review"]
    assert stages(company, application) == ["Application Review", "Phone Screen"]


def test_what_linkedin_lost_is_told_anew(company: Exporting) -> None:
    (application,) = arrive(company, 1)
    company.move("Phone Screen", application)
    noted(company, 1)
    company.sandbox.act("linkedin", "forget_shared")

    company.settle()

    told = company.told()
    assert len(told["candidates"]) == len(told["applications"]) == 1
    assert stages(company, application) == ["Application Review", "Phone Screen"]
    assert Told.objects.exclude(fingerprint="").count() == 5


def test_who_is_deleted_in_the_ats_is_forgotten_by_linkedin(company: Exporting) -> None:
    (application, other) = arrive(company, 1, 2)
    company.sandbox.act("greenhouse", "delete", candidate_id=_candidate(company, application))

    company.settle()

    told = company.told()
    assert [row["id"] for row in told["applications"]] == [str(other)]
    assert len(told["candidates"]) == 1 and {row["application"] for row in told["stages"]} == {str(other)}
    assert company.left() == []


def test_whose_linkedin_account_is_closed_a_person_decides_and_is_asked_once(company: Exporting) -> None:
    arrive(company, 1, 2)
    company.sandbox.act("linkedin", "close_profile", member="demo1")

    for _ in range(2):
        Stream.objects.filter(connection=company.linkedin, name=StreamName.CLOSED).update(next_at=clock.now())
        company.work(15)
    event = Event.objects.get(kind="hook.closed")
    waited = (event.state, event.reason, event.clients)
    ledger.release_held(ids=[event.pk], now=clock.now())
    company.work(15)

    assert waited == (State.HELD, Reason.PERSON, [company.client.pk])
    assert "closed their LinkedIn account on" in event.detail
    event.refresh_from_db()
    assert (event.state, event.detail) == (State.DONE, "Somebody decided that their data stays.")
    stream = Stream.objects.get(connection=company.linkedin, name=StreamName.CLOSED)
    assert stream.next_at is not None and stream.next_at - clock.now() < timedelta(days=30)


class Killed(BaseException):
    """What no handler catches, as nothing catches SIGKILL."""


def _work_until_killed(monkeypatch: pytest.MonkeyPatch, dies: str) -> None:
    """One worker takes what is due and is gone at a moment."""
    put = sending._put

    def killed(linkedin: Any, some: Sequence[Any]) -> Any:
        if dies == "after the call":
            put(linkedin, some)
        raise Killed

    with monkeypatch.context() as patch:
        if dies == "before it settles":
            patch.setattr(drain, "settle", lambda *_, **__: (_ for _ in ()).throw(Killed()))
        else:
            patch.setattr(sending, "_put", killed)
        with pytest.raises(Killed):
            lease, claimed = _claim_shares()
            units = shares.handle(lease, claimed, now=clock.now())
            drain.settle(lease, units, now=clock.now())


def _claim_shares() -> tuple[leases.Lease, list[leases.Claimed]]:
    turns = list(Mailbox.objects.filter(handler="share").values_list("turn", flat=True).distinct())
    found = leases.claim(now=clock.now(), turns=turns)
    assert found is not None and len(found[1]) == 2
    return found


def _candidate(company: Exporting, application: int) -> int:
    return next(int(row["candidate_id"]) for row in company.applications() if row["id"] == application)


def _candidacy(application: int) -> Candidacy:
    return Candidacy.objects.of_everyone().get(application_id=str(application))


def _newest_row(application: int) -> str:
    """The id under which LinkedIn will know the application's last move."""
    return f"{application}-{Transition.objects.filter(candidacy=_candidacy(application)).latest('pk').pk}"
