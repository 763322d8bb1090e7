"""The Projects contract over /v2: reads of everything that changed, and moves by the hundred."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from apps.core import errors
from apps.core.errors import SyncError
from apps.providers.contract import Call, Gate, Identity, InMail, Page, Profile, Project, Purpose, Seat, Settings
from apps.providers.linkedin import capabilities, rsc, translate, wire
from apps.providers.linkedin.translate import Record
from apps.providers.parsing import Fields
from apps.providers.transport import Http

T = TypeVar("T")

PAGE = 100
"""The contract's largest `count`, and its largest batch."""

CONTRACTS_PAGE = 10
MOST_CONTRACT_PAGES = 10

MESSAGES_PAGE = 50

_GONE = (404, 410)
_IDENTIFY = Call("contracts.authorized", Purpose.CATALOGUE, repeatable=True)
_PROJECTS = Call("projects.list", Purpose.CATALOGUE, repeatable=True)
_SEATS = Call("seats.list", Purpose.CATALOGUE, repeatable=True)
_DELTA = Call("profiles.modified_since", Purpose.POLL, repeatable=True)
_MESSAGES = Call("conversations.list", Purpose.MESSAGES, repeatable=True)
_BATCH_GET = Call("profiles.batch_get", Purpose.READ, repeatable=True)
_SET_STAGES = Call("profiles.set_stages", Purpose.WRITE, repeatable=True)
# A move sets a stage by name, so a second one changes nothing.


class RecruiterProjects:
    """contract.Sourcing for one Recruiter contract, `settings.options["contract"]`.

    `settings.options["conversation_fields"]` renames the fields of an InMail, which LinkedIn does not publish
    (translate.MESSAGE_FIELDS).
    """

    capabilities = capabilities.CAPABILITIES

    def __init__(self, settings: Settings, gate: Gate) -> None:
        self._http = Http(wire.DIALECT, settings, gate)
        self._contract = str(settings.options.get("contract", ""))
        self._message_fields = {**translate.MESSAGE_FIELDS, **settings.options.get("conversation_fields", {})}

    def identify(self) -> Sequence[Identity]:
        """One identity per contract that the token may use; Lite and switched-off ones are named as such."""
        found: list[Identity] = []
        for page in range(MOST_CONTRACT_PAGES):
            query = wire.query(q="authorized", start=page * CONTRACTS_PAGE, count=CONTRACTS_PAGE)
            items = self._collection(_IDENTIFY, "/v2/rscContracts", query, translate.identity)
            found.extend(items)
            if len(items) < CONTRACTS_PAGE:
                break
        return tuple(found)

    def list_projects(self, *, cursor: str | None = None) -> Page[Project]:
        query = wire.query(q="contract", contract=self._contract)
        return self._page(_PROJECTS, "/v2/rscProjects", query, translate.project, cursor)

    def list_seats(self, *, cursor: str | None = None) -> Page[Seat]:
        """Active seats. seatsV2 fails without `start`."""
        query = wire.query(q="attributes", contracts=self._contract, states="ACTIVE")
        return self._page(_SEATS, "/v2/seatsV2", query, translate.seat, cursor)

    def list_profiles_since(self, *, since: datetime, start: int = 0) -> tuple[Profile, ...]:
        query = wire.query(
            q="modifiedSince", contract=self._contract, since=rsc.milliseconds(since), start=start, count=PAGE
        )
        return self._collection(_DELTA, "/v2/rscsProfiles", query, translate.profile)

    def list_messages(self, *, seat: str, since: datetime, until: datetime, start: int = 0) -> tuple[InMail, ...]:
        """One viewer a call, as documented. https://learn.microsoft.com/en-us/linkedin/talent/recruiter-system-connect/"""
        between = f"timeRange.start={rsc.milliseconds(since)}&timeRange.end={rsc.milliseconds(until)}"
        query = f"{wire.query(q='criteria', viewer=seat)}&{between}&{wire.query(start=start, count=MESSAGES_PAGE)}"
        return self._collection(
            _MESSAGES,
            "/v2/conversationEvents",
            query,
            lambda element: translate.message(element, seat=seat, names=self._message_fields),
        )

    def get_profiles(self, ids: Sequence[str]) -> Mapping[str, Profile]:
        """Raises Transient if LinkedIn could not answer for one of them, so that absent means gone."""
        if not ids:
            return {}
        request = wire.request("GET", "/v2/rscsProfiles", query=wire.id_list(_batch(ids)), restli="batch_get")
        profiles, others = self._http.call(_BATCH_GET, request, translate.batch_profiles)
        for record in others.values():
            if record.status not in _GONE:
                raise self._record_error(_BATCH_GET, record)
        return profiles

    def set_stages(self, stages: Mapping[str, str]) -> Mapping[str, SyncError | None]:
        """Safe to repeat: each sets a stage by its name."""
        if not stages:
            return {}
        entities = {wire.encode_key(one): {"patch": {"$set": {"stage": name}}} for one, name in stages.items()}
        request = wire.request(
            "POST",
            "/v2/rscsProfiles",
            query=wire.id_list(_batch(list(stages))),
            restli="batch_partial_update",
            json={"entities": entities},
        )
        records = self._http.call(_SET_STAGES, request, translate.batch_outcomes)
        return {one: self._outcome(records.get(one)) for one in stages}

    def _outcome(self, record: Record | None) -> SyncError | None:
        if record is None:
            return errors.Transient("LinkedIn did not answer for this profile", cause="no_result")
        return None if 200 <= record.status < 300 else self._record_error(_SET_STAGES, record)

    def _record_error(self, call: Call, record: Record) -> SyncError:
        return self._http.record_error(call, status=record.status, code=record.code, message=record.message)

    def _collection(self, call: Call, path: str, query: str, item: Callable[[Fields], T]) -> tuple[T, ...]:
        request = wire.request("GET", path, query=query)
        return self._http.call(call, request, lambda reply: translate.collection(reply, item))

    def _page(self, call: Call, path: str, query: str, item: Callable[[Fields], T], cursor: str | None) -> Page[T]:
        """A page whose cursor is its `start`; fewer elements than asked is the end."""
        start = int(cursor or 0)
        items = self._collection(call, path, f"{query}&{wire.query(start=start, count=PAGE)}", item)
        return Page(items, next=str(start + PAGE) if len(items) >= PAGE else None)


def _batch(ids: Sequence[str]) -> Sequence[str]:
    if len(ids) > PAGE:
        raise ValueError(f"at most {PAGE} profiles a request")
    return ids
