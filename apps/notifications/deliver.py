"""Handler `notify`: the lanes. One message at a time, paced; what piled up travels as a digest.

Intentions are committed before the call (rule 18). A message that may have been sent is marked and waits
for a person: nothing here repeats it (rule 19).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from django.conf import settings

from apps.candidates.models import PersonState
from apps.connections import services as connections
from apps.connections.models import Connection
from apps.core import clock, errors
from apps.ledger import drain, effects, gates, leases, outcomes
from apps.ledger import services as ledger
from apps.ledger.effects import Intention
from apps.ledger.leases import Claimed, Lease
from apps.ledger.models import Effect, Event
from apps.ledger.outcomes import Outcome, Tried, Unit
from apps.ledger.states import EffectState, Reason
from apps.notifications import expiry, lanes, mail, rules, wording
from apps.notifications.models import Lane, Message
from apps.providers import recording

PACE_SECONDS = 1.1
"""Slack allows one message a second in a channel (facts: Slack, A.3); a little more than that apart."""

FULL_FOR = timedelta(hours=1)
"""A workspace whose message limit is reached is asked again after this (facts: back off long)."""

MAYBE = "It may have been sent: the answer was lost. Look there; send it again only if it is missing."


def handle(lease: Lease, claimed: Sequence[Claimed], *, now: datetime) -> list[Unit]:
    return [_lane(lease, box, now=now) for box in claimed]


def _lane(lease: Lease, box: Claimed, *, now: datetime) -> Unit:
    if not box.events:
        return outcomes.settled_each(box, {})
    lane = Lane.objects.filter(key=box.key).first()
    if lane is not None and lane.free_at is not None and lane.free_at > now:
        return outcomes.settled_each(box, {box.events[0].pk: outcomes.put_back(due_at=lane.free_at)})
    messages = _messages(box.events)
    known = effects.find([message.effect_key for message in messages.values()])
    ended = {event.pk: why for event in box.events if (why := _stopped(messages.get(event.pk), known, now=now))}
    waiting = [messages[event.pk] for event in box.events if event.pk not in ended]
    sending = waiting if len(waiting) > rules.DIGEST_ABOVE else waiting[:1]
    sent = _send(lease, box.key, sending, now=now) if sending else {}
    return outcomes.settled_each(box, {**ended, **sent, **_later(box.key, waiting[len(sending) :])})


def _messages(events: Sequence[Event]) -> dict[int, Message]:
    ids = [event.payload.get("message") for event in events]
    rows = Message.objects.of_everyone().select_related(
        "rule",
        "client",
        "connection",
        "candidacy__person",
        "candidacy__client",
        "candidacy__job__connection",
        "transition__candidacy__person",
        "transition__candidacy__client",
        "transition__candidacy__job__connection",
    )
    found = {str(message.pk): message for message in rows.filter(pk__in=ids)}
    return {event.pk: found[key] for event in events if (key := str(event.payload.get("message"))) in found}


def _later(lane: str, waiting: Sequence[Message]) -> dict[int, Outcome]:
    """The next of the lane, when it may go; the others stand behind it."""
    free_at = Lane.objects.filter(key=lane).values_list("free_at", flat=True).first()
    return {_event_of(waiting[0]): outcomes.put_back(due_at=free_at)} if waiting else {}


def _stopped(message: Message | None, known: Mapping[str, Effect], *, now: datetime) -> Outcome | None:
    """Why a message is not sent now: gone, sent, perhaps sent, no longer wanted, or within quiet hours."""
    if message is None:
        return outcomes.dead("vanished", "The message this event was to deliver is gone.")
    effect = known.get(message.effect_key)
    if effect is not None and effect.state == EffectState.DONE:
        return outcomes.done("Sent.")
    if effect is not None and effect.state != EffectState.FAILED:
        return _uncertain(message)
    if expiry.is_over(message):
        return outcomes.skipped(Reason.STALE, "Somebody reconnected it before this was sent.")
    if message.candidacy is not None and message.candidacy.person.state in (PersonState.ERASED, PersonState.DELETED):
        return outcomes.skipped(Reason.ENDED, "They were deleted; nothing is told of them any more.")
    if message.rule is not None and not message.rule.enabled and not message.test and not message.resend:
        return outcomes.skipped(Reason.STALE, "Its rule was switched off.")
    return _quiet(message, now=now)


def _quiet(message: Message, *, now: datetime) -> Outcome | None:
    rule = message.rule
    if rule is None or message.test or message.resend:
        return None
    zone = message.client.time_zone if message.client is not None else "UTC"
    until = rules.quiet_until(now, start=rule.quiet_from, end=rule.quiet_until, time_zone=zone)
    if until is None:
        return None
    why = f"Quiet hours of the rule, until {rule.quiet_until:%H:%M} in {zone}."
    return outcomes.held(Reason.PAUSED, why, hold_key=ledger.TIMER, due_at=until)


def _uncertain(message: Message, tried: Sequence[Tried] = ()) -> Outcome:
    return outcomes.held(Reason.UNCERTAIN, MAYBE, hold_key=f"message:{message.pk}", tried=tried)


def _send(lease: Lease, lane: str, messages: Sequence[Message], *, now: datetime) -> dict[int, Outcome]:
    """Intend, call once, close; returns the outcome of each message's event."""
    lease.require(settings.SYNCPORTAL_CALL_SECONDS)
    intentions = [
        Intention(key=one.effect_key, kind="message", event_id=_event_of(one), marker=lane) for one in messages
    ]
    said = wording.message_of(messages)
    ours = effects.intend(intentions, token=lease.token, now=now)
    if ours != {intention.key for intention in intentions}:
        raise leases.LeaseLost
    started, first = clock.real_now(), messages[0]
    kept: list[recording.Exchange] = []

    def tried(outcome: str, detail: str = "") -> list[Tried]:
        seconds = (clock.real_now() - started).total_seconds()
        shown = [one.as_json() for one in kept]
        return [Tried(operation="message", outcome=outcome, detail=detail, seconds=seconds, exchanges=shown)]

    try:
        with recording.exchanges() as kept:
            result = _call(first, said)
    except errors.Unknown as error:
        _close(lease, intentions, EffectState.UNKNOWN, now=now)
        lines = tried("unknown", error.detail)
        return {_event_of(one): _uncertain(one, lines) for one in messages}
    except errors.SyncError as error:
        _close(lease, intentions, EffectState.FAILED, now=now)
        return _failed(lane, messages, error, tried(error.code, error.detail), now=now)
    except leases.LeaseLost:
        _close(lease, intentions, EffectState.FAILED, now=now)
        raise
    finally:
        _pace(lane, first)
    _close(lease, intentions, EffectState.DONE, now=now, result=result)
    how = f"Sent, in a digest of {len(messages)}." if len(messages) > 1 else "Sent."
    lines = tried("done")
    return {_event_of(one): outcomes.done(how, tried=lines) for one in messages}


def _call(message: Message, said: object) -> dict[str, str]:
    if message.connection_id is None:
        return {"message_id": mail.send(message.target, said, key=message.effect_key)}  # type: ignore[arg-type]
    posted = connections.open_messenger(message.connection_id).post(message.target, said)  # type: ignore[arg-type]
    return {"channel": posted.channel, "ts": posted.id}


def _failed(
    lane: str, messages: Sequence[Message], error: errors.SyncError, tried: list[Tried], *, now: datetime
) -> dict[int, Outcome]:
    """What nothing came of: put back behind a closed gate, tried again, or dead by cause."""
    if isinstance(error, errors.RateLimited) and error.cause == "message_limit_exceeded":
        why = "The workspace's message limit is reached."
        gates.close_gate(gate=lane, reason=Reason.BUDGET, now=now, until=now + FULL_FOR, detail=why)
    if isinstance(error, errors.AuthExpired) and error.cause in ("mail_auth", "mail_address"):
        gates.close_gate(gate=lane, reason=Reason.TOKEN, now=now, until=now + FULL_FOR / 60, detail=error.detail)
    lanes.follow_connections(now)
    if len(messages) > 1 and isinstance(error, errors.Rejected):
        return {_event_of(one): outcomes.put_back("Its digest was refused.") for one in messages[1:]} | {
            _event_of(messages[0]): replace(drain.of_error(error, now=now), tried=tried)
        }
    return {_event_of(one): replace(drain.of_error(error, now=now), tried=tried) for one in messages}


def _pace(lane: str, message: Message) -> None:
    """When the lane is free again: mail servers take what they get."""
    seconds = _pace_of(message.connection) if message.connection is not None else 0.0
    Lane.objects.filter(key=lane).update(free_at=clock.now() + timedelta(seconds=seconds))


def _pace_of(connection: Connection) -> float:
    return float(connection.settings.get("options", {}).get("pace_seconds", PACE_SECONDS))


def _close(
    lease: Lease,
    intentions: Sequence[Intention],
    state: EffectState,
    *,
    now: datetime,
    result: dict[str, str] | None = None,
) -> None:
    for intention in intentions:
        effects.close(key=intention.key, token=lease.token, state=state, now=now, result=result)


def _event_of(message: Message) -> int:
    assert message.event_id is not None
    return message.event_id
