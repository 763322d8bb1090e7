"""What can happen in Lever, by whatever hand: the API and the acts both call these verbs.

Every verb raises `Refusal` before it changes anything, and tells the webhooks afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from apps.sandbox.lever.hooks import Hooks
from apps.sandbox.lever.store import Row, Settings, Store, bad, new_id

if TYPE_CHECKING:
    from apps.sandbox.kernel import World

HIRED = "hired"
UNLIMITED = "unlimited"


class Tenant:
    """One account: its tables, its webhooks, its verbs."""

    def __init__(self, world: World, store: Store, settings: Settings, hooks: Hooks) -> None:
        self.world = world
        self.store = store
        self.settings = settings
        self.hooks = hooks

    def now(self) -> int:
        return self.world.clock.millis()

    def visible(self, row: Row) -> bool:
        """Whether a new record can be seen yet."""
        return bool(row.get("_visible_at", 0) <= self.now())

    # --- people and their candidacies

    def create(self, given: Row, *, by: str = "", lag: float | None = None) -> Row:
        """A new opportunity, always; on somebody known where `contact` or an e-mail address says so."""
        postings = given.get("postings") or []
        if len(postings) > 1:
            raise bad("Only one posting may be specified")
        stage = self.store.stages.get(given["stage"]) if given.get("stage") else self._first_stage()
        for posting in postings:
            self.store.postings.get(posting)
        for user in (given.get("owner"), by):
            if user:
                self.store.users.get(user)
        contact = self._contact(given)
        now, delay = self.now(), self.settings.visible_after if lag is None else lag
        row = self.store.opportunities.add(
            {
                "id": given.get("id"), "contact": contact["id"], "stage": stage["id"], "confidentiality":
                given.get("confidentiality", "non-confidential"), "archived": None, "stageChanges": [],
                "tags": list(given.get("tags") or []), "sources": list(given.get("sources") or []),
                "origin": given.get("origin") or "sourced", "sourcedBy": by or None,
                "owner": given.get("owner") or by or None, "followers": list(given.get("followers") or []),
                "applications": [], "createdAt": given.get("createdAt") or now,
                "updatedAt": None if given.get("_old") else now,
                "lastInteractionAt": now, "lastAdvancedAt": now, "snoozedUntil": None,
                "dataProtection": None, "opportunityLocation": "", "candidateId": new_id(self.store.chance),
                "_visible_at": now + int(delay * 1000), "_old": bool(given.get("_old")),
            }
        )  # fmt: skip
        self._note_stage(row, stage, by)
        for posting in postings:
            self.add_application(row, posting)
        for source in row["sources"]:
            if source not in self.store.sources:
                self.store.sources.append(source)
        return row

    def _contact(self, given: Row) -> Row:
        emails = [str(one) for one in given.get("emails") or []]
        if any("@" not in one for one in emails):
            raise bad("emails: must be valid e-mail addresses")
        if given.get("contact"):
            known = self.store.contacts.get(given["contact"])
            self._join(known, given)
            return known
        known_by_mail = self.find_contact(emails)
        if known_by_mail is not None:
            return known_by_mail  # and what was sent of them is dropped: old data wins, without a word
        names = {"name": "", "headline": "", "location": None}
        made = self.store.contacts.add(
            {
                "id": None, **{name: given.get(name) or value for name, value in names.items()}, "emails": emails,
                "phones": list(given.get("phones") or []), "links": list(given.get("links") or []),
                "isAnonymized": False,
            }
        )  # fmt: skip
        self.hooks.emit("contactCreated", {"contactId": made["id"]})
        return made

    def find_contact(self, emails: Iterable[str]) -> Row | None:
        wanted = {canonical(one) for one in emails}
        fits = (row for row in self.store.contacts.rows.values() if wanted & {canonical(one) for one in row["emails"]})
        return next(fits, None)

    def _join(self, contact: Row, given: Row) -> None:
        for name in ("emails", "phones", "links"):
            contact[name] = [*contact[name], *(one for one in given.get(name) or [] if one not in contact[name])]

    def change_contact(self, contact: Row, values: Row) -> None:
        contact.update(values)
        for row in self.store.of_contact(contact["id"]):
            row["updatedAt"] = self.now()
        self.hooks.emit("contactUpdated", {"contactId": contact["id"]})

    def merge(self, primary: Row, loser: Row) -> None:
        """In the screens only: the loser's opportunities are the primary's now, and no event says so."""
        self._join(primary, loser)
        for row in self.store.of_contact(loser["id"]):
            row.update(contact=primary["id"], updatedAt=self.now())
        del self.store.contacts.rows[loser["id"]]
        if self.settings.merge_tells:
            self.hooks.emit("contactUpdated", {"contactId": primary["id"]})

    def delete(self, row: Row, *, by: str = "") -> None:
        del self.store.opportunities.rows[row["id"]]
        self.store.deleted.append({"id": row["id"], "deletedAt": self.now(), "deletedBy": by or None})
        if not self.store.of_contact(row["contact"]):
            self.store.contacts.rows.pop(row["contact"], None)
        self._tell("candidateDeleted", row)

    # --- the stage and the end

    def move(self, row: Row, stage: Row, *, by: str = "") -> None:
        """To any stage, in any order, compared with nothing; archived or not."""
        before = row["stage"]
        if before == stage["id"]:
            return
        row.update(stage=stage["id"], updatedAt=self.now(), lastAdvancedAt=self.now())
        self._note_stage(row, stage, by)
        self._tell("candidateStageChange", row, fromStageId=before, toStageId=stage["id"])

    def archive(self, row: Row, reason_id: str | None, *, requisition_id: str = "") -> None:
        """One endpoint: a reason rejects or hires, none brings back. The stage stays as it is."""
        before = row["archived"]
        reason = self.store.archive_reasons.get(reason_id) if reason_id else None
        hires = reason is not None and reason["type"] == HIRED
        if hires:
            self._check_hire(row, requisition_id)
        if before is not None and before.get("_requisition"):
            self.store.requisitions.get(before["_requisition"])["headcountHired"] -= 1
        archived = {"reason": reason_id, "archivedAt": self.now(), "_requisition": requisition_id}
        row.update(archived=archived if reason else None, updatedAt=self.now())
        if requisition_id:
            self.store.requisitions.get(requisition_id)["headcountHired"] += 1
        if hires:
            self._tell("candidateHired", row)
        if not hires or self.settings.hires_tell_both:
            self._tell("candidateArchiveChange", row, fromArchived=_told(before), toArchived=_told(row["archived"]))

    def _check_hire(self, row: Row, requisition_id: str) -> None:
        if row.get("_offer_unsigned"):
            raise bad("The offer has been sent but is not signed yet")
        if len(row["applications"]) > 1:
            raise bad("The opportunity has several active applications")
        if requisition_id and self.store.requisitions.get(requisition_id)["status"] != "open":
            raise bad("The requisition is closed")

    def add_application(self, row: Row, posting: str, *, kind: str = "user") -> None:
        made = self.store.applications.add(
            {
                "id": None, "opportunityId": row["id"], "candidateId": row["candidateId"], "type": kind,
                "posting": posting, "createdAt": self.now(), "archived": None, "requisitionForHire": None,
            }
        )  # fmt: skip
        row["applications"].append(made["id"])
        more = {"applicationId": made["id"], "createdAt": made["createdAt"]}
        self._tell("applicationCreated", row, **more)

    def apply(self, given: Row, posting: str) -> Row:
        """A candidate applies on the job site."""
        row = self.create({**given, "postings": [], "origin": "applied"})
        self.add_application(row, posting, kind="posting")
        return row

    def _first_stage(self) -> Row:
        return next(iter(self.store.stages.rows.values()))

    def _note_stage(self, row: Row, stage: Row, by: str) -> None:
        index = list(self.store.stages.rows).index(stage["id"])
        change = {"toStageId": stage["id"], "toStageIndex": index, "userId": by or None, "updatedAt": self.now()}
        row["stageChanges"] = [*row["stageChanges"], change]

    def _tell(self, event: str, row: Row, **more: Any) -> None:
        ids = {"opportunityId": row["id"], "candidateId": row["candidateId"], "contactId": row["contact"]}
        self.hooks.emit(event, {**ids, **more}, origin=row["origin"])


def canonical(email: str) -> str:
    """As Lever matches: no case, no +tag, no dots in a Gmail name."""
    name, _, host = email.strip().lower().partition("@")
    name = name.partition("+")[0]
    return f"{name.replace('.', '') if host == 'gmail.com' else name}@{host}"


def _told(archived: Row | None) -> Row | None:
    return {name: archived[name] for name in ("reason", "archivedAt")} if archived else None
