"""When a rule speaks, when it is quiet, and what it says: pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from fnmatch import fnmatchcase
from zoneinfo import ZoneInfo

DIGEST_ABOVE = 5
"""With more waiting for one channel, one message lists them."""

PLACEHOLDERS = ("candidate", "role", "client", "from", "to", "system")
DEFAULT_WORDING = "{candidate} moved to {to}"

_PLACEHOLDER = re.compile(r"\{(\w*)\}")


@dataclass(frozen=True, slots=True)
class UsualRule:
    """A rule that every installation begins with."""

    key: str
    name: str
    stages: tuple[str, ...]


USUAL_RULES = (
    UsualRule("phone_screen", "Phone screen scheduled", ("Phone Screen*", "Phone Interview*", "Recruiter Screen*")),
    UsualRule("offer", "Offer sent", ("Offer", "Offer Sent*", "Offer Extended*", "Offer Letter*")),
    UsualRule("hired", "Hired", ("Hired",)),
)


@dataclass(frozen=True, slots=True)
class Moved:
    """What a message may say of a transition."""

    candidate: str
    role: str
    client: str
    from_stage: str
    to_stage: str
    system: str
    link: str = ""

    def values(self) -> Mapping[str, str]:
        return {
            "candidate": self.candidate,
            "role": self.role,
            "client": self.client,
            "from": self.from_stage or "no stage",
            "to": self.to_stage,
            "system": self.system,
        }


EXAMPLE = Moved("Ada Example", "Data Engineer", "Northwind", "Application Review", "Phone Screen", "Greenhouse")
"""Shown where nobody has moved yet."""


def names_stage(patterns: Iterable[str], stages: Iterable[str]) -> bool:
    """Whether one of the patterns names one of the stages, whatever their case."""
    shown = [_plain(stage) for stage in stages if stage]
    return any(fnmatchcase(stage, _plain(pattern)) for pattern in patterns for stage in shown)


def _plain(text: str) -> str:
    """Brackets are letters here: only the asterisk stands for anything."""
    return " ".join(text.casefold().split()).replace("[", "(").replace("]", ")").replace("?", "¿")


def quiet_until(now: datetime, *, start: time | None, end: time | None, time_zone: str) -> datetime | None:
    """The end of the quiet hours that `now` is in; None outside them. They may pass midnight."""
    if start is None or end is None or start == end:
        return None
    local = now.astimezone(ZoneInfo(time_zone))
    clock = local.time()
    inside = start <= clock < end if start < end else clock >= start or clock < end
    if not inside:
        return None
    day = local.date() if clock < end else local.date() + timedelta(days=1)
    return datetime.combine(day, end, tzinfo=local.tzinfo).astimezone(now.tzinfo)


def unknown_placeholders(wording: str) -> tuple[str, ...]:
    return tuple(name for name in _PLACEHOLDER.findall(wording) if name not in PLACEHOLDERS)


def word(wording: str, moved: Moved) -> str:
    """The sentence of a message. What a value holds is not looked at again: no value is a placeholder."""
    values = moved.values()
    return _PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), wording or DEFAULT_WORDING)
