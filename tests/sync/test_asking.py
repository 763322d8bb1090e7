"""Sync this person now (R18b), against the sandbox."""

from __future__ import annotations

from apps.accounts.rights import Role
from apps.accounts.scope import EVERYONE
from apps.candidates.models import Candidacy, Person
from apps.core import clock
from apps.ledger.models import Event
from apps.mappings import services as mappings
from apps.mappings.models import MappingState
from apps.sync import asking
from tests.portal.factories import make_user
from tests.sync.conftest import Desk

SOMEBODY = {
    "first": "Ada",
    "last": "Byrne",
    "url": "https://www.linkedin.com/in/ada-byrne",
    "member": "urn:li:person:a",
}


def test_someone_left_out_by_a_draft_is_brought_over_once_asked_for(desk: Desk) -> None:
    mapping = desk.company.mappings[0]
    mappings.set_state(mapping_id=mapping.pk, state=MappingState.DRAFT, now=clock.now())
    desk.add(SOMEBODY)
    desk.work(30)
    row = Event.objects.get(kind="row.profile", reason="not_live")
    mappings.set_state(mapping_id=mapping.pk, state=MappingState.LIVE, now=clock.now())

    assert asking.sync_received(event_id=row.pk, asked_by=None, now=clock.now())
    desk.work(30)

    assert len(desk.people()) == 1 and len(desk.applications()) == 1
    look = Event.objects.get(kind="look.profile")
    assert look.state == "done" and look.tries.get().exchanges[0]["status"] == 200
    assert "Byrne" not in str(look.tries.get().exchanges)


def test_asking_for_someone_who_is_in_step_writes_nothing(desk: Desk) -> None:
    desk.add(SOMEBODY)
    desk.work(60)
    person = Person.objects.get(last_name="Byrne")
    before = len(desk.sandbox.calls("greenhouse", write=1)) + len(desk.sandbox.calls("linkedin", write=1))

    assert asking.sync_person(person_id=person.pk, scope=EVERYONE, asked_by=make_user(Role.OPS), now=clock.now()) == 2
    desk.work(30)

    after = len(desk.sandbox.calls("greenhouse", write=1)) + len(desk.sandbox.calls("linkedin", write=1))
    assert after == before
    assert len(desk.people()) == 1 and desk.dead() == []


def test_a_dead_arrival_is_tried_again_once_asked_for(desk: Desk) -> None:
    desk.sandbox.fault("greenhouse", "5xx", "POST /greenhouse/v3/candidates", status=422)
    desk.add(SOMEBODY)
    desk.work(30)
    assert len(desk.dead()) == 1
    person = Candidacy.objects.of_everyone().get().person

    asking.sync_person(person_id=person.pk, scope=EVERYONE, asked_by=make_user(Role.OPS), now=clock.now())
    desk.work(30)

    assert len(desk.people()) == 1 and desk.dead() == []
