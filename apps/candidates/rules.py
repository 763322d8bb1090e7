"""Who is who: pure decisions on identifiers (facts: duplicates, C.4)."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

import phonenumbers


@dataclass(frozen=True, slots=True)
class Key:
    """One identifier of a person: its kind (linkedin, member, email), its normal form, the form seen."""

    kind: str
    value: str
    seen_as: str = ""

    @property
    def lease(self) -> str:
        """An opaque form for lease keys and tombstones: no personal data in it."""
        return f"{self.kind}:{hashlib.sha256(self.value.encode()).hexdigest()[:32]}"


ROLE_MAILBOXES = frozenset({"jobs", "info", "hr", "careers", "recruiting", "office", "hello", "contact", "noreply"})
"""Shared by many people: never a key (facts: duplicates, C.3)."""


def normal_email(raw: str) -> str | None:
    """Trimmed, lower-case, domain in IDNA; None where it cannot name one person."""
    text = raw.strip().lower()
    local, at, domain = text.partition("@")
    if not at or not local or "." not in domain or local in ROLE_MAILBOXES:
        return None
    try:
        return f"{local}@{domain.encode('idna').decode('ascii')}"
    except UnicodeError:
        return None


def normal_phone(raw: str, *, region: str = "") -> str | None:
    """A phone number in E.164; `region` is whose it is where no country is said. None where it is no number."""
    try:
        number = phonenumbers.parse(raw, region or None)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def fold_name(name: str) -> frozenset[str]:
    """A name as a set of plain tokens: no case, accents, punctuation or one-letter initials."""
    plain = unicodedata.normalize("NFKD", name).casefold()
    kept = "".join(char if char.isalpha() else " " for char in plain if not unicodedata.combining(char))
    return frozenset(token for token in kept.split() if len(token) > 1)


def names_compatible(first: str, second: str) -> bool:
    """Whether two full names may be one person: a shared token, or one of them says nothing."""
    mine, theirs = fold_name(first), fold_name(second)
    return not mine or not theirs or bool(mine & theirs)


def lease_keys(connection: object, keys: Iterable[Key]) -> frozenset[str]:
    """Ledger keys under which one person's creation is exclusive within an ATS connection (rule 2)."""
    return frozenset(f"identity:{connection}:{key.lease}" for key in keys)
