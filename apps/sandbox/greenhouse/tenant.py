"""What can happen in Greenhouse, by whatever hand: the API and the acts both call these verbs.

Every verb raises `Refusal` before it changes anything, and tells the webhooks afterwards.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from apps.sandbox.clock import iso
from apps.sandbox.greenhouse import payloads
from apps.sandbox.greenhouse.hooks import Hooks
from apps.sandbox.greenhouse.store import Row, Settings, Store, not_found, unprocessable

if TYPE_CHECKING:
    from apps.sandbox.kernel import World

NEW_CANDIDATE: Row = {
    "first_name": "", "last_name": "", "preferred_name": None, "company": None, "title": None,
    "email_addresses": [], "phone_numbers": [], "addresses": [], "social_media_addresses": [],
    "website_addresses": [], "tags": [], "private": False, "can_email": True, "custom_fields": {},
    "linked_user_ids": [], "time_zone": None,
}  # fmt: skip
ANONYMOUS: Row = {
    "full_name": {"first_name": "Anonymized", "last_name": "Candidate"},
    "current_company": {"company": None}, "current_title": {"title": None},
    "email_addresses": {"email_addresses": []}, "phone_numbers": {"phone_numbers": []},
    "addresses": {"addresses": []}, "social_media_links": {"social_media_addresses": []},
    "websites": {"website_addresses": []}, "tags": {"tags": []}, "custom_candidate_fields": {"custom_fields": {}},
    "notes": {}, "inmails": {}, "innotes": {}, "candidate_stage_data": {},
}  # fmt: skip
CONTACTS = ("email_addresses", "phone_numbers", "addresses", "social_media_addresses", "website_addresses", "tags")


class Tenant:
    """One organisation: its tables, its webhooks, its verbs."""

    def __init__(self, world: World, store: Store, settings: Settings, hooks: Hooks) -> None:
        self.world = world
        self.store = store
        self.settings = settings
        self.hooks = hooks

    # --- reading

    def visible(self, row: Row) -> bool:
        """Whether a new record can be seen yet."""
        return bool(row.get("_visible_at", "") <= self.now())

    def now(self) -> str:
        return iso(self.world.clock.now())

    def candidate(self, number: Any) -> Row:
        row = self.store.candidates.get(number)
        if row is None or not self.visible(row):
            raise not_found()
        return row

    def application(self, number: Any) -> Row:
        row = self.store.applications.get(number)
        if row is None or not self.visible(row):
            raise not_found()
        return row

    # --- people

    def create_candidate(self, values: Row, applications: list[Row], *, lag: float | None = None) -> Row:
        """Add a person, and an application for each of `applications` (see `create_application`)."""
        for wanted in applications:
            self._check_application(wanted)
        row = self.store.candidates.add({**NEW_CANDIDATE, **values, **self._born(lag)})
        for wanted in applications:
            self._add_application(row, wanted, lag=lag)
        return row

    def update_candidate(self, row: Row, values: Row) -> Row:
        """Set fields; arrays are replaced whole."""
        self.store.candidates.change(row, **values, **self._touched())
        self.hooks.emit("update_candidate", {"candidate": payloads.candidate(self.store, row)})
        return row

    def delete_candidate(self, row: Row) -> None:
        """Delete a person with all applications: one event, none for the applications."""
        mine = self.store.applications.where("candidate_id", row["id"])
        for application in mine:
            self._forget_application(application)
        self.store.candidates.remove(row["id"])
        gone = {**payloads.person(row), "deleted_application_ids": [application["id"] for application in mine]}
        self.hooks.emit("delete_candidate", {"person": gone})

    def merge(self, survivor: Row, loser: Row) -> Row:
        """Move everything of the loser to the survivor; applications to the same job collapse."""
        if survivor["id"] == loser["id"]:
            raise unprocessable("A candidate cannot be merged into itself")
        held = {application["job_id"] for application in self.store.applications.where("candidate_id", survivor["id"])}
        lost = []
        for application in self.store.applications.where("candidate_id", loser["id"]):
            if application["job_id"] in held:
                lost.append(payloads.deleted_application(application))
                self._forget_application(application)
            else:
                held.add(application["job_id"])
                self.store.applications.change(application, candidate_id=survivor["id"], **self._touched())
        for note in self.store.notes.where("candidate_id", loser["id"]):
            self.store.notes.change(note, candidate_id=survivor["id"])
        self._join_contacts(survivor, loser)
        self.store.candidates.remove(loser["id"])
        self.hooks.emit_merge(
            {"person": payloads.merged_person(loser, survivor["id"])},
            {"person": {**payloads.person(loser), "deleted_application_ids": []}},
        )
        for gone in lost:
            self.hooks.emit("delete_application", {"application": gone})
        return survivor

    def anonymize(self, row: Row, fields: list[str]) -> Row:
        unknown = [name for name in fields if name not in ANONYMOUS]
        if unknown or not fields:
            raise unprocessable({"fields": f"is not included in the list: {', '.join(unknown)}"})
        changes: Row = {}
        for name in fields:
            changes.update(ANONYMOUS[name])
        self.store.candidates.change(row, **changes, **self._touched())
        if "candidate_stage_data" in fields:
            self._reset_stages(row)
        self.hooks.emit("candidate_anonymized", {"candidate_id": row["id"], "anonymized_fields": fields})
        return row

    # --- applications

    def create_application(self, candidate: Row, wanted: Row, *, lag: float | None = None) -> Row:
        """Attach a person to a job: job_id, and initial_stage_id, source_id, recruiter_id ... at will."""
        self._check_application(wanted)
        mine = self.store.applications.where("candidate_id", candidate["id"])
        if self.settings.one_application_per_job and any(row["job_id"] == wanted["job_id"] for row in mine):
            raise unprocessable("Candidate already has an application for this job")
        return self._add_application(candidate, wanted, lag=lag)

    def update_application(self, row: Row, values: Row) -> Row:
        self._check_references(values)
        self.store.applications.change(row, **values, **self._touched())
        self._tell("application_updated", row)
        return row

    def delete_application(self, row: Row) -> None:
        flat = payloads.deleted_application(row)
        self._forget_application(row)
        self.hooks.emit("delete_application", {"application": flat})

    def move(self, row: Row, to_stage_id: int | None = None, to_job_id: int | None = None) -> None:
        """Move to a stage, to another job, or, with neither, one stage on."""
        self._must_be(row, "in_process")
        if to_job_id is not None:
            self._transfer(row, to_job_id, to_stage_id)
            return
        stage = self._stage(row["job_id"], to_stage_id) if to_stage_id else self._following(row)
        self._enter_stage(row, stage)
        self._tell("candidate_stage_change", row)

    def reject(self, row: Row, reason_id: int | None = None) -> None:
        self._must_be(row, "in_process")
        if reason_id is not None and self.store.rejection_reasons.get(reason_id) is None:
            raise unprocessable({"rejection_reason_id": "is invalid"})
        now = self.now()
        self._change(row, status="rejected", rejected_at=now, _rejection_reason_id=reason_id)
        self._tell("reject_candidate", row)

    def unreject(self, row: Row) -> None:
        self._must_be(row, "rejected")
        self._change(row, status="in_process", rejected_at=None, _rejection_reason_id=None)
        self._tell("unreject_candidate", row)

    def hire(self, row: Row, opening_id: int | None = None) -> None:
        """Hire into an opening, which closes; it must be named where more than one is open."""
        self._must_be(row, "in_process")
        openings = self.store.open_openings(row["job_id"])
        if not openings:
            raise unprocessable("There are no open openings on this job")
        if opening_id is None and len(openings) > 1:
            raise unprocessable({"opening_id": "is required when the job has more than one open opening"})
        chosen = [opening for opening in openings if opening_id in (None, opening["id"])]
        if not chosen:
            raise unprocessable({"opening_id": "is not an open opening of this job"})
        closed = {"open": False, "closed_at": self.now(), "application_id": row["id"]}
        self.store.openings.change(chosen[0], **closed, **self._touched())
        self._change(row, status="hired")
        self._tell("hire_candidate", row, opening={"id": chosen[0]["id"], "opening_id": chosen[0]["opening_id"]})

    def unhire(self, row: Row) -> None:
        self._must_be(row, "hired")
        for opening in self.store.openings.where("job_id", row["job_id"]):
            if opening["application_id"] == row["id"]:
                self.store.openings.change(opening, open=True, closed_at=None, application_id=None)
        self._change(row, status="in_process")
        self._tell("unhire_candidate", row)

    # --- the parts

    def _check_application(self, wanted: Row) -> None:
        job = self.store.jobs.get(wanted.get("job_id"))
        if job is None:
            raise unprocessable({"job_id": "must exist"})
        if job["status"] != "open":
            raise unprocessable({"job_id": "must be an open job"})
        if wanted.get("initial_stage_id") is not None:
            self._stage(job["id"], wanted["initial_stage_id"])
        self._check_references(wanted)

    def _check_references(self, wanted: Row) -> None:
        for name, table in (
            ("source_id", self.store.sources), ("recruiter_id", self.store.users),
            ("coordinator_id", self.store.users), ("referrer_id", self.store.users),
        ):  # fmt: skip
            if wanted.get(name) is not None and table.get(wanted[name]) is None:
                raise unprocessable({name: "must exist"})

    def _add_application(self, candidate: Row, wanted: Row, *, lag: float | None) -> Row:
        job_id = wanted["job_id"]
        stage_id = wanted.get("initial_stage_id")
        stage = self._stage(job_id, stage_id) if stage_id else self.store.stages_of(job_id)[0]
        row = self.store.applications.add(
            {
                "candidate_id": candidate["id"], "job_id": job_id, "stage_id": None, "stage_name": None,
                "job_interview_stage_id": None, "status": "in_process", "prospect": False,
                "prospective_job_ids": [], "recruiter_id": wanted.get("recruiter_id"),
                "coordinator_id": wanted.get("coordinator_id"), "source_id": wanted.get("source_id"),
                "referrer_id": wanted.get("referrer_id"), "rejected_at": None, "_rejection_reason_id": None,
                **self._born(lag),
            }
        )  # fmt: skip
        self._enter_stage(row, stage)
        self._tell("new_candidate_application", row)
        return row

    def _enter_stage(self, row: Row, stage: Row) -> None:
        """Close the current history row and open one; `stage_id` names the new history row."""
        now = self.now()
        for past in self.store.application_stages.where("application_id", row["id"]):
            if past["current"]:
                past.update(current=False, exited_at=now, updated_at=now)
        entered = self.store.application_stages.add(
            {
                "application_id": row["id"], "job_interview_stage_id": stage["id"], "current": True,
                "entered_at": now, "exited_at": None, "days_in_stage": 0, "created_at": now, "updated_at": now,
                "_visible_at": row.get("_visible_at", ""),
            }
        )  # fmt: skip
        self._change(row, stage_id=entered["id"], stage_name=stage["name"], job_interview_stage_id=stage["id"])

    def _transfer(self, row: Row, job_id: int, stage_id: int | None) -> None:
        self._check_application({"job_id": job_id})
        stage = self._stage(job_id, stage_id) if stage_id else self.store.stages_of(job_id)[0]
        self.store.applications.change(row, job_id=job_id)
        self._enter_stage(row, stage)
        self._tell("candidate_stage_change", row)

    def _stage(self, job_id: int, stage_id: Any) -> Row:
        stage = self.store.job_interview_stages.get(stage_id)
        if stage is None or stage["job_id"] != job_id or not stage["active"]:
            raise unprocessable({"to_stage_id": "is not a stage of this job"})
        return stage

    def _following(self, row: Row) -> Row:
        stages = self.store.stages_of(row["job_id"])
        ids = [stage["id"] for stage in stages]
        place = ids.index(row["job_interview_stage_id"]) if row["job_interview_stage_id"] in ids else -1
        if place + 1 >= len(stages):
            raise unprocessable("The application is in the last stage")
        return stages[place + 1]

    def _must_be(self, row: Row, status: str) -> None:
        if row["status"] != status:
            raise unprocessable(f"Application is {row['status']}, not {status}")

    def _change(self, row: Row, **values: Any) -> None:
        self.store.applications.change(row, **values, **self._touched())
        person = self.store.candidates.get(row["candidate_id"])
        if person is not None:
            person["last_activity_at"] = row["last_activity_at"]

    def _forget_application(self, row: Row) -> None:
        for past in self.store.application_stages.where("application_id", row["id"]):
            self.store.application_stages.remove(past["id"])
        self.store.applications.remove(row["id"])

    def _reset_stages(self, candidate: Row) -> None:
        for row in self.store.applications.where("candidate_id", candidate["id"]):
            for past in self.store.application_stages.where("application_id", row["id"]):
                self.store.application_stages.remove(past["id"])
            self._enter_stage(row, self.store.stages_of(row["job_id"])[0])

    def _join_contacts(self, survivor: Row, loser: Row) -> None:
        joined = {name: [*survivor[name], *(e for e in loser[name] if e not in survivor[name])] for name in CONTACTS}
        self.store.candidates.change(survivor, **joined, **self._touched())

    def _born(self, lag: float | None) -> Row:
        now = self.world.clock.now()
        delay = self.settings.visible_after if lag is None else lag
        stamp = iso(now)
        return {
            "last_activity_at": stamp, "created_at": stamp, "updated_at": stamp,
            "_visible_at": iso(now + timedelta(seconds=delay)),
        }  # fmt: skip

    def _touched(self) -> Row:
        now = self.now()
        return {"updated_at": now, "last_activity_at": now}

    def _tell(self, action: str, row: Row, **more: Any) -> None:
        self.hooks.emit(action, payloads.of_application(self.store, row, **more))
