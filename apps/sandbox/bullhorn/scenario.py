"""What Bullhorn holds after a reset.

A scenario's part for Bullhorn, every key optional:
corporations: [{"name", "id"?}], three unless told; statuses: [names], the tenant's list for all jobs;
jobs: a number, or [{"name", "requisition_id"?, "corporation"?: name or id, "id"?, "openings"?: 1, "open"?: true,
"status"?}]; candidates: [{"first_name", "last_name", "email"?, "linkedin_url"?, "company"?, "title"?, "job_id"?,
"status"?, "id"?}]; users: [{"id", "name", "email"}]; settings: {...} (store.Settings).
"default": two jobs, three people. "many": `jobs` jobs, 50 unless told, nobody in them.
"""

from __future__ import annotations

from typing import Any

from apps.sandbox.bullhorn.store import Row
from apps.sandbox.bullhorn.tenant import API_USER, Hand, Tenant
from apps.sandbox.kernel import ActError

CORPORATIONS = ("Contoso", "Fabrikam", "Tailspin")
USERS = ("Ada Byrne", "Ben Okafor", "Chloe Martin", "Deniz Kaya", "Eva Lindqvist", "Femi Adeyemi")
FIRST_USER = 7051
DEFAULT_JOBS: tuple[Row, ...] = (
    {"name": "Senior Backend Engineer", "requisition_id": "R-101", "openings": 1},
    {"name": "Product Designer", "requisition_id": "R-102", "openings": 2},
)
TITLES = ("Backend Engineer", "Product Designer", "Data Engineer", "Account Executive", "Support Specialist")
PEOPLE = (
    ("Mara", "Novak"),
    ("Tomas", "Rivera"),
    ("Ines", "Duarte"),
    ("Kofi", "Mensah"),
    ("Yuki", "Sato"),
    ("Lena", "Hoffmann"),
)


def fill(tenant: Tenant, wish: dict[str, Any]) -> None:
    """Fill empty tables by a scenario's part."""
    tenant.settings.change(wish.get("settings", {}))
    if "statuses" in wish:
        tenant.statuses[:] = wish["statuses"]
    _add_users(tenant, wish)
    hand = tenant.hand(FIRST_USER, lag=0)
    tenant.store["Category"].add({"name": "Other"})
    for one in wish.get("corporations", [{"name": name} for name in CORPORATIONS]):
        add_corporation(tenant, one, hand)
    for number, job in enumerate(_jobs_wished(wish)):
        add_job(tenant, job, hand, number=number)
    for person in wish["candidates"] if "candidates" in wish else _default_people(tenant, wish):
        add_person(tenant, person, hand)


def add_corporation(tenant: Tenant, given: Row, hand: Hand) -> Row:
    """A client corporation with somebody there to talk to."""
    values: Row = {name: given[name] for name in ("id", "name") if name in given}
    row = tenant.create("ClientCorporation", values, hand)
    contact = {"name": "Hiring Manager", "firstName": "Hiring", "lastName": "Manager", "status": "Active"}
    tenant.create("ClientContact", {**contact, "clientCorporation": {"id": row["id"]}}, hand)
    return row


def corporation(tenant: Tenant, given: Row) -> Row:
    """The one that is named by name or id, else the first. Raises ActError."""
    table, wanted = tenant.store["ClientCorporation"], given.get("corporation")
    found = next(iter(table.rows.values()), None) if wanted is None else table.get(wanted)
    found = found or tenant.store.named("ClientCorporation", str(wanted))
    if found is None:
        raise ActError(f"no corporation {wanted!r}")
    return found


def add_job(tenant: Tenant, job: Row, hand: Hand, *, number: int = 0) -> Row:
    client = corporation(tenant, job)
    contacts = tenant.store["ClientContact"].where("clientCorporation", client["id"])
    values: Row = {
        "title": job.get("name") or f"Job {number + 1}",
        "externalID": job.get("requisition_id") or f"R-{101 + number}", "status": "Accepting Candidates",
        "isOpen": bool(job.get("open", True)), "employmentType": "Direct Hire",
        "numOpenings": int(job.get("openings", 1)), "clientCorporation": {"id": client["id"]},
        "clientContact": {"id": contacts[-1]["id"]}, **{key: job[key] for key in ("id", "status") if key in job},
    }  # fmt: skip
    return tenant.create("JobOrder", values, hand)


def add_person(tenant: Tenant, person: Row, hand: Hand) -> Row:
    """Add a candidate, submitted to a job where `job_id` is given. Raises Refusal."""
    first, last = person.get("first_name", ""), person.get("last_name", "")
    values: Row = {
        "firstName": first, "lastName": last, "name": f"{first} {last}".strip(), "email": person.get("email"),
        "companyName": person.get("company"), "occupation": person.get("title"),
        "companyURL": person.get("linkedin_url"), "status": "Active",
        **({"id": person["id"]} if "id" in person else {}),
    }  # fmt: skip
    row = tenant.create("Candidate", values, hand)
    if person.get("job_id"):
        submit(tenant, row, person, hand)
    return row


def submit(tenant: Tenant, person: Row, given: Row, hand: Hand) -> Row:
    values = {
        "candidate": {"id": person["id"]}, "jobOrder": {"id": given["job_id"]},
        "status": given.get("status") or given.get("stage") or "Submitted", "sendingUser": {"id": hand.user},
        "dateWebResponse": tenant.now(), "source": given.get("source"),
    }  # fmt: skip
    return tenant.create("JobSubmission", values, hand)


def _add_users(tenant: Tenant, wish: dict[str, Any]) -> None:
    named = [
        {"id": FIRST_USER + n, "name": name, "email": f"{name.replace(' ', '.').lower()}@northwind.test"}
        for n, name in enumerate(USERS)
    ]
    service = {"id": API_USER, "name": "Northwind API", "email": "api@northwind.test"}
    for user in [service, *wish.get("users", named)]:
        first, _, last = user["name"].partition(" ")
        row = {
            "id": user["id"], "name": user["name"], "firstName": first, "lastName": last, "email": user["email"],
            "username": user["email"].partition("@")[0], "enabled": True, "isDeleted": False,
        }  # fmt: skip
        tenant.store["CorporateUser"].add(row)


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
    chance, jobs = tenant.world.random, list(tenant.store["JobOrder"].rows)
    return [
        {
            "first_name": first, "last_name": last, "email": f"{first}.{last}@mail.test".lower(),
            "linkedin_url": f"https://www.linkedin.com/in/{first}-{last}".lower(), "job_id": chance.choice(jobs),
            "title": chance.choice(TITLES),
        }
        for first, last in chance.sample(PEOPLE, 3)
    ]  # fmt: skip
