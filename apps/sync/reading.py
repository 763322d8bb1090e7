"""Applications read again by the fewest requests that their system allows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from apps.providers import contract

MOST_IDS = 50
"""The most ids one read takes (contract.Ats)."""


def chunks(ids: Iterable[str]) -> Iterator[Sequence[str]]:
    """The ids in order, by as many as one read takes."""
    ordered = sorted(ids)
    for start in range(0, len(ordered), MOST_IDS):
        yield ordered[start : start + MOST_IDS]


def applications_of(ats: contract.Ats, people: Collection[str]) -> dict[str, contract.Application]:
    """All applications of these people, by their ids."""
    return {found.id: found for ids in chunks(people) for found in ats.get_applications(person_ids=ids)}


def applications(ats: contract.Ats, wanted: Mapping[str, str]) -> dict[str, contract.Application]:
    """The wanted applications, each id with the person who had it last seen ("": nobody knows).

    Where an id costs a request of its own they are read by person; only what that does not show, because it
    is somebody else's since a merge or nobody's, is asked for by id.
    """
    found: dict[str, contract.Application] = {}
    if ats.capabilities.applications_by_id == 1 and len(wanted) > 1:
        found = applications_of(ats, {person for person in wanted.values() if person})
    missing = wanted.keys() - found.keys()
    return found | {one.id: one for ids in chunks(missing) for one in ats.get_applications(ids=ids)}
