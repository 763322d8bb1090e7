"""Verbs on people and candidacies. Called inside the engine's settling transaction, under the person's lease."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from apps.candidates import duplicates, identities, linkedin_urls, matching
from apps.candidates.identities import keys_of_person
from apps.candidates.matching import Facts, Verdict
from apps.candidates.models import (
    Candidacy,
    CandidacyState,
    Identity,
    IdentityKind,
    IndexedPerson,
    IndexKey,
    Person,
    PersonState,
    Profile,
    Tombstone,
    Transition,
)
from apps.candidates.rules import Key, normal_email
from apps.mappings.models import Mapping
from apps.providers import contract


@dataclass(frozen=True, slots=True)
class Found:
    """Who someone is. At most one of `person`, `remote_id`, `several`, `buried` says something; none
    of them: nobody knows this person yet."""

    person: Person | None = None
    remote_id: str = ""
    several: str = ""
    buried: str = ""


def keys_of_profile(profile: contract.Profile) -> tuple[Key, ...]:
    """A profile's identifiers, strongest first: canonical LinkedIn key, member URN, shared e-mail."""
    keys = []
    slug = linkedin_urls.identity_key(profile.url)
    if slug is not None:
        keys.append(Key(IdentityKind.LINKEDIN, slug, profile.url))
    if profile.member:
        keys.append(Key(IdentityKind.MEMBER, profile.member, profile.member))
    email = normal_email(profile.email) if profile.email else None
    if email is not None:
        keys.append(Key(IdentityKind.EMAIL, email, profile.email))
    return tuple(keys)


def find_person(*, connection_id: UUID, seen: Facts, job: str) -> Found:
    """Who this is among the people here: tombstones first, then whoever the policy links by itself.

    An identifier of somebody whose name or other identifiers speak against it names nobody (facts: duplicates, C.4).
    """
    stones = Tombstone.objects.filter(connection_id=connection_id, key__in=[k.lease for k in seen.keys])
    stone = stones.filter(job__in=["", job]).first()
    if stone is not None:
        return Found(buried=stone.why)
    known = {str(person.pk): person for person in identities.bearers(connection_id=connection_id, keys=seen.keys)}
    gone = next((one for one in known.values() if one.state in (PersonState.DELETED, PersonState.ERASED)), None)
    if gone is not None:
        return Found(buried=gone.state)
    facts = [replace(one, id=key) for key, one in identities.facts_of_people(list(known.values())).items()]
    decided = matching.decide(seen, facts, apart=identities.kept_apart(connection_id, seen, known))
    return Found(person=known[decided.target]) if decided.verdict == Verdict.LINK else Found()


def find_alike(*, connection_id: UUID, remote_id: str) -> Found:
    """Who else in the ATS's index bears the identifiers of someone who is not there any more.

    A LinkedIn address names one person; an e-mail address alone may be another's, so a person is asked.
    """
    keys = Identity.objects.filter(connection_id=connection_id, person__remote_id=remote_id)
    by_kind: dict[str, set[str]] = {IdentityKind.LINKEDIN: set(), IdentityKind.EMAIL: set()}
    for identity in keys.filter(kind__in=by_kind):
        rows = IndexKey.objects.filter(connection_id=connection_id, kind=identity.kind, value=identity.value)
        by_kind[identity.kind] |= set(
            rows.exclude(remote_person_id=remote_id).values_list("remote_person_id", flat=True)
        )
    addressed = by_kind[IdentityKind.LINKEDIN]
    if len(addressed) == 1:
        return Found(remote_id=next(iter(addressed)))
    return Found(several=", ".join(sorted(addressed | by_kind[IdentityKind.EMAIL])))


def ensure_person(
    *, connection_id: UUID, found: Found, profile: contract.Profile, keys: Sequence[Key], now: datetime
) -> Person:
    """The person of a profile, with the identifiers that the profile adds."""
    person = found.person or Person.objects.create(
        connection_id=connection_id,
        first_name=profile.first_name,
        last_name=profile.last_name,
        company=profile.company,
        title=profile.title,
        first_seen_at=now,
    )
    identities.note(person=person, keys=keys, source="linkedin", now=now)
    return person


def ensure_candidacy(*, person: Person, mapping: Mapping, profile: contract.Profile) -> Candidacy:
    candidacy, _ = Candidacy.objects.of_everyone().get_or_create(
        person=person,
        job_id=mapping.job_id,
        defaults={"client_id": mapping.client_id, "mapping": mapping, "added_at": profile.added_at},
    )
    return candidacy


def restart(*, candidacy: Candidacy) -> None:
    """A person re-added someone whose candidacy had ended: a new generation (rule 16)."""
    Candidacy.objects.of_everyone().filter(pk=candidacy.pk, state=CandidacyState.ENDED).update(
        state=CandidacyState.OPEN, ended_because="", generation=candidacy.generation + 1
    )
    candidacy.refresh_from_db()


FOR_GOOD = ("deleted", "erased", "merged")
"""Ends that only a person here undoes (rule 16)."""


def end_candidacies(*, person: Person, because: str) -> int:
    """End all of someone's candidacies for good, those too that a re-add would have started again."""
    theirs = Candidacy.objects.of_everyone().filter(person=person).exclude(ended_because__in=FOR_GOOD)
    return theirs.update(state=CandidacyState.ENDED, ended_because=because)


def bury_person(*, person: Person, why: str, now: datetime) -> None:
    """The person is gone from the ATS; tombstones keep every poll from bringing them back (rule 16)."""
    Person.objects.filter(pk=person.pk).update(state=PersonState.DELETED)
    end_candidacies(person=person, because=why)
    keys = [Key(identity.kind, identity.value) for identity in person.identities.all()]
    Tombstone.objects.bulk_create(
        [Tombstone(connection_id=person.connection_id, key=key.lease, job="", why=why, at=now) for key in keys],
        ignore_conflicts=True,
    )
    forget_index(connection_id=person.connection_id, remote_person_id=person.remote_id)


def forget_index(*, connection_id: UUID, remote_person_id: str) -> None:
    IndexKey.objects.filter(connection_id=connection_id, remote_person_id=remote_person_id).delete()
    IndexedPerson.objects.filter(connection_id=connection_id, remote_id=remote_person_id).delete()
    duplicates.forget(connection_id=connection_id, remote_id=remote_person_id)


def index_people(*, connection_id: UUID, people: Iterable[contract.Person]) -> None:
    """Write the names and identifiers that the ATS's people carry now into the local index."""
    people = list(people)
    fresh = {(person.id, key.kind, key.value): key.seen_as for person in people for key in keys_of_person(person)}
    rows = IndexKey.objects.filter(connection_id=connection_id, remote_person_id__in=[person.id for person in people])
    stale = [row.pk for row in rows if (row.remote_person_id, row.kind, row.value) not in fresh]
    IndexKey.objects.filter(pk__in=stale).delete()
    IndexKey.objects.bulk_create(
        [
            IndexKey(connection_id=connection_id, kind=kind, value=value, seen_as=raw, remote_person_id=remote_id)
            for (remote_id, kind, value), raw in sorted(fresh.items())
        ],
        ignore_conflicts=True,
    )
    identities.index_names(connection_id=connection_id, people=people)


def others_alike(*, connection_id: UUID, people: Iterable[contract.Person]) -> set[str]:
    """Whom else of the ATS's people the index knows by a LinkedIn address that one of these bears."""
    people = list(people)
    addresses = {key.value for one in people for key in keys_of_person(one) if key.kind == IdentityKind.LINKEDIN}
    rows = IndexKey.objects.filter(connection_id=connection_id, kind=IdentityKind.LINKEDIN, value__in=addresses)
    others = rows.exclude(remote_person_id__in=[one.id for one in people])
    return set(others.values_list("remote_person_id", flat=True))


def index_own(*, person: Person, remote_id: str) -> None:
    """Put someone we just created into the index, before any crawl can show them."""
    kinds = [IdentityKind.LINKEDIN, IdentityKind.EMAIL]
    IndexKey.objects.bulk_create(
        [
            IndexKey(
                connection_id=person.connection_id, kind=kind, value=value, seen_as=raw, remote_person_id=remote_id
            )
            for kind, value, raw in person.identities.filter(kind__in=kinds).values_list("kind", "value", "seen_as")
        ],
        ignore_conflicts=True,
    )


def follow_merge(*, loser: Person, survivor: Person) -> None:
    """A merge in the ATS: the survivor takes over identifiers, profiles and candidacies (rule 22)."""
    Person.objects.filter(pk=survivor.pk, state=PersonState.MERGED).update(state=PersonState.ACTIVE, merged_into=None)
    Person.objects.filter(pk=loser.pk).update(state=PersonState.MERGED, merged_into=survivor)
    identities.move(loser=loser, survivor=survivor)
    theirs = {c.job_id: c for c in Candidacy.objects.of_everyone().filter(person=survivor)}
    for candidacy in Candidacy.objects.of_everyone().filter(person=loser):
        kept = theirs.get(candidacy.job_id)
        if kept is None:
            Candidacy.objects.of_everyone().filter(pk=candidacy.pk).update(person=survivor)
            continue
        Profile.objects.filter(candidacy=candidacy).update(candidacy=kept)
        Candidacy.objects.of_everyone().filter(pk=candidacy.pk).update(
            state=CandidacyState.ENDED, ended_because="merged", application_id=""
        )
    if loser.remote_id and survivor.remote_id:
        identities.keep_apart_from(survivor=survivor, loser=loser)
    duplicates.follow_merge(loser=loser, survivor=survivor)
    forget_index(connection_id=loser.connection_id, remote_person_id=loser.remote_id)


Listener = Callable[[Transition], None]

_listeners: list[Listener] = []


def register_listener(listener: Listener) -> None:
    """Called by apps above that are to hear of each transition, in the transaction that records it."""
    _listeners.append(listener)


def record_transition(
    *, candidacy: Candidacy, side: str, from_value: str, to_value: str, changed_at: datetime, event_id: int
) -> None:
    """Note a person's move once, whatever the number of times it is reported, and tell who listens (rule 12)."""
    transition, made = Transition.objects.get_or_create(
        candidacy=candidacy,
        side=side,
        to_value=to_value,
        changed_at=changed_at,
        defaults={"from_value": from_value, "event_id": event_id},
    )
    for listener in _listeners if made else ():
        listener(transition)


def known_applications(*, connection_id: UUID, ids: Iterable[str]) -> frozenset[str]:
    """Which of these applications belong to somebody's candidacy here."""
    rows = Candidacy.objects.of_everyone().filter(job__connection_id=connection_id, application_id__in=set(ids))
    return frozenset(rows.values_list("application_id", flat=True))


def known_people(*, connection_id: UUID, ids: Iterable[str]) -> frozenset[str]:
    """Which of these are people here, by their ids in the ATS."""
    rows = Person.objects.filter(connection_id=connection_id, remote_id__in=set(ids))
    return frozenset(rows.values_list("remote_id", flat=True))


def indexed_people(*, connection_id: UUID, ids: Iterable[str]) -> frozenset[str]:
    """Which of these the index of the ATS's people has."""
    rows = IndexKey.objects.filter(connection_id=connection_id, remote_person_id__in=set(ids))
    return frozenset(rows.values_list("remote_person_id", flat=True))
