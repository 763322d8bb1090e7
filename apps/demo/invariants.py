"""DESIGN.md's invariants, asked of a running SyncPortal and of the sandbox beside it.

Each function answers with sentences; none is the right answer. For use when everything has settled.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from django.db.models import F

from apps.candidates.models import Candidacy, CandidacyState, Profile
from apps.connections.models import QuotaWindow
from apps.demo.ats import all_hands
from apps.demo.sandbox import Sandbox
from apps.ledger.models import Effect, Event, KeyLease, Mailbox, Waiter
from apps.ledger.states import FINAL, OPEN, EffectState
from apps.sync import pairs

UNSURE = (EffectState.INTENDED, EffectState.UNKNOWN)


def broken(sandbox: Sandbox, system: str = "greenhouse") -> list[str]:
    """Every sentence of every check."""
    return [*stranded(), *open_intentions(), *doubles(sandbox, system), *wrong_pairs(), *overspent()]


def stranded() -> Iterable[str]:
    """Invariant 2: no open event sits in a mailbox that nothing will ever make due."""
    idle = Mailbox.objects.filter(due_at__isnull=True, lease_token__isnull=True)
    waiting = Waiter.objects.filter(key__in=KeyLease.objects.values("key")).values("mailbox_id")
    for event in Event.objects.filter(state__in=OPEN, mailbox__in=idle).exclude(mailbox_id__in=waiting):
        yield f"{event} is {event.state} in a mailbox with neither a due time nor a lease."


def open_intentions() -> Iterable[str]:
    """Invariant 3: an event that ended leaves no intention whose outcome nobody knows."""
    for effect in Effect.objects.filter(state__in=UNSURE, event__state__in=FINAL):
        yield f"{effect.key} is {effect.state}, and its event ended."


def doubles(sandbox: Sandbox, system: str = "greenhouse") -> Iterable[str]:
    """Invariant 3, where it hurts: nobody is twice in the ATS, or twice in one of its jobs."""
    hands = all_hands()[system]
    people, applications = hands.seen(sandbox)
    slugs = Counter(slug for person in people for slug in person.slugs)
    yield from (f"{slug} is {count} people in {hands.name}." for slug, count in slugs.items() if count > 1)
    pairs_of = Counter((row.person, row.job) for row in applications)
    yield from (
        f"Person {who} has {count} applications for {job}." for (who, job), count in pairs_of.items() if count > 1
    )


def slugs_of(person: dict[str, Any]) -> set[str]:
    """The ends of a Greenhouse person's LinkedIn addresses."""
    return {entry["value"].rstrip("/").rsplit("/", 1)[-1] for entry in person["social_media_addresses"]}


def wrong_pairs() -> Iterable[str]:
    """Invariant 4: each pair of stages is one that its map allows, or an open conflict says why."""
    live = Profile.objects.filter(removed=False, candidacy__state=CandidacyState.OPEN).exclude(agreed_ats="")
    for profile in live.select_related("candidacy__mapping__stage_map", "candidacy__mapping__job"):
        candidacy: Candidacy = profile.candidacy  # type: ignore[assignment]
        stands = pairs.table_of(candidacy.mapping).allows(profile.observed, candidacy.ats_observed)
        if not stands and not candidacy.conflict:
            yield f"{profile} shows {profile.observed} beside {candidacy.ats_observed}, and no conflict says why."


def overspent() -> Iterable[str]:
    """Invariant 5: no quota account spent more than it has."""
    for window in QuotaWindow.objects.filter(spent__gt=F("limit")):
        yield f"{window} is over its limit."
