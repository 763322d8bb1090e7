"""The drain loop: claim, hand to the handler, settle. The only broad excepts of the project live here."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

import structlog
from django.db import Error, transaction

from apps.core import clock, errors, sql
from apps.ledger import delays, health, leases, outcomes, services
from apps.ledger.leases import Claimed, Lease
from apps.ledger.models import Attempt, ClosedGate, Event, Mailbox, Waiter
from apps.ledger.outcomes import Decision, Handler, Outcome, Unit
from apps.ledger.states import FINAL, Reason, State

log = structlog.get_logger()

ATTEMPTS = 8
"""Then the event is dead, by cause (RULES.md, Defaults)."""

SETTLE_TRIES = 4

ASKS_AGAIN = timedelta(minutes=1)
"""What waits for a budget asks again by then: a limit may be raised while the wait is being settled. It costs no
call, as the gate answers first."""

LONGEST_PAUSE = timedelta(minutes=30)

LIMITS = {"budget": Reason.BUDGET, "paused": Reason.PAUSED}
"""What a gate's own refusal means for the record of delays; a system's, its gate's closing tells."""

_handlers: dict[str, Handler] = {}


def register(name: str, handler: Handler) -> None:
    """Called by the apps above when they start; the ledger knows handlers by name only."""
    _handlers[name] = handler


def _nothing() -> None:
    return None


def drain(*, until: datetime, between: Callable[[], None] = _nothing) -> int:
    """Work until nothing is due or real time reaches `until`; returns the number of settled events.

    `between` is done before each batch.
    """
    settled = 0
    while clock.real_now() < until:
        between()
        now = clock.now()
        health.beat("drain")
        found = leases.claim(now=now)
        if found is None:
            break
        lease, claimed = found
        settled += _work(lease, claimed, now=now)
    return settled


def drain_turns(turns: Collection[str], *, until: datetime) -> int:
    """Work off these turns and no others, in a process that is no worker: it tells nobody that one makes progress."""
    settled = 0
    while clock.real_now() < until and (found := leases.claim(now=clock.now(), turns=turns)) is not None:
        settled += _work(*found, now=clock.now())
    return settled


def _work(lease: Lease, claimed: Sequence[Claimed], *, now: datetime) -> int:
    by_handler: dict[str, list[Claimed]] = defaultdict(list)
    for box in claimed:
        by_handler[box.handler].append(box)
    return sum(_handle(lease, name, boxes, now=now) for name, boxes in by_handler.items())


def _handle(lease: Lease, name: str, boxes: Sequence[Claimed], *, now: datetime) -> int:
    killed = [box for box in boxes if box.claims > leases.LONE_CLAIMS]
    if killed:
        detail = f"A worker died {leases.LONE_CLAIMS} times while it had this event; it may be what kills it."
        return settle(
            lease, [outcomes.settled(box, outcomes.dead("killed", detail), first_only=True) for box in killed], now=now
        )
    started = clock.real_now()
    try:
        with leases.working_under(lease):
            units = _handlers[name](lease, boxes, now=now)
        return settle(lease, units, now=now)
    except leases.LeaseLost:
        log.warning("ledger.lease.lost", handler=name, mailboxes=len(boxes))
        leases.give_up(lease, [box.id for box in boxes], now=now)
        leases.wake_waiters(now=now)
        return 0
    except errors.SyncError as error:
        outcome = of_error(error, now=now)
        if outcome.state == State.DEAD and len(boxes) > 1:
            return sum(_handle(lease, name, [box], now=now) for box in boxes)  # the fault is one's, not all the others'
        return settle(lease, [outcomes.settled(box, outcome) for box in boxes], now=now)
    except Exception as error:
        if sql.is_away(error):
            raise  # what was called is on the effects, and the lease ends (rules 4, 18)
        log.exception("ledger.handler.internal", handler=name, mailboxes=len(boxes), since=started.isoformat())
        if len(boxes) > 1:
            return sum(_handle(lease, name, [box], now=now) for box in boxes)
        detail = "SyncPortal failed on this event; the log of the worker has the details. Replay it after an update."
        return settle(lease, [outcomes.settled(boxes[0], outcomes.dead("internal", detail), first_only=True)], now=now)


def by_itself(step: Callable[[datetime], object], *, now: datetime) -> None:
    """Run one step of the sweep: what fails in it, or wants a row that a frozen process has, stops no other step."""
    try:
        step(now)
    except Exception as error:
        if sql.is_locked(error):
            log.warning("ledger.sweep.locked", step=step.__qualname__)
        elif sql.is_away(error):
            raise
        else:
            log.exception("ledger.sweep.internal", step=step.__qualname__)
            services.count_fault("sweep", now=now)


def of_error(error: errors.SyncError, *, now: datetime) -> Outcome:
    """The state an anticipated error leads to. RateLimited and AuthExpired put the event back: their
    gate is closed by whoever owns it, and no attempt is spent (rules 4, 6, 24)."""
    if isinstance(error, errors.RateLimited):
        until = error.until or now + timedelta(seconds=5)
        waits = LIMITS.get(error.cause, "")
        return outcomes.put_back(error.detail, due_at=min(until, now + ASKS_AGAIN), waits_for=waits)
    if isinstance(error, errors.AuthExpired):
        return outcomes.put_back(error.detail, due_at=now + timedelta(seconds=1), waits_for=Reason.TOKEN)
    if isinstance(error, errors.Transient):
        return outcomes.retry(error.detail, cause=error.cause, due_at=error.until, waits_for=Reason.OUTAGE)
    if isinstance(error, errors.Unknown):
        return outcomes.retry(error.detail, cause=error.cause, waits_for=Reason.OUTAGE)
    return outcomes.dead(error.cause, error.detail)


def settle(lease: Lease, units: Sequence[Unit], *, now: datetime) -> int:
    """Commit units whose mailboxes and keys are still ours; a unit that lost its lease changes no row.

    Two settles that append into each other's mailboxes can deadlock, and a worker that stood still loses its
    session; what PostgreSQL ended is made again, as `decide` touches nothing but the database.
    """
    for _ in range(SETTLE_TRIES - 1):
        try:
            return _settle(lease, units, now=now)
        except Error as error:
            if not sql.is_away(error):
                raise
            log.warning("ledger.settle.again", mailboxes=sum(len(unit.mailboxes) for unit in units))
    return _settle(lease, units, now=now)


def _settle(lease: Lease, units: Sequence[Unit], *, now: datetime) -> int:
    settled = 0
    with transaction.atomic():
        ours = leases.held_mailboxes(lease)
        touched: set[int] = set()
        waiting: set[int] = set()
        follow: list[services.NewEvent] = []
        became: dict[int, tuple[str, str]] = {}
        for unit in units:
            if not unit.mailboxes <= ours or not leases.holds_keys(lease, unit.keys):
                log.warning("ledger.settle.lost", mailboxes=len(unit.mailboxes))
                continue
            decision = unit.decide()
            became |= _write(decision, now=now)
            settled += len(decision.outcomes)
            follow.extend(decision.follow)
            touched |= unit.mailboxes
            waiting |= unit.mailboxes if decision.waits else set()
        delays.note(became, now=now)
        services.append_many(follow, now=now)
        Mailbox.objects.filter(pk__in=touched).update(lease_token=None, lease_until=None, claims=0)
        services.refresh_mailboxes(sorted(touched))
        still = Waiter.objects.filter(mailbox_id__in=waiting).values_list("mailbox_id", flat=True)
        Mailbox.objects.filter(pk__in=still).update(due_at=None)
        leases.free_keys(lease)
    leases.wake_waiters(now=now)
    return settled


def _write(decision: Decision, *, now: datetime) -> dict[int, tuple[str, str]]:
    """Write what became of each event, and its tries; returns its state and what it waits for."""
    failed = [pk for pk, outcome in decision.outcomes.items() if outcome.counts or outcome.state == State.RETRYING]
    attempts = dict(Event.objects.filter(pk__in=failed).values_list("pk", "attempts")) if failed else {}
    outage = _in_outage([pk for pk, outcome in decision.outcomes.items() if outcome.counts])
    tries: list[Attempt] = []
    changes: dict[int, dict[str, Any]] = {}
    became: dict[int, tuple[str, str]] = {}
    for pk, outcome in decision.outcomes.items():
        final = replace(outcome, counts=False) if pk in outage else outcome
        final = _spent(final, attempts[pk]) if final.counts else final
        changes[pk] = _changes(final, attempts.get(pk, 0), now=now)
        became[pk] = (str(final.state), str(final.delayed_by))
        tries += [
            Attempt(
                event_id=pk,
                at=now,
                operation=tried.operation,
                outcome=tried.outcome,
                detail=tried.detail,
                seconds=tried.seconds,
                exchanges=list(tried.exchanges),
            )
            for tried in outcome.tried
        ]
    for same, events in groupby(changes, key=changes.__getitem__):
        Event.objects.filter(pk__in=list(events)).update(**same)
    Attempt.objects.bulk_create(tries)
    return became


def _in_outage(counting: Sequence[int]) -> set[int]:
    """Those of the failed events whose gate is closed for an outage: the failure is their system's, not
    their own, and spends no attempt."""
    if not counting:
        return set()
    closed = ClosedGate.objects.filter(reason=Reason.OUTAGE).values("gate")
    behind = Event.objects.filter(pk__in=counting, mailbox__gate__in=closed)
    return set(behind.values_list("pk", flat=True))


def _changes(outcome: Outcome, attempts: int, *, now: datetime) -> dict[str, Any]:
    changes: dict[str, Any] = {
        "state": outcome.state,
        "reason": outcome.reason,
        "detail": outcome.detail,
        "cause": outcome.cause,
        "hold_key": outcome.hold_key,
        "due_at": outcome.due_at or _next_try(attempts, outcome, now=now),
        "settled_at": now if outcome.state in FINAL else None,
    }
    if outcome.counts:
        changes["attempts"] = attempts + 1
    for name, value in (("plan", dict(outcome.plan)), ("clients", list(outcome.clients)), ("subject", outcome.subject)):
        if value:
            changes[name] = value
    return changes


def _spent(outcome: Outcome, attempts: int) -> Outcome:
    if attempts + 1 < ATTEMPTS:
        return outcome
    detail = f"Tried {ATTEMPTS} times; the last answer was: {outcome.detail}"
    return outcomes.dead(outcome.cause, detail, plan=outcome.plan, tried=outcome.tried)


def _next_try(attempts: int, outcome: Outcome, *, now: datetime) -> datetime:
    if outcome.state != State.RETRYING:
        return now
    ceiling = min(timedelta(seconds=2 ** (attempts + 1)), LONGEST_PAUSE)
    return now + ceiling * random.random()
