"""A LinkedIn connection moves to a new contract: what people decide, and handler `contract`, which reads and moves.

The connection is paused from the sign-in on. The new contract is read a few pages at a time within the day's
budget, and shown; nothing is changed before a person says so, and what is changed then stays (RULES.md 28, 29).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F

from apps.accounts.models import User
from apps.connections import moving
from apps.connections import services as connections
from apps.connections.models import Connection
from apps.connections.moving import NewCredential
from apps.core import crypto, errors
from apps.ledger import gates, leases, outcomes
from apps.ledger import services as ledger
from apps.ledger.leases import Claimed, Lease
from apps.ledger.outcomes import Decision, Unit
from apps.ledger.services import NewEvent
from apps.ledger.states import Priority, Reason
from apps.providers import contract
from apps.sync import contract_pairs, contract_taking, lanes, wire
from apps.sync.models import OPEN_MOVES, ContractMove, MovePart, MoveState, PartFate, PartKind

PAGES_A_STEP = 5
"""So many requests a step: it ends within its lease, and the next one waits where the budget says so."""

PAGE = 100

AGAIN = timedelta(seconds=1)
"""Between two looks whether what was under way has ended."""

WAIT_FOR_BUDGET = timedelta(minutes=5)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class NotPossible(ValueError):
    """The connection cannot be moved so; the text says why."""


@dataclass(frozen=True, slots=True)
class Target:
    """The contract to move to, with the consent for it."""

    account: str
    name: str
    credential: NewCredential


@transaction.atomic
def begin(*, connection_id: UUID, target: Target, by: User, now: datetime) -> ContractMove:
    """Pause the connection and begin to read the new contract. Raises NotPossible."""
    connection = Connection.objects.select_for_update().get(pk=connection_id)
    if target.account in (connection.remote_account, connection.settings.get("options", {}).get("contract")):
        raise NotPossible(f"The connection speaks for {target.name} already. Sign in again there instead.")
    if Connection.objects.filter(provider=connection.provider, remote_account=target.account).exists():
        raise NotPossible(f"Another connection already speaks for {target.name}.")
    move = ContractMove(
        connection=connection,
        before=connection.remote_name or connection.settings.get("options", {}).get("contract", ""),
        account=target.account,
        account_name=target.name,
        was_paused=connection.paused_at is not None,
        by=by,
        made_at=now,
    )
    move.sealed = moving.seal(target.credential, context=_context(move))
    try:
        with transaction.atomic():
            move.save(force_insert=True)
    except IntegrityError:
        raise NotPossible("This connection is on its way to another contract already.") from None
    _hold(move, now=now)
    ledger.append(_step(move), now=now)
    return move


@transaction.atomic
def go(*, move_id: UUID, now: datetime) -> bool:
    """Move, for good. False where there is nothing that waits for the word."""
    if not ContractMove.objects.filter(pk=move_id, state=MoveState.READY).update(state=MoveState.MOVING):
        return False
    ledger.append(_step(ContractMove.objects.get(pk=move_id)), now=now)
    return True


@transaction.atomic
def cancel(*, move_id: UUID, actor_id: int | None, now: datetime) -> bool:
    """Leave everything as it was; the connection goes on with its old contract."""
    move = ContractMove.objects.select_for_update().get(pk=move_id)
    if move.state not in (MoveState.READING, MoveState.READY):
        return False
    _end(move, MoveState.CANCELLED, "Cancelled before anything was changed.", now=now)
    _let_go(move, actor_id=actor_id, now=now)
    return True


def handle(lease: Lease, claimed: Sequence[Claimed], *, now: datetime) -> list[Unit]:
    """Take each move a step further."""
    return [_unit(lease, box, now=now) for box in claimed]


def _unit(lease: Lease, box: Claimed, *, now: datetime) -> Unit:
    found = ContractMove.objects.filter(pk=box.events[0].payload["move"]).first() if box.events else None
    if found is None or found.state not in (MoveState.READING, MoveState.MOVING):
        return outcomes.settled(box, outcomes.done("Nothing is left to do."))
    if found.state == MoveState.MOVING:
        return _taking(lease, box, found, now=now)
    try:
        return Unit(mailboxes=frozenset({box.id}), decide=_read(found, box, now=now))
    except errors.RateLimited as limit:
        wait = limit.until or now + WAIT_FOR_BUDGET
        return outcomes.settled(box, outcomes.put_back("Waits for the day's budget.", due_at=wait))
    except errors.AuthExpired as refusal:
        return Unit(mailboxes=frozenset({box.id}), decide=partial(_fail, found, box, refusal.detail, now=now))
    except crypto.Unsealable:
        why = "The new contract's credential cannot be opened any more. Sign in again."
        return Unit(mailboxes=frozenset({box.id}), decide=partial(_fail, found, box, why, now=now))


def _read(move: ContractMove, box: Claimed, *, now: datetime) -> partial[Decision]:
    """The next few pages: the Projects and seats first, then everybody in them. Raises the taxonomy."""
    credential = moving.unseal(move.sealed, context=_context(move))
    reader = moving.Reader(move.connection_id, credential, account=move.account)
    parts: list[MovePart] = []
    cursor, calls = dict(move.cursor), 0
    if "since" not in cursor:
        parts, calls = _catalogue(move, reader.linkedin)
        cursor = {"since": EPOCH.isoformat(), "start": 0}
    whole = False
    for _ in range(PAGES_A_STEP):
        since, start = datetime.fromisoformat(cursor["since"]), int(cursor["start"])
        rows = reader.linkedin.list_profiles_since(since=since, start=start)
        calls += 1
        parts += [_person(move, row) for row in rows]
        if len(rows) < PAGE:
            whole = True
            break
        last = rows[-1].modified_at
        cursor |= {"since": last.isoformat(), "start": 0} if last > since else {"start": start + PAGE}
    seen = [part.payload["modified_at"] for part in parts if part.kind == PartKind.PERSON]
    cursor["newest"] = max([cursor.get("newest", ""), *seen])
    sealed = moving.seal(reader.credential, context=_context(move))
    return partial(_have_read, move, box, parts, cursor, sealed, calls=calls, whole=whole, now=now)


def _catalogue(move: ContractMove, linkedin: contract.Sourcing) -> tuple[list[MovePart], int]:
    parts: list[MovePart] = []
    calls, cursor = 0, None
    while True:
        projects = linkedin.list_projects(cursor=cursor)
        parts += [contract_pairs.part_of_project(move, one) for one in projects.items]
        calls, cursor = calls + 1, projects.next
        if cursor is None:
            break
    while True:
        seats = linkedin.list_seats(cursor=cursor)
        parts += [contract_pairs.part_of_seat(move, one) for one in seats.items]
        calls, cursor = calls + 1, seats.next
        if cursor is None:
            return parts, calls


def _person(move: ContractMove, row: contract.Profile) -> MovePart:
    name = f"{row.first_name} {row.last_name}".strip()
    return MovePart(move=move, kind=PartKind.PERSON, remote_id=row.id, name=name, payload=wire.profile_to_payload(row))


def _have_read(
    move: ContractMove,
    box: Claimed,
    parts: list[MovePart],
    cursor: dict[str, object],
    sealed: bytes,
    *,
    calls: int,
    whole: bool,
    now: datetime,
) -> Decision:
    """Keep what was read; a row that comes again, because it changed meanwhile, replaces its earlier self."""
    open_still = ContractMove.objects.filter(pk=move.pk, state=MoveState.READING)
    if not open_still.update(cursor=cursor, sealed=sealed, calls=F("calls") + calls):
        return _each(box, outcomes.done("Cancelled meanwhile."))
    newest = {(part.kind, part.remote_id): part for part in parts}
    again = MovePart.objects.filter(move=move, remote_id__in=[key for _, key in newest])
    again.delete()
    MovePart.objects.bulk_create(newest.values(), batch_size=1_000)
    if not whole:
        return _each(box, outcomes.put_back("Reading the new contract."))
    figures = contract_pairs.pair(move)
    open_still.update(state=MoveState.READY, figures=figures)
    return _each(box, outcomes.done("The new contract is read. It waits for your word."))


def _taking(lease: Lease, box: Claimed, move: ContractMove, *, now: datetime) -> Unit:
    """Move, once nothing of the connection is under way and everybody concerned is leased."""
    _hold(move, now=now)
    if contract_taking.is_busy(move.connection_id):
        return outcomes.settled(box, outcomes.put_back("Something is still under way.", due_at=now + AGAIN))
    keys = frozenset(lanes.person_key(one) for one in contract_taking.people_of(move))
    if not leases.take_keys(lease, keys, mailboxes=[box.id]):
        return outcomes.waiting(box)
    return Unit(mailboxes=frozenset({box.id}), keys=keys, decide=partial(_take, move, box, now=now))


def _take(move: ContractMove, box: Claimed, *, now: datetime) -> Decision:
    event = box.events[0]
    try:
        credential = moving.unseal(move.sealed, context=_context(move))
        account = contract.Identity(move.account, move.account_name)
        with transaction.atomic():
            moving.take_account(
                connection_id=move.connection_id, account=account, credential=credential, actor_id=move.by_id, now=now
            )
            follow = contract_taking.take_over(move, event, now=now)
    except (crypto.Unsealable, connections.AccountTaken) as problem:
        return _fail(move, box, f"{problem} Nothing was changed.", now=now)
    _end(move, MoveState.DONE, "Moved.", now=now)
    _let_go(move, actor_id=move.by_id, now=now)
    return Decision(outcomes={one.pk: outcomes.done("Moved to the new contract.") for one in box.events}, follow=follow)


def _fail(move: ContractMove, box: Claimed, why: str, *, now: datetime) -> Decision:
    _end(move, MoveState.FAILED, why, now=now)
    _let_go(move, actor_id=move.by_id, now=now)
    return _each(box, outcomes.done(f"Given up. {why}"))


def _each(box: Claimed, outcome: outcomes.Outcome) -> Decision:
    return Decision(outcomes={event.pk: outcome for event in box.events})


def _end(move: ContractMove, state: MoveState, detail: str, *, now: datetime) -> None:
    """Keep what came of it, and nothing more of the credential or of what was read of people."""
    changes = {"state": state, "detail": detail, "ended_at": now, "sealed": b""}
    ContractMove.objects.filter(pk=move.pk, state__in=OPEN_MOVES).update(**changes)
    parts = MovePart.objects.filter(move=move)
    parts.filter(kind=PartKind.PERSON, fate__in=[PartFate.MATCHED, PartFate.READ]).delete()
    parts.update(payload={})


def _hold(move: ContractMove, *, now: datetime) -> None:
    """No call starts, and no row of the old contract is planned, until the move is over."""
    connections.pause(connection_id=move.connection_id, actor_id=move.by_id, now=now)
    gates.close_gate(
        gate=lanes.arrival_gate(move.connection_id),
        reason=Reason.PAUSED,
        now=now,
        detail="The connection moves to another contract.",
    )


def _let_go(move: ContractMove, *, actor_id: int | None, now: datetime) -> None:
    gates.open_gate(gate=lanes.arrival_gate(move.connection_id), reason=Reason.PAUSED, now=now)
    if not move.was_paused:
        connections.resume(connection_id=move.connection_id, actor_id=actor_id, now=now)


def _step(move: ContractMove) -> NewEvent:
    return NewEvent(
        kind="contract.step",
        mailbox=f"contract:{move.pk}",
        gate="contracts",
        priority=Priority.INTERACTIVE,
        connection=move.connection_id,
        payload={"move": str(move.pk)},
    )


def _context(move: ContractMove) -> str:
    return f"move:{move.pk}"
