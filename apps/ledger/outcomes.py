"""What a handler says became of its events, and what it wants committed with that."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from apps.ledger.leases import Claimed, Lease
from apps.ledger.services import NewEvent
from apps.ledger.states import Reason, State


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One line of the sync log: what was called and how it ended; its exchanges come redacted."""

    operation: str
    outcome: str
    detail: str = ""
    seconds: float = 0.0
    exchanges: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The next state of one event. `counts` says that it was an attempt (only Transient and Unknown); `waits_for`
    is a reason to wait that its state does not say."""

    state: State
    reason: str = ""
    detail: str = ""
    cause: str = ""
    due_at: datetime | None = None
    hold_key: str = ""
    counts: bool = False
    plan: Mapping[str, Any] = field(default_factory=dict)
    clients: tuple[UUID, ...] = ()
    subject: str = ""
    tried: Sequence[Tried] = ()
    waits_for: str = ""

    @property
    def delayed_by(self) -> str:
        """Why it has to wait, for the record of what came late; empty where it is over or goes on by itself."""
        return self.reason if self.state == State.HELD else self.waits_for


def done(detail: str = "", **more: Any) -> Outcome:
    return Outcome(state=State.DONE, detail=detail, **more)


def skipped(reason: Reason, detail: str = "", **more: Any) -> Outcome:
    return Outcome(state=State.SKIPPED, reason=reason, detail=detail, **more)


def held(reason: Reason, detail: str, *, hold_key: str = "", **more: Any) -> Outcome:
    return Outcome(state=State.HELD, reason=reason, detail=detail, hold_key=hold_key, **more)


def dead(cause: str, detail: str, **more: Any) -> Outcome:
    return Outcome(state=State.DEAD, cause=cause, detail=detail, **more)


def superseded(detail: str, **more: Any) -> Outcome:
    return Outcome(state=State.SUPERSEDED, detail=detail, **more)


def put_back(detail: str = "", *, due_at: datetime | None = None, **more: Any) -> Outcome:
    """Not tried: due again, without spending an attempt."""
    return Outcome(state=State.QUEUED, detail=detail, due_at=due_at, **more)


def retry(detail: str, *, cause: str, **more: Any) -> Outcome:
    """Failed without effect: the drain gives it its next time by the number of attempts."""
    waits = more.pop("waits_for", Reason.UNCERTAIN)
    return Outcome(state=State.RETRYING, detail=detail, cause=cause, counts=True, waits_for=waits, **more)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What became of a unit's events, and what follows from it. `waits`: due again when a key is freed."""

    outcomes: Mapping[int, Outcome]
    follow: Sequence[NewEvent] = ()
    waits: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """What is settled together or not at all.

    `decide` runs inside the settling transaction, only while every mailbox and key is still ours;
    it writes the rows that go with the outcomes and touches no network.
    """

    mailboxes: frozenset[int]
    decide: Callable[[], Decision]
    keys: frozenset[str] = frozenset()


def settled(box: Claimed, outcome: Outcome, *, first_only: bool = False) -> Unit:
    """All events of a mailbox end the same way, nothing else changes."""
    return settled_each(box, {event.pk: outcome for event in (box.events[:1] if first_only else box.events)})


def settled_each(box: Claimed, outcomes: Mapping[int, Outcome], *, follow: Sequence[NewEvent] = ()) -> Unit:
    return Unit(mailboxes=frozenset({box.id}), decide=lambda: Decision(outcomes=outcomes, follow=follow))


def with_tries(box: Claimed, decide: Callable[[], Decision], tried: Sequence[Tried]) -> Unit:
    """What `decide` comes to, each of its outcomes with what was called for it."""

    def decided() -> Decision:
        decision = decide()
        shown = {pk: replace(outcome, tried=tried) for pk, outcome in decision.outcomes.items()}
        return replace(decision, outcomes=shown)

    return Unit(mailboxes=frozenset({box.id}), decide=decided)


def waiting(box: Claimed) -> Unit:
    """Somebody else has a key that this mailbox needs: due again when they settle, no attempt spent."""
    return Unit(mailboxes=frozenset({box.id}), decide=lambda: Decision(outcomes={}, waits=True))


class Handler(Protocol):
    """Handles claimed mailboxes of one handler name; returns units that cover them all.

    May raise the taxonomy of core.errors for the whole batch, or LeaseLost.
    """

    def __call__(self, lease: Lease, claimed: Sequence[Claimed], *, now: datetime) -> Sequence[Unit]: ...
