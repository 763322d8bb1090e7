"""Somebody whom the ATS shows only after our create is asked about; a page of people costs two queries (rule 20)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from apps.candidates import duplicates, identities
from apps.candidates import services as candidates
from apps.candidates.models import Duplicate, DuplicateState, Person
from apps.candidates.rules import Key
from apps.core import clock
from apps.providers import contract
from tests.portal.factories import World, make_world

EMAIL = "ada@mail.example"

SOMEBODY = contract.Person(
    id="",
    first_name="Ada",
    last_name="Byrne",
    company="",
    title="",
    emails=(EMAIL,),
    phones=(),
    social_urls=(),
    private=False,
    created_at=datetime(2026, 11, 1, tzinfo=UTC),
    updated_at=datetime(2026, 11, 1, tzinfo=UTC),
)

pytestmark = pytest.mark.django_db


def _ours(world: World, number: int = 0, email: str = EMAIL) -> Person:
    """Somebody whom we created in the ATS."""
    person = Person.objects.create(
        connection=world.ats,
        remote_id=f"our-{number}",
        first_name="Ada",
        last_name="Byrne",
        first_seen_at=clock.now(),
    )
    keys = [
        Key("email", email, email),
        Key("linkedin", f"slug:ada-{number}", f"https://www.linkedin.com/in/ada-{number}"),
    ]
    identities.note(person=person, keys=keys, source="linkedin", now=clock.now())
    candidates.index_own(person=person, remote_id=person.remote_id)
    return person


def _shown(world: World, *ids: str, **values: Any) -> None:
    """The ATS shows them, with the one address."""
    found = replace(SOMEBODY, **values)
    candidates.index_people(connection_id=world.ats.pk, people=[replace(found, id=one) for one in ids])
    duplicates.notice(connection_id=world.ats.pk, remote_ids=ids, now=clock.now())


def _asked(person: Person) -> list[str]:
    question = Duplicate.objects.get(person=person, state=DuplicateState.OPEN)
    return sorted(one["id"] for one in question.found)


def test_a_page_of_people_whom_we_made_ourselves_costs_two_queries(django_assert_num_queries: Any) -> None:
    world = make_world("Birch")
    ours = [_ours(world, number, f"ada-{number}@mail.example") for number in range(30)]

    with django_assert_num_queries(2):
        duplicates.notice(connection_id=world.ats.pk, remote_ids=[one.remote_id for one in ours], now=clock.now())

    assert Duplicate.objects.count() == 0


def test_one_who_comes_later_is_asked_about_beside_those_who_fitted_before() -> None:
    world = make_world("Birch")
    person = _ours(world)

    _shown(world, "late")
    _shown(world, "later")
    _shown(world, "later")

    assert _asked(person) == ["late", "later"]


def test_who_was_kept_apart_or_said_to_be_the_same_is_not_asked_about_again() -> None:
    world = make_world("Birch")
    person = _ours(world)
    duplicates.keep_apart(person=person, remote_ids=["apart"], by=None, now=clock.now())
    Duplicate.objects.create(person=person, state=DuplicateState.SAME, chosen="same", asked_at=clock.now())

    _shown(world, "apart", "same")

    assert not Duplicate.objects.filter(state=DuplicateState.OPEN).exists()


def test_somebody_of_another_ats_or_with_a_common_name_alone_is_nobody_to_ask_about() -> None:
    world, other = make_world("Birch"), make_world("Cedar")
    _ours(world)

    _shown(other, "late")
    _shown(world, "namesake", emails=("another@mail.example",))

    assert Duplicate.objects.count() == 0


def test_a_question_loses_whom_the_ats_lost_and_closes_with_the_last() -> None:
    world = make_world("Birch")
    person = _ours(world)
    _shown(world, "late", "later")

    candidates.forget_index(connection_id=world.ats.pk, remote_person_id="late")
    assert _asked(person) == ["later"]

    candidates.forget_index(connection_id=world.ats.pk, remote_person_id="later")
    assert Duplicate.objects.get().state == DuplicateState.CLOSED


def test_whom_open_questions_name_is_looked_for_when_the_others_change() -> None:
    world = make_world("Birch")
    person = _ours(world)
    _shown(world, "late")

    def beside(*ids: str) -> set[str]:
        return duplicates.asked_with(connection_id=world.ats.pk, remote_ids=ids)

    assert beside(person.remote_id) == {"late"}
    assert beside("late") == {person.remote_id}
    assert beside("stranger") == set()


@pytest.mark.parametrize("gone", ["theirs", "ours", "answered itself"])
def test_a_question_that_is_none_any_more_keeps_nothing_of_what_the_ats_has(gone: str) -> None:
    world = make_world("Birch")
    person = _ours(world)
    _shown(world, "other")
    Duplicate.objects.update(records={"other": {"notes": [{"text": "Prefers nights."}]}}, records_asked_at=clock.now())

    if gone == "answered itself":
        duplicates.close(person=person)
    else:
        duplicates.forget(connection_id=world.ats.pk, remote_id="other" if gone == "theirs" else person.remote_id)

    question = Duplicate.objects.get()
    assert (question.state, question.records, question.records_asked_at) == (DuplicateState.CLOSED, {}, None)
