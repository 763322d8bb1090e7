"""The write endpoints: validate the JSON body, call one verb of the tenant, answer as v3 does.

Nothing is idempotent: a repeated POST makes a second person.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.responses import JSONResponse, Response

from apps.sandbox.greenhouse.store import Row, forbidden, public, unprocessable
from apps.sandbox.greenhouse.tenant import Tenant

TEXTS = ("first_name", "last_name", "preferred_name", "company", "title", "time_zone")
TYPED_ARRAYS = ("email_addresses", "phone_numbers", "addresses", "website_addresses")
NOTE_TYPES = ("NOTE", "ACTIVITY", "EMAIL")
EMAIL_FIELDS = ("subject", "email_from", "email_to", "email_cc")
VISIBILITIES = {"public": "publicly_visible", "private": "privately_visible", "admin_only": "admin_only_visible"}
APPLICATION_FIELDS = ("source_id", "recruiter_id", "coordinator_id", "referrer_id")


@dataclass(frozen=True)
class Write:
    """A write as it came: the tenant, the id in the path, the JSON body, the fault-made lag of a create."""

    tenant: Tenant
    id: int
    given: Row
    lag: float | None = None


Handler = Callable[[Write], tuple[Response, Any]]


def created(row: Row) -> tuple[Response, Any]:
    return JSONResponse(public(row), 201), row["id"]


def changed(row: Row) -> tuple[Response, Any]:
    return JSONResponse(public(row)), row["id"]


def done(number: int) -> tuple[Response, Any]:
    return Response(status_code=204), number


def create_candidate(write: Write) -> tuple[Response, Any]:
    missing = [name for name in ("first_name", "last_name") if not str(write.given.get(name) or "").strip()]
    if missing:
        raise unprocessable(*({name: "can't be blank"} for name in missing))
    wanted = write.given.get("application")
    applications = [_application(wanted)] if isinstance(wanted, dict) else []
    return created(write.tenant.create_candidate(_person(write.given), applications, lag=write.lag))


def update_candidate(write: Write) -> tuple[Response, Any]:
    row = write.tenant.candidate(write.id)
    return changed(write.tenant.update_candidate(row, _person(write.given)))


def delete_candidate(write: Write) -> tuple[Response, Any]:
    write.tenant.delete_candidate(write.tenant.candidate(write.id))
    return done(write.id)


def merge_candidates(write: Write) -> tuple[Response, Any]:
    survivor = write.tenant.candidate(write.id)
    loser = write.tenant.store.candidates.get(_whole(write.given, "secondary_candidate_id", required=True))
    if loser is None:
        raise unprocessable({"secondary_candidate_id": "must exist"})
    return changed(write.tenant.merge(survivor, loser))


def anonymize_candidate(write: Write) -> tuple[Response, Any]:
    row = write.tenant.candidate(write.id)
    fields = write.given.get("fields")
    return changed(write.tenant.anonymize(row, fields if isinstance(fields, list) else []))


def create_application(write: Write) -> tuple[Response, Any]:
    wanted = _application(write.given)
    candidate = write.tenant.store.candidates.get(_whole(write.given, "candidate_id", required=True))
    if candidate is None:
        raise unprocessable({"candidate_id": "must exist"})
    if not write.tenant.visible(candidate):
        raise forbidden()
    return created(write.tenant.create_application(candidate, wanted, lag=write.lag))


def update_application(write: Write) -> tuple[Response, Any]:
    row = write.tenant.application(write.id)
    values = {name: _whole(write.given, name) for name in APPLICATION_FIELDS if name in write.given}
    return changed(write.tenant.update_application(row, values))


def delete_application(write: Write) -> tuple[Response, Any]:
    write.tenant.delete_application(write.tenant.application(write.id))
    return done(write.id)


def move_application(write: Write) -> tuple[Response, Any]:
    """Compare and swap: from_stage_id must be the present one, by the reading that `cas` chooses."""
    row = write.tenant.application(write.id)
    from_stage = _whole(write.given, "from_stage_id", required=True)
    settings = write.tenant.settings
    present = {"row": [row["stage_id"]], "definition": [row["job_interview_stage_id"]]}
    accepted = present.get(settings.cas, [row["stage_id"], row["job_interview_stage_id"]])
    if from_stage not in accepted:
        refusal = unprocessable({"from_stage_id": "does not match the application's current stage"})
        refusal.status = settings.cas_status
        raise refusal
    write.tenant.move(row, _whole(write.given, "to_stage_id"), _whole(write.given, "to_job_id"))
    return done(write.id)


def reject_application(write: Write) -> tuple[Response, Any]:
    write.tenant.reject(write.tenant.application(write.id), _whole(write.given, "rejection_reason_id"))
    return done(write.id)


def unreject_application(write: Write) -> tuple[Response, Any]:
    write.tenant.unreject(write.tenant.application(write.id))
    return done(write.id)


def hire_application(write: Write) -> tuple[Response, Any]:
    write.tenant.hire(write.tenant.application(write.id), _whole(write.given, "opening_id"))
    return done(write.id)


def create_note(write: Write) -> tuple[Response, Any]:
    """Notes are written once: there is no edit and no delete."""
    given, tenant = write.given, write.tenant
    kind, visibility = given.get("note_type", "NOTE"), given.get("visibility", "public")
    if kind not in NOTE_TYPES:
        raise unprocessable({"note_type": f"value must be one of: {', '.join(NOTE_TYPES)}"})
    if visibility not in VISIBILITIES:
        raise unprocessable({"visibility": f"value must be one of: {', '.join(VISIBILITIES)}"})
    wrong = [name for name in EMAIL_FIELDS if (name in given) is not (kind == "EMAIL")]
    if wrong:
        text = "is missing" if kind == "EMAIL" else "is not allowed"
        raise unprocessable(*({name: text} for name in wrong))
    if not str(given.get("body") or "").strip():
        raise unprocessable({"body": "can't be blank"})
    candidate = tenant.store.candidates.get(_whole(given, "candidate_id", required=True))
    author = tenant.store.user(_whole(given, "user_id", required=True))
    if candidate is None or author is None:
        raise unprocessable({"candidate_id" if candidate is None else "user_id": "must exist"})
    note = {
        "candidate_id": candidate["id"], "application_id": _whole(given, "application_id"), "user_id": author["id"],
        "body": given["body"], "type": kind, "visibility": VISIBILITIES[visibility], "created_at": tenant.now(),
        "updated_at": tenant.now(), **{name: given.get(name) for name in EMAIL_FIELDS},
    }  # fmt: skip
    return created(tenant.store.notes.add(note))


def create_attachment(write: Write) -> tuple[Response, Any]:
    application = write.tenant.application(_whole(write.given, "application_id", required=True))
    names = ("filename", "type", "visibility")
    row = {
        **{name: write.given.get(name) for name in names}, "application_id": application["id"],
        "candidate_id": application["candidate_id"], "created_at": write.tenant.now(),
        "updated_at": write.tenant.now(), "url": write.given.get("url"),
    }  # fmt: skip
    return created(write.tenant.store.attachments.add(row))


# operation, method, path pattern, scope, handler
WRITES: tuple[tuple[str, str, str, str, Handler], ...] = (
    ("create_candidate", "POST", r"candidates", "candidates:create", create_candidate),
    ("update_candidate", "PATCH", r"candidates/(\d+)", "candidates:update", update_candidate),
    ("delete_candidate", "DELETE", r"candidates/(\d+)", "candidates:destroy", delete_candidate),
    ("merge_candidates", "POST", r"candidates/(\d+)/merge", "candidates:merge", merge_candidates),
    ("anonymize_candidate", "PATCH", r"candidates/(\d+)/anonymize", "candidates:anonymize", anonymize_candidate),
    ("create_application", "POST", r"applications", "applications:create", create_application),
    ("update_application", "PATCH", r"applications/(\d+)", "applications:update", update_application),
    ("delete_application", "DELETE", r"applications/(\d+)", "applications:destroy", delete_application),
    ("move_application", "POST", r"applications/(\d+)/move", "applications:move", move_application),
    ("reject_application", "POST", r"applications/(\d+)/reject", "applications:reject", reject_application),
    ("unreject_application", "POST", r"applications/(\d+)/unreject", "applications:unreject", unreject_application),
    ("hire_application", "POST", r"applications/(\d+)/hire", "applications:hire", hire_application),
    ("create_note", "POST", r"notes", "notes:create", create_note),
    ("create_attachment", "POST", r"attachments", "attachments:create", create_attachment),
)


def _person(given: Mapping[str, Any]) -> Row:
    """The person's fields out of a body; arrays come whole and replace whole."""
    values: Row = {name: given[name] for name in TEXTS if name in given}
    wrong = [{name: "must be a string"} for name, value in values.items() if not isinstance(value, str | None)]
    for name in (*TYPED_ARRAYS, "social_media_addresses"):
        if name in given:
            values[name] = _entries(name, given[name])
    if "tags" in given:
        values["tags"] = list(given["tags"])
    for name, column in (("is_private", "private"), ("can_email", "can_email")):
        if name in given:
            values[column] = bool(given[name])
    if "custom_fields" in given:
        values["custom_fields"] = given["custom_fields"]
    if wrong:
        raise unprocessable(*wrong)
    return values


def _entries(name: str, value: Any) -> list[Row]:
    if not isinstance(value, list):
        raise unprocessable({name: "must be an array"})
    for entry in value:
        if not isinstance(entry, dict) or not isinstance(entry.get("value"), str) or not entry["value"]:
            raise unprocessable({name: "value can't be blank"})
        if name == "email_addresses" and "@" not in entry["value"]:
            raise unprocessable({name: "value is not a valid e-mail address"})
    if name == "social_media_addresses":
        return [{"value": entry["value"]} for entry in value]
    return [{"value": entry["value"], "type": entry.get("type") or "other"} for entry in value]


def _application(given: Mapping[str, Any]) -> Row:
    if given.get("prospect"):
        raise unprocessable({"prospect": "prospects are not imitated by this sandbox"})
    names = (*APPLICATION_FIELDS, "initial_stage_id")
    return {"job_id": _whole(given, "job_id", required=True), **{name: _whole(given, name) for name in names}}


def _whole(given: Mapping[str, Any], name: str, *, required: bool = False) -> int | None:
    value = given.get(name)
    if value is None:
        if required:
            raise unprocessable({name: "is required"})
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise unprocessable({name: "must be an integer"})
    return value
