"""What Greenhouse holds after a reset.

A scenario's part for Greenhouse, every key optional:
jobs: a number, or [{"name", "requisition_id", "id"?, "status"?, "confidential"?, "openings"?: 1,
"stages"?: [names], "department_id"?, "office_ids"?}]; stages: [names] for all jobs;
candidates: [{"first_name", "last_name", "email"?, "linkedin_url"?, "company"?, "title"?, "private"?,
"job_id"?, "stage"?: name, "id"?}]; settings: {...} (store.Settings);
users: [{"id", "name", "email", "site_admin"?, "sees_private"?}]; clients: [{"id", "secret", "scopes"?}];
webhook: {"url", "secret"} (registered without a ping).
"default": two jobs, three people. "many": `jobs` jobs, 50 unless told, nobody in them.
"""

from __future__ import annotations

from typing import Any

from apps.sandbox.greenhouse.auth import SERVICE_USER, Auth, Client
from apps.sandbox.greenhouse.hooks import Hook
from apps.sandbox.greenhouse.store import Row, Store
from apps.sandbox.greenhouse.tenant import Tenant

STAGES = ("Application Review", "Phone Screen", "Take Home Test", "Onsite", "Reference Check", "Offer")
USERS = ("Ada Byrne", "Ben Okafor", "Chloe Martin", "Deniz Kaya", "Eva Lindqvist", "Femi Adeyemi")
FIRST_USER = 7051
SOURCES = (
    "LinkedIn (Prospecting)",
    "LinkedIn (Ad Posting)",
    "Jobs page on your website",
    "Referral",
    "Indeed",
    "Agency: Northwind Search",
)
REASONS = (
    # name, built in: hidden from the list unless include_defaults=true
    ("Lacking skills", False),
    ("Position filled", False),
    ("Withdrew", True),
    ("Hired elsewhere", True),
    ("Other", True),
)
DEFAULT_JOBS: tuple[Row, ...] = (
    {"name": "Senior Backend Engineer", "requisition_id": "R-101", "openings": 2},
    {"name": "Product Designer", "requisition_id": "R-102", "openings": 1},
)
TITLES = ("Backend Engineer", "Product Designer", "Data Engineer", "Account Executive", "Support Specialist")
PEOPLE = (
    ("Mara", "Novak"),
    ("Tomas", "Rivera"),
    ("Ines", "Duarte"),
    ("Kofi", "Mensah"),
    ("Yuki", "Sato"),
    ("Lena", "Hoffmann"),
    ("Omar", "Haddad"),
    ("Sofia", "Conti"),
    ("Jonas", "Berg"),
    ("Priya", "Nair"),
)
COMPANIES = ("Contoso", "Fabrikam", "Tailspin", "Wingtip", "Adatum")


def fill(tenant: Tenant, auth: Auth, wish: dict[str, Any]) -> None:
    """Fill empty tables by a scenario's part."""
    store, now = tenant.store, tenant.now()
    tenant.settings.change(wish.get("settings", {}))
    _fill_fixed(store, now, wish)
    for number, job in enumerate(_jobs_wished(wish)):
        add_job(tenant, job, stages=wish.get("stages", STAGES), number=number)
    people = wish["candidates"] if "candidates" in wish else _default_people(tenant, wish)
    for person in people:
        add_person(tenant, person)
    for client in wish.get("clients", [{"id": "sandbox-client-1", "secret": "sandbox-secret"}]):
        auth.clients[client["id"]] = Client(client["id"], client["secret"], client.get("scopes"))
    if "webhook" in wish:
        hook = Hook(1, wish["webhook"]["url"], wish["webhook"]["secret"])
        tenant.hooks.add(hook, ping=False)


def add_job(tenant: Tenant, job: Row, *, stages: Any, number: int = 0) -> Row:
    """Add a job with its stages and openings; returns it."""
    store, now = tenant.store, tenant.now()
    row = store.jobs.add(
        {
            "id": job.get("id"), "name": job.get("name") or f"Job {number + 1}",
            "requisition_id": job.get("requisition_id") or f"R-{101 + number}", "status": job.get("status", "open"),
            "department_id": job.get("department_id", 101 + number % 2),
            "office_ids": job.get("office_ids", [201 + number % 2]),
            "confidential": bool(job.get("confidential", False)), "is_template": False, "custom_fields": {},
            "opened_at": now, "closed_at": None, "created_at": now, "updated_at": now,
        }
    )  # fmt: skip
    for order, name in enumerate(job.get("stages", stages)):
        add_stage(tenant, row["id"], name, order)
    for count in range(int(job.get("openings", 1))):
        add_opening(tenant, row, count + 1)
    return row


def add_stage(tenant: Tenant, job_id: int, name: str, order: int) -> Row:
    now = tenant.now()
    stage = {"job_id": job_id, "name": name, "active": True, "sort_order": order, "created_at": now, "updated_at": now}
    return tenant.store.job_interview_stages.add(stage)


def add_opening(tenant: Tenant, job: Row, count: int) -> Row:
    now = tenant.now()
    return tenant.store.openings.add(
        {
            "job_id": job["id"], "opening_id": f"{job['requisition_id']}-{count}", "open": True, "opened_at": now,
            "closed_at": None, "application_id": None, "close_reason_id": None, "created_at": now,
            "updated_at": now,
        }
    )  # fmt: skip


def add_person(tenant: Tenant, person: Row) -> Row:
    """Add a person, in a job where `job_id` is given, at the stage named `stage`. Raises Refusal."""
    url, email = person.get("linkedin_url"), person.get("email")
    values: Row = {
        "id": person.get("id"), "first_name": person.get("first_name", ""), "last_name": person.get("last_name", ""),
        "company": person.get("company"), "title": person.get("title"), "private": bool(person.get("private")),
        "email_addresses": [{"value": email, "type": "personal"}] if email else [],
        "social_media_addresses": [{"value": url}] if url else [],
    }  # fmt: skip
    wanted = [application_wish(tenant, person)] if person.get("job_id") else []
    return tenant.create_candidate(values, wanted, lag=person.get("lag", 0))


def application_wish(tenant: Tenant, given: Row) -> Row:
    """What `create_application` wants, a stage given by name or id."""
    stage = given.get("stage")
    found = [row for row in tenant.store.stages_of(given["job_id"]) if stage in (row["name"], row["id"])]
    return {
        "job_id": given["job_id"], "initial_stage_id": found[0]["id"] if found else None,
        "source_id": given.get("source_id"), "recruiter_id": given.get("recruiter_id"),
    }  # fmt: skip


def _jobs_wished(wish: dict[str, Any]) -> list[Row]:
    many = wish.get("scenario") == "many"
    jobs = wish.get("jobs", 50 if many else list(DEFAULT_JOBS))
    if isinstance(jobs, int):
        return [{"name": f"{TITLES[n % len(TITLES)]} {n + 1}", "requisition_id": f"R-{101 + n}"} for n in range(jobs)]
    return list(jobs)


def _default_people(tenant: Tenant, wish: dict[str, Any]) -> list[Row]:
    """Three people of the seed's choosing, for the default scenario only."""
    if wish.get("scenario") != "default":
        return []
    chance, jobs = tenant.world.random, list(tenant.store.jobs.rows)
    people = []
    for first, last in chance.sample(PEOPLE, 3):
        person = {
            "first_name": first, "last_name": last, "email": f"{first}.{last}@mail.test".lower(),
            "linkedin_url": f"https://www.linkedin.com/in/{first}-{last}".lower(),
            "company": chance.choice(COMPANIES), "title": chance.choice(TITLES),
            "job_id": chance.choice(jobs), "source_id": 303,
        }  # fmt: skip
        people.append(person)
    return people


def _fill_fixed(store: Store, now: str, wish: dict[str, Any]) -> None:
    stamps = {"created_at": now, "updated_at": now}
    service = {"id": SERVICE_USER, "name": "Integration Service User", "email": "isu@northwind.test"}
    named = [
        {"id": FIRST_USER + n, "name": name, "email": f"{name.replace(' ', '.').lower()}@northwind.test"}
        for n, name in enumerate(USERS)
    ]
    for user in [service, *wish.get("users", named)]:
        store.users.add(_user(user, stamps, service_account=user is service))
    for number, name in enumerate(("Engineering", "Design")):
        store.departments.add({"name": name, "parent_id": None, "external_id": f"dept-{number + 1}", **stamps})
    store.departments.add({"name": "Platform", "parent_id": 101, "external_id": "dept-3", **stamps})
    for number, name in enumerate(("Berlin", "London")):
        store.offices.add({"name": name, "parent_id": None, "external_id": f"office-{number + 1}", **stamps})
    for name in SOURCES:
        store.sources.add({"name": name, "public_name": name.split(" (")[0], "type": _source_type(name), **stamps})
    for name, built_in in REASONS:
        kind = {"id": 1, "name": "We rejected them"}
        store.rejection_reasons.add({"name": name, "type": kind, "default": built_in, **stamps})


def _user(given: Row, stamps: Row, *, service_account: bool) -> Row:
    first, _, last = given["name"].partition(" ")
    admin = bool(given.get("site_admin", True))
    return {
        "id": given["id"], "name": given["name"], "first_name": first, "last_name": last,
        "primary_email": given["email"], "employee_id": None, "site_admin": admin,
        "deactivated": bool(given.get("deactivated", False)), "service_account": service_account, **stamps,
        "_sees_private": bool(given.get("sees_private", admin)),
    }  # fmt: skip


def _source_type(name: str) -> Row:
    prospecting = "Prospecting" in name
    return {"id": 1 if prospecting else 2, "name": "Prospecting" if prospecting else "Third-party boards"}
