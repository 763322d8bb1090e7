"""One person, once: who is linked, who is asked about, and what a decision does (RULES.md 2, 16, 20-22)."""

from __future__ import annotations

from typing import Any

import pytest

from apps.accounts.scope import EVERYONE
from apps.candidates import questions
from apps.candidates.models import Candidacy, Duplicate, Identity, Person, Profile
from apps.candidates.questions import QuestionRow
from apps.core import clock
from apps.ledger.models import Event
from apps.ledger.states import Reason, State
from apps.sync import duplicates
from tests.sync.conftest import ADA, Desk

EMAIL = "ada@mail.test"
SEEN = {**ADA, "email": EMAIL}


def _apply(desk: Desk, **values: Any) -> int:
    """Somebody applies on the job board; the API shows them half a minute later."""
    applied = {"last_name": "Byrne", "lag": 30, "job_id": desk.jobs()[0], **values}
    return int(desk.sandbox.act("greenhouse", "apply", **applied)["candidate"]["id"])


def _open() -> QuestionRow:
    (question_id,) = questions.list_open(scope=EVERYONE)
    question = questions.get_question(scope=EVERYONE, question_id=question_id)
    assert question is not None
    return question


def _is_held() -> bool:
    return Event.objects.filter(state=State.HELD, reason=Reason.DUPLICATE).exists()


def _same(question: QuestionRow, remote_id: int, take: tuple[str, ...] = ()) -> bool:
    return duplicates.say_same(
        duplicate_id=question.id, remote_id=str(remote_id), take=take, scope=EVERYONE, actor=None, now=clock.now()
    )


@pytest.mark.parametrize(
    "applied",
    [
        {"first_name": "Ada", "email": EMAIL},
        {"first_name": "ADA", "email": "Ada@Mail.test", "company": "Elsewhere"},
        {"first_name": "Ada", "linkedin_url": "https://uk.linkedin.com/in/Ada-Byrne/?trk=x"},
    ],
)
def test_an_applicant_of_two_minutes_ago_who_is_sourced_now_is_one_person_rule_20(
    desk: Desk, applied: dict[str, Any]
) -> None:
    there = _apply(desk, **applied)
    desk.work(120)

    desk.add(SEEN)
    desk.work(120)

    assert [person["id"] for person in desk.people()] == [there]
    assert [row["candidate_id"] for row in desk.applications()] == [there]
    assert Person.objects.get().remote_id == str(there)
    assert desk.dead() == []


def test_a_relative_with_the_same_address_is_asked_about_and_nobody_is_created(desk: Desk) -> None:
    there = _apply(desk, first_name="Ann", email=EMAIL)
    desk.work(60)

    desk.add(SEEN)
    desk.work(120)

    assert [person["id"] for person in desk.people()] == [there]
    assert _is_held()
    question = _open()
    assert [one.id for one in question.found] == [str(there)]
    assert {part["sign"] for part in question.found[0].components} >= {"email", "name"}


def test_who_was_kept_apart_is_created_once_and_never_asked_about_again(desk: Desk) -> None:
    _apply(desk, first_name="Ann", email=EMAIL)
    desk.work(60)
    desk.add(SEEN)
    desk.work(60)

    assert duplicates.say_apart(duplicate_id=_open().id, scope=EVERYONE, actor=None, now=clock.now())
    desk.work(120)

    assert sorted(person["first_name"] for person in desk.people()) == ["Ada", "Ann"]
    assert questions.list_open(scope=EVERYONE) == ()
    assert desk.dead() == []
    for model in (Profile, Duplicate):
        model.objects.all().delete()
    Candidacy.objects.of_everyone().delete()
    Person.objects.all().delete()

    desk.add(SEEN, mapping=1)
    desk.work(120)

    assert questions.list_open(scope=EVERYONE) == ()
    assert not _is_held()
    assert len(desk.people()) == 2


def test_who_was_said_to_be_the_same_is_linked_and_can_be_taken_back_no_more_then(desk: Desk) -> None:
    there = _apply(desk, first_name="Ann", email=EMAIL)
    desk.work(60)
    desk.add(SEEN)
    desk.work(60)
    question = _open()

    assert _same(question, there)
    desk.work(120)

    assert [person["id"] for person in desk.people()] == [there]
    assert Candidacy.objects.of_everyone().get().application_id
    assert not _is_held()
    assert duplicates.undo(duplicate_id=question.id, scope=EVERYONE, actor=None, now=clock.now())
    desk.work(30)
    assert "stays" in Duplicate.objects.get().said
    assert Person.objects.get().remote_id == str(there)
    assert desk.dead() == []


def test_a_decision_is_taken_back_before_anything_came_of_it(desk: Desk) -> None:
    there = _apply(desk, first_name="Ann", email=EMAIL)
    desk.work(60)
    desk.add(SEEN)
    desk.work(60)
    question = _open()
    before = list(Person.objects.values()), list(Identity.objects.order_by("pk").values())
    desk.sandbox.fault("greenhouse", "5xx", "", times=1000)

    _same(question, there)
    desk.work(5)
    duplicates.undo(duplicate_id=question.id, scope=EVERYONE, actor=None, now=clock.now())
    desk.work(5)

    assert (list(Person.objects.values()), list(Identity.objects.order_by("pk").values())) == before
    assert _open().id == question.id


def test_a_name_and_a_company_alone_ask_and_never_link(desk: Desk) -> None:
    _apply(desk, first_name="Ada", email="private@mail.test", company="Contoso")
    desk.work(60)

    desk.add({key: value for key, value in ADA.items() if key != "email"})
    desk.work(120)

    assert len(desk.people()) == 1
    assert _is_held()


def test_a_namesake_with_another_address_is_nobody_to_ask_about(desk: Desk) -> None:
    _apply(desk, first_name="Ada", company="Contoso", linkedin_url="https://www.linkedin.com/in/ada-byrne-2")
    desk.work(60)

    desk.add(SEEN)
    desk.work(120)

    assert len(desk.people()) == 2
    assert Duplicate.objects.count() == 0


def test_several_who_fit_are_all_listed(desk: Desk) -> None:
    one = _apply(desk, first_name="Ada", linkedin_url=ADA["url"])
    other = _apply(desk, first_name="Ada", email=EMAIL)
    desk.work(60)

    desk.add(SEEN)
    desk.work(120)

    assert sorted(found.id for found in _open().found) == sorted([str(one), str(other)])
    assert _same(_open(), other)
    desk.work(60)
    assert Person.objects.get().remote_id == str(other)
    question = _open()
    assert (question.remote_id, [found.id for found in question.found]) == (str(other), [str(one)])
    assert not _is_held()


def test_only_one_of_those_asked_about_may_be_chosen(desk: Desk) -> None:
    _apply(desk, first_name="Ann", email=EMAIL)
    desk.work(60)
    desk.add(SEEN)
    desk.work(60)

    with pytest.raises(duplicates.NotOneOfThem):
        _same(_open(), 4711)


def test_the_fields_that_a_person_chose_are_written_over_and_no_others_rule_21(desk: Desk) -> None:
    there = _apply(desk, first_name="Ann", email=EMAIL, company="Elsewhere", title="Nurse")
    desk.work(60)
    desk.add(SEEN)
    desk.work(60)

    assert _same(_open(), there, take=("company",))
    desk.work(120)

    (person,) = desk.people()
    assert (person["company"], person["title"], person["first_name"]) == ("Contoso", "Nurse", "Ann")
    assert desk.dead() == []


def test_an_applicant_whom_the_ats_shows_only_after_our_create_is_asked_about_rule_20(desk: Desk) -> None:
    desk.add(SEEN)
    desk.work(60)
    assert len(desk.people()) == 1

    late = _apply(desk, first_name="Ada", email=EMAIL)
    desk.work(30)
    desk.add(_another("Bea"))
    desk.work(30)

    question = _open()
    assert (question.name, [one.id for one in question.found]) == ("Ada Byrne", [str(late)])
    assert not _is_held()
    desk.sandbox.act("greenhouse", "merge", candidate_id=int(question.remote_id), secondary_candidate_id=late)
    desk.add(_another("Cleo"))
    desk.work(30)
    assert questions.list_open(scope=EVERYONE) == ()


def _another(first: str) -> dict[str, Any]:
    """Somebody else, whose coming makes the index be read forward."""
    key = first.lower()
    return {**ADA, "first": first, "url": f"https://www.linkedin.com/in/{key}", "member": f"urn:li:person:{key}"}


def test_what_the_ats_has_of_both_is_read_once_by_a_worker_and_kept_with_the_question(desk: Desk) -> None:
    there = _apply(desk, first_name="Ann", email=EMAIL)
    desk.sandbox.act("greenhouse", "add_note", candidate_id=there, body="Prefers nights.")
    desk.work(60)
    desk.add(SEEN)
    desk.work(60)

    record = _open().found[0].record
    desk.work(60)

    assert [one["job"] for one in record["applications"]] == [desk.company.mappings[0].job.name]
    assert [one["text"] for one in record["notes"]] == ["Prefers nights."]
    assert Event.objects.filter(kind="records.read").count() == 1
