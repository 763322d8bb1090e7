"""A recruiter clears a queue of people who may be one, by keyboard alone, in a real browser."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.accounts.rights import Role
from apps.candidates import identities
from apps.candidates.models import Apart, Candidacy, Duplicate, Person
from apps.candidates.rules import Key
from apps.core import clock
from apps.ledger import drain
from apps.ledger.models import Event
from tests.portal.factories import World, make_question, make_world
from tests.portal.tabs import IN_BROWSER, sign_in

pytestmark = IN_BROWSER

PEOPLE = 10


@pytest.fixture
def world(transactional_db: None) -> World:
    made = make_world("Birch")
    for number in range(PEOPLE):
        person = Person.objects.create(
            connection=made.ats,
            first_name="Ada",
            last_name=f"Number{number}",
            company="Contoso",
            title="Engineer",
            first_seen_at=clock.now(),
        )
        Candidacy.objects.of_everyone().create(
            client=made.client, person=person, job=made.mapping.job, mapping=made.mapping, added_at=clock.now()
        )
        key = Key("linkedin", f"slug:number-{number}", f"linkedin.com/in/number-{number}")
        identities.note(person=person, keys=[key], source="linkedin", now=clock.now())
        make_question(made, person=person)
    return made


def _work() -> None:
    for _ in range(3):
        drain.drain(until=clock.real_now() + timedelta(seconds=5))


def test_a_recruiter_clears_a_queue_of_ten_by_keyboard_and_takes_one_back(world: World, tab: object) -> None:
    Duplicate.objects.update(found=[{**Duplicate.objects.first().found[0], "id": "900"}])
    sign_in(tab, Role.RECRUITER, world.client)
    tab.get_by_role("link", name="Duplicates").first.click()
    tab.get_by_text("10 people wait for a decision").wait_for()
    tab.keyboard.press("j")
    tab.get_by_text("2 of 10").wait_for()
    tab.keyboard.press("k")
    tab.get_by_text("1 of 10").wait_for()

    for left in range(PEOPLE - 1, 0, -1):
        tab.keyboard.press("a")
        tab.get_by_text("Two people: this is not asked again").wait_for()
        waits = "One person waits" if left == 1 else f"{left} people wait"
        tab.get_by_text(f"{waits} for a decision").wait_for()
        _work()
    tab.keyboard.press("n")
    tab.get_by_text("Put behind the others").wait_for()
    tab.keyboard.press("l")
    tab.get_by_role("heading", name="Nobody waits for a decision").wait_for()
    _work()

    decided = dict(Duplicate.objects.values_list("person__last_name", "state"))
    assert sorted(decided.values()) == ["apart"] * 9 + ["same"]
    assert Person.objects.filter(remote_id="900").count() == 1
    assert Apart.objects.count() == 9

    tab.get_by_role("link", name="Decided").click()
    tab.get_by_role("heading", name="Decided").wait_for()
    tab.get_by_role("button", name="Undo for").first.press("Enter")
    tab.get_by_text("Taken back as far as it can be").wait_for()
    _work()
    assert Duplicate.objects.filter(state="open").count() == 1
    assert not Person.objects.filter(remote_id="900").exists()
    assert not Event.objects.filter(state="dead").exists()
    assert tab.complaints == []


def test_one_key_takes_the_last_answer_back_and_keys_can_be_switched_off(world: World, tab: object) -> None:
    sign_in(tab, Role.RECRUITER, world.client)
    tab.goto("/duplicates/")
    tab.keyboard.press("a")
    tab.get_by_text("9 people wait for a decision").wait_for()
    _work()
    tab.keyboard.press("z")
    tab.get_by_text("Taken back as far as it can be").wait_for()
    _work()
    assert Duplicate.objects.filter(state="open").count() == PEOPLE
    assert not Apart.objects.exists()

    tab.goto("/duplicates/")
    tab.get_by_role("button", name="Keys").click()
    tab.keyboard.press("a")
    tab.reload()
    tab.get_by_text("10 people wait for a decision").wait_for()
    assert tab.complaints == []
