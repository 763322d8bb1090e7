"""How a day's requests are spread, purely: polls, immediate writes, and what is kept back (RULES 7, 23, 26)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from email.utils import parsedate_to_datetime
from zoneinfo import ZoneInfo

from apps.connections.windows import RESET_EDGE, Share, room_for
from apps.providers.contract import Purpose, RateWindow

OFFICE_POLL = timedelta(minutes=4, seconds=45)
OTHER_POLL = timedelta(minutes=14)
"""A little under the promised 5 and 15 minutes, which end when somebody is in the ATS, not when they are seen."""

ALONE = 2
"""What a stage write costs that goes at once: the read of its profile, and the write."""

WITH_A_POLL = 1
"""What the moves cost that travel with a poll: one write, as the poll just drained is the read (RULES 9)."""

KEPT_BACK = 0.05
"""The share of a day that only writes, and the reads and tokens they need, may use. Small, as the plan
itself sets aside a write for each poll to come; this is for what nobody planned."""

BACKGROUND = frozenset({Purpose.POLL, Purpose.CATALOGUE, Purpose.INDEX, Purpose.MESSAGES})

BULK_LEAVES = 0.3
"""The share of a day or month that an import, a go-live or a reconciliation never touches."""

SHORT_SHARES: Mapping[str, Share] = {
    Purpose.BULK: Share(total=0.9, least=0.25),
    Purpose.POLL: Share(total=0.9),
    Purpose.CATALOGUE: Share(total=0.9),
    Purpose.INDEX: Share(total=0.9),
    Purpose.MESSAGES: Share(total=0.9),
}
"""Of a window of seconds or minutes a tenth is for moves and new candidates alone. Bulk is spread over it: it
has what others leave of nine tenths, and a quarter whatever they spend."""

MARGIN = 6
"""Calls that the plan of a day may be out by: polls come whole, and a page of 100 changes is followed by another."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_STEP = timedelta(minutes=15)
_SATURDAY = 5

FIRST_PAUSE = 2
LONGEST_PAUSE = 300
"""Seconds. A pause doubles from the first to the longest while a system keeps refusing."""

ERRORS_BEFORE_PAUSE = 5


@dataclass(frozen=True, slots=True)
class Office:
    """When a client's people work: weekdays, in their own time zone."""

    time_zone: str
    start: time
    end: time


def is_office_time(now: datetime, offices: Sequence[Office]) -> bool:
    """True while any office is open; without an office, all time counts as office time."""
    return not offices or any(_is_open(office, now) for office in offices)


def next_poll_after(
    *,
    now: datetime,
    spent: int,
    limit: int,
    reset_at: datetime,
    offices: Sequence[Office] = (),
    kept_back: float = KEPT_BACK,
    writing: float = 1.0,
) -> timedelta:
    """How long to wait before the next poll: the usual pace, stretched so that the day's rest suffices.

    The slow pace until the reset is set aside first, at what a poll has cost so far with the writes that
    travel with it (`writing` calls a poll); office hours are as much quicker as the rest allows. With
    nothing left for polls, it is after the reset and its edge.
    """
    left = allowance(limit=limit, share=1 - kept_back) - spent
    if left <= 0:
        return reset_at + RESET_EDGE - now
    need = need_until(now, reset_at, offices, writing)
    if left <= need.slow or not is_office_time(now, offices):
        return OTHER_POLL * max(1.0, (reset_at - now) / OTHER_POLL / left)
    quickness = min(1.0, (left - need.slow) / need.quick) if need.quick else 1.0
    return OTHER_POLL / (1 + quickness * (OTHER_POLL / OFFICE_POLL - 1))


def writes_now(
    *,
    now: datetime,
    spent: int,
    limit: int,
    starts_at: datetime,
    reset_at: datetime,
    offices: Sequence[Office] = (),
    kept_back: float = KEPT_BACK,
) -> bool:
    """True while a write of its own is within what the plan allows by the end of this hour, office hours
    first, and leaves the polls of the day's rest their usual pace, each with the write that may go with it.

    What is kept back is for what nobody planned, so nothing is sent early from it.
    """
    after = spent + ALONE
    usable = allowance(limit=limit, share=1 - kept_back)
    soon = min(now + timedelta(hours=1), reset_at)
    by_then = weight(starts_at, soon, offices) / weight(starts_at, reset_at, offices)
    return after <= usable * by_then and after + need_until(now, reset_at, offices).all + MARGIN <= usable


def spare(
    *, now: datetime, spent: int, limit: int, reset_at: datetime, offices: Sequence[Office] = (), kept_back: float
) -> int:
    """Calls that nothing planned for the rest of the day needs: what a reconciliation may spend."""
    usable = min(allowance(limit=limit, share=1 - kept_back), allowance(limit=limit, share=1 - BULK_LEAVES))
    planned = allowance(limit=limit, share=1 - kept_back) - math.ceil(need_until(now, reset_at, offices).all) - MARGIN
    return max(0, min(usable, planned) - spent)


MOVES_OF_DAY = 0.2
"""What a reconciliation leaves of a day while an office is still to open: for moves that go at once."""


def spare_for_checks(
    *, now: datetime, spent: int, limit: int, reset_at: datetime, offices: Sequence[Office] = (), kept_back: float
) -> int:
    """Calls of a day that a reconciliation may spend now: none while an office is open; after the last one has
    closed all that is spare, before the first one opens what moves that go at once will hardly use."""
    if is_office_time(now, offices):
        return 0
    left = spare(now=now, spent=spent, limit=limit, reset_at=reset_at, offices=offices, kept_back=kept_back)
    still_opens = need_until(now, reset_at, offices).quick >= 1
    return max(0, left - allowance(limit=limit, share=MOVES_OF_DAY)) if still_opens else left


MESSAGES_OF_SPARE = 0.5
"""Half of what nobody planned is for InMail: the rest is for reconciliation, and for what comes unplanned."""

MESSAGES_OF_DAY = 0.2
LONGEST_WITHOUT_MESSAGES = timedelta(hours=2)
"""InMail never takes more than a fifth of a day, nor waits longer than this for the next seat's turn."""


def next_messages_after(*, spare: int, limit: int, left_of_day: timedelta) -> timedelta:
    """How long until the next seat's InMail is read, one call each: what is spare, spread over the day's rest."""
    quickest = timedelta(days=1) / max(1, allowance(limit=limit, share=MESSAGES_OF_DAY))
    spread = left_of_day / max(1.0, spare * MESSAGES_OF_SPARE)
    return max(quickest, min(spread, LONGEST_WITHOUT_MESSAGES))


def share_of(*, rate: RateWindow, purpose: str, kept_back: float, reserve_for: Mapping[str, float]) -> Share:
    """How much of a window `purpose` may use; `reserve_for` keeps other shares of a day from named purposes."""
    if not rate.by_calendar:
        return SHORT_SHARES.get(purpose, Share())
    usual = BULK_LEAVES if purpose == Purpose.BULK else kept_back if purpose in BACKGROUND else 0.0
    return Share(total=1 - reserve_for.get(purpose, usual))


def allowance(*, limit: int, share: float) -> int:
    return room_for(limit, share)


def day_of(now: datetime) -> tuple[datetime, datetime]:
    """The UTC day that `now` is in."""
    start = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return start, start + timedelta(days=1)


def clock_ahead(headers: Mapping[str, str], *, now: datetime) -> float | None:
    """Seconds that the clock of an answer's sender is ahead of ours; None where it tells no time."""
    told = next((value for name, value in headers.items() if name.lower() == "date"), "")
    try:
        return (parsedate_to_datetime(told) - now).total_seconds() if told else None
    except (ValueError, TypeError):
        return None


def next_pause(last: int) -> int:
    return min(LONGEST_PAUSE, max(FIRST_PAUSE, last * 2))


@dataclass(frozen=True, slots=True)
class Need:
    """Calls until the reset: of polls at the slow pace, and of those that make office hours quicker."""

    slow: float
    quick: float

    @property
    def all(self) -> float:
        return self.slow + self.quick


def need_until(now: datetime, reset_at: datetime, offices: Sequence[Office], writing: float = 1.0) -> Need:
    """In office hours twice `writing` is expected, as the night's polls carry none, and at most one write a poll."""
    cost = 1 + min(2 * writing, WITH_A_POLL)
    slow = (reset_at - now) / OTHER_POLL
    quick = weight(now, reset_at, offices) - slow
    office = quick / (OTHER_POLL / OFFICE_POLL - 1)
    return Need(slow=slow - office + office * cost, quick=quick * cost)


def weight(start: datetime, end: datetime, offices: Sequence[Office]) -> float:
    """Polls that the usual pace makes between two times, by the quarters of an hour at which offices open."""
    total, at = 0.0, start
    while at < end:
        step = min(_STEP - (at - EPOCH) % _STEP, end - at)
        total += step / (OFFICE_POLL if is_office_time(at, offices) else OTHER_POLL)
        at += step
    return total


def _is_open(office: Office, now: datetime) -> bool:
    local = now.astimezone(ZoneInfo(office.time_zone))
    if office.start <= office.end:
        return local.weekday() < _SATURDAY and office.start <= local.time() < office.end
    return local.weekday() < _SATURDAY and (local.time() >= office.start or local.time() < office.end)


@dataclass(frozen=True, slots=True)
class Outlook:
    """What the rest of a day holds by arithmetic: calls that are left for the plan, those that polls need at
    the slow and at the office's pace with a write each, and when the pace of the last hour spends it all."""

    left: int
    needed_slow: int
    needed: int
    spent_at: datetime | None

    @property
    def office_pace_holds(self) -> bool:
        return self.left >= self.needed

    @property
    def promise_holds(self) -> bool:
        return self.left >= self.needed_slow


def outlook(
    *,
    now: datetime,
    spent: int,
    last_hour: int,
    limit: int,
    reset_at: datetime,
    offices: Sequence[Office] = (),
    kept_back: float = KEPT_BACK,
) -> Outlook:
    """See `Outlook`."""
    left = max(0, allowance(limit=limit, share=1 - kept_back) - spent)
    need = need_until(now, reset_at, offices)
    ends = now + timedelta(hours=left / last_hour) if last_hour else reset_at
    slow, quick = math.ceil(need.slow), math.ceil(need.all)
    return Outlook(left, slow, quick, ends if ends < reset_at else None)


CATALOGUE_PAGE = 100
CATALOGUES_A_DAY = 6


def cost_of_one_more(projects: int) -> int:
    """Requests a day for one Project more: polls and moves travel for all at once, so that only a new page
    of the list of Projects costs, every four hours."""
    return CATALOGUES_A_DAY if projects % CATALOGUE_PAGE == 0 and projects else 0
