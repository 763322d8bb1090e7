"""What a person would do in Lever's own screens.

create_opportunity {first_name, last_name, email?, linkedin_url?, headline?, job? | job_id?, stage?: name,
                   contact_id?, confidential?, old?}       apply {first_name, last_name, email?, job_id}
move      {opportunity_id, stage: name or id, by?}        archive {opportunity_id, reason: text, requisition_id?}
reject, hire, unarchive {opportunity_id}                  by the first reason of that kind
delete    {opportunity_id}
add_application {opportunity_id, job_id}                  a second one, as old opportunities have
merge     {contact_id: primary, loser_contact_id}         no event, and no way back
update_contact {contact_id, name?, headline?, emails?, phones?, links?}
add_note  {opportunity_id, value}                         a person's own, which the API cannot change
add_job   {name, requisition_id?, openings?}              close_job {job_id}
rename_stage {stage, name}    add_stage {name}            offer {opportunity_id}: sent, not signed
close_requisition {requisition_id}                        deactivate_user {user_id}
set_webhook {url, secret, events?: [...]}                 one for each event, all unless named
rerun {}                                                  the last delivery, the same bytes again
settings  {rate, burst, visible_after, token_seconds, contact_put, groups, merge_tells, signed, retry_scale,
          hires_tell_both, offset_seconds}
add_grant {scopes?}                                       an OAuth consent; tells its tokens
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from apps.sandbox.kernel import ActError
from apps.sandbox.lever import scenario
from apps.sandbox.lever.auth import Auth
from apps.sandbox.lever.hooks import EVENTS
from apps.sandbox.lever.store import Refusal, Row, public
from apps.sandbox.lever.tenant import HIRED, Tenant

SCOPES = (
    "offline_access opportunities:write:admin contact:write:admin notes:write:admin postings:read:admin "
    "stages:read:admin archive_reasons:read:admin requisitions:read:admin sources:read:admin users:read:admin "
    "webhooks:write:admin confidential:access:admin"
)


class Acts:
    """The hands in Lever: each method named do_<act> takes the act's arguments."""

    def __init__(self, tenant: Tenant, auth: Auth) -> None:
        self._tenant = tenant
        self._auth = auth
        self._store = tenant.store

    def act(self, do: str, args: Row) -> Row:
        """Do it. Raises ActError with a sentence."""
        verb: Callable[[Row], Any] | None = getattr(self, f"do_{do}", None)
        if verb is None:
            raise ActError(f"no act {do!r}; see GET /_control/")
        try:
            return dict(verb(args) or {})
        except Refusal as refusal:
            raise ActError(str(refusal)) from None
        except KeyError as missing:
            raise ActError(f"missing or unknown: {missing}") from None

    def do_create_opportunity(self, args: Row) -> Row:
        return {"opportunity": public(scenario.add_person(self._tenant, args))}

    def do_apply(self, args: Row) -> Row:
        name = f"{args['first_name']} {args['last_name']}"
        wish = {"name": name, "emails": [args["email"]] if args.get("email") else []}
        return {"opportunity": public(self._tenant.apply(wish, args["job_id"]))}

    def do_move(self, args: Row) -> Row:
        row = self._one(args)
        self._tenant.move(row, self._stage(args["stage"]), by=args.get("by", ""))
        return {"opportunity": public(row)}

    def do_archive(self, args: Row) -> Row:
        row = self._one(args)
        reason = next(one for one in self._store.archive_reasons.rows.values() if one["text"] == args["reason"])
        self._tenant.archive(row, reason["id"], requisition_id=args.get("requisition_id", ""))
        return {"opportunity": public(row)}

    def do_reject(self, args: Row) -> Row:
        return self._end(args, "non-hired")

    def do_hire(self, args: Row) -> Row:
        return self._end(args, HIRED)

    def do_unarchive(self, args: Row) -> Row:
        self._tenant.archive(self._one(args), None)
        return {}

    def _end(self, args: Row, kind: str) -> Row:
        reason = self._store.archive_reasons.where(type=kind)[0]
        self._tenant.archive(self._one(args), reason["id"])
        return {"opportunity": public(self._one(args))}

    def do_delete(self, args: Row) -> None:
        self._tenant.delete(self._one(args))

    def do_add_application(self, args: Row) -> None:
        self._tenant.add_application(self._one(args), self._store.postings.get(args["job_id"])["id"])

    def do_merge(self, args: Row) -> None:
        contacts = self._store.contacts
        self._tenant.merge(contacts.get(args["contact_id"]), contacts.get(args["loser_contact_id"]))

    def do_update_contact(self, args: Row) -> None:
        contact = self._store.contacts.get(args.pop("contact_id"))
        self._tenant.change_contact(contact, args)

    def do_add_note(self, args: Row) -> Row:
        now = self._tenant.now()
        field = {"value": args["value"], "user": None, "createdAt": now}
        note = {
            "opportunityId": self._one(args)["id"],
            "fields": [field],
            "user": None,
            "createdAt": now,
            "_api": False,
        }
        return {"note": public(self._store.notes.add(note))}

    def do_add_job(self, args: Row) -> Row:
        return {"job": public(scenario.add_posting(self._tenant, args, len(self._store.postings.rows)))}

    def do_close_job(self, args: Row) -> None:
        self._store.postings.get(args["job_id"]).update(state="closed", updatedAt=self._tenant.now())

    def do_add_stage(self, args: Row) -> Row:
        return {"stage": public(self._store.stages.add({"id": None, "text": args["name"]}))}

    def do_rename_stage(self, args: Row) -> None:
        self._stage(args["stage"])["text"] = args["name"]

    def do_offer(self, args: Row) -> None:
        self._one(args)["_offer_unsigned"] = True

    def do_close_requisition(self, args: Row) -> None:
        self._store.requisitions.get(args["requisition_id"])["status"] = "closed"

    def do_deactivate_user(self, args: Row) -> None:
        self._store.users.get(args["user_id"])["deactivatedAt"] = self._tenant.now()

    def do_set_webhook(self, args: Row) -> Row:
        self._store.webhooks.rows.clear()
        for event in args.get("events") or EVENTS:
            self._tenant.hooks.add(args["url"], event, secret=args.get("secret", ""), origins=args.get("origins"))
        return {"webhooks": [public(row) for row in self._store.webhooks.rows.values()]}

    def do_rerun(self, args: Row) -> None:
        self._tenant.hooks.rerun()

    def do_settings(self, args: Row) -> Row:
        self._tenant.settings.change(args)
        return vars(self._tenant.settings).copy()

    def do_add_grant(self, args: Row) -> Row:
        grant = self._auth.add_grant("sandbox-lever-client", frozenset(str(args.get("scopes", SCOPES)).split()))
        return {"access_token": grant.access, "refresh_token": grant.refresh}

    def _one(self, args: Row) -> Row:
        return self._store.opportunities.get(args["opportunity_id"])

    def _stage(self, named: str) -> Row:
        for row in self._store.stages.rows.values():
            if named in (row["id"], row["text"]):
                return row
        raise ActError(f"no stage {named!r}")
