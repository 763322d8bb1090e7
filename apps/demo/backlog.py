"""What the demo's company has not mapped yet: Projects as recruiters name them, and the jobs that some of them mean."""

from __future__ import annotations

from apps.core import clock
from apps.demo import scenario
from apps.demo.sandbox import Sandbox
from apps.demo.scenario import Company
from apps.mappings import services as mappings
from apps.sync.models import Stream, StreamName

JOBS = (
    ("R-1004", "Site Reliability Engineer"),
    ("R-1005", "Staff Machine Learning Engineer"),
    ("R-1006", "Payroll Specialist"),
    ("R-1007", "Account Executive Nordics"),
    ("R-1008", "Account Executive Benelux"),
    ("R-1009", "Legal Counsel, Funds"),
    ("R-1010", "Financial Controller"),
)
"""A requisition and its job, which no Project feeds yet."""

PROJECTS = (
    "R-1004 Site Reliability Engineer",
    "[R-1005] Staff ML Engineer - Berlin",
    "req 1006 payroll, NW",
    "Northwind - Legal Counsel (Funds)",
    "Account Executive EMEA",
    "Controller / Finance, autumn",
    "R-1099 Geologist",
    "Silver medalists",
    "Talent pool analysts",
)
"""Sure by their requisition, likely by their title, between two jobs, or of no job at all."""


FOLDER = "department"
"""What stands for a client in the demo's Greenhouse; without it nobody but who sees all clients is offered its jobs."""

DEPARTMENTS = ("101", "102")


def open_beside(sandbox: Sandbox, company: Company) -> None:
    """Make them in a sandbox that is at work already, and have both catalogues read again at once."""
    for number, (requisition, name) in enumerate(JOBS):
        department = int(DEPARTMENTS[number % 2])
        sandbox.act("greenhouse", "add_job", name=name, requisition_id=requisition, department_id=department)
    for number, name in enumerate(PROJECTS):
        owner = f"urn:li:seat:{51 + number % 6}"
        sandbox.act("linkedin", "add_project", name=name, stages=scenario.LINKEDIN_STAGES, owner=owner)
    for folder in DEPARTMENTS:
        mappings.assign_folder(connection_id=company.ats.pk, folder=folder, client_id=company.client.pk)
    for connection, listing in ((company.linkedin, StreamName.PROJECTS), (company.ats, StreamName.JOBS)):
        Stream.objects.filter(connection=connection, name=listing).update(next_at=clock.now(), complete_at=None)
