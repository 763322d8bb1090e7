"""Event subscriptions: a queue for each, emptied by reading it, with each batch to be had again by its requestId."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from apps.sandbox.bullhorn.store import Row, Settings, refusal

if TYPE_CHECKING:
    from apps.sandbox.kernel import World

MOST_EVENTS = 100
FIRST_EVENT = 40000517
DAY = 86_400


@dataclass
class Subscription:
    """One queue. `batches` are what each fetch took out of it."""

    id: str
    names: tuple[str, ...]
    kinds: tuple[str, ...]
    created: int
    read_at: float
    waiting: list[Row] = field(default_factory=list)
    batches: dict[int, list[Row]] = field(default_factory=dict)

    @property
    def last_request(self) -> int:
        return max(self.batches, default=0)

    def describe(self) -> Row:
        return {
            "subscriptionId": self.id, "names": list(self.names), "eventTypes": list(self.kinds),
            "lastRequestId": self.last_request, "waiting": len(self.waiting),
        }  # fmt: skip


class Queues:
    """The subscriptions of the agency's database."""

    def __init__(self, world: World, settings: Settings) -> None:
        self._world = world
        self._settings = settings
        self._made = 0
        self.subscriptions: dict[str, Subscription] = {}

    def subscribe(self, name: str, asked: dict[str, str]) -> Row:
        """Make one, or give the one of that name. Raises Refusal above the database's number of them."""
        self._expire()
        if asked.get("type") != "entity":
            raise refusal(400, "errors.invalidSubscription", "type must be entity")
        found = self.subscriptions.get(name)
        if found is None and len(self.subscriptions) >= self._settings.subscriptions:
            raise refusal(400, "errors.subscriptionLimit", "Too many event subscriptions for this database")
        if found is None:
            found = Subscription(name, (), (), self._world.clock.millis(), self._world.clock.timestamp())
            self.subscriptions[name] = found
        found.names = tuple(filter(None, asked.get("names", "").split(",")))
        found.kinds = tuple(filter(None, asked.get("eventTypes", "").split(",")))
        names = " OR ".join(f"BhEntityName='{one}'" for one in found.names)
        return {
            "lastRequestId": found.last_request,
            "subscriptionId": name,
            "createdOn": found.created,
            "jmsSelector": f"JMSType='ENTITY' AND BhCorpId=44 AND ({names})",
        }

    def fetch(self, name: str, asked: dict[str, str]) -> Row | None:
        """Take up to 100 events out, or give an earlier batch again; None where nothing waits."""
        found = self.named(name)
        found.read_at = self._world.clock.timestamp()
        if "requestId" in asked:
            number = int(asked["requestId"]) if asked["requestId"].isdecimal() else 0
            batch = found.batches.get(number)
            return {"requestId": number, "events": batch} if batch else None
        most = min(MOST_EVENTS, int(asked.get("maxEvents") or MOST_EVENTS))
        batch, found.waiting = found.waiting[:most], found.waiting[most:]
        if not batch:
            return None
        number = found.last_request + 1
        found.batches[number] = batch
        return {"requestId": number, "events": batch}

    def named(self, name: str) -> Subscription:
        """Raises Refusal 404 on one that was never made, was deleted, or went a week unread."""
        self._expire()
        if name not in self.subscriptions:
            raise refusal(404, "errors.subscriptionNotFound", f"Event subscription {name} not found")
        return self.subscriptions[name]

    def delete(self, name: str) -> bool:
        return self.subscriptions.pop(name, None) is not None

    def emit(self, entity: str, kind: str, number: int, *, by: int, transaction: str, changed: tuple[str, ...]) -> None:
        """Put an event into each queue that asked for its kind; faults double it or let it overtake."""
        self._made += 1
        event: dict[str, Any] = {
            "eventId": f"ID:JBM-{FIRST_EVENT + self._made}",
            "eventType": "ENTITY",
            "eventTimestamp": self._world.clock.millis(),
            "eventMetadata": {"PERSON_ID": str(by), "TRANSACTION_ID": transaction},
            "entityName": entity,
            "entityId": number,
            "entityEventType": kind,
        }
        if changed:
            event["updatedProperties"] = list(changed)
        target = f"{kind} {entity}"
        for found in self.subscriptions.values():
            if entity not in found.names or kind not in found.kinds:
                continue
            early = self._world.faults.take("bullhorn", "reorder", target)
            found.waiting.insert(0 if early else len(found.waiting), event)
            if self._world.faults.take("bullhorn", "duplicate", target):
                found.waiting.append(event)

    def _expire(self) -> None:
        """Events go after the days of retention; a subscription that nobody read for as long goes with them."""
        now, kept = self._world.clock.timestamp(), self._settings.event_days * DAY
        self.subscriptions = {name: found for name, found in self.subscriptions.items() if now - found.read_at < kept}
        for found in self.subscriptions.values():
            found.waiting = [event for event in found.waiting if now - event["eventTimestamp"] / 1000 < kept]
