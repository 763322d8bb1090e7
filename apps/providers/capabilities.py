"""What a system can do, as its provider declares it: what it cannot is planned around."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Limited:
    """A capability that is there only in part, or not at all (`available` False), with why."""

    why: str
    available: bool = True


Support = bool | Limited


def is_there(support: Support) -> bool:
    """Whether a capability is there at all, if only in part."""
    return support.available if isinstance(support, Limited) else support


@dataclass(frozen=True, slots=True)
class RateWindow:
    """A limit: `calls` in any `seconds`. A provider names as many as its system has; each call counts in all.

    `resets_daily` and `resets_monthly` make it a calendar day or month in `time_zone`. `from_headers` says
    that ceiling and reset are read from each answer. `burst` makes it a token bucket: so many at once,
    refilled at the pace of `calls` per `seconds`."""

    name: str
    calls: int
    seconds: int
    resets_daily: bool = False
    from_headers: bool = False
    resets_monthly: bool = False
    burst: int = 0
    time_zone: str = "UTC"

    @property
    def by_calendar(self) -> bool:
        return self.resets_daily or self.resets_monthly


@dataclass(frozen=True, slots=True)
class Capabilities:
    """Declared once per provider: what the matrix shows and the planner plans around."""

    name: str
    role: str  # "sourcing", "ats" or "messaging"
    hosts: tuple[str, ...]
    lookup_by_email: Support
    lookup_by_linkedin_url: Support
    create: Support
    attach: Support
    move: Support
    reject: Support
    hire: Support
    note: Support
    merge: Support
    push_events: Support
    pull_events: Support
    client_folder: Support
    stage_compare_and_set: bool
    stage_history: bool
    change_time: timedelta | None  # resolution of remote change times; None: there are none
    visible_after: timedelta
    rate_windows: tuple[RateWindow, ...]
    setup: tuple[str, ...] = ()
    native_connector: Support = False  # LinkedIn's own, beside which ours links and does not repeat (R10b)
    effort: str = ""  # what setting it up takes, for a person who plans it
    limits: str = ""  # what the rate windows alone do not say
    stage_scope: str = "job"  # "job", or "account" where every job has the same stages
    applications_by_id: int = 50  # read by one request; where it is 1, ask by person and name ids for the rest
    headline: bool = False  # one text for title and company
    event_queue: bool = False  # it is an EventQueue too, which tells what no listing shows
    create_attaches: bool = True  # False: a create makes the person alone, who is attached by a call of its own
    openings: bool = True  # False: a hire names none
    reads_notes: bool = False  # it is a NoteReader too
    publishes: bool = False  # it is sharing.Publishing too: people come by exports, and there are no Projects

    def work(self, *, company: str, title: str) -> tuple[str, str]:
        """Company and title as this system keeps them."""
        return ("", ", ".join(part for part in (title, company) if part)) if self.headline else (company, title)
