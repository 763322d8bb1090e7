"""LinkedIn's own connector beside ours: its people are linked and its threads are left alone (R10b, ADR 6)."""

from __future__ import annotations

from apps.connections.models import Connection
from apps.mappings.models import Job
from apps.providers import contract
from apps.sync import reading

OPTION = "native_connector"
"""Of an ATS's connection, as whoever connected it said."""


def is_on(ats: Connection) -> bool:
    return bool(ats.settings.get("options", {}).get(OPTION))


def has_exported(ats: contract.Ats, twin: str, job: Job) -> bool:
    """Whether it wrote this record: it is on, and the record is for this very job, which an export names."""
    if not is_on(job.connection):
        return False
    return any(found.job_id == job.remote_id for found in reading.applications_of(ats, {twin}).values())
