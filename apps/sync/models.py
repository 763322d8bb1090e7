"""Where each listing was read to, what comparisons with systems found, and replays of dead letters, as rows."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from apps.accounts.models import User
from apps.accounts.scoping import ScopedManager
from apps.candidates.models import Candidacy, Profile
from apps.connections.models import Connection
from apps.ledger.models import Event
from apps.mappings.models import Mapping, StageMap, StageMapVersion


class StreamName(models.TextChoices):
    PROFILES = "profiles"
    PROJECTS = "projects"
    SEATS = "seats"
    JOBS = "jobs"
    PEOPLE = "people"
    APPLICATIONS = "applications"
    EVENTS = "events"
    MESSAGES = "messages"
    CLOSED = "closed"


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


class RunState(models.TextChoices):
    READING = "reading"
    HALTED = "halted"
    DONE = "done"
    DISMISSED = "dismissed"
    FAILED = "failed"


class Reconciliation(models.Model):
    """A comparison of a mapping's people with one of its systems, by pages. It changes nothing by itself:
    after the last page each difference becomes an event, unless there are so many that a person is asked."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    mapping = models.ForeignKey(Mapping, on_delete=models.CASCADE, related_name="reconciliations")
    side = models.CharField(max_length=8, help_text="ats or linkedin")
    state = models.CharField(max_length=9, choices=RunState.choices, default=RunState.READING)
    after = models.TextField(blank=True, help_text="the last one looked at: a run goes on behind them")
    looked_at = models.PositiveIntegerField(default=0)
    changing = models.PositiveIntegerField(default=0, help_text="differences that become events")
    detail = models.TextField(blank=True)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    decided_at = models.DateTimeField(null=True)
    note = models.TextField(blank=True, help_text="why, in the words of who decided")

    objects = ScopedManager("mapping__client")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "mapping",
                "side",
                name="one_open_reconciliation",
                condition=Q(state__in=[RunState.READING, RunState.HALTED]),
            )
        ]
        indexes = [models.Index("mapping", "side", F("started_at").desc(), name="reconciliation_newest")]

    def __str__(self) -> str:
        return f"{self.mapping_id} {self.side}: {self.state}"


class Difference(models.Model):
    """Somebody whom a system shows otherwise than they are known; the event that it became, once it did."""

    run = models.ForeignKey(Reconciliation, on_delete=models.CASCADE, related_name="differences")
    candidacy = models.ForeignKey(Candidacy, on_delete=models.CASCADE, related_name="+")
    profile = models.ForeignKey(Profile, null=True, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=10)
    before = models.TextField(blank=True)
    now = models.TextField(blank=True)
    payload = models.JSONField(default=dict, help_text="the profile as LinkedIn showed it")
    event_id = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "candidacy", "profile"], nulls_distinct=False, name="found_once")
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.candidacy_id}"


class ReplayState(models.TextChoices):
    PLANNING = "planning"
    READY = "ready"
    RUNNING = "running"
    CANCELLED = "cancelled"
    FINISHED = "finished"


class ItemState(models.TextChoices):
    WAITING = "waiting"
    PLANNED = "planned"
    RELEASED = "released"
    DONE = "done"
    NOTHING = "nothing"
    HELD = "held"
    FAILED = "failed"
    STOPPED = "stopped"
    GONE = "gone"


OPEN_ITEMS = (ItemState.WAITING, ItemState.PLANNED, ItemState.RELEASED)


class ReplayRun(models.Model):
    """Dead letters that a person replays together: previewed first, then paced, until finished or cancelled."""

    state = models.CharField(max_length=10, choices=ReplayState.choices, default=ReplayState.PLANNING)
    title = models.TextField(blank=True)
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    clients = ArrayField(models.UUIDField(), default=list, help_text="all that its letters touch; none: unrestricted")
    made_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    reads = models.JSONField(default=dict, help_text="requests that the preview took, by connection")

    class Meta:
        indexes = [models.Index(fields=["-id"], name="replay_open", condition=~Q(state__in=["finished", "cancelled"]))]

    def __str__(self) -> str:
        return f"replay {self.pk}: {self.state}"


class Discard(models.Model):
    """Dead letters that a person discarded together, with their reason; taken back together, too."""

    why = models.TextField()
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    clients = ArrayField(models.UUIDField(), default=list, help_text="all that its letters touch; none: unrestricted")
    letters = models.PositiveIntegerField(default=0)
    made_at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"discard {self.pk}"

    @property
    def key(self) -> str:
        return f"discard:{self.pk}"


class ReplayItem(models.Model):
    """One letter of a replay: the writes that its preview promised, and how it ended."""

    run = models.ForeignKey(ReplayRun, on_delete=models.CASCADE, related_name="items")
    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="+")
    state = models.CharField(max_length=8, choices=ItemState.choices, default=ItemState.WAITING)
    acts = models.JSONField(default=list)
    ends = models.CharField(max_length=12, blank=True, help_text="the state its event would end in")
    why = models.TextField(blank=True)
    map_version = models.PositiveBigIntegerField(null=True)
    released_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint("run", "event", name="replayed_once_a_run")]
        indexes = [
            models.Index("run", "state", "id", name="replay_item_next"),
            models.Index("event", name="replay_item_released", condition=Q(state="released")),
        ]

    def __str__(self) -> str:
        return f"replay {self.run_id}, event {self.event_id}: {self.state}"


class MapRun(models.Model):
    """A version of a stage map, applied to those who are there already: previewed, paced, messages muted (rule 14)."""

    stage_map = models.ForeignKey(StageMap, on_delete=models.CASCADE, related_name="runs")
    version = models.ForeignKey(StageMapVersion, on_delete=models.CASCADE, related_name="runs")
    state = models.CharField(max_length=10, choices=ReplayState.choices, default=ReplayState.READY)
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    clients = ArrayField(models.UUIDField(), default=list, help_text="all whose people it moves")
    made_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"map run {self.pk}: {self.state}"


class MapItem(models.Model):
    """One pair of a run: what its preview promised, the event that did it, and how that ended."""

    run = models.ForeignKey(MapRun, on_delete=models.CASCADE, related_name="items")
    profile = models.ForeignKey(Profile, on_delete=models.CASCADE, related_name="+")
    candidacy = models.ForeignKey(Candidacy, on_delete=models.CASCADE, related_name="+")
    state = models.CharField(max_length=8, choices=ItemState.choices, default=ItemState.PLANNED)
    fate = models.CharField(max_length=8)
    value = models.TextField(blank=True, help_text="the stage that it brings there")
    linkedin = models.TextField(blank=True)
    ats = models.TextField(blank=True)
    why = models.TextField(blank=True)
    event = models.ForeignKey(Event, null=True, on_delete=models.SET_NULL, related_name="+")
    released_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint("run", "profile", name="remapped_once_a_run")]
        indexes = [models.Index("run", "state", "id", name="map_item_next")]

    def __str__(self) -> str:
        return f"map run {self.run_id}, profile {self.profile_id}: {self.state}"


class MoveState(models.TextChoices):
    READING = "reading"
    READY = "ready"
    MOVING = "moving"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


OPEN_MOVES = (MoveState.READING, MoveState.READY, MoveState.MOVING)


class ContractMove(models.Model):
    """A LinkedIn connection on its way to another contract: read first, shown, then moved for good (RULES.md 28).

    `sealed` is the new contract's credential, until the connection has it or the move is over.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="moves")
    state = models.CharField(max_length=9, choices=MoveState.choices, default=MoveState.READING)
    before = models.TextField(blank=True, help_text="the old contract, as people know it")
    account = models.TextField()
    account_name = models.TextField()
    sealed = models.BinaryField(default=bytes)
    cursor = models.JSONField(default=dict)
    calls = models.PositiveIntegerField(default=0)
    figures = models.JSONField(default=dict, help_text="how many there are, by kind and fate")
    was_paused = models.BooleanField(default=False)
    detail = models.TextField(blank=True)
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    made_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("connection", name="one_open_move", condition=Q(state__in=OPEN_MOVES)),
        ]

    def __str__(self) -> str:
        return f"{self.connection_id} to {self.account}: {self.state}"


class PartKind(models.TextChoices):
    PROJECT = "project"
    SEAT = "seat"
    PERSON = "person"


class PartFate(models.TextChoices):
    READ = "read"
    MATCHED = "matched"
    FRESH = "fresh"
    MISSING = "missing"


class MovePart(models.Model):
    """One Project, seat or profile of either contract, and what becomes of it: `row` is our own that stays.

    What the new contract shows of a person is kept until the move is over, and no longer.
    """

    move = models.ForeignKey(ContractMove, on_delete=models.CASCADE, related_name="parts")
    kind = models.CharField(max_length=7, choices=PartKind.choices)
    remote_id = models.TextField()
    name = models.TextField(blank=True)
    place = models.TextField(blank=True, help_text="the Project, by its name")
    fate = models.CharField(max_length=7, choices=PartFate.choices, default=PartFate.READ)
    row = models.BigIntegerField(null=True)
    payload = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint("move", "kind", "remote_id", name="part_once", condition=~Q(fate="missing"))
        ]
        indexes = [models.Index("move", "kind", "fate", "name", name="part_listed")]

    def __str__(self) -> str:
        return f"{self.kind} {self.remote_id}: {self.fate}"


class Told(models.Model):
    """What LinkedIn was told last of one record, where it is told by documents: a fingerprint, and how often so far."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=12, help_text="candidate, match, application, stage or note")
    record = models.TextField(help_text="by its id there")
    fingerprint = models.CharField(max_length=24)
    version = models.PositiveIntegerField(default=1)
    told_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint("connection", "kind", "record", name="told_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.record} v{self.version}"
