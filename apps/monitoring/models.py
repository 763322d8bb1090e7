"""An alarm that fired, and its life; and of which day each reader heard last."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from apps.connections.models import Connection
from apps.monitoring.rules import KINDS, AlertState


class Alert(models.Model):
    """One alarm about one subject, from its first sign until it was over."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=12, choices=[(key, kind.title) for key, kind in KINDS.items()])
    subject = models.TextField(blank=True, help_text="what it is about, within its kind")
    connection = models.ForeignKey(Connection, null=True, on_delete=models.CASCADE, related_name="+")
    clients = ArrayField(models.UUIDField(), default=list, help_text="all that it touches; none: the deployment")
    detail = models.TextField(help_text="what is so, in a sentence with its figures")
    state = models.CharField(max_length=12, choices=[(one, one) for one in AlertState], default=AlertState.FIRING)
    fired = models.PositiveIntegerField(default=1, help_text="how often it fired: once more after each snooze")
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()
    snoozed_until = models.DateTimeField(null=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    decided_at = models.DateTimeField(null=True)
    resolved_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("kind", "subject", name="alert_open_once", condition=~Q(state="resolved")),
            models.CheckConstraint(
                name="alert_over_with_time",
                condition=Q(state="resolved", resolved_at__isnull=False)
                | ~Q(state="resolved") & Q(resolved_at__isnull=True),
            ),
        ]
        indexes = [models.Index(F("resolved_at").desc(), name="alert_over", condition=Q(state="resolved"))]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}: {self.state}"


class Digest(models.Model):
    """Who is told of each day, and on which morning they were told last."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    wanted = models.BooleanField(default=True)
    told_on = models.DateField(help_text="where its reader is")

    def __str__(self) -> str:
        return f"{self.user}: {self.told_on}"
