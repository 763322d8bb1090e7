"""What happens to the agency's data: create, update, delete, with their events, history and index.

The API creates candidates without looking for doubles. A candidate has one submission for a job, deleted or not.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from apps.sandbox.bullhorn.queue import Queues
from apps.sandbox.bullhorn.schema import ACTIONS, ENTITIES, SOURCES, STATUSES
from apps.sandbox.bullhorn.store import Refusal, Row, Settings, Store, invalid, refusal

if TYPE_CHECKING:
    from apps.sandbox.kernel import World

API_USER = 7050
NOT_EMITTED = frozenset({"JobSubmissionHistory", "CorporateUser", "Category"})


@dataclass(frozen=True)
class Hand:
    """Who does something, in which transaction; `lag` is a longer delay of the index for this write."""

    user: int
    transaction: str
    lag: float | None = None


class Tenant:
    """One agency, its database and its lists."""

    def __init__(self, world: World, store: Store, settings: Settings, queues: Queues) -> None:
        self.world = world
        self.store = store
        self.settings = settings
        self.queues = queues
        self.statuses: list[str] = list(STATUSES)
        self.actions: list[str] = list(ACTIONS)
        self.sources: list[str] = list(SOURCES)

    def hand(self, user: int, lag: float | None = None) -> Hand:
        return Hand(user, str(uuid.UUID(int=self.world.random.getrandbits(128), version=4)), lag)

    def now(self) -> int:
        return self.world.clock.millis()

    def create(self, entity: str, given: Mapping[str, Any], hand: Hand) -> Row:
        """Raises Refusal."""
        values = {**self._defaults(entity, hand), **given}
        self._check(entity, values, creating=True)
        if entity == "JobSubmission":
            self._refuse_second(values)
        row = self.store[entity].add({**values, "isDeleted": bool(values.get("isDeleted", False))})
        self._changed(entity, row, "INSERTED", hand, ())
        if entity == "JobSubmission":
            self._note_history(row, hand)
        if entity == "ClientCorporation":
            self._add_hidden_contact(row, hand)
        return row

    def update(self, entity: str, row: Row, given: Mapping[str, Any], hand: Hand) -> Row:
        """Raises Refusal. An update that changes nothing still counts as one."""
        self._check(entity, given, creating=False)
        before = row.get("status")
        changed = tuple(name for name, value in given.items() if row.get(name) != value)
        row.update(given)
        row["dateLastModified"] = self.now()
        self._changed(entity, row, "UPDATED", hand, changed or tuple(given))
        if entity == "JobSubmission" and row["status"] != before:
            self._note_history(row, hand)
        return row

    def delete(self, entity: str, row: Row, hand: Hand) -> None:
        """Mark it deleted where the type allows that, else remove it. Raises Refusal."""
        if entity == "ClientCorporation":
            raise refusal(400, "errors.cannotDelete", "A ClientCorporation cannot be deleted")
        row.update(isDeleted=True, dateLastModified=self.now())
        if not ENTITIES[entity].soft:
            self.store[entity].rows.pop(row["id"])
        self._changed(entity, row, "DELETED", hand, ())

    def merge(self, survivor: Row, loser: Row, hand: Hand) -> None:
        """As a person does in the screens: children are moved, the loser is deleted, and no event says merge."""
        taken = {row["jobOrder"]["id"] for row in self.store["JobSubmission"].where("candidate", survivor["id"])}
        for row in self.store["JobSubmission"].where("candidate", loser["id"]):
            if row["jobOrder"]["id"] in taken:
                self.delete("JobSubmission", row, hand)
            else:
                self.update("JobSubmission", row, {"candidate": {"id": survivor["id"]}}, hand)
        for row in self.store["Note"].where("personReference", loser["id"]):
            self.update("Note", row, {"personReference": {"id": survivor["id"]}}, hand)
        self.update("Candidate", survivor, {}, hand)
        self.delete("Candidate", loser, hand)

    def _changed(self, entity: str, row: Row, kind: str, hand: Hand, changed: tuple[str, ...]) -> None:
        if ENTITIES[entity].searchable:
            lag = self.settings.index_delay if hand.lag is None else hand.lag
            self.store.indexes[entity].put(row, at=self.world.clock.timestamp() + lag)
        if entity not in NOT_EMITTED:
            self.queues.emit(entity, kind, row["id"], by=hand.user, transaction=hand.transaction, changed=changed)

    def _defaults(self, entity: str, hand: Hand) -> Row:
        now = self.now()
        stamps = {"dateAdded": now, "dateLastModified": now}
        own: dict[str, Row] = {
            "Candidate": {"status": "New Lead", "owner": {"id": hand.user}, "category": {"id": 301}},
            "JobOrder": {"owner": {"id": hand.user}, "isOpen": True, "isPublic": 0, "numOpenings": 1},
            "Note": {"action": "Other"},
            "ClientCorporation": {"status": "Active"},
        }
        return {**stamps, **own.get(entity, {})}

    def _check(self, entity: str, values: Mapping[str, Any], *, creating: bool) -> None:
        kind = ENTITIES[entity]
        unknown = [name for name in values if name not in kind.known]
        if unknown:
            raise refusal(400, "errors.invalidFieldName", f"Invalid field: '{unknown[0]}' on entity {entity}")
        problems = [
            (name, "NOT_ASSOCIATION", "to-many associations are changed by their own call")
            for name in values
            if name in kind.to_many
        ]
        wanted = kind.required if creating else tuple(name for name in kind.required if name in values)
        problems += [(name, "MISSING_REQUIRED", f"{name} is required") for name in wanted if not values.get(name)]
        problems += list(self._misfits(entity, values))
        if problems:
            raise invalid(entity, *problems)

    def _misfits(self, entity: str, values: Mapping[str, Any]) -> list[tuple[str, str, str]]:
        kind = ENTITIES[entity]
        problems = []
        for name, value in values.items():
            if name in kind.to_one and value is not None:
                number = value.get("id") if isinstance(value, dict) else None
                if self.store[kind.to_one[name]].get(number) is None:
                    problems.append((name, "INVALID_REFERENCE", f"{name} does not exist"))
            elif name in kind.longest and isinstance(value, str) and len(value) > kind.longest[name]:
                problems.append((name, "TOO_LONG", f"{name} is longer than {kind.longest[name]} characters"))
        status = values.get("status")
        if entity == "JobSubmission" and status and self.settings.strict_status and status not in self.statuses:
            problems.append(("status", "INVALID_VALUE", "status is not on the list of the tenant"))
        return problems

    def _refuse_second(self, values: Mapping[str, Any]) -> None:
        """Deleted ones count, and the answer is a 500."""
        theirs = self.store["JobSubmission"].where("candidate", values["candidate"]["id"])
        if any(row["jobOrder"]["id"] == values["jobOrder"]["id"] for row in theirs):
            why = "a JobSubmission for this candidate and job exists"
            raise invalid("JobSubmission", ("candidate", "IMPROPERLY_STRUCTURED_ASSOCIATION", why), status=500)

    def _note_history(self, row: Row, hand: Hand) -> None:
        history = {
            "jobSubmission": {"id": row["id"]}, "status": row["status"], "dateAdded": self.now(),
            "modifyingUser": {"id": hand.user}, "transactionID": hand.transaction, "comments": row.get("comments"),
        }  # fmt: skip
        self.store["JobSubmissionHistory"].add(history)

    def _add_hidden_contact(self, row: Row, hand: Hand) -> None:
        contact = {"name": "Default Contact", "status": "Archive", "clientCorporation": {"id": row["id"]}}
        self.create("ClientContact", {**contact, "isDeleted": True}, hand)


def find(store: Store, entity: str, number: int) -> Row:
    """A row, deleted or not. Raises Refusal 404."""
    row = store[entity].get(number)
    if row is None:
        raise missing(entity)
    return row


def missing(entity: str) -> Refusal:
    return refusal(404, "errors.entityNotFound", f"{entity} not found")
