"""Durable work: what arrived, in which order it must be handled, who is handling it, what became of it.

The ledger knows no provider and no candidate: gates, turns, groups, subjects and hold keys are
opaque strings that the apps above choose.
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex, OpClass
from django.db import models
from django.db.models import F, Q

from apps.ledger import states


class Mailbox(models.Model):
    """What must stay in order: one remote object. The unit that a worker leases.

    `due_at` is app time and empty while nothing is due or a worker has it; `lease_until` is real time.
    """

    key = models.TextField(unique=True)
    handler = models.CharField(max_length=40)
    gate = models.TextField(help_text="what may be closed on its own: a connection, a channel")
    turn = models.TextField(help_text="the gate and the client: turns rotate")
    priority = models.SmallIntegerField(default=states.Priority.NEW_CANDIDATE)
    due_at = models.DateTimeField(null=True)
    lease_token = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    claims = models.PositiveSmallIntegerField(default=0)

    class Meta:
        indexes = [
            models.Index(
                "turn",
                "priority",
                "due_at",
                "id",
                name="mailbox_due",
                condition=Q(due_at__isnull=False, lease_token__isnull=True),
            ),
            models.Index("lease_until", name="mailbox_leased", condition=Q(lease_token__isnull=False)),
            models.Index(
                "gate",
                name="mailbox_bulk",
                condition=Q(priority__gte=states.Priority.BACKFILL, due_at__isnull=False),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="mailbox_lease_whole",
                condition=Q(lease_token__isnull=True, lease_until__isnull=True)
                | Q(lease_token__isnull=False, lease_until__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return self.key


class Event(models.Model):
    """One thing that arrived or is to be done. It never leaves without a state and a reason."""

    mailbox = models.ForeignKey(Mailbox, on_delete=models.PROTECT, related_name="events")
    kind = models.CharField(max_length=60)
    state = models.CharField(max_length=12, choices=states.State.choices, default=states.State.QUEUED)
    reason = models.CharField(max_length=20, choices=states.Reason.choices, blank=True)
    detail = models.TextField(blank=True)
    cause = models.CharField(max_length=80, blank=True)
    priority = models.SmallIntegerField(default=states.Priority.NEW_CANDIDATE)
    payload = models.JSONField(default=dict)
    plan = models.JSONField(default=dict, help_text="what was decided and why")
    connection = models.UUIDField(null=True)
    clients = ArrayField(models.UUIDField(), default=list)
    subject = models.TextField(blank=True, help_text="whom it is about, for a timeline")
    hold_key = models.TextField(blank=True)
    caused_by = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="caused")
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()
    arrived_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index("mailbox", "id", name="event_open", condition=Q(state__in=states.OPEN)),
            models.Index(OpClass("hold_key", "text_pattern_ops"), name="event_held_for", condition=Q(state="held")),
            models.Index("subject", "id", name="event_subject"),
            models.Index(fields=["state", "-id"], name="event_state"),
            models.Index("caused_by", name="event_cause"),
            BrinIndex(fields=["arrived_at"], name="event_arrived"),
            models.Index(F("id").desc(), name="event_unplanned", condition=Q(kind="row.profile", subject="")),
            models.Index(
                fields=["cause", "connection", "kind", "-id"],
                name="event_dead",
                include=["clients", "settled_at"],
                condition=Q(state="dead"),
            ),
            models.Index("hold_key", "id", name="event_discarded", condition=Q(reason="discarded")),
        ]
        constraints = [
            models.CheckConstraint(
                name="event_says_why",
                condition=~Q(state__in=[states.State.HELD, states.State.SKIPPED, states.State.DEAD])
                | ~Q(reason="", cause=""),
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} #{self.pk}"


class DedupeKey(models.Model):
    """A delivery seen once; kept apart from events, so that deleting old events reopens nothing."""

    source = models.TextField()
    key = models.TextField()
    seen_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint("source", "key", name="delivery_once")]

    def __str__(self) -> str:
        return f"{self.source} {self.key}"


class Turn(models.Model):
    """When a turn was last served, so that turns rotate."""

    key = models.TextField(primary_key=True)
    gate = models.TextField()
    served_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.key


class ClosedGate(models.Model):
    """A reason for which nothing passes a gate; open again when no reason is left."""

    gate = models.TextField()
    reason = models.CharField(max_length=20, choices=states.Reason.choices)
    until = models.DateTimeField(null=True, help_text="app time at which it opens by itself")
    since = models.DateTimeField()
    detail = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint("gate", "reason", name="gate_closed_once")]

    def __str__(self) -> str:
        return f"{self.gate}: {self.reason}"


class Delay(models.Model):
    """A stretch of time in which an event, or all behind a gate, waited for one reason; kept when it is over.

    `event` is empty for a gate's own, and once the event was deleted by age: its gate and kind stay.
    """

    event = models.ForeignKey(Event, null=True, on_delete=models.SET_NULL, related_name="delays")
    gate = models.TextField()
    kind = models.CharField(max_length=60, blank=True, help_text="of the event; empty for a gate")
    reason = models.CharField(max_length=20, choices=states.Reason.choices)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index("gate", "since", name="delay_gate")]
        constraints = [
            models.UniqueConstraint("event", name="delayed_once", condition=Q(until__isnull=True, event__isnull=False)),
            models.UniqueConstraint(
                "gate", "reason", name="gate_delays_once", condition=Q(until__isnull=True, kind="")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind or self.gate}: {self.reason} since {self.since}"


class KeyLease(models.Model):
    """Exclusive use of an opaque key (a candidacy, an identity) by one worker, in real time."""

    key = models.TextField(primary_key=True)
    token = models.UUIDField()
    until = models.DateTimeField()

    class Meta:
        indexes = [models.Index("token", name="keylease_token")]

    def __str__(self) -> str:
        return self.key


class Waiter(models.Model):
    """A mailbox that found a key taken; due again when the holder settles."""

    key = models.TextField()
    mailbox = models.ForeignKey(Mailbox, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint("key", "mailbox", name="waits_once")]

    def __str__(self) -> str:
        return f"{self.mailbox_id} waits for {self.key}"


class Effect(models.Model):
    """A remote write that must not happen twice: intended (committed before the call), then closed.

    An intention without an outcome counts as unknown, never as fresh.
    """

    key = models.TextField(unique=True)
    kind = models.CharField(max_length=40)
    state = models.CharField(max_length=10, choices=states.EffectState.choices, default=states.EffectState.INTENDED)
    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="effects")
    token = models.UUIDField()
    marker = models.TextField(blank=True, help_text="what a read-back looks for")
    result = models.JSONField(default=dict)
    tries = models.PositiveSmallIntegerField(default=1)
    read_back_at = models.DateTimeField(null=True)
    intended_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="effect_closed_with_time",
                condition=Q(state__in=["intended", "unknown"]) | Q(closed_at__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"{self.key}: {self.state}"


class Attempt(models.Model):
    """One try of one event, for the sync log; request and response are redacted before they get here."""

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="tries")
    at = models.DateTimeField()
    operation = models.CharField(max_length=60)
    outcome = models.CharField(max_length=20)
    detail = models.TextField(blank=True)
    seconds = models.FloatField(default=0)
    exchanges = models.JSONField(default=list, help_text="requests and answers, redacted by providers/recording.py")

    class Meta:
        indexes = [models.Index("event", "id", name="attempt_event")]

    def __str__(self) -> str:
        return f"{self.operation}: {self.outcome}"


class Heartbeat(models.Model):
    """Progress, not life: written by the drain itself, in real time."""

    name = models.CharField(max_length=40, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class Fault(models.Model):
    """A count of things that should not happen but are healed: stranded events, bad signatures."""

    name = models.CharField(max_length=60, primary_key=True)
    count = models.PositiveBigIntegerField(default=0)
    last_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name}: {self.count}"


class DailyTotal(models.Model):
    """What was deleted by age, added up by the UTC day it arrived on: reports of days long past stay as they were."""

    day = models.DateField()
    connection = models.UUIDField(null=True)
    clients = ArrayField(models.UUIDField(), default=list)
    kind = models.CharField(max_length=60)
    state = models.CharField(max_length=12, choices=states.State.choices)
    reason = models.CharField(max_length=20, blank=True)
    count = models.PositiveBigIntegerField(default=0)
    attempts = models.PositiveBigIntegerField(default=0)
    within_5 = models.PositiveBigIntegerField(default=0, help_text="settled within 5 minutes of their arrival")
    within_15 = models.PositiveBigIntegerField(default=0)
    lag_ms = models.PositiveBigIntegerField(default=0, help_text="all their milliseconds from arrival to settling")
    longest_ms = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["day", "connection", "clients", "kind", "state", "reason"],
                nulls_distinct=False,
                name="total_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.kind} {self.state}: {self.count}"


class RetentionMark(models.Model):
    """How far a table was looked through for what is old, and until when it rests."""

    name = models.CharField(max_length=20, primary_key=True)
    after = models.PositiveBigIntegerField(default=0)
    rests_until = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.name} after {self.after}"
