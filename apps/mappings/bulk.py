"""What is done to many mappings at once: their owner, when a recruiter leaves; who leads; what decides a conflict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction

from apps.accounts.scope import Scope
from apps.mappings.models import Mapping, MappingState, Policy, SeatUser


@dataclass(frozen=True, slots=True)
class Owner:
    """Somebody in an ATS who may own applications, by the seat that they are."""

    connection_id: UUID
    remote_id: str
    name: str
    active: bool


def list_owners(*, scope: Scope) -> tuple[Owner, ...]:
    """The recruiters of the seat map, in each ATS of the scope's mappings, by name."""
    used = Mapping.objects.within(scope).values("job__connection")
    found = SeatUser.objects.filter(connection__in=used).select_related("seat").order_by("seat__name", "connection")
    return tuple(Owner(one.connection_id, one.remote_id, one.seat.name, one.seat.active) for one in found)


@transaction.atomic
def reassign(*, scope: Scope, ids: Sequence[UUID], owner: Owner) -> int:
    """Let somebody of an ATS own what comes by these mappings from now on; returns how many changed."""
    mine = Mapping.objects.within(scope).filter(pk__in=ids, job__connection=owner.connection_id)
    return mine.exclude(default_owner=owner.remote_id).update(default_owner=owner.remote_id)


def set_policy(*, scope: Scope, mapping_id: UUID, policy: str) -> bool:
    """Say what decides where both sides changed; False where it is no policy."""
    if policy not in Policy.values:
        return False
    return bool(Mapping.objects.within(scope).filter(pk=mapping_id).update(policy=policy))


@transaction.atomic
def make_leading(*, scope: Scope, mapping_id: UUID) -> str:
    """Let new people of a Project go to this mapping's job, and no longer to the one that led (rule 15). Returns
    the name of the job that led until now."""
    chosen = Mapping.objects.within(scope).select_for_update(of=("self",)).get(pk=mapping_id)
    others = Mapping.objects.of_everyone().filter(project=chosen.project_id, leading=True).exclude(pk=mapping_id)
    if not scope.covers(others.values_list("client", flat=True)) and others.exists():
        raise PermissionError
    before = others.exclude(state=MappingState.ENDED).select_related("job").first()
    others.update(leading=False)
    Mapping.objects.within(scope).filter(pk=mapping_id).update(leading=True)
    return before.job.name if before else ""
