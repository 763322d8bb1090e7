"""The daily digest: what synced since yesterday, what waits, what failed and why (R17). Each reader's own clients."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.db.models import Count, F, Q

from apps.accounts import selectors as accounts
from apps.accounts.models import User
from apps.accounts.rights import Right, Role
from apps.accounts.scope import Scope
from apps.candidates import selectors as candidates
from apps.candidates.models import Candidacy, CandidacyState
from apps.ledger import health
from apps.ledger import selectors as ledger
from apps.ledger.states import REASON_WORDS
from apps.monitoring import selectors
from apps.monitoring.models import Digest
from apps.monitoring.rules import PROMISE
from apps.notifications import announce, recipients
from apps.providers.contract import Line

AT = time(8)
"""In the morning, where the reader is."""

EVERY = timedelta(minutes=1)
DAY = timedelta(days=1)

ABOUT = "Daily digest"
FIRST = 3
"""Reasons and causes that are named; the others are counted together."""


@dataclass(frozen=True, slots=True)
class Figures:
    """One day of one reader's clients, and how things stand at its end."""

    arrived: int
    in_time: int
    late: int
    not_yet: int
    moved_in_linkedin: int
    moved_in_ats: int
    waits: tuple[tuple[str, int], ...]
    failed: tuple[tuple[str, int], ...]
    alerts: int

    @property
    def is_empty(self) -> bool:
        return self == NOTHING


NOTHING = Figures(0, 0, 0, 0, 0, 0, (), (), 0)


def tell_in_turn(now: datetime) -> None:
    """Called with each sweep of each worker; one of them looks, once a minute."""
    if health.take_turn("digest", after=EVERY):
        tell_due(now=now)


def tell_due(*, now: datetime) -> None:
    """Tell each reader for whom it is morning, once a day. Whoever is new hears of their first whole day."""
    for user in readers():
        today = now.astimezone(zone_of(user))
        mark, _ = Digest.objects.get_or_create(user=user, defaults={"told_on": today.date()})
        if mark.wanted and mark.told_on < today.date() and today.time() >= AT:
            _tell(user, mark.told_on, today.date(), now=now)


def readers() -> Iterable[User]:
    """Those who can do something about what waits."""
    return User.objects.filter(role__in=[Role.ADMIN, Role.OPS], is_active=True).order_by("pk")


def zone_of(user: User) -> ZoneInfo:
    """The time zone of the first of their clients; the deployment's own where they have none."""
    return ZoneInfo(accounts.first_time_zone(scope=user.scope()) or settings.TIME_ZONE)


def _tell(user: User, before: date, today: date, *, now: datetime) -> None:
    """Of several workers one tells: who changes the row first. A day on which nothing was and nothing waits is
    passed over."""
    with transaction.atomic():
        if not Digest.objects.filter(user=user, told_on=before, wanted=True).update(told_on=today):
            return
        figures = figures_of(scope=user.scope(), since=now - DAY, until=now)
        if not figures.is_empty:
            address = recipients.of_user(user)
            cause = f"digest:{user.pk}:{today:%Y-%m-%d}"
            announce.append_message(address, about=ABOUT, cause=cause, line=line_of(figures), now=now)


def figures_of(*, scope: Scope, since: datetime, until: datetime) -> Figures:
    """Count a stretch of time within a scope; waits, failures and alerts as they stand now."""
    mine = Candidacy.objects.within(scope)
    is_late = Q(in_ats_at__gt=F("added_at") + PROMISE)
    joined = mine.filter(added_at__gt=since, added_at__lte=until).aggregate(
        in_time=Count("pk", filter=Q(in_ats_at__isnull=False) & ~is_late),
        late=Count("pk", filter=is_late),
        not_yet=Count("pk", filter=Q(in_ats_at__isnull=True, state=CandidacyState.OPEN)),
    )
    moves = candidates.transitions_within(scope=scope).filter(changed_at__gt=since, changed_at__lte=until)
    moved = dict(moves.order_by().values_list("side").annotate(count=Count("pk")))
    held = ledger.count_held_by_reason(scope=scope)
    return Figures(
        arrived=mine.filter(in_ats_at__gt=since, in_ats_at__lte=until).count(),
        **joined,
        moved_in_linkedin=moved.get("linkedin", 0),
        moved_in_ats=moved.get("ats", 0),
        waits=tuple(sorted(held.items(), key=lambda one: (-one[1], one[0]))),
        failed=tuple((one.cause, one.count) for one in ledger.list_dead_causes(scope=scope)),
        alerts=selectors.count_firing(scope=scope),
    )


def line_of(figures: Figures) -> Line:
    """The digest in words: the headline by itself says whether somebody has to look."""
    waiting, failed = (sum(count for _, count in some) for some in (figures.waits, figures.failed))
    synced = _people(figures.arrived, "came into the ATS")
    facts = (
        ("Joined Projects", _joined(figures)),
        ("Came into the ATS", f"{_people(figures.arrived).capitalize()}, those included who joined before"),
        ("Moved in LinkedIn", str(figures.moved_in_linkedin)),
        ("Moved in the ATS", str(figures.moved_in_ats)),
        ("Held", _listed([(REASON_WORDS.get(reason, reason), count) for reason, count in figures.waits])),
        ("Failed", _listed([(cause.replace("_", " "), count) for cause, count in figures.failed])),
        ("Alerts", f"{figures.alerts} firing" if figures.alerts else "None fires"),
    )
    rest = f"{waiting} held, {failed} failed" if waiting or failed else "nothing is held, nothing failed"
    return Line(f"Since yesterday {synced}; {rest}", facts)


def _people(count: int, did: str = "") -> str:
    said = {0: "nobody", 1: "1 person"}.get(count, f"{count} people")
    return f"{said} {did}".strip()


def _joined(figures: Figures) -> str:
    """How those fared whom the promise is about."""
    fates = (
        (figures.in_time, "in the ATS within 15 minutes"),
        (figures.late, "later"),
        (figures.not_yet, "not yet"),
    )
    joined = sum(count for count, _ in fates)
    return f"{_people(joined)}: {', '.join(f'{count} {how}' for count, how in fates)}" if joined else "Nobody"


def _listed(counts: list[tuple[str, int]]) -> str:
    """The largest by name, with how many there are in all."""
    if not counts:
        return "Nothing"
    named = [f"{count} by “{word}”" for word, count in counts[:FIRST]]
    rest = sum(count for _, count in counts[FIRST:])
    return ", ".join([*named, f"{rest} by other causes"] if rest else named)


def is_wanted(*, user: User) -> bool | None:
    """Whether somebody hears of each day; None of who is no reader of it."""
    if not user.may(Right.OPERATE):
        return None
    return not Digest.objects.filter(user=user, wanted=False).exists()


def choose(*, user: User, wanted: bool, now: datetime) -> None:
    """Have it or not. Who has it again hears of it from the next morning on."""
    today = now.astimezone(zone_of(user)).date()
    Digest.objects.update_or_create(user=user, defaults={"wanted": wanted, "told_on": today})
