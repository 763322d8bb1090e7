"""What people do with dead letters: replay, discard, take back; each within their clients, each in the audit trail."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from auditlog.models import LogEntry
from django.db import transaction
from django.db.models import Model, Q, QuerySet

from apps.accounts.models import User
from apps.accounts.scope import Scope
from apps.ledger import letters as ledger_letters
from apps.ledger import services as ledger
from apps.ledger.letters import Letters
from apps.ledger.models import Event
from apps.sync import replay_runs
from apps.sync.models import Discard, ReplayRun

MOST = 20_000
"""Letters in one act: a replay of as many is a day's work, and what is left over is another act."""


class NothingChosen(ValueError):
    """No letter that is meant is dead any more."""


def preview(*, letters: Letters, title: str, scope: Scope, by: User | None, now: datetime) -> ReplayRun:
    """Begin the preview of a replay. Raises NothingChosen, or replay_runs.NothingToReplay."""
    ids = _found(scope, letters)
    run = replay_runs.open_run(letters=ids, title=title, by=by, now=now)
    record(run, {"previewed": ["", f"{run.items.count()} letters"]}, action=LogEntry.Action.CREATE)
    return run


def start(*, run_id: int, now: datetime) -> bool:
    """Start a replay, or go on with one that was cancelled; False where it is not to be started."""
    return _said(replay_runs.start(run_id=run_id, now=now), run_id, "started")


def cancel(*, run_id: int, now: datetime) -> bool:
    """Stop a replay; what it had released ends as it would. False where it had ended."""
    return _said(replay_runs.cancel(run_id=run_id, now=now), run_id, "cancelled")


def preview_again(*, run_id: int, by: User | None, now: datetime) -> ReplayRun:
    """A new run of what an old one left dead. Raises replay_runs.NothingToReplay."""
    run = replay_runs.preview_again(run_id=run_id, by=by, now=now)
    record(run, {"previewed": ["", f"what replay {run_id} left"]}, action=LogEntry.Action.CREATE)
    return run


@transaction.atomic
def discard(*, letters: Letters, why: str, scope: Scope, by: User | None, now: datetime) -> Discard:
    """Settle these letters as discarded, for a reason. Raises NothingChosen."""
    ids = _found(scope, letters)
    made = Discard.objects.create(why=why, by=by, clients=clients_of(ids), made_at=now)
    count = ledger.discard_dead(ids=ids, key=made.key, why=f"Discarded: {why}", now=now)
    if not count:
        raise NothingChosen
    Discard.objects.filter(pk=made.pk).update(letters=count)
    made.letters = count
    record(made, {"discarded": ["", f"{count} letters: {why}"]}, action=LogEntry.Action.CREATE)
    return made


@transaction.atomic
def undo(*, discard_id: int, now: datetime) -> int:
    """Make what was discarded together dead letters again, as they were; returns how many."""
    open_ones = Discard.objects.filter(pk=discard_id, undone_at__isnull=True)
    if not open_ones.update(undone_at=now):
        return 0
    made = Discard.objects.get(pk=discard_id)
    count = ledger.undo_discard(key=made.key)
    record(made, {"taken back": ["", f"{count} letters"]})
    return count


def runs_within(scope: Scope) -> QuerySet[ReplayRun]:
    """The replays that a reader may see: those of whose letters each is theirs."""
    return ReplayRun.objects.filter(_of_clients(scope))


def discards_within(scope: Scope) -> QuerySet[Discard]:
    """The discards that a reader may see: those of whose letters each is theirs."""
    return Discard.objects.filter(_of_clients(scope))


def replay_is_visible(*, scope: Scope, replay_id: int) -> bool:
    return runs_within(scope).filter(pk=replay_id).exists()


def discard_is_visible(*, scope: Scope, discard_id: int) -> bool:
    return discards_within(scope).filter(pk=discard_id).exists()


def clients_of(ids: Iterable[int]) -> list[UUID]:
    """All clients that these letters touch; none where one of them touches none, which only the unrestricted see."""
    touched = list(Event.objects.filter(pk__in=list(ids)).order_by().values_list("clients", flat=True).distinct())
    return sorted({client for one in touched for client in one}) if all(touched) else []


def record(about: Model, changes: dict[str, list[str]], *, action: int = LogEntry.Action.UPDATE) -> None:
    """One line of the audit trail; who acts is known to the request."""
    LogEntry.objects.log_create(about, action=action, changes=changes)


def _said(done: bool, run_id: int, word: str) -> bool:
    if done:
        record(ReplayRun.objects.get(pk=run_id), {word: ["", "by hand"]})
    return done


def _found(scope: Scope, letters: Letters) -> tuple[int, ...]:
    ids = ledger_letters.find_ids(scope=scope, letters=letters, limit=MOST)
    if not ids:
        raise NothingChosen
    return ids


def _of_clients(scope: Scope) -> Q:
    own = list(scope.client_ids or ())
    return Q() if scope.unrestricted else Q(clients__contained_by=own) & ~Q(clients=[])
