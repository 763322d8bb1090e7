"""What a person would do in Greenhouse's own screens.

create_candidate / apply  {first_name, last_name, email?, linkedin_url?, company?, title?, private?, job_id?,
                          stage?: name, source_id?, recruiter_id?, candidate_id?: someone known applies again}
move        {application_id | application_ids, stage: name or id, to_job_id?}; neither: one stage on
reject      {application_id(s), rejection_reason_id?}     unreject, unhire {application_id(s)}
hire        {application_id(s), opening_id?}              the first open opening, one is made if none is
update_application {application_id, source_id?, recruiter_id?, coordinator_id?}
delete_application {application_id}
update_candidate   {candidate_id, first_name?, ..., email_addresses?, social_media_addresses?, private?}
merge       {candidate_id: survivor, secondary_candidate_id}
delete      {candidate_id}                                anonymize {candidate_id, fields}
add_job     {name, requisition_id?, stages?, openings?}   close_job, reopen_job, delete_job {job_id}
add_stage   {job_id, name, sort_order?}                   rename_stage {stage_id | job_id + stage, name}
remove_stage {stage_id | job_id + stage, to_stage?}       those in it move on to to_stage or the first other
update_job  {job_id, name?, requisition_id?, confidential?}
native_export {people: [{first_name, last_name, company?, title?}], job_id}   LinkedIn's own connector exports them:
                          no address and no e-mail, each InMail as a note of type LINKEDIN_INMAIL (S16; text INVENTED)
add_note    {candidate_id, body, type?, visibility?}      any type, LINKEDIN_NOTE and LINKEDIN_INMAIL too
set_webhook {url, secret, id?, actions?: [...], authorization?, ping?: true}   all actions unless named
disable_webhook, remove_webhook {id?}
settings    {visible_after, ceiling, token_ceiling, token_seconds, cas, cas_status, revoke_old_token,
            non_admin, scopes, strict_params, one_application_per_job, retry_scale}
revoke_tokens {}   every token minted so far is dead
A candidate or an application may also be named by {"email": ...} or {"email", "job_id"}.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from apps.sandbox.greenhouse import payloads, scenario
from apps.sandbox.greenhouse.auth import Auth
from apps.sandbox.greenhouse.hooks import Hook
from apps.sandbox.greenhouse.store import Refusal, Row, public
from apps.sandbox.greenhouse.tenant import Tenant
from apps.sandbox.kernel import ActError

PERSON_FIELDS = (
    "first_name",
    "last_name",
    "company",
    "title",
    "email_addresses",
    "phone_numbers",
    "social_media_addresses",
    "website_addresses",
    "tags",
    "private",
)


class Acts:
    """The hands in Greenhouse: each method named do_<act> takes the act's arguments."""

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
            return self._told(verb(args))
        except Refusal as refusal:
            raise ActError(str(refusal)) from None
        except KeyError as missing:
            raise ActError(f"missing or unknown: {missing}") from None

    # --- people

    def do_create_candidate(self, args: Row) -> Row:
        return {"candidate": scenario.add_person(self._tenant, args)}

    def do_apply(self, args: Row) -> Row:
        args.setdefault("job_id", next(iter(self._store.jobs.rows)))
        if "candidate_id" not in args:
            person = scenario.add_person(self._tenant, args)
        else:
            person = self._candidate(args)
            self._tenant.create_application(person, scenario.application_wish(self._tenant, args), lag=0)
        return {"candidate": person, "application": self._store.applications.where("candidate_id", person["id"])[-1]}

    def do_native_export(self, args: Row) -> Row:
        made = []
        for person in args["people"]:
            bare = {name: person.get(name, "") for name in ("first_name", "last_name", "company", "title")}
            made.append(self.do_apply({**bare, "job_id": args["job_id"]})["candidate"])
            self.do_add_note({"candidate_id": made[-1]["id"], "body": "InMail", "type": "LINKEDIN_INMAIL"})
        return {"candidates": made}

    def do_update_candidate(self, args: Row) -> Row:
        values = {name: args[name] for name in PERSON_FIELDS if name in args}
        return {"candidate": self._tenant.update_candidate(self._candidate(args), values)}

    def do_merge(self, args: Row) -> Row:
        loser = self._candidate({"candidate_id": args["secondary_candidate_id"]})
        return {"candidate": self._tenant.merge(self._candidate(args), loser)}

    def do_delete(self, args: Row) -> Row:
        self._tenant.delete_candidate(self._candidate(args))
        return {}

    def do_anonymize(self, args: Row) -> Row:
        return {"candidate": self._tenant.anonymize(self._candidate(args), args["fields"])}

    def do_add_note(self, args: Row) -> Row:
        now, person = self._tenant.now(), self._candidate(args)
        note = {
            "candidate_id": person["id"], "application_id": args.get("application_id"),
            "user_id": args.get("user_id", scenario.FIRST_USER), "body": args["body"],
            "type": args.get("type", "NOTE"), "visibility": args.get("visibility", "publicly_visible"),
            "created_at": now, "updated_at": now,
        }  # fmt: skip
        return {"note": self._store.notes.add(note)}

    # --- applications

    def do_move(self, args: Row) -> Row:
        moved = self._applications(args)
        for row in moved:
            job_id = args.get("to_job_id")
            stage = self._stage(job_id or row["job_id"], args["stage"])["id"] if "stage" in args else None
            self._tenant.move(row, stage, job_id)
        return {"applications": moved}

    def do_reject(self, args: Row) -> Row:
        return self._each(args, lambda row: self._tenant.reject(row, args.get("rejection_reason_id")))

    def do_unreject(self, args: Row) -> Row:
        return self._each(args, self._tenant.unreject)

    def do_unhire(self, args: Row) -> Row:
        return self._each(args, self._tenant.unhire)

    def do_hire(self, args: Row) -> Row:
        def hire(row: Row) -> None:
            if not self._store.open_openings(row["job_id"]):
                scenario.add_opening(self._tenant, self._job(row), len(self._store.openings.rows) + 1)
            self._tenant.hire(row, args.get("opening_id") or self._store.open_openings(row["job_id"])[0]["id"])

        return self._each(args, hire)

    def do_update_application(self, args: Row) -> Row:
        values: Row = {name: args[name] for name in ("source_id", "recruiter_id", "coordinator_id") if name in args}
        return self._each(args, lambda row: self._tenant.update_application(row, values))

    def do_delete_application(self, args: Row) -> Row:
        for row in self._applications(args):
            self._tenant.delete_application(row)
        return {}

    # --- jobs and stages

    def do_add_job(self, args: Row) -> Row:
        count = len(self._store.jobs.rows)
        job = scenario.add_job(self._tenant, args, stages=scenario.STAGES, number=count)
        self._tell_job("job_created", job)
        return {"job": job, "stages": [public(row) for row in self._store.stages_of(job["id"])]}

    def do_close_job(self, args: Row) -> Row:
        return self._change_job(args, status="closed", closed_at=self._tenant.now())

    def do_reopen_job(self, args: Row) -> Row:
        return self._change_job(args, status="open", closed_at=None)

    def do_update_job(self, args: Row) -> Row:
        names = ("name", "requisition_id", "confidential")
        return self._change_job(args, **{name: args[name] for name in names if name in args})

    def do_delete_job(self, args: Row) -> Row:
        job = self._job(args)
        self._store.jobs.remove(job["id"])
        for stage in self._store.job_interview_stages.where("job_id", job["id"]):
            self._store.job_interview_stages.remove(stage["id"])
        self._tell_job("job_deleted", job)
        return {}

    def do_add_stage(self, args: Row) -> Row:
        order = args.get("sort_order", len(self._store.stages_of(args["job_id"])))
        return {"stage": scenario.add_stage(self._tenant, self._job(args)["id"], args["name"], order)}

    def do_rename_stage(self, args: Row) -> Row:
        stage = self._stage_named(args)
        stage.update(name=args["name"], updated_at=self._tenant.now())
        for row in self._store.applications.where("job_id", stage["job_id"]):
            if row["job_interview_stage_id"] == stage["id"]:
                row["stage_name"] = args["name"]
        return {"stage": stage}

    def do_remove_stage(self, args: Row) -> Row:
        stage = self._stage_named(args)
        others = [row for row in self._store.stages_of(stage["job_id"]) if row["id"] != stage["id"]]
        if not others:
            raise ActError("the last stage of a job cannot be removed")
        to = self._stage(stage["job_id"], args["to_stage"]) if "to_stage" in args else others[0]
        for row in self._store.applications.where("job_id", stage["job_id"]):
            if row["job_interview_stage_id"] == stage["id"] and row["status"] == "in_process":
                self._tenant.move(row, to["id"])
        stage.update(active=False, updated_at=self._tenant.now())
        self._tenant.hooks.emit("job_interview_stage_deleted", {"job_interview_stage": public(stage)})
        return {"stage": stage}

    # --- the integration's own settings

    def do_set_webhook(self, args: Row) -> Row:
        actions = frozenset(args["actions"]) if args.get("actions") else None
        number = int(args.get("id", 1))
        hook = Hook(number, args["url"], args["secret"], actions, authorization=args.get("authorization", ""))
        self._tenant.hooks.add(hook, ping=args.get("ping", True))
        return {"webhooks": self._tenant.hooks.describe()}

    def do_disable_webhook(self, args: Row) -> Row:
        self._tenant.hooks.hooks[int(args.get("id", 1))].enabled = False
        return {"webhooks": self._tenant.hooks.describe()}

    def do_remove_webhook(self, args: Row) -> Row:
        del self._tenant.hooks.hooks[int(args.get("id", 1))]
        return {"webhooks": self._tenant.hooks.describe()}

    def do_settings(self, args: Row) -> Row:
        self._tenant.settings.change(args)
        return vars(self._tenant.settings).copy()

    def do_revoke_tokens(self, args: Row) -> Row:
        self._auth.revoke_all()
        return {}

    # --- finding what is meant

    def _candidate(self, args: Row) -> Row:
        if "email" in args and "candidate_id" not in args:
            found = self._store.candidates.where("email", args["email"].lower())
        else:
            found = [row] if (row := self._store.candidates.get(args["candidate_id"])) else []
        if not found:
            raise ActError(f"no candidate {args.get('candidate_id', args.get('email'))}")
        return found[0]

    def _applications(self, args: Row) -> list[Row]:
        if "email" in args:
            mine = self._store.applications.where("candidate_id", self._candidate(args)["id"])
            return [row for row in mine if args.get("job_id") in (None, row["job_id"])]
        wanted = args["application_ids"] if "application_ids" in args else [args["application_id"]]
        found = [self._store.applications.get(number) for number in wanted]
        if None in found:
            raise ActError(f"no application among {wanted}")
        return [row for row in found if row]

    def _each(self, args: Row, verb: Callable[[Row], Any]) -> Row:
        rows = self._applications(args)
        for row in rows:
            verb(row)
        return {"applications": rows}

    def _job(self, args: Row) -> Row:
        job = self._store.jobs.get(args["job_id"])
        if job is None:
            raise ActError(f"no job {args['job_id']}")
        return job

    def _stage(self, job_id: int, stage: Any) -> Row:
        for row in self._store.stages_of(job_id):
            if stage in (row["id"], row["name"]):
                return row
        raise ActError(f"job {job_id} has no stage {stage!r}")

    def _stage_named(self, args: Row) -> Row:
        row = self._store.job_interview_stages.get(args.get("stage_id"))
        return row or self._stage(args["job_id"], args["stage"])

    def _change_job(self, args: Row, **values: Any) -> Row:
        job = self._job(args)
        self._store.jobs.change(job, **values, updated_at=self._tenant.now())
        self._tell_job("job_updated", job)
        return {"job": job}

    def _tell_job(self, action: str, job: Row) -> None:
        self._tenant.hooks.emit(action, {"job": payloads.job(self._store, job)})

    def _told(self, result: Any) -> Row:
        """An act's answer without what only the sandbox knows."""
        shown: Row = {}
        for name, value in dict(result).items():
            if isinstance(value, list):
                shown[name] = [public(row) if isinstance(row, dict) else row for row in value]
            else:
                shown[name] = public(value) if isinstance(value, dict) else value
        return shown
