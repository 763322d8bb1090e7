"""People as one ATS connection knows them, their candidacies, and the stage of each side."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from apps.accounts.models import Client, User
from apps.accounts.scoping import ScopedManager
from apps.connections.models import Connection
from apps.mappings.models import Job, Mapping, Project


class PersonState(models.TextChoices):
    ACTIVE = "active"
    MERGED = "merged"
    DELETED = "deleted"
    ERASED = "erased"


class Person(models.Model):
    """A human as one ATS connection knows them or is about to; `remote_id` is empty until created."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="people")
    remote_id = models.TextField(blank=True)
    first_name = models.TextField(blank=True)
    last_name = models.TextField(blank=True)
    company = models.TextField(blank=True)
    title = models.TextField(blank=True)
    state = models.CharField(max_length=8, choices=PersonState.choices, default=PersonState.ACTIVE)
    merged_into = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="merged_from")
    first_seen_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["-first_seen_at", "-id"], name="person_newest")]
        constraints = [
            models.UniqueConstraint("connection", "remote_id", name="person_once", condition=~Q(remote_id="")),
        ]

    def __str__(self) -> str:
        return f"{self.first_name} {self.last_name}".strip() or self.remote_id


class IdentityKind(models.TextChoices):
    LINKEDIN = "linkedin"
    MEMBER = "member"
    EMAIL = "email"


class Confidence(models.TextChoices):
    STATED = "stated"
    DERIVED = "derived"  # worked out from an old public address
    CONTESTED = "contested"  # borne by somebody else here too: it finds, and names nobody


class Identity(models.Model):
    """An identifier that a person bears, or bore: within one ATS connection it names one person at a time.

    A slug that its bearer gave up (`left_at`) stays as history, and may be somebody else's.
    """

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="+")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="identities")
    kind = models.CharField(max_length=8, choices=IdentityKind.choices)
    value = models.TextField()
    seen_as = models.TextField(blank=True, help_text="the form it was seen in")
    source = models.CharField(max_length=20)
    confidence = models.CharField(max_length=9, choices=Confidence.choices, default=Confidence.STATED)
    seen_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "connection",
                "kind",
                "value",
                name="identity_once",
                condition=Q(left_at=None) & ~Q(confidence=Confidence.CONTESTED),
            ),
            models.UniqueConstraint("person", "kind", "value", name="identity_of_one"),
        ]
        indexes = [models.Index("connection", "kind", "value", name="identity_by_value")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.person_id}"


class CandidacyState(models.TextChoices):
    OPEN = "open"
    ENDED = "ended"


class Candidacy(models.Model):
    """A person for one ATS job: its application, its profiles, the stage of each (rule 7).

    The ATS side's value is a stage id, or "!rejected" / "!hired".
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="candidacies")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="candidacies")
    job = models.ForeignKey(Job, on_delete=models.PROTECT, related_name="candidacies")
    mapping = models.ForeignKey(Mapping, on_delete=models.PROTECT, related_name="candidacies")
    generation = models.PositiveIntegerField(default=1)
    state = models.CharField(max_length=8, choices=CandidacyState.choices, default=CandidacyState.OPEN)
    ended_because = models.CharField(max_length=20, blank=True)
    application_id = models.TextField(blank=True)
    owner = models.TextField(blank=True, help_text="the ATS user who owns the application")
    made_by_us = models.BooleanField(default=False, help_text="SyncPortal created the application")
    ats_observed = models.TextField(blank=True)
    ats_changed_at = models.DateTimeField(null=True)
    ats_seen_at = models.DateTimeField(null=True)
    ats_desired = models.TextField(blank=True)
    ats_desired_version = models.PositiveIntegerField(default=0)
    ats_sent = models.JSONField(default=list, help_text="values sent since the last agreement")
    added_at = models.DateTimeField(help_text="first added to the Project")
    in_ats_at = models.DateTimeField(null=True)
    conflict = models.TextField(blank=True, help_text="an open question about this pair, in words")
    conflict_map = models.PositiveBigIntegerField(default=0, help_text="the map version under which it is asked")

    objects = ScopedManager("client")

    class Meta:
        constraints = [
            models.UniqueConstraint("person", "job", name="candidacy_once"),
            models.UniqueConstraint("job", "application_id", name="application_once", condition=~Q(application_id="")),
        ]
        indexes = [models.Index("client", name="candidacy_in_conflict", condition=~Q(conflict=""))]

    def __str__(self) -> str:
        return f"{self.person_id} for {self.job_id}"


class Profile(models.Model):
    """A person's place in one LinkedIn Project: the LinkedIn side of a candidacy."""

    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="profiles")
    remote_id = models.TextField()
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="profiles")
    candidacy = models.ForeignKey(Candidacy, null=True, on_delete=models.SET_NULL, related_name="profiles")
    url = models.TextField(blank=True)
    added_by = models.TextField(blank=True)
    removed = models.BooleanField(default=False)
    observed = models.TextField(blank=True)
    changed_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True)
    desired = models.TextField(blank=True)
    desired_version = models.PositiveIntegerField(default=0)
    sent = models.JSONField(default=list, help_text="values sent since the last agreement")
    agreed_linkedin = models.TextField(blank=True)
    agreed_ats = models.TextField(blank=True)
    agreed_map = models.PositiveBigIntegerField(null=True, help_text="the map version the pair was agreed under")

    class Meta:
        constraints = [models.UniqueConstraint("connection", "remote_id", name="profile_once")]

    def __str__(self) -> str:
        return self.remote_id


class IndexKey(models.Model):
    """The local index of an ATS: which remote person carries which identifier (rule 20)."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=8, choices=IdentityKind.choices)
    value = models.TextField()
    seen_as = models.TextField(blank=True, help_text="the form in which the ATS has it")
    remote_person_id = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint("connection", "kind", "value", "remote_person_id", name="index_once")]
        indexes = [models.Index("connection", "remote_person_id", name="index_person")]

    def __str__(self) -> str:
        return f"{self.kind} -> {self.remote_person_id}"


class IndexedPerson(models.Model):
    """Whom the ATS has, as it names them: beside the index of identifiers, so that names can be compared."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="+")
    remote_id = models.TextField()
    first_name = models.TextField(blank=True)
    last_name = models.TextField(blank=True)
    company = models.TextField(blank=True)
    title = models.TextField(blank=True)
    phones = models.JSONField(default=list)
    name_key = models.TextField(blank=True, help_text="the name's letters in no order")

    class Meta:
        constraints = [models.UniqueConstraint("connection", "remote_id", name="indexed_once")]
        indexes = [models.Index("connection", "name_key", name="indexed_by_name")]

    def __str__(self) -> str:
        return f"{self.first_name} {self.last_name}".strip() or self.remote_id


class DuplicateState(models.TextChoices):
    OPEN = "open"
    SAME = "same"
    APART = "apart"
    CLOSED = "closed"  # it settled itself


class Duplicate(models.Model):
    """A question for people: is this person one of these, whom the ATS has? (rules 20 and 21)

    `found` lists them, each with what speaks for and against; what waits for the answer is held under the question.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="duplicates")
    found = models.JSONField(default=list)
    state = models.CharField(max_length=6, choices=DuplicateState.choices, default=DuplicateState.OPEN)
    records = models.JSONField(default=dict, help_text="applications and notes of each in the ATS, by its id")
    records_asked_at = models.DateTimeField(null=True, help_text="when a worker was told to read them")
    asked_at = models.DateTimeField()
    unsure_at = models.DateTimeField(null=True)
    deciding_at = models.DateTimeField(null=True, help_text="a decision is on its way")
    decided_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    decided_at = models.DateTimeField(null=True)
    chosen = models.TextField(blank=True, help_text="whom they are, by the ATS's id")
    before = models.JSONField(default=dict, help_text="what the decision changed, to take it back by")
    said = models.TextField(blank=True, help_text="what the last decision or its undoing did, in words")

    class Meta:
        constraints = [
            models.UniqueConstraint("person", name="asked_once", condition=Q(state=DuplicateState.OPEN)),
        ]
        indexes = [
            models.Index("asked_at", name="duplicate_open", condition=Q(state=DuplicateState.OPEN)),
            models.Index(fields=["-decided_at"], name="duplicate_decided"),
            models.Index(
                "asked_at",
                name="duplicate_unread",
                condition=Q(state=DuplicateState.OPEN, records_asked_at=None),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person_id}: {self.state}"


class Sweep(models.Model):
    """The newest search for people who are in an ATS twice. Names are not in it: they are the index's."""

    connection = models.OneToOneField(Connection, on_delete=models.CASCADE, related_name="+")
    made_at = models.DateTimeField()
    people = models.PositiveIntegerField()
    compared = models.PositiveIntegerField()
    found = models.PositiveIntegerField()
    skipped = models.JSONField(
        default=dict, help_text="blocks too large to compare: how many of each kind, and the largest"
    )
    pairs = models.JSONField(default=list, help_text="the surest of what was found")

    def __str__(self) -> str:
        return f"{self.found} pairs of {self.people} people"


class Apart(models.Model):
    """Two whom a person said are two: somebody's identifier, hashed, and an id of the ATS. Never asked again."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="+")
    key = models.TextField()
    remote_id = models.TextField()
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint("connection", "key", "remote_id", name="apart_once")]

    def __str__(self) -> str:
        return f"{self.key} is not {self.remote_id}"


class Transition(models.Model):
    """A stage change that a person made, in either system; recorded even where its write was dropped."""

    candidacy = models.ForeignKey(Candidacy, on_delete=models.CASCADE, related_name="transitions")
    side = models.CharField(max_length=10)
    from_value = models.TextField(blank=True)
    to_value = models.TextField()
    changed_at = models.DateTimeField()
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint("candidacy", "side", "to_value", "changed_at", name="transition_once")]

    def __str__(self) -> str:
        return f"{self.side}: {self.from_value} to {self.to_value}"


class NotedMessage(models.Model):
    """An InMail that was noted, or is about to be, on a candidacy: once, whatever reads it again (R12)."""

    candidacy = models.ForeignKey(Candidacy, on_delete=models.CASCADE, related_name="noted_messages")
    thread = models.TextField()
    message = models.TextField()
    by_seat = models.BooleanField()
    sent_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint("candidacy", "message", name="noted_once")]

    def __str__(self) -> str:
        return f"{self.message} on {self.candidacy_id}"


class Tombstone(models.Model):
    """Someone whom no poll, import or reconcile may bring back (rule 16). Outlives retention.

    `key` is a keyed identifier; `job` is empty where the whole person is meant.
    """

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="+")
    key = models.TextField()
    job = models.TextField(blank=True)
    why = models.CharField(max_length=20)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint("connection", "key", "job", name="tombstone_once")]

    def __str__(self) -> str:
        return f"{self.key}: {self.why}"
