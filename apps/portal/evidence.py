"""What speaks for and against two being one person, in words and as a bar."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from apps.candidates.known import KnownRow
from apps.portal import words

IDENTIFIERS = ("member", "address", "email")

NAMES: Mapping[str, tuple[str, str]] = {
    "same": ("The names agree", "in whatever order, script or short form"),
    "initial": ("One given name is an initial", "and the family names agree"),
    "unsaid": ("One of them has no name", "so it says nothing"),
    "renamed": ("The given names agree, the family names do not", "a marriage, or two people"),
    "close": ("The names differ by a letter or two", "a slip of the pen, or a relative"),
    "relative": ("Only the family names agree", "often two of one family"),
    "other": ("The names are different", "an address may have been taken over"),
}

SIGNS: Mapping[str, tuple[str, str]] = {
    "member": ("The same LinkedIn member", "LinkedIn says so itself"),
    "members_differ": ("Two LinkedIn members", "the address was taken over by another member"),
    "address": ("The same LinkedIn address", ""),
    "addresses_differ": ("The LinkedIn addresses differ", "one may be old: members can change theirs"),
    "email": ("The same e-mail address", ""),
    "phone": ("The same phone number", ""),
}

WORK: Mapping[str, tuple[str, str]] = {
    "company": ("The same employer", "The employers differ"),
    "title": ("The same title", "The titles differ"),
}

KINDS: Mapping[str, str] = {
    "linkedin": "LinkedIn profile",
    "token": "LinkedIn product’s token",
    "member": "LinkedIn member",
    "email": "E-mail",
    "phone": "Phone",
    "ats": "Id in the ATS",
}

CONFIDENCE: Mapping[str, str] = {
    "derived": "worked out from an old address",
    "contested": "somebody else here has it, too",
}

SHARED: Mapping[str, str] = {
    "member": "LinkedIn member",
    "address": "LinkedIn address",
    "email": "e-mail",
    "phone": "phone",
    "name": "name",
    "company": "employer",
    "title": "title",
}

WIDEST = 12.0
"""Bits that fill half of the bar; what weighs more fills it too."""


def say(part: Mapping[str, Any]) -> dict[str, Any]:
    """One component: what it is, what was compared, and its bar."""
    title, hint = _words(part)
    compared = _compared(part)
    weight = max(-WIDEST, min(WIDEST, float(part["weight"])))
    width = round(abs(weight) / WIDEST * 50)
    return {
        "title": title,
        "compared": compared,
        "hint": hint,
        "against": weight < 0,
        "start": f"{50 - width if weight < 0 else 50}%",
        "width": f"{width}%",
        "weight": _signed(float(part["weight"])),
    }


def name_of(sign: str) -> str:
    """What two have in common, in a word or two."""
    return SHARED.get(sign, sign)


def known(row: KnownRow, now: datetime) -> str:
    """Where an identifier is from and how sure it is, in words."""
    said = [row.system, CONFIDENCE.get(row.confidence, "")]
    if (left := words.moment(row.left_at, now=now)) is not None:
        said.append(f"until {left.text}")
    return ", ".join(part for part in said if part)


def plain(value: str) -> str:
    """An identifier as people write it: a profile's address without its kind."""
    if value.startswith("slug:"):
        return f"linkedin.com/in/{value.removeprefix('slug:')}"
    return value.removeprefix("https://").removeprefix("http://").removeprefix("www.")


def _signed(bits: float) -> str:
    if abs(bits) < 0.05:
        return "0"
    return f"{'−' if bits < 0 else '+'}{abs(bits):.1f}"


def _words(part: Mapping[str, Any]) -> tuple[str, str]:
    sign = part["sign"]
    if sign == "name":
        return NAMES.get(part["likeness"], NAMES["other"])
    if sign in WORK:
        return (WORK[sign][0] if part["weight"] > 0 else WORK[sign][1], "")
    return SIGNS.get(sign, (sign, ""))


def _compared(part: Mapping[str, Any]) -> str:
    seen, held = plain(part["seen"]), plain(part["held"])
    if seen and held and seen != held:
        return f"{seen} and {held}"
    return seen or held
