"""Lever's wire conventions: addresses, credentials, envelopes, offsets, error bodies, verdicts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import urlencode

from apps.core import errors
from apps.providers import verdicts
from apps.providers.lever import capabilities
from apps.providers.transport import Dialect, Reply, Way
from apps.providers.verdicts import Case, Verdict

BASE_URLS = {"api": "https://api.lever.co", "auth": "https://auth.lever.co"}
APP = "https://hire.lever.co"

MOST_IDS = 50
PER_PAGE = 100

CREATE = "opportunities.create"
ATTACH = "opportunities.attach"
UPDATE = "contacts.update"
LINKS = "opportunities.links"
MOVE = "opportunities.stage"
REJECT = "opportunities.archive"
REOPEN = "opportunities.unarchive"
HIRE = "opportunities.hire"
NOTE = "notes.create"

STALE_OFFSET = "Invalid offset token"
"""Published readers look for these words in a 400 and start over."""

ROWS: verdicts.Rows = {
    Case(400, code=STALE_OFFSET): Verdict(errors.Rejected, cause="stale_offset"),
    Case(400, HIRE): Verdict(errors.Rejected, cause="hire_refused"),
    Case(403): Verdict(errors.Rejected, cause="not_permitted"),
    Case(404, CREATE): Verdict(errors.Rejected, cause="unknown_reference"),
}
"""A create names a stage, a posting, an owner: one of them is gone. An attachment names the person too, who
may have been merged, so its 404 is looked at again."""


def query(*pairs: tuple[str, str | int], **single: str | int) -> str:
    """A query without its empty parameters; a repeated one unites."""
    return urlencode([(name, value) for name, value in (*pairs, *single.items()) if value != ""])


def several(name: str, values: Sequence[str]) -> list[tuple[str, str | int]]:
    """A parameter once for each value. Raises ValueError above what an address bears."""
    if len(values) > MOST_IDS:
        raise ValueError(f"at most {MOST_IDS} ids a request")
    return [(name, value) for value in values]


def millis(moment: datetime | None) -> str:
    return "" if moment is None else str(int(moment.astimezone(UTC).timestamp() * 1000))


def message_of(reply: Reply) -> str:
    return _said(reply, "message")


def code_of(reply: Reply) -> str:
    """Lever's code; for a dead offset its words, which are all that tells it from other refusals."""
    return STALE_OFFSET if STALE_OFFSET in _said(reply, "message") else _said(reply, "code")


def _said(reply: Reply, name: str) -> str:
    try:
        found = json.loads(reply.body)
    except ValueError:
        return ""
    value = found.get(name) if isinstance(found, dict) else ""
    return value if isinstance(value, str) else ""


def way_of(token: str) -> Way:
    """The token is the whole header: a key travels by Basic, a partner's grant by Bearer."""
    return Way({"authorization": token})


DIALECT = Dialect(
    provider="lever",
    hosts=capabilities.CAPABILITIES.hosts,
    base_urls=BASE_URLS,
    table=verdicts.Verdicts.with_rows(ROWS),
    code_of=code_of,
    message_of=message_of,
    way_of=way_of,
)
