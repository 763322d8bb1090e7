"""What belongs to what: Projects and jobs as last seen, their mappings, stage maps and the seat map."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from apps.accounts.models import Client
from apps.accounts.scoping import ScopedManager
from apps.connections.models import Connection


class Project(models.Model):
    """A LinkedIn Recruiter Project, as the catalogue last saw it."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="projects")
    remote_id = models.TextField()
    name = models.TextField()
    active = models.BooleanField(default=True)
    owner_seat = models.TextField(blank=True)
    stages = models.JSONField(default=list, help_text="stage names in order")
    seen_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint("connection", "remote_id", name="project_once")]

    def __str__(self) -> str:
        return self.name


OPEN = "open"
VANISHED = "vanished"
"""A job's status is the ATS's own word, or that the ATS lists it no more."""


class Job(models.Model):
    """An ATS job, as the catalogue last saw it."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="jobs")
    remote_id = models.TextField()
    name = models.TextField()
    requisition = models.TextField(blank=True)
    status = models.CharField(max_length=10)
    folder = models.TextField(blank=True, help_text="what stands for a client in the ATS, by its id there")
    folder_name = models.TextField(blank=True)
    open_openings = models.JSONField(default=list)
    seen_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint("connection", "remote_id", name="job_once")]

    def __str__(self) -> str:
        return self.name

    @property
    def why_shut(self) -> str:
        """Why nobody can be brought into it now, and what to do; empty while it is open."""
        if self.status == OPEN:
            return ""
        if self.status == VANISHED:
            return f"The job {self.name} is no longer in {self.connection.name}. Map the Project to another job."
        return (
            f"The job {self.name} is {self.status} in {self.connection.name}. Open it there and this goes on, "
            "or map the Project to another job."
        )


class ClientFolder(models.Model):
    """Which of our clients a folder of an ATS stands for: Bullhorn's client corporation, say."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="folders")
    folder = models.TextField(help_text="its id in the ATS")
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="folders")

    objects = ScopedManager("client")

    class Meta:
        constraints = [
            models.UniqueConstraint("connection", "folder", name="folder_of_one_client"),
            models.CheckConstraint(name="folder_named", condition=~Q(folder="")),
        ]

    def __str__(self) -> str:
        return f"{self.folder} of {self.client}"


class ChoiceKind(models.TextChoices):
    FOLDER = "folder"
    REASON = "reason"


class AtsChoice(models.Model):
    """Something of an ATS that people choose from a list, as last read there: a folder, a reason of a rejection."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="choices")
    kind = models.CharField(max_length=8, choices=ChoiceKind.choices)
    remote_id = models.TextField()
    name = models.TextField()
    active = models.BooleanField(default=True, help_text="the ATS lists it still")

    class Meta:
        constraints = [models.UniqueConstraint("connection", "kind", "remote_id", name="ats_choice_once")]

    def __str__(self) -> str:
        return self.name


class JobStage(models.Model):
    """An ATS stage, known by (scope, id); names are for people."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="stages")
    scope = models.TextField(blank=True)
    remote_id = models.TextField()
    name = models.TextField()
    order = models.IntegerField(default=0)
    kind = models.CharField(max_length=10, default="open")
    active = models.BooleanField(default=True)

    class Meta:
        constraints = [models.UniqueConstraint("connection", "scope", "remote_id", name="stage_once")]

    def __str__(self) -> str:
        return self.name


class Seat(models.Model):
    """A LinkedIn Recruiter seat, and the Slack user who is the same person (rule 31)."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="seats")
    remote_id = models.TextField()
    name = models.TextField()
    active = models.BooleanField(default=True)
    email = models.EmailField(blank=True)
    slack_user_id = models.TextField(blank=True)
    handed_to = models.ForeignKey(
        "self", null=True, on_delete=models.SET_NULL, related_name="took_over", help_text="who stands in for them"
    )

    class Meta:
        constraints = [models.UniqueConstraint("connection", "remote_id", name="seat_once")]

    def __str__(self) -> str:
        return self.name


class AtsUser(models.Model):
    """Somebody who works in an ATS, as last read there."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="users")
    remote_id = models.TextField()
    name = models.TextField()
    email = models.TextField(blank=True)
    active = models.BooleanField(default=True)

    class Meta:
        constraints = [models.UniqueConstraint("connection", "remote_id", name="ats_user_once")]

    def __str__(self) -> str:
        return self.name


class SeatUser(models.Model):
    """Who a seat's holder is in one ATS: a contract may serve several."""

    seat = models.ForeignKey(Seat, on_delete=models.CASCADE, related_name="users")
    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="seat_users")
    remote_id = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint("seat", "connection", name="one_user_of_a_seat_per_ats")]

    def __str__(self) -> str:
        return f"{self.seat} in {self.connection}"


class StageMap(models.Model):
    """A named stage map; its rows live in versions. A connection may have one that new mappings begin with."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="stage_maps")
    name = models.CharField(max_length=120)
    default = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint("connection", name="one_default_map", condition=Q(default=True)),
        ]

    def __str__(self) -> str:
        return self.name


class StageMapVersion(models.Model):
    """One immutable set of rows: `rules.MapRow` as JSON. A version governs what is planned after it."""

    stage_map = models.ForeignKey(StageMap, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    rows = models.JSONField()
    reason = models.TextField(blank=True)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint("stage_map", "number", name="map_version_once")]

    def __str__(self) -> str:
        return f"{self.stage_map} v{self.number}"


class NamingPattern(models.Model):
    """How Projects are named, as a team agreed on it: `naming` reads it. The first counts for proposals."""

    pattern = models.CharField(max_length=120)
    place = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["place", "id"]
        constraints = [models.UniqueConstraint("pattern", name="pattern_once")]

    def __str__(self) -> str:
        return self.pattern


class Dismissal(models.Model):
    """A suggestion that somebody does not want to see again; without a job, the Project is to feed none at all."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="dismissals")
    job = models.ForeignKey(Job, null=True, on_delete=models.CASCADE, related_name="dismissals")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint("project", "job", name="dismissed_once", nulls_distinct=False)]

    def __str__(self) -> str:
        return f"{self.project}, not {self.job or 'any job'}"


class MappingState(models.TextChoices):
    DRAFT = "draft"
    SHADOW = "shadow"
    PILOT = "pilot"
    LIVE = "live"
    PAUSED = "paused"
    ENDED = "ended"


class Policy(models.TextChoices):
    NEWEST = "newest"
    ATS = "ats"
    LINKEDIN = "linkedin"
    ASK = "ask"


class Mapping(models.Model):
    """A Project kept in step with a job, for a client."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="mappings")
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="mappings")
    job = models.ForeignKey(Job, on_delete=models.PROTECT, related_name="mappings")
    stage_map = models.ForeignKey(StageMap, on_delete=models.PROTECT, related_name="mappings")
    leading = models.BooleanField(default=True)
    state = models.CharField(max_length=8, choices=MappingState.choices, default=MappingState.DRAFT)
    policy = models.CharField(max_length=8, choices=Policy.choices, default=Policy.ASK)
    source_id = models.TextField(blank=True, help_text="the ATS source set on new applications")
    default_owner = models.TextField(blank=True, help_text="ATS user where the seat map names none")
    halted_at = models.DateTimeField(null=True, help_text="the terminal-move guard stopped it")
    agreed_at = models.DateTimeField(null=True, help_text="a person let go on what had halted it until then")
    agreed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    begins_at = models.DateTimeField(null=True, help_text="who was added to the Project before is left alone")

    objects = ScopedManager("client")

    class Meta:
        constraints = [
            models.UniqueConstraint("project", "job", name="mapping_once"),
            models.UniqueConstraint(
                "project", name="one_leading_job", condition=Q(leading=True) & ~Q(state=MappingState.ENDED)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.project} / {self.job}"


class Pilot(models.Model):
    """A mapping that is tried for a while, by what a customer agreed to ask of it; its evidence is in the ledger."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    mapping = models.ForeignKey(Mapping, on_delete=models.CASCADE, related_name="pilots")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    minutes = models.PositiveSmallIntegerField(default=15, help_text="in which each candidate and stage is to show")
    late_allowed = models.PositiveSmallIntegerField(default=0, help_text="candidates and changes that may be later")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    stopped_at = models.DateTimeField(null=True)
    live_at = models.DateTimeField(null=True, help_text="when the mapping went live")

    objects = ScopedManager("mapping__client")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "mapping", name="one_open_pilot", condition=Q(stopped_at__isnull=True, live_at__isnull=True)
            ),
            models.CheckConstraint(name="pilot_forward", condition=Q(starts_at__lt=F("ends_at"))),
        ]
        indexes = [models.Index("mapping", F("starts_at").desc(), name="pilot_newest")]

    def __str__(self) -> str:
        return f"pilot of {self.mapping_id}"


class HandOver(models.Model):
    """What a recruiter who leaves owned, given to another one; `before` is each mapping's owner until then."""

    seat = models.ForeignKey(Seat, on_delete=models.CASCADE, related_name="hand_overs")
    to = models.ForeignKey(Seat, on_delete=models.CASCADE, related_name="+")
    clients = models.JSONField(default=list, help_text="whose mappings changed; empty where it was everybody's")
    before = models.JSONField(default=dict, help_text="by mapping, its owner before and after")
    seats = models.JSONField(default=list, help_text="seats for which this one stood in, the seat itself among them")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.seat} to {self.to}"
