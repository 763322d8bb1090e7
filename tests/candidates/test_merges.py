"""Merging two people and taking it back (RULES.md 22)."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.candidates import duplicates, identities, merges
from apps.candidates.models import (
    Apart,
    Candidacy,
    Duplicate,
    DuplicateState,
    Identity,
    IndexedPerson,
    IndexKey,
    Person,
    PersonState,
    Profile,
    Transition,
)
from apps.candidates.rules import Key
from apps.core import clock
from apps.mappings.models import Job
from tests.portal.factories import World, make_world

TABLES = (Person, Identity, Profile, Transition, Duplicate, Apart, IndexKey, IndexedPerson)


def _everything() -> dict[str, list[dict[str, Any]]]:
    rows = {model.__name__: list(model._default_manager.order_by("pk").values()) for model in TABLES}
    return {**rows, "Candidacy": list(Candidacy.objects.of_everyone().order_by("pk").values())}


def _second(world: World, **values: Any) -> Person:
    return Person.objects.create(
        connection=world.ats, first_name="Ada", last_name="Byron", first_seen_at=clock.now(), **values
    )


def _candidacy(world: World, person: Person, job: Job, *, application: str = "", stage: str = "") -> Candidacy:
    made = Candidacy.objects.of_everyone().create(
        client=world.client,
        person=person,
        job=job,
        mapping=world.mapping,
        application_id=application,
        ats_observed=stage,
        added_at=clock.now(),
    )
    number = Profile.objects.count()
    Profile.objects.create(
        connection=world.linkedin, remote_id=f"p{number}", project=world.mapping.project, candidacy=made, sent=["a"]
    )
    return made


def _jobs(world: World) -> list[Job]:
    more = [
        Job.objects.create(connection=world.ats, remote_id=f"j{number}", name="Nurse", seen_at=clock.now())
        for number in range(2)
    ]
    return [world.mapping.job, *more]


def _index(world: World, *ids: str) -> None:
    for remote_id in ids:
        IndexedPerson.objects.create(connection=world.ats, remote_id=remote_id, first_name="Ada", last_name="Byron")
        IndexKey.objects.create(
            connection=world.ats, kind="email", value="ada@mail.example", remote_person_id=remote_id
        )


def _ask(person: Person, *ids: str) -> Duplicate | None:
    """Ask whether somebody is one of these; nobody is asked whether they are themselves."""
    found = [{"id": one, "first_name": "Cleo"} for one in ids if one != person.remote_id]
    return Duplicate.objects.create(person=person, found=found, asked_at=clock.now()) if found else None


def _open_about(person: Person) -> list[str]:
    question = Duplicate.objects.filter(person=person, state=DuplicateState.OPEN).first()
    return sorted(one["id"] for one in question.found) if question else []


KEYS = [
    Key("linkedin", "slug:ada", "linkedin.com/in/ada"),
    Key("linkedin", "slug:ada-2", "linkedin.com/in/ada-2"),
    Key("member", "urn:1", "urn:1"),
    Key("email", "ada@mail.example", "Ada@Mail.example"),
]
keys = st.lists(st.sampled_from(KEYS), max_size=4, unique=True)
asked = st.lists(st.sampled_from(["7", "99", "c1", "c2"]), max_size=3, unique=True)
places = st.lists(st.tuples(st.integers(0, 2), st.booleans(), st.sampled_from(["", "s1", "!rejected"])), max_size=3)


@pytest.mark.django_db
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_merge_that_is_taken_back_leaves_every_row_as_it_was(data: st.DataObject) -> None:
    with transaction.atomic():
        world = make_world("Birch")
        jobs = _jobs(world)
        one, other = world.person, _second(world, remote_id=data.draw(st.sampled_from(["", "99"])))
        for person in (one, other):
            identities.note(person=person, keys=data.draw(keys), source="linkedin", now=clock.now())
        for person, wanted in ((one, data.draw(places)), (other, data.draw(places))):
            taken = set(Candidacy.objects.of_everyone().filter(person=person).values_list("job", flat=True))
            for place, applied, stage in wanted:
                if jobs[place].pk not in taken:
                    taken.add(jobs[place].pk)
                    number = f"a{Candidacy.objects.of_everyone().count()}" if applied and person.remote_id else ""
                    _candidacy(world, person, jobs[place], application=number, stage=stage)
        _index(world, "99", "c1")
        third = _second(world, remote_id="c2")
        for person in (one, other, third):
            _ask(person, *data.draw(asked))
            for remote_id in data.draw(asked):
                duplicates.keep_apart(person=person, remote_ids=[remote_id], by=None, now=clock.now())
        keep, drop = (one, other) if data.draw(st.booleans()) else (other, one)
        before = _everything()

        take = data.draw(st.sets(st.sampled_from(merges.FIELDS)))
        rest = [{"id": remote_id} for remote_id in data.draw(asked)]
        journal = merges.merge_people(keep=keep, drop=drop, take=take, rest=rest, now=clock.now())
        assert Person.objects.get(pk=drop.pk).state == PersonState.MERGED
        assert not Identity.objects.filter(person=drop).exists()
        left = merges.take_back(journal)

        assert left == []
        assert _everything() == before
        transaction.set_rollback(True)


TOLD = ("applied", "noted", "came")
ACTS = ("moved on", "applied", "renamed", "noted", "answered", "profile moved", "came")


def _happens(act: str, keep: Person, world: World, job: Job) -> list[tuple[Any, Any, dict[str, Any]]]:
    """Something that the merge knows nothing of; what must still be so after it is taken back, by row."""
    theirs = Candidacy.objects.of_everyone().filter(person=keep).order_by("pk")
    match act:
        case "moved on":
            return [_set(Candidacy, one.pk, ats_observed="s9") for one in theirs[:1]]
        case "applied":
            waiting = theirs.filter(application_id="", state="open")
            return [_set(Candidacy, one.pk, application_id=f"new-{one.pk}", person_id=keep.pk) for one in waiting[:1]]
        case "renamed":
            return [_set(Person, keep.pk, first_name="Augusta")]
        case "noted":
            identities.note(
                person=keep, keys=[Key("email", "new@mail.example", "")], source="linkedin", now=clock.now()
            )
            new = Identity.objects.filter(person=keep, value="new@mail.example")
            return [(Identity, one.pk, {"person_id": keep.pk}) for one in new]
        case "answered":
            asked = Duplicate.objects.filter(person=keep, state=DuplicateState.OPEN)
            return [_set(Duplicate, one.pk, state=DuplicateState.APART, person_id=keep.pk) for one in asked]
        case "profile moved":
            profiles = Profile.objects.filter(candidacy__in=theirs).order_by("pk")[:1]
            return [_set(Profile, one.pk, observed="Replied") for one in profiles]
    if theirs.filter(job=job).exists():
        return []
    made = _candidacy(world, keep, job, application="new")
    return [(Candidacy, made.pk, {"person_id": keep.pk, "application_id": "new"})]


def _set(model: Any, pk: Any, **values: Any) -> tuple[Any, Any, dict[str, Any]]:
    _rows(model).filter(pk=pk).update(**values)
    return model, pk, values


def _rows(model: Any) -> Any:
    return Candidacy.objects.of_everyone() if model is Candidacy else model.objects.all()


@pytest.mark.django_db
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_taking_a_merge_back_overwrites_nothing_that_happened_since(data: st.DataObject) -> None:
    with transaction.atomic():
        world = make_world("Birch")
        jobs = [
            *_jobs(world),
            Job.objects.create(connection=world.ats, remote_id="j9", name="Cook", seen_at=clock.now()),
        ]
        keep, drop = world.person, _second(world)
        for person in (keep, drop):
            identities.note(person=person, keys=data.draw(keys), source="linkedin", now=clock.now())
            _ask(person, *data.draw(asked))
        for place in data.draw(st.sets(st.integers(0, 2))):
            _candidacy(world, drop, jobs[place])
        before = _everything()
        rest = [{"id": remote_id} for remote_id in data.draw(asked)]
        journal = merges.merge_people(keep=keep, drop=drop, rest=rest, take={"first_name"}, now=clock.now())
        had = merges.had_by(keep)
        keep.refresh_from_db()

        acts = data.draw(st.lists(st.sampled_from(ACTS), max_size=4, unique=True))
        happened = {act: _happens(act, keep, world, jobs[3]) for act in acts}
        left = merges.take_back(journal) + merges.part(keep=keep, drop=drop, had=had)

        for act, rows in happened.items():
            for model, pk, values in rows:
                assert _rows(model).filter(pk=pk).values(*values).get() == values, f"{act}: it was overwritten"
            assert left or not rows or act not in TOLD, f"{act}: it stays and is not told"
        if not any(happened.values()):
            assert left == []
            assert _everything() == before
        transaction.set_rollback(True)


@pytest.mark.django_db
def test_the_chosen_fields_of_both_are_kept() -> None:
    world = make_world("Birch")
    drop = _second(world, company="Fabrikam", title="Nurse")

    merges.merge_people(keep=world.person, drop=drop, now=clock.now(), take={"company"})

    kept = Person.objects.get(pk=world.person.pk)
    assert (kept.company, kept.title) == ("Fabrikam", world.person.title)


@pytest.mark.django_db
def test_what_happened_since_stays_and_is_told() -> None:
    world = make_world("Birch")
    drop = _second(world)
    identities.note(person=drop, keys=KEYS[:1], source="linkedin", now=clock.now())
    moved = _candidacy(world, drop, _jobs(world)[1])
    journal = merges.merge_people(keep=world.person, drop=drop, now=clock.now())
    Candidacy.objects.of_everyone().filter(pk=moved.pk).update(application_id="77")

    left = merges.take_back(journal)

    moved.refresh_from_db()
    assert moved.person_id == world.person.pk
    assert [line for line in left if "Nurse" in line]
    assert Person.objects.get(pk=drop.pk).state == PersonState.ACTIVE
    assert Identity.objects.get(value="slug:ada").person_id == drop.pk


@pytest.mark.django_db
def test_whoever_was_named_in_the_ats_stays_once_an_application_was_made_there() -> None:
    world = make_world("Birch")
    person = _second(world)
    candidacy = _candidacy(world, person, _jobs(world)[1])
    journal = merges.name_in_ats(person=person, remote_id="4711", now=clock.now())
    Candidacy.objects.of_everyone().filter(pk=candidacy.pk).update(application_id="77")

    left = merges.take_back(journal)

    person.refresh_from_db()
    assert person.remote_id == "4711"
    assert left != []


@pytest.mark.django_db
def test_nobody_is_merged_twice_or_with_themselves() -> None:
    world = make_world("Birch")
    drop = _second(world)
    merges.merge_people(keep=world.person, drop=drop, now=clock.now())

    with pytest.raises(merges.NotTwo):
        merges.merge_people(keep=world.person, drop=drop, now=clock.now())
    with pytest.raises(merges.NotTwo):
        merges.merge_people(keep=world.person, drop=world.person, now=clock.now())


@pytest.mark.django_db
def test_a_renamed_slug_follows_and_a_recycled_one_does_not() -> None:
    world = make_world("Birch")
    one, other = world.person, _second(world)
    identities.note(person=one, keys=[KEYS[0], KEYS[2]], source="linkedin", now=clock.now())
    identities.note(person=one, keys=[KEYS[1], KEYS[2]], source="linkedin", now=clock.now())

    identities.note(person=other, keys=[KEYS[0]], source="linkedin", now=clock.now())

    history = Identity.objects.get(person=one, value="slug:ada")
    assert history.left_at is not None
    assert Identity.objects.get(person=one, value="slug:ada-2").left_at is None
    taken = Identity.objects.get(person=other, value="slug:ada")
    assert (taken.confidence, taken.left_at) == ("stated", None)
    assert identities.bearers(connection_id=world.ats.pk, keys=[KEYS[0]]) == [other]


@pytest.mark.django_db
def test_an_identifier_of_somebody_else_is_contested_and_finds_them() -> None:
    world = make_world("Birch")
    other = _second(world)
    identities.note(person=world.person, keys=[KEYS[3]], source="linkedin", now=clock.now())

    identities.note(person=other, keys=[KEYS[3]], source="linkedin", now=clock.now())

    assert Identity.objects.get(person=other, value=KEYS[3].value).confidence == "contested"
    assert identities.bearers(connection_id=world.ats.pk, keys=[KEYS[3]]) == [world.person]


@pytest.mark.django_db
def test_what_else_is_asked_about_either_is_asked_of_who_is_left_and_undo_asks_as_before() -> None:
    world = make_world("Birch")
    drop = _second(world, remote_id="99")
    third = _second(world, remote_id="c3")
    _ask(world.person, "c1")
    _ask(drop, "7", "c2", "told-apart")
    _ask(third, "99", "c4")
    duplicates.keep_apart(person=world.person, remote_ids=["told-apart"], by=None, now=clock.now())
    before = _everything()

    journal = merges.merge_people(keep=world.person, drop=drop, now=clock.now())

    assert _open_about(world.person) == ["c1", "c2"]
    assert _open_about(drop) == []
    assert _open_about(third) == ["7", "c4"]
    assert merges.take_back(journal) == []
    assert _everything() == before


@pytest.mark.django_db
def test_who_was_told_apart_from_one_is_not_asked_about_the_other_after_their_merge() -> None:
    world = make_world("Birch")
    drop, third = _second(world, remote_id="99"), _second(world, remote_id="c3")
    identities.note(person=third, keys=KEYS[:1], source="linkedin", now=clock.now())
    duplicates.keep_apart(person=third, remote_ids=["99"], by=None, now=clock.now())
    _ask(third, "7")
    _ask(world.person, "c3")

    merges.merge_people(keep=world.person, drop=drop, now=clock.now())

    seen = identities.facts_of(third)
    assert identities.told_apart(world.ats.pk, seen) == {"99", "7"}
    assert _open_about(world.person) == []


@pytest.mark.django_db
def test_a_merge_of_somebody_the_ats_does_not_have_leaves_the_questions_of_others_open() -> None:
    world = make_world("Birch")
    drop, waiting = _second(world), _second(world)
    _ask(waiting, "c1")

    merges.merge_people(keep=world.person, drop=drop, now=clock.now())

    assert _open_about(waiting) == ["c1"]


@pytest.mark.django_db
def test_a_question_that_was_answered_since_stays_answered_and_is_told() -> None:
    world = make_world("Birch")
    drop = _second(world, remote_id="99")
    _ask(drop, "c2")
    journal = merges.merge_people(keep=world.person, drop=drop, now=clock.now())
    Duplicate.objects.update(state=DuplicateState.APART)

    left = merges.take_back(journal)

    assert Duplicate.objects.get().state == DuplicateState.APART
    assert [line for line in left if "question" in line]


@pytest.mark.django_db
def test_what_came_since_is_parted_where_it_is_plain_and_told_where_not() -> None:
    world = make_world("Birch")
    drop = _second(world)
    identities.note(person=drop, keys=KEYS[:1], source="linkedin", now=clock.now())
    journal = merges.merge_people(keep=world.person, drop=drop, now=clock.now())
    had = merges.had_by(world.person)
    plain, applied = (_candidacy(world, world.person, job) for job in _jobs(world)[1:])
    Profile.objects.filter(candidacy__in=[plain, applied]).update(url="https://www.linkedin.com/in/ada")
    Candidacy.objects.of_everyone().filter(pk=applied.pk).update(application_id="88")
    identities.note(person=world.person, keys=KEYS[3:], source="linkedin", now=clock.now())

    assert merges.take_back(journal) == []
    left = merges.part(keep=world.person, drop=drop, had=had)

    assert Candidacy.objects.of_everyone().get(pk=plain.pk).person_id == drop.pk
    assert Candidacy.objects.of_everyone().get(pk=applied.pk).person_id == world.person.pk
    assert Candidacy.objects.of_everyone().get(application_id="70").person_id == world.person.pk
    assert len(left) == 2
