"""What people are known by: every identifier in each system, with the form it was seen in and how sure it is."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from apps.candidates.models import Confidence, Identity, IdentityKind, IndexedPerson, IndexKey, Person
from apps.connections.models import Connection

ATS_ID, TOKEN, PHONE = "ats", "token", "phone"
"""Kinds of identifiers beside those of the ledger: an id of the ATS, a LinkedIn product's own token, a phone number."""

LINKEDIN = "LinkedIn"


@dataclass(frozen=True, slots=True)
class KnownRow:
    """One identifier of somebody, in one system. `left_at`: it is theirs no more."""

    kind: str
    value: str
    seen_as: str
    system: str
    confidence: str
    seen_at: datetime | None = None
    left_at: datetime | None = None


def key_of(person: Person) -> str:
    """Under what the identifiers of somebody here are found: the ATS's id, ours while there is none."""
    return person.remote_id or str(person.pk)


def known_by(
    *, connection: Connection, people: Sequence[Person], remote_ids: Collection[str] = ()
) -> Mapping[str, tuple[KnownRow, ...]]:
    """The identifiers of people here, and of people of the ATS, each once for each system that has it. Four queries."""
    ids = sorted({*remote_ids, *(one.remote_id for one in people)} - {""})
    found: dict[str, list[KnownRow]] = {key: [] for key in [*ids, *map(key_of, people)]}
    for remote_id in ids:
        found[remote_id].append(KnownRow(ATS_ID, remote_id, remote_id, connection.name, Confidence.STATED))
    keys = {one.pk: key_of(one) for one in people}
    for former in Person.objects.filter(merged_into__in=people).exclude(remote_id="").order_by("remote_id"):
        row = KnownRow(ATS_ID, former.remote_id, f"{former.remote_id}, merged", connection.name, Confidence.STATED)
        found[keys[former.merged_into_id or former.pk]].append(row)
    for one in Identity.objects.filter(person__in=people).order_by("left_at", "kind", "value"):
        found[keys[one.person_id]].append(_of_ledger(one, connection))
    for key in IndexKey.objects.filter(connection=connection, remote_person_id__in=ids).order_by("kind", "value"):
        kind = _kind(key.kind, key.value)
        row = KnownRow(kind, key.value, key.seen_as or key.value, connection.name, Confidence.STATED)
        found[key.remote_person_id].append(row)
    for person in IndexedPerson.objects.filter(connection=connection, remote_id__in=ids):
        found[person.remote_id] += _phones(person, connection)
    return {key: tuple(rows) for key, rows in found.items()}


def _of_ledger(one: Identity, connection: Connection) -> KnownRow:
    system = LINKEDIN if one.source == "linkedin" else connection.name
    kind, seen_as = _kind(one.kind, one.value), one.seen_as or one.value
    return KnownRow(kind, one.value, seen_as, system, one.confidence, one.seen_at, one.left_at)


def _phones(person: IndexedPerson, connection: Connection) -> Iterator[KnownRow]:
    return (KnownRow(PHONE, number, number, connection.name, Confidence.STATED) for number in person.phones)


def _kind(kind: str, value: str) -> str:
    """A token of one of LinkedIn's products is no public address, and says nothing about another product's."""
    return TOKEN if kind == IdentityKind.LINKEDIN and not value.startswith("slug:") else kind
