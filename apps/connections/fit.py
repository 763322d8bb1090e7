"""Whether SyncPortal is worth it (R3b), honestly, with the figures entered. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

FEW = 20
"""Sourced candidates a week below which copying by hand costs less than running this."""

TIERS: Mapping[str, str] = {"corporate": "Recruiter Corporate", "lite": "Recruiter Lite", "none": "No Recruiter seats"}

HAND_MINUTES = (5, 15)
"""What entering one candidate by hand takes (R21)."""


@dataclass(frozen=True, slots=True)
class Verdict:
    needed: bool
    title: str
    reasons: tuple[str, ...]


def judge(*, week: str = "", tier: str = "", api: str = "", native: str = "") -> Verdict | None:
    """None where no figure was entered. `api` and `native` are "no" and "yes" where they speak against it."""
    if not any((week, tier, api, native)):
        return None
    if not week.isdecimal() or len(week) > 6:
        return Verdict(False, "Say how many", ("Enter the sourced candidates a week as a whole number.",))
    count = int(week)
    against = tuple(_against(count, tier=tier, api=api, native=native))
    if against:
        return Verdict(False, "You do not need SyncPortal", against)
    low, high = (round(count * each / 60, 1) for each in HAND_MINUTES)
    said = (
        f"{count} sourced candidates a week take {low:g} to {high:g} hours to enter by hand, at 5 to 15 minutes each."
    )
    return Verdict(True, "SyncPortal is worth it here", (said,))


def _against(count: int, *, tier: str, api: str, native: str) -> list[str]:
    reasons = []
    if count < FEW:
        low, high = (count * each for each in HAND_MINUTES)
        reasons.append(
            f"{count} sourced candidates a week are fewer than {FEW}: by hand that is {low} to {high} minutes a week."
        )
    if tier == "lite":
        reasons.append("Recruiter Lite has no Projects access, so nothing can be read: only Recruiter Corporate can.")
    if tier == "none":
        reasons.append("Without Recruiter there are no Projects to keep in step.")
    if api == "no":
        reasons.append("An ATS without a public API can neither be read nor written.")
    if native == "yes":
        reasons.append("LinkedIn's own connector covers simple stages: switch that on, it costs nothing more.")
    return reasons
