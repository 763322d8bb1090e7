"""Two who are one: everything of one goes to the other, and a journal of each changed row takes it back.

A row that something changed since stays as it is now, and is told: nothing is guessed back. What came since goes to
whom it plainly belongs, else it is told, too.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import models, transaction

from apps.candidates import duplicates, linkedin_urls, services
from apps.candidates.models import (
    Apart,
    Candidacy,
    Confidence,
    Duplicate,
    DuplicateState,
    Identity,
    IdentityKind,
    IndexedPerson,
    IndexKey,
    Person,
    Profile,
)

Change = dict[str, Any]
"""One row: its model and key, and its changed columns before and after; `after` is None where it was deleted, `before`
where it was made."""

Entry = Mapping[str, Any]
"""Somebody who was asked about, with what speaks for and against."""

FIELDS = ("first_name", "last_name", "company", "title")
"""What a person may choose from either side."""


class NotTwo(ValueError):
    """They are one already, or belong to different systems."""


@transaction.atomic
def merge_people(
    *, keep: Person, drop: Person, now: datetime, take: Collection[str] = (), rest: Collection[Entry] = ()
) -> list[Change]:
    """Move everything of `drop` to `keep`; `take` names the fields that are better in `drop`, and `rest` is whoever
    else was asked about. Returns the journal."""
    keep, drop = _lock_pair(keep, drop)
    before = _pictures(_rows_of(keep, drop))
    services.follow_merge(loser=drop, survivor=keep)
    chosen = {name: getattr(drop, name) for name in FIELDS if name in take and getattr(drop, name)}
    if chosen:
        Person.objects.filter(pk=keep.pk).update(**chosen)
    duplicates.ask_rest(person=keep, found=rest, now=now)
    return _changes(before, _pictures([*_again(before), *_told_apart(keep), *_asked([keep])]))


@transaction.atomic
def name_in_ats(*, person: Person, remote_id: str, now: datetime, rest: Collection[Entry] = ()) -> list[Change]:
    """Say whom somebody is in the ATS, where nobody here is that one yet. Returns the journal."""
    before = _pictures([person, *_asked([person])])
    Person.objects.filter(pk=person.pk, remote_id="").update(remote_id=remote_id)
    person.refresh_from_db(fields=["remote_id"])
    duplicates.ask_rest(person=person, found=rest, now=now)
    return _changes(before, _pictures([*_again(before), *_asked([person])]))


@transaction.atomic
def ask_rest(*, person: Person, rest: Collection[Entry], now: datetime) -> list[Change]:
    """Go on asking about whoever else may be this person. Returns the journal."""
    before = _pictures(_asked([person]))
    duplicates.ask_rest(person=person, found=rest, now=now)
    return _changes(before, _pictures(_asked([person])))


@transaction.atomic
def take_back(journal: Sequence[Change]) -> list[str]:
    """Put back each row that nothing changed since; returns, in words, what stays as it is."""
    made = [one for one in journal if one["before"] is None]
    deleted = [one for one in journal if one["after"] is None]
    changed = [one for one in journal if one["before"] is not None and one["after"] is not None]
    stays = [*map(_unmake, made), *map(_restore, changed), *map(_recreate, deleted)]
    return [why for why in stays if why]


def had_by(person: Person) -> dict[str, list[Any]]:
    """What is somebody's just after a merge, to tell what comes to them later."""
    theirs = Candidacy.objects.of_everyone().filter(person=person).order_by("pk")
    return {
        "candidacies": [str(pk) for pk in theirs.values_list("pk", flat=True)],
        "identities": list(person.identities.order_by("pk").values_list("pk", flat=True)),
    }


@transaction.atomic
def part(*, keep: Person, drop: Person, had: Mapping[str, Collection[Any]]) -> list[str]:
    """Part what came to the two since they were one: what LinkedIn shows as the other's, and what the ATS has nothing
    of, goes to the other. Returns, in words, what stays with the one."""
    left = []
    addresses = set(drop.identities.filter(kind=IdentityKind.LINKEDIN).values_list("value", flat=True))
    theirs = set(Candidacy.objects.of_everyone().filter(person=drop).values_list("job", flat=True))
    came = Candidacy.objects.of_everyone().filter(person=keep).exclude(pk__in=had.get("candidacies", ()))
    for one in came.select_related("job").prefetch_related("profiles").order_by("pk"):
        shown = {linkedin_urls.identity_key(profile.url) for profile in one.profiles.all()}
        if shown and shown <= addresses and not one.application_id and one.job_id not in theirs:
            Candidacy.objects.of_everyone().filter(pk=one.pk, application_id="").update(person=drop)
        else:
            left.append(f"The candidacy for {one.job} came since, and stays with {keep}.")
    for kind in keep.identities.exclude(pk__in=had.get("identities", ())).order_by("pk").values_list("kind", flat=True):
        left.append(f"An identifier ({kind}) was noted since, and stays with {keep}.")
    return left


def _lock_pair(one: Person, other: Person) -> tuple[Person, Person]:
    """Both, always locked in the order of their ids, so that two merges never wait for each other."""
    rows = Person.objects.select_for_update().filter(pk__in=[one.pk, other.pk]).order_by("pk")
    found = {row.pk: row for row in rows}
    if len(found) < 2 or one.connection_id != other.connection_id or found[other.pk].merged_into_id is not None:
        raise NotTwo
    return found[one.pk], found[other.pk]


def _rows_of(keep: Person, drop: Person) -> list[models.Model]:
    people = [keep, drop]
    candidacies = Candidacy.objects.of_everyone().filter(person__in=people).order_by("pk")
    named = {"connection": drop.connection_id, "remote_id": drop.remote_id}
    keys = IndexKey.objects.filter(connection=drop.connection_id, remote_person_id=drop.remote_id)
    return [
        *people,
        *Identity.objects.filter(person__in=people).order_by("pk"),
        *candidacies,
        *Profile.objects.filter(candidacy__in=candidacies).order_by("pk"),
        *_asked(people),
        *_told_apart(keep),
        *(IndexedPerson.objects.filter(**named) if drop.remote_id else ()),
        *(keys.order_by("pk") if drop.remote_id else ()),
    ]


def _asked(people: Sequence[Person]) -> list[models.Model]:
    """The open questions about these, and those whether somebody is one of these."""
    open_now = Duplicate.objects.filter(state=DuplicateState.OPEN, person__connection=people[0].connection_id)
    concerned = models.Q(person__in=people)
    for person in people:
        concerned |= models.Q(found__contains=[{"id": person.remote_id}]) if person.remote_id else models.Q()
    return list(open_now.filter(concerned).order_by("pk"))


def _told_apart(person: Person) -> list[models.Model]:
    said = Apart.objects.filter(connection=person.connection_id, remote_id=person.remote_id)
    return list(said.order_by("pk")) if person.remote_id else []


KINDS: dict[str, type[models.Model]] = {
    model.__name__.lower(): model
    for model in (Person, Identity, Candidacy, Profile, Duplicate, Apart, IndexedPerson, IndexKey)
}


def _all(kind: str) -> models.QuerySet[Any]:
    if kind == "candidacy":
        return Candidacy.objects.of_everyone()
    return KINDS[kind]._default_manager.all()


def _kind(row: models.Model) -> str:
    return type(row).__name__.lower()


def _again(keys: Iterable[tuple[str, str]]) -> list[models.Model]:
    return [row for kind, pk in keys for row in _all(kind).filter(pk=pk)]


def _pictures(rows: Iterable[models.Model]) -> dict[tuple[str, str], dict[str, Any]]:
    return {(_kind(row), str(row.pk)): _picture(row) for row in rows}


def _picture(row: models.Model) -> dict[str, Any]:
    """A row's columns as JSON holds them."""
    return {field.attname: _plain(getattr(row, field.attname)) for field in row._meta.concrete_fields}


def _plain(value: Any) -> Any:
    if isinstance(value, uuid.UUID):
        return str(value)
    return value.isoformat() if isinstance(value, datetime) else value


def _changes(
    before: dict[tuple[str, str], dict[str, Any]], after: dict[tuple[str, str], dict[str, Any]]
) -> list[Change]:
    found: list[Change] = []
    for (kind, pk), old in before.items():
        new = after.get((kind, pk))
        changed = [name for name in old if new is None or new[name] != old[name]]
        if changed:
            now = {name: new[name] for name in changed} if new is not None else None
            found.append({"kind": kind, "pk": pk, "before": {name: old[name] for name in changed}, "after": now})
    made = [key for key in after if key not in before]
    return [*found, *({"kind": kind, "pk": pk, "before": None, "after": after[kind, pk]} for kind, pk in made)]


def _unmake(change: Change) -> str:
    row = _all(change["kind"]).filter(pk=change["pk"]).first()
    if row is None:
        return ""
    if change["kind"] == "duplicate" and any(
        _plain(getattr(row, name)) != change["after"][name] for name in ("state", "person_id")
    ):
        return _STAYS["duplicate"](row)
    row.delete()
    return ""


def _restore(change: Change) -> str:
    row = _all(change["kind"]).filter(pk=change["pk"]).first()
    if row is None:
        return f"A {change['kind']} that was moved is gone."
    if any(_plain(getattr(row, name)) != value for name, value in change["after"].items()):
        return _STAYS[change["kind"]](row)
    if why := _happened(change, row):
        return why
    _all(change["kind"]).filter(pk=change["pk"]).update(**_values(change))
    return ""


def _happened(change: Change, row: Any) -> str:
    """Why a row may not go back, although its own columns are as they were left: what was made in the ATS since."""
    if change["kind"] == "candidacy" and "person_id" in change["before"] and row.application_id:
        moved_there = not Person.objects.get(pk=change["before"]["person_id"]).remote_id
        return _application_stays(row) if moved_there else ""
    if change["kind"] == "person" and change["before"].get("remote_id") == "":
        theirs = Candidacy.objects.of_everyone().filter(person=row).exclude(application_id="").select_related("job")
        return " ".join(map(_application_stays, theirs))
    if change["kind"] == "candidacy" and change["before"].get("application_id"):
        taken = Candidacy.objects.of_everyone().filter(
            job=row.job_id, application_id=change["before"]["application_id"]
        )
        return _application_stays(row) if taken.exclude(pk=row.pk).exists() else ""
    if change["kind"] == "duplicate":
        if "state" not in change["after"] and row.state != DuplicateState.OPEN:
            return _STAYS["duplicate"](row)
        others = Duplicate.objects.filter(state=DuplicateState.OPEN).exclude(pk=row.pk)
        asked_again = others.filter(person=change["before"].get("person_id", row.person_id)).exists()
        return "They were asked about again since; that question stays." if asked_again else ""
    return ""


def _application_stays(row: Candidacy) -> str:
    return f"The application for {row.job} was made in the ATS meanwhile and stays; move it there if it is another's."


_STAYS: dict[str, Callable[[Any], str]] = {
    "person": lambda row: f"{row} was changed since, and stays as it is.",
    "identity": lambda row: f"An identifier ({row.kind}) was noted again since, and stays with {row.person}.",
    "candidacy": lambda row: f"The candidacy for {row.job} went on since, and stays with {row.person}.",
    "profile": lambda row: f"The profile in {row.project} was moved since, and stays where it is.",
    "duplicate": lambda row: f"The question about {row.person} went on since, and stays as it is.",
}


def _recreate(change: Change) -> str:
    values = change["before"]
    if change["kind"] == "identity" and _is_taken(values):
        return f"An identifier ({values['kind']}) is somebody else's by now, and stays theirs."
    model = KINDS[change["kind"]]
    model._default_manager.bulk_create([model(**_values(change))], ignore_conflicts=True)
    return ""


def _is_taken(values: Mapping[str, Any]) -> bool:
    """Whether somebody bears for certain what the one who is put back bore for certain."""
    if values["confidence"] == Confidence.CONTESTED or values["left_at"]:
        return False
    theirs = Identity.objects.filter(
        connection_id=values["connection_id"], kind=values["kind"], value=values["value"], left_at=None
    )
    return theirs.exclude(confidence=Confidence.CONTESTED).exists()


def _values(change: Change) -> dict[str, Any]:
    """The journal's columns as the database takes them."""
    model = KINDS[change["kind"]]
    fields = {field.attname: field for field in model._meta.concrete_fields}
    return {name: _parsed(fields[name], value) for name, value in change["before"].items()}


def _parsed(field: Any, value: Any) -> Any:
    return value if isinstance(field, models.JSONField) or value is None else field.to_python(value)
