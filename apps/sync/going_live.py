"""A mapping begins to write: what becomes of those who are in its Project already (RULES.md 29)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from apps.accounts.scope import Scope
from apps.candidates.models import Profile
from apps.ledger import services as ledger
from apps.ledger.models import Event
from apps.ledger.states import Reason, State
from apps.mappings import bulk, lifecycle
from apps.mappings import services as mappings
from apps.mappings.models import Mapping as ProjectMapping
from apps.mappings.models import MappingState, StageMapVersion
from apps.sync import delta, leading, polls, publishing
from apps.sync.models import StreamName

BEFORE_LIVE = (Reason.IRRELEVANT, Reason.NOT_LIVE, Reason.SHADOW)

NEW, ALL, THESE = "new", "all", "these"
WHO = (NEW, ALL, THESE)


class NotPossible(ValueError):
    """The mapping cannot be taken there; the text says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """Somebody who was in the Project before its mapping wrote: as LinkedIn showed them last."""

    profile_id: str
    name: str
    stage: str
    added_at: datetime


@dataclass(frozen=True, slots=True)
class TakenTogether:
    """How many mappings went to another state, and why others did not."""

    done: int
    refused: tuple[str, ...]


@transaction.atomic
def take_to(
    *,
    mapping_id: UUID,
    state: str,
    scope: Scope,
    now: datetime,
    who: str = NEW,
    these: Collection[str] = (),
    by: int | None = None,
) -> int:
    """Take a mapping to another state; `who` of those who are there comes in. Returns how many are on their way.

    Raises NotPossible.
    """
    mapping = ProjectMapping.objects.within(scope).select_for_update(of=("self",)).get(pk=mapping_id)
    check(mapping, state)
    asked = lifecycle.asks_about_earlier(mapping.state, state)
    if asked:
        begins = None if who == ALL else now
        ProjectMapping.objects.within(scope).filter(pk=mapping_id).update(begins_at=begins)
        polls.bring_forward(connection_id=mapping.project.connection_id, name=StreamName.PROFILES, now=now)
    try:
        with transaction.atomic():
            mappings.set_state(mapping_id=mapping_id, state=MappingState(state), now=now, by=by)
    except IntegrityError:
        raise NotPossible("Another job leads this Project by now. End that mapping first.") from None
    if asked and who != NEW:
        return bring_in_earlier(mapping_id=mapping_id, now=now, only=None if who == ALL else these)
    return 0


@transaction.atomic
def take_all(*, ids: Sequence[UUID], state: str, scope: Scope, now: datetime) -> TakenTogether:
    """Take many mappings to another state in a fixed number of statements; who is there already stays out. Each that
    cannot go there stays as it is, and says why."""
    found = ProjectMapping.objects.within(scope).filter(pk__in=ids).select_related("project__connection").order_by("pk")
    locked = list(found.select_for_update(of=("self",)))
    rows = _newest_rows({one.stage_map_id for one in locked})
    why_not = {one.pk: _why_not(one, state, rows.get(one.stage_map_id)) for one in locked}
    able = [one for one in locked if not why_not[one.pk]]
    asked = [one for one in able if lifecycle.asks_about_earlier(one.state, state)]
    ProjectMapping.objects.within(scope).filter(pk__in=[one.pk for one in asked]).update(begins_at=now)
    for connection_id in {one.project.connection_id for one in asked}:
        polls.bring_forward(connection_id=connection_id, name=StreamName.PROFILES, now=now)
    mappings.set_states(mapping_ids=[one.pk for one in able], state=MappingState(state), now=now)
    refused = tuple(f"{one.project.name}: {why}" for one in locked if (why := why_not[one.pk]))
    return TakenTogether(len(able), refused)


def _newest_rows(maps: Collection[int]) -> dict[int, list[object]]:
    """The rows of each map's newest version."""
    versions = StageMapVersion.objects.filter(stage_map__in=maps).order_by("stage_map", "-number")
    return dict(versions.distinct("stage_map").values_list("stage_map", "rows"))


def check(mapping: ProjectMapping, state: str) -> None:
    """Refuse what a mapping cannot become. Raises NotPossible."""
    rows = _newest_rows([mapping.stage_map_id]).get(mapping.stage_map_id)
    if why := _why_not(mapping, state, rows):
        raise NotPossible(why)


def _why_not(mapping: ProjectMapping, wanted: str, rows: Sequence[object] | None) -> str:
    """Where LinkedIn is told by documents no stage map is needed: it shows the ATS's own stages."""
    if not lifecycle.may_become(mapping.state, wanted):
        return f"It is {mapping.state} and cannot become {wanted}."
    if wanted in (*lifecycle.WRITES, lifecycle.SHADOW) and not rows and not publishing.is_told(mapping):
        return "Its stage map has no row, so nothing could be moved. Fill the map first."
    return ""


@transaction.atomic
def bring_in_earlier(*, mapping_id: UUID, now: datetime, only: Collection[str] | None = None) -> int:
    """Plan those who were in the Project before its mapping went live; returns how many.

    The delta poll has noted each of them as they are now, so no request is spent. `only` names profiles.
    """
    mapping = ProjectMapping.objects.of_everyone().select_related("project").get(pk=mapping_id)
    connection_id = mapping.project.connection_id
    rows = [row for key, row in _noted(mapping).items() if only is None or key in only]
    made = [delta.earlier_row(connection_id, row, mapping_id=mapping.pk) for row in rows]
    return len(ledger.append_many(made, now=now))


def list_earlier(*, scope: Scope, mapping_id: UUID) -> tuple[Earlier, ...]:
    """Who is in a mapping's Project and was not brought in, the newest first."""
    mapping = ProjectMapping.objects.within(scope).select_related("project").get(pk=mapping_id)
    found = [_earlier(row) for row in _noted(mapping).values() if not row.payload.get("removed")]
    return tuple(sorted(found, key=lambda one: one.added_at, reverse=True))


def _noted(mapping: ProjectMapping) -> Mapping[str, Event]:
    """The newest row of each profile that was left out and is nobody's candidacy."""
    connection_id = mapping.project.connection_id
    seen = Event.objects.filter(kind="row.profile", connection=connection_id, state=State.SKIPPED)
    rows = seen.filter(reason__in=BEFORE_LIVE, payload__project=mapping.project.remote_id).order_by("pk")
    newest = {event.payload["id"]: event for event in rows}
    known = Profile.objects.filter(connection_id=connection_id, candidacy__isnull=False, remote_id__in=newest)
    synced = set(known.values_list("remote_id", flat=True))
    return {key: event for key, event in newest.items() if key not in synced}


def _earlier(row: Event) -> Earlier:
    said = row.payload
    name = f"{said.get('first_name', '')} {said.get('last_name', '')}".strip()
    return Earlier(said["id"], name, said.get("stage", ""), datetime.fromisoformat(said["added_at"]))


@transaction.atomic
def lead(*, scope: Scope, mapping_id: UUID, now: datetime) -> str:
    """Let new people go to this mapping's job; who is there is read again, since another application may be shown
    now (rule 15). Returns the job that led until now."""
    before = bulk.make_leading(scope=scope, mapping_id=mapping_id)
    mapping = ProjectMapping.objects.within(scope).select_related("job").get(pk=mapping_id)
    theirs = leading.read_again(mapping.job.connection_id, jobs={mapping.job_id})
    ledger.append_many(theirs, now=now)
    return before
