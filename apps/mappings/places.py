"""What stands for a Project where LinkedIn lists none: each job that people may be exported to (export mode)."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from apps.connections.models import Connection
from apps.mappings.models import OPEN, Job, Project


def store_places(*, connection_id: UUID, now: datetime) -> int:
    """Keep a Project for each open job, and mark those whose job is open no more; returns how many are open."""
    jobs = {job.remote_id: job for job in _jobs(connection_id).filter(status=OPEN).order_by("-pk")}
    for remote_id, job in jobs.items():
        Project.objects.update_or_create(
            connection_id=connection_id,
            remote_id=remote_id,
            defaults={"name": _name_of(job), "active": True, "seen_at": now},
        )
    Project.objects.filter(connection_id=connection_id, active=True).exclude(remote_id__in=jobs).update(active=False)
    return len(jobs)


def ensure_place(*, connection_id: UUID, job: str, now: datetime) -> None:
    """Keep a Project for a job that somebody was exported to, whether its ATS was read since it opened or not."""
    known = _jobs(connection_id).filter(remote_id=job).order_by("pk").first()
    Project.objects.get_or_create(
        connection_id=connection_id,
        remote_id=job,
        defaults={"name": _name_of(known) if known else f"Job {job}", "seen_at": now},
    )


def _jobs(connection_id: UUID) -> QuerySet[Job]:
    """Jobs of the connection's client, and of ATSs that serve every client."""
    client = Connection.objects.values_list("client", flat=True).get(pk=connection_id)
    found = Job.objects.all()
    return found if client is None else found.filter(Q(connection__client=None) | Q(connection__client=client))


def _name_of(job: Job) -> str:
    return f"{job.requisition} {job.name}".strip()
