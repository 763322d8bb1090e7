"""What Lever holds after a reset.

A scenario's part for Lever, every key optional:
stages: [names]; jobs: a number, or [{"name", "requisition_id"?, "state"?, "channels"?, "confidential"?, "team"?,
"openings"?: 1 or "unlimited" or 0 for no requisition}];
candidates: [{"first_name", "last_name", "email"?, "linkedin_url"?, "headline"?, "job"?: name, "stage"?: name,
"confidential"?, "old"?: not changed since Lever keeps the time of it, and archived in the older shape}];
users: [{"name", "email", "deactivated"?}]; settings: {...} (store.Settings);
keys: [{"key", "confidential"?, "scopes"?}]. Keys unless told: sandbox-lever-key, which sees what is confidential,
and sandbox-lever-plain-key, which does not. OAuth: client sandbox-lever-client, secret sandbox-lever-secret.
"default": two postings, three people.
"""

from __future__ import annotations

from typing import Any

from apps.sandbox.lever.auth import Auth, Key
from apps.sandbox.lever.store import Row
from apps.sandbox.lever.tenant import UNLIMITED, Tenant

STAGES = (
    "New Lead",
    "Reached Out",
    "Responded",
    "New Applicant",
    "Phone Screen",
    "On-site",
    "Reference Check",
    "Offer",
)
USERS = ("Ada Byrne", "Ben Okafor", "Chloe Martin", "Deniz Kaya", "Eva Lindqvist", "Femi Adeyemi")
SOURCES = ("LinkedIn", "Referral", "Job site", "Agency: Northwind Search")
REASONS = (
    ("Underqualified", "non-hired"),
    ("Withdrew", "non-hired"),
    ("Position closed", "non-hired"),
    ("Hired", "hired"),
)
JOBS: tuple[Row, ...] = (
    {"name": "Senior Backend Engineer", "requisition_id": "R-101"},
    {"name": "Product Designer", "requisition_id": "R-102"},
)
PEOPLE: tuple[Row, ...] = (
    {"first_name": "Mara", "last_name": "Novak", "email": "mara@mail.test"},
    {"first_name": "Tomas", "last_name": "Rivera", "linkedin_url": "https://www.linkedin.com/in/tomas-rivera"},
    {"first_name": "Ines", "last_name": "Duarte", "email": "ines@mail.test"},
)


def fill(tenant: Tenant, auth: Auth, wish: dict[str, Any]) -> None:
    """Fill empty tables by a scenario's part."""
    store = tenant.store
    tenant.settings.change(wish.get("settings", {}))
    users = wish.get("users", [{"name": name, "email": f"{name.split()[0].lower()}@northwind.test"} for name in USERS])
    for user in users:
        gone = tenant.now() if user.get("deactivated") else None
        store.users.add({"id": user.get("id"), "name": user["name"], "email": user["email"], "deactivatedAt": gone})
    for text in wish.get("stages", STAGES):
        store.stages.add({"id": None, "text": text})
    for text, kind in REASONS:
        store.archive_reasons.add({"id": None, "text": text, "status": "active", "type": kind})
    store.sources.extend(SOURCES)
    for number, job in enumerate(_jobs(wish)):
        add_posting(tenant, job, number)
    for person in wish.get("candidates", PEOPLE):
        add_person(tenant, person)
    keys = [{"key": "sandbox-lever-key"}, {"key": "sandbox-lever-plain-key", "confidential": False}]
    for key in wish.get("keys", keys):
        scopes = frozenset(key["scopes"]) if "scopes" in key else None
        auth.keys[key["key"]] = Key(key["key"], key.get("confidential", True), scopes)
    auth.clients["sandbox-lever-client"] = "sandbox-lever-secret"


def _jobs(wish: dict[str, Any]) -> list[Row]:
    jobs = wish.get("jobs", JOBS)
    return [{"name": f"Job {number + 1}"} for number in range(jobs)] if isinstance(jobs, int) else list(jobs)


def add_posting(tenant: Tenant, job: Row, number: int = 0) -> Row:
    """A posting, with its requisition unless it has no openings."""
    store, now = tenant.store, tenant.now()
    code = job.get("requisition_id") or f"R-{101 + number}"
    posting = store.postings.add(
        {
            "id": job.get("id"), "text": job.get("name") or f"Job {number + 1}", "state": job.get("state", "published"),
            "distributionChannels": job.get("channels", ["public"]), "reqCode": code, "requisitionCodes": [code],
            "confidentiality": "confidential" if job.get("confidential") else "non-confidential",
            "categories": {"team": job.get("team", "Product"), "department": "Technology", "location": "Berlin",
                           "commitment": "Full-time"},
            "user": None, "owner": None, "hiringManager": None, "createdAt": now, "updatedAt": now,
            "urls": {"list": "", "show": "", "apply": ""},
        }
    )  # fmt: skip
    openings = job.get("openings", 1)
    if openings:
        total = openings if openings == UNLIMITED else int(openings)
        store.requisitions.add(
            {
                "id": None, "requisitionCode": code, "name": posting["text"], "status": "open",
                "confidentiality": posting["confidentiality"], "headcountTotal": total, "headcountHired": 0,
                "postings": [posting["id"]], "createdAt": now, "updatedAt": now,
            }
        )  # fmt: skip
    return posting


def add_person(tenant: Tenant, person: Row) -> Row:
    """A person, in the posting named `job` (or with the id `job_id`), at the stage named `stage`. Raises Refusal."""
    email, url, job = person.get("email"), person.get("linkedin_url"), person.get("job")
    postings = [row["id"] for row in tenant.store.postings.rows.values() if job and row["text"] == job]
    stages = [row["id"] for row in tenant.store.stages.rows.values() if row["text"] == person.get("stage")]
    names = (person.get("first_name", ""), person.get("last_name", ""))
    wish: Row = {
        "name": " ".join(part for part in names if part), "headline": person.get("headline", ""),
        "emails": [email] if email else [], "links": [url] if url else [], "origin": person.get("origin", "sourced"),
        "sources": person.get("sources", []), "contact": person.get("contact_id"),
        "postings": [person["job_id"]] if person.get("job_id") else postings[:1],
        "stage": stages[0] if stages else None,
        "confidentiality": "confidential" if person.get("confidential") else "non-confidential",
        "_old": bool(person.get("old")),
    }  # fmt: skip
    return tenant.create(wish, lag=person.get("lag", 0))
