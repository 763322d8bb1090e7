"""Where each listing of an outside system was read to."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from apps.connections.models import Connection


class StreamName(models.TextChoices):
    PROFILES = "profiles"
    PROJECTS = "projects"
    SEATS = "seats"
    JOBS = "jobs"
    PEOPLE = "people"
    APPLICATIONS = "applications"
    EVENTS = "events"
    MESSAGES = "messages"


class Stream(models.Model):
    """One listing of one connection. The cursor is committed together with the events it produced.

    `complete_at` is set once the first full crawl has ended: no create before it (rule 20).
    """

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="streams")
    name = models.CharField(max_length=12, choices=StreamName.choices)
    cursor = models.JSONField(default=dict)
    next_at = models.DateTimeField(null=True)
    every_seconds = models.PositiveIntegerField(
        default=0, help_text="0: by the day's plan (LinkedIn) or the provider's usual interval"
    )
    complete_at = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint("connection", "name", name="stream_once")]
        indexes = [models.Index("next_at", name="stream_due", condition=Q(next_at__isnull=False))]

    def __str__(self) -> str:
        return f"{self.connection_id} {self.name}"
