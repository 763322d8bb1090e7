"""States, reasons and priorities of durable work (RULES.md, States and errors)."""

from __future__ import annotations

from collections.abc import Mapping

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


REASON_WORDS: Mapping[str, str] = {
    Reason.TOKEN: "token expired",
    Reason.BUDGET: "request budget",
    Reason.OUTAGE: "outage",
    Reason.MAPPING: "not in the stage map",
    Reason.DRIFT: "drift",
    Reason.DUPLICATE: "duplicate",
    Reason.CONFLICT: "conflict",
    Reason.UNCERTAIN: "being read back",
    Reason.INDEX: "index not complete",
    Reason.PERSON: "for a person",
    Reason.HALT: "mapping halted",
    Reason.PAUSED: "paused",
    Reason.ECHO: "our own echo",
    Reason.STALE: "older than what is known",
    Reason.ALREADY_TRUE: "already true",
    Reason.NOT_LIVE: "mapping not live",
    Reason.SHADOW: "shadow",
    Reason.ENDED: "candidacy ended",
    Reason.DISCARDED: "discarded",
    Reason.IRRELEVANT: "not mapped",
}
"""As people read them: after “held” or “skipped”, and in a count of them."""


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
