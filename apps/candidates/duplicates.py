"""Questions about who is who: asked by the engine, answered by people. A question's evidence is kept as it was seen."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.candidates import identities, matching
from apps.candidates.matching import Decision, Facts, Judgement, Verdict
from apps.candidates.models import Apart, Duplicate, DuplicateState, Person


def hold_key(duplicate: Duplicate) -> str:
    """Under which the ledger holds what waits for the answer."""
    return f"duplicate:{duplicate.pk}"


UNREAD: Mapping[str, Any] = {"records": {}, "records_asked_at": None}
"""The columns of a question of whose people the ATS's records are still to be read."""

CLOSED: Mapping[str, Any] = {"state": DuplicateState.CLOSED, **UNREAD}
"""A question that is none any more keeps nothing of what the ATS has of people."""


def decide_on(person: Person, *, by_name: bool) -> Decision:
    """What the policy says of somebody who is about to be created. `by_name`: names alone may ask, too."""
    seen = replace(identities.facts_of(person), id="")
    decided = matching.decide(
        seen,
        identities.who_may_be(person),
        apart=identities.told_apart(person.connection_id, seen),
        namesakes=identities.count_namesakes(person),
        weights=identities.weights(),
    )
    if decided.verdict == Verdict.REVIEW and not by_name and not any(one.by_identifier for one in decided.judged):
        return Decision(Verdict.NEW)
    return decided


def ask(*, person: Person, judged: Collection[Judgement], now: datetime) -> Duplicate:
    """Ask people whether this person is one of these; an open question learns what is known now."""
    found = [_evidence(one) for one in judged]
    question, made = Duplicate.objects.get_or_create(
        person=person, state=DuplicateState.OPEN, defaults={"found": found, "asked_at": now}
    )
    if not made and question.found != found:
        Duplicate.objects.filter(pk=question.pk).update(found=found, **UNREAD)
    return question


def notice(*, connection_id: UUID, remote_ids: Collection[str], now: datetime) -> None:
    """Somebody whom the ATS shows now bears an identifier of one of ours who is another there: it is asked (rule 20).

    Where nobody is to be asked about, as a rule, two queries for a whole page of people."""
    ours = identities.borne_elsewhere(connection_id=connection_id, remote_ids=remote_ids)
    for person, others in identities.alike(ours):
        fitting = [matching.judge(identities.facts_of(person), one) for one in others]
        found = [one for one in fitting if one.by_identifier and one.verdict != Verdict.NEW]
        if any(one.held.id in remote_ids for one in found):
            ask(person=person, judged=found, now=now)


def asked_with(*, connection_id: UUID, remote_ids: Collection[str]) -> set[str]:
    """Whom the open questions about these, who are in the ATS, name beside them."""
    asked = Duplicate.objects.filter(state=DuplicateState.OPEN, person__connection=connection_id)
    rows = asked.exclude(person__remote_id="").values_list("person__remote_id", "found")
    named = [{remote_id, *(one["id"] for one in found)} for remote_id, found in rows]
    return {one for together in named if together & set(remote_ids) for one in together} - set(remote_ids)


def follow_merge(*, loser: Person, survivor: Person) -> None:
    """Somebody is part of another from now on: what is open about either is asked of the one who is left, and who
    else is asked whether they are the other, is asked about the one who is left."""
    open_now = Duplicate.objects.filter(state=DuplicateState.OPEN, person__connection=survivor.connection_id)
    theirs = sorted(open_now.filter(person__in=[loser, survivor]), key=lambda one: one.person_id != survivor.pk)
    if theirs:
        found = [one for question in theirs for one in question.found if one["id"] != loser.remote_id]
        Duplicate.objects.filter(pk__in=[one.pk for one in theirs[1:]]).update(**CLOSED)
        _ask_of(theirs[0], survivor, found)
    naming = open_now.filter(found__contains=[{"id": loser.remote_id}]) if loser.remote_id else open_now.none()
    for question in naming.exclude(person__in=[loser, survivor]).select_related("person"):
        renamed = [{**one, "id": survivor.remote_id} if one["id"] == loser.remote_id else one for one in question.found]
        _ask_of(question, question.person, renamed)


def ask_rest(*, person: Person, found: Collection[Mapping[str, Any]], now: datetime) -> None:
    """Whoever else was asked about is a question still, of whoever they are now."""
    question = Duplicate.objects.filter(person=person, state=DuplicateState.OPEN).first()
    if question is not None:
        _ask_of(question, person, [*question.found, *found])
    elif fitting := _fitting(person, found):
        Duplicate.objects.create(person=person, found=fitting, asked_at=now)


def _ask_of(question: Duplicate, person: Person, found: Collection[Mapping[str, Any]]) -> None:
    fitting = _fitting(person, found)
    changed = {"person": person, "found": fitting, **UNREAD} if fitting else CLOSED
    Duplicate.objects.filter(pk=question.pk).update(**changed)


def _fitting(person: Person, found: Collection[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What speaks for each of these being this person, as it is known now; nobody who was told apart from them."""
    entries = {one["id"]: dict(one) for one in found if one["id"] != person.remote_id}
    known = identities.indexed_facts(connection_id=person.connection_id, remote_ids=entries)
    apart = identities.apart_from(person, known.values())
    seen = identities.facts_of(person)
    return [
        _evidence(matching.judge(seen, known[key])) if known[key].keys or known[key].name else entry
        for key, entry in entries.items()
        if key not in apart
    ]


def forget(*, connection_id: UUID, remote_id: str) -> None:
    """Somebody is not in the ATS any more: whether one of ours is they is no question then."""
    if not remote_id:
        return
    asked = Duplicate.objects.filter(state=DuplicateState.OPEN, person__connection=connection_id)
    asked.filter(person__remote_id=remote_id).update(**CLOSED)
    naming = asked.exclude(person__remote_id="").filter(found__contains=[{"id": remote_id}])
    for pk, found in list(naming.values_list("pk", "found")):
        left = [one for one in found if one["id"] != remote_id]
        changed = {"found": left} if left else CLOSED
        asked.filter(pk=pk).update(**changed)


def close(*, person: Person) -> None:
    """The question answered itself: they were found, or made, without a person."""
    Duplicate.objects.filter(person=person, state=DuplicateState.OPEN).update(**CLOSED)


def in_words(person: Person, judged: Collection[Judgement]) -> str:
    """Why somebody waits, for the log: no identifier is named in it."""
    several = len(judged) > 1
    who = f"{len(judged)} people in the ATS" if several else "Somebody in the ATS"
    return f"{who} may be {person}. Decide on the page of duplicates; nothing is written before."


def keep_apart(*, person: Person, remote_ids: Collection[str], by: int | None, now: datetime) -> list[int]:
    """Remember that these are somebody else, by what names the person for good. Returns what is new."""
    keys = identities.apart_keys(identities.facts_of(person))
    known = set(Apart.objects.filter(connection=person.connection_id, key__in=keys).values_list("key", "remote_id"))
    rows = [
        Apart(connection_id=person.connection_id, key=key, remote_id=one, by_id=by, at=now)
        for key in keys
        for one in sorted(remote_ids)
        if (key, one) not in known
    ]
    return [row.pk for row in Apart.objects.bulk_create(rows)]


def _evidence(one: Judgement) -> dict[str, Any]:
    return {
        **_shown(one.held),
        "score": round(one.score, 2),
        "components": [{**asdict(part), "weight": round(part.weight, 1)} for part in one.components],
    }


def _shown(facts: Facts) -> dict[str, Any]:
    return {
        "id": facts.id,
        "first_name": facts.first_name,
        "last_name": facts.last_name,
        "company": facts.company,
        "title": facts.title,
        "emails": sorted(facts.values(matching.EMAIL)),
        "addresses": sorted(facts.values(matching.LINKEDIN)),
        "phones": sorted(facts.phones),
    }
