"""What a status means: a table, overridden per provider by rows.

Rows say which error of core.errors a status is, for a write that may be repeated and for one that
may not. The most telling row wins: operation and vendor code, operation, vendor code, status.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from apps.core import errors
from apps.providers.contract import Call


@dataclass(frozen=True, slots=True)
class Case:
    """A status, or the status of one operation, or the status with one of the vendor's own codes."""

    status: int
    operation: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The error of a case; `unless_repeatable` is the one for a call that must not be repeated."""

    error: type[errors.SyncError]
    cause: str = ""
    unless_repeatable: type[errors.SyncError] | None = None


Rows = Mapping[Case, Verdict]

_MAYBE_DONE = {
    status: Verdict(errors.Transient, cause=f"http_{status}", unless_repeatable=errors.Unknown)
    for status in (500, 502, 503, 504)
}
DEFAULT_ROWS: Rows = {
    Case(400): Verdict(errors.Rejected, cause="bad_request"),
    Case(401): Verdict(errors.AuthExpired),
    Case(403): Verdict(errors.Rejected, cause="forbidden"),
    Case(404): Verdict(errors.NotFound),
    Case(408): Verdict(errors.Transient, cause="http_408", unless_repeatable=errors.Unknown),
    Case(409): Verdict(errors.Conflict),
    Case(410): Verdict(errors.NotFound, cause="gone"),
    Case(414): Verdict(errors.Rejected, cause="too_long"),
    Case(422): Verdict(errors.Rejected, cause="invalid"),
    Case(429): Verdict(errors.RateLimited),
    **{Case(status): verdict for status, verdict in _MAYBE_DONE.items()},
}


@dataclass(frozen=True, slots=True)
class Verdicts:
    """A provider's table: the default rows with its own over them."""

    rows: Rows

    @classmethod
    def with_rows(cls, own: Rows) -> Verdicts:
        return cls({**DEFAULT_ROWS, **own})

    def find(self, *, status: int, operation: str, code: str = "") -> Verdict:
        """The row for a status that is not a success."""
        for case in _cases(status, operation, code):
            if case in self.rows:
                return self.rows[case]
        return _by_class(status)

    def error(
        self, call: Call, *, status: int, code: str = "", detail: str = "", until: datetime | None = None
    ) -> errors.SyncError:
        """The error to raise, or to report for one record of a batch."""
        verdict = self.find(status=status, operation=call.operation, code=code)
        kind = verdict.error
        if verdict.unless_repeatable is not None and not call.repeatable:
            kind = verdict.unless_repeatable
        text = f"{call.operation} answered {status}" + (f": {detail}" if detail else "")
        if issubclass(kind, errors.RateLimited | errors.Transient):
            return kind(text, cause=verdict.cause, until=until)
        return kind(text, cause=verdict.cause)


def _cases(status: int, operation: str, code: str) -> Iterator[Case]:
    if code:
        yield Case(status, operation, code)
    yield Case(status, operation)
    if code:
        yield Case(status, code=code)
    yield Case(status)


def _by_class(status: int) -> Verdict:
    if status >= 500:
        return Verdict(errors.Transient, cause=f"http_{status}", unless_repeatable=errors.Unknown)
    if 300 <= status < 400:
        return Verdict(errors.Rejected, cause="redirect")
    return Verdict(errors.Rejected, cause=f"http_{status}")


def no_answer(call: Call, *, sent: bool, cause: str) -> errors.SyncError:
    """The error where no usable answer came: harmless if nothing left or the call may be repeated."""
    if not sent:
        return errors.Transient(f"{call.operation} was not sent", cause=cause)
    if call.repeatable:
        return errors.Transient(f"{call.operation} got no usable answer", cause=cause)
    return errors.Unknown(f"{call.operation} may have happened", cause=cause)


def retry_after(headers: Mapping[str, str], *, now: datetime) -> datetime | None:
    """The end of a pause that `Retry-After` names, in seconds or as a date (RFC 9110, 10.2.3)."""
    asked = headers.get("retry-after", "").strip()
    if asked.isdecimal() and asked.isascii() and len(asked) < 7:
        return now + timedelta(seconds=int(asked))
    try:
        until = parsedate_to_datetime(asked)
    except ValueError:
        return None
    return until.replace(tzinfo=UTC) if until.tzinfo is None else until


_PRIVATE = re.compile(r"\S+@\S+|https?://\S+|\"[^\"]*\"|'[^']*'|[A-Za-z0-9_-]{24,}|\+?\d[\d ().-]{6,}\d")
LONGEST_DETAIL = 200


def scrub(text: str, sent: Any = None) -> str:
    """A vendor's sentence without what it may echo: what we sent, addresses, quotations, tokens, numbers."""
    for value in sorted(set(_texts_in(sent)), key=len, reverse=True):
        text = text.replace(value, "***")
    return _PRIVATE.sub("***", " ".join(text.split()))[:LONGEST_DETAIL]


def _texts_in(sent: Any) -> Iterator[str]:
    if isinstance(sent, str):
        if len(sent) > 1:
            yield sent
    elif isinstance(sent, Mapping):
        for value in sent.values():
            yield from _texts_in(value)
    elif isinstance(sent, list | tuple):
        for value in sent:
            yield from _texts_in(value)
