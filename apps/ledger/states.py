"""States, reasons and priorities of durable work (RULES.md, States and errors)."""

from __future__ import annotations

from django.db import models


class State(models.TextChoices):
    QUEUED = "queued"
    LEASED = "leased"
    RETRYING = "retrying"
    HELD = "held"
    DONE = "done"
    SKIPPED = "skipped"
    SUPERSEDED = "superseded"
    DEAD = "dead"


OPEN = (State.QUEUED, State.RETRYING)
"""What a mailbox still has to do by itself."""

FINAL = (State.DONE, State.SKIPPED, State.SUPERSEDED, State.DEAD)


class Reason(models.TextChoices):
    TOKEN = "token"
    BUDGET = "budget"
    OUTAGE = "outage"
    MAPPING = "mapping"
    DRIFT = "drift"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"
    UNCERTAIN = "uncertain"
    INDEX = "index"
    PERSON = "person"
    HALT = "halt"
    PAUSED = "paused"
    ECHO = "echo"
    STALE = "stale"
    ALREADY_TRUE = "already_true"
    NOT_LIVE = "not_live"
    SHADOW = "shadow"
    ENDED = "ended"
    DISCARDED = "discarded"
    IRRELEVANT = "irrelevant"


class EffectState(models.TextChoices):
    INTENDED = "intended"
    DONE = "done"
    FAILED = "failed"
    UNKNOWN = "unknown"


class Priority(models.IntegerChoices):
    """Smaller goes first within a turn."""

    INTERACTIVE = 0
    STAGE_CHANGE = 10
    NEW_CANDIDATE = 20
    NOTE = 30
    BACKFILL = 40


def priority_after(cause: int, usual: Priority) -> int:
    """The priority of what follows from an event: what follows from bulk work is bulk work."""
    return max(cause, usual) if cause >= Priority.BACKFILL else usual
