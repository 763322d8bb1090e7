"""What a person would do in Bullhorn's own screens, and in its settings.

create_candidate {first_name, last_name, email?, linkedin_url?, company?, title?, job_id?, status?}
apply       {as create_candidate, job_id?: the first, status?; candidate_id?: someone known is submitted}
move        {application_id | application_ids, stage?: a status; without it one status on}
reject, hire {application_id(s)}                          to the list's first rejected status, to Placed
update_candidate {candidate_id, fields: {Bullhorn's own names: values}}
merge       {candidate_id: survivor, secondary_candidate_id}
delete      {candidate_id}   restore {candidate_id}       delete_application, restore_application {application_id}
add_corporation {name}                                    add_job {name, corporation?, requisition_id?, openings?}
close_job, reopen_job, archive_job, delete_job {job_id}   update_job {job_id, name?, requisition_id?, corporation?}
add_stage {name, at?}   rename_stage {stage, name}   remove_stage {stage}     the tenant's list of statuses
add_note    {candidate_id, body, action?, job_id?}
settings    {store.Settings}
spend       {requests}                                    made just now by the agency's other integrations
end_sessions {}    every BhRestToken is dead              revoke_tokens {}  access and refresh tokens too
expire_subscription {id}                                  as if it had been left unread for a week
A candidate or an application may also be named by {"email": ...} or {"email", "job_id"}.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from apps.sandbox.bullhorn import scenario
from apps.sandbox.bullhorn.auth import Auth
from apps.sandbox.bullhorn.limits import Limits
from apps.sandbox.bullhorn.schema import FIRST_IDS
from apps.sandbox.bullhorn.store import Refusal, Row, public
from apps.sandbox.bullhorn.tenant import Hand, Tenant
from apps.sandbox.kernel import ActError

RECRUITER = FIRST_IDS["CorporateUser"] + 1


class Acts:
    """The hands in Bullhorn: each method named do_<act> takes the act's arguments."""

    def __init__(self, tenant: Tenant, auth: Auth, limits: Limits) -> None:
        self._tenant = tenant
        self._limits = limits
        self._store = tenant.store
        self._auth = auth

    def act(self, do: str, args: Row) -> Row:
        """Do it. Raises ActError with a sentence."""
        verb: Callable[[Row], Any] | None = getattr(self, f"do_{do}", None)
        if verb is None:
            raise ActError(f"no act {do!r}; see GET /_control/")
        try:
            return _told(verb(args))
        except Refusal as refusal:
            raise ActError(str(refusal)) from None
        except KeyError as missing:
            raise ActError(f"missing or unknown: {missing}") from None

    # --- people and submissions

    def do_create_candidate(self, args: Row) -> Row:
        return {"candidate": scenario.add_person(self._tenant, args, self._hand())}

    def do_apply(self, args: Row) -> Row:
        args.setdefault("job_id", next(iter(self._store["JobOrder"].rows)))
        if "candidate_id" not in args:
            person = scenario.add_person(self._tenant, args, self._hand())
        else:
            person = self._candidate(args)
            scenario.submit(self._tenant, person, args, self._hand())
        return {"candidate": person, "application": self._store["JobSubmission"].where("candidate", person["id"])[-1]}

    def do_update_candidate(self, args: Row) -> Row:
        return {"candidate": self._tenant.update("Candidate", self._candidate(args), args["fields"], self._hand())}

    def do_merge(self, args: Row) -> Row:
        survivor, loser = self._candidate(args), self._candidate({"candidate_id": args["secondary_candidate_id"]})
        self._tenant.merge(survivor, loser, self._hand())
        return {"candidate": survivor}

    def do_delete(self, args: Row) -> Row:
        self._tenant.delete("Candidate", self._candidate(args), self._hand())
        return {}

    def do_restore(self, args: Row) -> Row:
        return {
            "candidate": self._tenant.update("Candidate", self._candidate(args), {"isDeleted": False}, self._hand())
        }

    def do_move(self, args: Row) -> Row:
        return self._each(args, lambda row: self._to(row, args.get("stage") or self._following(row)))

    def do_reject(self, args: Row) -> Row:
        rejected = next(status for status in self._tenant.statuses if "Reject" in status)
        return self._each(args, lambda row: self._to(row, rejected))

    def do_hire(self, args: Row) -> Row:
        return self._each(args, lambda row: self._to(row, "Placed"))

    def do_delete_application(self, args: Row) -> Row:
        return self._each(args, lambda row: self._tenant.delete("JobSubmission", row, self._hand()))

    def do_restore_application(self, args: Row) -> Row:
        return self._each(
            args, lambda row: self._tenant.update("JobSubmission", row, {"isDeleted": False}, self._hand())
        )

    def do_add_note(self, args: Row) -> Row:
        note = {
            "personReference": {"id": self._candidate(args)["id"]}, "commentingPerson": {"id": RECRUITER},
            "comments": args["body"], "action": args.get("action", "Other"),
        }  # fmt: skip
        job = {"jobOrder": {"id": args["job_id"]}} if "job_id" in args else {}
        return {"note": self._tenant.create("Note", {**note, **job}, self._hand())}

    # --- corporations, jobs and the tenant's list

    def do_add_corporation(self, args: Row) -> Row:
        return {"corporation": scenario.add_corporation(self._tenant, args, self._hand())}

    def do_add_job(self, args: Row) -> Row:
        return {"job": scenario.add_job(self._tenant, args, self._hand(), number=len(self._store["JobOrder"].rows))}

    def do_close_job(self, args: Row) -> Row:
        return self._change_job(args, isOpen=False)

    def do_reopen_job(self, args: Row) -> Row:
        return self._change_job(args, isOpen=True)

    def do_archive_job(self, args: Row) -> Row:
        return self._change_job(args, status="Archive")

    def do_delete_job(self, args: Row) -> Row:
        self._tenant.delete("JobOrder", self._job(args), self._hand())
        return {}

    def do_update_job(self, args: Row) -> Row:
        named = {"name": "title", "requisition_id": "externalID"}
        values: Row = {named[name]: args[name] for name in named if name in args}
        if "corporation" in args:
            values["clientCorporation"] = {"id": scenario.corporation(self._tenant, args)["id"]}
        return self._change_job(args, **values)

    def do_add_stage(self, args: Row) -> Row:
        self._tenant.statuses.insert(args.get("at", len(self._tenant.statuses)), args["name"])
        return {"statuses": list(self._tenant.statuses)}

    def do_rename_stage(self, args: Row) -> Row:
        """The list changes; what bears the old word keeps it, as values are plain texts."""
        self._tenant.statuses[self._place(args)] = args["name"]
        return {"statuses": list(self._tenant.statuses)}

    def do_remove_stage(self, args: Row) -> Row:
        self._tenant.statuses.pop(self._place(args))
        return {"statuses": list(self._tenant.statuses)}

    # --- the sandbox's own

    def do_spend(self, args: Row) -> Row:
        self._limits.spend_elsewhere(int(args["requests"]), self._tenant.world.clock.timestamp())
        return {"requests": self._limits.spent()}

    def do_settings(self, args: Row) -> Row:
        self._tenant.settings.change(args)
        return vars(self._tenant.settings).copy()

    def do_end_sessions(self, args: Row) -> Row:
        self._auth.end_sessions()
        return {}

    def do_revoke_tokens(self, args: Row) -> Row:
        self._auth.revoke_all()
        return {}

    def do_expire_subscription(self, args: Row) -> Row:
        del self._tenant.queues.subscriptions[args["id"]]
        return {}

    # --- finding what is meant

    def _hand(self) -> Hand:
        return self._tenant.hand(RECRUITER)

    def _to(self, row: Row, status: str) -> Row:
        return self._tenant.update("JobSubmission", row, {"status": status}, self._hand())

    def _following(self, row: Row) -> str:
        statuses = self._tenant.statuses
        place = statuses.index(row["status"]) + 1 if row["status"] in statuses else 0
        if place >= len(statuses):
            raise ActError("the submission has the last status")
        return statuses[place]

    def _candidate(self, args: Row) -> Row:
        if "email" in args and "candidate_id" not in args:
            email = args["email"].lower()
            rows = self._store["Candidate"].rows.values()
            found = next((row for row in rows if str(row.get("email") or "").lower() == email), None)
        else:
            found = self._store["Candidate"].get(args["candidate_id"])
        if found is None:
            raise ActError(f"no candidate {args.get('candidate_id', args.get('email'))}")
        return found

    def _applications(self, args: Row) -> list[Row]:
        if "email" in args:
            mine = self._store["JobSubmission"].where("candidate", self._candidate(args)["id"])
            return [row for row in mine if args.get("job_id") in (None, row["jobOrder"]["id"])]
        wanted = args["application_ids"] if "application_ids" in args else [args["application_id"]]
        found = [self._store["JobSubmission"].get(number) for number in wanted]
        if None in found:
            raise ActError(f"no submission among {wanted}")
        return [row for row in found if row]

    def _each(self, args: Row, verb: Callable[[Row], Any]) -> Row:
        rows = self._applications(args)
        for row in rows:
            verb(row)
        return {"applications": rows}

    def _job(self, args: Row) -> Row:
        job = self._store["JobOrder"].get(args["job_id"])
        if job is None:
            raise ActError(f"no job {args['job_id']}")
        return job

    def _change_job(self, args: Row, **values: Any) -> Row:
        return {"job": self._tenant.update("JobOrder", self._job(args), values, self._hand())}

    def _place(self, args: Row) -> int:
        if args["stage"] not in self._tenant.statuses:
            raise ActError(f"no status {args['stage']!r}")
        return self._tenant.statuses.index(args["stage"])


def _told(result: Row) -> Row:
    """An act's answer without what only the sandbox knows."""
    shown: Row = {}
    for name, value in result.items():
        if isinstance(value, list):
            shown[name] = [public(row) if isinstance(row, dict) else row for row in value]
        else:
            shown[name] = public(value) if isinstance(value, dict) else value
    return shown
