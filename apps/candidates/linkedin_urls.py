"""LinkedIn profile addresses as identity: any pasted text becomes one key, or a named refusal.

Pure: no network, no Django, and nothing here raises. Two different slugs never become one key, and a
member token, which is case-sensitive and differs by product, is never turned into a public address.
Rules of a slug: https://www.linkedin.com/help/linkedin/answer/a87. Shape of a Sales Navigator address:
https://learn.microsoft.com/en-us/linkedin/sales/display-services/profile-associations.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import parse_qs, quote, unquote_to_bytes


class Kind(StrEnum):
    """What sort of thing identifies the person; keys of different kinds are never compared."""

    SLUG = "slug"
    MEMBER_TOKEN = "member_token"
    SALESNAV_TOKEN = "salesnav_token"
    RECRUITER_TOKEN = "recruiter_token"
    LEGACY_ID = "legacy_id"


class Reason(StrEnum):
    """Why a text is no person's address."""

    EMPTY = "empty"
    TOO_LONG = "too long"
    SURROUNDING_TEXT = "text around the address"
    FORBIDDEN_CHARACTER = "forbidden character"
    NOT_LINKEDIN = "not linkedin"
    SHORT_LINK = "short link"
    PORT = "unusual port"
    BROKEN_PATH = "broken path"
    BROKEN_SLUG = "broken slug"
    VIEWER_ALIAS = "alias of the viewer"
    NOT_A_PERSON = "not a person"
    SEVERAL = "several people"


@dataclass(frozen=True, slots=True)
class LinkedInKey:
    """A person's key. `display_url` is empty for tokens and old ids, which have no public address;
    `derived` marks a slug computed from an old /pub/ address."""

    kind: Kind
    key: str
    display_url: str
    derived: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """The text names no person; `reason` is for the one who pasted it."""

    reason: Reason


class _Refusal(Exception):
    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


LONGEST_TEXT = 2_048
# Browsers and mail programs cut longer addresses; nothing longer was ever seen.

_INVISIBLE = re.compile("[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]")
_SCHEME = re.compile(r"https?://", re.IGNORECASE)
_TOKEN = re.compile(r"(?:ACo|ACw|AEM)AA[A-Za-z0-9_-]{30,}")
_TOKEN_ALPHABET = re.compile(r"[A-Za-z0-9_-]+")
_PUB_PART = re.compile(r"[0-9A-Za-z]{1,3}")
_DOTS = re.compile(r"(?:\.|%2e){1,2}", re.IGNORECASE)
_PREFIXES = ("mwlite", "m", "comm")


def canonicalise(text: str) -> LinkedInKey | Refused:
    """Turn any text into a person's key. Idempotent on `display_url`; never raises."""
    try:
        return _read_text(text)
    except _Refusal as refusal:
        return Refused(refusal.reason)


def identity_key(url: str) -> str | None:
    """The key by which the address identifies a person ("slug:jane-doe"), None where it names nobody."""
    result = canonicalise(url)
    if isinstance(result, Refused):
        return None
    return f"{result.kind}:{result.key}"


def _read_text(text: str) -> LinkedInKey:
    cleaned = _INVISIBLE.sub("", text).strip().strip("<>\"'").strip().removeprefix("@")
    if not cleaned:
        raise _Refusal(Reason.EMPTY)
    if len(cleaned) > LONGEST_TEXT:
        raise _Refusal(Reason.TOO_LONG)
    if any(unicodedata.category(char) in ("Cc", "Cs") for char in cleaned):
        raise _Refusal(Reason.FORBIDDEN_CHARACTER)
    if any(char.isspace() for char in cleaned):
        raise _Refusal(Reason.SURROUNDING_TEXT)
    address = cleaned.partition("#")[0]
    path, _, query = address.partition("?")
    return _read_repeated(_SCHEME.split(path), query)


def _read_repeated(pieces: list[str], query: str) -> LinkedInKey:
    """Take the last of several addresses run together, unless an earlier one names somebody else."""
    *earlier, last = pieces
    found = _read_address(last, query)
    for piece in earlier:
        if _names_another(piece.rstrip(",;|"), found):
            raise _Refusal(Reason.SEVERAL)
    return found


def _names_another(piece: str, found: LinkedInKey) -> bool:
    try:
        other = _read_address(piece, "")
    except _Refusal:
        return False
    return (other.kind, other.key) != (found.kind, found.key)


def _read_address(address: str, query: str) -> LinkedInKey:
    if "\\" in address:
        raise _Refusal(Reason.FORBIDDEN_CHARACTER)
    host, _, path = address.removeprefix("//").partition("/")
    _check_host(host)
    return _read_path(_split_path(path), query)


def _check_host(authority: str) -> None:
    host, colon, port = authority.partition(":")
    host = host.lower().removesuffix(".") if host.isascii() else ""
    if host == "lnkd.in" or host.endswith(".lnkd.in"):
        raise _Refusal(Reason.SHORT_LINK)
    labels = host.split(".")
    if labels[-2:] != ["linkedin", "com"] or not all(_is_label(label) for label in labels):
        raise _Refusal(Reason.NOT_LINKEDIN)
    if colon and port not in ("80", "443"):
        raise _Refusal(Reason.PORT)


def _is_label(label: str) -> bool:
    return bool(label) and label.replace("-", "").isalnum()


def _split_path(path: str) -> list[str]:
    segments = path.removesuffix("/").split("/")
    if any(not segment or _DOTS.fullmatch(segment) for segment in segments):
        raise _Refusal(Reason.BROKEN_PATH if path else Reason.NOT_A_PERSON)
    return segments


def _read_path(segments: list[str], query: str) -> LinkedInKey:
    route = [segment.lower() for segment in segments]
    while route and route[0] in _PREFIXES:
        segments, route = segments[1:], route[1:]
    if route[:2] == ["profile", "in"]:
        segments, route = segments[1:], route[1:]
    match route:
        case ["in", _, *rest]:
            if "in" in rest or "pub" in rest:
                raise _Refusal(Reason.SEVERAL)
            return _read_public(segments[1])
        case ["pub", _, _, _, _, *_]:
            return _read_old_public(segments[1:5])
        case ["sales", "lead" | "people" | "profile", _, *_]:
            return _read_token(Kind.SALESNAV_TOKEN, segments[2])
        case ["talent" | "recruiter", "profile", _, *_]:
            return _read_token(Kind.RECRUITER_TOKEN, segments[2])
        case ["talent", "hire", *rest] if "profile" in rest[:-1]:
            return _read_token(Kind.RECRUITER_TOKEN, segments[route.index("profile") + 1])
        case ["profile", "view"]:
            return _read_legacy(query)
    raise _Refusal(Reason.NOT_A_PERSON)


def _read_public(segment: str) -> LinkedInKey:
    decoded = _decode(segment)
    if _TOKEN.fullmatch(decoded):
        return LinkedInKey(Kind.MEMBER_TOKEN, decoded, "")
    slug = _fold_slug(decoded)
    if slug == "me":
        raise _Refusal(Reason.VIEWER_ALIAS)
    return _slug_key(slug)


def _read_old_public(segments: list[str]) -> LinkedInKey:
    name, first, second, third = segments
    if name.lower() == "dir" or not all(_PUB_PART.fullmatch(part) for part in (first, second, third)):
        raise _Refusal(Reason.NOT_A_PERSON)
    suffix = f"{third:0>3}{second:0>3}{first}"
    return _slug_key(_fold_slug(f"{_decode(name)}-{suffix}"), derived=True)


def _slug_key(slug: str, *, derived: bool = False) -> LinkedInKey:
    return LinkedInKey(Kind.SLUG, slug, f"https://www.linkedin.com/in/{quote(slug, safe='')}", derived)


def _read_token(kind: Kind, segment: str) -> LinkedInKey:
    token = _decode(segment).partition(",")[0]
    if not _TOKEN_ALPHABET.fullmatch(token):
        raise _Refusal(Reason.BROKEN_SLUG)
    return LinkedInKey(kind, token, "")


def _read_legacy(query: str) -> LinkedInKey:
    ids = set(parse_qs(query).get("id", []))
    if len(ids) > 1:
        raise _Refusal(Reason.SEVERAL)
    member = next(iter(ids), "")
    if not _TOKEN_ALPHABET.fullmatch(member):
        raise _Refusal(Reason.NOT_A_PERSON)
    return LinkedInKey(Kind.LEGACY_ID, member, "")


def _decode(segment: str) -> str:
    """Decode the percent escapes once, strictly."""
    try:
        decoded = unquote_to_bytes(segment).decode("utf-8")
    except UnicodeDecodeError:
        raise _Refusal(Reason.BROKEN_SLUG) from None
    if "%" in decoded:
        raise _Refusal(Reason.BROKEN_SLUG)
    return _INVISIBLE.sub("", decoded)


def _fold_slug(decoded: str) -> str:
    """Compose and lower-case a slug. Not casefold(), which would join ß with ss."""
    slug = unicodedata.normalize("NFC", unicodedata.normalize("NFC", decoded).lower())
    if not all(_is_slug_char(char) for char in slug) or not any(char.isalnum() for char in slug):
        raise _Refusal(Reason.BROKEN_SLUG)
    return slug


def _is_slug_char(char: str) -> bool:
    return char in "-_" or unicodedata.category(char)[0] in "LNM"
