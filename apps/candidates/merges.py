"""Two who are one: everything of one goes to the other, and a journal of each changed row takes it back.

A row that something changed since stays as it is now, and is told: nothing is guessed back.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import models, transaction

from apps.candidates import services
from apps.candidates.models import Candidacy, Identity, Person, Profile

Change = dict[str, Any]
"""One row: its model and key, and its changed columns before and after; `after` is None where it was deleted."""

FIELDS = ("first_name", "last_name", "company", "title")
"""What a person may choose from either side."""


class NotTwo(ValueError):
    """They are one already, or belong to different systems."""


@transaction.atomic
def merge_people(*, keep: Person, drop: Person, take: Collection[str] = ()) -> list[Change]:
    """Move everything of `drop` to `keep`; `take` names the fields that are better in `drop`. Returns the journal."""
    keep, drop = _lock_pair(keep, drop)
    rows = _rows_of([keep, drop])
    before = _pictures(rows)
    services.follow_merge(loser=drop, survivor=keep)
    chosen = {name: getattr(drop, name) for name in FIELDS if name in take and getattr(drop, name)}
    if chosen:
        Person.objects.filter(pk=keep.pk).update(**chosen)
    return _changes(before, _pictures(_again(rows)))


@transaction.atomic
def name_in_ats(*, person: Person, remote_id: str) -> list[Change]:
    """Say whom somebody is in the ATS, where nobody here is that one yet. Returns the journal."""
    before = _pictures([person])
    Person.objects.filter(pk=person.pk, remote_id="").update(remote_id=remote_id)
    return _changes(before, _pictures(_again([person])))


@transaction.atomic
def take_back(journal: Sequence[Change]) -> list[str]:
    """Put back each row that nothing changed since; returns, in words, what stays as it is."""
    left: list[str] = []
    for change in sorted(journal, key=lambda one: one["after"] is None):
        stays = _recreate(change) if change["after"] is None else _restore(change)
        if stays:
            left.append(stays)
    return left


def _lock_pair(one: Person, other: Person) -> tuple[Person, Person]:
    """Both, always locked in the order of their ids, so that two merges never wait for each other."""
    rows = Person.objects.select_for_update().filter(pk__in=[one.pk, other.pk]).order_by("pk")
    found = {row.pk: row for row in rows}
    if len(found) < 2 or one.connection_id != other.connection_id or found[other.pk].merged_into_id is not None:
        raise NotTwo
    return found[one.pk], found[other.pk]


def _rows_of(people: Sequence[Person]) -> list[models.Model]:
    candidacies = Candidacy.objects.of_everyone().filter(person__in=people).order_by("pk")
    return [
        *people,
        *Identity.objects.filter(person__in=people).order_by("pk"),
        *candidacies,
        *Profile.objects.filter(candidacy__in=candidacies).order_by("pk"),
    ]


KINDS: dict[str, type[models.Model]] = {
    "person": Person,
    "identity": Identity,
    "candidacy": Candidacy,
    "profile": Profile,
}


def _all(kind: str) -> models.QuerySet[Any]:
    if kind == "candidacy":
        return Candidacy.objects.of_everyone()
    return KINDS[kind]._default_manager.all()


def _kind(row: models.Model) -> str:
    return type(row).__name__.lower()


def _again(rows: Iterable[models.Model]) -> list[models.Model]:
    found = []
    for row in rows:
        found += list(_all(_kind(row)).filter(pk=row.pk))
    return found


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
    return found


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
    return ""


def _application_stays(row: Candidacy) -> str:
    return f"The application for {row.job} was made in the ATS meanwhile and stays; move it there if it is another's."


_STAYS: dict[str, Callable[[Any], str]] = {
    "person": lambda row: f"{row} was changed since, and stays as it is.",
    "identity": lambda row: f"An identifier ({row.kind}) was noted again since, and stays with {row.person}.",
    "candidacy": lambda row: f"The candidacy for {row.job} went on since, and stays with {row.person}.",
    "profile": lambda row: f"The profile in {row.project} was moved since, and stays where it is.",
}


def _recreate(change: Change) -> str:
    values = change["before"]
    taken = Identity.objects.filter(
        connection_id=values["connection_id"], kind=values["kind"], value=values["value"], left_at=None
    )
    if taken.exclude(confidence="contested").exists() and values["confidence"] != "contested" and not values["left_at"]:
        return f"An identifier ({values['kind']}) is somebody else's by now, and stays theirs."
    Identity.objects.create(**_values(change))
    return ""


def _values(change: Change) -> dict[str, Any]:
    """The journal's columns as the database takes them."""
    model = KINDS[change["kind"]]
    fields = {field.attname: field for field in model._meta.concrete_fields}
    return {name: _parsed(fields[name], value) for name, value in change["before"].items()}


def _parsed(field: Any, value: Any) -> Any:
    return value if isinstance(field, models.JSONField) or value is None else field.to_python(value)
