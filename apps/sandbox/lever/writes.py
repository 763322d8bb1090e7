"""The write endpoints. Nothing is idempotent but by accident: a repeated POST makes a second opportunity."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import QueryParams

from apps.sandbox.lever.hooks import EVENTS
from apps.sandbox.lever.lists import Lists
from apps.sandbox.lever.store import Row, bad, forbidden, public
from apps.sandbox.lever.tenant import Tenant

EMPTY_CONTACT: Row = {"name": "", "headline": "", "location": None, "emails": [], "phones": []}
ORIGINS = ("agency", "applied", "internal", "referred", "sourced", "university")


@dataclass(frozen=True)
class Write:
    """A write as it came; `keys` are the ids in the path, `lag` the fault-made delay of a create."""

    tenant: Tenant
    lists: Lists
    keys: tuple[str, ...]
    given: Row
    asked: QueryParams
    lag: float | None = None

    @property
    def by(self) -> str:
        return self.asked.get("perform_as", "")

    def opportunity(self) -> Row:
        return self.tenant.store.opportunities.get(self.keys[0])

    def shown(self, row: Row) -> Row:
        return {"data": self.lists.shown(row, self.asked)}


Answer = tuple[int, Any]
Handler = Callable[[Write], Answer]


def create_opportunity(write: Write) -> Answer:
    if not write.by:
        raise bad("perform_as is required")
    if write.given.get("origin") not in (None, *ORIGINS):
        raise bad("origin is invalid")
    return 201, write.shown(write.tenant.create(public(write.given), by=write.by, lag=write.lag))


def apply(write: Write) -> Answer:
    write.tenant.store.postings.get(write.keys[0])
    row = write.tenant.apply(write.given, write.keys[0])
    return 201, {"data": {"id": row["applications"][0], "opportunityId": row["id"]}}


def move(write: Write) -> Answer:
    row = write.opportunity()
    write.tenant.move(row, write.tenant.store.stages.get(write.given.get("stage")), by=_user(write))
    return 200, write.shown(row)


def archive(write: Write) -> Answer:
    if "reason" not in write.given:
        raise bad("reason is required")
    row = write.opportunity()
    _user(write)
    write.tenant.archive(row, write.given["reason"], requisition_id=write.given.get("requisitionId") or "")
    return 200, write.shown(row)


def add_links(write: Write) -> Answer:
    return _change_list(write, "links", add=True)


def remove_links(write: Write) -> Answer:
    return _change_list(write, "links", add=False)


def add_tags(write: Write) -> Answer:
    return _change_list(write, "tags", add=True)


def remove_tags(write: Write) -> Answer:
    return _change_list(write, "tags", add=False)


def add_sources(write: Write) -> Answer:
    return _change_list(write, "sources", add=True)


def remove_sources(write: Write) -> Answer:
    return _change_list(write, "sources", add=False)


def _change_list(write: Write, name: str, *, add: bool) -> Answer:
    """Links are the contact's; tags and sources the opportunity's."""
    row, given = write.opportunity(), write.given.get(name)
    if not isinstance(given, list):
        raise bad(f"{name} must be an array")
    holder = write.tenant.store.contacts.get(row["contact"]) if name == "links" else row
    kept = [one for one in holder[name] if one not in given]
    values = {name: [*kept, *given] if add else kept}
    if name == "links":
        write.tenant.change_contact(holder, values)
    else:
        row.update(values, updatedAt=write.tenant.now())
    return 200, write.shown(row)


def put_contact(write: Write) -> Answer:
    contact = write.tenant.store.contacts.get(write.keys[0])
    whole = EMPTY_CONTACT if write.tenant.settings.contact_put == "whole" else {}
    write.tenant.change_contact(
        contact, {**whole, **{name: write.given[name] for name in EMPTY_CONTACT if name in write.given}}
    )
    return 200, {"data": {name: value for name, value in public(contact).items() if name != "links"}}


def create_note(write: Write) -> Answer:
    """A note, or with note_id an answer in its thread."""
    row, store = write.opportunity(), write.tenant.store
    text = str(write.given.get("value") or "").strip()
    if not text:
        raise bad("value is required")
    now = write.given.get("createdAt") or write.tenant.now()
    field = {"value": text, "user": _user(write) or None, "createdAt": now}
    thread = write.asked.get("note_id")
    if thread:
        note = store.notes.get(thread)
        note["fields"].append(field)
    else:
        note = store.notes.add({"id": None, "opportunityId": row["id"], "fields": [field], "user": field["user"],
                                "secret": bool(write.given.get("secret")), "createdAt": now, "_api": True})  # fmt: skip
    return 201, {"data": {"noteId": note["id"]}}


def edit_note(write: Write) -> Answer:
    note = _api_note(write)
    now = write.tenant.now()
    note["fields"] = [
        {"value": value, "user": note["user"], "createdAt": now} for value in write.given.get("values", [])
    ]
    write.opportunity()["updatedAt"] = now
    return 200, {"data": public(note)}


def delete_note(write: Write) -> Answer:
    del write.tenant.store.notes.rows[_api_note(write)["id"]]
    return 204, None


def _api_note(write: Write) -> Row:
    note = write.tenant.store.notes.get(write.keys[1])
    if not note["_api"]:
        raise forbidden("Only notes made through the API can be changed")
    return note


def create_webhook(write: Write) -> Answer:
    """Doubly nested, as Lever answers."""
    event, url = write.given.get("event"), str(write.given.get("url") or "")
    if event not in EVENTS or not url:
        raise bad("event and url are required")
    origins = (write.given.get("configuration") or {}).get("conditions", {}).get("origins")
    return 201, {"data": {"data": public(write.tenant.hooks.add(url, event, origins=origins))}}


def put_webhooks(write: Write) -> Answer:
    for given in write.given.get("data", []):
        hook = write.tenant.store.webhooks.get(given.get("id"))
        hook.update({name: given[name] for name in ("url", "configuration") if name in given})
    return 200, {"data": [public(row) for row in write.tenant.store.webhooks.rows.values()]}


def delete_webhook(write: Write) -> Answer:
    del write.tenant.store.webhooks.rows[write.tenant.store.webhooks.get(write.keys[0])["id"]]
    return 204, None


def _user(write: Write) -> str:
    """The acting user, deactivated or not. Raises Refusal where there is no such user."""
    if write.by:
        write.tenant.store.users.get(write.by)
    return write.by


ONE = r"opportunities/([^/]+)"

# operation, method, path pattern, scope, handler
WRITES: tuple[tuple[str, str, str, str, Handler], ...] = (
    ("create_opportunity", "POST", r"opportunities", "opportunities", create_opportunity),
    ("apply", "POST", r"postings/([^/]+)/apply", "postings", apply),
    ("move", "PUT", rf"{ONE}/stage", "opportunities", move),
    ("archive", "PUT", rf"{ONE}/archived", "opportunities", archive),
    ("add_links", "POST", rf"{ONE}/addLinks", "opportunities", add_links),
    ("remove_links", "POST", rf"{ONE}/removeLinks", "opportunities", remove_links),
    ("add_tags", "POST", rf"{ONE}/addTags", "opportunities", add_tags),
    ("remove_tags", "POST", rf"{ONE}/removeTags", "opportunities", remove_tags),
    ("add_sources", "POST", rf"{ONE}/addSources", "opportunities", add_sources),
    ("remove_sources", "POST", rf"{ONE}/removeSources", "opportunities", remove_sources),
    ("put_contact", "PUT", r"contacts/([^/]+)", "contact", put_contact),
    ("create_note", "POST", rf"{ONE}/notes", "notes", create_note),
    ("edit_note", "PUT", rf"{ONE}/notes/([^/]+)", "notes", edit_note),
    ("delete_note", "DELETE", rf"{ONE}/notes/([^/]+)", "notes", delete_note),
    ("create_webhook", "POST", r"webhooks", "webhooks", create_webhook),
    ("put_webhooks", "PUT", r"webhooks", "webhooks", put_webhooks),
    ("delete_webhook", "DELETE", r"webhooks/([^/]+)", "webhooks", delete_webhook),
)
