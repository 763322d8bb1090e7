"""The webhooks' bodies: v1-shaped, unlike the API's v3 rows."""

from __future__ import annotations

from typing import Any

from apps.sandbox.greenhouse.store import Row, Store

STATUS = {"in_process": "active"}


def person_url(candidate_id: int, application_id: int) -> str:
    return f"https://app.greenhouse.io/people/{candidate_id}?application_id={application_id}"


def candidate(store: Store, row: Row) -> Row:
    """The person inside an application's payload."""
    return {
        "id": row["id"], "first_name": row["first_name"], "last_name": row["last_name"],
        "title": row["title"], "company": row["company"], "external_id": None,
        "created_at": row["created_at"], "is_private": row["private"], "can_email": row["can_email"],
        "email_addresses": row["email_addresses"], "phone_numbers": row["phone_numbers"],
        "addresses": row["addresses"], "website_addresses": row["website_addresses"],
        "social_media_addresses": row["social_media_addresses"], "recruiter": None, "coordinator": None,
        "attachments": [], "tags": row["tags"], "custom_fields": {},
    }  # fmt: skip


def job(store: Store, row: Row) -> Row:
    department = store.departments.get(row["department_id"])
    offices = [office for number in row["office_ids"] if (office := store.offices.get(number))]
    return {
        "id": row["id"], "name": row["name"], "requisition_id": row["requisition_id"], "status": row["status"],
        "departments": [{"id": department["id"], "name": department["name"]}] if department else [],
        "offices": [{"id": office["id"], "name": office["name"]} for office in offices],
    }  # fmt: skip


def application(store: Store, row: Row) -> Row:
    """The application's payload, the person and the job embedded."""
    source, reason = store.sources.get(row["source_id"]), store.rejection_reasons.get(row["_rejection_reason_id"])
    person, of_job = store.candidates.get(row["candidate_id"]), store.jobs.get(row["job_id"])
    hired = row["status"] == "hired"
    return {
        "id": row["id"], "status": STATUS.get(row["status"], row["status"]), "prospect": row["prospect"],
        "applied_at": row["created_at"], "rejected_at": row["rejected_at"],
        "last_activity_at": row["last_activity_at"],
        "url": person_url(row["candidate_id"], row["id"]),
        "source": {"id": source["id"], "name": source["name"]} if source else None,
        "credited_to": user(store, row["referrer_id"]),
        "rejection_reason": reason and {"id": reason["id"], "name": reason["name"], "type": reason["type"]},
        "rejection_details": None,
        "current_stage": None if hired else current_stage(row),
        "custom_fields": {},
        "candidate": candidate(store, person) if person else None,
        "jobs": [job(store, of_job)] if of_job else [],
    }  # fmt: skip


def current_stage(row: Row) -> Row | None:
    if row["job_interview_stage_id"] is None:
        return None
    return {"id": row["job_interview_stage_id"], "name": row["stage_name"], "interviews": []}


def user(store: Store, number: int | None) -> Row | None:
    row = store.users.get(number)
    if row is None:
        return None
    return {"id": row["id"], "email": row["primary_email"], "name": row["name"], "employee_id": None}


def deleted_application(row: Row) -> Row:
    """`delete_application` has a flat shape of its own."""
    names = ("id", "candidate_id", "job_id", "source_id", "rejected_at", "referrer_id", "prospect")
    return {**{name: row[name] for name in names}, "rejected_by_user_id": None, "status": row["status"]}


def person(row: Row) -> Row:
    return {"id": row["id"], "first_name": row["first_name"], "last_name": row["last_name"]}


def merged_person(row: Row, survivor_id: int) -> Row:
    return {
        **person(row), "is_private": row["private"], "recruiter_user_id": None, "coordinator_user_id": None,
        "can_email": row["can_email"], "new_candidate_id": survivor_id,
    }  # fmt: skip


def of_application(store: Store, row: Row, **more: Any) -> Row:
    return {"application": {**application(store, row), **more}}
