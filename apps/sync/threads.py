"""InMail threads as notes: whose record a thread belongs on, and what the note says. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from apps.providers.contract import InMail

EXCERPT = 280
"""Characters of a message that an excerpt keeps: the opening, in which an InMail says what it is about."""

LONGEST_NOTE = 8_000
"""Characters. Above it a note shows the beginnings of its messages only."""


class Telling(StrEnum):
    """How much of an InMail is kept and noted, by setting of the LinkedIn connection (`inmail`)."""

    OFF = "off"
    FACTS = "facts"
    EXCERPTS = "excerpts"
    WHOLE = "whole"


@dataclass(frozen=True, slots=True)
class Place:
    """A candidacy that a thread may be noted on: its client, and the seats whose candidate it is."""

    candidacy: str
    client: str
    seats: frozenset[str]


def kept(body: str, telling: Telling) -> str:
    """The part of a message that is stored at all."""
    match telling:
        case Telling.WHOLE:
            return body
        case Telling.EXCERPTS:
            return body if len(body) <= EXCERPT else f"{body[:EXCERPT].rstrip()}…"
    return ""


def places_of(seat: str, places: Sequence[Place]) -> list[Place]:
    """Where a seat's thread is noted: with the candidacies that are this seat's, else with all of the
    person's, unless they are of several clients: a thread about one client is not for another (rule 30)."""
    own = [place for place in places if seat in place.seats]
    if own:
        return own
    return list(places) if len({place.client for place in places}) == 1 else []


_MARKER = re.compile(r"^SyncPortal [0-9a-f]{12}$", re.MULTILINE)


def is_ours(body: str) -> bool:
    """Whether a note is one that InMail was told by."""
    return _MARKER.search(body) is not None


def marker_of(candidacy: str, messages: Sequence[InMail]) -> str:
    """What a read-back looks for: the same for the same messages on the same candidacy."""
    named = "|".join([candidacy, *(message.id for message in messages)])
    return f"SyncPortal {hashlib.sha256(named.encode()).hexdigest()[:12]}"


def compose(
    messages: Sequence[InMail], *, seat_name: str, person_name: str, earlier: int, marker: str, answered: bool
) -> str:
    """The note about the messages of one thread, oldest first; `earlier` ones were noted before them."""
    status = "The candidate answered." if answered else "No answer yet."
    said = [_line(message, seat_name=seat_name, person_name=person_name) for message in messages]
    text = "\n\n".join(said)
    if len(text) > LONGEST_NOTE:
        room = LONGEST_NOTE // len(said)
        text = "\n\n".join(one if len(one) <= room else f"{one[:room].rstrip()}…" for one in said)[:LONGEST_NOTE]
    return f"{_heading(messages, seat_name, person_name, earlier)} {status}\n\n{text}\n\n{marker}"


def _heading(messages: Sequence[InMail], seat_name: str, person_name: str, earlier: int) -> str:
    first, last = messages[0].sent_at, messages[-1].sent_at
    number = earlier + 1
    which = f"message {number}" if len(messages) == 1 else f"messages {number} to {earlier + len(messages)}"
    when = _moment(first) if len(messages) == 1 else f"{_moment(first)} to {_moment(last)}"
    return f"LinkedIn InMail between {seat_name} and {person_name}, {which}, {when}."


def _line(message: InMail, *, seat_name: str, person_name: str) -> str:
    author = seat_name if message.by_seat else person_name
    subject = f" [{message.subject}]" if message.subject and message.body else ""
    return f"{_moment(message.sent_at)}, {author}{subject}" + (f": {message.body}" if message.body else "")


def _moment(at: datetime) -> str:
    return f"{at:%-d %b %Y %H:%M} UTC"
