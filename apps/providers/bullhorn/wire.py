"""Bullhorn's wire conventions: addresses, sessions, both query languages, error bodies, verdicts.

https://bullhorn.github.io/rest-api-docs (search, query, errors) and facts on its two date formats
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from apps.core import errors
from apps.providers import verdicts
from apps.providers.bullhorn import capabilities
from apps.providers.transport import Dialect, Reply, Way
from apps.providers.verdicts import Case, Verdict

BASE_URLS = {"api": "https://rest.bullhornstaffing.com", "auth": "https://rest.bullhornstaffing.com"}

MOST_IDS = 50
"""The contract's; a path of so many ids is far below any limit."""

PER_PAGE = 500
"""More is cut to this without a word."""

MOST_EVENTS = 100

CREATE = "candidates.create"
ATTACH = "submissions.create"
UPDATE = "candidates.update"
MOVE = "submissions.update"
RESTORE = "submissions.restore"
NOTE = "notes.create"
EVENTS = "events.read"
CANDIDATES, SUBMISSIONS, HISTORY, JOBS, USERS = (
    "candidates.search",
    "submissions.query",
    "history.query",
    "jobs.search",
    "users.query",
)

LIMIT = "429"
_LIMITED = Verdict(errors.RateLimited, cause="request_limit")

ROWS: verdicts.Rows = {
    Case(412): Verdict(errors.AuthExpired, cause="no_session"),
    Case(500, ATTACH, "IMPROPERLY_STRUCTURED_ASSOCIATION"): Verdict(errors.Conflict, cause="already_submitted"),
    **{
        Case(404, listing): Verdict(errors.Rejected, cause="unknown_field")
        for listing in (CANDIDATES, SUBMISSIONS, HISTORY, JOBS, USERS)
    },
    **{Case(status, code=LIMIT): _LIMITED for status in (400, 403, 500, 502, 503)},
}
# A listing has no record to miss: notes beside the documents say 404 for a field that an entity does not have.
# One client of Bullhorn's guards for a 429 that comes only in the body: github.com/Fachkraftfreund/n8n-nodes-bullhorn.


@dataclass(frozen=True, slots=True)
class Session:
    """A REST session: its BhRestToken and the address it is good for. Its text is what the gate keeps."""

    token: str = field(repr=False)
    rest_url: str

    @classmethod
    def read(cls, text: str) -> Session:
        rest_url, _, token = text.rpartition(" ")
        return cls(token, rest_url)

    def text(self) -> str:
        return f"{self.rest_url.rstrip('/')} {self.token}"

    @property
    def corporation(self) -> str:
        """The agency's own id: the last segment of the address."""
        return self.rest_url.rstrip("/").rpartition("/")[2]

    @property
    def cluster(self) -> str:
        """The number of the swimlane, as in rest45; empty where the host has none."""
        host = self.rest_url.partition("//")[2].partition(".")[0]
        number = host.removeprefix("rest")
        return number if number.isdecimal() and host != number else ""


def way_of(token: str) -> Way:
    session = Session.read(token)
    return Way({"bhresttoken": session.token}, base=session.rest_url)


def query(**parameters: str | int) -> str:
    """A query without its empty parameters."""
    return urlencode({name: value for name, value in parameters.items() if value != ""})


def ids(values: Sequence[str]) -> str:
    """A comma list of numbers. Raises ValueError above the contract's 50, Rejected for what is no id."""
    if len(values) > MOST_IDS:
        raise ValueError(f"at most {MOST_IDS} ids a request")
    return ",".join(str(number(value)) for value in values)


def number(text: str) -> int:
    """An id as Bullhorn takes it. Raises Rejected for one that is not Bullhorn's."""
    if not (text.isascii() and text.isdecimal()):
        raise errors.Rejected("not one of Bullhorn's numeric ids", cause="bad_id")
    return int(text)


def quoted(text: str) -> str:
    """A Lucene phrase."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def lucene_time(moment: datetime) -> str:
    """To the second, rounded down. Milliseconds since 1970 would be ignored without a word."""
    return f"{moment.astimezone(UTC):%Y%m%d%H%M%S}"


def millis(moment: datetime) -> int:
    """What entities and JPQL take."""
    return int(moment.timestamp() * 1000)


def code_of(reply: Reply) -> str:
    """429 where the body says so, else the type of the first thing wrong, else the key of the message."""
    found = _body(reply)
    if found.get("errorCode") == int(LIMIT):
        return LIMIT
    listed = found.get("errors")
    first = listed[0] if isinstance(listed, list) and listed and isinstance(listed[0], dict) else {}
    code = first.get("type") or found.get("errorMessageKey") or ""
    return code if isinstance(code, str) else ""


def message_of(reply: Reply) -> str:
    """Which properties are wrong, and how; else the message."""
    found = _body(reply)
    listed = found.get("errors")
    if isinstance(listed, list) and listed:
        return "; ".join(_sentence(one) for one in listed if isinstance(one, dict))
    text = found.get("errorMessage")
    return text if isinstance(text, str) else ""


def _sentence(problem: Mapping[str, Any]) -> str:
    said = (problem.get("propertyName"), problem.get("type"), problem.get("detailMessage"))
    return " ".join(text for text in said if isinstance(text, str))


def _body(reply: Reply) -> Mapping[str, Any]:
    try:
        found = json.loads(reply.body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


DIALECT = Dialect(
    provider="bullhorn",
    hosts=capabilities.CAPABILITIES.hosts,
    base_urls=BASE_URLS,
    table=verdicts.Verdicts.with_rows(ROWS),
    code_of=code_of,
    message_of=message_of,
    way_of=way_of,
)
