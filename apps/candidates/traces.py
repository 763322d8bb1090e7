"""Traces of people who are no candidates here: in the ATS's index, or kept out by a tombstone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from apps.accounts.scope import Scope
from apps.candidates import linkedin_urls
from apps.candidates.models import IdentityKind, IndexKey, Person, Tombstone
from apps.candidates.rules import Key, normal_email
from apps.mappings.models import Job


@dataclass(frozen=True, slots=True)
class Grave:
    """Someone whom no poll brings back; `job` is empty where the whole person is meant."""

    why: str
    at: datetime
    job: str


def find_in_ats(*, scope: Scope, text: str) -> tuple[str, ...]:
    """The ATS's own people with this address or e-mail who are nobody of ours, as `system: id`.

    The index names no client, so it is for the unrestricted alone.
    """
    keys = _keys_in(text)
    if not scope.unrestricted or not keys:
        return ()
    rows = IndexKey.objects.filter(_carrying(keys)).select_related("connection")
    known = set(Person.objects.filter(remote_id__in=[one.remote_person_id for one in rows]).values_list("remote_id"))
    found = {(one.connection.name, one.remote_person_id) for one in rows if (one.remote_person_id,) not in known}
    return tuple(f"{system}: {remote_id}" for system, remote_id in sorted(found))


def find_buried(*, scope: Scope, text: str) -> tuple[Grave, ...]:
    """Tombstones of an address or e-mail; they name no client, so they are for the unrestricted alone."""
    keys = _keys_in(text)
    if not scope.unrestricted or not keys:
        return ()
    stones = Tombstone.objects.filter(key__in=[key.lease for key in keys]).order_by("-at")
    jobs = dict(Job.objects.filter(remote_id__in=[one.job for one in stones]).values_list("remote_id", "name"))
    return tuple(Grave(one.why, one.at, jobs.get(one.job, one.job)) for one in stones)


def _keys_in(text: str) -> list[Key]:
    """The identifiers that a text is: a LinkedIn address, an e-mail."""
    slug, email = linkedin_urls.identity_key(text), normal_email(text)
    keys = [Key(IdentityKind.LINKEDIN, slug)] if slug else []
    return [*keys, Key(IdentityKind.EMAIL, email)] if email else keys


def _carrying(keys: Sequence[Key]) -> Q:
    carrying = Q()
    for key in keys:
        carrying |= Q(kind=key.kind, value=key.value)
    return carrying
