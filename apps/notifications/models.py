"""Who is told of what and where; and each message, once."""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from apps.accounts.models import Client
from apps.accounts.scoping import ScopedManager
from apps.candidates.models import Candidacy, Transition
from apps.connections.models import Connection
from apps.mappings.models import Mapping


class Kind(models.TextChoices):
    """Where a rule's message goes."""

    RECRUITER = "recruiter", "The recruiter"
    HIRING_MANAGER = "hiring_manager", "The hiring manager"
    CHANNEL = "channel", "A Slack channel"
    ADDRESS = "address", "An e-mail address"


class Rule(models.Model):
    """Tell somebody when a candidate comes to a stage. Without a client it holds for all of them."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=120)
    key = models.CharField(max_length=40, blank=True, help_text="of a usual rule: it is switched off, never deleted")
    client = models.ForeignKey(Client, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    mapping = models.ForeignKey(Mapping, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    stages = ArrayField(models.TextField(), help_text="stage names; * stands for anything")
    wording = models.TextField(blank=True)
    quiet_from = models.TimeField(null=True, blank=True)
    quiet_until = models.TimeField(null=True, blank=True)
    enabled = models.BooleanField(default=True)
    changed_at = models.DateTimeField()

    objects = ScopedManager("client")

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint("key", name="usual_rule_once", condition=~Q(key="")),
            models.CheckConstraint(
                name="rule_quiet_whole",
                condition=Q(quiet_from__isnull=True, quiet_until__isnull=True)
                | Q(quiet_from__isnull=False, quiet_until__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Destination(models.Model):
    """One place that a rule's message goes to."""

    rule = models.ForeignKey(Rule, on_delete=models.CASCADE, related_name="destinations")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    connection = models.ForeignKey(Connection, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    channel = models.TextField(blank=True)
    channel_name = models.TextField(blank=True)
    address = models.EmailField(blank=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.channel_name or self.address or Kind(self.kind).label


class Contact(models.Model):
    """The hiring manager's channel or address: of a mapping, of a client, or of an ATS connection (rule 31)."""

    mapping = models.OneToOneField(Mapping, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    client = models.OneToOneField(Client, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    ats = models.OneToOneField(Connection, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    connection = models.ForeignKey(Connection, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    channel = models.TextField(blank=True)
    channel_name = models.TextField(blank=True)
    address = models.EmailField(blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="contact_of_one",
                condition=Q(mapping__isnull=False, client__isnull=True, ats__isnull=True)
                | Q(mapping__isnull=True, client__isnull=False, ats__isnull=True)
                | Q(mapping__isnull=True, client__isnull=True, ats__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"#{self.channel_name}" if self.channel_name else self.address


class Message(models.Model):
    """One message to one place. `resend` counts how often a person asked for it again."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    client = models.ForeignKey(Client, null=True, on_delete=models.CASCADE, related_name="+")
    candidacy = models.ForeignKey(Candidacy, null=True, on_delete=models.CASCADE, related_name="+")
    transition = models.ForeignKey(Transition, null=True, on_delete=models.CASCADE, related_name="+")
    rule = models.ForeignKey(Rule, null=True, on_delete=models.SET_NULL, related_name="+")
    about = models.CharField(max_length=80, help_text="the rule's name, or what else it tells of")
    cause = models.TextField(help_text="transition, meeting or test that it tells of")
    lane = models.TextField(help_text="the channel or address, as the ledger knows it")
    connection = models.ForeignKey(Connection, null=True, on_delete=models.CASCADE, related_name="+")
    target = models.TextField(help_text="a Slack channel's or user's id, or an e-mail address")
    label = models.TextField()
    line = models.JSONField(null=True, help_text="headline and facts of what tells of no candidate, as written")
    resend = models.PositiveSmallIntegerField(default=0)
    test = models.BooleanField(default=False)
    event_id = models.BigIntegerField(null=True)
    created_at = models.DateTimeField()

    objects = ScopedManager("client")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "cause", "about", "rule", "lane", "resend", name="message_once", nulls_distinct=False
            )
        ]
        indexes = [models.Index("event_id", name="message_event")]

    def __str__(self) -> str:
        return f"{self.about} to {self.label}"

    @property
    def effect_key(self) -> str:
        """Rule 17: cause, rule, destination, resend number."""
        return f"message:{self.cause}:{self.rule_id or self.about}:{self.lane}:{self.resend}"


class Lane(models.Model):
    """One channel or address: when the next message may go there, in app time."""

    key = models.TextField(primary_key=True)
    connection = models.ForeignKey(Connection, null=True, on_delete=models.CASCADE, related_name="+")
    free_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.key


class Channel(models.Model):
    """A Slack channel as last listed, for choosing."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="+")
    remote_id = models.TextField()
    name = models.TextField()
    private = models.BooleanField(default=False)
    seen_at = models.DateTimeField()

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint("connection", "remote_id", name="channel_once")]

    def __str__(self) -> str:
        return f"#{self.name}"
