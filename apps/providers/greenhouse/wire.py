"""Greenhouse's wire conventions: addresses, error bodies, cursors, verdicts.

Paging: https://harvestdocs.greenhouse.io/docs/pagination
Limits: https://harvestdocs.greenhouse.io/docs/api-rate-limiting
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from apps.core import errors
from apps.providers import verdicts
from apps.providers.greenhouse import capabilities
from apps.providers.transport import Dialect, Reply
from apps.providers.verdicts import Case, Verdict

BASE_URLS = {"api": "https://harvest.greenhouse.io", "auth": "https://auth.greenhouse.io"}

MOST_IDS = 50
PER_PAGE = 500

CREATE = "candidates.create"
ATTACH = "applications.create"
UPDATE = "candidates.update"
MERGE = "candidates.merge"
MOVE = "applications.move"
REJECT = "applications.reject"
REOPEN = "applications.unreject"
HIRE = "applications.hire"
NOTE = "notes.create"

ROWS: verdicts.Rows = {
    Case(422, MOVE): Verdict(errors.Conflict, cause="stage_changed"),
    Case(422, REJECT): Verdict(errors.Conflict, cause="not_in_process"),
    Case(422, REOPEN): Verdict(errors.Conflict, cause="not_rejected"),
    Case(422, MERGE): Verdict(errors.Conflict, cause="not_mergeable"),
    Case(403, ATTACH): Verdict(errors.Transient, cause="not_visible_or_forbidden"),
}
# A 403 on attach is seen right after the person was created: github.com/grnhse/greenhouse-api-docs, issue 470.

_NEXT = re.compile(r"<([^>]*)>\s*;\s*rel=\"?next\"?")


def query(**parameters: str | int) -> str:
    """A query without its empty parameters."""
    return urlencode({name: value for name, value in parameters.items() if value != ""})


def ids(values: Sequence[str]) -> str:
    """A comma list. Raises ValueError above Greenhouse's 50."""
    if len(values) > MOST_IDS:
        raise ValueError(f"at most {MOST_IDS} ids a request")
    return ",".join(values)


def since(moment: datetime | None) -> str:
    """The documented date filter, with its pipe; to the second, rounded down."""
    return "" if moment is None else f"gte|{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def next_cursor(reply: Reply) -> str | None:
    """The cursor of the `Link` header; the address around it is not followed."""
    found = _NEXT.search(reply.headers.get("link", ""))
    if found is None:
        return None
    cursors = parse_qs(urlsplit(found[1]).query).get("cursor", [])
    return cursors[0] if cursors else None


def message_of(reply: Reply) -> str:
    """The sentences of `message` and `errors`: texts, or objects of one field and what is wrong with it."""
    try:
        found = json.loads(reply.body)
    except ValueError:
        return ""
    if not isinstance(found, dict):
        return ""
    listed = found.get("errors")
    said = [_sentence(one) for one in listed] if isinstance(listed, list) else []
    return "; ".join(said) or _sentence(found.get("message"))


def _sentence(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {text}" for name, text in value.items() if isinstance(text, str))
    return value if isinstance(value, str) else ""


DIALECT = Dialect(
    provider="greenhouse",
    hosts=capabilities.CAPABILITIES.hosts,
    base_urls=BASE_URLS,
    table=verdicts.Verdicts.with_rows(ROWS),
    message_of=message_of,
)
