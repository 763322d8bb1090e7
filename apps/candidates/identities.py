"""What is known of people: the identifiers they bear and bore, and how the ATS names them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db.models import Q

from apps.candidates import linkedin_urls, names
from apps.candidates.linkedin_urls import LinkedInKey
from apps.candidates.matching import Facts, Weights
from apps.candidates.models import (
    Apart,
    Confidence,
    Duplicate,
    DuplicateState,
    Identity,
    IdentityKind,
    IndexedPerson,
    IndexKey,
    Person,
    PersonState,
)
from apps.candidates.rules import Key, normal_email, normal_phone
from apps.providers import contract

NAMESAKES = 20
"""A name that more people of the ATS bear than this finds nobody."""


def weights() -> Weights:
    """The score's weights and threshold, as they are set."""
    return Weights(**settings.DUPLICATE_WEIGHTS)


def keys_of_person(person: contract.Person) -> tuple[Key, ...]:
    """An ATS person's identifiers."""
    slugs = [(linkedin_urls.identity_key(url), url) for url in person.social_urls]
    emails = [(normal_email(email), email) for email in person.emails]
    return tuple(
        [Key(IdentityKind.LINKEDIN, value, raw) for value, raw in slugs if value]
        + [Key(IdentityKind.EMAIL, value, raw) for value, raw in emails if value]
    )


def survivor_of(person: Person) -> Person:
    """The person that a chain of merges ends at."""
    while person.merged_into is not None:
        person = person.merged_into
    return person


def facts_of_profile(profile: contract.Profile, keys: Iterable[Key]) -> Facts:
    return Facts(profile.first_name, profile.last_name, profile.company, profile.title, frozenset(keys))


def facts_of(person: Person) -> Facts:
    """One of the people here, as LinkedIn shows them."""
    keys = frozenset(Key(one.kind, one.value, one.seen_as) for one in person.identities.all() if one.left_at is None)
    return Facts(person.first_name, person.last_name, person.company, person.title, keys, id=person.remote_id)


def facts_of_people(people: Sequence[Person]) -> Mapping[str, Facts]:
    """People here with all that is known of them, the index of the ATS included, by our id. Three queries."""
    indexed = _indexed({(one.connection_id, one.remote_id) for one in people if one.remote_id})
    found = {}
    for person in people:
        own, theirs = facts_of(person), indexed.get((person.connection_id, person.remote_id))
        found[str(person.pk)] = Facts(
            own.first_name or (theirs.first_name if theirs else ""),
            own.last_name or (theirs.last_name if theirs else ""),
            own.company,
            own.title,
            own.keys,
            id=str(person.pk),
        )
    return found


def bearers(*, connection_id: UUID, keys: Collection[Key]) -> list[Person]:
    """The people here who bear one of these identifiers, by our ledger or by the index of the ATS."""
    named = _naming(keys)
    if not named:
        return []
    own = Identity.objects.filter(named, connection_id=connection_id, left_at=None)
    remote = IndexKey.objects.filter(named, connection_id=connection_id).values("remote_person_id")
    by_id = Q(pk__in=own.exclude(confidence=Confidence.CONTESTED).values("person"))
    by_index = Q(connection_id=connection_id, remote_id__in=remote)
    found = Person.objects.filter(by_id | by_index).select_related("merged_into").prefetch_related("identities")
    return list({one.pk: one for one in map(survivor_of, found.order_by("pk"))}.values())


def who_may_be(person: Person) -> list[Facts]:
    """Everybody in the ATS who bears an identifier of this person, or their name."""
    seen, connection_id = facts_of(person), person.connection_id
    by_key = IndexKey.objects.filter(_naming(seen.keys) or Q(pk=None), connection_id=connection_id)
    ids = set(by_key.values_list("remote_person_id", flat=True))
    namesakes = _namesakes(person)
    ids |= set(namesakes) if len(namesakes) <= NAMESAKES else set()
    ids -= {person.remote_id}
    return [facts for _, facts in sorted(_indexed({(connection_id, one) for one in ids}).items())]


def borne_elsewhere(*, connection_id: UUID, remote_ids: Collection[str]) -> list[Person]:
    """The people here who are in the ATS, and of whom somebody else of these bears an identifier. Two queries, or four
    where there is one."""
    shown: dict[tuple[str, str], set[str]] = {}
    rows = IndexKey.objects.filter(connection=connection_id, remote_person_id__in=remote_ids)
    for kind, value, remote_id in rows.values_list("kind", "value", "remote_person_id"):
        shown.setdefault((kind, value), set()).add(remote_id)
    named = Identity.objects.filter(
        connection=connection_id, kind__in=IdentityKind.values, value__in=[value for _, value in shown], left_at=None
    )
    theirs = named.filter(person__state=PersonState.ACTIVE).exclude(person__remote_id="")
    bearing = theirs.values_list("person", "kind", "value", "person__remote_id")
    ids = {pk for pk, kind, value, own in bearing if shown.get((kind, value), set()) - {own}}
    if not ids:
        return []
    return list(Person.objects.filter(pk__in=ids).prefetch_related("identities").order_by("pk"))


def alike(people: Sequence[Person]) -> list[tuple[Person, list[Facts]]]:
    """Each of these people of one ATS with who else in it bears one of their identifiers, save those of whom a person
    said that they are they, or that they are not. Six queries for all."""
    if not people:
        return []
    connection_id = people[0].connection_id
    keys = {person.pk: facts_of(person).keys for person in people}
    bearing: dict[tuple[str, str], set[str]] = {}
    wanted = [key.value for each in keys.values() for key in each]
    rows = IndexKey.objects.filter(connection=connection_id, kind__in=IdentityKind.values, value__in=wanted)
    for kind, value, remote_id in rows.values_list("kind", "value", "remote_person_id"):
        bearing.setdefault((kind, value), set()).add(remote_id)
    answered = _answered(people)
    fits = {
        person.pk: set().union(*(bearing.get((key.kind, key.value), ()) for key in keys[person.pk]))
        - {person.remote_id, *answered[person.pk]}
        for person in people
    }
    known = _indexed({(connection_id, one) for each in fits.values() for one in each})
    return [(person, [known[connection_id, one] for one in sorted(fits[person.pk])]) for person in people]


def _answered(people: Sequence[Person]) -> dict[UUID, set[str]]:
    """The ATS ids about which a person has spoken already, for each of these."""
    found: dict[UUID, set[str]] = {person.pk: set() for person in people}
    same = Duplicate.objects.filter(person__in=people, state=DuplicateState.SAME)
    for pk, chosen in same.values_list("person", "chosen"):
        found[pk].add(chosen)
    names_of = {person.pk: apart_keys(facts_of(person)) for person in people}
    apart: dict[str, set[str]] = {}
    said = Apart.objects.filter(
        connection=people[0].connection_id, key__in=[key for each in names_of.values() for key in each]
    )
    for key, remote_id in said.values_list("key", "remote_id"):
        apart.setdefault(key, set()).add(remote_id)
    for pk, keys in names_of.items():
        found[pk] |= set().union(*(apart.get(key, ()) for key in keys))
    return found


def everybody(*, connection_id: UUID) -> list[Facts]:
    """All whom the index of an ATS names, with their identifiers."""
    keys: dict[str, set[Key]] = {}
    for remote_id, kind, value in IndexKey.objects.filter(connection=connection_id).values_list(
        "remote_person_id", "kind", "value"
    ):
        keys.setdefault(remote_id, set()).add(Key(kind, value))
    rows = IndexedPerson.objects.filter(connection=connection_id).order_by("remote_id")
    return [_facts(row.remote_id, keys.get(row.remote_id, ()), row) for row in rows.iterator()]


def apart_in(*, connection_id: UUID) -> set[tuple[str, str]]:
    """Who was said to be two: what names one of them, and the other's id."""
    return set(Apart.objects.filter(connection=connection_id).values_list("key", "remote_id"))


def indexed_facts(*, connection_id: UUID, remote_ids: Collection[str]) -> dict[str, Facts]:
    """What is known of each of these people of an ATS."""
    return {one: facts for (_, one), facts in _indexed({(connection_id, one) for one in remote_ids}).items()}


def count_namesakes(person: Person) -> int:
    return len(_namesakes(person))


def _namesakes(person: Person) -> list[str]:
    key = names.name_key(person.first_name, person.last_name)
    if not key:
        return []
    rows = IndexedPerson.objects.filter(connection_id=person.connection_id, name_key=key)
    return list(rows.exclude(remote_id=person.remote_id).values_list("remote_id", flat=True)[: 10 * NAMESAKES])


def _indexed(wanted: Collection[tuple[UUID, str]]) -> dict[tuple[UUID, str], Facts]:
    """What the index, and our own ledger, know of people of an ATS."""
    connections, ids = {one for one, _ in wanted}, {remote_id for _, remote_id in wanted}
    keys: dict[tuple[UUID, str], set[Key]] = {one: set() for one in wanted}
    for row in IndexKey.objects.filter(connection__in=connections, remote_person_id__in=ids):
        keys.setdefault((row.connection_id, row.remote_person_id), set()).add(Key(row.kind, row.value))
    ours = Identity.objects.filter(person__connection__in=connections, person__remote_id__in=ids, left_at=None)
    for one in ours.filter(kind=IdentityKind.MEMBER).select_related("person"):
        keys.setdefault((one.connection_id, one.person.remote_id), set()).add(Key(one.kind, one.value))
    named = {
        (row.connection_id, row.remote_id): row
        for row in IndexedPerson.objects.filter(connection__in=connections, remote_id__in=ids)
    }
    return {one: _facts(one[1], keys[one], named.get(one)) for one in wanted}


def _facts(remote_id: str, keys: Iterable[Key], named: IndexedPerson | None) -> Facts:
    if named is None:
        return Facts(keys=frozenset(keys), id=remote_id)
    phones = frozenset(named.phones)
    return Facts(named.first_name, named.last_name, named.company, named.title, frozenset(keys), phones, id=remote_id)


def _naming(keys: Collection[Key]) -> Q:
    named = Q()
    for key in sorted(keys, key=lambda one: (one.kind, one.value)):
        named |= Q(kind=key.kind, value=key.value)
    return named


def index_names(*, connection_id: UUID, people: Sequence[contract.Person]) -> None:
    """Keep the names that the ATS's people bear now."""
    rows = [_row(connection_id, one) for one in {one.id: one for one in people}.values()]
    IndexedPerson.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["connection", "remote_id"],
        update_fields=["first_name", "last_name", "company", "title", "phones", "name_key"],
    )


def _row(connection_id: UUID, person: contract.Person) -> IndexedPerson:
    phones = {normal_phone(one, region=settings.PHONE_REGION) for one in person.phones}
    return IndexedPerson(
        connection_id=connection_id,
        remote_id=person.id,
        first_name=person.first_name,
        last_name=person.last_name,
        company=person.company,
        title=person.title,
        phones=sorted(filter(None, phones)),
        name_key=names.name_key(person.first_name, person.last_name),
    )


def unnamed(people: Sequence[Person]) -> set[str]:
    """Those of the index who bear an identifier of one of these, and whose names it does not have."""
    keys = {Key(one.kind, one.value) for person in people for one in person.identities.all()}
    named = IndexedPerson.objects.filter(connection__in={one.connection_id for one in people})
    rows = IndexKey.objects.filter(_naming(keys) or Q(pk=None), connection__in={one.connection_id for one in people})
    return set(rows.values_list("remote_person_id", flat=True)) - set(
        named.filter(remote_id__in=rows.values("remote_person_id")).values_list("remote_id", flat=True)
    )


# --- the ledger of identifiers -----------------------------------------------------------------


def note(*, person: Person, keys: Iterable[Key], source: str, now: datetime) -> None:
    """Note identifiers. One that somebody else bears is contested: it finds them, and names neither.

    A member has one slug at a time: with a new one, the old is history, and free for whoever takes it.
    """
    keys = list(keys)
    _leave_old_slugs(person, keys, source=source, now=now)
    named = _naming(keys) or Q(pk=None)
    others = Identity.objects.filter(named, connection_id=person.connection_id, left_at=None).exclude(person=person)
    taken = set(others.exclude(confidence=Confidence.CONTESTED).values_list("kind", "value"))
    Identity.objects.bulk_create(
        [_identity(person, key, source, now, contested=(key.kind, key.value) in taken) for key in keys],
        ignore_conflicts=True,
    )
    back = Identity.objects.filter(named, person=person).exclude(left_at=None)
    for one in back:
        if (one.kind, one.value) not in taken:
            Identity.objects.filter(pk=one.pk).update(left_at=None, seen_at=now)


def _leave_old_slugs(person: Person, keys: Iterable[Key], *, source: str, now: datetime) -> None:
    shown = {key.value for key in keys if key.kind == IdentityKind.LINKEDIN and key.value.startswith("slug:")}
    if not shown:
        return
    theirs = person.identities.filter(kind=IdentityKind.LINKEDIN, value__startswith="slug:", source=source)
    theirs.filter(left_at=None).exclude(value__in=shown).update(left_at=now)


def _identity(person: Person, key: Key, source: str, now: datetime, *, contested: bool) -> Identity:
    found = linkedin_urls.canonicalise(key.seen_as) if key.kind == IdentityKind.LINKEDIN else None
    derived = isinstance(found, LinkedInKey) and found.derived
    confidence = Confidence.DERIVED if derived else Confidence.STATED
    return Identity(
        connection_id=person.connection_id,
        person=person,
        kind=key.kind,
        value=key.value,
        seen_as=key.seen_as,
        source=source,
        confidence=Confidence.CONTESTED if contested else confidence,
        seen_at=now,
    )


def move(*, loser: Person, survivor: Person) -> None:
    """Give all of somebody's identifiers to another; what both bore in doubt is certain then."""
    theirs = {(one.kind, one.value): one for one in survivor.identities.all()}
    for one in Identity.objects.filter(person=loser):
        other = theirs.get((one.kind, one.value))
        if other is None:
            Identity.objects.filter(pk=one.pk).update(person=survivor)
            continue
        Identity.objects.filter(pk=one.pk).delete()
        if other.confidence == Confidence.CONTESTED:
            Identity.objects.filter(pk=other.pk).update(confidence=one.confidence, left_at=one.left_at)


# --- who was said to be two ---------------------------------------------------------------------


def apart_keys(seen: Facts) -> list[str]:
    """What names somebody for good: a LinkedIn key or a member, else an address together with the name."""
    strong = [key.lease for key in seen.keys if key.kind != IdentityKind.EMAIL]
    name = Key("name", names.name_key(seen.first_name, seen.last_name)).lease
    return sorted(strong or [f"{key.lease}+{name}" for key in seen.keys] or [name])


def told_apart(connection_id: UUID, seen: Facts) -> set[str]:
    """The ATS ids of whom a person said that they are somebody else."""
    rows = Apart.objects.filter(connection_id=connection_id, key__in=apart_keys(seen))
    return set(rows.values_list("remote_id", flat=True))


def kept_apart(connection_id: UUID, seen: Facts, known: Mapping[str, Person]) -> set[str]:
    """The same, by our ids."""
    apart = told_apart(connection_id, seen)
    return {key for key, person in known.items() if person.remote_id and person.remote_id in apart}


def apart_from(person: Person, others: Iterable[Facts]) -> set[str]:
    """Those of these people of the ATS of whom it was said, of either, that they are somebody else than this person."""
    keys_of = {one.id: set(apart_keys(one)) for one in others}
    here = Person.objects.filter(connection_id=person.connection_id, remote_id__in=keys_of)
    for one in here.prefetch_related("identities"):
        keys_of[one.remote_id] |= set(apart_keys(facts_of(one)))
    of_them = Q(remote_id=person.remote_id, key__in=[key for keys in keys_of.values() for key in keys])
    said = Apart.objects.filter(connection_id=person.connection_id).filter(
        Q(key__in=apart_keys(facts_of(person)), remote_id__in=keys_of) | (of_them if person.remote_id else Q(pk=None))
    )
    found: set[str] = set()
    for key, remote_id in said.values_list("key", "remote_id"):
        theirs = remote_id == person.remote_id
        found |= {one for one, keys in keys_of.items() if key in keys} if theirs else {remote_id}
    return found


def keep_apart_from(*, survivor: Person, loser: Person) -> None:
    """Whoever was told apart from one who is part of another now is told apart from that one, too."""
    said = Apart.objects.filter(connection_id=survivor.connection_id, remote_id=loser.remote_id)
    both = {*apart_keys(facts_of(survivor)), *apart_keys(facts_of(loser))}
    Apart.objects.bulk_create(
        [
            Apart(
                connection_id=one.connection_id, key=one.key, remote_id=survivor.remote_id, by_id=one.by_id, at=one.at
            )
            for one in said.exclude(key__in=both)
        ],
        ignore_conflicts=True,
    )
