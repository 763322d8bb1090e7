"""How states, reasons, kinds and times are said on a page (the design's tables of words)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from apps.connections.health import Health
from apps.ledger.states import REASON_WORDS, EffectState, State


@dataclass(frozen=True, slots=True)
class Badge:
    """A state as it shows: tone, icon, word, and the small print that is not optional."""

    tone: str
    icon: str
    word: str
    small: str = ""


@dataclass(frozen=True, slots=True)
class Moment:
    """A time as it shows, with the exact one for machines and for the pointer."""

    text: str
    iso: str
    title: str


@dataclass(frozen=True, slots=True)
class Kind:
    """What an event is about, in words, and whether its route leads to LinkedIn or to the ATS."""

    word: str
    icon: str


STATES: Mapping[str, Badge] = {
    State.QUEUED: Badge("mute", "clock", "Queued"),
    State.LEASED: Badge("info", "running", "Running"),
    State.RETRYING: Badge("warn", "retry", "Retrying"),
    State.HELD: Badge("warn", "pause", "Held"),
    State.DONE: Badge("ok", "check-circle", "Done"),
    State.SKIPPED: Badge("mute", "skip", "Skipped"),
    State.SUPERSEDED: Badge("mute", "layers", "Superseded"),
    State.DEAD: Badge("bad", "dead-x", "Dead"),
}

KINDS: Mapping[str, Kind] = {
    "poll": Kind("Reading of a listing", "receive"),
    "poll.profiles": Kind("Reading of the Projects’ people", "receive"),
    "poll.projects": Kind("Reading of the Projects", "receive"),
    "poll.seats": Kind("Reading of the seats", "receive"),
    "poll.jobs": Kind("Reading of the jobs", "receive"),
    "poll.people": Kind("Reading of the ATS’s people", "receive"),
    "poll.closed": Kind("Reading of closed LinkedIn accounts", "receive"),
    "poll.applications": Kind("Reading of changed applications", "receive"),
    "check": Kind("Comparison of a mapping", "sync"),
    "look": Kind("Read again on request", "search"),
    "row": Kind("LinkedIn profile", "person"),
    "hook": Kind("ATS change", "receive"),
    "hook.export": Kind("Export by a recruiter", "receive"),
    "hook.closed": Kind("Closed LinkedIn account", "person"),
    "hook.malformed": Kind("Unreadable delivery", "warn"),
    "hook.hint": Kind("Hint to read again", "receive"),
    "hook.other": Kind("Notice", "receive"),
    "write": Kind("Write", "send"),
    "write.arrive": Kind("Into the ATS", "plus"),
    "write.fill": Kind("Empty fields in the ATS", "plus"),
    "write.move": Kind("Stage move in the ATS", "right"),
    "write.stage": Kind("Stage move in LinkedIn", "left"),
    "write.note": Kind("Note in the ATS", "send"),
    "write.merge": Kind("Merge in the ATS", "both"),
    "records": Kind("Records of who may be one person", "search"),
    "write.share": Kind("Told to LinkedIn", "left"),
    "message": Kind("InMail", "bell"),
    "decide": Kind("Decision of a person", "person"),
    "decide.undo": Kind("Decision taken back", "undo"),
    "duplicate": Kind("Decision on who is who", "duplicates"),
    "duplicate.undo": Kind("Decision on who is who, taken back", "undo"),
    "notify": Kind("Message", "bell"),
    "contract": Kind("Move to a new contract", "both"),
    "remap": Kind("Application of a stage map", "stages"),
    "remap.person": Kind("New stage map, for one person", "stages"),
}

HEALTH: Mapping[str, Badge] = {
    "healthy": Badge("ok", "check-circle", "Healthy"),
    "expiring": Badge("warn", "expiring", "Expiring"),
    "expired": Badge("bad", "key", "Expired"),
    "failing": Badge("bad", "warn", "Failing"),
    "paused": Badge("mute", "pause", "Paused"),
    "silent": Badge("warn", "silent", "Silent"),
}

CHAPTERS: Mapping[str, Badge] = {
    "reconnected": Badge("ok", "key", "Reconnected"),
    "resumed": Badge("ok", "running", "Resumed"),
    "stopped": Badge("mute", "pause", "Stopped"),
    "shadow": Badge("info", "search", "In shadow"),
    "shadow_ended": Badge("ok", "running", "Shadow ended"),
    "moved": Badge("ok", "both", "Moved to another contract"),
}

OUTCOMES: Mapping[str, Badge] = {
    "done": Badge("ok", "check-circle", "Done"),
    "unknown": Badge("warn", "clock", "Answer lost"),
    "transient": Badge("warn", "retry", "Failed, will retry"),
    "rate_limited": Badge("warn", "retry", "Asked to slow down"),
    "auth_expired": Badge("bad", "key", "Token refused"),
    "rejected": Badge("bad", "dead-x", "Refused"),
    "not_found": Badge("warn", "search", "Not found"),
    "conflict": Badge("warn", "warn", "Changed meanwhile"),
}

EFFECTS: Mapping[str, Badge] = {
    EffectState.INTENDED: Badge("info", "clock", "Intended"),
    EffectState.DONE: Badge("ok", "check-circle", "Done"),
    EffectState.FAILED: Badge("bad", "dead-x", "Not made"),
    EffectState.UNKNOWN: Badge("warn", "warn", "Unknown"),
}

SYSTEMS: Mapping[str, str] = {
    "linkedin": "Li",
    "greenhouse": "Gh",
    "lever": "Lv",
    "workday": "Wd",
    "successfactors": "Sf",
    "bullhorn": "Bh",
    "icims": "iC",
    "jobvite": "Jv",
    "jazzhr": "Jz",
    "slack": "Sl",
}


def state_badge(*, state: str, reason: str = "", cause: str = "", due_at: datetime | None = None) -> Badge:
    """Give an event's state with what it is not understood without."""
    badge = STATES.get(state, Badge("mute", "info", state))
    if state == State.RETRYING and due_at is not None:
        small = f"{timezone.localtime(due_at):%H:%M}"
    elif state == State.DEAD:
        small = phrase(cause or reason)
    else:
        small = reason_words(reason)
    return Badge(badge.tone, badge.icon, badge.word, small)


def reason_words(reason: str) -> str:
    return REASON_WORDS.get(reason, phrase(reason))


def kind_of(kind: str) -> Kind:
    """Give a kind's words; an unknown one is said by its own name."""
    return KINDS.get(kind) or KINDS.get(kind.partition(".")[0]) or Kind(phrase(kind).capitalize(), "log")


def health_badge(health: Health, *, now: datetime) -> Badge:
    """Give a connection's health with since when, until when, or how often."""
    badge = HEALTH.get(health.word, Badge("mute", "info", health.word))
    return Badge(badge.tone, badge.icon, badge.word, _health_small(health, now))


def chapter_badge(word: str) -> Badge:
    """Give an entry of a connection's history: a health, or what somebody did."""
    return HEALTH.get(word) or CHAPTERS.get(word) or Badge("mute", "info", phrase(word).capitalize())


def outcome_badge(outcome: str) -> Badge:
    return OUTCOMES.get(outcome, Badge("mute", "info", phrase(outcome).capitalize()))


def effect_badge(state: str) -> Badge:
    return EFFECTS.get(state, Badge("mute", "info", state))


def mark_of(provider: str) -> str:
    """Give the two letters of a system."""
    return SYSTEMS.get(provider, provider[:2].capitalize())


def phrase(name: str) -> str:
    """Turn a key such as `already_true` into words."""
    return name.replace("_", " ").replace(".", " ")


def moment(at: datetime | None, *, now: datetime) -> Moment | None:
    """Say a time as near as it is: minutes within the day, weekday within the week, else the date."""
    if at is None:
        return None
    local, today = timezone.localtime(at), timezone.localtime(now)
    age = today - local
    if abs(age) < timedelta(seconds=60):
        text = "just now" if age >= timedelta(0) else "in a moment"
    elif timedelta(0) < age and local.date() == today.date():
        text = _ago(age)
    elif abs(age) < timedelta(days=6):
        text = f"{local:%H:%M}" if local.date() == today.date() else f"{local:%a %H:%M}"
    else:
        text = f"{local.day} {local:%b}" if local.year == today.year else f"{local.day} {local:%b %Y}"
    return _moment(text, local)


def log_time(at: datetime, *, now: datetime) -> Moment:
    """Say a time as a log does: to the second, with the date once it is not today's."""
    local, today = timezone.localtime(at), timezone.localtime(now)
    day = "" if local.date() == today.date() else f"{local.day} {local:%b} "
    return _moment(f"{day}{local:%H:%M:%S}", local)


def duration(seconds: float | None) -> str:
    """Say a lag in minutes and seconds; hours only where there are some."""
    if seconds is None:
        return ""
    whole = round(seconds)
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02d}:{whole % 60:02d}" if hours else f"{minutes}:{whole % 60:02d}"


def number(value: int, *, capped_at: int | None = None) -> str:
    """Say a count; one that was not counted further says so."""
    return f"{value:,}+" if capped_at is not None and value >= capped_at else f"{value:,}"


def plural(count: int, one: str, many: str = "") -> str:
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def listed(words: list[str]) -> str:
    """Join words as a sentence does."""
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]])) if words else ""


def _ago(age: timedelta) -> str:
    minutes = int(age.total_seconds() // 60)
    return f"{minutes} min ago" if minutes < 60 else f"{minutes // 60} h ago"


def _health_small(health: Health, now: datetime) -> str:
    if health.word == "failing":
        return f"{plural(health.count, 'error')} in a row"
    if health.at is None:
        return ""
    if health.word == "expiring":
        days = max(0, (health.at - now).days)
        return f"in {plural(days, 'day')}" if days else f"at {timezone.localtime(health.at):%H:%M}"
    if health.word == "silent":
        return f"for {int((now - health.at).total_seconds() // 3600)} h"
    at = moment(health.at, now=now)
    return f"since {at.text}" if at else ""


def _moment(text: str, local: datetime) -> Moment:
    return Moment(text=text, iso=local.isoformat(timespec="seconds"), title=f"{local:%A %d %B %Y, %H:%M:%S %Z}")
